/**
 * Captured values in canonical form: equal bytes for equal values in every process, different ones for different values.
 *
 * Functions, classes and cached functions are not written out. The bytes have a placeholder for each, and they are listed
 * in the order of their placeholders.
 *
 * @module
 */
import { isProxy, typeTests } from "../../words/type_tests.ts";
import { digestBytes } from "../../words/sha256.ts";
import type { Codec } from "../../values/codec.ts";
import {
  classify,
  className,
  DATA_KINDS,
  isForeign,
  mayHavePrivateState,
  ownPlatformName,
  tagOf,
} from "../../values/kinds.ts";
import { isNodeBuffer } from "../../values/brands.ts";
import { codecOfClass, isKeptByAny } from "../../values/use_codecs.ts";
import { type EncodedKey, encodeKey, type EncodeKeyOptions } from "../../values/key/encode_key.ts";
import { Numbering } from "../../values/key/key_members.ts";

export { Numbering };

/** Knowledge about values that the writer needs. */
export interface ValueView {
  /** True for an object that is state as a whole, so that its content does not count. */
  isState(object: object): boolean;
  /** Names of the members of an object that are state; `undefined` when none is. */
  stateKeysOf(object: object): ReadonlySet<string> | undefined;
  /** True when the code can see the order of an object's members, because it lists them. */
  readonly countsOrder?: boolean;
  /** True when the code can see the stack traces of errors. */
  readonly countsStacks?: boolean;
  /** True when the code can see the `lastIndex` of regular expressions. */
  readonly countsLastIndex?: boolean;
  /** Kind of the class of an instance; `undefined` while it is not known. */
  classKindOf(constructor: object): "user" | "package" | "platform" | undefined;
  /** Name of the package that a class belongs to. */
  packageOfClass?(constructor: object): string | undefined;
  /** Private fields of an instance; `undefined` while they are not known. */
  privateFieldsOf(object: object): ReadonlyMap<string, unknown> | undefined;
  /** True for an instance of a package's class that counts by its surface, all of which can be looked into. */
  isSeen?(instance: object, constructor: object): boolean;
  /** Digest of the bytes of a Blob; `undefined` while it is not known. Without this function, a Blob is a handle. */
  blobDigestOf?(blob: Blob): string | undefined;
  /** Codecs of the function. @default [] */
  readonly codecs?: readonly Codec[];
  /** Called for each function that the bytes refer to, with the object that has it as a member, or `null`. */
  noteReference?(holder: object | null, fn: object): void;
  /** Called for each function that is a member of an object. */
  noteMember?(owner: object, member: object): void;
}

/** Objects that have to be known before a value can be written. */
export interface Unknown {
  /** Classes that the view knows nothing about. */
  readonly classes: readonly object[];
  /** Instances whose private fields the view does not know. */
  readonly instances: readonly object[];
  /** Blobs whose digests the view does not know. */
  readonly blobs: readonly Blob[];
}

/** Objects of the language that hold functions. What a program changes of them counts where code may read it. */
const NAMESPACES: ReadonlyMap<object, string> = new Map<object, string>(
  Object.entries({ Atomics, Intl, JSON, Math, Reflect, WebAssembly }).map(([name, namespace]) => [namespace, name]),
);

/** A value in canonical form, with everything that it refers to. */
export interface WrittenValue {
  /** Digest of the canonical bytes. */
  readonly digest: string;
  /** Number of these bytes. */
  readonly byteLength: number;
  /** Functions and classes in the order of their placeholders in the bytes. */
  readonly references: readonly object[];
  /** Instances of packages' classes in the value, which count by their surfaces. */
  readonly seen: readonly object[];
  /** Names of the handles in the value, which count by their kind alone: `Deno.Kv`, `Proxy`. */
  readonly handles: readonly string[];
  /** True when the value itself is a handle. */
  readonly isHandle: boolean;
  /** The handles in the value. */
  readonly handled: ReadonlySet<unknown>;
  /** True when a part of the value is state, which does not count. */
  readonly hasState: boolean;
  /** Objects that the view knows nothing about. The digest is not final while there are any. */
  readonly unknown: Unknown;
  /** True when there is a date in the value. */
  readonly hasDates: boolean;
  /** Instances with private fields, which only the inspector can read again. */
  readonly privateHolders: readonly object[];
  /** Objects, functions and unregistered symbols in the order in which they are met, for telling equal ones apart. */
  readonly met: Numbering;
}

