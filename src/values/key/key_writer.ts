/**
 * Walks through a value and writes its canonical bytes: what a function could tell apart gets different bytes.
 *
 * Each object, function and unregistered symbol gets a number when it is met, and is referred to by this number when it
 * is met again. So sharing and cycles count, and the walk is linear in the objects of the value.
 *
 * @module
 */
import { CacheTypeError, messageOf } from "../../words/errors.ts";
import {
  type Classified,
  classify,
  classifyPlainLooking,
  isPrototypeOfFunctions,
  mayHavePrivateState,
  ownPlatformName,
} from "../kinds.ts";
import { type ByteWriter, Major, returnWriter, takeWriter } from "../cbor/byte_writer.ts";
import {
  areUsualElements,
  furtherKeys,
  hasNamesAlone,
  isInMiddle,
  isUsual,
  isUsualBut,
  lengthText,
  listMembers,
  Numbering,
  ownNameText,
  RecentNames,
  sortKeys,
  splitByVisibility,
} from "./key_members.ts";
import {
  type EncodedKey,
  type EncodeKeyOptions,
  type KeyTarget,
  type Unresolved,
  writeKeyObject,
  writeLinks,
} from "./key_objects.ts";
import { isNodeBuffer, ownValue } from "../brands.ts";
import { isProxy } from "../../words/type_tests.ts";
import { MAX_DEPTH, symbolName, TAG_REFERENCE, TAG_ROW } from "../cbor/tags.ts";
import { type Frame, Step, WalkStack } from "../cbor/walk_stack.ts";
import { CodecFinder, type CodecValue } from "../use_codecs.ts";

/** Encodes one key. Use `write` once, then `release`. */
export class KeyWriter implements KeyTarget {
  /** Collects the bytes. */
  readonly writer: ByteWriter;
  /** Options of the encoding. */
  readonly options: EncodeKeyOptions;

  readonly #stack: WalkStack;
  readonly #unresolved: Unresolved[] = [];
  readonly #met: Numbering;
  /** Numbers of the classes of instances, which are met again and again. */
  readonly #classes = new Map<object, number>();
  readonly #codecs: CodecFinder;
  readonly #names = new RecentNames();
  #countsOrder: boolean;

  /** @param options Options of the encoding. */
  constructor(options: EncodeKeyOptions) {
    this.options = options;
    this.#met = options.met ?? new Numbering();
    this.#codecs = new CodecFinder(options.codecs ?? []);
    this.#countsOrder = options.countsOrder === true;
    this.#stack = new WalkStack(options.path ?? "value");
    this.writer = takeWriter();
  }

  /** Returns the buffer to the pool for the next encoding. */
  release = (): void => returnWriter(this.writer);

  /** Encodes the whole value, and the second one of the options. */
  write(value: unknown): EncodedKey {
    this.#walk(value);
    const { second } = this.options;
    if (second !== undefined) {
      this.#stack.root = second.path;
      this.#walk(second.value);
    }
    return { bytes: this.writer.copy(), unresolved: this.#unresolved, met: this.#met };
  }

  #walk(value: unknown): void {
    this.begin(value);
    const stack = this.#stack;
    while (stack.depth > 0) {
      const depth = stack.depth;
      const frame = stack.frames[depth - 1]!;
      const { items } = frame;
      const count = items.length;
      if (frame.step === Step.fields) this.#writeFields(frame, depth);
      else if (frame.step === Step.parts) {
        while (frame.index < count && stack.depth === depth) (items[frame.index++] as () => void)();
      } else {
        while (frame.index < count && stack.depth === depth) this.begin(items[frame.index++]);
      }
      if (stack.depth === depth && frame.index >= count) stack.pop();
    }
  }

