/**
 * Surface of what a package hands out: the data and the functions that can be reached from an object or function of it
 * through members alone. Settings live there: `Decimal.precision`, `_.templateSettings`, `marked.defaults`.
 *
 * @module
 */
import { isPrimitive, isProxy, typeTests } from "../../words/type_tests.ts";
import { classify, DATA_KINDS, isNativeFunction, isPlatformData, mayHavePrivateState } from "../../values/kinds.ts";
import { digestBytes } from "../../words/sha256.ts";
import { intrinsicPath } from "../walk/intrinsics.ts";
import { nameOfFunction } from "../walk/values.ts";
import { atFirstLook, firstValuesOf } from "./first_looks.ts";
import type { KnownScript } from "./known_scripts.ts";
import { isRandomText, isSimple } from "./moments.ts";
import { isShared, isTimeOfProcess, OF_MOMENT, type Unseen, unseenKindOf } from "./unseen.ts";
import { isTable, type WeakTable } from "./weak_tables.ts";

/** What a package hands out, at one moment. */
export interface Surface {
  /** Path of the object, with which all paths begin. */
  readonly path: string;
  /**
   * Values by path, sorted: primitive values, objects of the platform that hold data, and functions that are not the
   * package's own. Texts stand for everything else: for the text of an own function its digest, for a native function its
   * name, for an object the order and the attributes of its members, for one that is met again its first path.
   */
  readonly values: ReadonlyMap<string, unknown>;
  /** The functions and objects among these. */
  readonly references: readonly object[];
  /** Functions that had no members that count, by path. */
  readonly leaves: ReadonlyMap<string, object>;
  /** The members that were looked at. */
  readonly members: readonly LookedAt[];
  /** Tables beside objects. */
  readonly tables: readonly WeakTable[];
  /** What nobody can look into, and what was too far away or too much to be looked at. */
  readonly unseen: readonly Unseen[];
  /** Script that the functions in it are written in; `null` when it is not known. */
  readonly script: KnownScript | null;
}

/** An object with the members that it had. */
interface LookedAt {
  readonly path: string;
  readonly object: object;
  readonly keys: readonly PropertyKey[];
  readonly values: readonly unknown[];
  /** Number of elements of a list. */
  readonly length: number;
  /** Contents of a Map or a Set. */
  readonly inside: readonly (readonly [label: string, value: unknown])[];
  /** False when these contents do not count. */
  readonly isWhole: boolean;
  /** True for a Map or a Set. */
  readonly isCollection: boolean;
  readonly parent: unknown;
  /** Accessors by key. */
  readonly accessors: readonly (readonly [key: PropertyKey, get: unknown])[];
  /** Keys of all its own members, those that do not count included. */
  readonly all: readonly PropertyKey[];
  /** Whether members may be added; `null` when that does not count. */
  readonly isExtensible: boolean | null;
}

/** Knowledge that is needed for finding a surface. */
export interface SurfaceOptions {
  readonly script: KnownScript | null;
  /** Members of the first object that count; absent when all do. */
  readonly only?: ReadonlySet<PropertyKey>;
  /** True for an object with values of the moment in it: those that may be of them do not count. @default {false} */
  readonly isMomentary?: boolean;
  /** True for a path that does not count, because it is the package's own state. */
  isLeftOut(path: string): boolean;
  /** Takes note of the members that do not count of the object at a path, those included that it does not have now. */
  leaveOutBelow(path: string): void;
}

/** Number of members that are looked at, give or take those that the first object has, and number of steps from it. */
const MAX_MEMBERS = 4_000, MAX_DEPTH = 40;

/** Number of members from which on an object counts as a whole, if it holds data alone. */
const MAX_SIZE = 1_000;

/** Number of entries of a collection that count as they were at first, where runs change it. */
const MAX_GIVEN = 128;

/** Number of objects within such an object that are looked at. */
const MAX_INSIDE = 100_000;

