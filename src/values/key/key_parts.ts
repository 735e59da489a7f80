/**
 * Stores each large part of a key once, and sorts property names.
 *
 * A key must not depend on which objects are shared, so a shared object is encoded wherever it is met. In full each
 * time, a value of n objects could take 2^n bytes. So each part of {@linkcode PART_BYTES} or more is replaced by a
 * number that stands for its content: parts with equal content have equal numbers, be they one object or several.
 *
 * @module
 */
import { ByteWriter } from "../cbor/byte_writer.ts";

/** Size in bytes from which on a part is replaced by its number. */
export const PART_BYTES = 1024;

/** The large parts of one key, numbered from 0. */
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

  /** The number of the part that an object was encoded as; `undefined` when it was not met before or is too small. */
  find(subject: object): number | undefined {
    return this.#bySubject.get(subject);
  }

  /** The number of the part with this content, which is added when it is new. @param subject The object encoded. */
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

/** FNV-1a hash. Collisions do no harm, since parts with equal hashes are compared byte by byte. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < bytes.length; index++) hash = Math.imul(hash ^ bytes[index]!, 0x01000193);
  return hash >>> 0;
}

/** Sorted property names. `encoded` holds their encodings where these were needed to sort; else it is `null`. */
export interface SortedNames {
  readonly names: readonly PropertyKey[];
  readonly encoded: readonly Uint8Array[] | null;
}

/** Sorts names as their encodings would be sorted, without encoding them; `null` when a name is not all ASCII. */
export function sortAscii(names: readonly string[]): string[] | null {
  for (const name of names) if (!isAscii(name)) return null;
  return names.toSorted(compareAscii);
}

/** Compares names as their encodings compare: an encoding begins with the length, so shorter names come first. */
function compareAscii(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function isAscii(name: string): boolean {
  for (let index = 0; index < name.length; index++) if (name.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** Sorts names of any kind by the bytes that `write` writes for them. */
export function sortEncoded(
  names: readonly PropertyKey[],
  write: (writer: ByteWriter, name: PropertyKey) => void,
): SortedNames {
  const scratch = new ByteWriter(256);
  const pairs = names.map((name) => {
    scratch.length = 0;
    write(scratch, name);
    return { name, bytes: scratch.copy() };
  });
  pairs.sort((a, b) => compareBytes(a.bytes, b.bytes));
  return { names: pairs.map(({ name }) => name), encoded: pairs.map(({ bytes }) => bytes) };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a[index] !== b[index]) return a[index]! - b[index]!;
  }
  return a.length - b.length;
}

/** An own member that is not enumerable. */
export interface HiddenMember {
  /** Name as text. A symbol is named by its description, since nothing better is equal in another process. */
  readonly name: string;
  readonly value: unknown;
}

/** Own members that are not enumerable, sorted by name. The value of an accessor is the pair of getter and setter. */
export function hiddenMembers(subject: object): HiddenMember[] {
  const names = Object.getOwnPropertyNames(subject);
  const symbols = Object.getOwnPropertySymbols(subject);
  if (symbols.length === 0 && names.length === Object.keys(subject).length) return [];
  return [...names, ...symbols].flatMap((name) => {
    const property = Object.getOwnPropertyDescriptor(subject, name);
    if (property === undefined || property.enumerable === true) return [];
    return [{ name: String(name), value: "value" in property ? property.value : [property.get, property.set] }];
  }).sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
