/**
 * Members of objects as keys see them: the usual ones, which an assignment makes, and those with other attributes. No
 * accessor is called.
 *
 * @module
 */
import { ownValue } from "../brands.ts";
import { isElementsAlone, isIndex, keysBesideBytes, type Kind } from "../kinds.ts";
import { ByteWriter } from "../cbor/byte_writer.ts";
import { symbolName } from "../cbor/tags.ts";

/** Flags of a member in keys. A member as an assignment makes it has the first three. */
const Flag = { enumerable: 1, writable: 2, configurable: 4, accessor: 8 } as const;
const USUAL = Flag.enumerable | Flag.writable | Flag.configurable;

/** Number of elements at either end of an array whose attributes are looked at: each look takes 0.1 µs. */
export const LOOKED_AT = 2048;

/** True for the index of an element of a long array whose attributes are not looked at. */
export function isInMiddle(index: number, length: number): boolean {
  return index >= LOOKED_AT && index < length - LOOKED_AT;
}

/** True for an object that has the enumerable members `names` alone, and that can get further ones. */
export function hasNamesAlone(subject: object, names: readonly string[]): boolean {
  return Object.isExtensible(subject) && Object.getOwnPropertySymbols(subject).length === 0 &&
    Object.getOwnPropertyNames(subject).length === names.length;
}

/** True for an object all of whose members are `names`, as an assignment makes them, and that can get further ones. */
export function isUsual(subject: object, names: readonly string[]): boolean {
  if (!hasNamesAlone(subject, names)) return false;
  for (let at = 0; at < names.length; at++) {
    if (flagsOf(Object.getOwnPropertyDescriptor(subject, names[at]!)!) !== USUAL) return false;
  }
  return true;
}

/** True for an object all of whose members, but for those left out, are as an assignment makes them. */
export function isUsualBut(subject: object, leftOut: ReadonlySet<PropertyKey>): boolean {
  return Object.isExtensible(subject) && Reflect.ownKeys(subject).every((key) =>
    leftOut.has(key) ||
    typeof key === "string" && flagsOf(Object.getOwnPropertyDescriptor(subject, key)!) === USUAL
  );
}

/**
 * True for an array with an element at each index and no further members, all as an assignment makes them. Of a long
 * array, the attributes of the elements in the middle are not looked at.
 */
export function areUsualElements(array: readonly unknown[]): boolean {
  if (!Object.isExtensible(array) || !isElementsAlone(array) || !isLengthWritable(array)) return false;
  const { length } = array;
  for (let at = 0; at < length; at++) {
    if (isInMiddle(at, length)) at = length - LOOKED_AT;
    if (flagsOf(Object.getOwnPropertyDescriptor(array, at)!) !== USUAL) return false;
  }
  return true;
}

/** Own keys of an object beyond those that every object of its kind has, and that the encoding of the kind covers. */
export function furtherKeys(subject: object, kind: Kind): PropertyKey[] {
  switch (kind) {
    case "array":
      return Reflect.ownKeys(subject).filter((key) => key !== "length" || !isLengthWritable(subject));
    case "view":
      return keysBesideBytes(subject as ArrayBufferView);
    case "arguments":
    case "exception":
    case "blob":
    case "promise":
    case "weak":
    case "iterator":
    case "stream":
      return [];
    case "platform":
      // The platform keeps caches under symbols of its own.
      return Reflect.ownKeys(subject).filter((key) => typeof key === "string" || Symbol.keyFor(key) !== undefined);
    case "regexp":
      return Reflect.ownKeys(subject).filter((key) => key !== "lastIndex");
    case "error":
      return Reflect.ownKeys(subject).filter((key) =>
        !ERROR_KEYS.has(key) || key !== "stack" && Object.prototype.propertyIsEnumerable.call(subject, key)
      );
    case "boxed":
      return Reflect.ownKeys(subject).filter((key) => key !== "length" && !isIndexKey(key));
    default:
      return Reflect.ownKeys(subject);
  }
}

const ERROR_KEYS: ReadonlySet<PropertyKey> = new Set(["name", "message", "cause", "errors", "stack"]);

function isIndexKey(key: PropertyKey): boolean {
  return typeof key === "string" && isIndex(key);
}

function isLengthWritable(array: object): boolean {
  return Object.getOwnPropertyDescriptor(array, "length")!.writable === true;
}

/**
 * Lists members in the given order: key, flags and value of each; of an accessor, getter and setter as its value. A
 * variable of a module that is not set yet is listed without any flag.
 */
export function listMembers(subject: object, keys: readonly PropertyKey[]): unknown[] {
  return keys.flatMap((key) => {
    const descriptor = descriptorOf(subject, key);
    if (descriptor === null) return [key, 0, undefined];
    if (descriptor === undefined) return [];
    const value = "value" in descriptor ? descriptor.value : [descriptor.get, descriptor.set];
    return [key, flagsOf(descriptor), value];
  });
}