/** True when nothing is missing. */
export function isAllKnown({ classes, instances, blobs }: Unknown): boolean {
  return classes.length + instances.length + blobs.length === 0;
}

/** Notice that a handle counts by its kind alone. */
export function noticeOfHandle(handle: string): string {
  return `not tracked: the inside of a captured ${handle}, which counts by its kind alone`;
}

/** Writes a value in canonical form. */
export function writeValue(value: unknown, view: ValueView): WrittenValue {
  const found = new CapturedValue(view);
  const { bytes, met } = found.encode(value);
  return {
    digest: digestBytes(bytes),
    byteLength: bytes.byteLength,
    references: found.references,
    seen: found.seen,
    handles: found.handles,
    isHandle: found.handled.has(value),
    handled: found.handled,
    hasState: found.hasState,
    hasDates: found.hasDates,
    unknown: found.unknown(),
    privateHolders: [...found.privateHolders],
    met,
  };
}

/** Results of a survey. */
export interface Survey extends Unknown {
  /** Objects that can be looked into only when these are known. They belong to the next survey. */
  readonly postponed: readonly object[];
}

/**
 * Finds what has to be known before values can be written.
 *
 * @param values The values.
 * @param view Knowledge that there is already.
 * @param surveyed Objects that were looked into. The survey adds to them, so that each object is looked into once.
 */
export function surveyValues(values: readonly unknown[], view: ValueView, surveyed: Numbering): Survey {
  const found = new CapturedValue(view);
  for (const value of values) found.encode(value, surveyed);
  return { ...found.unknown(), postponed: found.postponed };
}

/** Text of a primitive value. */
export function writePrimitive(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "symbol":
      return writeSymbol(value);
    default:
      return String(value);
  }
}

/** Constructor that an object is an instance of; `null` for a plain object and for an object without a class. */
export function classOf(object: object): object | null {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (typeof prototype !== "object" || prototype === null || prototype === Object.prototype) return null;
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor === "function") return constructor;
  return null;
}

function writeSymbol(symbol: symbol): string {
  const key = Symbol.keyFor(symbol);
  const { description } = symbol;
  if (description?.startsWith("Symbol.") && Reflect.get(Symbol, description.slice(7)) === symbol) return description;
  return key !== undefined
    ? `symbol.for(${JSON.stringify(key)})`
    : `symbol(${JSON.stringify(symbol.description ?? "")})`;
}

/** Stands for a value that is state. */
const STATE = Object.freeze({});
const NO_FIELDS: ReadonlyMap<string, unknown> = new Map();
const LAST_INDEX: ReadonlySet<PropertyKey> = new Set(["lastIndex"]);

/** Rules by which captured values are written, and what is found meanwhile. */
class CapturedValue {
  readonly references: object[] = [];
  readonly seen: object[] = [];
  readonly handles: string[] = [];
  readonly handled = new Set<unknown>();
  readonly privateHolders = new Set<object>();
  /** True once a part was found to be state. */
  hasState = false;
  hasDates = false;
  /** Objects that were not looked into, because their class or their private fields are not known yet. */
  readonly postponed: object[] = [];
  readonly #view: ValueView;
  readonly #classes = new Set<object>();
  readonly #instances = new Set<object>();
  readonly #blobs = new Set<Blob>();
  readonly #options: EncodeKeyOptions;
  #root: object | null = null;

