/**
 * The snapshot: the file-digest memory as bytes, in one compact block that a new process reads in one piece.
 *
 * Loading a snapshot costs about 0.3 µs a file; rows of Deno.Kv would cost 15 µs each. The format is little-endian: a
 * header of 16 bytes (magic number, version, number of rows, length of the paths), six 64-bit floats a row, 32 bytes of
 * digest a row, the paths separated by zero bytes, padding to a multiple of 8, and a checksum over all bytes before it.
 * Bytes that are not valid, for whatever reason, are read as an empty memory: lost digests are computed again.
 *
 * @module
 */
import { atOnce } from "../../words/waiting.ts";
import type { ContentDigest } from "../../words/digests.ts";
import type { FileStamp } from "./stamp.ts";

/** Stamp and digest of a file when it was last read. */
export interface RememberedFile extends FileStamp {
  readonly digest: ContentDigest;
  /** Time at which the content was read, milliseconds since the epoch: a clock that shows less was set back. */
  readonly checkedMs: number;
}

/** Largest number of rows of a snapshot, which then takes about 18 MB. */
export const MAX_ROWS = 100_000;

/** Largest size of a valid snapshot, bytes; a larger file is not read. */
export const MAX_SNAPSHOT_BYTES = 128 * 1024 * 1024;

const MAGIC = 0x66797063; // "cpyf"
const VERSION = 2;
const HEADER_BYTES = 16;
const CHECKSUM_BYTES = 8;
const COLUMNS = 6;
const DIGEST_BYTES = 32;

/** Number of rows that are searched one by one before the table by path is made. */
const LOOK_AHEAD = 256;

/**
 * A decoded snapshot, in which files are looked up by path, without an object for each row.
 *
 * A program usually looks up its files in the order of its last run, which is the order of the rows. So the row after
 * the last found row is tried first. The table by path, which costs more than reading the snapshot, is only made for a
 * program that looks up files in another order.
 */
export class Snapshot {
  readonly #paths: readonly string[];
  readonly #columns: Float64Array;
  readonly #digests: Uint8Array;
  #rows: Map<string, number> | undefined;
  /** All digests in one hexadecimal text, so that the digest of a row costs a slice. */
  #hex: string | undefined;
  #next = 0;

  /** @param paths One path for each row. @param columns Six numbers a row. @param digests 32 bytes a row. */
  constructor(paths: readonly string[], columns: Float64Array, digests: Uint8Array) {
    this.#paths = paths;
    this.#columns = columns;
    this.#digests = digests;
  }

  /** Number of files. */
  get size(): number {
    return this.#paths.length;
  }

  /** Absolute paths of the files, in the order in which they were first remembered. */
  paths(): Iterable<string> {
    return this.#paths;
  }