/** Descriptor of an own property; `null`: a member of a module namespace, which is not set yet. */
function descriptorOf(subject: object, key: PropertyKey): PropertyDescriptor | undefined | null {
  try {
    return Object.getOwnPropertyDescriptor(subject, key);
  } catch {
    return null;
  }
}

function flagsOf(descriptor: PropertyDescriptor): number {
  return (descriptor.enumerable === true ? Flag.enumerable : 0) |
    (descriptor.configurable === true ? Flag.configurable : 0) |
    (!("value" in descriptor) ? Flag.accessor : descriptor.writable === true ? Flag.writable : 0);
}

/** Own keys of an object: those of enumerable members, and the others. */
export function splitByVisibility(subject: object): [shown: PropertyKey[], hidden: PropertyKey[]] {
  const [shown, hidden]: [PropertyKey[], PropertyKey[]] = [[], []];
  for (const key of Reflect.ownKeys(subject)) {
    (Object.prototype.propertyIsEnumerable.call(subject, key) ? shown : hidden).push(key);
  }
  return [shown, hidden];
}

/** Sorted property names. `encoded` holds their encodings where these were needed to sort; else it is `null`. */
export interface SortedNames {
  readonly names: readonly PropertyKey[];
  readonly encoded: readonly Uint8Array[] | null;
}

/** Sorts names as their encodings would be sorted, without encoding them; `null` when a name is not all ASCII. */
function sortAscii(names: readonly string[]): string[] | null {
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
function sortEncoded(
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

/** Names of the objects whose members were written last: the rows of a table have the same names again and again. */
export class RecentNames {
  #given: readonly string[] = [];
  #sorted: SortedNames | null = null;
  #written: readonly PropertyKey[] | null = null;
  /** True when `length` is one of the names. */
  hasLength = false;

  /** Takes the names of the next object. */
  take(names: readonly string[]): void {
    if (haveEqualItems(names, this.#given)) return;
    this.#given = names;
    this.#sorted = null;
    this.hasLength = names.includes("length");
  }

  /** True for the names of the object that was taken last. */
  areGiven(names: readonly string[]): boolean {
    return haveEqualItems(names, this.#given);
  }

  /** The names that were taken last, in the order in which they are written. */
  toWrite(countsOrder: boolean): SortedNames {
    return countsOrder ? { names: this.#given, encoded: null } : this.#sorted ??= sortNames(this.#given);
  }

  /** True when the object that was written last has these names in this order. They are the last ones from now on. */
  areWrittenAgain(names: readonly PropertyKey[]): boolean {
    const are = this.#written !== null && haveEqualItems(names, this.#written);
    this.#written = names;
    return are;
  }
}

/** Sorts keys of members of all kinds. */
export function sortKeys(keys: readonly PropertyKey[]): readonly PropertyKey[] {
  return sortEncoded(keys, (writer, key) => {
    if (typeof key !== "symbol") return writer.text(String(key));
    const name = symbolName(key);
    writer.object(name?.kind ?? "LocalSymbol", 2);
    writer.text(name?.text ?? String(key.description ?? ""));
  }).names;
}

function sortNames(names: readonly string[]): SortedNames {
  const sorted = sortAscii(names);
  if (sorted !== null) return { names: sorted, encoded: null };
  return sortEncoded(names, (writer, name) => writer.text(name as string));
}

/** True for lists of the same items. */
export function haveEqualItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Name of a function, by its own data property; no accessor is called. */
export function ownNameText(fn: object): string {
  const name = ownValue(fn, "name");
  return typeof name === "string" ? name : "";
}

/** Number of parameters that a function says it has, as text; a program may say another one. */
export function lengthText(fn: object): string {
  const length = ownValue(fn, "length");
  return typeof length === "number" ? String(length) : "";
}

/**
 * Numbers of the objects, functions and symbols of a value, in the order in which they are met. As long as nothing is met twice, a set is enough, which takes half the time of a map.
 */
export class Numbering {
  readonly #met = new Set<object | symbol>();
  #numbers: Map<object | symbol, number> | null = null;
  #list: (object | symbol)[] | null = null;

  /** Gives the next number to a subject. @returns The number that it has already; -1 when it was met for the first time. */
  meet(subject: object | symbol): number {
    const { size } = this.#met;
    this.#met.add(subject);
    if (this.#met.size > size) {
      this.#numbers?.set(subject, size);
      return -1;
    }
    return this.numberOf(subject)!;
  }

  /** Number of the subject; `undefined` when it has none. */
  numberOf(subject: object | symbol): number | undefined {
    this.#numbers ??= new Map([...this.#met].map((one, number) => [one, number]));
    return this.#numbers.get(subject);
  }

  /** The subject with that number; `undefined` when there is none. */
  subjectAt(number: number): object | symbol | undefined {
    this.#list ??= [...this.#met];
    return this.#list[number];
  }

  /** Number of subjects. */
  get size(): number {
    return this.#met.size;
  }

  /** True for a subject that has a number. */
  has(subject: object | symbol): boolean {
    return this.#met.has(subject);
  }

  /** The subjects in the order of their numbers. */
  subjects(): Iterable<object | symbol> {
    return this.#met;
  }
}
