/**
 * Walks through a result and writes it: containers by an explicit stack, shared objects by reference.
 *
 * @module
 */
import type { ResultOptions } from "../codec.ts";
import { CacheTypeError } from "../../words/errors.ts";
import { isBuiltInInside } from "../brands.ts";
import { type Classified, classify, classifyPlainLooking, type Kind, unbox } from "../kinds.ts";
import { type ByteWriter, Major, returnWriter, takeWriter } from "../cbor/byte_writer.ts";
import {
  type Draft,
  type External,
  IdentityMap,
  NOT_ADDRESSABLE,
  type ResultNotice,
  type Strategy,
  StrategyFailed,
  writeReference,
} from "./layout.ts";
import { isProxy } from "../../words/type_tests.ts";
import { areAssigned, areElementsAssigned, isBlank, isOpen, type Loss, PLAIN, settleLazy } from "./losses.ts";
import { type Form, formOf, formOfPlain, isLiteral, KEPT, namedElements, namedValues, nameOfKept } from "./forms.ts";
import { codecOf, dataOf, describeRefused, DISGUISED, holdsCaptured, isDerived, storedClassOf } from "./hooks.ts";
import {
  OWNED_BY_VIEW,
  SYMBOL_REMEDY,
  writeBlob,
  writeBuffer,
  writeDate,
  writeException,
  writePrimitiveObject,
  writeRegExp,
  writeView,
} from "./result_objects.ts";
import { writePacked } from "./pack.ts";
import { MAX_DEPTH, REFERENCE_BYTES, symbolName, TAG_MAP, TAG_SET } from "../cbor/tags.ts";
import { property, Step, WalkStack } from "../cbor/walk_stack.ts";

/** Length from which on arrays are packed, where packing pays. */
const PACK_FROM = 32;

/** Largest number of notices of one result. */
const MAX_NOTICES = 16;

