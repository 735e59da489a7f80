/**
 * Makes the chunks of an encoding from the bytes that one walk wrote. Two things are known only after that walk: which
 * objects are referred to, and how large binary data has to be aligned so that it can be read without a copy.
 *
 * @module
 */
import { ByteWriter, headSize, Major } from "../cbor/byte_writer.ts";
import { TAG_REFERENCE, TAG_SELF_DESCRIBED, TAG_SHARED } from "../cbor/tags.ts";

/** Data that goes into the encoding without being copied, with its head. */
export interface External {
  /** Offset in the written bytes at which the data is inserted. */
  readonly at: number;
  /** Major type of the head: a byte string or a text. */
  readonly major: number;
  /** Tag in front of the head; `null`: none. */
  readonly tag: number | null;
  /** The data, or the Blob from which it will be read. */
  readonly source: Uint8Array | Blob;
  readonly byteLength: number;
}

/** Bytes that one walk wrote, and what has to be inserted into them. */
export interface Draft {
  readonly writer: ByteWriter;
  /** Data to insert, in the order of `at`. */
  readonly externals: readonly External[];
  /** Offsets at which objects begin that are referred to. */
  readonly sharedAt: ReadonlySet<number>;
  /** Indices of four bytes to fill in: `at` is the offset of the index, `target` that of the object referred to. */
  readonly references: readonly { readonly at: number; readonly target: number }[];
}

/** Bytes that mark the object after them as shared. */
const SHARED_MARK = new Uint8Array([Major.tag | 24, TAG_SHARED]);

/** Returns the chunks of the encoding in order, with each Blob in place of its bytes. */
export function layOutChunks(draft: Draft): (Uint8Array | Blob)[] {
  const { writer, externals } = draft;
  const marks = [...draft.sharedAt].sort((a, b) => a - b);
  const indexOf = new Map(marks.map((at, index) => [at, index]));
  for (const { at, target } of draft.references) {
    const index = indexOf.get(target)!;
    writer.bytes[at] = index >>> 24;
    writer.bytes[at + 1] = index >>> 16;
    writer.bytes[at + 2] = index >>> 8;
    writer.bytes[at + 3] = index;
  }

  // One buffer holds the written bytes, the marks and the heads, so that the chunks need no buffers of their own.
  const out = new ByteWriter(writer.length + marks.length * SHARED_MARK.length + externals.length * 24);
  const chunks: (Uint8Array | Blob)[] = [];
  let externalBytes = 0;
  let chunkStart = 0;
  let copied = 0;
  let markAt = 0;
  const copyUntil = (end: number) => {
    for (; markAt < marks.length && marks[markAt]! <= end; markAt++) {
      out.raw(writer.bytes.subarray(copied, marks[markAt]));
      out.raw(SHARED_MARK);
      copied = marks[markAt]!;
    }
    out.raw(writer.bytes.subarray(copied, end));
    copied = end;
  };
  for (const external of externals) {
    copyUntil(external.at);
    writePaddedHead(out, external, externalBytes);
    chunks.push(out.bytes.subarray(chunkStart, out.length), external.source);
    chunkStart = out.length;
    externalBytes += external.byteLength;
  }
  copyUntil(writer.length);
  if (out.length > chunkStart) chunks.push(out.bytes.subarray(chunkStart, out.length));
  return chunks;
}

/** Writes a reference (tag 29) with an index of four bytes. @returns Offset of the index, which is filled in later. */
export function writeReference(writer: ByteWriter): number {
  writer.head(Major.tag, TAG_REFERENCE);
  writer.head(Major.unsigned, 0xffffffff);
  return writer.length - 4;
}

/**
 * Writes tag and head so that the data begins at a multiple of eight bytes of the whole encoding.
 *
 * RFC 8949 allows an argument to be wider than needed. With the tag that means nothing in front, every alignment is
 * possible.
 */
function writePaddedHead(out: ByteWriter, external: External, externalBytes: number): void {
  const { tag, major, byteLength } = external;
  // Data without a tag consists of bytes or text, which need no alignment.
  if (tag === null) return out.head(major, byteLength);
  const lengthWidths = [2, 3, 5, 9].filter((width) => width >= headSize(byteLength));
  const tagWidths = [2, 3, 5, 9];
  for (const isPadded of [false, true]) {
    for (const tagWidth of tagWidths) {
      for (const lengthWidth of lengthWidths) {
        const end = out.length + externalBytes + (isPadded ? 3 : 0) + tagWidth + lengthWidth;
        if (end % 8 !== 0) continue;
        if (isPadded) out.head(Major.tag, TAG_SELF_DESCRIBED);
        writeWideHead(out, Major.tag, tag, tagWidth);
        writeWideHead(out, major, byteLength, lengthWidth);
        return;
      }
    }
  }
  throw new Error("No head has the width that alignment needs");
}

