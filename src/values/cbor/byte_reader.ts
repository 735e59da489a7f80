/**
 * Reads CBOR heads and primitive values. No length is trusted: each is checked against the number of bytes left.
 *
 * @module
 */
import { CacheError } from "../../words/errors.ts";
import { MAX_BIGNUM_BYTES } from "./tags.ts";

const floatScratch = new Float64Array(1);
const floatBytes = new Uint8Array(floatScratch.buffer);
const float32Scratch = new Float32Array(floatScratch.buffer, 0, 1);
const float16Scratch = new Float16Array(floatScratch.buffer, 0, 1);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Number of bytes of a text up to which a loop in JavaScript is faster than a TextDecoder. */
const SHORT_TEXT = 24;
/** Number of bytes of a text up to which it is looked for among the strings read before. */
const INTERNED_TEXT = 32;
const INTERNED_SLOTS = 2048;

/** Stands for the argument of a head of indefinite length. */
export const INDEFINITE = -1;

/** Strings read before, by hash, so that property names are not made again. Each slot holds the latest string. */
const internedText: (string | undefined)[] = new Array(INTERNED_SLOTS).fill(undefined);

/** Reads a sequence of bytes from offset `at` on. */
export class ByteReader {
  /** The bytes that are read. */
  readonly bytes: Uint8Array;
  /** Offset of the next byte. */
  at = 0;
  /** Additional information of the last head, as RFC 8949 calls the low five bits of its first byte. */
  info = 0;

  /** @param bytes The bytes to read. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** @throws {CacheError} Always: the bytes are malformed at `at`. */
  fail(what: string, at = this.at, cause?: unknown): never {
    throw new CacheError(
      "ERR_DECODE",
      `Stored bytes are malformed at byte ${at}: ${what}; run cacheVerify with repair to drop the entry`,
      cause === undefined ? {} : { cause },
    );
  }

  /** Number of bytes that are left. */
  left(): number {
    return this.bytes.length - this.at;
  }

  /** Reads the next byte. */
  byte(): number {
    if (this.at >= this.bytes.length) this.fail("the end came too early");
    return this.bytes[this.at++]!;
  }

  /**
   * Reads the argument of a head whose first byte was just read.
   *
   * @returns An integer, exact up to 2^53 and rounded above; {@linkcode INDEFINITE} for an indefinite length.
   */
  argument(first: number): number {
    const info = first & 0x1f;
    this.info = info;
    if (info < 24) return info;
    if (info === 31) return INDEFINITE;
    if (info > 27) this.fail("a reserved length", this.at - 1);
    const bytes = this.bytes;
    const width = 1 << (info - 24);
    let at = this.at;
    if (at + width > bytes.length) this.fail("the end came too early");
    let value = 0;
    for (const end = at + width; at < end; at++) value = value * 256 + bytes[at]!;
    this.at = at;
    return value;
  }

  /** Checks the length of a container against the bytes left, and returns it. @param size Least bytes of an item. */
  count(argument: number, size: number): number {
    if (argument * size > this.left()) this.fail(`a length of ${argument}, more than there are bytes`);
    return argument;
  }

  /** The integer whose head gave `argument`; a bigint where a number would not be exact. */
  integer(argument: number, isNegative: boolean): number | bigint {
    if (argument <= 0x1fffffffffffff - (isNegative ? 1 : 0)) return isNegative ? -1 - argument : argument;
    let exact = 0n;
    for (let at = this.at - 8; at < this.at; at++) exact = (exact << 8n) | BigInt(this.bytes[at]!);
    return isNegative ? -1n - exact : exact;
  }

  /** Reads a float of 2, 4 or 8 bytes. */
  float(width: number): number {
    const bytes = this.bytes;
    const end = this.at + width;
    if (end > bytes.length) this.fail("the end came too early");
    for (let index = 0; index < width; index++) floatBytes[index] = bytes[end - 1 - index]!;
    this.at = end;
    return width === 8 ? floatScratch[0]! : width === 4 ? float32Scratch[0]! : float16Scratch[0]!;
  }

