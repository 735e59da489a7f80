/**
 * Encodes built-in objects into the canonical bytes of a key.
 *
 * @module
 */
import { type ByteWriter, Major } from "../cbor/byte_writer.ts";
import { className, isRawJson, type Kind, ownPlatformName, unbox } from "../kinds.ts";
import { isNodeBuffer, ownValue } from "../brands.ts";
import { isLengthTracking, isOutOfBounds, regexpParts, writeDate } from "../result/result_objects.ts";
import { bytesOf, REFERENCE_BYTES, TAG_BY_NAME, TAG_SET, TAG_URI, viewName } from "../cbor/tags.ts";
import { Step } from "../cbor/walk_stack.ts";
import type { Codec } from "../codec.ts";
import type { Numbering } from "./key_members.ts";

/** Options of `encodeKey`. Most of them are for values that cannot be encoded by their content, such as functions. */
export interface EncodeKeyOptions {
  /**
   * Beginning of the paths in messages.
   *
   * @default {"value"}
   */
  readonly path?: string;
  /**
   * Returns the stand-in that is written for a function, for the class of an instance or for the content of a Blob;
   * `undefined` while it is not known, and the subject is then listed as unresolved.
   */
  identify?(subject: object): string | undefined;
  /**
   * Objects, functions and symbols that the code of a function or a class reaches, in an order that its stand-in
   * determines. Code can tell one of these from an equal one elsewhere in the value.
   */
  reachedBy?(subject: object): readonly (object | symbol)[] | undefined;
  /** Called each time that a function is met, with the object that has it as a member, or `null`. */
  noteFunction?(fn: object, holder: object | null): void;
  /** Returns the mark that is written in place of an object whose content does not count; `undefined` for any other. */
  markOf?(subject: object): string | undefined;
  /** Returns the keys of the members of an object that do not count; `undefined` when all count. */
  readonly leftOutOf?: ((subject: object) => ReadonlySet<PropertyKey> | undefined) | undefined;
  /** Called for each date; returns the time zone where the function can turn dates into text. */
  readonly zoneOf?: (() => string | undefined) | undefined;
  /** Returns the mark that is written in place of a text or URL that is a path; `null` for any other. */
  readonly markOfPath?: ((value: string | URL) => string | null) | undefined;
  /**
   * True: a prototype without a constructor of its own, as with `Object.create(base)`, is written like any value.
   * False: `identify` is asked.
   *
   * @default false
   */
  readonly writesPrototypes?: boolean;
  /** Subjects that were met before, which are written as references. @default a new one */
  readonly met?: Numbering;
  /**
   * Returns the private fields of an instance by name; `null` when there are none, `undefined` while they are not known,
   * and the instance is then listed as unresolved. Asked only for instances of classes that may have private fields.
   */
  privatesOf?(instance: object): ReadonlyMap<string, unknown> | null | undefined;
  /**
   * Returns the name that is written for a handle. A handle is a value that cannot be an input: a Promise, a stream, a
   * weak collection, an iterator, an unregistered symbol, an object of the platform. Only handles in private fields are
   * named; elsewhere, and without this function, a handle is refused.
   */
  nameHandle?(handle: unknown): string;
  /**
   * Number by which the function that gets the value knows an object, function or symbol that it captures; `undefined`
   * for all others. The function can tell a captured object from an equal one.
   */
  readonly ordinalOf?: ((subject: object | symbol) => number | undefined) | undefined;
  /**
   * True when the function can see the order of members.
   *
   * @default false
   */
  readonly countsOrder?: boolean;
  /**
   * True when the function can see the names of functions and classes.
   *
   * @default false
   */
  readonly countsNames?: boolean;
  /**
   * True when the function can see the source text of functions and classes, comments included.
   *
   * @default false
   */
  readonly countsTexts?: boolean;
  /**
   * True when the function can see the stack traces of errors.
   *
   * @default false
   */
  readonly countsStacks?: boolean;
  /** A second value that is encoded after the first one, which it may share objects with, and its name in messages. */
  readonly second?: { readonly path: string; readonly value: unknown } | undefined;
  /**
   * Codecs, asked for instances and for objects of the platform; the key then holds the data of the codec.
   *
   * @default []
   */
  readonly codecs?: readonly Codec[];
  /** Called with each AbortSignal, whose state is no input. */
  noteSignal?(signal: AbortSignal): void;
  /**
   * True when the value itself comes from private fields, so that handles anywhere in it are named.
   *
   * @default false
   */
  readonly isPrivate?: boolean;
  /**
   * Digests binary data of 64 KiB or more; the key then holds the digest in place of the data. Keys can be compared
   * only when all of them were made with the same function, or all of them without one.
   */
  readonly digest?: (bytes: Uint8Array) => string;
}

