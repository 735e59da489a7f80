/**
 * Built-in objects of a result that hold no other values, but for the cause of an error.
 *
 * @module
 */
import { classify, isBytesAlone } from "../kinds.ts";
import { type ByteWriter, Major } from "../cbor/byte_writer.ts";
import { type Loss, lossBeside, lossOfBare } from "./losses.ts";
import { type External, type Strategy, StrategyFailed } from "./layout.ts";
import {
  bytesOf,
  CONSTRUCTOR_BY_NAME,
  MAX_PATTERN_COST,
  MAX_REGEXP_LENGTH,
  MAX_RESIZABLE_BUFFERS,
  MAX_RESIZABLE_BYTES,
  patternCost,
  REFERENCE_BYTES,
  TAG_BY_NAME,
  TAG_EPOCH,
  TAG_EXTENDED_TIME,
  TAG_REGEXP,
  viewName,
} from "../cbor/tags.ts";

/** Bytes of a buffer outside of the only view on it that are stored without a word. */
const UNSEEN_BYTES = 1 << 20;

/** Writes a Date: seconds, or seconds and milliseconds where a float would round. */
export function writeDate(writer: ByteWriter, date: Date): void {
  const ms = Date.prototype.getTime.call(date);
  const seconds = ms / 1000;
  if (ms !== ms || Math.round(seconds * 1000) === ms) {
    writer.head(Major.tag, TAG_EPOCH);
    writer.number(seconds);
    return;
  }
  writer.head(Major.tag, TAG_EXTENDED_TIME);
  writer.head(Major.map, 2);
  writer.number(1);
  writer.number(Math.floor(seconds));
  writer.number(-3);
  writer.number(ms - Math.floor(seconds) * 1000);
}

const sourceOf = Object.getOwnPropertyDescriptor(RegExp.prototype, "source")!.get as (this: RegExp) => string;
const flagsOf = Object.getOwnPropertyDescriptor(RegExp.prototype, "flags")!.get as (this: RegExp) => string;

/** Pattern and flags of a regular expression, whatever its own properties say. */
export function regexpParts(subject: RegExp): readonly [source: string, flags: string] {
  return [sourceOf.call(subject), flagsOf.call(subject)];
}

/** What writing an object needs of the walk that it is part of. */
export interface ResultTarget {
  readonly writer: ByteWriter;
  readonly strategy: Readonly<Strategy>;
  /** Where objects were met. */
  readonly seen: { get(subject: object): number | undefined; set(subject: object, place: number): void };
  /** How many resizable buffers were written, and what it costs to compile the regular expressions. */
  resizableBuffers: number;
  patternCost: number;
  /** Writes an object that another one is made of. */
  nested(subject: object): void;
  /** Puts data into the encoding by reference. */
  external(external: External): void;
  /** Says something about the value at hand. */
  notice(detail: string): void;
  /** @throws {CacheTypeError} Always: the value at hand cannot be stored. */
  refuse(what: string, remedy?: string, member?: PropertyKey): never;
}

/** Writes a regular expression that has not been used so far that it goes on from some place. */
export function writeRegExp(result: ResultTarget, subject: RegExp): void {
  if (!Object.is(subject.lastIndex, 0)) {
    result.refuse("a RegExp whose lastIndex is not 0", "set it to 0 before returning it", "lastIndex");
  }
  const [source, flags] = regexpParts(subject);
  result.patternCost += patternCost(source);
  if (source.length > MAX_REGEXP_LENGTH || result.patternCost > MAX_PATTERN_COST) {
    result.refuse(`a regular expression longer than ${MAX_REGEXP_LENGTH}, or too many Unicode properties in patterns`);
  }
  result.writer.head(Major.tag, TAG_REGEXP);
  result.writer.head(Major.array, 2);
  result.writer.text(source);
  result.writer.text(flags);
}

/** The classes of errors that are kept. */
const NAME_BY_PROTOTYPE: ReadonlyMap<object, string> = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (error) => [error.prototype, error.name],
  ),
);

/** Their names. */
export const ERROR_NAMES: ReadonlySet<string> = new Set(NAME_BY_PROTOTYPE.values());