  constructor(view: ValueView) {
    this.#view = view;
    this.#options = {
      digest: digestBytes,
      isPrivate: true,
      writesPrototypes: true,
      countsOrder: view.countsOrder === true,
      countsStacks: view.countsStacks === true,
      codecs: view.codecs ?? [],
      identify: (subject) => this.#identify(subject),
      noteFunction: (fn, holder) => this.#noteFunction(fn, holder),
      markOf: (subject) => this.#markOf(subject),
      leftOutOf: (subject) => this.#leftOutOf(subject),
      zoneOf: () => this.#noteDate(),
      privatesOf: (instance) => this.#privatesOf(instance),
      // Reads of the environment are observed.
      nameHandle: (handle) =>
        handle === globalThis.process?.env ? "process.env" : this.#handle(handle, nameOfHandle(handle)),
    };
  }

  encode(value: unknown, met?: Numbering): EncodedKey {
    this.#root = typeof value === "object" ? value : null;
    return encodeKey(value, met === undefined ? this.#options : { ...this.#options, met });
  }

  unknown(): Unknown {
    return { classes: [...this.#classes], instances: [...this.#instances], blobs: [...this.#blobs] };
  }

  #identify(subject: object): string | undefined {
    if (subject instanceof Blob) {
      const digest = this.#view.blobDigestOf?.(subject);
      if (digest === undefined) this.#blobs.add(subject);
      return digest;
    }
    if (typeof subject === "function") this.references.push(subject);
    else this.#refer(classOf(subject));
    return "";
  }

  #refer(constructor: object | null): void {
    if (constructor === null) return;
    this.#view.noteReference?.(null, constructor);
    this.references.push(constructor);
  }

  #noteFunction(fn: object, holder: object | null): void {
    if (holder !== null) this.#view.noteMember?.(holder, fn);
    this.#view.noteReference?.(holder, fn);
  }

  #handle(handle: unknown, name: string): string {
    this.handled.add(handle);
    this.handles.push(name);
    return name;
  }

  #markOf(subject: object): string | undefined {
    if (subject === STATE || this.#view.isState(subject)) {
      this.hasState = true;
      return "state";
    }
    if (isProxy(subject)) return undefined;
    if (subject === globalThis) return this.#handle(subject, "globalThis");
    const namespace = NAMESPACES.get(subject);
    if (namespace !== undefined) return `namespace ${namespace}`;
    const prototype = Object.getPrototypeOf(subject) as object | null;
    if (prototype === null || prototype === Object.prototype || prototype === Array.prototype) return undefined;
    if (isForeign(subject)) this.#handle(prototype, "prototype of another realm");
    const { kind, isBare } = classify(subject);
    if (kind === "blob" && this.#view.blobDigestOf === undefined) return this.#handle(subject, nameOfHandle(subject));
    const isOfUser = !isBare && !isNodeBuffer(subject) && (kind === "instance" || ownPlatformName(subject) === null);
    const constructor = isOfUser ? classOf(subject) : null;
    return constructor === null || this.#isKept(subject, constructor)
      ? undefined
      : this.#markOfInstance(subject, constructor);
  }

  #isKept(subject: object, constructor: object): boolean {
    return codecOfClass(constructor) !== null || isKeptByAny(subject, this.#view.codecs ?? []);
  }

  #markOfInstance(subject: object, constructor: object): string | undefined {
    switch (this.#view.classKindOf(constructor)) {
      case undefined:
        this.#classes.add(constructor);
        return this.#postpone(subject);
      case "user":
        return undefined;
      case "platform":
        return this.#handle(subject, nameOfHandle(subject));
    }
    const fields = mayHavePrivateState(subject) ? this.#view.privateFieldsOf(subject) : NO_FIELDS;
    // The private fields decide whether an instance of a package's class is data or a handle.
    if (fields === undefined) {
      this.#instances.add(subject);
      return this.#postpone(subject);
    }
    if (isPureData(subject, fields)) return undefined;
    this.#refer(constructor);
    const own = nameOfFunction(constructor), home = this.#view.packageOfClass?.(constructor);
    // A name that a minifier gave says nothing.
    const name = own.length > 2 || home === undefined ? handleName(own) : `${own || "class"} of ${home}`;
    // The prototype of a value that is no handle itself has no inside to tell of.
    const root = this.#root;
    const isAbove = root !== null && !isProxy(root) && Object.prototype.isPrototypeOf.call(subject, root);
    if (!isAbove && this.#view.isSeen?.(subject, constructor) === true) {
      this.seen.push(subject);
      return `instance ${name}`;
    }
    return `handle ${isAbove ? name : this.#handle(subject, name)}`;
  }

  #postpone(subject: object): string {
    this.postponed.push(subject);
    return "unknown";
  }

  /** The time zone is a fact that counts beside the value. */
  #noteDate(): undefined {
    this.hasDates = true;
  }

  #leftOutOf(subject: object): ReadonlySet<PropertyKey> | undefined {
    const state = this.#view.stateKeysOf(subject);
    this.hasState ||= state !== undefined;
    if (!isProxy(subject) && typeTests().isRegExp(subject) && this.#view.countsLastIndex !== true) {
      return state === undefined ? LAST_INDEX : new Set([...state, "lastIndex"]);
    }
    return state;
  }

  /** Private fields in the order of their declaration. A field that is state keeps its place, but does not count. */
  #privatesOf(instance: object): ReadonlyMap<string, unknown> | null | undefined {
    const fields = this.#view.privateFieldsOf(instance);
    if (fields === undefined) this.#instances.add(instance);
    if (fields === undefined || fields.size === 0) return fields && null;
    this.privateHolders.add(instance);
    const state = this.#view.stateKeysOf(instance);
    return state === undefined
      ? fields
      : new Map([...fields].map(([name, value]) => [name, state.has(name) ? STATE : value]));
  }
}