  /** Writes names and values up to the first value that holds others, which is put on the stack. */
  #writeFields(frame: Frame, depth: number): void {
    const { items, encodedNames } = frame;
    const subject = frame.subject as Record<PropertyKey, unknown>;
    while (frame.index < items.length && this.#stack.depth === depth) {
      const at = frame.index++;
      this.#writeName(items[at] as string, at, encodedNames);
      this.begin(subject[items[at] as string]);
    }
  }

  #writeName(name: string, at: number, encodedNames: Frame["encodedNames"]): void {
    if (encodedNames === null) this.writer.text(name);
    else if (encodedNames !== "none") this.writer.raw(encodedNames[at]!);
  }

  /** Writes names and values as long as these are texts, numbers and the like. @returns The number of those written. */
  #writeFlat(
    subject: Record<PropertyKey, unknown>,
    names: readonly unknown[],
    encodedNames: Frame["encodedNames"],
  ): number {
    const { writer } = this;
    for (let at = 0; at < names.length; at++) {
      const name = names[at] as string;
      const value = subject[name];
      const type = typeof value;
      if (type === "object" ? value !== null : type === "function" || type === "symbol" || type === "bigint") return at;
      this.#writeName(name, at, encodedNames);
      if (type === "string") this.#text(value as string);
      else if (type === "number") writer.number(value as number);
      else this.begin(value);
    }
    return names.length;
  }

  /** Writes a value that holds no other values; of one that does, writes the head and puts a frame on the stack. */
  begin(value: unknown): void {
    const { writer } = this;
    switch (typeof value) {
      case "string":
        return this.#text(value);
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

  #text(text: string): void {
    const mark = this.options.markOfPath?.(text) ?? null;
    if (mark === null) this.writer.text(text);
    else this.mark(mark);
  }

  /** Writes a mark in place of a value. */
  mark(text: string): void {
    this.writer.object("Mark", 2);
    this.writer.text(text);
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
    const { countsNames, countsTexts } = this.options;
    this.options.noteFunction?.(fn, this.#holder());
    if (this.meet(fn)) return;
    if (isProxy(fn)) return this.handle(fn, PROXY);
    // A method or an arrow function has no prototype; a class's cannot be replaced.
    const prototype = Object.getOwnPropertyDescriptor(fn, "prototype");
    const form = prototype === undefined ? 0 : prototype.writable === true ? 1 : 2;
    const isOrdinary = form === 2 || isPrototypeOfFunctions(Object.getPrototypeOf(fn));
    this.writer.object(
      "Function",
      4 + Number(countsNames === true) + Number(countsTexts === true) + Number(!isOrdinary),
    );
    this.writer.number(form + (Object.isExtensible(fn) ? 0 : 4));
    this.writer.text(lengthText(fn));
    this.standIn(fn, "function");
    if (countsNames === true) this.writer.text(ownNameText(fn));
    if (countsTexts === true) this.writer.text(Function.prototype.toString.call(fn).replaceAll("\r\n", "\n"));
    if (!isOrdinary) this.parts(() => this.#class(fn));
  }

  /** Object that has the value which is being written as a member; `null` for an element, an argument and the like. */
  #holder(): object | null {
    return this.#stack.frames[this.#stack.depth - 1]?.subject ?? null;
  }

  /**
   * Gives a number to what is met for the first time, and marks it when it is captured by the function. Writes a
   * reference when it was met before.
   *
   * @returns True when it was met before, and is written.
   */
  meet(subject: object | symbol): boolean {
    const known = this.#met.meet(subject);
    if (known >= 0) {
      this.#reference(known);
      return true;
    }
    const ordinal = this.options.ordinalOf?.(subject);
    if (ordinal !== undefined) {
      this.writer.object("Captured", 3);
      this.writer.number(ordinal);
    }
    return false;
  }

  #reference(number: number): void {
    this.writer.head(Major.tag, TAG_REFERENCE);
    this.writer.number(number);
  }

  /** Gives a number to an object that is not written itself. @returns True when it was met before. */
  meetAlone(subject: object): boolean {
    return this.#met.meet(subject) >= 0;
  }

  #object(subject: object): void {
    const mark = this.options.markOf?.(subject);
    if (mark !== undefined) return this.mark(mark);
    if (this.meet(subject)) return;
    if (isProxy(subject)) return this.handle(subject, PROXY);
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
    if (hasPrototype && this.#isUsual(subject, names)) return this.fields(subject, names);
    this.writer.object("Object", 3);
    this.writer.byte(hasPrototype ? 0xf5 : 0xf4);
    this.#members(subject, Reflect.ownKeys(subject));
  }

  /** True for members as an assignment makes them. In the middle of a long array, names alone tell of the next element. */
  #isUsual(subject: object, names: readonly string[]): boolean {
    const leftOut = this.options.leftOutOf?.(subject);
    if (leftOut !== undefined) return isUsualBut(subject, leftOut);
    return this.#isInMiddle(names) ? hasNamesAlone(subject, names) : isUsual(subject, names);
  }

  #isInMiddle(names: readonly string[]): boolean {
    const frame = this.#stack.frames[this.#stack.depth - 1];
    if (frame === undefined) return false;
    const { step, items, index } = frame;
    return step === Step.elements && isInMiddle(index - 1, items.length) && this.#names.areGiven(names);
  }

  /**
   * Writes the members of an object, all of which are as an assignment makes them, as a map. Of an object with the names
   * of the map that was written before, as in the rows of a table, only the values are written.
   */
  fields(subject: object, names: readonly string[]): void {
    const leftOut = this.options.leftOutOf?.(subject);
    if (leftOut !== undefined) names = names.filter((name) => !leftOut.has(name));
    this.#names.take(names);
    if (this.#names.hasLength) this.#noteLength(subject);
    const { names: written, encoded } = this.#names.toWrite(this.#countsOrder);
    const isRow = this.#names.areWrittenAgain(written);
    if (isRow) this.writer.head(Major.tag, TAG_ROW);
    this.writer.head(isRow ? Major.array : Major.map, names.length);
    const encodedNames = isRow ? "none" : encoded;
    const index = this.#writeFlat(subject as Record<PropertyKey, unknown>, written, encodedNames);
    if (index === names.length) return;
    const frame = this.push(Step.fields, subject, written);
    frame.encodedNames = encodedNames;
    frame.index = index;
  }

  /** Code may return the member `length` of an input as if it were a number, so in an object there the order counts. */
  #noteLength(subject: object): void {
    const length: unknown = Object.getOwnPropertyDescriptor(subject, "length")?.value;
    if (typeof length === "object" && length !== null) this.#countsOrder = true;
  }

  /** Writes an array; one with holes, further members or unusual attributes becomes a generic object. */
  array(subject: unknown[]): void {
    if (areUsualElements(subject) && this.options.leftOutOf?.(subject) === undefined) {
      this.writer.head(Major.array, subject.length);
      return void this.push(Step.elements, null, subject);
    }
    this.writer.object("Array", 3);
    this.writer.number(subject.length);
    this.#members(subject, furtherKeys(subject, "array"));
  }

  /** Writes an object that is neither plain nor a bare array: its class, its content, its further members. */
  #built(subject: object, { kind, isBare }: Classified): void {
    const { writer } = this;
    if (!isBare || kind === "platform" || kind === "blob") {
      const kept = this.#codecValue(subject);
      if (kept === "failed") return; // it is written as a handle
      if (kept !== null) {
        writer.object("Codec", 5);
        writer.text(kept.name);
        writer.byte(Object.isExtensible(subject) ? 0xf5 : 0xf4);
        return this.parts(
          // The class counts besides, since the code may call its methods.
          () => isBare || ownPlatformName(subject) !== null ? writer.byte(0xf6) : this.#class(subject),
          () => void this.push(Step.coded, null, [kept.data]),
        );
      }
    }
    if (kind === "instance") return this.#instance(subject);
    const platform = isBare ? null : isNodeBuffer(subject) ? "Buffer" : ownPlatformName(subject);
    const leftOut = this.options.leftOutOf?.(subject);
    const further = furtherKeys(subject, kind).filter((key) => leftOut?.has(key) !== true);
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

  /** Data of the codec that keeps an object; `null` when there is none, `failed` when the object is a handle for it. */
  #codecValue(subject: object): CodecValue | null | "failed" {
    try {
      if (this.#stack.isCodedAgain()) throw new Error("its data is again a value of a codec, and so on without an end");
      return this.#codecs.encode(subject);
    } catch (cause) {
      this.handle(subject, `a value that its codec cannot encode: ${messageOf(cause)}`);
      return "failed";
    }
  }

  /** Writes an instance of a user's class: the class, null for the content, the members, the private fields. */
  #instance(subject: object): void {
    const privates = this.#privateFields(subject);
    this.writer.object("Instance", privates === undefined ? 4 : 5);
    if (privates === undefined && this.#hasConstructor(subject)) {
      // The class puts nothing on the stack, so that no list of parts is needed.
      this.#class(subject);
      this.writer.byte(0xf6);
      return this.#ownMembers(subject);
    }
    this.parts(
      () => this.#class(subject),
      () => this.writer.byte(0xf6),
      () => this.#ownMembers(subject),
      ...privates === undefined ? [] : [() => this.#privates(privates)],
    );
  }

  #hasConstructor(subject: object): boolean {
    return this.#codecs.knowsClassOf(subject) || this.options.writesPrototypes !== true;
  }

  #ownMembers(subject: object): void {
    const names = Object.keys(subject);
    if (this.#isUsual(subject, names)) return this.fields(subject, names);
    const [shown, hidden] = splitByVisibility(subject);
    this.writer.object("Members", 3);
    this.parts(
      () => this.#members(subject, shown),
      () => this.#members(subject, hidden, Step.hidden),
    );
  }

  /** Private fields of an instance; lists the instance as unresolved while they are not known. */
  #privateFields(subject: object): ReadonlyMap<string, unknown> | undefined {
    if (this.options.privatesOf === undefined || !mayHavePrivateState(subject)) return undefined;
    const known = this.options.privatesOf(subject);
    if (known === undefined) this.#unresolved.push({ subject, reason: "instance" });
    return known ?? undefined;
  }

  /** Writes the class of an instance: its code, its number among the classes met, its name where the code can see it. */
  #class(subject: object): void {
    const prototype = Object.getPrototypeOf(subject) as object | null;
    if (prototype === null) return this.writer.byte(0xf6);
    const constructor = ownValue(prototype, "constructor");
    // Without a constructor of its own, as with `Object.create(base)`, the prototype stands for the class.
    if (typeof constructor !== "function" && this.options.writesPrototypes === true) return this.begin(prototype);
    const owner = typeof constructor === "function" ? constructor : prototype;
    const known = this.#classes.get(owner);
    if (known !== undefined) return this.#reference(known);
    this.#classes.set(owner, this.#met.size);
    if (this.meet(owner)) return void this.#classes.set(owner, this.#met.numberOf(owner)!);
    const { countsNames, countsTexts } = this.options;
    const text = countsTexts === true && typeof owner === "function" ? Function.prototype.toString.call(owner) : "";
    this.writer.object("Class", 3);
    this.standIn(subject, "instance");
    this.writer.text(countsNames === true ? `${ownNameText(owner)}\0${text}` : "");
  }

  /** Writes members with their attributes, and whether the object can get further ones. */
  #members(subject: object, keys: readonly PropertyKey[], step: number = Step.attributes): void {
    if (keys.includes("length")) this.#noteLength(subject);
    const leftOut = this.options.leftOutOf?.(subject);
    const counted = leftOut === undefined ? keys : keys.filter((key) => !leftOut.has(key));
    const members = listMembers(subject, this.#countsOrder ? counted : sortKeys(counted));
    this.writer.head(Major.array, 1 + members.length);
    this.writer.byte(Object.isExtensible(subject) ? 0xf5 : 0xf4);
    this.push(step, subject, members);
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
    const known = this.options.identify?.(subject);
    if (known === undefined) {
      this.#unresolved.push({ subject, reason });
      return this.writer.byte(0xf7);
    }
    this.writer.text(known);
    const reached = this.options.reachedBy?.(subject);
    if (reached !== undefined) writeLinks(this, this.#met, reached);
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
      `Cannot use ${path} as an input: got ${what}; pass data instead, or name it in ignoreArgs if it cannot change the result`,
      { path },
    );
  }
}

const PROXY = "a Proxy, whose inside cannot be seen";