/** The canonical bytes of a value, and the objects whose stand-ins are missing in them. */
export interface EncodedKey {
  readonly bytes: Uint8Array;
  /** Objects for which `identify` gave no stand-in, in the order of the walk. With any of these, `bytes` is no key. */
  readonly unresolved: readonly Unresolved[];
  /** Objects, functions and unregistered symbols of the value, in the order in which they were met. */
  readonly met: Numbering;
}

/** An object whose stand-in has to be found before the value is encoded again. */
export interface Unresolved {
  readonly subject: object;
  /** Kind of the object: a function, an instance of a user's class, or a Blob or File, whose bytes must be awaited. */
  readonly reason: "function" | "instance" | "blob";
}

/** The part of the walk ({@linkcode KeyWriter}) that the functions of this file call. */
export interface KeyTarget {
  readonly writer: ByteWriter;
  readonly options: EncodeKeyOptions;
  /** Writes a value; of one that holds others, writes the head and puts these on the stack. */
  begin(value: unknown): void;
  /** Writes a mark in place of a value. */
  mark(text: string): void;
  /** Writes an array. */
  array(items: unknown[]): void;
  /** Gives a number to an object that is met for the first time. @returns True when it was met before, and is written. */
  meet(subject: object): boolean;
  /**
   * Gives a number to an object that is not written itself.
   *
   * @returns True when it was met before; nothing is written in either case.
   */
  meetAlone(subject: object): boolean;
  /** Puts `items` on the stack, so that they are written next. */
  push(step: number, subject: object | null, items: readonly unknown[]): unknown;
  /** Writes the stand-in of `subject`, or lists it as unresolved. */
  standIn(subject: object, reason: Unresolved["reason"]): void;
  /** Writes a handle by its name, or refuses it. @param what The handle in words, for the message. */
  handle(subject: unknown, what: string): void;
}

/** Writes a built-in object without its further properties; values that it holds are put on the stack. */
export function writeKeyObject(key: KeyTarget, subject: object, kind: Kind): void {
  const { writer, options } = key;
  switch (kind) {
    case "map": {
      const entries: unknown[] = [];
      Map.prototype.forEach.call(subject, (value, name) => entries.push(name, value));
      writer.object("Map", 1 + entries.length);
      key.push(Step.entries, null, entries);
      return;
    }
    case "set": {
      const members: unknown[] = [];
      Set.prototype.forEach.call(subject, (member) => members.push(member));
      writer.head(Major.tag, TAG_SET);
      writer.head(Major.array, members.length);
      key.push(Step.members, null, members);
      return;
    }
    case "date": {
      const zone = options.zoneOf?.();
      if (zone !== undefined) {
        writer.object("LocalDate", 3);
        writer.text(zone);
      }
      return writeDate(writer, subject as Date);
    }
    case "regexp": {
      const [source, flags] = regexpParts(subject as RegExp);
      writer.object("RegExp", 4);
      writer.text(source);
      writer.text(flags);
      // Assigned by the program, it may hold any value.
      return key.begin(options.leftOutOf?.(subject)?.has("lastIndex") ? 0 : (subject as RegExp).lastIndex);
    }
    case "error":
      return writeKeyError(key, subject as Error);
    case "exception":
      writer.object("DOMException", 3);
      writer.text((subject as DOMException).message);
      return writer.text((subject as DOMException).name);
    case "boxed":
      return writeBoxed(key, subject);
    case "view":
      return writeKeyView(key, subject as ArrayBufferView);
    case "buffer":
      if ((subject as ArrayBuffer).detached) return key.handle(subject, "a detached ArrayBuffer");
      return writeKeyBuffer(key, subject as ArrayBuffer);
    case "sharedBuffer":
      return writeKeyBuffer(key, subject as SharedArrayBuffer);
    case "blob":
      return writeKeyBlob(key, subject as Blob);
    case "arguments":
      writer.object("Arguments", 2);
      key.array(Array.from(subject as ArrayLike<unknown>));
      return;
    case "platform":
      return writePlatform(key, subject);
    default:
      return writeHandle(key, subject, kind);
  }
}

