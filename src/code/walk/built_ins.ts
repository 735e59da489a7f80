/**
 * Built-in objects, and what a program changed of them: members that it added, replaced or turned into accessors.
 *
 * What the platform put there itself is known without a list of all members: its functions are native code under their
 * own names, and its data cannot be written. So a newer platform with more members is no change.
 *
 * @module
 */
import { isProxy } from "../../words/type_tests.ts";
import { isNativeFunction } from "../../values/kinds.ts";

/** A member of a built-in object that the program put there. */
export interface BuiltInChange {
  /** Place of the member: `Array.prototype.rate`, `get Map.prototype[Symbol.iterator]`. */
  readonly label: string;
  readonly owner: object;
  readonly key: string | symbol;
  readonly value: unknown;
}

/** A built-in object with its name. */
export interface Owner {
  readonly label: string;
  readonly object: object;
}

/** What code may read of built-in objects. */
export interface Interest {
  /** Names that the code has, in any place. */
  readonly names: ReadonlySet<string>;
  /** Names of the globals that the code uses. */
  readonly globals: ReadonlySet<string>;
  readonly openness: Openness;
  /** True when the code may write JSON. */
  readonly writesJson: boolean;
}

/** What code may read under names that are not known: nothing, data (a function that it gets is not called), or all. */
export type Openness = "closed" | "data" | "all";

const iteratorOf = (value: object): object => Object.getPrototypeOf(value) as object;

/**
 * A class of the language, also where the program has put another one in its place that extends it, as a test with fake
 * time does with `Date`. That one counts where code uses it, as other code of the program does.
 */
function nativeClass(name: string): { readonly prototype: object } | undefined {
  let at = memberValue(globalThis, name);
  while (typeof at === "function" && !isProxy(at)) {
    if (isNativeFunction(at) && memberValue(at, "name") === name) {
      return at as unknown as { readonly prototype: object };
    }
    at = Object.getPrototypeOf(at);
  }
  return undefined;
}

/** Objects that most values inherit from. */
const MAIN: readonly Owner[] = [
  ...("Object Function Array String Number Boolean BigInt Symbol Date RegExp Map Set Promise Error Iterator").split(" ")
    .map((name) => ({ label: `${name}.prototype`, object: nativeClass(name)?.prototype })),
  { label: "TypedArray.prototype", object: iteratorOf(Uint8Array.prototype) },
].filter(({ object }) => object !== undefined) as Owner[];

/** Objects of the language that are reached by no name. */
const UNNAMED: readonly Owner[] = [
  ["TypedArray", iteratorOf(Uint8Array)],
  ["ArrayIterator.prototype", iteratorOf([][Symbol.iterator]())],
  ["MapIterator.prototype", iteratorOf(new Map().entries())],
  ["SetIterator.prototype", iteratorOf(new Set().values())],
  ["StringIterator.prototype", iteratorOf(""[Symbol.iterator]())],
  ["RegExpStringIterator.prototype", iteratorOf("".matchAll(/x/g))],
  ["GeneratorFunction.prototype", iteratorOf(function* () {})],
  ["Generator.prototype", iteratorOf(iteratorOf((function* () {})()))],
  ["AsyncFunction.prototype", iteratorOf(async () => {})],
  ["AsyncGeneratorFunction.prototype", iteratorOf(async function* () {})],
  ["AsyncGenerator.prototype", iteratorOf(iteratorOf((async function* () {})()))],
  ["AsyncIterator.prototype", iteratorOf(iteratorOf(iteratorOf((async function* () {})())))],
].map(([label, object]) => ({ label, object }) as Owner);

const NAMESPACES = ["Math", "JSON", "Reflect", "Atomics", "Intl", "Temporal", "WebAssembly"];

const CLASSES =
  ("Object Function Array String Number Boolean BigInt Symbol Date RegExp Map Set Promise Error Iterator WeakMap WeakSet " +
    "WeakRef FinalizationRegistry ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array " +
    "Uint16Array Int32Array Uint32Array Float16Array Float32Array Float64Array BigInt64Array BigUint64Array EvalError " +
    "RangeError ReferenceError SyntaxError TypeError URIError AggregateError SuppressedError DisposableStack " +
    "AsyncDisposableStack Proxy").split(" ");

/** Names under which the platform keeps a function besides the function's own name. */
const ALIASES: Readonly<Record<string, string>> = {
  toGMTString: "toUTCString",
  trimLeft: "trimStart",
  trimRight: "trimEnd",
  "[Symbol.dispose]": "dispose",
  "[Symbol.asyncDispose]": "disposeAsync",
};

