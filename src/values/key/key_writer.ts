/**
 * Walks through a value and writes its canonical bytes, which do not depend on which objects are shared.
 *
 * @module
 */
import { CacheTypeError } from "../../words/errors.ts";
import { type Classified, classify, classifyPlainLooking, isIndex, isJustElements, ownPlatformName } from "../kinds.ts";
import { ByteWriter, Major, returnWriter, takeWriter } from "../cbor/byte_writer.ts";
import {
  type HiddenMember,
  hiddenMembers,
  KeyParts,
  PART_BYTES,
  sortAscii,
  type SortedNames,
  sortEncoded,
} from "./key_parts.ts";
import { type EncodedKey, type EncodeKeyOptions, type Unresolved, writeKeyObject } from "./key_objects.ts";
import { isNodeBuffer } from "../brands.ts";
import { MAX_DEPTH, symbolName, TAG_REFERENCE } from "../cbor/tags.ts";
import { type Frame, Step, WalkStack } from "../cbor/walk_stack.ts";

/** Thrown when an object contains itself. The walk then begins again with the set of objects that are on cycles. */
export class CycleFound extends Error {}

/** Depth up to which a search through the stack is faster than a Set. */
const SHALLOW = 16;
/** Largest number of objects on cycles through which the path in a message leads; a longer path is abbreviated. */
const MAX_PATH_BODIES = 32;

/** An object on a cycle. Its number is its index in the list of bodies. */
interface Body {
  readonly subject: object;
  /** Number of the body in which the object was first met; -1: it was met in the value itself. */
  readonly parent: number;
  /** Path to the object from its parent. */
  readonly path: string;
  /** True when the object was first met in a private field. */
  readonly isPrivate: boolean;
}

/** Encodes one key. Use {@linkcode KeyWriter.write} once, then {@linkcode KeyWriter.release}. */
export class KeyWriter {
  /** Collects the bytes. */
  readonly writer: ByteWriter;
  /** Options of the encoding. */
  readonly options: EncodeKeyOptions;

  readonly #stack: WalkStack;
  readonly #unresolved: Unresolved[] = [];
  readonly #cyclic: ReadonlySet<object> | null;
  #onPath: Set<object> | null = null;
  #parts: KeyParts | null = null;
  readonly #bodies: Body[] = [];
  readonly #numbers = new Map<object, number>();
  #body = -1;
  #lastNames: readonly string[] = [];
  #lastSorted: readonly string[] = [];

  /**
   * @param options Options of the encoding.
   * @param cyclic The objects on cycles; `null`: not known, and {@linkcode CycleFound} is thrown when there are any.
   */
  constructor(options: EncodeKeyOptions, cyclic: ReadonlySet<object> | null) {
    this.options = options;
    this.#cyclic = cyclic;
    this.#stack = new WalkStack(options.path ?? "value");
    this.writer = takeWriter();
  }

  /** Returns the buffer to the pool for the next encoding. */
  release(): void {
    returnWriter(this.writer);
  }

  /** Encodes the whole value. */
  write(value: unknown): EncodedKey {
    this.#walk(value);
    const parts = this.#parts;
    if (parts === null && this.#bodies.length === 0) {
      return { bytes: this.writer.copy(), unresolved: this.#unresolved };
    }
    const root = this.writer.copy();
    const bodies = this.#writeBodies();
    const whole = new ByteWriter(root.length + bodies.length + (parts?.content.length ?? 0) + 64);
    whole.object("Graph", 4);
    whole.raw(root);
    whole.head(Major.array, parts?.count ?? 0);
    if (parts !== null) whole.raw(parts.content.bytes.subarray(0, parts.content.length));
    whole.head(Major.array, this.#bodies.length);
    whole.raw(bodies);
    return { bytes: whole.copy(), unresolved: this.#unresolved };
  }

  /** Encodes the objects on cycles in the order of their numbers; encoding one may add further ones to the list. */
  #writeBodies(): Uint8Array {
    this.writer.length = 0;
    this.#stack.root = "";
    for (let number = 0; number < this.#bodies.length; number++) {
      this.#body = number;
      const { subject } = this.#bodies[number]!;
      this.container(subject, classify(subject));
      this.#drain(0);
    }
    return this.writer.copy();
  }

  #walk(value: unknown): void {
    this.begin(value);
    this.#drain(0);
  }

  #drain(base: number): void {
    const stack = this.#stack;
    while (stack.depth > base) {
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
      if (stack.depth === depth && frame.index >= count) this.#end(frame.owner, frame.start);
    }
  }

