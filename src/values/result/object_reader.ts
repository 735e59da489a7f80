/**
 * Reads built-in objects that hold no other values: generic objects (tag 27), typed arrays, dates, regular expressions.
 * The cause of an error is left to the caller.
 *
 * @module
 */
import { bufferClass } from "../../words/type_tests.ts";
import { ERROR_NAMES, makeError, setInternalStack, withoutTrace } from "./error_parts.ts";
import { isPlatformDataName, makePlatformData } from "./platform_data.ts";
import {
  CONSTRUCTOR_BY_NAME,
  MAX_PATTERN_COST,
  MAX_REGEXP_LENGTH,
  MAX_RESIZABLE_BUFFERS,
  MAX_RESIZABLE_BYTES,
  patternCost,
  swapByteOrder,
  symbolNamed,
  TAG_OBJECT,
  TAG_REFERENCE,
  type TypedArray,
  type TypedArrayConstructor,
} from "../cbor/tags.ts";
import type { ByteReader } from "../cbor/byte_reader.ts";

/** An object that was read. */
export interface ReadObject {
  readonly value: object;
  /** True for an error whose cause comes next. */
  readonly hasCause: boolean;
}

/** The part of the reader ({@linkcode ValueReader}) that the functions of this file and of `unpack.ts` call. */
export interface ObjectSource extends ByteReader {
  /** Number of resizable buffers made so far. */
  resizableBuffers: number;
  /** Sum of {@linkcode patternCost} over the regular expressions made so far. */
  patternCost: number;
  head(major: number): number;
  byteString(): Uint8Array;
  /** Reads a value that holds no others. */
  primitive(): unknown;
  /** Reads the number and the digest of a captured object and returns that object. */
  captured(): object;
  /** Reads the index of a reference and returns the object that it means. */
  reference(): object;
  isTagged(): boolean;
  sharedTag(): number;
  /** Takes the index of the shared object that is being read; -1: it is not shared. */
  takeSlot(): number;
  /** Records the shared object under the index that `takeSlot` returned, once it is made. */
  fillSlot(slot: number, value: object): void;
}

/** Reads the `count` parts of an object whose type name was just read. */
export function readObject(reader: ObjectSource, name: unknown, count: number): ReadObject {
  if (typeof name !== "string") return reader.fail("an object without a type name");
  if (ERROR_NAMES.has(name)) {
    if (count !== 2 && count !== 3) reader.fail("an error that is not message, stack and cause");
    return { value: makeError(name, reader.primitive(), reader.primitive()), hasCause: count === 3 };
  }
  return { value: readOther(reader, name, count), hasCause: false };
}

function readOther(reader: ObjectSource, name: string, count: number): object {
  switch (name) {
    case "Number":
    case "String":
    case "Boolean":
    case "BigInt": {
      const value = reader.primitive();
      if (count !== 1 || typeof value !== name.toLowerCase()) reader.fail(`a ${name} object of another primitive`);
      return Object(value);
    }
    case "ArrayBuffer":
      return readBuffer(reader, count);
    case "DOMException":
    case "BareException":
      return readException(reader, name, count);
    case "BoxedSymbol": {
      if (count !== 2) reader.fail("a symbol object that is not kind and name");
      return Object(readSymbol(reader, reader.primitive()));
    }
    case "Blob":
    case "File":
      return readBlob(reader, name, count);
  }
  if (isPlatformDataName(name)) return readPlatformData(reader, name, count);
  if (name === "Buffer" && count === 1) return makeView(reader, name, reader.byteString().slice().buffer, 0, undefined);
  if ((name !== "DataView" && name !== "Buffer" && CONSTRUCTOR_BY_NAME[name] === undefined) || count !== 3) {
    return reader.fail(`an object of the unknown type ${previewOfName(name)}`);
  }
  const buffer = readViewedBuffer(reader);
  return makeView(reader, name, buffer, reader.primitive(), reader.primitive());
}

/**
 * Makes a view of a buffer.
 *
 * @param length Number of elements; `null`: it follows the length of the buffer; `undefined`: it ends with the buffer.
 */
