/**
 * Captured values as text: equal for equal values in every process, different for different values.
 *
 * Functions, classes and cached functions are not written out. The text has a placeholder for each, and they are
 * listed in the order of their placeholders.
 *
 * @module
 */
import { typeTests } from "../../words/type_tests.ts";
import { digestBytes } from "../../words/sha256.ts";
import type { Codec } from "../../values/codec.ts";
import { keysBesideBytes } from "../../values/kinds.ts";
import { encodeByCodec } from "../../values/use_codecs.ts";

/** Knowledge about values that the writer needs. */
export interface ValueView {
  /** True for an object that is state as a whole, so that its content does not count. */
  isState(object: object): boolean;
  /** Names of the members of an object that are state; `undefined` when none is. */
  stateKeysOf(object: object): ReadonlySet<string> | undefined;
  /** True when the code can see the order of an object's members, because it lists them. */
  readonly countsOrder?: boolean;
  /** Kind of the class of an instance; `undefined` while it is not known. */
  classKindOf(constructor: object): "user" | "package" | "platform" | undefined;
  /** Private fields of an instance; `undefined` while they are not known. */
  privateFieldsOf(object: object): ReadonlyMap<string, unknown> | undefined;
  /** Codecs of the function. @default [] */
  readonly codecs?: readonly Codec[];
  /** Called for each function that the text refers to, with the object that has it as a member, or `null`. */
  noteReference?(holder: object | null, fn: object): void;
  /** Called for each function that is a member of an object. */
  noteMember?(owner: object, member: object): void;
}

/** A value as text, with everything that the text refers to. */
export interface WrittenValue {
  readonly text: string;
  /** Functions and classes in the order of their placeholders in the text. */
  readonly references: readonly object[];
  /** Names of the handles in the value, which count by their kind alone: `Deno.Kv`, `Proxy`. */
  readonly handles: readonly string[];
  /** Constructors and instances that the view knows nothing about. The text is not final while there are any. */
  readonly unknownClasses: readonly object[];
  readonly unknownInstances: readonly object[];
  /** Instances with private fields, which only the inspector can read again. */
  readonly privateHolders: readonly object[];
  /** Objects and unregistered symbols in the order in which the text has them, for telling equal ones apart. */
  readonly identities: readonly (object | symbol)[];
}

/** Notice that a handle counts by its kind alone. */
export function noticeOfHandle(handle: string): string {
  return `not tracked: the inside of a captured ${handle}, which counts by its kind alone`;
}

/** Writes a value as text. */
export function writeValue(value: unknown, view: ValueView): WrittenValue {
  try {
    const writer = new ValueWriter(view);
    writer.write(value);
    return writer.written();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { ...NOTHING, text: "<handle too deep>", handles: ["value that is nested too deep"] };
  }
}

/** Results of a survey. */
export interface Survey {
  /** Classes that the view knows nothing about. */
  readonly classes: readonly object[];
  /** Instances whose private fields the view does not know. */
  readonly instances: readonly object[];
  /** Objects that can be looked into only when these classes and fields are known. They belong to the next survey. */
  readonly postponed: readonly object[];
}

/**
 * Finds the classes and private fields that have to be known before values can be written.
 *
 * @param values The values.
 * @param view Knowledge that there is already.
 * @param surveyed Objects that were looked into. The survey adds to them, so that each object is looked into once.
 */
export function surveyValues(values: Iterable<unknown>, view: ValueView, surveyed: Map<object, number>): Survey {
  const writer = new ValueWriter(view, surveyed);
  try {
    for (const value of values) writer.write(value);
  } catch (error) {
    // A value that is nested too deep is reported when it is written.
    if (!(error instanceof RangeError)) throw error;
  }
  const { unknownClasses: classes, unknownInstances: instances } = writer.written();
  return { classes, instances, postponed: writer.postponed };
}

const NOTHING = {
  references: [],
  handles: [],
  unknownClasses: [],
  unknownInstances: [],
  privateHolders: [],
  identities: [],
};

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

/** Names of classes of the platform whose instances count by their text. */
const TEXTUAL: ReadonlySet<string> = new Set(["URL", "URLSearchParams"]);

class ValueWriter {
  readonly #view: ValueView;
  readonly #out: string[] = [];
  readonly #seen: Map<object, number>;
  readonly #references: object[] = [];
  readonly #handles: string[] = [];
  readonly #identities: (object | symbol)[] = [];
  readonly #unknownClasses = new Set<object>();
  readonly #unknownInstances = new Set<object>();
  readonly #privateHolders: object[] = [];
  /** Objects that were not looked into, because their class or their private fields are not known yet. */
  readonly postponed: object[] = [];

