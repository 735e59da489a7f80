/**
 * Finds the form in which an object is stored that is not as a literal or a constructor makes it: the part that the
 * form of its kind keeps, and its members, attributes and state beside that.
 *
 * @module
 */
import { isNodeBuffer, ownValue } from "../brands.ts";
import { isElementsAlone, isIndex, keysBesideBytes, type Kind, unbox } from "../kinds.ts";
import { MAX_ARGUMENTS, viewName } from "../cbor/tags.ts";
import {
  ERROR_NAMES,
  errorClassName,
  hasStackMember,
  internalStack,
  type PlainError,
  takeErrorMembers,
  takePlainError,
} from "./error_parts.ts";
import {
  areAssigned,
  ASSIGNED_BEFORE,
  attributesOf,
  haveAttributes,
  isOpen,
  type Loss,
  State,
  stateOf,
  takeBeside,
  takeMembers,
} from "./losses.ts";
import { platformDataName, takePlatformData } from "./platform_data.ts";
import { makeArguments } from "./object_reader.ts";
import { freshException, hasFileState, hasOwnPrototype } from "./result_objects.ts";

/** The form in which an object is stored. */
export interface Form {
  /** Value of {@linkcode State}. */
  readonly state: number;
  /** Name, attributes and value of each member that the base does not keep. */
  readonly tail: readonly unknown[];
  /** The part that the base keeps. Of plain objects and instances: names of members. */
  readonly names?: readonly string[];
  /** The part that the base keeps. Of arrays with holes or names: keys of elements and members; absent: it has none. */
  readonly sparse?: readonly string[];
  /** The part that the base keeps. Of errors as the constructor makes them: their members. */
  readonly plainError?: PlainError;
  /** The part that the base keeps. Of other errors: the stack inside. */
  readonly stack?: unknown;
  /** The part that the base keeps. Of objects of the platform: the primitives that tell them. */
  readonly parts?: readonly unknown[];
}

const NONE: readonly unknown[] = [];

/**
 * The form of an object that is no plain one.
 *
 * @param name Name of the built-in kind or class; `null`: the object is of a class that is stored beside it.
 * @returns `null` when the object is of the platform and no data.
 */
export function formOf(subject: object, kind: Kind, name: string | null): Form | Loss | null {
  switch (kind) {
    case "instance":
      return formOfPlain(subject);
    case "array":
      return formOfArray(subject as unknown[]);
    case "error":
      return formOfError(subject as Error, name);
    case "platform":
      return formOfPlatform(subject, name!);
    case "arguments":
      return formOfArguments(subject);
    default:
      return formOfBuiltIn(subject, kind);
  }
}

/** The form of a plain object, an instance or an object with a prototype of its own. */
export function formOfPlain(subject: object): Form | Loss {
  const names = Object.getOwnPropertyNames(subject);
  if (isOpen(subject) && areAssigned(subject, names)) return { state: State.open, tail: NONE, names };
  const state = stateOf(subject);
  const tail: unknown[] = [];
  if (haveAttributes(subject, names, ASSIGNED_BEFORE[state]!)) {
    return takeMembers(subject, Object.getOwnPropertySymbols(subject), tail) ?? { state, tail, names };
  }
  return takeMembers(subject, Reflect.ownKeys(subject), tail) ??
    { state: Math.min(state, State.fixed), tail, names: [] };
}

function formOfArray(subject: readonly unknown[]): Form | Loss {
  const state = stateOf(subject);
  const hasFixedLength = Object.getOwnPropertyDescriptor(subject, "length")!.writable !== true;
  const names = Object.getOwnPropertyNames(subject).filter((name) => name !== "length");
  const tail: unknown[] = [];
  if (hasFixedLength === (state === State.frozen) && haveAttributes(subject, names, ASSIGNED_BEFORE[state]!)) {
    const loss = takeMembers(subject, Object.getOwnPropertySymbols(subject), tail);
    if (loss !== null) return loss;
    const isDense = names.length === subject.length &&
      (names.length === 0 || names.at(-1) === String(names.length - 1));
    return isDense ? { state, tail } : { state, tail, sparse: names };
  }
  const loss = takeMembers(subject, [...names, ...Object.getOwnPropertySymbols(subject)], tail);
  if (loss !== null) {
    const { member } = loss;
    return typeof member === "string" && isIndex(member) ? { ...loss, member: Number(member) } : loss;
  }
  // Once the length is fixed, no element can be added.
  if (hasFixedLength) tail.push("length", 0, subject.length);
  return { state: Math.min(state, State.fixed), tail, sparse: [] };
}

