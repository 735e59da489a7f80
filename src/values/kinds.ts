/**
 * Tells what an object is, by what is inside it rather than by what it says of itself.
 *
 * @module
 */
/** What an object is, as far as the codec treats it differently. */
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
  | "instance";

/** An object's kind, and whether its prototype is the one that this kind comes with. */
export interface Classified {
  readonly kind: Kind;
  /** `false`: an instance of a class that extends the kind. Always `true` for `plain`, `false` for `instance`. */
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

/** Prototypes whose objects need no further look, apart from the brand check in {@linkcode hasBrand}. */
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

function getterOf(prototype: object, name: string): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!;
}

/** What `subject` is. Reads no property of it that could run the user's code. */
export function classify(subject: object): Classified {
  if (Array.isArray(subject)) {
    return Object.getPrototypeOf(subject) === Array.prototype ? ARRAY : classified("array", false);
  }
  const prototype = Object.getPrototypeOf(subject);
  if (prototype === Object.prototype || prototype === null) return PLAIN;
  const known = KIND_BY_PROTOTYPE.get(prototype);
  if (known !== undefined && hasBrand(subject, known.kind)) return known;
  return classifyOther(subject);
}

/** Whether the object has the internal state that its prototype promises: `Object.create(Map.prototype)` has none. */
function hasBrand(subject: object, kind: Kind): boolean {
  try {
    if (kind === "map") mapSize.call(subject);
    else if (kind === "set") setSize.call(subject);
    else if (kind === "date") Date.prototype.getTime.call(subject);
    else if (kind === "regexp") return subject !== RegExp.prototype && regexpFlag.call(subject) !== undefined;
    else if (kind === "error") return Error.isError(subject);
    else if (kind === "exception") return Error.isError(subject) || subject !== DOMException.prototype;
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

const BRANDS_BY_CONSTRUCTOR: readonly (readonly [abstract new (...args: never[]) => object, Kind])[] = [
  [Map, "map"],
  [Set, "set"],
  [Date, "date"],
  [RegExp, "regexp"],
  [DOMException, "exception"],
  [Number, "boxed"],
  [String, "boxed"],
  [Boolean, "boxed"],
  [BigInt as unknown as abstract new () => object, "boxed"],
  [Symbol as unknown as abstract new () => object, "boxed"],
  [ArrayBuffer, "buffer"],
  [SharedArrayBuffer, "sharedBuffer"],
  [Blob, "blob"],
];

/** What `toString` of the language says of internal state, whatever the prototype. */
const KIND_BY_BUILTIN_TAG: Readonly<Record<string, Kind>> = {
  "[object Date]": "date",
  "[object RegExp]": "regexp",
  "[object Number]": "boxed",
  "[object String]": "boxed",
  "[object Boolean]": "boxed",
  "[object Arguments]": "arguments",
};

function classifyOther(subject: object): Classified {
  if (ArrayBuffer.isView(subject)) return classified("view", false);
  if (Error.isError(subject)) return classified("error", false);
  for (const [constructor, kind] of BRANDS_BY_CONSTRUCTOR) {
    if (subject instanceof constructor && hasBrand(subject, kind)) return classified(kind, false);
  }
  if (subject instanceof Promise) return classified("promise", false);
  if (
    subject instanceof WeakMap || subject instanceof WeakSet || subject instanceof WeakRef ||
    subject instanceof FinalizationRegistry
  ) return classified("weak", false);
  if (subject instanceof Iterator || isAsyncGenerator(subject)) return classified("iterator", false);
  if (
    subject instanceof ReadableStream || subject instanceof WritableStream || subject instanceof TransformStream
  ) return classified("stream", false);
  const exotic = classifyByTag(subject);
  if (exotic !== null) return classified(exotic, false);
  return classified(platformName(subject) === null ? "instance" : "platform", false);
}

const asyncGeneratorPrototype = Object.getPrototypeOf(
  Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())),
);

function isAsyncGenerator(subject: object): boolean {
  return Object.prototype.isPrototypeOf.call(asyncGeneratorPrototype, subject);
}

function classifyByTag(subject: object): Kind | null {
  const kind = KIND_BY_BUILTIN_TAG[Object.prototype.toString.call(subject)] ?? null;
  return kind !== null && hasBrand(subject, kind) ? kind : null;
}

/**
 * A second look at an object with a plain prototype, for the few that only look plain: `arguments`, module namespaces,
 * `Math`, a Date without its prototype. It costs time, so call it where such an object could be: with no own enumerable
 * text key, or with one named `0`.
 */
export function classifyPlainLooking(subject: object): Classified {
  const prototype = Object.getPrototypeOf(subject);
  if (ArrayBuffer.isView(subject)) return classified("view", false);
  if (Error.isError(subject)) return classified("error", false);
  const exotic = classifyByTag(subject);
  if (exotic !== null) return classified(exotic, exotic === "arguments");
  const tag = Object.getOwnPropertyDescriptor(subject, Symbol.toStringTag);
  if (tag === undefined || tag.enumerable === true) return PLAIN;
  // Math, JSON, Atomics, Reflect, Intl, Temporal and WebAssembly carry such a tag; so does a namespace, without prototype.
  return classified(prototype === null ? "namespace" : "platform", true);
}

const BOXED_VALUES = [Number, String, Boolean, BigInt, Symbol].map((kind) =>
  kind.prototype.valueOf as (this: object) => number | string | boolean | bigint | symbol
);

/** The primitive in a boxed primitive; `undefined` when there is none. */
export function unbox(subject: object): number | string | boolean | bigint | symbol | undefined {
  for (const valueOf of BOXED_VALUES) {
    try {
      return valueOf.call(subject);
    } catch {
      // Not of this kind.
    }
  }
  return undefined;
}

