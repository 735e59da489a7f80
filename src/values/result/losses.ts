/**
 * What an object carries that its encoding does not keep: frozen state, members named by symbols, accessors, hidden
 * and unchangeable members.
 *
 * A copy without them would be told apart from the first, so such an object is refused. Nothing here runs the user's
 * code: members are looked at by their descriptors, and a Proxy is recognized before it is asked anything.
 *
 * @module
 */
import defer * as nodeUtil from "node:util";

/** What would be lost, and where: in the object as a whole or in one member. */
export interface Loss {
  /** The member; absent: the object itself. */
  readonly member?: PropertyKey;
  /** What is there, in words: `an accessor`. */
  readonly what: string;
  /** What the user can do. */
  readonly remedy: string;
}

let isProxyOfNode: ((value: unknown) => boolean) | undefined;

/** Whether an object is a Proxy. Loaded when the first object is stored, since it takes the time of a module. */
export function isProxy(subject: object): boolean {
  return (isProxyOfNode ??= nodeUtil.types.isProxy)(subject);
}

/** What an object that looks plain can be inside, when its prototype was replaced. */
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

/** Whether an object is a built-in one inside, whatever its prototype says. */
export function isBuiltInInside(subject: object): boolean {
  return HIDDEN.some((test) => nodeUtil.types[test](subject));
}

/** Whether an object can get further members and has none that are named by symbols. */
export function isOpen(subject: object): boolean {
  return Object.isExtensible(subject) && Object.getOwnPropertySymbols(subject).length === 0;
}

/** Whether a member is as an assignment makes it. */
export function isAssigned(descriptor: PropertyDescriptor): boolean {
  return descriptor.writable === true && descriptor.enumerable === true && descriptor.configurable === true;
}

/** What a copy of a plain object would lack; `null`: nothing. An object of ours with lazy members gets plain ones. */
export function lossOfObject(subject: object, names: readonly string[]): Loss | null {
  const loss = lossOfWhole(subject) ?? lossOfMembers(subject, names);
  return loss !== null && settleLazy(subject) ? lossOfObject(subject, names) : loss;
}

/** What a copy of an array would lack that is just its elements; `null`: nothing. */
export function lossOfElements(array: readonly unknown[]): Loss | null {
  const loss = lossOfArray(array);
  if (loss !== null) return loss;
  for (let index = 0; index < array.length; index++) {
    if (!isAssigned(Object.getOwnPropertyDescriptor(array, index)!)) return lossOfMember(array, index);
  }
  return null;
}

/** What a copy of an array with holes or names would lack; `null`: nothing. @param names All but `length`. */
export function lossOfSparse(array: readonly unknown[], names: readonly string[]): Loss | null {
  return lossOfArray(array) ?? lossOfMembers(array, names);
}

/** What a copy of an object would lack that has no members by nature: a Map, a Date; `null`: nothing. */
export function lossOfBare(subject: object): Loss | null {
  const loss = lossOfWhole(subject);
  if (loss !== null) return loss;
  const names = Object.getOwnPropertyNames(subject);
  return names.length === 0 ? null : furtherMember(names[0]!);
}

/**
 * What a copy of an object of the platform would lack that has own members by nature; `null`: nothing.
 *
 * @param subject The object.
 * @param fresh One as the platform makes it, with the same members.
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

/** What is said where nothing better is known. */
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

/** Registers how all members of `subject` are read and become plain, so that it can be stored. */
export function registerLazy(subject: object, settle: () => void): void {
  settlers.set(subject, settle);
}

/** Makes the members of `subject` plain. @returns Whether it was registered and had not been settled before. */
function settleLazy(subject: object): boolean {
  const settle = settlers.get(subject);
  if (settle === undefined) return false;
  settlers.delete(subject);
  settle();
  return true;
}
