/**
 * Encodes the built-in objects of a result that hold no other values, without their members.
 *
 * @module
 */
import { type Kind, unbox } from "../kinds.ts";
import { type ByteWriter, Major } from "../cbor/byte_writer.ts";
import { type External, type Strategy, StrategyFailed } from "./layout.ts";
import { hasStackMember } from "./error_parts.ts";
import { isBlank } from "./losses.ts";
import {
  bytesOf,
  CONSTRUCTOR_BY_NAME,
  extentOf,
  MAX_PATTERN_COST,
  MAX_REGEXP_LENGTH,
  MAX_RESIZABLE_BUFFERS,
  MAX_RESIZABLE_BYTES,
  patternCost,
  REFERENCE_BYTES,
  symbolName,
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
  /** The bytes of each pool of Node that were written with Buffers so far: 1 for each. */
  readonly pools: Map<object, Uint8Array>;
  /** Number of resizable buffers written so far. */
  resizableBuffers: number;
  /** Sum of {@linkcode patternCost} over the regular expressions written so far. */
  patternCost: number;
  /** Writes an object that is part of another one's encoding, such as the buffer of a view, or a reference to it. */
  nested(subject: object): void;
  /** Writes a value that holds no others. */
  primitive(value: unknown): void;
  /** Adds data that goes into the encoding without being copied. */
  external(external: External): void;
  /** Adds a notice about the value that is being written. */
  notice(detail: string): void;
  /** @throws {CacheTypeError} Always: the value that is being written cannot be stored. */
  refuse(what: string, remedy?: string, member?: PropertyKey): never;
}

/** Writes a regular expression without its `lastIndex`. */
export function writeRegExp(result: ResultTarget, subject: RegExp): void {
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

const exceptionMessage = getterIn(DOMException.prototype, "message") as (this: unknown) => string;
const exceptionName = getterIn(DOMException.prototype, "name") as (this: unknown) => string;

function getterIn(prototype: object, name: string): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!;
}

/** Writes message, name and stack of a DOMException. A stack that is no text was put there and is left out. */
export function writeException(writer: ByteWriter, subject: DOMException, stack: unknown): void {
  writer.object(hasStackMember(subject) ? "DOMException" : "BareException", 4);
  writer.text(exceptionMessage.call(subject));
  writer.text(exceptionName.call(subject));
  if (typeof stack === "string") writer.text(stack);
  else writer.byte(0xf7);
}

/** A new DOMException, for comparison with another one. */
export function freshException(subject: DOMException): DOMException {
  return new DOMException(exceptionMessage.call(subject), exceptionName.call(subject));
}

/** Mark, in place of an offset in {@linkcode ResultTarget.seen}, of a buffer encoded as part of its typed array. */
export const OWNED_BY_VIEW = -2;

const isDetached = getterIn(ArrayBuffer.prototype, "detached") as (this: unknown) => boolean;
const isResizable = getterIn(ArrayBuffer.prototype, "resizable") as (this: unknown) => boolean;
const maxLengthOf = getterIn(ArrayBuffer.prototype, "maxByteLength") as (this: unknown) => number;
const lengthOf = getterIn(ArrayBuffer.prototype, "byteLength") as (this: unknown) => number;

/** Writes an ArrayBuffer that is not encoded as part of its typed array. */
export function writeBuffer(result: ResultTarget, buffer: ArrayBuffer): void {
  if (isDetached.call(buffer)) result.refuse("a detached ArrayBuffer");
  const { writer } = result;
  if (!isResizable.call(buffer)) {
    writer.object("ArrayBuffer", 2);
    return writeBytes(result, bytesOf(buffer), null);
  }
  const limit = maxLengthOf.call(buffer);
  if (++result.resizableBuffers > MAX_RESIZABLE_BUFFERS || limit > MAX_RESIZABLE_BYTES) {
    result.refuse(`more than ${MAX_RESIZABLE_BUFFERS} resizable buffers, or a larger one than 64 GiB`);
  }
  writer.object("ArrayBuffer", 3);
  writeBytes(result, bytesOf(buffer), null);
  writer.number(limit);
}

/** Size of the pools from which Node takes the bytes of small Buffers. */
const POOL_BYTES = 8192;

/**
 * Writes a typed array, a DataView or a Buffer of Node.
 *
 * @param isBuffer True for a Buffer.
 * @returns The buffer, when the caller has to write it next, since it has members or a class of its own; else `null`.
 */
export function writeView(result: ResultTarget, view: ArrayBufferView, isBuffer: boolean): object | null {
  const { writer } = result;
  const name = isBuffer ? "Buffer" : viewName(view);
  const { buffer, byteOffset, byteLength } = extentOf(view);
  if (isGone(result, buffer)) return result.refuse("a view of a detached ArrayBuffer");
  if (isOutOfBounds(view)) return result.refuse("a view that lies outside of its buffer");
  const size = lengthOf.call(buffer);
  const isOdd = Object.getPrototypeOf(buffer) !== ArrayBuffer.prototype || !isBlank(buffer);
  const known = result.seen.get(buffer);
  const coversAll = byteOffset === 0 && byteLength === size && !isResizable.call(buffer);
  if (!isOdd && name !== "DataView" && result.strategy.ownsBuffers) {
    const isPooled = isBuffer && size === POOL_BYTES && !coversAll &&
      takesFromPool(result, buffer, byteOffset, byteLength);
    if (isPooled || (known === undefined && coversAll)) {
      result.seen.set(buffer, OWNED_BY_VIEW);
      if (isBuffer) writer.object(name, 2);
      writeBytes(result, bytesOf(view), isBuffer ? null : TAG_BY_NAME[name] ?? null);
      return null;
    }
  }
  if (known === OWNED_BY_VIEW) throw new StrategyFailed("ownsBuffers");
  if (size - byteLength > UNSEEN_BYTES) {
    result.notice(
      `a view of ${byteLength} bytes is stored with its whole buffer of ${size} bytes; return a copy (slice) to store less`,
    );
  }
  const length = isLengthTracking(view, buffer as ArrayBuffer) ? null : byteLength / elementBytes(view);
  if (isOdd) {
    writer.object("View", 5);
    writer.text(name);
  } else {
    writer.object(name, 4);
    result.nested(buffer);
  }
  writer.number(byteOffset);
  if (length === null) writer.byte(0xf6);
  else writer.number(length);
  return isOdd ? buffer : null;
}