const encoder = new TextEncoder();
const NO_MARKS: ReadonlySet<number> = new Set();

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
  /** True once an error was written. */
  hasStacks = false;
  /** Number of resizable buffers written so far. */
  resizableBuffers = 0;
  /** Sum of {@linkcode patternCost} over the regular expressions written so far. */
  patternCost = 0;
  /** The bytes of each pool of Node that were written with Buffers so far: 1 for each. */
  readonly pools = new Map<object, Uint8Array>();

  readonly #options: ResultOptions;
  /** Names of the classes of instances that were met, by their prototypes. */
  #classes: Map<object, string> | null = null;
  /** Offset at which the encoding of the object begins that is being written. */
  #place = 0;
  /** Depths of the stack at which there are objects that the decoder makes after all of their parts. */
  readonly #late: number[] = [];
  readonly #stack = new WalkStack("result");
  #sharedAt: Set<number> | null = null;
  readonly #references: { at: number; target: number }[] = [];
  /** Number of packed arrays that are being written, one inside the other. */
  #packing = 0;

  /** @param strategy Ways of writing to try. @param options Codecs, and classes whose instances are kept. */
  constructor(strategy: Readonly<Strategy>, options: ResultOptions) {
    this.strategy = strategy;
    this.#options = options;
    this.writer = takeWriter();
  }

  /** Returns the buffer to the pool for the next encoding. */
  release = (): void => returnWriter(this.writer);

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
      } else {
        while (frame.index < count && stack.depth === depth) this.#begin(items[frame.index++]);
      }
      if (stack.depth === depth && frame.index >= count) {
        if (this.#late.at(-1) === depth) this.#late.pop();
        stack.pop();
      }
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
        return this.#symbol(value);
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

  #symbol(value: symbol): void {
    const name = symbolName(value);
    if (name === null) return this.refuse(`a symbol that no other process has, ${String(value)}`, SYMBOL_REMEDY);
    this.writer.object(name.kind, 2);
    this.writer.text(name.text);
  }

  #object(subject: object): void {
    if (isProxy(subject)) this.refuse("a Proxy", "return what it stands for");
    const at = this.writer.length;
    const place = this.seen.add(subject, at);
    if (place !== undefined) return this.#reference(place);
    const captured = this.#options.classes?.referenceTo(subject) ?? null;
    if (captured !== null) {
      this.writer.object("Captured", 3);
      this.writer.number(captured.number);
      return this.writer.text(captured.digest);
    }
    this.#place = at;
    const stored = this.#classes?.get(Object.getPrototypeOf(subject));
    if (stored !== undefined && !isBuiltInInside(subject)) return this.#instance(subject, stored);
    this.#container(subject, classify(subject));
  }

  /** Writes an instance of a class that was met before. */
  #instance(subject: object, stored: string): void {
    if (this.#coded(subject)) return;
    const form = formOfPlain(subject);
    if ("what" in form) return this.#lost(form);
    this.#formed(subject, "instance", form, null, stored);
  }

  #reference(place: number): void {
    if (place === NOT_ADDRESSABLE) throw new StrategyFailed("packs");
    if (place === OWNED_BY_VIEW) throw new StrategyFailed("ownsBuffers");
    if (this.#late.length > 0 && this.#stack.isOpen(place, this.#late.at(-1)!)) {
      this.refuse("a cycle through the data of a codec or the buffer of a view, which is made after all of its parts");
    }
    (this.#sharedAt ??= new Set()).add(place);
    this.#references.push({ at: writeReference(this.writer), target: place });
  }

  #container(subject: object, { kind, isBare }: Classified): void {
    switch (kind) {
      case "plain":
        return this.#plain(subject);
      case "array":
        if (isBare && this.#literal(subject as unknown[])) return;
        break;
      case "map":
      case "set":
      case "date":
      case "buffer":
        if (isBare && isBlank(subject)) return this.#base(subject, kind, BLANK, null);
    }
    this.#built(subject, kind, isBare);
  }

  #plain(subject: object): void {
    const names = Object.getOwnPropertyNames(subject);
    const hasPrototype = Object.getPrototypeOf(subject) !== null;
    if (names.length === 0 || names[0] === "0" || names[0] === "length" || !hasPrototype) {
      const second = classifyPlainLooking(subject);
      if (second.kind !== "plain") return this.#built(subject, second.kind, second.isBare);
      if (isBuiltInInside(subject)) return this.#refuseDisguised(subject);
    }
    if (hasPrototype && isOpen(subject) && areAssigned(subject, names)) {
      this.writer.head(Major.map, names.length);
      return this.#push(Step.fields, subject, names);
    }
    if (settleLazy(subject)) return this.#plain(subject);
    const form = formOfPlain(subject);
    if ("what" in form) return this.#codedOrLost(subject, form);
    this.#formed(subject, "plain", form, null, null);
  }

  #literal(subject: unknown[]): boolean {
    if (!isLiteral(subject) || !areElementsAssigned(subject)) return false;
    this.#elements(subject);
    return true;
  }

  #elements(subject: unknown[]): void {
    const length = subject.length;
    const isPacked = length >= PACK_FROM && this.strategy.packs && !holdsCaptured(this.#options, subject);
    if (isPacked && this.#packed(subject)) return;
    this.writer.head(Major.array, length);
    this.#push(Step.elements, subject, subject);
  }

  /** Writes an object that is neither plain nor a literal: one with a class, an attribute or a member of its own. */
  #built(subject: object, kind: Kind, isBare: boolean): void {
    const name = nameOfKept(subject, kind, isBare);
    let stored: string | null = null;
    if (name === null) {
      if (this.#coded(subject)) return;
      const isKept = KEPT.has(kind) || kind === "instance";
      stored = isKept ? storedClassOf(this.#options, subject) : null;
      if (stored === null && !(kind === "instance" && isDerived(subject))) {
        return this.refuse(...describeRefused(this.#options, subject, kind));
      }
      if (kind === "instance") {
        if (isBuiltInInside(subject)) return this.#refuseDisguised(subject);
        if (stored !== null) (this.#classes ??= new Map()).set(Object.getPrototypeOf(subject), stored);
      }
    }
    const form = formOf(subject, kind, name);
    if (form === null) {
      return void (this.#coded(subject) || this.refuse(...describeRefused(this.#options, subject, kind)));
    }
    if ("what" in form) return name === null ? this.#lost(form) : this.#codedOrLost(subject, form);
    this.#formed(subject, kind, form, name, stored);
  }

  /**
   * Writes an object in its form.
   *
   * @param name Name of the built-in kind or class; `null`: none.
   * @param stored Name of the class of an instance; `null`: no class is stored.
   */
  #formed(subject: object, kind: Kind, form: Form, name: string | null, stored: string | null): void {
    const { writer } = this;
    const { state, tail } = form;
    if (state !== 0 || tail.length > 0) {
      writer.object("With", 3 + tail.length);
      this.#push(Step.tail, subject, [state, ...tail]);
    }
    if (stored !== null) {
      const hasBase = kind !== "instance";
      const named = hasBase ? NONE : namedValues(subject, form.names!, []);
      writer.object("Class", 3 + named.length);
      writer.text(stored);
      if (!hasBase) {
        writer.byte(0xf6);
        return this.#push(Step.named, subject, named);
      }
    }
    this.#base(subject, kind, form, name);
  }

  /** Writes the part of an object that the form of its kind keeps. */
  #base(subject: object, kind: Kind, form: Form, name: string | null): void {
    const { writer } = this;
    switch (kind) {
      case "plain":
      case "instance": {
        const names = form.names!;
        const prototype = Object.getPrototypeOf(subject);
        if (prototype === Object.prototype) {
          writer.head(Major.map, names.length);
          return this.#push(Step.fields, subject, names);
        }
        const named = namedValues(subject, names, ["__proto__", prototype]);
        writer.object("Object", named.length);
        return this.#push(Step.named, subject, named, 1);
      }
      case "array":
        return form.sparse === undefined
          ? this.#elements(subject as unknown[])
          : this.#sparse(subject as unknown[], form.sparse);
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
        return this.#error(subject, form, name ?? "Error");
      case "exception":
        return writeException(writer, subject as DOMException, this.#stackOf(form.stack));
      case "boxed":
        return writePrimitiveObject(this, unbox(subject)!);
      case "view": {
        const buffer = writeView(this, subject as ArrayBufferView, name === "Buffer");
        return buffer === null ? undefined : this.#pushLate(Step.buffer, subject, buffer);
      }
      case "buffer":
        return writeBuffer(this, subject as ArrayBuffer);
      case "blob":
        return writeBlob(this, subject as Blob);
      default: {
        // An arguments object, or one of the platform, by the values that tell it.
        const parts = form.parts!;
        writer.object(name!, 1 + parts.length);
        return this.#push(Step.elements, subject, parts);
      }
    }
  }

  #sparse(subject: unknown[], keys: readonly string[]): void {
    this.writer.object("Array", 3);
    this.writer.number(subject.length);
    this.writer.head(Major.map, keys.length);
    this.#push(Step.named, subject, namedElements(subject, keys));
  }

  /** The stack of an error as it is written. */
  #stackOf<Stack>(stack: Stack): Stack | undefined {
    this.hasStacks = true;
    return this.#options.leavesOutStacks === true ? undefined : stack;
  }

  #error(subject: object, { plainError, stack }: Form, name: string): void {
    const { writer } = this;
    if (plainError === undefined) {
      writer.object("Bare", 3);
      writer.text(name);
      return this.#push(Step.named, subject, ["stack", this.#stackOf(stack)], 1);
    }
    writer.object(name, plainError.cause === undefined ? 3 : 4);
    this.#begin(plainError.message);
    this.#begin(this.#stackOf(plainError.stack));
    if (plainError.cause !== undefined) this.#push(Step.named, subject, ["cause", plainError.cause.value], 1);
  }

  /** Writes an object by the codec that keeps it. @returns `false` when none does; then nothing is written. */
  #coded(subject: object): boolean {
    if (this.#options.codecs === undefined) return false;
    const refuse = (what: string, cause: unknown) => this.refuse(what, CODEC_REMEDY, undefined, cause);
    const codec = codecOf(this.#options, subject, refuse);
    if (codec === null) return false;
    if (this.#stack.isCodedAgain()) {
      this.refuse(
        `a value of the codec ${JSON.stringify(codec.name)}, whose data is a value of a codec again`,
        CODEC_REMEDY,
      );
    }
    const data = dataOf(codec, subject, refuse);
    this.writer.object("Codec", 4);
    this.writer.text(codec.name);
    this.writer.text(this.#options.digestOf?.(codec) ?? "");
    this.#pushLate(Step.coded, subject, data);
    return true;
  }

  #packed(subject: unknown[]): boolean {
    // The decoder makes a packed array after all of its parts, so these cannot refer to it.
    const place = this.#place;
    this.seen.set(subject, NOT_ADDRESSABLE);
    this.#packing++;
    const isPacked = writePacked(this, subject);
    this.#packing--;
    this.#place = place;
    this.seen.set(subject, place);
    return isPacked;
  }

  #push(step: number, subject: object, items: readonly unknown[], index = 0): void {
    if (this.#stack.depth >= MAX_DEPTH) this.refuse(`nesting deeper than ${MAX_DEPTH}`);
    this.#stack.push(step, subject, items, this.#place).index = index;
  }

  /** Puts the only part of an object on the stack that the decoder makes after that part. */
  #pushLate(step: number, subject: object, part: unknown): void {
    this.#push(step, subject, [part]);
    this.#late.push(this.#stack.depth);
  }

  /** Writes an array, one value after the other. */
  list(items: readonly unknown[]): void {
    this.writer.head(Major.array, items.length);
    for (const item of items) this.item(item);
  }

  /** Begins the column of the values of `names[index]` of all rows; paths name the column and no row. */
  enterColumn(names: readonly string[], index: number): void {
    this.#stack.push(Step.column, null, names, this.writer.length).index = index + 1;
  }

  /** Ends the column that was begun last. */
  leaveColumn = (): void => this.#stack.pop();

  /** Writes a value that holds no others. */
  primitive = (value: unknown): void => this.#begin(value);

  /** Writes an object that is part of another one's encoding, such as the buffer of a view, or a reference to it. */
  nested = (subject: object): void => this.#object(subject);

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
   * @param cause Error of a codec, because of which the value is refused.
   * @throws {CacheTypeError} Always: the value that is being written cannot be stored.
   */
  refuse(what: string, remedy = PLAIN, member?: PropertyKey, cause?: unknown): never {
    // A column does not know the indices of rows. A second walk without packing fails here again and knows the path.
    if (this.#packing > 0) throw new StrategyFailed("packs");
    const path = this.path() + (member === undefined ? "" : property(member));
    throw new CacheTypeError("ERR_RESULT", `Cannot store ${path}: got ${what}; ${remedy}`, {
      path,
      ...cause === undefined ? {} : { cause },
    });
  }

  #lost({ what, remedy, member }: Loss): never {
    this.refuse(what, remedy, member);
  }

  #codedOrLost(subject: object, loss: Loss): void {
    if (!this.#coded(subject)) this.#lost(loss);
  }

  #refuseDisguised(subject: object): void {
    if (!this.#coded(subject)) this.refuse(DISGUISED);
  }

  /** Adds a notice about the value that is being written, up to {@linkcode MAX_NOTICES}. */
  notice(detail: string): void {
    if (this.notices.length < MAX_NOTICES) this.notices.push({ path: this.path(), detail });
  }
}

const CODEC_REMEDY = "mend the codec, or leave the value out of the result";
const NONE: readonly unknown[] = [];
const BLANK: Form = { state: 0, tail: NONE };