  constructor(view: ValueView, seen = new Map<object, number>()) {
    this.#view = view;
    this.#seen = seen;
  }

  write(value: unknown): void {
    this.#write(value);
  }

  written(): WrittenValue {
    return {
      text: this.#out.join(" "),
      references: this.#references,
      handles: this.#handles,
      unknownClasses: [...this.#unknownClasses],
      unknownInstances: [...this.#unknownInstances],
      privateHolders: this.#privateHolders,
      identities: this.#identities,
    };
  }

  #write(value: unknown, holder: object | null = null): void {
    if (typeof value === "function") return this.#refer(value, holder);
    if (typeof value === "symbol" && Symbol.keyFor(value) === undefined) this.#identities.push(value);
    if (typeof value !== "object" || value === null) return void this.#out.push(writePrimitive(value));
    if (this.#view.isState(value)) return void this.#out.push("<state>");
    const index = this.#seen.get(value);
    if (index !== undefined) return void this.#out.push(`<${index}>`);
    this.#seen.set(value, this.#seen.size);
    this.#identities.push(value);
    this.#object(value);
  }

  #postpone(value: object): void {
    this.#seen.delete(value);
    this.postponed.push(value);
  }

  #refer(value: object, holder: object | null = null): void {
    this.#view.noteReference?.(holder, value);
    this.#out.push("<code>");
    this.#identities.push(value);
    this.#references.push(value);
  }