const platformNames = new WeakMap<object, string | null>();

/** The name of the platform's class that an object is an instance of or extends; `null`: none but `Object`. */
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

/** The name of the platform's class whose instance an object is without extending it; `null`: none. */
export function ownPlatformName(subject: object): string | null {
  const prototype = Object.getPrototypeOf(subject);
  return prototype === null ? null : platformNameOf(prototype);
}

function platformNameOf(prototype: object): string | null {
  const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor !== "function") return null;
  if (isNativeFunction(constructor)) return constructor.name;
  for (const owner of [globalThis, Deno]) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, constructor.name);
    // What a program adds to the global object is enumerable; what the platform put there is not (Deno's own is).
    if (descriptor === undefined || (owner === globalThis && descriptor.enumerable === true)) continue;
    if (descriptor.value === constructor) return constructor.name;
    if (descriptor.get !== undefined && descriptor.get.call(owner) === constructor) return constructor.name;
  }
  return null;
}

/** Whether a function is part of the engine. Bound functions look the same and are not told apart. */
export function isNativeFunction(fn: object): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(fn));
}

/** Whether an object is what a program of another realm (`node:vm`) takes for a plain object, an array or a built-in. */
export function isForeign(subject: object): boolean {
  const prototype = Object.getPrototypeOf(subject);
  if (prototype === null) return false;
  const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor !== "function" || !isNativeFunction(constructor)) return false;
  const own = Object.getOwnPropertyDescriptor(globalThis, constructor.name);
  return own !== undefined && "value" in own && typeof own.value === "function" && own.value !== constructor;
}

/**
 * Whether a class of the object may declare `#private` members. Where the sources of its classes have no such name it
 * does not; a `#` in a text or a comment is taken for one.
 */
export function mayHavePrivateState(subject: object): boolean {
  for (
    let prototype = Object.getPrototypeOf(subject);
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
    if (typeof constructor !== "function" || constructor.prototype !== prototype) return true;
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

/** The name of an object's class, for messages. Reads nothing that could run the user's code. */
export function className(subject: object): string {
  for (let at: object | null = Object.getPrototypeOf(subject); at !== null; at = Object.getPrototypeOf(at)) {
    const constructor = Object.getOwnPropertyDescriptor(at, "constructor");
    if (constructor === undefined) continue;
    const name = typeof constructor.value === "function"
      ? Object.getOwnPropertyDescriptor(constructor.value, "name")?.value
      : undefined;
    return typeof name === "string" && name !== "" ? name : "an unnamed class";
  }
  return "an unnamed class";
}

/** Below this length, naming all elements takes less time than finding the helper, which is loaded then. */
const LONG = 1 << 14;

type OwnNames = (subject: object, filter: number) => string[];

interface NodeGlobal {
  readonly process?: { binding(name: string): { readonly getOwnNonIndexProperties?: OwnNames } };
}

/** Own names that are no indices, without naming the elements; `null`: the platform has no such function. */
let ownNonIndexNames: OwnNames | null | undefined;

/** Properties that are enumerable and not named by symbols, as V8 numbers such filters. */
const ENUMERABLE_TEXT = 2 | 16;
/** All properties, hidden ones and those named by symbols too. */
const ALL = 0;

/**
 * Whether an array has an own value at each index and no enumerable text property besides.
 *
 * The language can only list all names of an array, which takes as long as writing them as JSON; so for long arrays
 * Node's own helper for `util.inspect` is asked, where there is one.
 */
export function isJustElements(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length >= LONG) {
    const ownNames = helper();
    if (ownNames !== null) return ownNames(array, ENUMERABLE_TEXT).length === 0 && !hasHole(array);
  }
  const names = Object.keys(array);
  return names.length === length && (length === 0 || names[length - 1] === String(length - 1));
}

/** Whether an array has an own value at each index and no property besides but `length`, whatever it is named. */
export function isElementsAlone(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length >= LONG) {
    const ownNames = helper();
    if (ownNames !== null) return ownNames(array, ALL).length === 1 && isFull(array);
  }
  // As many names as elements and `length`, the last element among them: no place is left for anything else.
  const names = Reflect.ownKeys(array);
  return names.length === length + 1 && (length === 0 || names[length - 1] === String(length - 1));
}

/** Whether there is an element at each index, told without reading it, which may call an accessor. */
function isFull(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index++) {
    if (!Object.hasOwn(array, index)) return false;
  }
  return true;
}

/** Whether a typed array has no property but its elements. */
export function isBytesAlone(view: ArrayBufferView): boolean {
  const ownNames = helper();
  if (ownNames !== null) return ownNames(view, ALL).length === 0;
  return Reflect.ownKeys(view).length === (view instanceof DataView ? 0 : (view as Uint8Array).length);
}

function hasHole(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index++) {
    if (array[index] === undefined && !Object.hasOwn(array, index)) return true;
  }
  return false;
}

function helper(): OwnNames | null {
  return ownNonIndexNames === undefined ? ownNonIndexNames = findHelper() : ownNonIndexNames;
}

function findHelper(): OwnNames | null {
  try {
    // By way of the global, since importing node:process takes 30 ms, which most programs need not spend.
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

const inherited: ReadonlySet<PropertyKey> = new Set(Reflect.ownKeys(Object.prototype));

/** Whether objects inherit a property of this name, so that assigning to it may do something else than adding one. */
export function isInherited(name: string): boolean {
  return inherited.has(name);
}

/** Adds an own property. Assigning to `__proto__` would change the prototype; to `constructor`, fail where it is frozen. */
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
