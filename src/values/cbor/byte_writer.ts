/**
 * Writes CBOR heads and primitive values into a growing buffer.
 *
 * @module
 */
import { MAX_BIGNUM_BYTES, TAG_BIGNUM, TAG_NEGATIVE_BIGNUM, TAG_OBJECT, TAG_WTF8 } from "./tags.ts";

const floatScratch = new Float64Array(1);
const floatBytes = new Uint8Array(floatScratch.buffer);
const float32Scratch = new Float32Array(floatScratch.buffer, 0, 1);
const float16Scratch = new Float16Array(floatScratch.buffer, 0, 1);
const encoder = new TextEncoder();

/** Length of a string up to which a loop in JavaScript is faster than a TextEncoder. */
const SHORT_TEXT = 48;

/** Major types of RFC 8949, shifted into place. */
export const Major = {
  unsigned: 0x00,
  negative: 0x20,
  bytes: 0x40,
  text: 0x60,
  array: 0x80,
  map: 0xa0,
  tag: 0xc0,
} as const;

let pooledWriter: ByteWriter | null = null;

/**
 * Takes an empty writer from the pool. A codec or a lazy member of a value may encode another value during the walk: it
 * finds the pool empty and gets a writer of its own.
 */
export function takeWriter(): ByteWriter {
  const writer = pooledWriter ?? new ByteWriter();
  writer.length = 0;
  pooledWriter = null;
  return writer;
}

/** Returns a writer to the pool for the next encoding, unless its buffer is larger than 1 MiB. */
export function returnWriter(writer: ByteWriter): void {
  if (writer.bytes.length <= 1 << 20) pooledWriter = writer;
}

/** A growing buffer that is used again and again. {@linkcode ByteWriter.copy} returns the bytes written to it. */
export class ByteWriter {
  /** The buffer, of which the first `length` bytes are written. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Number of bytes written. */
  length = 0;

