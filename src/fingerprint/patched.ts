/**
 * Methods that the program has put on the language's own prototypes: `Array.prototype.sum = …`. No variable leads to
 * them, so they are found by name.
 *
 * @module
 */
import { isNative } from "./methods.ts";

const OWNERS: Readonly<Record<string, object>> = {
  Object: Object.prototype,
  Function: Function.prototype,
  Array: Array.prototype,
  String: String.prototype,
  Number: Number.prototype,
  Boolean: Boolean.prototype,
  BigInt: BigInt.prototype,
  Symbol: Symbol.prototype,
  Date: Date.prototype,
  RegExp: RegExp.prototype,
  Map: Map.prototype,
  Set: Set.prototype,
  Promise: Promise.prototype,
  Error: Error.prototype,
  TypedArray: Object.getPrototypeOf(Uint8Array.prototype),
  Iterator: Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
};

/** By the name of the member: where it is, and what is there. */
export type Patched = ReadonlyMap<string, readonly (readonly [label: string, fn: object])[]>;

/** All that is there and was not put there by the platform. */
export function findPatched(): Patched {
  const found = new Map<string, [string, object][]>();
  for (const [owner, prototype] of Object.entries(OWNERS)) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      for (const part of [property.value, property.get, property.set] as unknown[]) {
        if (typeof part !== "function" || isKnownNative(part)) continue;
        found.set(name, [...found.get(name) ?? [], [`${owner}.prototype.${name}`, part]]);
      }
    }
  }
  return found;
}

/**
 * Whether a method is where it was found.
 *
 * @param label As {@linkcode findPatched} gave it.
 */
export function isStillPatched(label: string, fn: unknown): boolean {
  const [owner = "", name = ""] = label.split(".prototype.");
  const property = Object.getOwnPropertyDescriptor(OWNERS[owner] ?? {}, name);
  return property !== undefined && [property.value, property.get, property.set].includes(fn);
}

/** Whether a label is one of {@linkcode findPatched}. */
export function isPatchLabel(label: string): boolean {
  return label.includes(".prototype.");
}

const natives = new WeakSet<object>();

function isKnownNative(fn: object): boolean {
  if (natives.has(fn)) return true;
  const isOne = isNative(fn);
  if (isOne) natives.add(fn);
  return isOne;
}