export function makeView(
  reader: ByteReader,
  name: unknown,
  buffer: unknown,
  byteOffset: unknown,
  length: unknown,
): ArrayBufferView {
  const kind = typeof name === "string" ? CONSTRUCTOR_BY_NAME[name] : undefined;
  if (kind === undefined && name !== "DataView" && name !== "Buffer") return reader.fail("a view of an unknown class");
  const hasLength = length !== null && length !== undefined;
  if (typeof byteOffset !== "number" || (hasLength && typeof length !== "number")) {
    return reader.fail("a view without offset and length");
  }
  const resizable = isResizableBuffer(buffer) ?? reader.fail("a view of something that is no buffer");
  if (length === null && !resizable) reader.fail("a view that follows the length of a fixed buffer");
  const bytes = buffer as ArrayBuffer;
  const count = hasLength ? length as number : undefined;
  try {
    if (name === "Buffer") return bufferClass().from(bytes, byteOffset, count);
    const constructor = kind ?? DataView;
    return count === undefined ? new constructor(bytes, byteOffset) : new constructor(bytes, byteOffset, count);
  } catch (cause) {
    return reader.fail("a view that lies outside of its buffer", reader.at, cause);
  }
}

const resizableGetter = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "resizable")!.get!;

/** Tells whether a buffer is resizable, by its internal state; `undefined` for something that is no ArrayBuffer. */
function isResizableBuffer(value: unknown): boolean | undefined {
  try {
    return resizableGetter.call(value);
  } catch {
    return undefined;
  }
}

function readPlatformData(reader: ObjectSource, name: string, count: number): object {
  const parts: unknown[] = [];
  for (let left = reader.count(count, 1); left > 0; left--) parts.push(reader.primitive());
  try {
    return makePlatformData(name, parts)!;
  } catch (cause) {
    return reader.fail(`a ${name} of other parts`, reader.at, cause);
  }
}

/** Reads the name of a symbol. */
export function readSymbol(reader: ObjectSource, kind: unknown): symbol {
  const name = reader.primitive();
  if ((kind !== "Symbol" && kind !== "WellKnownSymbol") || typeof name !== "string") {
    return reader.fail("a symbol without a name");
  }
  return symbolNamed(kind, name) ?? reader.fail("a symbol that the language does not have");
}

/** Reads the buffer of a view: the buffer itself, or a reference to it. */
function readViewedBuffer(reader: ObjectSource): ArrayBuffer {
  const number = reader.sharedTag();
  let value: unknown;
  if (number === TAG_REFERENCE) value = reader.reference();
  else if (number === TAG_OBJECT) {
    const slot = reader.takeSlot();
    const count = reader.head(0x80) - 1;
    const name = reader.primitive();
    if (name !== "ArrayBuffer" && name !== "Captured") reader.fail("a view of something that is no buffer");
    const buffer = name === "Captured" ? reader.captured() : readBuffer(reader, count);
    reader.fillSlot(slot, buffer);
    value = buffer;
  }
  return isResizableBuffer(value) === undefined
    ? reader.fail("a view of something that is no buffer")
    : value as ArrayBuffer;
}

function readBuffer(reader: ObjectSource, count: number): ArrayBuffer {
  if (count !== 1 && count !== 2) reader.fail("a buffer that is not bytes and a limit");
  const bytes = reader.byteString();
  if (count === 1) return bytes.slice().buffer as ArrayBuffer;
  const maxByteLength = reader.primitive();
  if (
    typeof maxByteLength !== "number" || maxByteLength > MAX_RESIZABLE_BYTES || maxByteLength < bytes.length ||
    ++reader.resizableBuffers > MAX_RESIZABLE_BUFFERS
  ) return reader.fail("a resizable buffer beyond the bounds");
  try {
    const buffer = new ArrayBuffer(bytes.length, { maxByteLength });
    new Uint8Array(buffer).set(bytes);
    return buffer;
  } catch (cause) {
    return reader.fail("a resizable buffer for which there is no room", reader.at, cause);
  }
}

function readException(reader: ObjectSource, kind: string, count: number): DOMException {
  const [message, name, stack] = [reader.primitive(), reader.primitive(), reader.primitive()];
  if (count !== 3 || typeof message !== "string" || typeof name !== "string") {
    return reader.fail("an exception that is not message, name and stack");
  }
  const exception = withoutTrace(() => new DOMException(message, name));
  setInternalStack(exception, typeof stack === "string" ? stack : undefined);
  if (kind === "BareException") delete exception.stack;
  return exception;
}

