/**
 * Built-in objects of a key.
 *
 * @module
 */
import { Major } from "../cbor/byte_writer.ts";
import type { KeyWriter } from "./key_writer.ts";
import { className, type Kind, ownPlatformName, unbox } from "../kinds.ts";
import { isOutOfBounds, regexpParts, writeDate } from "../result/result_objects.ts";
import { bytesOf, REFERENCE_BYTES, TAG_BY_NAME, TAG_SET, TAG_URI, viewName } from "../cbor/tags.ts";
import { Step } from "../cbor/walk_stack.ts";

/** Writes a built-in object, or its head and what comes next, without its further properties. */
export function writeKeyObject(key: KeyWriter, subject: object, kind: Kind): void {
  const { writer } = key;
  const start = writer.length;
  switch (kind) {
    case "map": {
      const entries: unknown[] = [];
      Map.prototype.forEach.call(subject, (value, name) => entries.push(name, value));
      writer.object("Map", 1 + entries.length);
      key.push(Step.entries, null, entries, start);
      return;
    }
    case "set": {
      const members: unknown[] = [];
      Set.prototype.forEach.call(subject, (member) => members.push(member));
      writer.head(Major.tag, TAG_SET);
      writer.head(Major.array, members.length);
      key.push(Step.members, null, members, start);
      return;
    }
    case "date":
      return writeDate(writer, subject as Date);
    case "regexp": {
      const [source, flags] = regexpParts(subject as RegExp);
      writer.object("RegExp", 4);
      writer.text(source);
      writer.text(flags);
      return writer.number(Number((subject as RegExp).lastIndex));
    }
    case "error":
      return writeError(key, subject as Error);
    case "exception":
      writer.object("DOMException", 3);
      writer.text((subject as DOMException).message);
      return writer.text((subject as DOMException).name);
    case "boxed":
      return writeBoxed(key, subject);
    case "view":
      return writeView(key, subject as ArrayBufferView);
    case "buffer": {
      const buffer = subject as ArrayBuffer;
      if (buffer.detached) return key.handle(subject, "a detached ArrayBuffer");
      writer.object("ArrayBuffer", buffer.resizable ? 3 : 2);
      writeBytes(key, bytesOf(buffer), null);
      if (buffer.resizable) writer.number(buffer.maxByteLength);
      return;
    }
    case "sharedBuffer":
      writer.object("SharedArrayBuffer", 2);
      return writeBytes(key, bytesOf(subject as SharedArrayBuffer), null);
    case "blob":
      return writeBlob(key, subject as Blob);
    case "arguments":
      writer.object("Arguments", 2);
      key.array(Array.from(subject as ArrayLike<unknown>), null);
      return;
    case "platform":
      return writePlatform(key, subject);
    default:
      return writeHandle(key, subject, kind);
  }
}

function writeError(key: KeyWriter, error: Error): void {
  const { writer } = key;
  const start = writer.length;
  const named: unknown[] = ["name", error.name];
  for (const name of ["message", "cause", "errors"]) {
    if (Object.hasOwn(error, name)) named.push(name, error[name as "message"]);
  }
  writer.object("Error", 2 + named.length);
  writer.text(ownPlatformName(error) ?? "");
  key.push(Step.named, null, named, start);
}

function writeBoxed(key: KeyWriter, subject: object): void {
  const value = unbox(subject)!;
  const type = typeof value;
  key.writer.object(type === "bigint" ? "BigInt" : type[0]!.toUpperCase() + type.slice(1), 2);
  key.begin(value);
}

function writeView(key: KeyWriter, view: ArrayBufferView): void {
  const { writer } = key;
  if (isOutOfBounds(view) || (view.buffer instanceof ArrayBuffer && view.buffer.detached)) {
    return key.handle(view, "a view that lies outside of its buffer");
  }
  const name = viewName(view);
  if (view.buffer instanceof SharedArrayBuffer) writer.object("SharedView", 2);
  if (name === "DataView") writer.object(name, 2);
  writeBytes(key, bytesOf(view), TAG_BY_NAME[name] ?? null);
}

function writeBytes(key: KeyWriter, bytes: Uint8Array, tag: number | null): void {
  const { writer, options } = key;
  if (tag !== null) writer.head(Major.tag, tag);
  if (options.digest === undefined || bytes.length < REFERENCE_BYTES) return writer.byteString(bytes);
  writer.object("Digest", 3);
  writer.text(options.digest(bytes));
  writer.number(bytes.length);
}

function writeBlob(key: KeyWriter, blob: Blob): void {
  const { writer } = key;
  const isFile = blob instanceof File;
  writer.object(isFile ? "File" : "Blob", isFile ? 5 : 3);
  writer.text(blob.type);
  key.standIn(blob, "blob");
  if (!isFile) return;
  writer.text(blob.name);
  writer.number(blob.lastModified);
}

/** Objects of the platform that are data. */
function writePlatform(key: KeyWriter, subject: object): void {
  const { writer } = key;
  const name = ownPlatformName(subject);
  if (name === null) return writeHandle(key, subject, "platform");
  if (subject instanceof URL) {
    writer.head(Major.tag, TAG_URI);
    return writer.text(subject.href);
  }
  if (subject instanceof URLSearchParams) {
    writer.object("URLSearchParams", 2);
    return writer.text(String(subject));
  }
  if (subject instanceof Headers) {
    writer.object("Headers", 2);
    return key.array([...subject], null);
  }
  if (isOf(subject, "Temporal", name)) {
    writer.object(`Temporal.${name}`, 2);
    const options = name === "Instant" || name === "Duration" || name === "PlainTime" ? {} : { calendarName: "always" };
    return writer.text((subject as { toString(options: object): string }).toString(options));
  }
  if (isOf(subject, "Intl", name) && "resolvedOptions" in subject) {
    writer.object(`Intl.${name}`, 2);
    return key.begin((subject as Intl.NumberFormat).resolvedOptions());
  }
  writeHandle(key, subject, "platform");
}

/** Whether an object is an instance of a class in one of the language's namespaces. */
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

/** Writes what cannot be an input but in a private field. */
function writeHandle(key: KeyWriter, subject: object, kind: Kind): void {
  key.handle(subject, REFUSED[kind] ?? `an object of the platform (${className(subject)})`);
}
