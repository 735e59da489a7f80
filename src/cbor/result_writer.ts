/**
 * The walk through a result: containers by an explicit stack, shared objects by reference.
 *
 * @module
 */
import { CacheTypeError } from "../errors.ts";
import { isJustElements } from "./array_names.ts";
import { ByteWriter, Major } from "./byte_writer.ts";
import type { ResultNotice } from "./encode_result.ts";
import { IdentityMap, NOT_ADDRESSABLE } from "./identity_map.ts";
import { type Classified, classify, classifyPlainLooking, className, hasPrivateState } from "./kinds.ts";
import { type Draft, type External, writeReference } from "./layout.ts";
import {
  OWNED_BY_VIEW,
  writeBlob,
  writeBuffer,
  writeDate,
  writeError,
  writeException,
  writeRegExp,
  writeView,
} from "./result_objects.ts";
import { type Strategy, StrategyFailed } from "./strategy.ts";
import { writePacked } from "./pack_writer.ts";
import { MAX_DEPTH, REFERENCE_BYTES, TAG_MAP, TAG_SET } from "./tags.ts";
import { unbox } from "./kinds.ts";
import { type Frame, Step, WalkStack } from "./walk_stack.ts";

/** Arrays of this length are looked at for packing. */
const PACK_FROM = 32;

/** A notice for each class that loses its prototype, up to this many. */
const MAX_NOTICES = 16;

const encoder = new TextEncoder();
const NO_MARKS: ReadonlySet<number> = new Set();

let pooledWriter: ByteWriter | null = null;

/** Encodes one result. Use {@linkcode ResultWriter.write} once, then {@linkcode ResultWriter.release}. */
export class ResultWriter {
  /** Where the bytes go. */
  readonly writer: ByteWriter;
  /** What is not kept. */
  readonly notices: ResultNotice[] = [];
  /** What is tried. */
  readonly strategy: Readonly<Strategy>;
  /** Data to be passed by reference. */
  readonly externals: External[] = [];
  /** Objects that were met, by the place of their encoding. */
  readonly seen = new IdentityMap();
  /** Number of resizable buffers so far. */
  resizableBuffers = 0;
  /** Cost of the regular expressions so far. */
  patternCost = 0;

  readonly #stack = new WalkStack("result");
  #sharedAt: Set<number> | null = null;
  readonly #references: { at: number; target: number }[] = [];
  /** Packed arrays that are being written, one inside the other. */
  #packing = 0;
  #noticedClasses: Set<unknown> | null = null;

  /** @param strategy Which ways of writing to try. */
  constructor(strategy: Readonly<Strategy>) {
    this.strategy = strategy;
    // A getter may encode while we do: then the pool is empty and it gets a writer of its own.
    this.writer = pooledWriter ?? new ByteWriter();
    this.writer.length = 0;
    pooledWriter = null;
  }

  /** Gives the buffer back for the next encoding. */
  release(): void {
    if (this.writer.bytes.length <= 1 << 20) pooledWriter = this.writer;
  }

  /** Walks the whole value. */
  write(value: unknown): Draft {
    this.item(value);
    return {
      writer: this.writer,
      externals: this.externals,
      sharedAt: this.#sharedAt ?? NO_MARKS,
      references: this.#references,
    };
  }

  /** Writes one value with all that it holds. */
  item(value: unknown): void {
    const stack = this.#stack;
    const base = stack.depth;
    this.#begin(value);
    while (stack.depth > base) {
      const frame = stack.frames[stack.depth - 1]!;
      const items = frame.items;
      const count = items.length;
      const depth = stack.depth;
      if (frame.step === Step.fields) {
        const subject = frame.subject as Record<string, unknown>;
        while (frame.index < count && stack.depth === depth) {
          const name = items[frame.index++] as string;
          const field = subject[name];
          if (field === undefined && !Object.hasOwn(subject, name)) {
            // A getter took this property away; structuredClone leaves it out as well.
            this.#withdrawField(frame);
            continue;
          }
          this.writer.text(name);
          this.#begin(field);
        }
      } else if (frame.step === Step.elements) {
        while (frame.index < count && stack.depth === depth) this.#begin(items[frame.index++]);
      } else {
        while (frame.index < count && stack.depth === depth) this.#begin(items[frame.index++]);
      }
      if (stack.depth === depth && frame.index >= count) stack.pop();
    }
  }

