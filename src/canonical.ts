/**
 * Inputs as canonical bytes, functions and class instances included, whose identity takes a look at their code.
 *
 * @module
 */
import { encodeKey } from "./cbor/encode_key.ts";
import { type FingerprintOptions, identifyValue } from "./fingerprint/fingerprint.ts";

/** Turns the inputs of one call into bytes; what it learned of functions serves all of them. */
export class CanonicalEncoder {
  readonly #standIns = new Map<object, string>();

  /** @param codeOptions How code is followed. */
  constructor(readonly codeOptions: FingerprintOptions) {}

  /**
   * A value in canonical form.
   *
   * @param value Any value that can be an input.
   * @param path What the value is called in messages: `args`.
   * @throws {CacheTypeError} `ERR_ARGUMENT` with the path of what cannot be an input.
   */
  async encode(value: unknown, path: string): Promise<Uint8Array> {
    for (;;) {
      const { bytes, unresolved } = encodeKey(value, { path, identify: this.#standIn });
      if (unresolved.length === 0) return bytes;
      for (const { subject } of unresolved) {
        this.#standIns.set(subject, await identifyValue(subject, this.codeOptions));
      }
    }
  }

  /** The same for a part of a value that was encoded before. */
  encodePart(value: unknown): Uint8Array {
    return encodeKey(value, { identify: this.#standIn }).bytes;
  }

  readonly #standIn = (subject: object): string | undefined => this.#standIns.get(subject);
}