function writeWideHead(out: ByteWriter, major: number, argument: number, width: number): void {
  out.byte(major | (width === 2 ? 24 : width === 3 ? 25 : width === 5 ? 26 : 27));
  for (let place = width - 2; place >= 0; place--) out.byte(Math.floor(argument / 2 ** (8 * place)) % 256);
}

/** Ways of writing that a walk may use; each is given up when it does not fit the value. */
export interface Strategy {
  /** Long arrays are packed. Fails when a packed one is referred to, or a value in it is refused. */
  packs: boolean;
  /** A buffer is encoded as part of the typed array that covers it. Fails when the buffer is met again. */
  ownsBuffers: boolean;
}

/** Thrown inside the codec when a way of writing does not fit; the walk begins again without that way. */
export class StrategyFailed extends Error {
  /** The way of writing that does not fit. */
  readonly strategy: keyof Strategy;

  /** @param strategy The way of writing that does not fit. */
  constructor(strategy: keyof Strategy) {
    super(`The value does not allow: ${strategy}`);
    this.strategy = strategy;
  }
}

/** Stands for the offset of an object that cannot be referred to, since it is in packed data. */
export const NOT_ADDRESSABLE = -1;

/** Number of objects up to which a search through a list is faster than a Map. */
const FEW = 10;

/** A map from objects to the offsets of their encodings, fast for few objects and for many. */
export class IdentityMap {
  readonly #few: object[] = [];
  readonly #places: number[] = [];
  #many: Map<object, number> | null = null;
  /** All arrays seen, once some are packed: a Set looks for an array and adds it in a single step. */
  #arrays: Set<object> | null = null;
  /** All other objects seen, once some are packed. */
  #others: Set<object> | null = null;

  /** The offset of `subject`; `undefined` when it was not seen. */
  get(subject: object): number | undefined {
    const all = this.#setFor(subject);
    if (all === null) return this.#placeOf(subject);
    return all.has(subject) ? this.#placeOf(subject) ?? NOT_ADDRESSABLE : undefined;
  }

  /** Records the offset of `subject`. */
  set(subject: object, place: number): void {
    this.#setFor(subject)?.add(subject);
    const at = this.#many === null ? this.#few.indexOf(subject) : -1;
    if (at >= 0) this.#places[at] = place;
    else this.#append(subject, place);
  }

  /** Records the offset of `subject` when it was not seen before. @returns The known offset when it was. */
  add(subject: object, place: number): number | undefined {
    const all = this.#setFor(subject);
    if (all === null) {
      const known = this.#placeOf(subject);
      if (known !== undefined) return known;
    } else {
      const { size } = all;
      if (all.add(subject).size === size) return this.#placeOf(subject) ?? NOT_ADDRESSABLE;
    }
    this.#append(subject, place);
    return undefined;
  }

  /**
   * The set of the arrays seen so far, to which the caller adds those that it packs. An array that does not make the
   * set larger was seen before. One that is not packed after all has to be deleted from the set.
   */
  packedArrays(): Set<object> {
    return this.#arrays ??= this.#seenSoFar(true);
  }

  /** As {@linkcode IdentityMap.packedArrays}, for objects that are no arrays: two smaller sets are faster than one. */
  packedObjects(): Set<object> {
    return this.#others ??= this.#seenSoFar(false);
  }

  #setFor(subject: object): Set<object> | null {
    return Array.isArray(subject) ? this.#arrays : this.#others;
  }

  #seenSoFar(areArrays: boolean): Set<object> {
    const seen = new Set<object>();
    for (const subject of this.#many === null ? this.#few : this.#many.keys()) {
      if (Array.isArray(subject) === areArrays) seen.add(subject);
    }
    return seen;
  }

  #placeOf(subject: object): number | undefined {
    if (this.#many !== null) return this.#many.get(subject);
    const at = this.#few.indexOf(subject);
    return at < 0 ? undefined : this.#places[at];
  }

  /** Records the offset of an object that has none yet; in the Map, of any object. */
  #append(subject: object, place: number): void {
    if (this.#many === null && this.#few.length < FEW) {
      this.#few.push(subject);
      this.#places.push(place);
      return;
    }
    this.#many ??= new Map(this.#few.map((each, at) => [each, this.#places[at]!]));
    this.#many.set(subject, place);
  }
}

/** A notice about a part of a result that is stored but takes more room than it seems to. */
export interface ResultNotice {
  /** Path to the part: `result.rows[0]`. */
  readonly path: string;
  /** The notice in words. */
  readonly detail: string;
}