/** Name of a handle, for messages: that of its class. */
export function nameOfHandle(handle: unknown): string {
  if (typeof handle === "symbol") return `symbol ${handle.description}`;
  const subject = handle as object;
  if (isProxy(subject)) return "Proxy";
  const constructor = typeof subject === "object" ? classOf(subject) : null;
  if (constructor !== null) return handleName(nameOfFunction(constructor));
  const tag = tagOf(subject);
  return tag === "Object" ? className(subject) : tag;
}

/** Name that a function or class has as its own property; empty when it has none. */
export function nameOfFunction(value: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(value, "name")?.value;
  return typeof name === "string" ? name : "";
}

function handleName(name: string): string {
  return Object.hasOwn(Deno, name) ? `Deno.${name}` : name || "(anonymous class)";
}

/**
 * True for an object that holds data alone, at every depth: an amount, a date of a library. A connection or a logger
 * holds functions and handles.
 *
 * @param value An instance of a class.
 * @param fields Its private fields.
 */
function isPureData(value: object, fields: ReadonlyMap<string, unknown>): boolean {
  const items: unknown[] = [...fields.values()];
  const seen = new Set<unknown>([value]);
  if (!addHeld(value, items)) return false;
  while (items.length > 0) {
    const item = items.pop();
    if (typeof item === "function" || typeof item === "symbol") return false;
    if (typeof item !== "object" || item === null || seen.has(item)) continue;
    seen.add(item);
    if (!holdsDataAlone(item) || !addHeld(item, items)) return false;
  }
  return true;
}

/** True for private fields that hold data alone, at every depth. */
export function arePureData(fields: ReadonlyMap<string, unknown>): boolean {
  return isPureData({}, fields);
}

function holdsDataAlone(item: object): boolean {
  if (isProxy(item)) return false;
  const { kind, isBare } = classify(item);
  return isBare && (kind === "plain" || kind === "array" || kind === "map" || kind === "set") || DATA_KINDS.has(kind);
}

/** Adds the values that an object holds. @returns False for an object with an accessor. */
function addHeld(item: object, items: unknown[]): boolean {
  const { kind } = isProxy(item) ? { kind: null } : classify(item);
  if (kind === null) return false;
  if (kind === "map") Map.prototype.forEach.call(item, (value, key) => void items.push(key, value));
  if (kind === "set") Set.prototype.forEach.call(item, (member) => void items.push(member));
  if (DATA_KINDS.has(kind)) return true;
  for (const key of Reflect.ownKeys(item)) {
    if (key === "constructor") continue;
    const property = Object.getOwnPropertyDescriptor(item, key);
    if (property === undefined || !("value" in property)) return false;
    items.push(property.value);
  }
  return true;
}