/** True for an array whose elements are its only members but `length`, and that a literal could make. */
export function isLiteral(subject: readonly unknown[]): boolean {
  return Object.isExtensible(subject) && isElementsAlone(subject) &&
    Object.getOwnPropertyDescriptor(subject, "length")!.writable === true;
}

function formOfError(subject: Error, name: string | null): Form | Loss {
  if (name !== null && ERROR_NAMES.has(name)) {
    const tail: unknown[] = [];
    const plain = takePlainError(subject, tail);
    if (plain !== null) return "what" in plain ? plain : { state: State.open, tail, plainError: plain };
  }
  const read = internalStack(subject);
  if ("what" in read) return read;
  const tail: unknown[] = [];
  return takeErrorMembers(subject, tail) ?? { state: Math.min(stateOf(subject), State.fixed), tail, stack: read.stack };
}

function formOfPlatform(subject: object, name: string): Form | Loss | null {
  const tail: unknown[] = [];
  const parts = takePlatformData(subject, name, tail);
  if (parts === null || "what" in parts) return parts;
  return { state: stateOf(subject), tail, parts };
}

function formOfArguments(subject: object): Form | Loss | null {
  const length = ownValue(subject, "length");
  if (typeof length !== "number" || !(length >= 0 && length <= MAX_ARGUMENTS && Number.isInteger(length))) return null;
  const tail: unknown[] = [];
  const isElement = (key: PropertyKey) => typeof key === "string" && isIndex(key);
  if (takeBeside(subject, makeArguments(length), tail, isElement) !== null) return null;
  return { state: stateOf(subject), tail, parts: Array.from({ length }, (_, index) => ownValue(subject, index)) };
}

function formOfBuiltIn(subject: object, kind: Kind): Form | Loss {
  const tail: unknown[] = [];
  // The engine calls a typed array sealed that cannot be sealed.
  const state = kind === "view" ? Math.min(stateOf(subject), State.fixed) : stateOf(subject);
  const form = takeFurther(subject, kind, tail) ?? { state, tail };
  if (kind !== "exception" || "what" in form) return form;
  const read = internalStack(subject);
  return "what" in read ? read : { ...form, stack: read.stack };
}

function takeFurther(subject: object, kind: Kind, tail: unknown[]): Loss | null {
  switch (kind) {
    case "regexp": {
      const index = Object.getOwnPropertyDescriptor(subject, "lastIndex")!;
      const isUsual = attributesOf(index) === 1 && Object.is(index.value, 0);
      return takeMembers(subject, Reflect.ownKeys(subject).filter((key) => !isUsual || key !== "lastIndex"), tail);
    }
    case "view":
      return takeMembers(subject, keysBesideBytes(subject as ArrayBufferView), tail);
    case "boxed":
      return takeBeside(subject, Object(unbox(subject)!), tail);
    case "blob":
      return takeBeside(subject, hasFileState(subject as Blob) ? new File([], "") : new Blob([]), tail);
    case "exception": {
      const fresh = freshException(subject as DOMException);
      // `structuredClone` gives the stack as a value.
      if (!hasStackMember(subject)) delete fresh.stack;
      return takeBeside(subject, fresh, tail);
    }
    default:
      return takeMembers(subject, Reflect.ownKeys(subject), tail);
  }
}

/** Kinds of built-ins that are stored, and that a class may extend. */
export const KEPT: ReadonlySet<Kind> = new Set<Kind>([
  "array",
  "map",
  "set",
  "date",
  "regexp",
  "error",
  "exception",
  "boxed",
  "view",
  "buffer",
  "blob",
]);

/** Name of a kind or class of the platform whose objects are stored; `null` for objects of every other class. */
export function nameOfKept(subject: object, kind: Kind, isBare: boolean): string | null {
  switch (kind) {
    case "error":
      return errorClassName(subject);
    case "platform":
      return platformDataName(subject);
    case "arguments":
      return Object.getPrototypeOf(subject) === Object.prototype ? "Arguments" : null;
    case "view":
      return isNodeBuffer(subject)
        ? "Buffer"
        : isBare && hasOwnPrototype(subject, kind)
        ? viewName(subject as never)
        : null;
    default:
      return isBare && KEPT.has(kind) && hasOwnPrototype(subject, kind) ? kind : null;
  }
}

/** Adds names and values in turn to a list. */
export function namedValues(subject: object, names: readonly string[], into: unknown[]): unknown[] {
  for (const name of names) into.push(name, subject[name as never]);
  return into;
}

/** Names and values of the elements and further members of an array with holes, in turn; indices as numbers. */
export function namedElements(subject: readonly unknown[], keys: readonly string[]): unknown[] {
  return keys.flatMap((key) => [isIndex(key) ? Number(key) : key, subject[key as unknown as number]]);
}