  /** Writes a value that holds nothing, or the head of one that does and puts its frame on the stack. */
  #begin(value: unknown): void {
    const writer = this.writer;
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
      case "function":
        return this.refuse("a function");
      case "symbol":
        return this.refuse("a symbol");
      default:
        if (value === null) return writer.byte(0xf6);
        return this.#object(value as object);
    }
  }

  #text(value: string): void {
    if (value.length < REFERENCE_BYTES || !value.isWellFormed()) return this.writer.text(value);
    const source = encoder.encode(value);
    this.external({ at: this.writer.length, major: Major.text, tag: null, source, byteLength: source.length });
  }

  #object(subject: object): void {
    const place = this.seen.add(subject, this.writer.length);
    if (place !== undefined) return this.#reference(place);
    this.#container(subject, classify(subject));
  }

  #reference(place: number): void {
    if (place === NOT_ADDRESSABLE) throw new StrategyFailed("packs");
    if (place === OWNED_BY_VIEW) throw new StrategyFailed("ownsBuffers");
    (this.#sharedAt ??= new Set()).add(place);
    this.#references.push({ at: writeReference(this.writer), target: place });
  }

  #container(subject: object, { kind, isBare }: Classified): void {
    const writer = this.writer;
    if (!isBare && LOSES_CLASS.has(kind)) this.#noticeClass(subject);
    switch (kind) {
      case "plain":
        return this.#plain(subject);
      case "array":
        return this.#array(subject as unknown[]);
      case "map": {
        const entries: unknown[] = [];
        Map.prototype.forEach.call(subject, (value, key) => entries.push(key, value));
        writer.head(Major.tag, TAG_MAP);
        writer.head(Major.map, entries.length / 2);
        return this.#push(Step.entries, subject, entries);
      }
      case "set": {
        const members: unknown[] = [];
        Set.prototype.forEach.call(subject, (member) => members.push(member));
        writer.head(Major.tag, TAG_SET);
        writer.head(Major.array, members.length);
        return this.#push(Step.members, subject, members);
      }
      case "date":
        return writeDate(writer, subject as Date);
      case "regexp":
        return writeRegExp(this, subject as RegExp);
      case "error":
        return this.#error(subject as Error);
      case "exception":
        return writeException(writer, subject as DOMException);
      case "boxed": {
        const value = unbox(subject)!;
        if (typeof value === "symbol") return this.refuse("a boxed symbol");
        writer.object(kindOfPrimitive(value), 2);
        return this.#begin(value);
      }
      case "view":
        return writeView(this, subject as ArrayBufferView);
      case "buffer":
        return writeBuffer(this, subject as ArrayBuffer);
      case "blob":
        return writeBlob(this, subject as Blob);
      case "instance":
        return this.#instance(subject);
      default:
        return this.refuse(REFUSED[kind] ?? `an object of the platform (${className(subject)})`);
    }
  }

  #plain(subject: object): void {
    const names = Object.keys(subject);
    if (names.length === 0 || names[0] === "0") {
      const second = classifyPlainLooking(subject);
      if (second.kind !== "plain") return this.#container(subject, second);
    }
    this.writer.head(Major.map, names.length);
    this.#push(Step.fields, subject, names);
  }

  #instance(subject: object): void {
    if (hasPrivateState(subject)) {
      return this.refuse(`an instance of ${className(subject)}, whose #private state cannot be read`);
    }
    this.#noticeClass(subject);
    const names = Object.keys(subject);
    this.writer.head(Major.map, names.length);
    this.#push(Step.fields, subject, names);
  }

  #array(subject: unknown[]): void {
    const length = subject.length;
    if (isJustElements(subject)) {
      if (length >= PACK_FROM && this.strategy.packs && this.#packed(subject)) return;
      this.writer.head(Major.array, length);
      return this.#push(Step.elements, subject, subject);
    }
    const names = Object.keys(subject);
    this.writer.object("Array", 3);
    this.writer.number(length);
    this.writer.head(Major.map, names.length);
    const named: unknown[] = [];
    for (const name of names) named.push(isIndex(name) ? Number(name) : name, subject[name as unknown as number]);
    this.#push(Step.named, subject, named);
  }

  #packed(subject: unknown[]): boolean {
    // A packed array exists only when all its parts have been read, so they cannot refer to it.
    const place = this.writer.length;
    this.seen.set(subject, NOT_ADDRESSABLE);
    this.#packing++;
    const isPacked = writePacked(this, subject);
    this.#packing--;
    this.seen.set(subject, place);
    return isPacked;
  }

  #error(subject: Error): void {
    const { hasCause, cause, lost } = writeError(this, subject);
    if (lost !== null) this.notice(subject, lost);
    if (hasCause) this.#push(Step.named, subject, ["cause", cause], 1);
  }

  #push(step: number, subject: object, items: readonly unknown[], index = 0): void {
    if (this.#stack.depth >= MAX_DEPTH) this.refuse(`nesting deeper than ${MAX_DEPTH}`);
    this.#stack.push(step, subject, items, this.writer.length).index = index;
  }

  /** Counts one field less in a head that is already written. */
  #withdrawField(frame: Frame): void {
    const count = frame.items.length;
    const bytes = this.writer.bytes;
    if (count < 24) {
      bytes[frame.start - 1]!--;
      return;
    }
    let at = frame.start - 1;
    while (bytes[at] === 0) bytes[at--] = 0xff;
    bytes[at]!--;
  }

  /** Writes an array value by value. */
  list(items: readonly unknown[]): void {
    this.writer.head(Major.array, items.length);
    for (const item of items) this.item(item);
  }

  /** What follows are the values of `names[index]` of all rows; paths say so without the row. */
  enterColumn(names: readonly string[], index: number): void {
    this.#stack.push(Step.column, null, names, 0).index = index + 1;
  }

  /** Ends {@linkcode ResultWriter.enterColumn}. */
  leaveColumn(): void {
    this.#stack.pop();
  }

  /** Writes a value that holds no others. */
  primitive(value: unknown): void {
    this.#begin(value);
  }

  /** Writes an object that another one is made of, or a reference to it. */
  nested(subject: object): void {
    this.#object(subject);
  }

  /** Puts data into the encoding by reference. */
  external(external: External): void {
    this.externals.push(external);
  }

  /** The path to the value at hand. */
  path(): string {
    return this.#stack.path();
  }

  /** @throws {CacheTypeError} Always: the value at hand cannot be stored. */
  refuse(what: string): never {
    // Columns do not know the rows' places, so let a walk value by value come here again and tell the path.
    if (this.#packing > 0) throw new StrategyFailed("packs");
    const path = this.path();
    throw new CacheTypeError(
      "ERR_RESULT",
      `Cannot store ${path}: got ${what}; return data (what structuredClone accepts), or leave it out of the result`,
      { path },
    );
  }

  /** Says once for each class what is lost. */
  notice(subject: object, detail: string): void {
    const key = Object.getPrototypeOf(subject);
    const noticed = this.#noticedClasses ??= new Set();
    if (noticed.has(key) || this.notices.length >= MAX_NOTICES) return;
    noticed.add(key);
    this.notices.push({ path: this.path(), detail });
  }

  #noticeClass(subject: object): void {
    const what = Object.prototype.toString.call(subject) === "[object Object]"
      ? "by its own fields"
      : "as the built-in";
    this.notice(subject, `an instance of ${className(subject)} is stored ${what}, without its class`);
  }
}

/** Built-ins that classes extend; a copy is of the built-in. */
const LOSES_CLASS: ReadonlySet<string> = new Set(["array", "map", "set", "date", "regexp", "boxed", "view", "buffer"]);

const REFUSED: Readonly<Record<string, string>> = {
  sharedBuffer: "a SharedArrayBuffer, which is shared and not stored",
  arguments: "an arguments object",
  promise: "a Promise",
  weak: "a weak reference or collection",
  iterator: "an iterator or generator",
  stream: "a stream",
  namespace: "a module namespace",
};

function kindOfPrimitive(value: number | string | boolean | bigint): string {
  switch (typeof value) {
    case "number":
      return "Number";
    case "string":
      return "String";
    case "boolean":
      return "Boolean";
    default:
      return "BigInt";
  }
}

/** Whether a property name is an array index: the decimal form of an integer below 2^32 - 1. */
export function isIndex(name: string): boolean {
  if (name.length > 10 || name === "") return false;
  const index = Number(name);
  return index >= 0 && index < 0xffffffff && String(index) === name && Number.isInteger(index);
}
