/**
 * The file-digest memory as bytes: one compact block that a new process reads at once.
 *
 * Rows of Deno.Kv would cost 15 µs each to load; this costs about 0.2 µs a file. Little-endian: a header of 32 bytes
 * (magic, version, number of rows, length of the paths, checksum), six 64-bit floats a row, 32 bytes of digest a row, and
 * the paths, separated by zero bytes. Bytes that do not check out, for whatever reason, are an empty memory: what is lost
 * is hashed again.
 *
 * @module
 */
import type { ContentDigest } from "../digests.ts";
import type { FileStamp } from "./stamp.ts";

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
const VERSION = 1;
const HEADER_BYTES = 32;
const COLUMNS = 6;
const DIGEST_BYTES = 32;

/** A decoded snapshot: looked up by path, without an object for each row. */
export class Snapshot {
  readonly #rows: ReadonlyMap<string, number>;
  readonly #columns: Float64Array;
  readonly #digests: Uint8Array;

  /** @param paths One for each row. @param columns Six numbers a row. @param digests 32 bytes a row. */
  constructor(paths: readonly string[], columns: Float64Array, digests: Uint8Array) {
    const rows = new Map<string, number>();
    for (let row = 0; row < paths.length; row++) rows.set(paths[row]!, row);
    this.#rows = rows;
    this.#columns = columns;
    this.#digests = digests;
  }

  /** Number of files. */
  get size(): number {
    return this.#rows.size;
  }

  /** Absolute paths, in no particular order. */
  paths(): IterableIterator<string> {
    return this.#rows.keys();
  }

  /** What is remembered of `path`. */
  get(path: string): RememberedFile | undefined {
    const row = this.#rows.get(path);
    if (row === undefined) return undefined;
    const columns = this.#columns;
    const at = row * COLUMNS;
    return {
      dev: columns[at]!,
      ino: columns[at + 1]!,
      size: columns[at + 2]!,
      mtimeMs: columns[at + 3]!,
      ctimeMs: columns[at + 4]!,
      checkedMs: columns[at + 5]!,
      digest: this.#digests.subarray(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES).toHex() as ContentDigest,
    };
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
    kept = kept.sort(([, one], [, other]) => other.checkedMs - one.checkedMs).slice(0, MAX_ROWS);
  }
  const text = new TextEncoder().encode(kept.map(([path]) => path).join("\0"));
  const columnsAt = HEADER_BYTES;
  const digestsAt = columnsAt + kept.length * COLUMNS * 8;
  const textAt = digestsAt + kept.length * DIGEST_BYTES;
  const bytes = new Uint8Array(roundUp(textAt + text.length));
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
  const [low, high] = checksum(bytes);
  view.setUint32(16, low, true);
  view.setUint32(20, high, true);
  return bytes;
}

/** The snapshot in `bytes`; an empty one if they are damaged, cut short, of another version or no snapshot at all. */
export function decodeSnapshot(bytes: Uint8Array<ArrayBuffer>): Snapshot {
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_SNAPSHOT_BYTES || bytes.byteOffset % 8 !== 0) {
    return emptySnapshot();
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== VERSION) return emptySnapshot();
  const count = view.getUint32(8, true);
  const textLength = view.getUint32(12, true);
  const digestsAt = HEADER_BYTES + count * COLUMNS * 8;
  const textAt = digestsAt + count * DIGEST_BYTES;
  if (count > MAX_ROWS || bytes.length !== roundUp(textAt + textLength)) return emptySnapshot();
  const [low, high] = checksum(bytes);
  if (view.getUint32(16, true) !== low || view.getUint32(20, true) !== high) return emptySnapshot();
  const text = new TextDecoder().decode(bytes.subarray(textAt, textAt + textLength));
  const paths = count === 0 ? [] : text.split("\0");
  if (paths.length !== count) return emptySnapshot();
  const columns = new Float64Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES, count * COLUMNS);
  return new Snapshot(paths, columns, bytes.subarray(digestsAt, textAt));
}

function roundUp(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** 64 bits over everything but the checksum itself. Finds damage; it is no protection against a forger. */
function checksum(bytes: Uint8Array<ArrayBuffer>): [number, number] {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let index = 0; index < words.length; index++) {
    if (index === 4 || index === 5) continue;
    low = Math.imul(low ^ words[index]!, 0x01000193);
    high = Math.imul(high ^ low, 0x85ebca6b) + (high >>> 13);
  }
  return [low >>> 0, high >>> 0];
}
