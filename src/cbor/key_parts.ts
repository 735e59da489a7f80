/**
 * Large parts of a key, each kept once.
 *
 * What is shared must not matter, so a shared part is written wherever it is met; written in full each time, a value of
 * n objects could take 2^n bytes. So each part of {@linkcode PART_BYTES} or more is replaced by the number of its
 * content: equal content, equal number, whether it is one object or two.
 *
 * @module
 */
import { ByteWriter } from "./byte_writer.ts";

/** From this size on, a part is kept once. */
export const PART_BYTES = 1024;

/** The parts of one key. */
export class KeyParts {
  /** The bytes of all parts, one after the other. */
  readonly content = new ByteWriter();
  readonly #ends: number[] = [];
  readonly #byHash = new Map<number, number[]>();
  readonly #bySubject = new Map<object, number>();

  /** Number of different parts. */
  get count(): number {
    return this.#ends.length;
  }

  /** The number of the part that an object was found to be; `undefined`: none yet, or too small. */
  find(subject: object): number | undefined {
    return this.#bySubject.get(subject);
  }

  /** The number of the part with this content. */
  intern(bytes: Uint8Array, subject: object | null): number {
    const hash = hashOf(bytes);
    let candidates = this.#byHash.get(hash);
    if (candidates === undefined) this.#byHash.set(hash, candidates = []);
    let part = candidates.find((candidate) => this.#isEqual(candidate, bytes));
    if (part === undefined) {
      part = this.#ends.length;
      this.content.raw(bytes);
      this.#ends.push(this.content.length);
      candidates.push(part);
    }
    if (subject !== null) this.#bySubject.set(subject, part);
    return part;
  }

  #isEqual(part: number, bytes: Uint8Array): boolean {
    const start = part === 0 ? 0 : this.#ends[part - 1]!;
    if (this.#ends[part]! - start !== bytes.length) return false;
    const known = this.content.bytes;
    for (let index = 0; index < bytes.length; index++) {
      if (known[start + index] !== bytes[index]) return false;
    }
    return true;
  }
}

/** FNV-1a; only a first sieve, since candidates are compared byte by byte. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < bytes.length; index++) hash = Math.imul(hash ^ bytes[index]!, 0x01000193);
  return hash >>> 0;
}