/** Data of the platform that can be written, with its values. */
const WRITABLE_DATA: Readonly<Record<string, (owner: string) => unknown>> = {
  message: () => "",
  name: (owner) => /(\w+)\.prototype$/.exec(owner)?.[1],
  stackTraceLimit: () => 10,
};

/** Names of the data of the platform that cannot be written. */
const FIXED_DATA: ReadonlySet<string> = new Set(
  ("length name prototype BYTES_PER_ELEMENT E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 MAX_SAFE_INTEGER MIN_SAFE_INTEGER " +
    "MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY EPSILON").split(" "),
);

/** Members that the language or the platform itself reads, so that code depends on them without naming them. */
export const IMPLICIT: ReadonlySet<string> = new Set(
  ("toString valueOf toJSON toISOString then join next return throw constructor exec flags resolve add set has keys " +
    "message name cause concat").split(" "),
);

/** Members among these that are read where JSON is written, and nowhere else. */
const OF_JSON: ReadonlySet<string | symbol> = new Set(["toJSON", "toISOString"]);

const RARELY_IMPLICIT: ReadonlySet<string> = new Set(["toString", "valueOf", "toJSON", "then", "next", "resolve"]);

const natives = new WeakSet<object>();

function isKnownNative(fn: object): boolean {
  if (natives.has(fn)) return true;
  const isOne = isNativeFunction(fn);
  if (isOne) natives.add(fn);
  return isOne;
}

export function isReference(value: unknown): value is object {
  return typeof value === "object" && value !== null || typeof value === "function";
}

function memberValue(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

/** The built-in objects of the language, those that most values inherit from first. */
export const LANGUAGE: readonly Owner[] = findOwners();

/** The objects that most values inherit from. */
export const MAIN_OWNERS: readonly Owner[] = MAIN;

const OBJECTS: ReadonlySet<unknown> = new Set(LANGUAGE.map(({ object }) => object));

function findOwners(): Owner[] {
  const owners = new Map([...MAIN, ...UNNAMED].map(({ object, label }) => [object, label]));
  const addClass = (label: string, value: unknown): void => {
    // A global that the program replaced is no class of the language.
    if (typeof value !== "function" || isProxy(value) || memberValue(value, "name") !== label.replace(/^.*\./, "")) {
      return;
    }
    owners.set(value, label);
    const prototype = memberValue(value, "prototype");
    if (isReference(prototype) && !owners.has(prototype)) owners.set(prototype, `${label}.prototype`);
  };
  for (const name of CLASSES) addClass(name, nativeClass(name));
  for (const name of NAMESPACES) {
    const namespace = memberValue(globalThis, name);
    if (typeof namespace !== "object" || namespace === null || isProxy(namespace)) continue;
    owners.set(namespace, name);
    for (const inner of Object.getOwnPropertyNames(namespace)) {
      const value = memberValue(namespace, inner);
      if (`${name}.${inner}` === "Temporal.Now" && typeof value === "object" && value !== null) {
        owners.set(value, "Temporal.Now");
      }
      if (typeof value === "function" && /^[A-Z]/.test(inner)) addClass(`${name}.${inner}`, value);
    }
  }
  return [...owners].map(([object, label]) => ({ object, label }));
}

/** Label of a member of a built-in object. */
export function placeLabel(owner: string, key: string | symbol, part: "value" | "get" | "set"): string {
  const member = typeof key === "string" ? `.${key}` : `[${key.description ?? ""}]`;
  return `${part === "value" ? "" : `${part} `}${owner}${member}`;
}

/** Finds what the program changed of the built-in objects of the language, as far as code may read it. */
export function findChanges(interest: Interest): BuiltInChange[] {
  const { names, globals, openness, writesJson } = interest;
  const isOpen = openness !== "closed";
  const changes: BuiltInChange[] = [];
  const parentOfGlobals: unknown = Object.getPrototypeOf(globalThis);
  if (parentOfGlobals !== PARENT_OF_GLOBALS) {
    changes.push({ label: "globalThis[[Prototype]]", owner: globalThis, key: "__proto__", value: parentOfGlobals });
  }
  for (const [index, owner] of LANGUAGE.entries()) {
    const { object, label } = owner;
    const isWhole = isOpen && (index < MAIN.length || globals.has(/^\w+/.exec(label)![0]));
    // Members that an assignment added can be listed; those of the language cannot.
    const added = isOpen && !isWhole && !hasListed(label) ? new Set<string | symbol>(Object.keys(object)) : NONE;
    const parent: unknown = Object.getPrototypeOf(object);
    if (parent !== null && !OBJECTS.has(parent) && !hasListed(label)) {
      changes.push({ label: `${label}[[Prototype]]`, owner: object, key: "__proto__", value: parent });
    }
    const implicit = index < USUAL ? IMPLICIT : RARELY_IMPLICIT;
    for (const key of Reflect.ownKeys(object)) {
      const isNamed = typeof key === "symbol"
        ? key !== TAG || Object.getOwnPropertyDescriptor(object, key)?.writable === true
        : names.has(key) || implicit.has(key) && (writesJson || !OF_JSON.has(key));
      if (!isNamed && !isWhole && !added.has(key) && object !== Object.prototype) continue;
      const from = changes.length;
      addChanges(changes, owner, key);
      const isHidden = !isNamed && openness === "data" && typeof changes[from]?.value === "function" &&
        !/^[gs]et /.test(changes[from].label);
      if (isHidden) changes.length = from;
    }
  }
  return changes;
}

/** Prototype of the global object, of the class `Window` or of that of workers. */
const PARENT_OF_GLOBALS: unknown = globalThis.constructor.prototype;

const TAG = Symbol.toStringTag;
const NONE: ReadonlySet<string | symbol> = new Set();
const USUAL = MAIN.length + UNNAMED.length;

/** True for an object whose members the platform made so that they can be listed. */
export function hasListed(label: string): boolean {
  return label.startsWith("WebAssembly");
}

/**
 * Place that a native function was taken from before the program put another one there; `null` when that is not certain.
 * Programs keep the function that they replace, to call it.
 */
export function placeOfReplaced(fn: object): string | null {
  const key = memberValue(fn, "name");
  if (typeof key !== "string" || key === "" || isProxy(fn)) return null;
  const places = LANGUAGE.filter(({ object, label }) => {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property === undefined || typeof property.value !== "function") return false;
    return !isOwnFunction(property.value, key, "value", property, { object, label });
  });
  return places.length === 1 ? `${places[0]!.label}.${key} as it was` : null;
}