const OF_FUNCTIONS: ReadonlySet<PropertyKey> = new Set(["length", "name", "prototype", "arguments", "caller"]);

interface Step {
  readonly object: object;
  readonly path: string;
  readonly depth: number;
}

/** Finds the surface of an object or function. @param path Name of it, with which all paths begin. */
export function surfaceOf(start: object, path: string, options: SurfaceOptions): Surface {
  const values = new Map<string, unknown>();
  const members: LookedAt[] = [];
  const seen = new Map<unknown, string>([[start, path]]);
  const leaves = new Map<string, object>();
  const originOf = (fn: object) => originOfFunction(fn, options.script);
  const unseen: Unseen[] = [];
  const tables: WeakTable[] = [];
  if (isTable(start)) tables.push({ table: start, path, script: options.script });
  const hide = (what: string | null, at: string): void => {
    if (what !== null) unseen.push({ what, path: at });
  };
  hide(unseenKindOf(start), path);
  const isLookedAt = typeof start === "function" || !isProxy(start) && makerOf(start) !== "platform";
  let level: Step[] = isLookedAt ? [{ object: start, path, depth: 0 }] : [];
  let queue: Step[] = [];
  if (typeof start === "object" && isBuiltInData(start)) values.set(path, start);
  let count = 0;
  const add = (value: unknown, at: string, depth: number): void => {
    if (options.isLeftOut(at)) return;
    const isSymbol = typeof value === "symbol";
    if (isRandomText(value) || options.isMomentary && !isSimple(value)) return hide(OF_MOMENT, at);
    if (isTimeOfProcess(value)) hide(OF_MOMENT, at);
    if (!isSymbol && isPrimitive(value)) return void values.set(at, value);
    const before = seen.get(value);
    if (before !== undefined) return void values.set(`${at} is`, before);
    seen.set(value, at);
    if (isSymbol) return void values.set(at, value);
    if (isProxy(value as object)) return hide("a Proxy", at);
    lookInto(value as object, at, depth);
  };
  const lookInto = (value: object, at: string, depth: number): void => {
    if (typeof value === "function") {
      const origin = originOf(value);
      if (origin === "native") {
        const name = intrinsicPath(value) ?? nameOfFunction(value);
        return name === "" ? hide("a native function without a name", at) : void values.set(`${at}()`, name);
      }
      if (origin === "other") return void values.set(at, value);
      values.set(at, digestOfText(value));
      if (!hasCountedMembers(value)) return void leaves.set(at, value);
    } else if (typeTests().isRegExp(value)) return void values.set(at, RegExp.prototype.toString.call(value));
    else if (isBuiltInData(value)) return void values.set(at, value);
    else if (isTable(value)) return void tables.push({ table: value, path: at, script: options.script });
    else {
      const maker = isPrototypeOfCollection(value) ? null : makerOf(value);
      if (maker === "platform") return hide(unseenKindOf(value), at);
      if (maker !== null && originOf(maker) === "native") return hide(unseenKindOf(value), at);
      if (maker !== null) add(maker, `${at}.constructor`, depth);
    }
    if (sizeOf(value) > MAX_SIZE && typeof value === "object") {
      if (isData(value)) values.set(at, value);
      else hide(`objects with more than ${MAX_SIZE} members`, at);
      return;
    }
    if (depth < MAX_DEPTH) queue.push({ object: value, path: at, depth });
    else hide(`objects more than ${MAX_DEPTH} steps away`, path);
  };
  // What stood there before runs changed it, unless it is the package's own.
  const isGiven = (first: unknown): boolean => {
    if (!isPrimitive(first)) return typeof first === "function" && originOf(first) === "other";
    return typeof first !== "symbol" && !isTimeOfProcess(first) && !isRandomText(first) && options.isMomentary !== true;
  };
  const look = ({ object, path: at, depth }: Step): void => {
    options.leaveOutBelow(at);
    const isWhole = !options.isLeftOut(`${at}[]`);
    const isPart = object === start && options.only !== undefined;
    const all = isPart ? countedKeys(object).filter((key) => options.only!.has(key)) : keptKeysOf(object, isWhole);
    const accessors = accessorsOf(object, all);
    const keys = accessors.length === 0 ? all : all.filter((key) => !accessors.some(([one]) => one === key));
    const held = keys.map((key) => Object.getOwnPropertyDescriptor(object, key)?.value as unknown);
    const inside = isWhole ? [...insidesOf(object)] : [];
    const given = isCollection(object) ? atFirstLook(object, () => [...insidesOf(object)].slice(0, MAX_GIVEN)) : [];
    const labels = labelsOf(all);
    const counted = all.filter((key) => !options.isLeftOut(`${at}${labels.get(key)}`));
    const order = counted.map((key) => labels.get(key)).join(" ");
    const isFixedByRuns = options.isLeftOut(`${at}{}`);
    const attributes = isFixedByRuns ? "" : attributesOfKeys(object, counted);
    values.set(`${at}{}`, `${classify(object).kind} ${attributes} ${order}`);
    members.push({
      path: at,
      object,
      keys,
      values: held,
      length: Array.isArray(object) ? object.length : 0,
      inside,
      isWhole,
      isCollection: isCollection(object),
      accessors,
      parent: Object.getPrototypeOf(object),
      all: Reflect.ownKeys(object),
      isExtensible: isFixedByRuns ? null : Object.isExtensible(object),
    });
    count += keys.length + inside.length;
    const firsts = firstValuesOf(object, [...keys.map((key, index) => [key, held[index]] as const), ...accessors]);
    for (const [index, key] of keys.entries()) add(held[index], `${at}${labels.get(key)}`, depth + 1);
    for (const [key, first] of firsts) {
      const inner = `${at}${labels.get(key) ?? labelOfKey(key)}`;
      if (options.isLeftOut(inner) && isGiven(first)) values.set(inner, first);
    }
    if (!isWhole) { for (const [label, first] of given) if (isGiven(first)) values.set(`${at}${label}`, first); }
    const parent = Object.getPrototypeOf(object) as object | null;
    if (parent !== null && typeof object === "object" && !BUILT_IN.has(parent)) {
      add(parent, `${at}.[[Prototype]]`, depth + 1);
    }
    // A getter may put a value in its place.
    const counting = accessors.filter(([key]) => !options.isLeftOut(`${at}${labels.get(key)}`));
    for (const [key, get] of counting) add(get, `${at}.get ${labels.get(key)}`, depth + 1);
    for (const [label, inner] of inside) add(inner, `${at}${label}`, depth + 1);
  };
  for (; level.length > 0; level = queue) {
    // All that is as far away is looked at, or nothing of it: a member more or less changes no other member's part in it.
    if (count > 0 && count + level.reduce((sum, { object }) => sum + sizeOf(object), 0) > MAX_MEMBERS) {
      hide(`objects beyond ${MAX_MEMBERS} members`, path);
      break;
    }
    queue = [];
    level.forEach(look);
  }
  const sorted = new Map([...values].sort(([a], [b]) => a < b ? -1 : 1));
  const references = [...sorted.values()].filter((value): value is object => !isPrimitive(value));
  return { path, script: options.script, values: sorted, references, leaves, members, tables, unseen };
}