  #end(subject: object | null, start: number): void {
    this.#stack.pop();
    if (subject === null) return;
    this.#onPath?.delete(subject);
    if (this.writer.length - start >= PART_BYTES && this.#stack.depth > 0) this.#intern(start, subject);
  }

  #intern(start: number, subject: object | null): void {
    const { writer } = this;
    const bytes = writer.bytes.subarray(start, writer.length);
    const part = (this.#parts ??= new KeyParts()).intern(bytes, subject);
    writer.length = start;
    this.#writeReference(part);
  }

  #writeReference(number: number): void {
    this.writer.head(Major.tag, TAG_REFERENCE);
    this.writer.number(number);
  }

  /** Writes a value that holds no other values; of one that does, writes the head and puts a frame on the stack. */
  begin(value: unknown): void {
    const { writer } = this;
    switch (typeof value) {
      case "string": {
        const start = writer.length;
        writer.text(value);
        if (value.length >= PART_BYTES && this.#stack.depth > 0) this.#intern(start, null);
        return;
      }
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
        return this.#symbol(writer, value);
      case "function":
        writer.object("Function", 2);
        return this.standIn(value, "function");
      default:
        if (value === null) return writer.byte(0xf6);
        return this.#object(value as object);
    }
  }

  #symbol(writer: ByteWriter, symbol: symbol): void {
    const name = symbolName(symbol);
    if (name === null) {
      const what = `${String(symbol)}, which is equal to nothing in another process`;
      return writer === this.writer ? this.handle(symbol, what) : this.refuse(what);
    }
    writer.object(name.kind, 2);
    writer.text(name.text);
  }

  #object(subject: object): void {
    this.options.noteObject?.(subject);
    if (this.#cyclic !== null && this.#cyclic.has(subject)) return this.#onCycle(subject);
    const part = this.#parts?.find(subject);
    if (part !== undefined) return this.#writeReference(part);
    if (this.#isOnPath(subject)) {
      if (this.#cyclic === null) throw new CycleFound();
      this.refuse("an object that changes while it is read");
    }
    const start = this.writer.length;
    const { depth } = this.#stack;
    this.container(subject, classify(subject));
    if (depth > 0 && this.#stack.depth === depth && this.writer.length - start >= PART_BYTES) {
      this.#intern(start, subject);
    }
  }

  #onCycle(subject: object): void {
    let number = this.#numbers.get(subject);
    if (number === undefined) {
      number = this.#bodies.length;
      this.#numbers.set(subject, number);
      this.#bodies.push({ subject, parent: this.#body, path: this.#stack.path(), isPrivate: this.#isPrivate() });
    }
    this.#writeReference(-1 - number);
  }

  #isOnPath(subject: object): boolean {
    if (this.#onPath !== null) return this.#onPath.has(subject);
    const { frames, depth } = this.#stack;
    for (let at = 0; at < depth; at++) if (frames[at]!.owner === subject) return true;
    return false;
  }

  /** Writes an object by its kind. */
  container(subject: object, classified: Classified): void {
    switch (classified.kind) {
      case "plain":
        return this.#plain(subject);
      case "array":
        if (classified.isBare) return this.array(subject as unknown[]);
    }
    this.#built(subject, classified);
  }

  #plain(subject: object): void {
    const names = Object.keys(subject);
    if (names.length === 0 || names[0] === "0") {
      const second = classifyPlainLooking(subject);
      if (second.kind !== "plain" && second.kind !== "namespace") return this.#built(subject, second);
    }
    this.fields(subject, names, this.writer.length);
  }

  /** Writes an object that is neither plain nor a bare array: its class, its content, its further properties. */
  #built(subject: object, { kind, isBare }: Classified): void {
    const { writer } = this;
    const start = writer.length;
    if (kind === "instance") {
      return this.#instance(subject, start);
    }
    const platform = isBare ? null : isNodeBuffer(subject) ? "Buffer" : ownPlatformName(subject);
    const extra = this.#extraNames(subject, kind);
    const isExtended = extra.length > 0 ||
      (!MARKED_BY_PLATFORM.has(kind) && Object.getOwnPropertySymbols(subject).length > 0);
    if (isBare || MARKED_BY_PLATFORM.has(kind)) {
      if (!isExtended) {
        if (!HOLDS_VALUES.has(kind)) return writeKeyObject(this, subject, kind);
        return this.parts(subject, start, [() => writeKeyObject(this, subject, kind)]);
      }
      writer.object("Extended", 3);
    } else if (platform !== null) {
      writer.object("Platform", 4);
      writer.text(platform);
    } else {
      this.#class(subject);
    }
    this.parts(subject, start, [
      () => kind === "array" ? this.array(subject as unknown[], null) : writeKeyObject(this, subject, kind),
      () => this.fields(subject, extra, writer.length, { owner: null }),
      ...platform === null ? this.#privates(subject) : [],
    ]);
  }

  /** Writes an instance of a user's class: the class, null for the content, fields, private fields, hidden members. */
  #instance(subject: object, start: number): void {
    const hidden = hiddenMembers(subject);
    this.#class(subject, hidden.length > 0);
    this.writer.byte(0xf6);
    const names = Object.keys(subject);
    const further = this.#privates(subject);
    if (hidden.length > 0) further.push(() => this.#hidden(hidden));
    if (further.length === 0) return this.fields(subject, names, start);
    this.parts(subject, start, [() => this.fields(subject, names, this.writer.length, { owner: null }), ...further]);
  }

  #class(subject: object, hasHidden = false): void {
    const further = Number(this.options.privatesOf?.(subject) !== undefined) + Number(hasHidden);
    this.writer.object("Instance", 4 + further);
    this.standIn(subject, "instance");
  }

  /** Writes members that are not enumerable: their names, then their values, in which handles are written by name. */
  #hidden(members: readonly HiddenMember[]): void {
    const { writer } = this;
    const start = writer.length;
    const names = members.map(({ name }) => name);
    writer.head(Major.map, 1);
    writer.head(Major.array, members.length);
    for (const name of names) writer.text(name);
    writer.head(Major.array, members.length);
    this.push(Step.privates, names, members.map(({ value }) => value), start, null);
  }

  /** Functions that write the private fields in the order of their declaration, without their names. */
  #privates(subject: object): (() => void)[] {
    const fields = this.options.privatesOf?.(subject);
    if (fields === undefined) return [];
    return [() => {
      const start = this.writer.length;
      this.writer.head(Major.array, fields.size);
      this.push(Step.privates, [...fields.keys()], [...fields.values()], start, null);
    }];
  }

  /** Names of the own enumerable properties beyond those that every object of the built-in kind has. */
  #extraNames(subject: object, kind: Classified["kind"]): string[] {
    // `array` writes all properties of an array. Listing a typed array's elements takes longer than reading them.
    if (kind === "array" || kind === "arguments" || MARKED_BY_PLATFORM.has(kind)) return [];
    if (kind === "view" && ((subject as Uint8Array).length ?? 0) > 0x10000) return [];
    const names = Object.keys(subject);
    if (names.length === 0) return names;
    if (kind === "view" || subject instanceof String) return names.filter((name) => !isIndex(name));
    if (kind === "error") return names.filter((name) => !ERROR_PROPERTIES.has(name));
    return names;
  }

  /** Writes an array; one with holes or further properties becomes a generic object. */
  array(subject: unknown[], owner: object | null = subject): void {
    const { writer } = this;
    const start = writer.length;
    const { length } = subject;
    if (isJustElements(subject) && Object.getOwnPropertySymbols(subject).length === 0) {
      writer.head(Major.array, length);
      this.push(Step.elements, null, subject, start, owner);
      return;
    }
    writer.object("Array", 3);
    writer.number(length);
    this.fields(subject, Object.keys(subject), start, { owner, hasIndices: true });
  }

  /** Writes the properties of `subject` as a map, sorted by their names. */
  fields(
    subject: object,
    names: readonly string[],
    start: number,
    { owner = subject, hasIndices = false }: { owner?: object | null; hasIndices?: boolean } = WHOLE,
  ): void {
    const symbols = Object.getOwnPropertySymbols(subject);
    const sorted = symbols.length > 0 || hasIndices
      ? this.#sortAll(subject, names, symbols, hasIndices)
      : this.#sort(names);
    this.writer.head(Major.map, sorted.names.length);
    this.push(Step.fields, subject, sorted.names, start, owner).encodedNames = sorted.encoded;
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

  #sortAll(
    subject: object,
    names: readonly string[],
    symbols: readonly symbol[],
    hasIndices: boolean,
  ): SortedNames {
    const counted = symbols.filter((symbol) => Object.prototype.propertyIsEnumerable.call(subject, symbol));
    return sortEncoded([...names, ...counted], (writer, name) => {
      if (typeof name === "symbol") this.#symbol(writer, name);
      else if (hasIndices && isIndex(name as string)) writer.number(Number(name));
      else writer.text(name as string);
    });
  }

  /** Calls functions one after the other, each after the values are written that the previous one put on the stack. */
  parts(subject: object | null, start: number, parts: readonly (() => void)[]): void {
    this.push(Step.parts, subject, parts, start);
  }

  /** Puts a frame on the stack. @param owner The object that is complete when the frame is; `null`: none. */
  push(step: number, subject: object | null, items: readonly unknown[], start: number, owner = subject): Frame {
    const stack = this.#stack;
    if (stack.depth >= MAX_DEPTH) this.refuse(`nesting deeper than ${MAX_DEPTH}`);
    const frame = stack.push(step, subject, items, start);
    frame.owner = owner;
    if (this.#onPath !== null) {
      if (owner !== null) this.#onPath.add(owner);
    } else if (stack.depth > SHALLOW) {
      this.#onPath = new Set();
      for (let at = 0; at < stack.depth; at++) {
        const above = stack.frames[at]!.owner;
        if (above !== null) this.#onPath.add(above);
      }
    }
    return frame;
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
    if (!this.#isPrivate() || this.options.nameHandle === undefined) this.refuse(what);
    this.writer.object("Handle", 2);
    this.writer.text(this.options.nameHandle(subject));
  }

  #isPrivate(): boolean {
    return this.options.isPrivate === true || this.#stack.isInPrivate ||
      (this.#body >= 0 && this.#bodies[this.#body]!.isPrivate);
  }

  /** The path to the value that is being written. */
  path(): string {
    const pieces: string[] = [this.#stack.path()];
    for (let at = this.#body; at >= 0; at = this.#bodies[at]!.parent) {
      if (pieces.length > MAX_PATH_BODIES) {
        pieces.push("…");
        break;
      }
      pieces.push(this.#bodies[at]!.path);
    }
    return pieces.reverse().join("");
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

/** Default for `fields`: the object is complete with its fields, and no name is an index. */
const WHOLE = {};

/** Kinds to whose objects the platform adds properties, and kinds that are refused or named as a whole. */
const MARKED_BY_PLATFORM: ReadonlySet<string> = new Set([
  "platform",
  "blob",
  "exception",
  "promise",
  "weak",
  "iterator",
  "stream",
]);

/** Kinds whose objects may hold values that are put on the stack. */
const HOLDS_VALUES: ReadonlySet<string> = new Set(["map", "set", "error", "arguments", "platform", "boxed"]);

const ERROR_PROPERTIES: ReadonlySet<string> = new Set(["name", "message", "cause", "errors", "stack"]);
