/**
 * Tells the kind of an object, by its internal state rather than by the names and tags that it carries.
 *
 * @module
 */
import {
  constructorOf,
  hasProxyAbove,
  hiddenCollection,
  hiddenKind,
  isBuiltInInside,
  isModuleNamespace,
  ownValue,
} from "./brands.ts";
import { isProxy } from "../words/type_tests.ts";

/** Kind of an object: objects of one kind are encoded in one way. */
export type Kind =
  | "plain"
  | "array"
  | "map"
  | "set"
  | "date"
  | "regexp"
  | "error"
  | "exception"
  | "boxed"
  | "view"
  | "buffer"
  | "sharedBuffer"
  | "blob"
  | "arguments"
  | "promise"
  | "weak"
  | "iterator"
  | "stream"
  | "namespace"
  | "platform"
  /** An object one of whose prototypes is a Proxy. */
  | "ofProxy"
  | "instance";

/** Kind of an object, and whether its prototype is the one of that kind. */
export interface Classified {
  readonly kind: Kind;
  /** True when the prototype is the kind's, false for a subclass. Always true for `plain`, false for `instance`. */
  readonly isBare: boolean;
}

const CLASSIFIED = new Map<string, Classified>();

function classified(kind: Kind, isBare: boolean): Classified {
  const id = `${kind} ${isBare}`;
  let entry = CLASSIFIED.get(id);
  if (entry === undefined) CLASSIFIED.set(id, entry = { kind, isBare });
  return entry;
}

const PLAIN = classified("plain", true);
const ARRAY = classified("array", true);
const OF_PROXY = classified("ofProxy", false);

/** Prototypes that tell the kind of their objects, once {@linkcode hasBrand} confirmed it. */
const KIND_BY_PROTOTYPE: ReadonlyMap<object, Classified> = new Map<object, Classified>([
  [Map.prototype, classified("map", true)],
  [Set.prototype, classified("set", true)],
  [Date.prototype, classified("date", true)],
  [RegExp.prototype, classified("regexp", true)],
  ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError].map(
    (error) => [error.prototype, classified("error", true)] as const,
  ),
  [DOMException.prototype, classified("exception", true)],
  [Number.prototype, classified("boxed", true)],
  [String.prototype, classified("boxed", true)],
  [Boolean.prototype, classified("boxed", true)],
  [BigInt.prototype, classified("boxed", true)],
  [Symbol.prototype, classified("boxed", true)],
  ...[
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
    Float16Array,
    Float32Array,
    Float64Array,
    DataView,
  ].map((view) => [view.prototype, classified("view", true)] as const),
  [ArrayBuffer.prototype, classified("buffer", true)],
  [SharedArrayBuffer.prototype, classified("sharedBuffer", true)],
  [Blob.prototype, classified("blob", true)],
  [File.prototype, classified("blob", true)],
  [Promise.prototype, classified("promise", true)],
]);

const mapSize = getterOf(Map.prototype, "size");
const setSize = getterOf(Set.prototype, "size");
const regexpFlag = getterOf(RegExp.prototype, "hasIndices");
const bufferLength = getterOf(ArrayBuffer.prototype, "byteLength");
const sharedBufferLength = getterOf(SharedArrayBuffer.prototype, "byteLength");
const blobSize = getterOf(Blob.prototype, "size");
const exceptionCode = getterOf(DOMException.prototype, "code");

function getterOf(prototype: object, name: string): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!;
}

/** Tells the kind of an object that is no Proxy. The user's code does not run. */
export function classify(subject: object): Classified {
  if (Array.isArray(subject)) {
    if (Object.getPrototypeOf(subject) === Array.prototype) return ARRAY;
    return hasProxyAbove(subject) ? OF_PROXY : classified("array", false);
  }
  const prototype = Object.getPrototypeOf(subject);
  if (prototype === Object.prototype || prototype === null) return PLAIN;
  const known = KIND_BY_PROTOTYPE.get(prototype);
  if (known !== undefined && hasBrand(subject, known.kind)) return known;
  return classifyOther(subject);
}

/** True for an object with the internal state of the kind. `Object.create(Map.prototype)` is no Map and has none. */
function hasBrand(subject: object, kind: Kind): boolean {
  try {
    if (kind === "map") mapSize.call(subject);
    else if (kind === "set") setSize.call(subject);
    else if (kind === "date") Date.prototype.getTime.call(subject);
    else if (kind === "regexp") return subject !== RegExp.prototype && regexpFlag.call(subject) !== undefined;
    else if (kind === "error") return Error.isError(subject);
    else if (kind === "exception") exceptionCode.call(subject);
    else if (kind === "boxed") return unbox(subject) !== undefined;
    else if (kind === "view") return ArrayBuffer.isView(subject);
    else if (kind === "buffer") bufferLength.call(subject);
    else if (kind === "sharedBuffer") sharedBufferLength.call(subject);
    else if (kind === "blob") blobSize.call(subject);
  } catch {
    return false;
  }
  return true;
}