  /** @param capacity Size of the buffer at first, in bytes. */
  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** A copy of the bytes written from offset `start` on. */
  copy(start = 0): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(start, this.length);
  }

  /** Writes one byte as it is. */
  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Writes `bytes` as they are. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Writes the shortest head of a major type with its argument. */
  head(major: number, argument: number): void {
    if (this.length + 9 > this.bytes.length) this.reserve(9);
    const bytes = this.bytes;
    let at = this.length;
    if (argument < 24) {
      bytes[at++] = major | argument;
    } else if (argument < 0x100) {
      bytes[at++] = major | 24;
      bytes[at++] = argument;
    } else if (argument < 0x10000) {
      bytes[at++] = major | 25;
      bytes[at++] = argument >>> 8;
      bytes[at++] = argument;
    } else if (argument < 0x100000000) {
      bytes[at++] = major | 26;
      bytes[at++] = argument >>> 24;
      bytes[at++] = argument >>> 16;
      bytes[at++] = argument >>> 8;
      bytes[at++] = argument;
    } else {
      const high = Math.floor(argument / 0x100000000);
      bytes[at++] = major | 27;
      bytes[at++] = high >>> 24;
      bytes[at++] = high >>> 16;
      bytes[at++] = high >>> 8;
      bytes[at++] = high;
      bytes[at++] = argument >>> 24;
      bytes[at++] = argument >>> 16;
      bytes[at++] = argument >>> 8;
      bytes[at++] = argument;
    }
    this.length = at;
  }

  /** Writes the head of a generic object: tag 27, an array of `count` items, the type name. */
  object(name: string, count: number): void {
    this.head(Major.tag, TAG_OBJECT);
    this.head(Major.array, count);
    this.text(name);
  }

  /** Writes a number: an integer up to 2^53 - 1, else the shortest float that is exact. */
  number(value: number): void {
    if (Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0)) {
      if (value >= 0) this.head(Major.unsigned, value);
      else this.head(Major.negative, -1 - value);
    } else this.#float(value);
  }

  #float(value: number): void {
    if (this.length + 9 > this.bytes.length) this.reserve(9);
    const bytes = this.bytes;
    let at = this.length;
    if (value !== value) {
      // JavaScript does not tell apart the payloads of NaN, so all of them have one encoding.
      bytes[at++] = 0xf9;
      bytes[at++] = 0x7e;
      bytes[at++] = 0x00;
    } else if (Math.fround(value) === value) {
      if (Math.f16round(value) === value) {
        float16Scratch[0] = value;
        bytes[at++] = 0xf9;
      } else {
        float32Scratch[0] = value;
        bytes[at++] = 0xfa;
        bytes[at++] = floatBytes[3]!;
        bytes[at++] = floatBytes[2]!;
      }
      bytes[at++] = floatBytes[1]!;
      bytes[at++] = floatBytes[0]!;
    } else {
      floatScratch[0] = value;
      bytes[at++] = 0xfb;
      for (let index = 7; index >= 0; index--) bytes[at++] = floatBytes[index]!;
    }
    this.length = at;
  }

  /**
   * Writes a bigint. One that a number could hold is written as a bignum, so that `1` and `1n` differ.
   *
   * @returns `false` when it is longer than {@linkcode MAX_BIGNUM_BYTES}; then nothing is written.
   */
  bigint(value: bigint): boolean {
    const magnitude = value < 0n ? -1n - value : value;
    if (magnitude > 0x1fffffffffffffn && magnitude <= 0xffffffffffffffffn) {
      this.reserve(9);
      this.bytes[this.length++] = (value < 0n ? Major.negative : Major.unsigned) | 27;
      for (let shift = 56n; shift >= 0n; shift -= 8n) {
        this.bytes[this.length++] = Number((magnitude >> shift) & 0xffn);
      }
      return true;
    }
    // Conversion through hexadecimal text takes linear time in V8; every other one takes quadratic time.
    let hex = magnitude === 0n ? "" : magnitude.toString(16);
    if (hex.length > MAX_BIGNUM_BYTES * 2) return false;
    if (hex.length % 2 === 1) hex = "0" + hex;
    this.head(Major.tag, value < 0n ? TAG_NEGATIVE_BIGNUM : TAG_BIGNUM);
    this.head(Major.bytes, hex.length / 2);
    this.raw(Uint8Array.fromHex(hex));
    return true;
  }

  /** Writes a byte string. */
  byteString(bytes: Uint8Array): void {
    this.head(Major.bytes, bytes.length);
    this.raw(bytes);
  }

  /** Writes a string as text; one with lone surrogates as WTF-8. */
  text(value: string): void {
    const units = value.length;
    if (units > SHORT_TEXT) return this.#longText(value);
    if (this.length + units + 2 > this.bytes.length) this.reserve(units + 2);
    const bytes = this.bytes;
    let at = this.length;
    if (units < 24) {
      bytes[at++] = Major.text | units;
    } else {
      bytes[at++] = Major.text | 24;
      bytes[at++] = units;
    }
    for (let index = 0; index < units; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return this.#longText(value);
      bytes[at++] = unit;
    }
    this.length = at;
  }

  #longText(value: string): void {
    if (!value.isWellFormed()) {
      this.head(Major.tag, TAG_WTF8);
      this.byteString(encodeWtf8(value));
      return;
    }
    if (value.length > 0x100000) {
      const utf8 = encoder.encode(value);
      this.head(Major.text, utf8.length);
      this.raw(utf8);
      return;
    }
    this.reserve(value.length * 3 + 9);
    const guessed = this.length + headSize(value.length);
    const { written } = encoder.encodeInto(value, this.bytes.subarray(guessed));
    // The head's length depends on the number of bytes, which is known only now.
    const right = this.length + headSize(written);
    if (right !== guessed) this.bytes.copyWithin(right, guessed, guessed + written);
    this.head(Major.text, written);
    this.length += written;
  }
}

/** Number of bytes of the shortest head for an argument. */
export function headSize(argument: number): number {
  return argument < 24 ? 1 : argument < 0x100 ? 2 : argument < 0x10000 ? 3 : argument < 0x100000000 ? 5 : 9;
}

/** Encodes a string as WTF-8: UTF-8 in which lone surrogates are encoded like characters. */
function encodeWtf8(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 3);
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const point = text.codePointAt(index)!;
    if (point > 0xffff) index++;
    if (point < 0x80) {
      bytes[at++] = point;
    } else if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      bytes[at++] = 0xe0 | (point >> 12);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else {
      bytes[at++] = 0xf0 | (point >> 18);
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    }
  }
  return bytes.slice(0, at);
}
