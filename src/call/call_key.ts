/**
 * The call key: its parts, the reason for each part, and the digest over them. Nothing else decides which entry a call
 * has: calls with equal keys share an entry.
 *
 * Dependencies that a function reads while it runs are not parts of the key. They are in the traces of the entry.
 *
 * @module
 */
import { encodeKey } from "../values/key/encode_key.ts";
import { digestChunks } from "../words/sha256.ts";
import type { CallKey, Digest, FingerprintDigest } from "../words/digests.ts";
import { FORMAT_VERSION, RESULT_RULES } from "../words/records.ts";

/** Parts of the key that do not depend on the arguments. All calls of a function share them until one changes. */
export interface FunctionKeyParts {
  /** Digest of the function's code and of all that the code reaches: other code may return another result. */
  readonly fingerprint: FingerprintDigest;
  /**
   * Names of the parameters, and paths of properties, that the options declare as ignored or as files. With other
   * options, the bytes of the other parts would mean other inputs.
   */
  readonly signature: string;
  /**
   * The `version` label, which the user changes by hand, and the environment variables, files and values that the
   * options declare, in canonical form: by declaring them, the user says that the result depends on them.
   */
  readonly declared: Uint8Array;
}

/**
 * Digests the identity of a function. Besides {@linkcode FunctionKeyParts} it holds two versions:
 *
 * - `FORMAT_VERSION`, since in another format equal bytes may have another meaning.
 * - `RESULT_RULES`, the version of the rules on which results are stored, since by other rules a stored result may
 *   differ from the value that the function returned.
 */
export function digestFunctionKey({ fingerprint, signature, declared }: FunctionKeyParts): Digest<"function"> {
  return digestChunks<"function">([
    encodeKey([FORMAT_VERSION, RESULT_RULES, fingerprint, signature]).bytes,
    declared,
  ]);
}

/**
 * All parts of the key of one call. Values are in canonical CBOR (RFC 8949 section 4.2), one item after the other
 * (RFC 8742).
 */
export interface CallKeyParts {
  /** Identity of the function, as bytes: for equal arguments, another function may return another result. */
  readonly identity: Uint8Array;
  /**
   * The arguments that count: other arguments may give another result. They are normalized, so that calls that the
   * function cannot tell apart have one key: defaults are filled in and trailing `undefined` is dropped. Ignored
   * arguments and files are left out. The receiver of a method follows in the same encoding, since the method can read
   * its members and it may share objects with the arguments; members that the method itself writes are left out of it:
   * they are state.
   */
  readonly args: Uint8Array;
  /** Parts for functions with file arguments and for blind functions; absent for all other functions. */
  readonly further?: FurtherKeyParts;
}

/** Parts of the key that only functions with file arguments and blind functions have. */
export interface FurtherKeyParts {
  /**
   * The file arguments with a mark in place of each path, since their structure and the values beside the paths count,
   * too. For a blind function also the digests of the files that texts among the arguments may name (texts that look
   * like paths), since such a function may read these files without being observed.
   */
  readonly shapes: Uint8Array;
  /**
   * Digests of the files that the file arguments name, since the function reads their content, and the paths of these
   * files, unless `hashFilePaths` is off. As one text, which is encoded faster than many.
   */
  readonly contents: string;
}

/** Digests the parts of a call key. */
export function digestCallKey({ identity, args, further }: CallKeyParts): CallKey {
  return digestChunks<"call">(
    further === undefined ? [identity, args] : [identity, args, END, further.shapes, utf8.encode(further.contents)],
  );
}

const utf8 = new TextEncoder();

/** Byte with which no item of CBOR begins: what follows is no receiver. */
const END = new Uint8Array([0xff]);