/** What a member is called in a path. */
function labelOfKey(key: PropertyKey): string {
  if (typeof key === "symbol") return `.[${String(key)}]`;
  const name = String(key);
  // A path ends at a dot.
  return /[.[\]{}\s"]/.test(name) ? `.[${JSON.stringify(name).replaceAll(".", "\\u002e")}]` : `.${name}`;
}

/** What members are called in paths: two symbols may have one description. */
function labelsOf(keys: readonly PropertyKey[]): ReadonlyMap<PropertyKey, string> {
  const labels = new Map<PropertyKey, string>();
  const used = new Set<string>();
  for (const key of keys) {
    let label = labelOfKey(key);
    for (let number = 2; used.has(label); number++) label = `${labelOfKey(key)} ${number}`;
    used.add(label);
    labels.set(key, label);
  }
  return labels;
}

/** Whether members may be added, and the attributes of those that are not like the first. */
function attributesOfKeys(object: object, keys: readonly PropertyKey[]): string {
  const each = keys.map((key) => {
    const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(object, key) ?? {};
    return `${writable ? "w" : ""}${enumerable ? "e" : ""}${configurable ? "c" : ""}`;
  });
  const marks = each.every((one) => one === each[0]) ? each.slice(0, 1) : each;
  return `${Object.isExtensible(object) ? "" : "fixed "}${marks.join()}`;
}

/** Surfaces of objects of which everything counts. */
const shared = new WeakMap<object, Surface>();

/** Finds the surface of an object or function of which everything counts. While it is as it was, it is the known one. */
export function sharedSurfaceOf(start: object, path: string, script: KnownScript | null): Surface {
  const known = shared.get(start);
  if (known?.path === path && known.script === script && isSurfaceUnchanged(known)) return known;
  const surface = surfaceOf(start, path, { script, isLeftOut: () => false, leaveOutBelow() {} });
  shared.set(start, surface);
  return surface;
}

/** Whether a function is native, is written in the script at hand, or in any other one. */
function originOfFunction(fn: object, script: KnownScript | null): "native" | "own" | "other" {
  if (isNativeFunction(fn)) return isBound(fn) ? "other" : "native";
  return script?.isMadeAtLoad(fn) === true ? "own" : "other";
}

/**
 * Class of an object; `null` for a plain object, an array, a Map or a Set, and for an object without a class; `platform`
 * for other objects of the platform.
 */
function makerOf(object: object): object | "platform" | null {
  const { kind } = classify(object);
  if (isShared(object)) return "platform";
  if (kind === "plain" || kind === "array" || kind === "map" || kind === "set") return classOfObject(object);
  return kind === "instance" ? classOfObject(object) : "platform";
}

function classOfObject(object: object): object | null {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (typeof prototype !== "object" || prototype === null || BUILT_IN.has(prototype)) return null;
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof maker === "function" ? maker : null;
}

/** True for the prototype of a class that extends Array, Map or Set. It holds methods; the instances hold the contents. */
function isPrototypeOfCollection(object: object): boolean {
  const constructor: unknown = Object.getOwnPropertyDescriptor(object, "constructor")?.value;
  return typeof constructor === "function" && BUILT_IN.has(Object.getPrototypeOf(object)) &&
    Object.getOwnPropertyDescriptor(constructor, "prototype")?.value === object;
}

const BUILT_IN: ReadonlySet<object> = new Set([Object, Array, Map, Set].map(({ prototype }) => prototype));

function accessorsOf(object: object, keys: readonly PropertyKey[]): [key: PropertyKey, get: unknown][] {
  return keys.flatMap((key) => {
    const property = Object.getOwnPropertyDescriptor(object, key);
    return property === undefined || "value" in property ? [] : [[key, property.get]];
  });
}

/** Members of an object that count; of a function, only those that it has besides the usual ones, and its prototype. */
function countedKeys(object: object): PropertyKey[] {
  const keys = Reflect.ownKeys(object);
  if (typeof object !== "function") return keys.filter((key) => key !== "constructor");
  const isOfInstances = isConstructor(object);
  return keys.filter((key) => key === "prototype" ? isOfInstances : !OF_FUNCTIONS.has(key));
}

/** Members of an object that count; of a list that runs add to, those that it had at first. */
function keptKeysOf(object: object, isWhole: boolean): PropertyKey[] {
  if (!Array.isArray(object)) return countedKeys(object);
  const length = atFirstLook(object, () => object.length);
  const keys = Reflect.ownKeys(object);
  return isWhole ? keys : keys.filter((key) => key !== "length" && !(Number(key) >= length));
}

/** True for a built-in object that is data: bytes, a date, an address, a format. */
export function isBuiltInData(object: object): boolean {
  return !isProxy(object) && (DATA_KINDS.has(classify(object).kind) || isPlatformData(object));
}

/** True for an object that holds nothing but data of the language, at every depth. */
function isData(object: object): boolean {
  const all = new Set<object>([object]);
  for (const one of all) {
    if (isProxy(one)) return false;
    const { kind, isBare } = classify(one);
    if (isBuiltInData(one)) continue;
    if (!isBare || !["plain", "array", "map", "set"].includes(kind) || all.size > MAX_INSIDE) return false;
    for (const key of Reflect.ownKeys(one)) {
      const property = Object.getOwnPropertyDescriptor(one, key)!;
      if (!("value" in property) || typeof property.value === "function") return false;
      if (typeof property.value === "object" && property.value !== null) all.add(property.value);
    }
    for (const [, inner] of insidesOf(one)) {
      if (typeof inner === "function") return false;
      if (typeof inner === "object" && inner !== null) all.add(inner);
    }
  }
  return true;
}

function sizeOf(object: object): number {
  const { isMap, isSet } = typeTests();
  const collection = isProxy(object) ? null : isMap(object) ? Map : isSet(object) ? Set : null;
  const inside = collection === null ? 0 : Reflect.get(collection.prototype, "size", object) as number;
  return inside + Reflect.ownKeys(object).length;
}

/** True for a function whose prototype has more members than every prototype has. */
export function isConstructor(fn: object): boolean {
  const prototype = Object.getOwnPropertyDescriptor(fn, "prototype")?.value as unknown;
  return typeof prototype === "object" && prototype !== null && Reflect.ownKeys(prototype).length > 1;
}

function isCollection(object: object): boolean {
  return typeof object !== "function" && !isProxy(object) && (typeTests().isMap(object) || typeTests().isSet(object));
}

function* insidesOf(object: object): Iterable<[label: string, value: unknown]> {
  if (isProxy(object) || typeof object === "function") return;
  const { isMap, isSet } = typeTests();
  if (isMap(object)) {
    let index = 0;
    for (const [key, value] of Map.prototype.entries.call(object as Map<unknown, unknown>)) {
      yield [`[${index}].key`, key];
      yield [`[${index++}].value`, value];
    }
  } else if (isSet(object)) {
    let index = 0;
    for (const value of Set.prototype.values.call(object as Set<unknown>)) yield [`[${index++}]`, value];
  }
}

/** Digest of the text of a function. */
export function digestOfText(fn: object): string {
  let digest = texts.get(fn);
  if (digest === undefined) texts.set(fn, digest = digestBytes(Function.prototype.toString.call(fn)));
  return digest;
}

const texts = new WeakMap<object, string>();

/** True for a function that has members besides the usual ones, or a prototype with members. */
export function hasCountedMembers(fn: object): boolean {
  for (const key of Reflect.ownKeys(fn)) {
    if (key === "prototype" ? isConstructor(fn) : !OF_FUNCTIONS.has(key)) return true;
  }
  return false;
}

const arrowsWithThis = new WeakMap<object, boolean>();

/** True for an arrow function that uses `this`, which nobody can ask for. */
export function isArrowWithThis(fn: object): boolean {
  let is = arrowsWithThis.get(fn);
  if (is === undefined) {
    const text = Function.prototype.toString.call(fn);
    is = /\bthis\b/.test(text) && /^(?:async\s*)?(?:\([^)]*\)|[\w$]+)\s*=>/.test(text);
    arrowsWithThis.set(fn, is);
  }
  return is && !Object.hasOwn(fn, "prototype");
}