/**
 * True for bytes of a pool that no other Buffer of the result has, so that they can have a buffer of their own.
 * @throws {StrategyFailed} When another one has some of them: the two share these bytes.
 */
function takesFromPool(result: ResultTarget, pool: object, from: number, length: number): boolean {
  const known = result.seen.get(pool);
  if (known !== undefined && known !== OWNED_BY_VIEW) return false;
  let taken = result.pools.get(pool);
  if (taken === undefined) result.pools.set(pool, taken = new Uint8Array(POOL_BYTES));
  const bytes = taken.subarray(from, from + length);
  if (bytes.includes(1)) throw new StrategyFailed("ownsBuffers");
  bytes.fill(1);
  return true;
}

/** True for a detached buffer. @throws {CacheTypeError} When the buffer is shared with other threads. */
function isGone(result: ResultTarget, buffer: ArrayBufferLike): boolean {
  try {
    return isDetached.call(buffer);
  } catch {
    return result.refuse("a view of a SharedArrayBuffer, which is shared and not stored");
  }
}

function elementBytes(view: ArrayBufferView): number {
  return CONSTRUCTOR_BY_NAME[viewName(view)]?.BYTES_PER_ELEMENT ?? 1;
}

const blobType = getterIn(Blob.prototype, "type") as (this: unknown) => string;
const blobSize = getterIn(Blob.prototype, "size") as (this: unknown) => number;
const fileName = getterIn(File.prototype, "name") as (this: unknown) => string;
const fileTime = getterIn(File.prototype, "lastModified") as (this: unknown) => number;

/** True for a File, false for a Blob that is none. */
export function hasFileState(blob: Blob): boolean {
  try {
    fileName.call(blob);
    return true;
  } catch {
    return false;
  }
}

/** Writes a Blob or File; its bytes are read when the chunks of the encoding are made. */
export function writeBlob(result: ResultTarget, blob: Blob): void {
  const { writer } = result;
  const isNamed = hasFileState(blob);
  writer.object(isNamed ? "File" : "Blob", isNamed ? 5 : 3);
  writer.text(blobType.call(blob));
  const byteLength = blobSize.call(blob);
  result.external({ at: writer.length, major: Major.bytes, tag: null, source: blob, byteLength });
  if (!isNamed) return;
  writer.text(fileName.call(blob));
  writer.number(fileTime.call(blob));
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
    if (viewName(view) === "DataView") extentOf(view);
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
export function isLengthTracking(view: ArrayBufferView, shared: ArrayBufferLike): boolean {
  if (shared instanceof SharedArrayBuffer || !isResizable.call(shared)) return false;
  const buffer = shared;
  const resize = (bytes: number) => ArrayBuffer.prototype.resize.call(buffer, bytes);
  const size = elementBytes(view);
  const { byteOffset, byteLength } = extentOf(view);
  const length = lengthOf.call(buffer);
  if (byteOffset + byteLength + size <= length) return false;
  if (length + size <= maxLengthOf.call(buffer)) {
    resize(length + size);
    const follows = extentOf(view).byteLength !== byteLength;
    resize(length);
    return follows;
  }
  if (byteLength < size) return false;
  const tail = new Uint8Array(buffer, length - size).slice();
  resize(length - size);
  const follows = !isOutOfBounds(view);
  resize(length);
  new Uint8Array(buffer).set(tail, length - size);
  return follows;
}

/** The advice where a symbol cannot be stored. */
export const SYMBOL_REMEDY = "use Symbol.for, or leave it out of the result";

/** Writes a boxed primitive. */
export function writePrimitiveObject(result: ResultTarget, value: number | string | boolean | bigint | symbol): void {
  const { writer } = result;
  const type = typeof value;
  if (typeof value !== "symbol") {
    writer.object(type === "bigint" ? "BigInt" : type[0]!.toUpperCase() + type.slice(1), 2);
    return result.primitive(value);
  }
  const name = symbolName(value);
  if (name === null) {
    return result.refuse(`an object of a symbol that no other process has, ${String(value)}`, SYMBOL_REMEDY);
  }
  writer.object("BoxedSymbol", 3);
  writer.text(name.kind);
  writer.text(name.text);
}

/** True for a built-in object with the very prototype of its class, by its internal state. */
export function hasOwnPrototype(subject: object, kind: Kind): boolean {
  const prototype = Object.getPrototypeOf(subject);
  switch (kind) {
    case "view":
      return prototype === (CONSTRUCTOR_BY_NAME[viewName(subject as ArrayBufferView)] ?? DataView).prototype;
    case "boxed":
      return prototype === Object.getPrototypeOf(Object(unbox(subject)));
    case "blob":
      return prototype === (hasFileState(subject as Blob) ? File : Blob).prototype;
    default:
      return true;
  }
}