/** Prototypes above the objects of further kinds, whose internal state is not looked at. */
const KIND_BY_ANCESTOR: ReadonlyMap<object, Kind> = new Map<object, Kind>([
  [WeakMap.prototype, "weak"],
  [WeakSet.prototype, "weak"],
  [WeakRef.prototype, "weak"],
  [FinalizationRegistry.prototype, "weak"],
  [Iterator.prototype, "iterator"],
  [Object.getPrototypeOf(Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})()))), "iterator"],
]);

const STREAMS: ReadonlySet<string> = new Set(["ReadableStream", "WritableStream", "TransformStream"]);

const INSTANCE = classified("instance", false);
/** Prototypes of instances of the user's classes that were met before. */
const ofInstances = new WeakSet<object>();

function classifyOther(subject: object): Classified {
  if (hasProxyAbove(subject)) return OF_PROXY;
  const prototype = Object.getPrototypeOf(subject) as object;
  if (ofInstances.has(prototype) && !isBuiltInInside(subject)) return INSTANCE;
  const found = classifyAnew(subject);
  if (found === INSTANCE) ofInstances.add(prototype);
  return found;
}

function classifyAnew(subject: object): Classified {
  if (ArrayBuffer.isView(subject)) return classified("view", false);
  if (Error.isError(subject)) return classified("error", false);
  let isWithoutBrand = false;
  for (
    let at: object | null = Object.getPrototypeOf(subject);
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    const kind = KIND_BY_PROTOTYPE.get(at)?.kind;
    if (kind !== undefined && hasBrand(subject, kind)) return classified(kind, false);
    isWithoutBrand ||= kind !== undefined;
    const other = KIND_BY_ANCESTOR.get(at);
    if (other !== undefined) return classified(other, false);
  }
  const hidden = hiddenKind(subject);
  if (hidden !== null) return classified(hidden, false);
  // `Object.create(Map.prototype)` is no Map, and holds nothing but its members.
  if (isWithoutBrand) return INSTANCE;
  const platform = platformName(subject);
  if (platform === null) return INSTANCE;
  return classified(STREAMS.has(platform) ? "stream" : "platform", false);
}

/**
 * Tells the kind of an object with the prototype `Object.prototype` or none, which {@linkcode classify} calls plain.
 * A few of these are not: `arguments`, module namespaces, `Math`, a Date whose prototype was replaced. The test takes
 * time, so it is made only for objects with no own enumerable text key, with one named `0`, or without a prototype.
 */
export function classifyPlainLooking(subject: object): Classified {
  if (ArrayBuffer.isView(subject)) return classified("view", false);
  if (Error.isError(subject)) return classified("error", false);
  if (isRawJson(subject)) return classified("platform", true);
  const hidden = hiddenKind(subject) ?? hiddenCollection(subject);
  if (hidden !== null) return classified(hidden, hidden === "arguments");
  if (isModuleNamespace(subject)) return classified("namespace", true);
  const tag = Object.getOwnPropertyDescriptor(subject, Symbol.toStringTag);
  if (tag === undefined || tag.enumerable === true) return PLAIN;
  return NAMESPACES.some((name) => ownValue(globalThis, name) === subject) ? classified("platform", true) : PLAIN;
}

/** True for an object that `JSON.rawJSON` made, which is written as its text and looks like any frozen object. */
export function isRawJson(subject: object): boolean {
  return (JSON as { isRawJSON?(value: unknown): boolean }).isRawJSON?.(subject) === true;
}

/** Names of the objects of the language that are neither classes nor data. */
const NAMESPACES = ["Math", "JSON", "Reflect", "Atomics", "Intl", "WebAssembly", "Temporal"] as const;

const BOXED_VALUES = [Number, String, Boolean, BigInt, Symbol].map((kind) =>
  kind.prototype.valueOf as (this: object) => number | string | boolean | bigint | symbol
);

/** The primitive in a boxed primitive; `undefined` when there is none. */
export function unbox(subject: object): number | string | boolean | bigint | symbol | undefined {
  for (const valueOf of BOXED_VALUES) {
    try {
      return valueOf.call(subject);
    } catch {
      // The object is not of this kind.
    }
  }
  return undefined;
}

const platformNames = new WeakMap<object, string | null>();

/**
 * Name of the nearest class of the platform that `subject` is an instance of; `null` when that is `Object` alone. No
 * prototype of `subject` may be a Proxy.
 */
