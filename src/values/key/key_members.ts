/**
 * Members of objects as keys see them: the usual ones, which an assignment makes, and those with other attributes. No
 * accessor is called.
 *
 * @module
 */
import { isElementsAlone, isIndex, keysBesideBytes, type Kind } from "../kinds.ts";
import { ByteWriter } from "../cbor/byte_writer.ts";

/** Flags of a member in keys. A member as an assignment makes it has the first three. */
const Flag = { enumerable: 1, writable: 2, configurable: 4, accessor: 8 } as const;
const USUAL = Flag.enumerable | Flag.writable | Flag.configurable;

/** Number of elements at either end of an array whose attributes are looked at: each look takes 0.1 µs. */
const LOOKED_AT = 2048;

/** True for an object all of whose members are `names`, as an assignment makes them, and that can get further ones. */
export function isUsual(subject: object, names: readonly string[]): boolean {
  if (!Object.isExtensible(subject) || Object.getOwnPropertySymbols(subject).length > 0) return false;
  if (Object.getOwnPropertyNames(subject).length !== names.length) return false;
  for (let at = 0; at < names.length; at++) {
    if (flagsOf(Object.getOwnPropertyDescriptor(subject, names[at]!)!) !== USUAL) return false;
  }
  return true;
}

/**
 * True for an array with an element at each index and no further members, all as an assignment makes them. Of a long
 * array, the attributes of the elements in the middle are not looked at.
 */
export function areUsualElements(array: readonly unknown[]): boolean {
  if (!Object.isExtensible(array) || !isElementsAlone(array) || !isLengthWritable(array)) return false;
  const { length } = array;
  for (let at = 0; at < length; at++) {
    if (at === LOOKED_AT && length > 2 * LOOKED_AT) at = length - LOOKED_AT;
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

/** Lists members in the given order: key, flags and value of each; of an accessor, getter and setter as its value. */
export function listMembers(subject: object, keys: readonly PropertyKey[]): unknown[] {
  return keys.flatMap((key) => {
    const descriptor = Object.getOwnPropertyDescriptor(subject, key);
    if (descriptor === undefined) return [];
    const value = "value" in descriptor ? descriptor.value : [descriptor.get, descriptor.set];
    return [key, flagsOf(descriptor), value];
  });
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
