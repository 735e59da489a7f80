/**
 * What things were when they were first seen in this process, for comparing later.
 *
 * @module
 */
import { type ValueView, writeValue } from "./values.ts";

/** Tells this process from others: the receiver that an arrow function closes over cannot be seen, so that two of them must not be taken for one. */
export const PROCESS = crypto.randomUUID();
const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** A number of its own for each function. */
export function numberOf(fn: object): number {
  const number = numbers.get(fn) ?? ++lastNumber;
  numbers.set(fn, number);
  return number;
}

/** What state held when it was first seen in this process: objects by identity, variables by the function's closure. */
const firstObjects = new WeakMap<object, string>();
const firstVariables = new WeakMap<object, Map<string, string>>();

/** A value as text, as it was when it was first asked for. */
export function firstValue(value: unknown, view: ValueView, name: string, fn: object): string {
  const isObject = typeof value === "object" && value !== null;
  const known = isObject ? firstObjects.get(value) : firstVariables.get(fn)?.get(name);
  if (known !== undefined) return known;
  const { text } = writeValue(value, view);
  if (isObject) firstObjects.set(value, text);
  else {
    const names = firstVariables.get(fn) ?? new Map<string, string>();
    firstVariables.set(fn, names.set(name, text));
  }
  return text;
}

/** Members of a function or class and of its prototype. */
export type Snapshot = (readonly [key: string | symbol, value: unknown])[];

/** The members as they are now; accessors by their getter. */
export function snapshotOf(fn: object): Snapshot {
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  const objects = typeof prototype === "object" && prototype !== null ? [fn, prototype] : [fn];
  return objects.flatMap((object) =>
    Reflect.ownKeys(object).filter((key) => key !== "prototype").map((key) => {
      const property = Object.getOwnPropertyDescriptor(object, key);
      return [key, property && "value" in property ? property.value : property?.get] as const;
    })
  );
}
