/**
 * Guards of functions: checks, made at each call, that the functions and classes that code looks at have no more members,
 * and no other prototypes, than they had.
 *
 * They are kept apart from the checks of values. A fingerprint of which nothing but this can change counts as fixed, so
 * that its calls take the short way.
 *
 * @module
 */
import { isProxy } from "../../words/type_tests.ts";

interface FunctionShape {
  readonly object: object;
  readonly prototype: object | null;
  /** Number of own members; `null`: they do not matter. */
  readonly size: number | null;
  readonly isExtensible: boolean;
}

function functionShapeOf(object: object, state: ReadonlySet<string> | undefined): FunctionShape {
  return {
    object,
    prototype: Object.getPrototypeOf(object) as object | null,
    // Members that the code itself writes come and go.
    size: state === undefined ? Reflect.ownKeys(object).length : null,
    isExtensible: Object.isExtensible(object),
  };
}

function isAsBefore({ object, prototype, size, isExtensible }: FunctionShape): boolean {
  return Object.getPrototypeOf(object) === prototype && Object.isExtensible(object) === isExtensible &&
    (size === null || Reflect.ownKeys(object).length === size);
}

function isGlobalAsBefore([name, value]: readonly [string, unknown]): boolean {
  return Object.is(Object.getOwnPropertyDescriptor(globalThis, name)?.value, value);
}

/** The guards of one fingerprint. */
export class FunctionGuards {
  readonly #shapes = new Map<object, FunctionShape>();
  readonly #globals = new Map<string, unknown>();

  /** @param stateOf Returns the names of an object's members that are state. */
  constructor(readonly stateOf: (object: object) => ReadonlySet<string> | undefined) {}

  /** Adds a function or class, with the object that its instances inherit from. */
  add(fn: object): void {
    if (this.#shapes.has(fn) || isProxy(fn)) return;
    this.#shapes.set(fn, functionShapeOf(fn, this.stateOf(fn)));
    const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
    if (typeof prototype !== "object" || prototype === null) return;
    this.#shapes.set(prototype, functionShapeOf(prototype, this.stateOf(prototype)));
  }

  /** Adds a global of the platform, which the program may replace. */
  addGlobal(name: string): void {
    const property = Object.getOwnPropertyDescriptor(globalThis, name);
    if (property !== undefined && "value" in property) this.#globals.set(name, property.value);
  }

  /** Adds an object of which only its prototype matters. */
  addLink(object: object): void {
    if (!this.#shapes.has(object)) this.#shapes.set(object, { ...functionShapeOf(object, undefined), size: null });
  }

  /** Returns a function that returns true while all of them are as they were. */
  guard(): () => boolean {
    const shapes = [...this.#shapes.values()];
    const globals = [...this.#globals];
    return () => shapes.every(isAsBefore) && globals.every(isGlobalAsBefore);
  }
}