function platformName(subject: object): string | null {
  for (
    let prototype = Object.getPrototypeOf(subject);
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    let name = platformNames.get(prototype);
    if (name === undefined) platformNames.set(prototype, name = platformNameOf(prototype));
    if (name !== null) return name;
  }
  return null;
}

/** Name of the class of the platform whose prototype `subject` has; `null` when it has another one. */
export function ownPlatformName(subject: object): string | null {
  const prototype = Object.getPrototypeOf(subject);
  return prototype === null || isProxy(prototype) ? null : platformNameOf(prototype);
}

function platformNameOf(prototype: object): string | null {
  const constructor = ownValue(prototype, "constructor");
  if (typeof constructor !== "function" || isProxy(constructor)) return null;
  const name = ownValue(constructor, "name");
  if (typeof name !== "string") return null;
  if (isNativeFunction(constructor)) return name;
  for (const owner of [globalThis, Deno, Deno.errors]) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    // On the global object, the program's properties are enumerable, the platform's are not. On `Deno`, all are.
    if (descriptor === undefined || (owner === globalThis && descriptor.enumerable === true)) continue;
    if (descriptor.value === constructor) return name;
    // The platform loads some of its classes when they are first read, by getters that all have this code.
    const isLazy = descriptor.get !== undefined && LAZY.test(Function.prototype.toString.call(descriptor.get));
    if (isLazy && descriptor.get!.call(owner) === constructor) return name;
  }
  return null;
}

const LAZY = /^get\(\)\s*\{\s*return getter\(loadFn\(\)\);?\s*\}$/;

/** True for a function of the engine, and for a bound function, which cannot be told from one. */
export function isNativeFunction(fn: object): boolean {
  return Function.prototype.toString.call(fn).endsWith("{ [native code] }");
}

/** Name that `Object.prototype.toString` gives to an object. No accessor of the user's runs for it. */
export function tagOf(subject: object): string {
  for (let at: object | null = subject; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (isProxy(at)) return "Object";
    const property = Object.getOwnPropertyDescriptor(at, Symbol.toStringTag);
    if (property === undefined) continue;
    const isOfUser = property.get !== undefined && !isNativeFunction(property.get);
    return isOfUser ? "Object" : String(property.get ? Reflect.apply(property.get, subject, []) : property.value);
  }
  return Object.prototype.toString.call(subject).slice(8, -1);
}

/** True for a URL of the platform's own class. */
export function isPlainUrl(value: unknown): value is URL {
  return typeof value === "object" && value !== null && !isProxy(value) &&
    Object.getPrototypeOf(value) === URL.prototype;
}

const DATA_CLASSES = ["URL", "URLSearchParams", "Headers", "TextDecoder", "TextEncoder"];

/** True for an object of the platform, as it made it, that is data: an address, headers, a format, a calendar date. */
export function isPlatformData(subject: object): boolean {
  if (isProxy(subject) || Object.getOwnPropertyNames(subject).length > 0) return false;
  const name = ownPlatformName(subject);
  if (name === null) return false;
  if (DATA_CLASSES.includes(name)) return true;
  return [Intl, ownValue(globalThis, "Temporal")].some((owner) => {
    const maker = typeof owner === "object" && owner !== null ? ownValue(owner, name) : undefined;
    return typeof maker === "function" && ownValue(maker, "prototype") === Object.getPrototypeOf(subject);
  });
}

/** Kinds of built-in objects that are data without holding other values. */
export const DATA_KINDS: ReadonlySet<Kind> = new Set(["date", "regexp", "boxed", "view", "buffer", "sharedBuffer"]);

/** Prototypes that functions have unless the program gives them another one. */
const OF_FUNCTIONS: ReadonlySet<unknown> = new Set(
  [() => {}, async () => {}, function* () {}, async function* () {}].map((fn) => Object.getPrototypeOf(fn)),
);

/** True for a prototype that functions have unless the program gives them another one. */
export function isPrototypeOfFunctions(prototype: unknown): boolean {
  return OF_FUNCTIONS.has(prototype);
}

/** True for a plain object, an array or a built-in object of another realm (`node:vm`). */
export function isForeign(subject: object): boolean {
  const prototype = Object.getPrototypeOf(subject);
  if (prototype === null || isProxy(prototype)) return false;
  const constructor = ownValue(prototype, "constructor");
  if (typeof constructor !== "function" || isProxy(constructor) || !isNativeFunction(constructor)) return false;
  const name = ownValue(constructor, "name");
  const own = typeof name === "string" ? ownValue(globalThis, name) : undefined;
  return typeof own === "function" && own !== constructor;
}

/**
 * True for an object one of whose classes may declare `#private` members. False only when no source of its classes
 * contains such a name; a `#` with a name in a text or a comment is taken for one.
 */
