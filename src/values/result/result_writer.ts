/**
 * Walks through a result and writes it: containers by an explicit stack, shared objects by reference.
 *
 * @module
 */
import { CacheTypeError } from "../../words/errors.ts";
import {
  type Classified,
  classify,
  classifyPlainLooking,
  className,
  isElementsAlone,
  isForeign,
  isIndex,
  unbox,
} from "../kinds.ts";
import { type ByteWriter, Major, returnWriter, takeWriter } from "../cbor/byte_writer.ts";
import {
  type Draft,
  type External,
  IdentityMap,
  NOT_ADDRESSABLE,
  type Strategy,
  StrategyFailed,
  writeReference,
} from "./layout.ts";
import {
  isBuiltInInside,
  type Loss,
  lossBeside,
  lossOfBare,
  lossOfElements,
  lossOfObject,
  lossOfSparse,
  PLAIN,
} from "./losses.ts";
import { isProxy } from "../../words/proxy.ts";
import {
  isNodeBuffer,
  OWNED_BY_VIEW,
  writeBlob,
  writeBuffer,
  writeDate,
  writeError,
  writeException,
  writeRegExp,
  writeView,
} from "./result_objects.ts";
import { writePacked } from "./pack.ts";
import { MAX_DEPTH, REFERENCE_BYTES, TAG_MAP, TAG_SET } from "../cbor/tags.ts";
import { property, Step, WalkStack } from "../cbor/walk_stack.ts";

/** Length from which on arrays are packed, where packing pays. */
const PACK_FROM = 32;

/** Largest number of notices of one result. */
const MAX_NOTICES = 16;

const encoder = new TextEncoder();
const NO_MARKS: ReadonlySet<number> = new Set();

/** A notice about a part of a result that is stored but takes more room than it seems to. */
export interface ResultNotice {
  /** Path to the part: `result.rows[0]`. */
  readonly path: string;
  /** The notice in words. */
  readonly detail: string;
}

/** Encodes one result. Use {@linkcode ResultWriter.write} once, then {@linkcode ResultWriter.release}. */
export class ResultWriter {
  /** Collects the bytes. */
  readonly writer: ByteWriter;
  /** Notices for the user about parts that are stored. */
  readonly notices: ResultNotice[] = [];
  /** Ways of writing that are tried. */
  readonly strategy: Readonly<Strategy>;
  /** Large data, which is not copied into `writer`. */
  readonly externals: External[] = [];
  /** Objects that were met, each with the offset at which its encoding begins. */
  readonly seen = new IdentityMap();
  /** Number of resizable buffers written so far. */
  resizableBuffers = 0;
  /** Sum of {@linkcode patternCost} over the regular expressions written so far. */
  patternCost = 0;

  readonly #stack = new WalkStack("result");
  #sharedAt: Set<number> | null = null;
  readonly #references: { at: number; target: number }[] = [];
  /** Number of packed arrays that are being written, one inside the other. */
  #packing = 0;

  /** @param strategy Ways of writing to try. */
  constructor(strategy: Readonly<Strategy>) {
    this.strategy = strategy;
    this.writer = takeWriter();
  }

  /** Returns the buffer to the pool for the next encoding. */
  release(): void {
    returnWriter(this.writer);
  }

  /** Writes the whole value. */
  write(value: unknown): Draft {
    this.item(value);
    return {
      writer: this.writer,
      externals: this.externals,
      sharedAt: this.#sharedAt ?? NO_MARKS,
      references: this.#references,
    };
  }

