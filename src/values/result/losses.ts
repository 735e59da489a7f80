/**
 * Finds properties of an object that its encoding does not keep: a frozen state, members named by symbols, accessors,
 * hidden and unchangeable members.
 *
 * A program could tell a copy without them from the object itself, so such an object is refused. Nothing here runs the
 * user's code: members are looked at by their descriptors, and a Proxy is recognized before anything of it is read.
 *
 * @module
 */
import defer * as nodeUtil from "node:util";

/** A property of an object, or of one of its members, that a copy would lack. */
export interface Loss {
  /** Name of the member; absent: the object itself has the property. */
  readonly member?: PropertyKey;
  /** The property in words: `an accessor`. */
  readonly what: string;
  /** Advice to the user. */
  readonly remedy: string;
}

/** Tests of `node:util` for the built-in objects that a plain-looking object with a replaced prototype may be. */
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

/** True for a built-in object by its internal state, whatever its prototype is. */
export function isBuiltInInside(subject: object): boolean {
  return HIDDEN.some((test) => nodeUtil.types[test](subject));
}

/** True for an object that can get further members and has none that are named by symbols. */
export function isOpen(subject: object): boolean {
  return Object.isExtensible(subject) && Object.getOwnPropertySymbols(subject).length === 0;
}

/** True for a member as an assignment makes it: writable, enumerable and configurable. */
export function isAssigned(descriptor: PropertyDescriptor): boolean {
  return descriptor.writable === true && descriptor.enumerable === true && descriptor.configurable === true;
}

/** The loss in a copy of a plain object; `null`: none. Members that `registerLazy` knows are made plain first. */
export function lossOfObject(subject: object, names: readonly string[]): Loss | null {
  const loss = lossOfWhole(subject) ?? lossOfMembers(subject, names);
  return loss !== null && settleLazy(subject) ? lossOfObject(subject, names) : loss;
}

/** The loss in a copy of an array that has elements and no other members; `null`: none. */
export function lossOfElements(array: readonly unknown[]): Loss | null {
  const loss = lossOfArray(array);
  if (loss !== null) return loss;
  for (let index = 0; index < array.length; index++) {
    if (!isAssigned(Object.getOwnPropertyDescriptor(array, index)!)) return lossOfMember(array, index);
  }
  return null;
}

/** The loss in a copy of an array with holes or further members; `null`: none. @param names All names but `length`. */
export function lossOfSparse(array: readonly unknown[], names: readonly string[]): Loss | null {
  return lossOfArray(array) ?? lossOfMembers(array, names);
}

/** The loss in a copy of a built-in object of a kind without own members, such as a Map or a Date; `null`: none. */
export function lossOfBare(subject: object): Loss | null {
  const loss = lossOfWhole(subject);
  if (loss !== null) return loss;
  const names = Object.getOwnPropertyNames(subject);
  return names.length === 0 ? null : furtherMember(names[0]!);
}

/**
 * The loss in a copy of a built-in object of a kind with own members; `null`: none.
 *
 * @param subject The object.
 * @param fresh A new object of that kind, with the members that `subject` should have.
 */
export function lossBeside(subject: object, fresh: object): Loss | null {
  if (!Object.isExtensible(subject)) return lossOfWhole(subject);
  const keys = Reflect.ownKeys(subject);
  const usual = Reflect.ownKeys(fresh);
  for (const own of usual) if (!keys.includes(own)) return missingMember(own);
  for (const [at, key] of keys.entries()) {
    if (!usual.includes(key)) return furtherMember(key);
    if (key !== usual[at]) return reorderedMember(key);
    if (!isAlike(Object.getOwnPropertyDescriptor(subject, key)!, Object.getOwnPropertyDescriptor(fresh, key)!)) {
      return { member: key, what: "a member that is not as the platform makes it", remedy: PLAIN };
    }
  }
  return null;
}

function isAlike(a: PropertyDescriptor, b: PropertyDescriptor): boolean {
  return a.get === b.get && a.set === b.set && a.writable === b.writable && a.enumerable === b.enumerable &&
    a.configurable === b.configurable;
}

/** The advice where nothing better is known. */
export const PLAIN = "return plain data, or leave it out of the result";

function lossOfWhole(subject: object): Loss | null {
  if (!Object.isExtensible(subject)) {
    const state = Object.isFrozen(subject) ? "a frozen" : Object.isSealed(subject) ? "a sealed" : "a non-extensible";
    return { what: `${state} object`, remedy: "return it as it was before that, or a copy such as { ...object }" };
  }
  const [symbol] = Object.getOwnPropertySymbols(subject);
  if (symbol === undefined) return null;
  return {
    what: `an object with a member named by a symbol, ${String(symbol)}`,
    remedy: "name it by a string, or leave it out of the result",
  };
}

function lossOfArray(array: readonly unknown[]): Loss | null {
  const loss = lossOfWhole(array);
  if (loss !== null) return loss;
  return Object.getOwnPropertyDescriptor(array, "length")!.writable === true ? null : lossOfMember(array, "length");
}

function lossOfMembers(subject: object, names: readonly string[]): Loss | null {
  for (let at = 0; at < names.length; at++) {
    if (!isAssigned(Object.getOwnPropertyDescriptor(subject, names[at]!)!)) return lossOfMember(subject, names[at]!);
  }
  return null;
}

function lossOfMember(subject: object, member: PropertyKey): Loss {
  const descriptor = Object.getOwnPropertyDescriptor(subject, member)!;
  if (!("value" in descriptor)) {
    return {
      member,
      what: "an accessor (a getter or setter)",
      remedy: "return its value as a plain member, such as { ...object }",
    };
  }
  const state = descriptor.writable !== true
    ? "read-only"
    : descriptor.enumerable !== true && member !== "length"
    ? "not enumerable"
    : "not configurable";
  return { member, what: `a member that is ${state}`, remedy: "add it by assignment, or leave it out of the result" };
}

function furtherMember(member: PropertyKey): Loss {
  return {
    member,
    what: "a further member of a built-in object",
    remedy: "return it beside that object, or leave it out of the result",
  };
}

function missingMember(member: PropertyKey): Loss {
  return { member, what: "a built-in object without this member of its own", remedy: PLAIN };
}

function reorderedMember(member: PropertyKey): Loss {
  return { member, what: "a built-in object with its members in another order", remedy: PLAIN };
}

const settlers = new WeakMap<object, () => void>();

/** Registers an object with lazy members, so that it can be stored. @param settle Makes all its members plain. */
export function registerLazy(subject: object, settle: () => void): void {
  settlers.set(subject, settle);
}

/** Makes the members of `subject` plain. @returns True when it was registered and not made plain before. */
function settleLazy(subject: object): boolean {
  const settle = settlers.get(subject);
  if (settle === undefined) return false;
  settlers.delete(subject);
  settle();
  return true;
}
