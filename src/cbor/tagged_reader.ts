/**
 * Reads what standard tags make of a byte string, a number or a pair: typed arrays, dates, regular expressions.
 *
 * @module
 */
import { MAX_PATTERN_COST, MAX_REGEXP_LENGTH, patternCost } from "./tags.ts";
import { swapByteOrder, type TypedArray, type TypedArrayConstructor } from "./typed_arrays.ts";
import type { ValueReader } from "./value_reader.ts";

/**
 * A typed array of its own over a copy of `bytes`: a program may look at its buffer, which must hold nothing else.
 *
 * @param kind What to make; `undefined`: a Uint8Array.
 */
export function readTypedArray(reader: ValueReader, bytes: Uint8Array, kind: ArrayKind | undefined): TypedArray {
  const own = bytes.slice();
  return kind === undefined ? own : viewAs(reader, own, kind);
}

/** Elements to be looked at and not handed out: a view of `bytes` where it lies right, else a copy. */
export function readElements(reader: ValueReader, bytes: Uint8Array, kind: ArrayKind): TypedArray {
  const isUsable = !kind.isBigEndian && bytes.byteOffset % kind.constructor.BYTES_PER_ELEMENT === 0;
  return viewAs(reader, isUsable ? bytes : bytes.slice(), kind);
}

/** What kind of typed array bytes are. */
interface ArrayKind {
  readonly constructor: TypedArrayConstructor;
  readonly isBigEndian: boolean;
}

function viewAs(reader: ValueReader, bytes: Uint8Array, { constructor, isBigEndian }: ArrayKind): TypedArray {
  const size = constructor.BYTES_PER_ELEMENT;
  if (bytes.length % size !== 0) reader.fail(`a ${constructor.name} with a part of an element`);
  if (isBigEndian) swapByteOrder(bytes, size);
  return new constructor(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / size);
}

/** RFC 3339, as tag 0 has it. */
const DATE_TEXT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** A Date from seconds since the epoch, or from a text. */
export function readDate(reader: ValueReader, content: unknown): Date {
  if (typeof content === "number") return new Date(Math.round(content * 1000));
  if (typeof content === "string" && DATE_TEXT.test(content)) return new Date(content);
  return reader.fail("a date that is neither seconds nor RFC 3339");
}

/** A Date from whole seconds and milliseconds. */
export function readExtendedTime(reader: ValueReader): Date {
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

/** A regular expression. It is made, not run. */
export function readRegExp(reader: ValueReader): RegExp {
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
