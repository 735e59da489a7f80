/**
 * Bytes to results, safely: nothing is executed, nothing but the value is touched, and no length is believed.
 *
 * @module
 */
import { ValueReader } from "./value_reader.ts";

/**
 * The value that {@linkcode encodeResult} encoded, made anew: no two calls share an object.
 *
 * Each typed array has a buffer of its own, except that views of one buffer share it again. `bytes` is only read, and
 * nothing of the value refers to it.
 *
 * It is safe with bytes of strangers. Time and memory are in proportion to the bytes, property names like `__proto__`
 * are data, regular expressions are made but not run. Where a name occurs twice in an object, the last value counts, as
 * in `JSON.parse`. Foreign CBOR is read as well: integers beyond 2^53 as bigints, maps with keys that are no text as
 * Map; tags without a meaning to us are refused.
 *
 * @throws {CacheError} `ERR_DECODE` with the offset when the bytes are malformed or go on after the value.
 */
export function decodeResult(bytes: Uint8Array): unknown {
  const isBare = Object.getPrototypeOf(bytes) === Uint8Array.prototype;
  return new ValueReader(isBare ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)).read();
}