  #handle(name: string): void {
    this.#out.push(`<handle ${name}>`);
    this.#handles.push(name);
  }

  #object(value: object): void {
    if (typeTests().isProxy(value)) return this.#handle("Proxy");
    const prototype: unknown = Object.getPrototypeOf(value);
    if (Array.isArray(value) && prototype === Array.prototype) return this.#array(value);
    if (prototype === Object.prototype || prototype === null) {
      const tag = prototype === null ? typeTests().isModuleNamespaceObject(value) ? "module" : "null" : "";
      return this.#members(`${tag}{`, value);
    }
    const kept = this.#view.codecs === undefined ? null : encodeByCodec(value, this.#view.codecs);
    if (kept !== null) {
      this.#out.push(`codec ${JSON.stringify(kept.name)}`);
      return this.#write(kept.data);
    }
    if (this.#builtIn(value)) return;
    const constructor = classOf(value);
    if (!constructor) {
      const tag = Object.prototype.toString.call(value).slice(8, -1);
      // Generators, iterators and the like have no class, and reading their content would use them up.
      return tag === "Object" ? this.#prototyped(value, prototype as object) : this.#handle(tag);
    }
    const kind = this.#view.classKindOf(constructor);
    if (kind === undefined) {
      this.#unknownClasses.add(constructor);
      return this.#postpone(value);
    }
    if (kind === "platform") return this.#platformObject(value, constructor);
    this.#instance(value, constructor, kind);
  }

  #array(value: readonly unknown[]): void {
    const isFixed = !Object.isExtensible(value) || !Object.getOwnPropertyDescriptor(value, "length")!.writable;
    this.#out.push(`[${value.length}${isFixed ? " fixed" : ""}`);
    const keys = Object.keys(value);
    if (isFixed || keys.length !== value.length || Object.getOwnPropertySymbols(value).length > 0) {
      return this.#members("sparse{", value);
    }
    for (const item of value) this.#write(item);
    this.#out.push("]");
  }

  /** Writes the members of an object, sorted by key unless the code can see their order. */
  #members(head: string, value: object, skipped?: ReadonlySet<string>): void {
    const state = this.#view.stateKeysOf(value);
    this.#out.push(head);
    // A module's namespace cannot be extended, whatever its code says.
    const isNamespace = head === "module{";
    if (!isNamespace && !Object.isExtensible(value)) this.#out.push("<fixed>");
    const keys = Reflect.ownKeys(value);
    if (this.#view.countsOrder !== true) {
      keys.sort((a, b) =>
        compareTexts(
          typeof a === "string" ? `0${a}` : `1${writeSymbol(a)}`,
          typeof b === "string" ? `0${b}` : `1${writeSymbol(b)}`,
        )
      );
    }
    for (const key of keys) {
      if (typeof key === "string" && (skipped?.has(key) || (Array.isArray(value) && key === "length"))) continue;
      this.#out.push(writePrimitive(key));
      if (typeof key === "symbol" && Symbol.keyFor(key) === undefined) this.#identities.push(key);
      if (typeof key === "string" && state?.has(key)) {
        this.#out.push("<state>");
        continue;
      }
      const property = readProperty(value, key);
      if (!property) this.#out.push("<unset>");
      else if ("value" in property) {
        if (!isNamespace) this.#attributes(property);
        if (typeof property.value === "function") this.#view.noteMember?.(value, property.value);
        this.#write(property.value, value);
      } else {
        this.#out.push("<accessor>");
        this.#write(property.get, value);
        this.#write(property.set, value);
      }
    }
    this.#out.push("}");
  }

  /** Writes the attributes of a member unless they are those that an assignment gives. */
  #attributes({ writable, enumerable, configurable }: PropertyDescriptor): void {
    if (writable === true && enumerable === true && configurable === true) return;
    this.#out.push(
      `<${writable === true ? "w" : ""}${enumerable === true ? "e" : ""}${configurable === true ? "c" : ""}>`,
    );
  }

  /** Writes an object that inherits from another object: `Object.create(base)`, a prototype. */
  #prototyped(value: object, prototype: object): void {
    this.#members("inherits{", value);
    this.#write(prototype);
  }

  #instance(value: object, constructor: object, kind: "user" | "package"): void {
    const fields = this.#view.privateFieldsOf(value);
    if (!fields) {
      this.#unknownInstances.add(value);
      // The private fields decide whether an instance of a package's class is data or a handle.
      return kind === "user" ? this.#members("unknown{", value) : this.#postpone(value);
    }
    if (kind === "package" && !isPureData(value, fields)) {
      this.#refer(constructor);
      return this.#handle(nameOfFunction(constructor));
    }
    this.#refer(constructor);
    this.#members("instance{", value, value instanceof Error ? ERROR_NOISE : undefined);
    if (fields.size === 0) return;
    this.#privateHolders.push(value);
    const state = this.#view.stateKeysOf(value);
    for (const [name, field] of fields) {
      // Private names do not count, so fields count by position. A field that is state keeps its position.
      if (state?.has(name)) this.#out.push("<state>");
      else this.#write(field);
    }
  }

  /**
   * Writes a value of the platform, or the platform's part of an instance of a class that extends one. Returns true
   * when the value is written completely.
   */
  #builtIn(value: object): boolean {
    const text = textOfBuiltIn(value);
    if (ArrayBuffer.isView(value)) this.#identities.push(value.buffer);
    if (text !== null) this.#out.push(text);
    else if (typeTests().isMap(value)) {
      this.#out.push(`map(${value.size}`);
      for (const [key, item] of value) {
        this.#write(key);
        this.#write(item);
      }
      this.#out.push(")");
    } else if (typeTests().isSet(value)) {
      this.#out.push(`set(${value.size}`);
      for (const item of value) this.#write(item);
      this.#out.push(")");
    } else if (Array.isArray(value)) this.#array(value);
    else if (typeTests().isNativeError(value)) {
      const constructor = classOf(value);
      if (constructor !== null && constructor === Reflect.get(globalThis, nameOfFunction(constructor))) {
        this.#members(`error ${nameOfFunction(constructor)}{`, value, ERROR_NOISE);
        return true;
      }
      return false;
    } else return false;
    if (!this.#isPlainBuiltIn(value)) return false;
    if (!Object.isExtensible(value) && !Array.isArray(value)) this.#out.push("<fixed>");
    if (hasFurtherMembers(value)) this.#members("with{", value, indicesOf(value));
    return true;
  }

  /** True for an instance of the platform's class itself. An instance of a subclass is written as an instance, too. */
  #isPlainBuiltIn(value: object): boolean {
    const constructor = classOf(value);
    return constructor === null || constructor === Reflect.get(globalThis, nameOfFunction(constructor)) ||
      this.#view.classKindOf(constructor) === "platform";
  }

  #platformObject(value: object, constructor: object): void {
    const name = nameOfFunction(constructor);
    if (TEXTUAL.has(name)) return void this.#out.push(`${name}(${JSON.stringify(String(value))})`);
    if (name === "Headers") return void this.#out.push(`Headers(${JSON.stringify([...value as Headers])})`);
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    if (tag.startsWith("Temporal.")) return void this.#out.push(`${tag}(${JSON.stringify(String(value))})`);
    if (tag.startsWith("Intl.") && "resolvedOptions" in value) {
      return void this.#out.push(`${tag}(${JSON.stringify((value as Intl.NumberFormat).resolvedOptions())})`);
    }
    if (tag === "Intl.Locale") return void this.#out.push(`${tag}(${JSON.stringify(String(value))})`);
    if (name === "TextEncoder" || name === "TextDecoder") {
      const { encoding, fatal, ignoreBOM } = value as TextDecoder;
      return void this.#out.push(`${name}(${JSON.stringify([encoding, fatal, ignoreBOM])})`);
    }
    this.#handle(handleName(name));
  }
}