  /** Reads the next `length` bytes without a copy. */
  view(length: number): Uint8Array {
    this.count(length, 1);
    return this.bytes.subarray(this.at, this.at += length);
  }

  /** Reads the bytes of the byte string or text whose head gave `argument`. Only several pieces are copied. */
  string(argument: number, major: number): Uint8Array {
    if (argument !== INDEFINITE) return this.view(argument);
    const pieces: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const first = this.byte();
      if (first === 0xff) break;
      if (first >> 5 !== major >> 5 || (first & 0x1f) === 31) this.fail("a piece of another kind", this.at - 1);
      const piece = this.view(this.argument(first));
      // Each piece of a text has to be well-formed by itself.
      if (major === 0x60) this.#decode(piece, this.at - piece.length);
      pieces.push(piece);
      length += piece.length;
    }
    if (pieces.length === 1) return pieces[0]!;
    const whole = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** Reads the text whose head gave `argument`. */
  text(argument: number): string {
    if (argument === INDEFINITE) return this.#decode(this.string(argument, 0x60), this.at);
    const bytes = this.bytes;
    const start = this.at;
    const end = start + argument;
    if (end > bytes.length) this.fail(`a text of ${argument} bytes, more than there are`);
    this.at = end;
    if (argument > INTERNED_TEXT) return this.#decode(bytes.subarray(start, end), start);
    let hash = argument;
    for (let at = start; at < end; at++) {
      const unit = bytes[at]!;
      if (unit > 0x7f) return this.#decode(bytes.subarray(start, end), start);
      hash = (hash * 31 + unit) | 0;
    }
    hash = (hash ^ (hash >>> 11)) & (INTERNED_SLOTS - 1);
    const known = internedText[hash];
    if (known !== undefined && isSameBytes(known, bytes, start, argument)) return known;
    return internedText[hash] = shortText(bytes, start, end);
  }

  #decode(bytes: Uint8Array, at: number): string {
    if (bytes.length === 0) return "";
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      return this.fail("a text that is not UTF-8", at, cause);
    }
  }

  /** The bigint of a bignum whose byte string is `bytes`. */
  bignum(bytes: Uint8Array, isNegative: boolean): bigint {
    if (bytes.length > MAX_BIGNUM_BYTES) this.fail(`a bignum of more than ${MAX_BIGNUM_BYTES} bytes`);
    // Conversion through hexadecimal text takes linear time in V8; every other one takes quadratic time.
    const value = bytes.length === 0 ? 0n : BigInt(`0x${bytes.toHex()}`);
    return isNegative ? -1n - value : value;
  }
}

function isSameBytes(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}

function shortText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT_TEXT) return decoder.decode(bytes.subarray(start, end));
  let text = "";
  let at = start;
  // Eight characters are added at a time, since each concatenation costs more than the characters.
  for (; at + 8 <= end; at += 8) {
    text += String.fromCharCode(
      bytes[at]!,
      bytes[at + 1]!,
      bytes[at + 2]!,
      bytes[at + 3]!,
      bytes[at + 4]!,
      bytes[at + 5]!,
      bytes[at + 6]!,
      bytes[at + 7]!,
    );
  }
  for (; at + 2 <= end; at += 2) text += String.fromCharCode(bytes[at]!, bytes[at + 1]!);
  return at < end ? text + String.fromCharCode(bytes[at]!) : text;
}

/** Decodes WTF-8; `null` when the bytes are no WTF-8. */
export function decodeWtf8(bytes: Uint8Array): string | null {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at]!;
    const length = first < 0x80 ? 1 : first >> 5 === 6 ? 2 : first >> 4 === 14 ? 3 : first >> 3 === 30 ? 4 : 0;
    if (length === 0 || at + length > bytes.length) return null;
    let point = length === 1 ? first : first & (0x7f >> length);
    for (let index = 1; index < length; index++) {
      const next = bytes[at + index]!;
      if (next >> 6 !== 2) return null;
      point = (point << 6) | (next & 0x3f);
    }
    if (point < [0, 0, 0x80, 0x800, 0x10000][length]! || point > 0x10ffff) return null;
    text += String.fromCodePoint(point);
    at += length;
  }
  return text;
}
