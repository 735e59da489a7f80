/**
 * Puts an encoding together from what was written in one pass and what was known only later: which objects are
 * referred to, and where large binary data has to begin so that it can be looked at without a copy.
 *
 * @module
 */
import { ByteWriter, headSize, Major } from "../cbor/byte_writer.ts";
import { TAG_REFERENCE, TAG_SELF_DESCRIBED, TAG_SHARED } from "../cbor/tags.ts";

/** Data that goes into the encoding by reference, with its head. */
export interface External {
  /** Where it belongs, in bytes of what was written. */
  readonly at: number;
  /** Major type of the head: a byte string or a text. */
  readonly major: number;
  /** Tag in front of the head; `null`: none. */
  readonly tag: number | null;
  /** The data, or the Blob that it will be read from. */
  readonly source: Uint8Array | Blob;
  readonly byteLength: number;
}

/** What one pass leaves to be put together. */
export interface Draft {
  readonly writer: ByteWriter;
  /** In the order of `at`. */
  readonly externals: readonly External[];
  /** Where objects begin that are referred to. */
  readonly sharedAt: ReadonlySet<number>;
  /** Four-byte indices to fill in: where, and where the object begins that is meant. */
  readonly references: readonly { readonly at: number; readonly target: number }[];
}

/** Bytes in front of each mark of a shared object. */
const SHARED_MARK = new Uint8Array([Major.tag | 24, TAG_SHARED]);

/** The parts of the whole encoding, in order; a Blob's place holds the Blob. */
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

  // One buffer holds all that was written and all marks and heads, so that only external data makes a chunk.
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

/** Writes reference `tag 29` with an index of four bytes, and says where the index is. */
export function writeReference(writer: ByteWriter): number {
  writer.head(Major.tag, TAG_REFERENCE);
  writer.head(Major.unsigned, 0xffffffff);
  return writer.length - 4;
}

/**
 * Writes tag and head so that the payload begins at a multiple of eight bytes of the whole encoding.
 *
 * RFC 8949 lets an argument be wider than needed; with the tag that means nothing in front, every distance can be had.
 */
function writePaddedHead(out: ByteWriter, external: External, externalBytes: number): void {
  const { tag, major, byteLength } = external;
  // Only elements of more than a byte have to lie right, and only they have a tag.
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

/** Which ways a walk may take. */
export interface Strategy {
  /** Rows are packed into columns. Fails when something outside refers to a row. */
  packs: boolean;
  /** A typed array stands for its buffer. Fails when the buffer turns up again. */
  ownsBuffers: boolean;
}

/** Thrown inside the codec when a strategy does not fit; the walk begins again without it. */
export class StrategyFailed extends Error {
  /** Which one does not fit. */
  readonly strategy: keyof Strategy;

  /** @param strategy Which one does not fit. */
  constructor(strategy: keyof Strategy) {
    super(`The value does not allow: ${strategy}`);
    this.strategy = strategy;
  }
}

/** The place of an object that cannot be referred to, since it lies in a packed part. */
export const NOT_ADDRESSABLE = -1;

/** Up to this many, looking through a list is faster than a Map. */
const FEW = 10;

/** A Map with objects as keys and numbers as values, fast for few and for many. */
export class IdentityMap {
  readonly #few: object[] = [];
  readonly #places: number[] = [];
  #many: Map<object, number> | null = null;
  /** All arrays and all other objects, once some are packed: looking for and adding one is then a single step. */
  #arrays: Set<object> | null = null;
  #others: Set<object> | null = null;

  /** The place of `subject`; `undefined`: not seen. */
  get(subject: object): number | undefined {
    const all = this.#setFor(subject);
    if (all === null) return this.#placeOf(subject);
    return all.has(subject) ? this.#placeOf(subject) ?? NOT_ADDRESSABLE : undefined;
  }

  /** Records where `subject` is. */
  set(subject: object, place: number): void {
    this.#setFor(subject)?.add(subject);
    const at = this.#many === null ? this.#few.indexOf(subject) : -1;
    if (at >= 0) this.#places[at] = place;
    else this.#append(subject, place);
  }

  /** Records where `subject` is, if it was not seen; else returns its place. */
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
   * The arrays seen so far, to add packed ones to: an array that does not make the set larger was seen before. One that
   * is not packed after all has to be deleted again.
   */
  packedArrays(): Set<object> {
    return this.#arrays ??= this.#seenSoFar(true);
  }

  /** The objects seen so far that are no arrays, likewise to add to. Apart from arrays, since smaller sets are faster. */
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

  /** Records the place of an object that has none, or of any when there are many. */
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