export function mayHavePrivateState(subject: object): boolean {
  const own: object | null = Object.getPrototypeOf(subject);
  if (own === null || own === Object.prototype) return false;
  let found = mayBePrivate.get(own);
  if (found === undefined) mayBePrivate.set(own, found = mentionsPrivates(own));
  return found;
}

const mayBePrivate = new WeakMap<object, boolean>();

function mentionsPrivates(own: object): boolean {
  for (
    let prototype: object | null = own;
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const constructor = isProxy(prototype) ? null : constructorOf(prototype);
    if (constructor === null) return true;
    let found = mentionsPrivate.get(constructor);
    if (found === undefined) {
      mentionsPrivate.set(constructor, found = PRIVATE_NAME.test(Function.prototype.toString.call(constructor)));
    }
    if (found) return true;
  }
  return false;
}

const mentionsPrivate = new WeakMap<object, boolean>();
const PRIVATE_NAME = /#[\p{ID_Start}$_\\]/u;

/** Name of an object's class, for messages. No accessor is called. */
export function className(subject: object): string {
  for (let at: object | null = Object.getPrototypeOf(subject); at !== null; at = Object.getPrototypeOf(at)) {
    if (isProxy(at)) break;
    const constructor = Object.getOwnPropertyDescriptor(at, "constructor");
    if (constructor === undefined) continue;
    const name = typeof constructor.value === "function" && !isProxy(constructor.value)
      ? ownValue(constructor.value, "name")
      : undefined;
    return typeof name === "string" && name !== "" ? name : "an unnamed class";
  }
  return "an unnamed class";
}

/** Length of an array from which on Node's helper is used. Below it, listing all elements takes less time. */
const LONG = 1 << 14;

type OwnNames = (subject: object, filter: number) => PropertyKey[];

interface NodeGlobal {
  readonly process?: { binding(name: string): { readonly getOwnNonIndexProperties?: OwnNames } };
}

/** Node's helper that lists own names except indices; `null`: there is none; `undefined`: it was not looked for yet. */
let ownNonIndexNames: OwnNames | null | undefined;

/** Filter of the helper, numbered as in V8: enumerable properties that are not named by symbols. */
const ENUMERABLE_TEXT = 2 | 16;
/** Filter of the helper: all properties, hidden ones and those named by symbols too. */
const ALL = 0;

/**
 * True for an array with an own value at each index and no further property but `length`, hidden or not.
 *
 * The language can only list all names of an array, which takes as long as writing them as JSON. For long arrays, the
 * helper that Node's `util.inspect` uses is called, where there is one.
 */
export function isElementsAlone(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length >= LONG) {
    const ownNames = helper();
    if (ownNames !== null) return ownNames(array, ALL).length === 1 && isFull(array);
  }
  // There are as many names as elements and `length` together, and the last index is one: so there is no other name.
  const names = Reflect.ownKeys(array);
  return names.length === length + 1 && (length === 0 || names[length - 1] === String(length - 1));
}

/** True for an array with an element at each index. None is read, since that may call an accessor. */
function isFull(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index++) {
    if (!Object.hasOwn(array, index)) return false;
  }
  return true;
}

/** The own keys of a typed array or a DataView but its elements. */
export function keysBesideBytes(view: ArrayBufferView): PropertyKey[] {
  const ownNames = helper();
  if (ownNames !== null) return ownNames(view, ALL);
  return Reflect.ownKeys(view).filter((key) => typeof key === "symbol" || !isIndex(key));
}

function helper(): OwnNames | null {
  return ownNonIndexNames === undefined ? ownNonIndexNames = findHelper() : ownNonIndexNames;
}

function findHelper(): OwnNames | null {
  try {
    // The global is used, since importing node:process takes 30 ms, which most programs need not spend.
    const helper = (globalThis as unknown as NodeGlobal).process?.binding("util").getOwnNonIndexProperties;
    const probe = Object.defineProperty(Object.assign([1, 2], { named: 3 }), Symbol.iterator, { value: 4 });
    return helper?.(probe, ENUMERABLE_TEXT).join() === "named" &&
        helper(probe, ALL).map(String).join() === "length,named,Symbol(Symbol.iterator)"
      ? helper
      : null;
  } catch {
    return null;
  }
}

/** True for a name that objects inherit, so that an assignment may do something else than add a property. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}

/**
 * Adds an own property. An assignment to `__proto__` would change the prototype, and one to `constructor` would fail
 * where `Object.prototype` is frozen.
 */
export function define(target: Record<string, unknown>, name: string, value: unknown): void {
  if (isInherited(name)) {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else target[name] = value;
}

/** True for the name of an array index: the decimal form of an integer below 2^32 - 1. */
export function isIndex(name: string): boolean {
  if (name.length > 10 || name === "") return false;
  const index = Number(name);
  return index >= 0 && index < 0xffffffff && String(index) === name && Number.isInteger(index);
}