  /** Returns the number of the row of `path`; `undefined` when there is none. */
  rowOf(path: string): number | undefined {
    const paths = this.#paths;
    if (this.#next >= paths.length) this.#next = 0;
    if (paths[this.#next] === path) return this.#next++;
    if (this.#rows === undefined) {
      const end = Math.min(this.#next + LOOK_AHEAD, paths.length);
      for (let row = this.#next + 1; row < end; row++) if (paths[row] === path) return (this.#next = row + 1) - 1;
      this.#rows = new Map();
      for (let row = 0; row < paths.length; row++) this.#rows.set(paths[row]!, row);
    }
    const row = this.#rows.get(path);
    if (row !== undefined) this.#next = row + 1;
    return row;
  }

  /** Returns the stamp and the digest that are remembered for `path`; `undefined` when there are none. */
  get(path: string): RememberedFile | undefined {
    const row = this.rowOf(path);
    if (row === undefined) return undefined;
    const columns = this.#columns;
    const at = row * COLUMNS;
    return {
      dev: columns[at]!,
      ino: columns[at + 1]!,
      size: columns[at + 2]!,
      mtimeMs: columns[at + 3]!,
      ctimeMs: columns[at + 4]!,
      checkedMs: this.checkedMs(row),
      digest: this.digest(row),
    };
  }

  /** Returns true when a row has the stamp that the file has now. @param stamp Result of `stat` for the file. */
  hasStamp(row: number, stamp: Deno.FileInfo): boolean {
    const columns = this.#columns;
    const at = row * COLUMNS;
    return columns[at + 4] === stamp.ctime?.getTime() && columns[at + 3] === stamp.mtime?.getTime() &&
      columns[at + 2] === stamp.size && columns[at + 1] === (stamp.ino ?? 0) && columns[at] === stamp.dev;
  }

  /** Time at which the content of a row was read, milliseconds since the epoch. */
  checkedMs(row: number): number {
    return this.#columns[row * COLUMNS + 5]!;
  }

  /** The digest of a row. */
  digest(row: number): ContentDigest {
    return (this.#hex ??= this.#digests.toHex()).slice(row * 64, (row + 1) * 64) as ContentDigest;
  }
}

/** Makes a snapshot without rows. */
export function emptySnapshot(): Snapshot {
  return new Snapshot([], new Float64Array(), new Uint8Array());
}

/** Encodes a snapshot of files, by path; of more than {@linkcode MAX_ROWS} files, those read last are kept. */
export function encodeSnapshot(files: ReadonlyMap<string, RememberedFile>): Uint8Array<ArrayBuffer> {
  return atOnce(encodeInSteps(files));
}

/** Encodes as {@linkcode encodeSnapshot} does; yields wherever other tasks may run. */
export function* encodeInSteps(
  files: ReadonlyMap<string, RememberedFile>,
): Generator<void, Uint8Array<ArrayBuffer>> {
  let kept = [...files].filter(([path]) => !path.includes("\0"));
  if (kept.length > MAX_ROWS) {
    const times = kept.map(([, file]) => file.checkedMs).sort((one, other) => other - one);
    kept = kept.filter(([, file]) => file.checkedMs >= times[MAX_ROWS - 1]!).slice(0, MAX_ROWS);
  }
  const text = new TextEncoder().encode(kept.map(([path]) => path).join("\0"));
  const columnsAt = HEADER_BYTES;
  const digestsAt = columnsAt + kept.length * COLUMNS * 8;
  const textAt = digestsAt + kept.length * DIGEST_BYTES;
  const bytes = new Uint8Array(roundUp(textAt + text.length) + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  let at = columnsAt;
  let digestAt = digestsAt;
  for (const [, file] of kept) {
    for (const number of [file.dev, file.ino, file.size, file.mtimeMs, file.ctimeMs, file.checkedMs]) {
      view.setFloat64(at, number, true);
      at += 8;
    }
    bytes.set(Uint8Array.fromHex(file.digest), digestAt);
    digestAt += DIGEST_BYTES;
    yield;
  }
  bytes.set(text, textAt);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, kept.length, true);
  view.setUint32(12, text.length, true);
  const words = new Uint32Array(bytes.buffer);
  words.set(checksum(words.subarray(0, -2)), words.length - 2);
  return bytes;
}

/** Decodes a snapshot; the result is empty if `bytes` are damaged, cut short, of another version or no snapshot. */
export function decodeSnapshot(bytes: Uint8Array<ArrayBuffer>): Snapshot {
  const { length, byteOffset } = bytes;
  if (length < HEADER_BYTES || length > MAX_SNAPSHOT_BYTES || length % 8 !== 0 || byteOffset % 8 !== 0) {
    return emptySnapshot();
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== VERSION) return emptySnapshot();
  const count = view.getUint32(8, true);
  const textLength = view.getUint32(12, true);
  const digestsAt = HEADER_BYTES + count * COLUMNS * 8;
  const textAt = digestsAt + count * DIGEST_BYTES;
  if (count > MAX_ROWS || length !== roundUp(textAt + textLength) + CHECKSUM_BYTES) return emptySnapshot();
  const words = new Uint32Array(bytes.buffer, byteOffset, length / 4);
  const [one, other] = checksum(words.subarray(0, -2));
  if (words.at(-2) !== one || words.at(-1) !== other) return emptySnapshot();
  const text = new TextDecoder().decode(bytes.subarray(textAt, textAt + textLength));
  const paths = count === 0 ? [] : text.split("\0");
  if (paths.length !== count) return emptySnapshot();
  const columns = new Float64Array(bytes.buffer, byteOffset + HEADER_BYTES, count * COLUMNS);
  return new Snapshot(paths, columns, bytes.subarray(digestsAt, textAt));
}

function roundUp(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/**
 * Computes a checksum of 64 bits over 32-bit words, as two numbers below 2³².
 *
 * Each of the two numbers is mixed by steps that can be reversed, so a change within one word is always found. Any
 * other damage is missed in one case of 2⁶⁴. A SHA-256 would find no more damage, and loading `node:crypto` takes
 * longer than reading all bytes that are checked.
 */
function checksum(words: Uint32Array): readonly [number, number] {
  let one = words.length | 0;
  let other = 0x85ebca6b | 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    one = Math.imul(one ^ word, 0x01000193);
    one = one << 13 | one >>> 19;
    other = Math.imul(other + word, 0x9e3779b1);
    other = other << 17 | other >>> 15;
  }
  return [one >>> 0, other >>> 0];
}
