/**
 * Tells how the members of an object have to be stored, and finds those that cannot be: accessors, and members under
 * symbols that no other process has.
 *
 * Nothing here runs the user's code: members are looked at by their descriptors.
 *
 * @module
 */
import { symbolName } from "../cbor/tags.ts";

/** A property of an object, or of one of its members, that a copy would lack. */
export interface Loss {
  /** Name of the member; absent: the object itself has the property. */
  readonly member?: PropertyKey;
  /** The property in words: `an accessor`. */
  readonly what: string;
  /** Advice to the user. */
  readonly remedy: string;
}

/** The advice where nothing better is known. */
export const PLAIN = "return plain data, or leave it out of the result";

/** Bits of a stored member's attributes. */
export const Attribute = {
  writable: 1,
  enumerable: 2,
  configurable: 4,
  /** The accessor that the engine gives to errors. It is no accessor of the user, and its value is kept elsewhere. */
  stack: 8,
} as const;

/** Attributes of a member that an assignment makes. */
export const ASSIGNED = 7;

/** Whether an object gets further members, and whether those that it has can change. */
export const State = { open: 0, fixed: 1, sealed: 2, frozen: 3 } as const;

/** Attributes of a member, by the state of its object, that was made by an assignment before the object got there. */
export const ASSIGNED_BEFORE: readonly number[] = [7, 7, 3, 2];

/** The state of an object. */
export function stateOf(subject: object): number {
  if (Object.isExtensible(subject)) return State.open;
  return Object.isFrozen(subject) ? State.frozen : Object.isSealed(subject) ? State.sealed : State.fixed;
}

/** True for an object that can get further members and has none that are named by symbols. */
export function isOpen(subject: object): boolean {
  return Object.isExtensible(subject) && Object.getOwnPropertySymbols(subject).length === 0;
}

/** True for an object that can get further members and has none. */
export function isBlank(subject: object): boolean {
  return Object.isExtensible(subject) && Reflect.ownKeys(subject).length === 0;
}

/** True for a member as an assignment makes it: writable, enumerable and configurable. */
export function isAssigned(descriptor: PropertyDescriptor): boolean {
  return descriptor.writable === true && descriptor.enumerable === true && descriptor.configurable === true;
}

/** True when all members named are as an assignment makes them. */
export function areAssigned(subject: object, names: readonly string[]): boolean {
  for (let at = 0; at < names.length; at++) {
    if (!isAssigned(Object.getOwnPropertyDescriptor(subject, names[at]!)!)) return false;
  }
  return true;
}

/** True when all elements of an array without holes are as an assignment makes them. */
export function areElementsAssigned(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index++) {
    if (!isAssigned(Object.getOwnPropertyDescriptor(array, index)!)) return false;
  }
  return true;
}

/** True when all members named have these attributes. */
export function haveAttributes(subject: object, names: readonly PropertyKey[], attributes: number): boolean {
  for (let at = 0; at < names.length; at++) {
    if (attributesOf(Object.getOwnPropertyDescriptor(subject, names[at]!)!) !== attributes) return false;
  }
  return true;
}

/** The attributes of a member as bits; -1 for an accessor. */
export function attributesOf(descriptor: PropertyDescriptor): number {
  if (!("value" in descriptor)) return -1;
  return (descriptor.writable === true ? Attribute.writable : 0) +
    (descriptor.enumerable === true ? Attribute.enumerable : 0) +
    (descriptor.configurable === true ? Attribute.configurable : 0);
}

/**
 * Adds members to a list: the name, the attributes and the value of each.
 *
 * @param stackGetter Getter of the engine's accessor that is kept as {@linkcode Attribute.stack}; absent: none is.
 * @returns The loss, when a member cannot be stored; else `null`.
 */
export function takeMembers(
  subject: object,
  keys: readonly PropertyKey[],
  into: unknown[],
  stackGetter?: unknown,
): Loss | null {
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!;
    const descriptor = Object.getOwnPropertyDescriptor(subject, key)!;
    let attributes = attributesOf(descriptor);
    if (attributes < 0 && stackGetter !== undefined && descriptor.get === stackGetter) {
      attributes = Attribute.stack + (descriptor.enumerable === true ? Attribute.enumerable : 0) +
        (descriptor.configurable === true ? Attribute.configurable : 0);
    }
    if (attributes < 0) return accessor(key);
    if (typeof key === "symbol" && symbolName(key) === null) return unregistered(key);
    into.push(key, attributes, descriptor.value);
  }
  return null;
}

function accessor(member: PropertyKey): Loss {
  return {
    member,
    what: "an accessor (a getter or setter)",
    remedy: "return its value as a plain member, such as { ...object }",
  };
}

function unregistered(symbol: symbol): Loss {
  return {
    what: `an object with a member named by a symbol that no other process has, ${String(symbol)}`,
    remedy: "name it by a string or by Symbol.for, or leave it out of the result",
  };
}

/**
 * Adds the members that an object has beside those of a new object of its kind to a list.
 *
 * @param subject The object.
 * @param fresh A new object of that kind, with the members that each object of the kind has.
 * @param isInternal Tells the members that hold the internal state, whose values are not compared.
 * @returns The loss, when a member cannot be stored, or one of the kind's members is not as it should be.
 */
export function takeBeside(
  subject: object,
  fresh: object,
  into: unknown[],
  isInternal: (key: PropertyKey) => boolean = () => true,
): Loss | null {
  const state = stateOf(subject);
  const kept = state === State.frozen ? ~5 : state === State.sealed ? ~4 : ~0;
  const usual = Reflect.ownKeys(fresh);
  const keys = Reflect.ownKeys(subject);
  const further: PropertyKey[] = [];
  let next = 0;
  for (const key of keys) {
    if (key !== usual[next] && !usual.includes(key)) {
      further.push(key);
      continue;
    }
    if (key !== usual[next++]) {
      return { member: key, what: "a member in another order than the platform's", remedy: PLAIN };
    }
    const [own, made] = [Object.getOwnPropertyDescriptor(subject, key)!, Object.getOwnPropertyDescriptor(fresh, key)!];
    const isAlike = own.get === made.get && own.set === made.set &&
      attributesOf(own) === ("value" in made ? attributesOf(made) & kept : -1) &&
      own.enumerable === made.enumerable && own.configurable === (made.configurable === true && (kept & 4) !== 0) &&
      (isInternal(key) || Object.is(own.value, made.value));
    if (!isAlike) return { member: key, what: "a member that is not as the platform makes it", remedy: PLAIN };
  }
  if (next < usual.length) {
    return { member: usual[next]!, what: "a built-in object without this member of its own", remedy: PLAIN };
  }
  return takeMembers(subject, further, into);
}

const settlers = new WeakMap<object, () => void>();

/** Registers an object with lazy members, so that it can be stored. @param settle Makes all its members plain. */
export function registerLazy(subject: object, settle: () => void): void {
  settlers.set(subject, settle);
}

/** Makes the members of `subject` plain. @returns True when it was registered and not made plain before. */
export function settleLazy(subject: object): boolean {
  const settle = settlers.get(subject);
  if (settle === undefined) return false;
  settlers.delete(subject);
  settle();
  return true;
}