/** Writes an error up to its cause, which the caller has to write next when there is one. */
export function writeError(
  result: ResultTarget,
  subject: Error,
): { readonly hasCause: boolean; readonly cause: unknown } {
  const { writer } = result;
  const name = NAME_BY_PROTOTYPE.get(Object.getPrototypeOf(subject));
  if (name === undefined) {
    return result.refuse("an AggregateError, whose errors are not kept", "return the errors as an array");
  }
  const message = Object.getOwnPropertyDescriptor(subject, "message");
  const cause = Object.getOwnPropertyDescriptor(subject, "cause");
  const fresh = withoutTrace(() => new Error(message && "", cause && { cause: undefined }));
  const loss = lossBeside(subject, fresh);
  if (loss !== null) {
    const remedy = loss.member === "cause" || loss.member === "message"
      ? "give it to the constructor: new Error(message, { cause })"
      : loss.remedy;
    return result.refuse(loss.what, remedy, loss.member);
  }
  const { stack } = subject;
  writer.object(name, cause ? 4 : 3);
  if (message === undefined) writer.byte(0xf7);
  else if (typeof message.value === "string") writer.text(message.value);
  else return result.refuse("a message that is no text", "give the constructor a text", "message");
  writeStack(result, stack);
  return { hasCause: cause !== undefined, cause: cause?.value };
}

/** Makes an error without the cost of a stack trace that is replaced anyway. A limit of 0 would still walk the stack. */
export function withoutTrace<T>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  (Error as { stackTraceLimit: number | undefined }).stackTraceLimit = undefined;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Writes the stack trace, which is a text unless `Error.prepareStackTrace` makes it something else. */
function writeStack(result: ResultTarget, stack: unknown): void {
  if (typeof stack === "string") result.writer.text(stack);
  else if (stack === undefined) result.writer.byte(0xf7);
  else result.refuse("a stack trace that is no text", "leave Error.prepareStackTrace as it is", "stack");
}

/** Writes a DOMException. */
export function writeException(result: ResultTarget, subject: DOMException): void {
  const { writer } = result;
  writer.object("DOMException", 4);
  writer.text(subject.message);
  writer.text(subject.name);
  writeStack(result, subject.stack);
}

/** The place of a buffer that a typed array stands for. */
export const OWNED_BY_VIEW = -2;

/** Writes an ArrayBuffer that was met as such. */
export function writeBuffer(result: ResultTarget, buffer: ArrayBuffer): void {
  if (buffer.detached) result.refuse("a detached ArrayBuffer");
  refuseLoss(result, lossOfBare(buffer));
  const { writer } = result;
  if (!buffer.resizable) {
    writer.object("ArrayBuffer", 2);
    return writeBytes(result, bytesOf(buffer), null);
  }
  if (++result.resizableBuffers > MAX_RESIZABLE_BUFFERS || buffer.maxByteLength > MAX_RESIZABLE_BYTES) {
    result.refuse(`more than ${MAX_RESIZABLE_BUFFERS} resizable buffers, or a larger one than 64 GiB`);
  }
  writer.object("ArrayBuffer", 3);
  writeBytes(result, bytesOf(buffer), null);
  writer.number(buffer.maxByteLength);
}