const holders = new WeakMap<Surface, readonly LookedAt[]>();

/** Objects and classes in a surface that may have private fields. */
export function holdersOfPrivates(surface: Surface): readonly LookedAt[] {
  let found = holders.get(surface);
  if (found === undefined) {
    holders.set(surface, found = surface.members.filter(({ object }) => mayHoldPrivates(object)));
  }
  return found;
}

/** True for an object that may have private fields: an instance, or a class with private static members. */
function mayHoldPrivates(object: object): boolean {
  if (typeof object === "function") return /\bstatic\s+(?:async\s+)?#/.test(Function.prototype.toString.call(object));
  return !isProxy(object) && classify(object).kind === "instance" && mayHavePrivateState(object);
}

/** True for a native function that `bind` made, whose target may be the program's. */
export function isBound(fn: object): boolean {
  return nameOfFunction(fn).startsWith("bound ") &&
    Function.prototype.toString.call(fn) === "function () { [native code] }";
}

/** True while a surface is as it was found. */
export function isSurfaceUnchanged({ members, leaves }: Surface): boolean {
  for (const fn of leaves.values()) if (hasCountedMembers(fn)) return false;
  for (const looked of members) {
    const { object, keys, values, inside, accessors, parent, all, isExtensible } = looked;
    if (Object.getPrototypeOf(object) !== parent) return false;
    if (isExtensible !== null && Object.isExtensible(object) !== isExtensible) return false;
    const own = Reflect.ownKeys(object);
    if (own.length !== all.length || !own.every((key, index) => key === all[index])) return false;
    for (let index = 0; index < keys.length; index++) {
      if (!Object.is((object as Record<PropertyKey, unknown>)[keys[index]!], values[index])) return false;
    }
    for (const [key, get] of accessors) {
      if (!Object.is(Object.getOwnPropertyDescriptor(object, key)?.get, get)) return false;
    }
    if (looked.isWhole && looked.isCollection) {
      const now = [...insidesOf(object)];
      if (now.length !== inside.length) return false;
      if (!now.every(([, value], index) => Object.is(value, inside[index]![1]))) return false;
    }
  }
  return true;
}

