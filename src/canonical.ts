/**
 * Inputs as canonical bytes, functions, class instances and Blobs included, whose identity takes a closer look.
 *
 * @module
 */
import { type EncodedKey, encodeKey, type EncodeKeyOptions, type Unresolved } from "./cbor/encode_key.ts";
import { digestBytes } from "./digest.ts";
import { type FingerprintOptions, identifyValue } from "./fingerprint/fingerprint.ts";

/** Turns the inputs of one call into bytes; what it learned of functions serves all of them. */
export class CanonicalEncoder {
  #standIns: Map<object, string> | undefined;

  /** @param codeOptions How code is followed. */
  constructor(readonly codeOptions: FingerprintOptions) {}

  /**
   * A value in canonical form.
   *
   * @param value Any value that can be an input.
   * @param path What the value is called in messages: `args`.
   * @returns Bytes of their own; at once unless something has to be looked at.
   * @throws {CacheTypeError} `ERR_ARGUMENT` with the path of what cannot be an input.
   */
  encode(value: unknown, path: string): Uint8Array | Promise<Uint8Array> {
    const { bytes, unresolved } = this.#encodeOnce(value, path);
    return unresolved.length === 0 ? bytes : this.#resolve(value, path, unresolved);
  }

  /** The same for a part of a value that was encoded before. */
  encodePart(value: unknown): Uint8Array {
    return this.#encodeOnce(value, "value").bytes;
  }

  async #resolve(value: unknown, path: string, missing: readonly Unresolved[]): Promise<Uint8Array> {
    const standIns = this.#standIns ??= new Map();
    for (let unresolved = missing;;) {
      for (const { subject } of unresolved) standIns.set(subject, await this.#identify(subject));
      const encoded = this.#encodeOnce(value, path);
      if (encoded.unresolved.length === 0) return encoded.bytes;
      unresolved = encoded.unresolved;
    }
  }

  async #identify(subject: object): Promise<string> {
    return subject instanceof Blob
      ? `${subject.type} ${digestBytes(new Uint8Array(await subject.arrayBuffer()))}`
      : await identifyValue(subject, this.codeOptions);
  }

  #encodeOnce(value: unknown, path: string): EncodedKey {
    const options: EncodeKeyOptions = { path, digest: digestBytes };
    const standIns = this.#standIns;
    return encodeKey(
      value,
      standIns === undefined ? options : { ...options, identify: (subject) => standIns.get(subject) },
    );
  }
}