/** Writes a typed array or a DataView. */
export function writeView(result: ResultTarget, view: ArrayBufferView): void {
  const { writer } = result;
  const name = viewName(view);
  const constructor = name === "DataView" ? DataView : CONSTRUCTOR_BY_NAME[name]!;
  if (!Object.isExtensible(view) || !isBytesAlone(view) || Object.getPrototypeOf(view) !== constructor.prototype) {
    return result.refuse(`a ${name} with members or a prototype of its own`, "return a copy: slice()");
  }
  const { buffer } = view;
  // The buffer is in sight too, and is not looked at again when the typed array stands for it.
  if (Object.getPrototypeOf(buffer) === SharedArrayBuffer.prototype) {
    return result.refuse("a view of a SharedArrayBuffer, which is shared and not stored");
  }
  if (!(buffer instanceof ArrayBuffer) || classify(buffer).isBare === false || lossOfBare(buffer) !== null) {
    return result.refuse("a view of an ArrayBuffer with a class or members of its own", "return a copy: slice()");
  }
  if (buffer.detached) return result.refuse("a view of a detached ArrayBuffer");
  if (isOutOfBounds(view)) return result.refuse("a view that lies outside of its buffer");
  const known = result.seen.get(buffer);
  const coversAll = view.byteOffset === 0 && view.byteLength === buffer.byteLength && !buffer.resizable;
  if (known === undefined && coversAll && name !== "DataView" && result.strategy.ownsBuffers) {
    result.seen.set(buffer, OWNED_BY_VIEW);
    return writeBytes(result, bytesOf(view), TAG_BY_NAME[name] ?? null);
  }
  if (known === OWNED_BY_VIEW) throw new StrategyFailed("ownsBuffers");
  if (buffer.byteLength - view.byteLength > UNSEEN_BYTES) {
    result.notice(
      `a view of ${view.byteLength} bytes is stored with its whole buffer of ${buffer.byteLength} bytes; return a copy (slice) to store less`,
    );
  }
  writer.object(name, 4);
  result.nested(buffer);
  writer.number(view.byteOffset);
  if (isLengthTracking(view, buffer)) writer.byte(0xf6);
  else writer.number(name === "DataView" ? view.byteLength : (view as Uint8Array).length);
}

/** Whether a view is a Buffer of Node, which is a window into a pool that it shares with others. */
export function isNodeBuffer(view: object): boolean {
  return Object.getPrototypeOf(view) !== Uint8Array.prototype && view.constructor?.name === "Buffer" &&
    view instanceof Uint8Array;
}

function refuseLoss(result: ResultTarget, loss: Loss | null): void {
  if (loss !== null) result.refuse(loss.what, loss.remedy, loss.member);
}

/** Writes a Blob or File; its bytes are read when the encoding is put together. */
export function writeBlob(result: ResultTarget, blob: Blob): void {
  const { writer } = result;
  const isFile = blob instanceof File;
  writer.object(isFile ? "File" : "Blob", isFile ? 5 : 3);
  writer.text(blob.type);
  result.external({ at: writer.length, major: Major.bytes, tag: null, source: blob, byteLength: blob.size });
  if (!isFile) return;
  writer.text(blob.name);
  writer.number(blob.lastModified);
}

/** Writes binary data as a byte string, large data by reference. */
export function writeBytes(result: ResultTarget, bytes: Uint8Array, tag: number | null): void {
  const { writer } = result;
  if (bytes.length >= REFERENCE_BYTES) {
    result.external({ at: writer.length, major: Major.bytes, tag, source: bytes, byteLength: bytes.length });
    return;
  }
  if (tag !== null) writer.head(Major.tag, tag);
  writer.byteString(bytes);
}

/** Whether a view's buffer shrank away under it; such a view claims to be empty. */
export function isOutOfBounds(view: ArrayBufferView): boolean {
  try {
    if (view instanceof DataView) void view.byteLength;
    else Uint8Array.prototype.at.call(view as Uint8Array, 0);
    return false;
  } catch {
    return true;
  }
}

/**
 * Whether a view follows its buffer's length. The language does not say, so the buffer is resized for a moment and put
 * back as it was.
 */
function isLengthTracking(view: ArrayBufferView, buffer: ArrayBuffer): boolean {
  if (!buffer.resizable) return false;
  const size = view instanceof DataView ? 1 : (view as Uint8Array).BYTES_PER_ELEMENT;
  const { byteLength } = view;
  const length = buffer.byteLength;
  if (view.byteOffset + byteLength + size <= length) return false;
  if (length + size <= buffer.maxByteLength) {
    buffer.resize(length + size);
    const follows = view.byteLength !== byteLength;
    buffer.resize(length);
    return follows;
  }
  if (byteLength < size) return false;
  const tail = new Uint8Array(buffer.slice(length - size));
  buffer.resize(length - size);
  const follows = !isOutOfBounds(view);
  buffer.resize(length);
  new Uint8Array(buffer).set(tail, length - size);
  return follows;
}