/** Paths of the members that have changed since a surface was found; empty when none has. */
export function changesOf({ members, leaves }: Surface): string[] {
  const changed = members.flatMap((member) => [...changesOfMembers(member)]);
  for (const [path, fn] of leaves) changed.push(...countedKeys(fn).map((key) => `${path}${labelOfKey(key)}`));
  return changed;
}

function* changesOfMembers(looked: LookedAt): Iterable<string> {
  const { path, object, keys, values, length, isWhole, inside, accessors } = looked;
  if (looked.isExtensible !== null && Object.isExtensible(object) !== looked.isExtensible) yield `${path}{}`;
  // Of a list that grew, nothing changes but that there are more elements.
  const isGrown = Array.isArray(object) && object.length > length;
  if (isGrown) yield `${path}[]`;
  const current = isGrown ? keys : keptKeysOf(object, isWhole);
  const labels = labelsOf(current);
  const pathOf = (key: PropertyKey) => `${path}${labels.get(key) ?? labelOfKey(key)}`;
  const now = current.filter((key) => !accessors.some(([one]) => one === key));
  const valueOf = (key: PropertyKey) => Object.getOwnPropertyDescriptor(object, key)?.value as unknown;
  for (const [index, key] of keys.entries()) {
    if (!Object.is(valueOf(key), values[index]) && !(isGrown && key === "length")) yield pathOf(key);
  }
  const isSame = now.length === keys.length && now.every((key, index) => key === keys[index]);
  for (const [key, get] of accessors) {
    if (!Object.is(Object.getOwnPropertyDescriptor(object, key)?.get, get)) yield pathOf(key);
  }
  if (!isSame) { for (const key of now) if (!keys.includes(key)) yield pathOf(key); }
  if (!isSame) { for (const key of keys) if (!now.includes(key)) yield pathOf(key); }
  const inner = inside.length === 0 && typeof object === "function" ? inside : [...insidesOf(object)];
  const isSameInside = inner.length === inside.length &&
    inner.every(([, value], index) => Object.is(value, inside[index]?.[1]));
  if (!isSameInside) yield `${path}[]`;
}
