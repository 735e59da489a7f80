/**
 * The key of a call: what goes into it, why, and how it is digested. Nothing else decides which entry a call has.
 *
 * What a function reads while it runs is not here: that is in the trace of each execution, under the key.
 *
 * @module
 */
import { encodeKey } from "../values/key/encode_key.ts";
import { digestChunks } from "../words/sha256.ts";
import type { CallKey, Digest, FingerprintDigest } from "../words/digests.ts";
import { FORMAT_VERSION, RESULT_RULES } from "../words/records.ts";

/** A function, with what its options say of it: the same for all of its calls until one of these changes. */
export interface FunctionKeyParts {
  /** Its code and all that this reaches: another code may return something else. */
  readonly fingerprint: FingerprintDigest;
  /** Which arguments are left out and which are files: asking with other ones is another question. */
  readonly signature: string;
  /**
   * The label that the user changes by hand, and the variables, files and values that the options declare, in canonical
   * form: the user says that the result depends on them.
   */
  readonly declared: Uint8Array;
}

/**
 * Identity of a function. It counts the format version, since another one may mean something else by the same bytes, and
 * the version of which results are stored, since by another one a result may have been stored that is not what the
 * function returned.
 */
export function digestFunctionKey({ fingerprint, signature, declared }: FunctionKeyParts): Digest<"function"> {
  return digestChunks<"function">([
    encodeKey([FORMAT_VERSION, RESULT_RULES, fingerprint, signature]).bytes,
    declared,
  ]);
}

/** One call of a function. Values are in canonical CBOR (RFC 8949 section 4.2), one item after the other (RFC 8742). */
export interface CallKeyParts {
  /** Identity of the function, as bytes. */
  readonly identity: Uint8Array;
  /** The arguments that count, normalized: defaults filled in, trailing `undefined` dropped, files left out. */
  readonly args: Uint8Array;
  /** What more there is for a method, a function with file arguments and a blind one; absent for any other. */
  readonly further?: FurtherKeyParts;
}

/** What only some calls have. */
export interface FurtherKeyParts {
  /** The receiver as far as the function can see it and does not write it itself. */
  readonly receiver: Uint8Array;
  /**
   * The file arguments but for their files, and the digests of what the texts among the arguments of a blind function
   * lead to: such a function may read them without being observed.
   */
  readonly shapes: Uint8Array;
  /** The paths of file arguments, unless `hashFilePaths` is off, and their digests; as text, which is faster for many. */
  readonly contents: string;
}

/** The key of a call. */
export function digestCallKey({ identity, args, further }: CallKeyParts): CallKey {
  return digestChunks<"call">(
    further === undefined
      ? [identity, args]
      : [identity, args, further.receiver, further.shapes, utf8.encode(further.contents)],
  );
}

const utf8 = new TextEncoder();
