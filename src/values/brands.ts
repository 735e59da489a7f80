/**
 * Tells what an object is by its internal state. None of it runs the user's code: no accessor, no trap of a Proxy.
 *
 * @module
 */
import { bufferClass, isProxy, typeTests } from "../words/type_tests.ts";

/** Number of prototypes that are looked at. No program has as many, and each object of a chain looks at those above. */
const MAX_PROTOTYPES = 1000;

/**
 * True when a prototype of `subject`, at any distance, is a Proxy, so that looking further would run its traps. A chain
 * that is longer than any program needs counts as one that leads to a Proxy.
 */
export function hasProxyAbove(subject: object): boolean {
  let length = 0;
  for (
    let at: object | null = Object.getPrototypeOf(subject);
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    if (isProxy(at) || ++length > MAX_PROTOTYPES) return true;
  }
  return false;
}

/** Tests for the built-in objects that an object with a replaced prototype may be. */
const HIDDEN = [
  "isMap",
  "isSet",
  "isDate",
  "isRegExp",
  "isPromise",
  "isWeakMap",
  "isWeakSet",
  "isAnyArrayBuffer",
  "isArrayBufferView",
  "isNativeError",
  "isBoxedPrimitive",
  "isArgumentsObject",
  "isGeneratorObject",
  "isMapIterator",
  "isSetIterator",
  "isModuleNamespaceObject",
] as const;

let hiddenTests: ((value: unknown) => boolean)[] | undefined;

/** True for a built-in object by its internal state, whatever its prototype is. */
export function isBuiltInInside(subject: object): boolean {
  if (Array.isArray(subject)) return true;
  const all = hiddenTests ??= HIDDEN.map((test) => typeTests()[test]);
  for (let at = 0; at < all.length; at++) if (all[at]!(subject)) return true;
  return false;
}

/** Kind of a built-in object that its prototype does not tell; `null`: another one, or none. */
export function hiddenKind(subject: object): "date" | "regexp" | "boxed" | "arguments" | null {
  const all = typeTests();
  if (all.isDate(subject)) return "date";
  if (all.isRegExp(subject)) return "regexp";
  if (all.isArgumentsObject(subject)) return "arguments";
  return all.isBoxedPrimitive(subject) ? "boxed" : null;
}

/** Kind of a collection or an error that its prototype does not tell; `null`: another one, or none. */
export function hiddenCollection(subject: object): "map" | "set" | "error" | null {
  const all = typeTests();
  if (all.isMap(subject)) return "map";
  if (all.isSet(subject)) return "set";
  return Error.isError(subject) ? "error" : null;
}

/** True for a module namespace. */
export function isModuleNamespace(subject: object): boolean {
  return typeTests().isModuleNamespaceObject(subject);
}

/** True for a Buffer of Node, which is a view into a pool of bytes that it shares with other Buffers. */
export function isNodeBuffer(subject: object): boolean {
  if (!ArrayBuffer.isView(subject)) return false;
  const prototype = Object.getPrototypeOf(subject);
  if (prototype === null || prototype === Uint8Array.prototype || isProxy(prototype)) return false;
  // Loading the class for its prototype takes long, so that its name is looked at first.
  const constructor = constructorOf(prototype);
  return constructor !== null && ownValue(constructor, "name") === "Buffer" && prototype === bufferClass().prototype;
}

/** The value of an own data member; `undefined` for an accessor, and when there is no such member. */
export function ownValue(subject: object, name: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(subject, name)?.value;
}

/** The `constructor` that a prototype names, when it is a function that names the prototype in turn; else `null`. */
// deno-lint-ignore ban-types -- Any class.
export function constructorOf(prototype: object): Function | null {
  const constructor = ownValue(prototype, "constructor");
  if (typeof constructor !== "function" || isProxy(constructor)) return null;
  return ownValue(constructor, "prototype") === prototype ? constructor : null;
}

/** True when there are more than `most` prototypes above an object. None of them may be a Proxy. */
export function hasMorePrototypes(subject: object, most: number): boolean {
  let count = 0;
  for (
    let at: object | null = Object.getPrototypeOf(subject);
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    if (++count > most) return true;
  }
  return false;
}