/** Value or getter of a member. */
export function memberNow(object: object, key: string | symbol): unknown {
  const property = Object.getOwnPropertyDescriptor(object, key);
  return property === undefined ? undefined : "value" in property ? property.value : property.get ?? property.set;
}

function addChanges(changes: BuiltInChange[], { label, object }: Owner, key: string | symbol): void {
  if (key === "__proto__") return; // Deno replaces this accessor itself
  const property = Object.getOwnPropertyDescriptor(object, key);
  if (property === undefined) return;
  for (const part of ["value", "get", "set"] as const) {
    const value: unknown = property[part];
    if (part === "value" ? !("value" in property) : value === undefined) continue;
    const isPristine = typeof value === "function"
      ? isOwnFunction(value, key, part, property, { label, object })
      : isOwnData(label, key, property);
    if (!isPristine) changes.push({ label: placeLabel(label, key, part), owner: object, key, value });
  }
}

/** True for a function that the platform put under that name. */
function isOwnFunction(
  fn: object,
  key: string | symbol,
  part: "value" | "get" | "set",
  { enumerable, writable }: PropertyDescriptor,
  { label, object }: Owner,
): boolean {
  if (key === "prototype" && writable === false) return true;
  if (isProxy(fn) || enumerable === true && !hasListed(label)) return false;
  if (part !== "value") return isKnownNative(fn);
  if (key === "constructor") return memberValue(fn, "prototype") === object && isKnownNative(fn);
  const own = typeof key === "string" ? key : `[${key.description ?? ""}]`;
  const name = memberValue(fn, "name");
  const isNamed = name === own || Object.hasOwn(ALIASES, own) && ALIASES[own] === name ||
    own === "keys" && name === "values" || own === "[Symbol.iterator]" && (name === "values" || name === "entries");
  return isNamed && isKnownNative(fn);
}

function isOwnData(owner: string, key: string | symbol, { value, writable, enumerable }: PropertyDescriptor): boolean {
  if (writable === true) {
    return typeof key === "string" && Object.hasOwn(WRITABLE_DATA, key) && WRITABLE_DATA[key]!(owner) === value ||
      owner === "Array.prototype" && key === "length" && value === 0 ||
      enumerable === false && isReference(value) && NAMESPACES.includes(owner);
  }
  if (typeof key === "symbol") return key === Symbol.toStringTag || key === Symbol.unscopables;
  return FIXED_DATA.has(key) || typeof value === "symbol" || isReference(value) && enumerable === false;
}
