/**
 * Walks through a value and writes its canonical bytes: what a function could tell apart gets different bytes.
 *
 * Each object, function and unregistered symbol gets a number when it is met, and is referred to by this number when it
 * is met again. So sharing and cycles count, and the walk is linear in the objects of the value.
 *
 * @module
 */
import { CacheTypeError } from "../../words/errors.ts";
import { type Classified, classify, classifyPlainLooking, mayHavePrivateState, ownPlatformName } from "../kinds.ts";
import { type ByteWriter, Major, returnWriter, takeWriter } from "../cbor/byte_writer.ts";
import {
  areUsualElements,
  furtherKeys,
  isUsual,
  listMembers,
  sortAscii,
  type SortedNames,
  sortEncoded,
  splitByVisibility,
} from "./key_members.ts";
import {
  type EncodedKey,
  type EncodeKeyOptions,
  type KeyTarget,
  type Unresolved,
  writeKeyObject,
} from "./key_objects.ts";
import { isNodeBuffer } from "../brands.ts";
import { MAX_DEPTH, symbolName, TAG_REFERENCE } from "../cbor/tags.ts";
import { type Frame, Step, WalkStack } from "../cbor/walk_stack.ts";
import { codecOfClass, type CodecValue, dataMember, encodeByCodec } from "../use_codecs.ts";

/** Encodes one key. Use {@linkcode KeyWriter.write} once, then {@linkcode KeyWriter.release}. */
export class KeyWriter implements KeyTarget {
  /** Collects the bytes. */
  readonly writer: ByteWriter;
  /** Options of the encoding. */
  readonly options: EncodeKeyOptions;

  readonly #stack: WalkStack;
  readonly #unresolved: Unresolved[] = [];
  /** Objects, functions and unregistered symbols in the order in which they were met. */
  readonly #numbers = new Map<object | symbol, number>();
  #lastNames: readonly string[] = [];
  #lastSorted: readonly string[] = [];
  #countsOrder: boolean;

  /** @param options Options of the encoding. */
  constructor(options: EncodeKeyOptions) {
    this.options = options;
    this.#countsOrder = options.countsOrder === true;
    this.#stack = new WalkStack(options.path ?? "value");
    this.writer = takeWriter();
  }

  /** Returns the buffer to the pool for the next encoding. */
  release(): void {
    returnWriter(this.writer);
  }

  /** Encodes the whole value, and the second one of the options. */
  write(value: unknown): EncodedKey {
    this.#walk(value);
    const { second } = this.options;
    if (second !== undefined) {
      this.#stack.root = second.path;
      this.#walk(second.value);
    }
    return { bytes: this.writer.copy(), unresolved: this.#unresolved };
  }

  #walk(value: unknown): void {
    this.begin(value);
    const stack = this.#stack;
    while (stack.depth > 0) {
      const depth = stack.depth;
      const frame = stack.frames[depth - 1]!;
      const { items } = frame;
      const count = items.length;
      if (frame.step === Step.fields) {
        const subject = frame.subject as Record<PropertyKey, unknown>;
        while (frame.index < count && stack.depth === depth) {
          const at = frame.index++;
          if (frame.encodedNames === null) this.writer.text(items[at] as string);
          else this.writer.raw(frame.encodedNames[at]!);
          this.begin(subject[items[at] as string]);
        }
      } else if (frame.step === Step.parts) {
        while (frame.index < count && stack.depth === depth) (items[frame.index++] as () => void)();
      } else {
        while (frame.index < count && stack.depth === depth) this.begin(items[frame.index++]);
      }
      if (stack.depth === depth && frame.index >= count) stack.pop();
    }
  }