const ERROR_NOISE: ReadonlySet<string> = new Set(["stack"]);
const REGEXP_STATE: ReadonlySet<string> = new Set(["lastIndex"]);

/** True when a program has put a member on a Map, a Set, a Date, a RegExp or a buffer. */
function hasFurtherMembers(value: object): boolean {
  if (Array.isArray(value)) return false;
  if (ArrayBuffer.isView(value)) return keysBesideBytes(value).length > 0;
  if (typeTests().isStringObject(value)) return Reflect.ownKeys(value).length > String(value).length + 1;
  return Reflect.ownKeys(value).some((key) => key !== "lastIndex");
}

/** Names of the members that an object has as its content, and of those that are state of a RegExp. */
function indicesOf(value: object): ReadonlySet<string> {
  if (typeTests().isRegExp(value)) return REGEXP_STATE;
  const { length } = value as { length?: unknown };
  const isIndexed = ArrayBuffer.isView(value) || typeTests().isStringObject(value);
  if (!isIndexed || typeof length !== "number") return NO_NAMES;
  return new Set(["length", ...Array.from({ length }, (_, index) => String(index))]);
}

const NO_NAMES: ReadonlySet<string> = new Set();

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Descriptor of an own property; `null` when there is none, or when a variable of a module is not initialized yet. */
function readProperty(value: object, key: string | symbol): PropertyDescriptor | null {
  try {
    return Object.getOwnPropertyDescriptor(value, key) ?? null;
  } catch {
    return null;
  }
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
 */
function isPureData(value: object, fields: ReadonlyMap<string, unknown>): boolean {
  const seen = new Set<object>();
  const isData = (item: unknown, isRoot = false): boolean => {
    if (typeof item === "function") return false;
    if (typeof item !== "object" || item === null) return typeof item !== "symbol";
    if (seen.has(item)) return true;
    seen.add(item);
    if (typeTests().isProxy(item)) return false;
    if (textOfBuiltIn(item) !== null) return true;
    if (typeTests().isMap(item)) return [...item].every(([key, one]) => isData(key) && isData(one));
    if (typeTests().isSet(item)) return [...item].every((one) => isData(one));
    const prototype: unknown = Object.getPrototypeOf(item);
    const isPlain = prototype === null || prototype === Object.prototype || Array.isArray(item);
    if (!isPlain && !isRoot) return false;
    return Reflect.ownKeys(item).every((key) => {
      const property = readProperty(item, key);
      if (key === "constructor") return true;
      return property !== null && "value" in property && isData(property.value);
    });
  };
  return isData(value, true) && [...fields.values()].every((field) => isData(field));
}

/** True for private fields that hold data alone, at every depth. */
export function arePureData(fields: ReadonlyMap<string, unknown>): boolean {
  return isPureData({}, fields);
}

function textOfBuiltIn(value: object): string | null {
  const is = typeTests();
  if (is.isDate(value)) return `date(${Date.prototype.getTime.call(value)})`;
  if (is.isRegExp(value)) return `/${value.source}/${value.flags}`;
  if (is.isBoxedPrimitive(value)) return `boxed(${writePrimitive((value as { valueOf(): unknown }).valueOf())})`;
  if (is.isAnyArrayBuffer(value)) {
    return `${kindOfBuffer(value)}${roomOf(value)}(${digestBytes(new Uint8Array(value))})`;
  }
  if (ArrayBuffer.isView(value)) return textOfView(value);
  return null;
}

function kindOfBuffer(buffer: ArrayBufferLike): string {
  return buffer instanceof ArrayBuffer ? "buffer" : "shared buffer";
}

/** Text of the room that a buffer can grow to; empty for one of a fixed length. */
function roomOf(buffer: ArrayBufferLike): string {
  const canGrow = buffer instanceof ArrayBuffer ? buffer.resizable : buffer.growable;
  return canGrow ? ` to ${buffer.maxByteLength}` : "";
}

/**
 * Text of a typed array or a DataView. One that covers a part of its buffer counts with the whole of it, which the code
 * can reach; a Buffer of Node counts without the pool that it lies in.
 */
function textOfView(view: ArrayBufferView): string {
  const name = nameOfFunction(classOf(view) ?? {});
  const { buffer, byteOffset, byteLength } = view;
  const isWhole = byteLength === buffer.byteLength || name === "Buffer";
  const bytes = isWhole ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(buffer);
  const place = isWhole ? "" : ` at ${byteOffset} for ${byteLength}`;
  const kind = buffer instanceof ArrayBuffer ? "" : " of a shared buffer";
  return `${name}${kind}${place}${name === "Buffer" ? "" : roomOf(buffer)}(${digestBytes(bytes)})`;
}
