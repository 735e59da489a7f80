/**
 * Encodes the built-in objects of a result that hold no other values. The cause of an error is left to the caller.
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

/** Number of bytes of a buffer outside of a view that may be stored with the view without a notice. */
const UNSEEN_BYTES = 1 << 20;

/** Writes a Date as seconds, or as seconds and milliseconds where a float of seconds would round. */
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

/** Pattern and flags of a regular expression, read from its internal state and not from its own properties. */
export function regexpParts(subject: RegExp): readonly [source: string, flags: string] {
  return [sourceOf.call(subject), flagsOf.call(subject)];
}

/** The part of the walk ({@linkcode ResultWriter}) that the functions of this file call. */
export interface ResultTarget {
  readonly writer: ByteWriter;
  readonly strategy: Readonly<Strategy>;
  /** Objects that were met, each with the offset at which its encoding begins. */
  readonly seen: { get(subject: object): number | undefined; set(subject: object, place: number): void };
  /** Number of resizable buffers written so far. */
  resizableBuffers: number;
  /** Sum of {@linkcode patternCost} over the regular expressions written so far. */
  patternCost: number;
  /** Writes an object that is part of another one's encoding, such as the buffer of a view, or a reference to it. */
  nested(subject: object): void;
  /** Adds data that goes into the encoding without being copied. */
  external(external: External): void;
  /** Adds a notice about the value that is being written. */
  notice(detail: string): void;
  /** @throws {CacheTypeError} Always: the value that is being written cannot be stored. */
  refuse(what: string, remedy?: string, member?: PropertyKey): never;
}

/** Writes a regular expression; refuses one whose `lastIndex` is not 0. */
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

/** Prototypes of the classes of errors that are stored, with the names of these classes. */
const NAME_BY_PROTOTYPE: ReadonlyMap<object, string> = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (error) => [error.prototype, error.name],
  ),
);

/** Names of the classes of errors that are stored. */
export const ERROR_NAMES: ReadonlySet<string> = new Set(NAME_BY_PROTOTYPE.values());

/** Writes an error without its cause, which the caller has to write next when there is one. */
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

/** Calls `make` without the cost of stack traces, for errors whose stack is replaced. A limit of 0 saves nothing. */
export function withoutTrace<T>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  (Error as { stackTraceLimit: number | undefined }).stackTraceLimit = undefined;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Writes a stack trace. It is a text unless `Error.prepareStackTrace` returns something else. */
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

/** Mark, in place of an offset in {@linkcode ResultTarget.seen}, of a buffer encoded as part of its typed array. */
export const OWNED_BY_VIEW = -2;

/** Writes an ArrayBuffer that is not encoded as part of its typed array. */
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
  // A program can reach the buffer too, so it is checked here: as part of a typed array it is not checked elsewhere.
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

/** True for a Buffer of Node, which is a view into a pool of bytes that it shares with other Buffers. */
export function isNodeBuffer(view: object): boolean {
  return Object.getPrototypeOf(view) !== Uint8Array.prototype && view.constructor?.name === "Buffer" &&
    view instanceof Uint8Array;
}

function refuseLoss(result: ResultTarget, loss: Loss | null): void {
  if (loss !== null) result.refuse(loss.what, loss.remedy, loss.member);
}

/** Writes a Blob or File; its bytes are read when the chunks of the encoding are made. */
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

/** Writes binary data as a byte string; large data is not copied. */
export function writeBytes(result: ResultTarget, bytes: Uint8Array, tag: number | null): void {
  const { writer } = result;
  if (bytes.length >= REFERENCE_BYTES) {
    result.external({ at: writer.length, major: Major.bytes, tag, source: bytes, byteLength: bytes.length });
    return;
  }
  if (tag !== null) writer.head(Major.tag, tag);
  writer.byteString(bytes);
}

/** True for a view whose buffer became too short for it. A typed array then has length 0; a DataView throws. */
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
 * True for a view whose length follows that of its buffer. No property of a view tells this, so the buffer is resized
 * for a moment and then restored.
 */
export function isLengthTracking(view: ArrayBufferView, buffer: ArrayBufferLike): boolean {
  if (buffer instanceof SharedArrayBuffer || !buffer.resizable) return false;
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