  /** Writes a value that holds no other values; of one that does, writes the head and puts a frame on the stack. */
  begin(value: unknown): void {
    const { writer } = this;
    switch (typeof value) {
      case "string":
        return writer.text(value);
      case "number":
        return writer.number(value);
      case "boolean":
        return writer.byte(value ? 0xf5 : 0xf4);
      case "undefined":
        return writer.byte(0xf7);
      case "bigint":
        if (!writer.bigint(value)) this.refuse("a bigint of more than 16 MiB");
        return;
      case "symbol":
        return this.#symbol(value);
      case "function":
        return this.#function(value);
      default:
        if (value === null) return writer.byte(0xf6);
        return this.#object(value as object);
    }
  }

  #symbol(symbol: symbol): void {
    const name = symbolName(symbol);
    if (name !== null) {
      this.writer.object(name.kind, 2);
      return this.writer.text(name.text);
    }
    if (this.meet(symbol)) return;
    // Equal to no symbol of another process: the number tells it from others of the value, the mark from captured ones.
    this.writer.object("LocalSymbol", 2);
    this.writer.text(String(symbol.description ?? ""));
  }

  #function(fn: object): void {
    if (this.meet(fn)) return;
    this.writer.object("Function", this.options.countsNames === true ? 4 : 3);
    // A method or an arrow function has no prototype; a class's cannot be replaced.
    const prototype = Object.getOwnPropertyDescriptor(fn, "prototype");
    const form = prototype === undefined ? 0 : prototype.writable === true ? 1 : 2;
    this.writer.number(form + (Object.isExtensible(fn) ? 0 : 4));
    this.standIn(fn, "function");
    if (this.options.countsNames === true) this.writer.text(ownNameText(fn));
  }

  /**
   * Gives a number to what is met for the first time, and marks it when it is captured by the function. Writes a
   * reference when it was met before.
   *
   * @returns True when it was met before, and is written.
   */
  meet(subject: object | symbol): boolean {
    const known = this.#numbers.get(subject);
    if (known !== undefined) {
      this.writer.head(Major.tag, TAG_REFERENCE);
      this.writer.number(known);
      return true;
    }
    this.#numbers.set(subject, this.#numbers.size);
    const ordinal = this.options.ordinalOf?.(subject);
    if (ordinal !== undefined) {
      this.writer.object("Captured", 3);
      this.writer.number(ordinal);
    }
    return false;
  }

  /** Gives a number to an object that is not written itself. @returns True when it was met before. */
  meetAlone(subject: object): boolean {
    if (this.#numbers.has(subject)) return true;
    this.#numbers.set(subject, this.#numbers.size);
    return false;
  }

  #object(subject: object): void {
    this.options.noteObject?.(subject);
    if (this.meet(subject)) return;
    const classified = classify(subject);
    if (classified.kind === "plain") return this.#plain(subject);
    if (classified.kind === "array" && classified.isBare) return this.array(subject as unknown[]);
    this.#built(subject, classified);
  }

  #plain(subject: object): void {
    const names = Object.keys(subject);
    const hasPrototype = Object.getPrototypeOf(subject) !== null;
    if (names.length === 0 || names[0] === "0" || !hasPrototype) {
      const second = classifyPlainLooking(subject);
      if (second.kind !== "plain" && second.kind !== "namespace") return this.#built(subject, second);
    }
    if (hasPrototype && isUsual(subject, names)) return this.fields(subject, names);
    this.writer.object("Object", 3);
    this.writer.byte(hasPrototype ? 0xf5 : 0xf4);
    this.#members(subject, Reflect.ownKeys(subject));
  }

  /** Writes the members of an object, all of which are as an assignment makes them, as a map. */
  fields(subject: object, names: readonly string[]): void {
    if (names.includes("length")) this.#noteLength(subject);
    const sorted = this.#countsOrder ? { names, encoded: null } : this.#sort(names);
    this.writer.head(Major.map, sorted.names.length);
    this.push(Step.fields, subject, sorted.names).encodedNames = sorted.encoded;
  }

  /** Code may return the member `length` of an input as if it were a number, so in an object there the order counts. */
  #noteLength(subject: object): void {
    const length: unknown = Object.getOwnPropertyDescriptor(subject, "length")?.value;
    if (typeof length === "object" && length !== null) this.#countsOrder = true;
  }

  #sort(names: readonly string[]): SortedNames {
    const last = this.#lastNames;
    if (names.length === last.length && names.every((name, at) => name === last[at])) {
      return { names: this.#lastSorted, encoded: null };
    }
    const sorted = sortAscii(names);
    if (sorted === null) return sortEncoded(names, (writer, name) => writer.text(name as string));
    this.#lastNames = names;
    this.#lastSorted = sorted;
    return { names: sorted, encoded: null };
  }

  /** Writes an array; one with holes, further members or unusual attributes becomes a generic object. */
  array(subject: unknown[]): void {
    const { writer } = this;
    if (areUsualElements(subject)) {
      writer.head(Major.array, subject.length);
      this.push(Step.elements, null, subject);
      return;
    }
    writer.object("Array", 3);
    writer.number(subject.length);
    this.#members(subject, furtherKeys(subject, "array"));
  }

  /** Writes an object that is neither plain nor a bare array: its class, its content, its further members. */
  #built(subject: object, { kind, isBare }: Classified): void {
    const { writer } = this;
    if (!isBare || kind === "platform" || kind === "blob") {
      const kept = this.#codecValue(subject);
      if (kept !== null) {
        writer.object("Codec", 3);
        writer.text(kept.name);
        this.push(Step.coded, null, [kept.data]);
        return;
      }
    }
    if (kind === "instance") return this.#instance(subject);
    const platform = isBare ? null : isNodeBuffer(subject) ? "Buffer" : ownPlatformName(subject);
    const further = furtherKeys(subject, kind);
    const isExtended = further.length > 0 || !Object.isExtensible(subject);
    const content = () => kind === "array" ? this.array(subject as unknown[]) : writeKeyObject(this, subject, kind);
    if (isBare || platform !== null) {
      if (!isBare && kind !== "platform" && kind !== "blob" && kind !== "exception") {
        writer.object("Platform", 3);
        writer.text(platform!);
      }
      if (!isExtended) return content();
      writer.object("Extended", 3);
      return this.parts(content, () => this.#members(subject, further));
    }
    const privates = this.#privateFields(subject);
    writer.object("Instance", privates === undefined ? 4 : 5);
    this.parts(
      () => this.#class(subject),
      content,
      () => this.#members(subject, kind === "array" ? [] : further),
      ...privates === undefined ? [] : [() => this.#privates(privates)],
    );
  }

  /** Data of the codec that keeps an object, or that its class declares; `null` when there is none. */
  #codecValue(subject: object): CodecValue | null {
    const kept = encodeByCodec(subject, this.options.codecs ?? []);
    if (kept !== null) return kept;
    const prototype: unknown = Object.getPrototypeOf(subject);
    const constructor = typeof prototype === "object" && prototype !== null
      ? dataMember(prototype, "constructor")
      : null;
    const declared = typeof constructor === "function" ? codecOfClass(constructor) : null;
    return declared === null ? null : encodeByCodec(subject, [declared]);
  }

  /** Writes an instance of a user's class: the class, null for the content, the members, the private fields. */
  #instance(subject: object): void {
    const privates = this.#privateFields(subject);
    this.writer.object("Instance", privates === undefined ? 4 : 5);
    this.parts(
      () => this.#class(subject),
      () => this.writer.byte(0xf6),
      () => {
        const names = Object.keys(subject);
        if (isUsual(subject, names)) return this.fields(subject, names);
        const [shown, hidden] = splitByVisibility(subject);
        this.writer.object("Members", 3);
        this.parts(
          () => this.#members(subject, shown),
          () => this.#members(subject, hidden, Step.hidden),
        );
      },
      ...privates === undefined ? [] : [() => this.#privates(privates)],
    );
  }

  /** Private fields of an instance; lists the instance as unresolved while they are not known. */
  #privateFields(subject: object): ReadonlyMap<string, unknown> | undefined {
    const { privatesOf } = this.options;
    if (privatesOf === undefined || !mayHavePrivateState(subject)) return undefined;
    const known = privatesOf(subject);
    if (known === undefined) this.#unresolved.push({ subject, path: this.path(), reason: "instance" });
    return known ?? undefined;
  }

  /** Writes the class of an instance: its code, its number among the classes met, its name where the code can see it. */
  #class(subject: object): void {
    const prototype = Object.getPrototypeOf(subject) as object;
    const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
    // The prototype stands for a class without a constructor of its own: `Object.create(base)`.
    const owner = typeof constructor === "function" ? constructor : prototype;
    const known = this.#numbers.get(owner);
    if (known !== undefined) return void this.meet(owner);
    this.meet(owner);
    this.writer.object("Class", this.options.countsNames === true ? 3 : 2);
    this.standIn(subject, "instance");
    if (this.options.countsNames === true) this.writer.text(ownNameText(owner));
  }

  /** Writes members with their attributes, and whether the object can get further ones. */
  #members(subject: object, keys: readonly PropertyKey[], step: number = Step.attributes): void {
    if (keys.includes("length")) this.#noteLength(subject);
    const members = listMembers(subject, this.#countsOrder ? keys : this.#sortKeys(keys));
    this.writer.head(Major.array, 1 + members.length);
    this.writer.byte(Object.isExtensible(subject) ? 0xf5 : 0xf4);
    this.push(step, null, members);
  }

  #sortKeys(keys: readonly PropertyKey[]): readonly PropertyKey[] {
    return sortEncoded(keys, (writer, key) => {
      if (typeof key !== "symbol") return writer.text(String(key));
      const name = symbolName(key);
      writer.object(name?.kind ?? "LocalSymbol", 2);
      writer.text(name?.text ?? String(key.description ?? ""));
    }).names;
  }

  /** Writes private fields in the order of their declaration, without their names. */
  #privates(fields: ReadonlyMap<string, unknown>): void {
    this.writer.head(Major.array, fields.size);
    this.push(Step.privates, [...fields.keys()], [...fields.values()]);
  }

  /** Calls functions one after the other, each after the values are written that the previous one put on the stack. */
  parts(...parts: readonly (() => void)[]): void {
    this.push(Step.parts, null, parts);
  }

  /** Puts items on the stack, so that they are written next. */
  push(step: number, subject: object | null, items: readonly unknown[]): Frame {
    if (this.#stack.depth >= MAX_DEPTH) this.refuse(`nesting deeper than ${MAX_DEPTH}`);
    return this.#stack.push(step, subject, items, 0);
  }

  /** Writes the stand-in that `identify` gives for `subject`, or lists it as unresolved. */
  standIn(subject: object, reason: Unresolved["reason"]): void {
    const path = this.path();
    const known = this.options.identify?.(subject, path);
    if (typeof known === "string") return this.writer.text(known);
    if (known !== undefined) return this.writer.byteString(known);
    this.#unresolved.push({ subject, path, reason });
    this.writer.byte(0xf7);
  }

  /** Writes a handle by its name when it is in a private field. @throws {CacheTypeError} When it is elsewhere. */
  handle(subject: unknown, what: string): void {
    const isPrivate = this.options.isPrivate === true || this.#stack.isInPrivate;
    if (!isPrivate || this.options.nameHandle === undefined) this.refuse(what);
    this.writer.object("Handle", 2);
    this.writer.text(this.options.nameHandle(subject));
  }

  /** The path to the value that is being written. */
  path(): string {
    return this.#stack.path();
  }

  /** @throws {CacheTypeError} Always: the value that is being written cannot be an input. */
  refuse(what: string): never {
    const path = this.path();
    throw new CacheTypeError(
      "ERR_ARGUMENT",
      `Cannot use ${path} as an input: got ${what}; name its parameter in ignoreArgs, or pass data`,
      { path },
    );
  }
}

/** Name of a function, by its own data property; no accessor is called. */
function ownNameText(fn: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, "name")?.value;
  return typeof name === "string" ? name : "";
}