function writeKeyError(key: KeyTarget, error: Error): void {
  const { writer } = key;
  const named: unknown[] = ["name", dataAbove(error, "name")];
  for (const name of ["message", "cause", "errors"]) {
    if (Object.hasOwn(error, name)) named.push(name, ownValue(error, name));
  }
  if (key.options.countsStacks === true) named.push("stack", error.stack);
  writer.object("Error", 2 + named.length);
  writer.text(ownPlatformName(error) ?? "");
  key.push(Step.named, null, named);
}

/** Value of the nearest data member of that name among an object's own and inherited ones. No accessor is called. */
function dataAbove(subject: object, name: string): unknown {
  for (let at: object | null = subject; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (Object.hasOwn(at, name)) return ownValue(at, name);
  }
  return undefined;
}

function writeBoxed(key: KeyTarget, subject: object): void {
  const value = unbox(subject)!;
  const type = typeof value;
  key.writer.object(type === "bigint" ? "BigInt" : type[0]!.toUpperCase() + type.slice(1), 2);
  key.begin(value);
}

function writeKeyBuffer(key: KeyTarget, buffer: ArrayBufferLike): void {
  const { writer } = key;
  const isShared = buffer instanceof SharedArrayBuffer;
  const isResizable = isShared ? buffer.growable : buffer.resizable;
  writer.object(isShared ? "SharedArrayBuffer" : "ArrayBuffer", isResizable ? 3 : 2);
  writeKeyBytes(key, bytesOf(buffer), null);
  if (isResizable) writer.number(buffer.maxByteLength);
}

/**
 * Writes a typed array or a DataView. One that covers a buffer of its own is its bytes. Any other is its buffer, which
 * the code can reach, with the place in it; of a Buffer of Node the rest of the buffer, which is a pool, does not count.
 */
function writeKeyView(key: KeyTarget, view: ArrayBufferView): void {
  const { writer } = key;
  const { buffer } = view;
  if (isOutOfBounds(view) || (!(buffer instanceof SharedArrayBuffer) && buffer.detached)) {
    return key.handle(view, "a view that lies outside of its buffer");
  }
  const name = viewName(view);
  const isPooled = isNodeBuffer(view);
  const coversAll = view.byteLength === buffer.byteLength && buffer instanceof ArrayBuffer && !buffer.resizable;
  if (isPooled || coversAll && !key.meetAlone(buffer)) {
    if (name === "DataView") writer.object(name, 2);
    return writeKeyBytes(key, bytesOf(view), TAG_BY_NAME[name] ?? null);
  }
  writer.object("View", 5);
  writer.text(name);
  writer.number(view.byteOffset);
  if (isLengthTracking(view, buffer)) writer.byte(0xf6);
  else writer.number(view.byteLength);
  key.begin(buffer);
}

function writeKeyBytes(key: KeyTarget, bytes: Uint8Array, tag: number | null): void {
  const { writer, options } = key;
  if (tag !== null) writer.head(Major.tag, tag);
  if (options.digest === undefined || bytes.length < REFERENCE_BYTES) return writer.byteString(bytes);
  writer.object("Digest", 3);
  writer.text(options.digest(bytes));
  writer.number(bytes.length);
}

function writeKeyBlob(key: KeyTarget, blob: Blob): void {
  const { writer } = key;
  const isFile = blob instanceof File;
  writer.object(isFile ? "File" : "Blob", isFile ? 5 : 3);
  writer.text(blob.type);
  key.standIn(blob, "blob");
  if (!isFile) return;
  writer.text(blob.name);
  writer.number(blob.lastModified);
}