  /** Writes a value and the values in it. */
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
          this.writer.text(name);
          this.#begin(subject[name]);
        }
      } else if (frame.step === Step.elements) {
        while (frame.index < count && stack.depth === depth) this.#begin(items[frame.index++]);
      } else {
        while (frame.index < count && stack.depth === depth) this.#begin(items[frame.index++]);
      }
      if (stack.depth === depth && frame.index >= count) stack.pop();
    }
  }

  /** Writes a value that holds no other values; of one that does, writes the head and puts a frame on the stack. */
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
    if (isProxy(subject)) this.refuse("a Proxy", "return what it stands for");
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
    if (!isBare && KEPT.has(kind)) return this.#refuseInstance(subject);
    switch (kind) {
      case "plain":
        return this.#plain(subject);
      case "array":
        return this.#array(subject as unknown[]);
      case "map": {
        this.#keepsAll(lossOfBare(subject));
        const entries: unknown[] = [];
        Map.prototype.forEach.call(subject, (value, key) => entries.push(key, value));
        writer.head(Major.tag, TAG_MAP);
        writer.head(Major.map, entries.length / 2);
        return this.#push(Step.entries, subject, entries);
      }
      case "set": {
        this.#keepsAll(lossOfBare(subject));
        const members: unknown[] = [];
        Set.prototype.forEach.call(subject, (member) => members.push(member));
        writer.head(Major.tag, TAG_SET);
        writer.head(Major.array, members.length);
        return this.#push(Step.members, subject, members);
      }
      case "date":
        this.#keepsAll(lossOfBare(subject));
        return writeDate(writer, subject as Date);
      case "regexp":
        this.#keepsAll(lossBeside(subject, /a/));
        return writeRegExp(this, subject as RegExp);
      case "error":
        return this.#error(subject as Error);
      case "exception":
        this.#keepsAll(lossBeside(subject, new DOMException()));
        return writeException(this, subject as DOMException);
      case "boxed": {
        const value = unbox(subject)!;
        if (typeof value === "symbol") return this.refuse("a boxed symbol");
        if (Object.getPrototypeOf(subject) !== Object.getPrototypeOf(Object(value))) {
          return this.refuse("a built-in object with another prototype than its own");
        }
        this.#keepsAll(lossBeside(subject, Object(value)));
        writer.object(kindOfPrimitive(value), 2);
        return this.#begin(value);
      }
      case "view":
        return writeView(this, subject as ArrayBufferView);
      case "buffer":
        return writeBuffer(this, subject as ArrayBuffer);
      case "blob":
        this.#keepsAll(lossBeside(subject, subject instanceof File ? new File([], "") : new Blob([])));
        return writeBlob(this, subject as Blob);
      case "instance":
        return this.#refuseInstance(subject);
      default:
        if (isForeign(subject)) return this.#refuseInstance(subject);
        return this.refuse(REFUSED[kind] ?? `an object of the platform (${className(subject)})`);
    }
  }

  #plain(subject: object): void {
    const names = Object.getOwnPropertyNames(subject);
    const isBare = Object.getPrototypeOf(subject) === null;
    if (names.length === 0 || names[0] === "0" || isBare) {
      const second = classifyPlainLooking(subject);
      if (second.kind !== "plain") return this.#container(subject, second);
      if (isBuiltInInside(subject)) return this.refuse("a built-in object with another prototype than its own");
    }
    if (isBare) {
      return this.refuse("an object without a prototype", "return a plain one: { ...object }");
    }
    this.#keepsAll(lossOfObject(subject, names));
    this.writer.head(Major.map, names.length);
    this.#push(Step.fields, subject, names);
  }

  #array(subject: unknown[]): void {
    const length = subject.length;
    if (isElementsAlone(subject)) {
      this.#keepsAll(lossOfElements(subject));
      if (length >= PACK_FROM && this.strategy.packs && this.#packed(subject)) return;
      this.writer.head(Major.array, length);
      return this.#push(Step.elements, subject, subject);
    }
    const names = Object.getOwnPropertyNames(subject).filter((name) => name !== "length");
    this.#keepsAll(lossOfSparse(subject, names));
    this.writer.object("Array", 3);
    this.writer.number(length);
    this.writer.head(Major.map, names.length);
    const named: unknown[] = [];
    for (const name of names) named.push(isIndex(name) ? Number(name) : name, subject[name as unknown as number]);
    this.#push(Step.named, subject, named);
  }

  #packed(subject: unknown[]): boolean {
    // The decoder makes a packed array after all of its parts, so these cannot refer to it.
    const place = this.writer.length;
    this.seen.set(subject, NOT_ADDRESSABLE);
    this.#packing++;
    const isPacked = writePacked(this, subject);
    this.#packing--;
    this.seen.set(subject, place);
    return isPacked;
  }

  #error(subject: Error): void {
    const { hasCause, cause } = writeError(this, subject);
    if (hasCause) this.#push(Step.named, subject, ["cause", cause], 1);
  }

  #push(step: number, subject: object, items: readonly unknown[], index = 0): void {
    if (this.#stack.depth >= MAX_DEPTH) this.refuse(`nesting deeper than ${MAX_DEPTH}`);
    this.#stack.push(step, subject, items, this.writer.length).index = index;
  }

  /** Writes an array, one value after the other. */
  list(items: readonly unknown[]): void {
    this.writer.head(Major.array, items.length);
    for (const item of items) this.item(item);
  }

  /** Begins the column of the values of `names[index]` of all rows; paths name the column and no row. */
  enterColumn(names: readonly string[], index: number): void {
    this.#stack.push(Step.column, null, names, 0).index = index + 1;
  }

  /** Ends the column that {@linkcode ResultWriter.enterColumn} began. */
  leaveColumn(): void {
    this.#stack.pop();
  }

  /** Writes a value that holds no others. */
  primitive(value: unknown): void {
    this.#begin(value);
  }

  /** Writes an object that is part of another one's encoding, such as the buffer of a view, or a reference to it. */
  nested(subject: object): void {
    this.#object(subject);
  }

  /** Adds data that goes into the encoding without being copied. */
  external(external: External): void {
    this.externals.push(external);
  }

  /** The path to the value that is being written. */
  path(): string {
    return this.#stack.path();
  }

  /**
   * @param what The refused value in words.
   * @param remedy Advice to the user.
   * @param member Member of the value being written that is refused; absent: the value itself is.
   * @throws {CacheTypeError} Always: the value that is being written cannot be stored.
   */
  refuse(what: string, remedy = PLAIN, member?: PropertyKey): never {
    // A column does not know the indices of rows. A second walk without packing fails here again and knows the path.
    if (this.#packing > 0) throw new StrategyFailed("packs");
    const path = this.path() + (member === undefined ? "" : property(member));
    throw new CacheTypeError("ERR_RESULT", `Cannot store ${path}: got ${what}; ${remedy}`, { path });
  }

  /** @throws {CacheTypeError} When there is a loss, that is, when a copy of the value would lack something. */
  #keepsAll(loss: Loss | null): void {
    if (loss !== null) this.refuse(loss.what, loss.remedy, loss.member);
  }

  #refuseInstance(subject: object): never {
    if (isNodeBuffer(subject)) return this.refuse("a Buffer of Node", "return new Uint8Array(buffer)");
    if (isForeign(subject)) {
      return this.refuse(
        `an object of another realm (${className(subject)})`,
        "return plain data that is made here, such as structuredClone(object)",
      );
    }
    return this.refuse(
      `an instance of ${className(subject)}`,
      "return plain data, such as its fields, and make the instance from that",
    );
  }

  /** Adds a notice about the value that is being written, up to {@linkcode MAX_NOTICES}. */
  notice(detail: string): void {
    if (this.notices.length < MAX_NOTICES) this.notices.push({ path: this.path(), detail });
  }
}

/** Kinds of built-ins that are stored. An instance of a class that extends one is refused: its class would be lost. */
const KEPT: ReadonlySet<string> = new Set([
  "array",
  "map",
  "set",
  "date",
  "regexp",
  "error",
  "exception",
  "boxed",
  "view",
  "buffer",
  "blob",
]);

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
