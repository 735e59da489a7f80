/**
 * Values to canonical bytes: equal bytes for equal inputs, different bytes for different ones, in every process.
 *
 * @module
 */
import { findCyclic } from "./key_cycles.ts";
import { CycleFound, KeyWriter } from "./key_writer.ts";

/** How {@linkcode encodeKey} names what has no value of its own. */
export interface EncodeKeyOptions {
  /**
   * What paths in messages begin with.
   *
   * @default {"value"}
   */
  readonly path?: string;
  /**
   * Gives the stand-in of a function, of an instance's class, or of a Blob's content. `undefined`: not known yet; the
   * subject is listed as unresolved.
   */
  readonly identify?: (subject: object, path: string) => Uint8Array | string | undefined;
  /** Gives the private fields of an instance; `undefined`: it has none. */
  readonly privatesOf?: (instance: object) => ReadonlyMap<string, unknown> | undefined;
  /**
   * Gives the name by which something in a private field counts that cannot be an input: a Promise, a stream, a weak
   * collection, an iterator, an unregistered symbol, an object of the platform. Without it, and elsewhere, such a thing
   * is refused.
   */
  readonly nameHandle?: (handle: unknown) => string;
  /** Told of each object that is written. */
  readonly noteObject?: (subject: object) => void;
  /**
   * Whether the value itself comes from private fields.
   *
   * @default false
   */
  readonly isPrivate?: boolean;
  /**
   * Digests binary data of 64 KiB or more, which is then not copied into the key. All keys that are compared must be
   * made with the same function, or all without.
   */
  readonly digest?: (bytes: Uint8Array) => string;
}

/** Canonical bytes, and what is missing in them. */
export interface EncodedKey {
  readonly bytes: Uint8Array;
  /** What `identify` did not know, in the order of the walk. While there is any, the bytes are no key. */
  readonly unresolved: readonly Unresolved[];
}

/** Something whose stand-in has to be found before the value can be encoded again. */
export interface Unresolved {
  readonly subject: object;
  readonly path: string;
  /** A function; an instance of a user class; a Blob or File, whose content can only be awaited. */
  readonly reason: "function" | "instance" | "blob";
}

/**
 * Encodes a value so that two values give the same bytes exactly when a function cannot be expected to treat them
 * differently (core deterministic encoding of RFC 8949, section 4.2.1; type names for what CBOR has no type for).
 *
 * Told apart: `1`, `1n`, `"1"`, `true` and `new Number(1)`; `0` and `-0`; Map, Set, Array and object; holes and
 * `undefined`; each kind of typed array; a RegExp's `lastIndex`; further properties of built-ins. The same: objects with
 * their properties in another order, with and without a prototype; `NaN`s; two references to one object and two equal
 * objects (unless they are on a cycle: those count by where they were first met); views of other buffers.
 *
 * Not seen: non-enumerable properties but those of instances, further properties of typed arrays of more than 65,536 elements, the buffer
 * outside of a view, a Proxy (it counts as what it pretends to be).
 *
 * @throws {CacheTypeError} `ERR_ARGUMENT` with the path for what cannot be an input: a Promise, a stream, a weak
 * collection, an iterator, an unregistered symbol, a detached buffer, most objects of the platform.
 *
 * @example
 * ```ts ignore
 * const { bytes } = encodeKey([{ b: 2, a: 1 }]); // the bytes of [{ a: 1, b: 2 }] too
 * ```
 */
export function encodeKey(value: unknown, options: EncodeKeyOptions = NO_OPTIONS): EncodedKey {
  const writer = new KeyWriter(options, null);
  try {
    return writer.write(value);
  } catch (error) {
    if (!(error instanceof CycleFound)) throw error;
  } finally {
    writer.release();
  }
  const cyclicWriter = new KeyWriter(options, findCyclic(value as object, options.privatesOf));
  try {
    return cyclicWriter.write(value);
  } finally {
    cyclicWriter.release();
  }
}

const NO_OPTIONS: EncodeKeyOptions = {};
