/**
 * The file-digest memory as bytes: one compact block that a new process reads at once.
 *
 * Rows of Deno.Kv would cost 15 µs each to load; this costs about 0.3 µs a file. Little-endian: a header of 16 bytes
 * (magic, version, number of rows, length of the paths), six 64-bit floats a row, 32 bytes of digest a row, the paths,
 * separated by zero bytes, padding to a multiple of 8, and a checksum of all that. Bytes that do not check out, for
 * whatever reason, are an empty memory: what is lost is hashed again.
 *
 * @module
 */
import type { ContentDigest } from "../../words/digests.ts";

/** A file's content as it was last read. */
export interface RememberedFile extends FileStamp {
  readonly digest: ContentDigest;
  /** When the content was read, milliseconds since the epoch: a clock that shows less was set back. */
  readonly checkedMs: number;
}

/** Rows that a snapshot holds at most: about 18 MB. */
export const MAX_ROWS = 100_000;

/** No valid snapshot is larger, bytes; what is, is not read. */
export const MAX_SNAPSHOT_BYTES = 128 * 1024 * 1024;

const MAGIC = 0x66797063; // "cpyf"
const VERSION = 2;
const HEADER_BYTES = 16;
const CHECKSUM_BYTES = 8;
const COLUMNS = 6;
const DIGEST_BYTES = 32;

/** How many rows may be passed over before the table is made. */
const LOOK_AHEAD = 256;

/**
 * A decoded snapshot: looked up by path, without an object for each row.
 *
 * A program looks its files up in the order in which it did the last time, which is the order of the rows: so the row
 * after the last one found is tried first, and the table by path, which costs more than reading the snapshot, is only
 * made for a program that does otherwise.
 */
export class Snapshot {
  readonly #paths: readonly string[];
  readonly #columns: Float64Array;
  readonly #digests: Uint8Array;
  #rows: Map<string, number> | undefined;
  /** All digests in one, so that a row costs a slice. */
  #hex: string | undefined;
  #next = 0;

  /** @param paths One for each row. @param columns Six numbers a row. @param digests 32 bytes a row. */
  constructor(paths: readonly string[], columns: Float64Array, digests: Uint8Array) {
    this.#paths = paths;
    this.#columns = columns;
    this.#digests = digests;
  }

  /** Number of files. */
  get size(): number {
    return this.#paths.length;
  }

  /** Absolute paths, in the order in which they were first remembered. */
  paths(): Iterable<string> {
    return this.#paths;
  }

  /** The row of `path`. */
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

  /** What is remembered of `path`. */
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

  /** Whether a row is of a file as it is now. */
  hasStamp(row: number, stamp: Deno.FileInfo): boolean {
    const columns = this.#columns;
    const at = row * COLUMNS;
    return columns[at + 4] === stamp.ctime?.getTime() && columns[at + 3] === stamp.mtime?.getTime() &&
      columns[at + 2] === stamp.size && columns[at + 1] === (stamp.ino ?? 0) && columns[at] === stamp.dev;
  }

  /** When the content of a row was read, milliseconds since the epoch. */
  checkedMs(row: number): number {
    return this.#columns[row * COLUMNS + 5]!;
  }

  /** The digest of a row. */
  digest(row: number): ContentDigest {
    return (this.#hex ??= this.#digests.toHex()).slice(row * 64, (row + 1) * 64) as ContentDigest;
  }
}

/** A memory of nothing. */
export function emptySnapshot(): Snapshot {
  return new Snapshot([], new Float64Array(), new Uint8Array());
}

/** The bytes of a snapshot of these files; what was read longest ago is left out when there are too many. */
export function encodeSnapshot(files: ReadonlyMap<string, RememberedFile>): Uint8Array<ArrayBuffer> {
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

/** The snapshot in `bytes`; an empty one if they are damaged, cut short, of another version or no snapshot at all. */
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
 * 64 bits over 32-bit words, as two numbers below 2³².
 *
 * Each of the two is mixed by steps that lose nothing, so a change within one word is always found, and any other damage
 * but for one case in 2⁶⁴. A SHA-256 would find no more of it, and loading `node:crypto` takes longer than reading all
 * that is checked.
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

/** Device, inode, size and times of a file: together they name one content, if {@linkcode isStampSettled}. */
export interface FileStamp {
  readonly dev: number;
  /** Zero where the platform has none. */
  readonly ino: number;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
  /** Change of content or metadata, milliseconds since the epoch; `NaN` where the platform has none. */
  readonly ctimeMs: number;
}

/** Below this age, a file may be edited again without a change of its stamp, milliseconds. */
export const RACY_MS = 2100;

/** The stamp of a `stat` result. */
export function stampOf(info: Deno.FileInfo): FileStamp {
  return {
    dev: info.dev,
    ino: info.ino ?? 0,
    size: info.size,
    mtimeMs: info.mtime?.getTime() ?? NaN,
    ctimeMs: info.ctime?.getTime() ?? NaN,
  };
}

/** Whether two stamps are the same. Times that the platform does not tell (`NaN`) are never the same. */
export function isSameStamp(one: FileStamp, other: FileStamp): boolean {
  return one.ctimeMs === other.ctimeMs && one.mtimeMs === other.mtimeMs && one.size === other.size &&
    one.ino === other.ino && one.dev === other.dev;
}

/**
 * Whether any edit after `nowMs` must leave another stamp. False for a change time in the future, which is what a clock
 * that was set back leaves.
 *
 * @param stamp As the file had it at `nowMs` or later.
 * @param nowMs Milliseconds since the epoch, taken before the file was looked at.
 */
export function isStampSettled(stamp: FileStamp, nowMs: number): boolean {
  return nowMs - stamp.ctimeMs >= RACY_MS;
}
