/**
 * Decodes results safely: nothing is executed, only the value is made, and no length in the bytes is trusted.
 *
 * A file of its own, since other folders may import this function and nothing of the reader behind it.
 *
 * @module
 */
import type { ResultOptions } from "../codec.ts";
import { ValueReader } from "./value_reader.ts";

/**
 * Makes the value that {@linkcode encodeResult} encoded. The values of two calls share no object.
 *
 * Each typed array has a buffer of its own, except that views of one buffer share it again. `bytes` is only read, and
 * the value does not refer to it.
 *
 * Bytes from an untrusted source are safe to decode. Time and memory are in proportion to the bytes, property names
 * like `__proto__` are data, regular expressions are made but not run. Where a name occurs twice in an object, the last
 * value counts, as in `JSON.parse`. CBOR of other programs is read as well: integers beyond ±(2^53 - 1) become bigints,
 * a map whose first key is no text becomes a Map, and a tag that has no meaning here is refused.
 *
 * Of the user's code, the `decode` of the codecs that `options` names runs, and nothing else: an instance gets the
 * prototype of its class and its members without a call of the constructor.
 *
 * @param bytes The encoding, in one piece.
 * @param options Codecs and classes to which the value may refer by name.
 * @throws {CacheError} `ERR_DECODE` with the offset when the bytes are malformed or go on after the value; with the
 * name when they refer to a codec or a class that `options` does not have; with the cause when a codec throws.
 */
export function decodeResult(bytes: Uint8Array, options: ResultOptions = {}): unknown {
  const isBare = Object.getPrototypeOf(bytes) === Uint8Array.prototype;
  const plain = isBare ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new ValueReader(plain, options).read();
}