function readBlob(reader: ObjectSource, kind: "Blob" | "File", count: number): Blob {
  const type = reader.primitive();
  const bytes = reader.byteString();
  if (typeof type !== "string" || count !== (kind === "Blob" ? 2 : 4)) reader.fail(`a ${kind} of other parts`);
  const part = bytes as Uint8Array<ArrayBuffer>;
  if (kind === "Blob") return new Blob([part], { type });
  const name = reader.primitive();
  const lastModified = reader.primitive();
  if (typeof name !== "string" || typeof lastModified !== "number") reader.fail("a File without name and time");
  return new File([part], name, { type, lastModified });
}

function previewOfName(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}

/**
 * Makes a typed array over a copy of `bytes`: programs can reach its buffer, which must hold nothing else.
 *
 * @param kind Class and byte order; `undefined`: a Uint8Array.
 */
export function readTypedArray(reader: ObjectSource, bytes: Uint8Array, kind: ArrayKind | undefined): TypedArray {
  const own = bytes.slice();
  return kind === undefined ? own : viewAs(reader, own, kind);
}

/** Makes a typed array for reading only: a view of `bytes` where alignment and byte order allow it, else a copy. */
export function readElements(reader: ObjectSource, bytes: Uint8Array, kind: ArrayKind): TypedArray {
  const isUsable = !kind.isBigEndian && bytes.byteOffset % kind.constructor.BYTES_PER_ELEMENT === 0;
  return viewAs(reader, isUsable ? bytes : bytes.slice(), kind);
}

/** Class and byte order of a typed array. */
interface ArrayKind {
  readonly constructor: TypedArrayConstructor;
  readonly isBigEndian: boolean;
}

function viewAs(reader: ObjectSource, bytes: Uint8Array, { constructor, isBigEndian }: ArrayKind): TypedArray {
  const size = constructor.BYTES_PER_ELEMENT;
  if (bytes.length % size !== 0) reader.fail(`a ${constructor.name} with a part of an element`);
  if (isBigEndian) swapByteOrder(bytes, size);
  return new constructor(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / size);
}

/** Dates as text in the form of RFC 3339, which tag 0 holds. */
const DATE_TEXT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Makes a Date from seconds since the epoch or from a text in the form of RFC 3339. */
export function readDate(reader: ObjectSource, content: unknown): Date {
  if (typeof content === "number") return new Date(Math.round(content * 1000));
  if (typeof content === "string" && DATE_TEXT.test(content)) return new Date(content);
  return reader.fail("a date that is neither seconds nor RFC 3339");
}

/** Reads a Date of whole seconds and milliseconds. */
export function readExtendedTime(reader: ObjectSource): Date {
  let seconds = NaN;
  let ms = 0;
  for (let left = reader.head(0xa0); left > 0; left--) {
    const key = reader.primitive();
    const value = reader.primitive();
    if (typeof value !== "number") reader.fail("an extended time without numbers");
    if (key === 1) seconds = value;
    else if (key === -3) ms = value;
    else reader.fail("an extended time of more than seconds and milliseconds");
  }
  return new Date(seconds * 1000 + ms);
}

/** Reads a regular expression. It is made and not run. */
export function readRegExp(reader: ObjectSource): RegExp {
  if (reader.head(0x80) !== 2) reader.fail("a regular expression that is not pattern and flags");
  const source = reader.primitive();
  const flags = reader.primitive();
  if (typeof source !== "string" || typeof flags !== "string" || source.length > MAX_REGEXP_LENGTH) {
    return reader.fail("a regular expression without a pattern that can be used");
  }
  reader.patternCost += patternCost(source);
  if (reader.patternCost > MAX_PATTERN_COST) reader.fail("too many Unicode properties in patterns");
  try {
    return new RegExp(source, flags);
  } catch (cause) {
    return reader.fail("a regular expression that is not valid", reader.at, cause);
  }
}

/** An arguments object as a function in strict mode has it. */
export function makeArguments(count: number): IArguments {
  return collectArguments(...new Array<undefined>(count));
}

function collectArguments(..._values: unknown[]): IArguments {
  return arguments;
}