const hrefOf = Object.getOwnPropertyDescriptor(URL.prototype, "href")!.get!;
const parametersOf = Object.getOwnPropertyDescriptor(URL.prototype, "searchParams")!.get!;

/** Writes an object of the platform that is data, such as a URL; treats every other one as a handle. */
function writePlatform(key: KeyTarget, subject: object): void {
  const { writer, options } = key;
  if (isRawJson(subject)) {
    writer.object("RawJSON", 2);
    return writer.text((subject as { rawJSON: string }).rawJSON);
  }
  const name = ownPlatformName(subject);
  if (name === null) return writeHandle(key, subject, "platform");
  if (subject instanceof URL) {
    const mark = options.markOfPath?.(subject) ?? null;
    if (mark !== null) return key.mark(mark);
    writer.head(Major.tag, TAG_URI);
    writer.text(hrefOf.call(subject) as string);
    // The URL changes with its parameters, which are an object of their own.
    return void key.meetAlone(parametersOf.call(subject) as object);
  }
  if (subject instanceof URLSearchParams) {
    writer.object("URLSearchParams", 2);
    return writer.text(URLSearchParams.prototype.toString.call(subject));
  }
  if (subject instanceof Headers) {
    writer.object("Headers", 2);
    return key.array([...Headers.prototype[Symbol.iterator].call(subject)]);
  }
  if (isOf(subject, "Temporal", name)) {
    writer.object(`Temporal.${name}`, 2);
    const options = name === "Instant" || name === "Duration" || name === "PlainTime" ? {} : { calendarName: "always" };
    return writer.text((subject as { toString(options: object): string }).toString(options));
  }
  if (subject instanceof AbortSignal && options.noteSignal !== undefined) {
    options.noteSignal(subject);
    return writer.object("AbortSignal", 1);
  }
  if (subject instanceof TextDecoder) {
    writer.object("TextDecoder", 4);
    writer.text(subject.encoding);
    writer.byte(subject.fatal ? 0xf5 : 0xf4);
    return writer.byte(subject.ignoreBOM ? 0xf5 : 0xf4);
  }
  if (subject instanceof TextEncoder) return writer.object("TextEncoder", 1);
  if (isOf(subject, "Intl", name) && name === "Locale") {
    writer.object("Intl.Locale", 2);
    return writer.text(String(subject));
  }
  if (isOf(subject, "Intl", name) && "resolvedOptions" in subject) {
    writer.object(`Intl.${name}`, 2);
    return key.begin((subject as Intl.NumberFormat).resolvedOptions());
  }
  writeHandle(key, subject, "platform");
}

/** True when `subject` is an instance of the class `name` of a namespace of the language: `Intl`, `Temporal`. */
function isOf(subject: object, namespace: string, name: string): boolean {
  const owner = (globalThis as Record<string, unknown>)[namespace] as Record<string, unknown> | undefined;
  const constructor = owner?.[name];
  return typeof constructor === "function" && Object.getPrototypeOf(subject) === constructor.prototype;
}

const REFUSED: Partial<Record<Kind, string>> = {
  promise: "a Promise",
  weak: "a weak reference or collection",
  iterator: "an iterator or generator, which can be read only once",
  stream: "a stream, which can be read only once",
};

/** Writes an object that cannot be an input, except by its name in a private field. */
function writeHandle(key: KeyTarget, subject: object, kind: Kind): void {
  key.handle(subject, REFUSED[kind] ?? `an object of the platform (${className(subject)})`);
}

/** Writes which of the subjects were met before, and which are captured by the function that gets the value. */
export function writeLinks(
  { writer, options }: KeyTarget,
  met: Numbering,
  subjects: readonly (object | symbol)[],
): void {
  const links: number[] = [];
  for (let at = 0; at < subjects.length; at++) {
    const known = met.meet(subjects[at]!);
    const ordinal = options.ordinalOf?.(subjects[at]!);
    if (known >= 0) links.push(at, known);
    if (ordinal !== undefined) links.push(at, -1 - ordinal);
  }
  writer.object("Links", 1 + links.length);
  for (const link of links) writer.number(link);
}
