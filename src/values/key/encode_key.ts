/**
 * Encodes values as canonical bytes: equal ones for equal inputs, different ones for different inputs, in any process.
 *
 * @module
 */
import type { EncodedKey, EncodeKeyOptions } from "./key_objects.ts";
import { KeyWriter } from "./key_writer.ts";

export type { EncodedKey, EncodeKeyOptions, Unresolved } from "./key_objects.ts";

/**
 * Encodes a value so that two values give equal bytes exactly when a function cannot tell them apart. The encoding is
 * the core deterministic one of RFC 8949, section 4.2.1, but for the order of members where this counts. A value for
 * which CBOR has no type is a generic object with a type name.
 *
 * Different bytes: `1`, `1n`, `"1"`, `true` and `new Number(1)`; `0` and `-0`; Map, Set, Array and object; holes and
 * `undefined`; each kind of typed array, and views of a buffer by their place in it; a RegExp's `lastIndex`; objects
 * with and without a prototype; members by their attributes; frozen and extensible objects; two references to one object
 * and two equal objects; a captured object and one that is equal to it. Equal bytes: objects whose members are in
 * another order, unless `countsOrder`; all `NaN`s; errors with another stack trace, unless `countsStacks`; functions and
 * classes with other names, unless `countsNames`.
 *
 * Left out of the bytes: attributes of elements in the middle of an array of more than 4,096; bytes of the pool that a
 * Buffer of Node lies in. A Proxy is encoded as the object that it poses as.
 *
 * @throws {CacheTypeError} `ERR_ARGUMENT` with the path for a value that cannot be an input: a Promise, a stream, a
 * weak collection, an iterator, a detached buffer, most objects of the platform.
 *
 * @example
 * ```ts ignore
 * const { bytes } = encodeKey([{ b: 2, a: 1 }]); // [{ a: 1, b: 2 }] gives these bytes too
 * ```
 */
export function encodeKey(value: unknown, options: EncodeKeyOptions = NO_OPTIONS): EncodedKey {
  const writer = new KeyWriter(options);
  try {
    return writer.write(value);
  } finally {
    writer.release();
  }
}

const NO_OPTIONS: EncodeKeyOptions = {};
