/**
 * Large parts of a key, each kept once.
 *
 * What is shared must not matter, so a shared part is written wherever it is met; written in full each time, a value of
 * n objects could take 2^n bytes. So each part of {@linkcode PART_BYTES} or more is replaced by the number of its
 * content: equal content, equal number, whether it is one object or two.
 *
 * @module
 */
import { ByteWriter } from "../cbor/byte_writer.ts";

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

/** Names in order, with their encodings where the names themselves do not tell the order. */
export interface SortedNames {
  readonly names: readonly PropertyKey[];
  readonly encoded: readonly Uint8Array[] | null;
}

/** Orders names of ASCII letters only, without encoding them; `null` when there are others. */
export function sortAscii(names: readonly string[]): string[] | null {
  for (const name of names) if (!isAscii(name)) return null;
  return names.toSorted(compareAscii);
}

/** A head says the length first, so shorter names come first. */
function compareAscii(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function isAscii(name: string): boolean {
  for (let index = 0; index < name.length; index++) if (name.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** Orders names of any kind by what `write` makes of them. */
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

/** A symbol's name, and what gives it its meaning. */
interface SymbolName {
  readonly kind: "Symbol" | "WellKnownSymbol";
  readonly text: string;
}

const wellKnown = new Map<symbol, string>();
for (const name of Object.getOwnPropertyNames(Symbol)) {
  const value = (Symbol as unknown as Record<string, unknown>)[name];
  if (typeof value === "symbol") wellKnown.set(value, name);
}

/** The name of a symbol of the registry (`Symbol.for`) or of the language; `null`: it is equal to nothing elsewhere. */
export function symbolName(symbol: symbol): SymbolName | null {
  const key = Symbol.keyFor(symbol);
  if (key !== undefined) return { kind: "Symbol", text: key };
  const name = wellKnown.get(symbol);
  return name === undefined ? null : { kind: "WellKnownSymbol", text: name };
}

/** An own member that is not enumerable. */
export interface HiddenMember {
  /** The name of a symbol is its description: no better one is the same in another process. */
  readonly name: string;
  readonly value: unknown;
}

/** Own members that are not enumerable, sorted by name; accessors by their functions. */
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
