/**
 * Pages of a database file, with those of its write-ahead log in their place, read without SQLite.
 *
 * @module
 */
import { giveTurn, isTurnOver } from "../../words/waiting.ts";
import { readableBytesOf } from "./sqlite_files.ts";

/** First bytes of each database. */
const FIRST_BYTES = new TextEncoder().encode("SQLite format 3\0");
/** Size in bytes of the pages of Deno.Kv, for a file whose first page does not tell. */
const USUAL_PAGE_BYTES = 4096;
/** Size in bytes of the header of the log, and of the header of each page in it. */
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Limits of Deno.Kv for a value and its key in bytes, and room for the numbers beside them. */
const MOST_PAYLOAD_BYTES = 65_536 + 2048 + 1024;
/**
 * Number of payloads of which a page may be a part. In a sound file it is one; a damaged cell may lead into a page of
 * another row, which must not be lost for that. The limit keeps all reads of payloads in proportion to the file.
 */
const MOST_USES = 4;

/** A database that is read page by page, in a time in proportion to its room on the disk, whatever is in it. */
export class PageFile implements Disposable {
  readonly #file: Deno.FsFile | null;
  readonly #pageBytes: number;
  readonly #usableBytes: number;
  /** Number of pages in the file itself. */
  readonly #filePages: number;
  /** Newest version of each page in the log. */
  readonly #logged = new Map<number, Uint8Array<ArrayBuffer>>();
  /** Number of payloads that were looked for in a page. */
  readonly #uses = new Map<number, number>();
  /** Number of pages that the log states. */
  #stated = Infinity;

  private constructor(path: string, log: Deno.FsFile | null) {
    this.#file = openIfThere(path);
    const header = new Uint8Array(100);
    const hasHeader = readAt(this.#file, 0, header) && isFirst(header);
    const logHeader = new DataView(new ArrayBuffer(LOG_HEADER_BYTES));
    const logPageBytes = readAt(log, 0, new Uint8Array(logHeader.buffer)) ? logHeader.getUint32(8) : 0;
    const stated = hasHeader ? new DataView(header.buffer).getUint16(16) : logPageBytes;
    this.#pageBytes = pageBytesOf(stated);
    this.#usableBytes = this.#pageBytes - (hasHeader ? header[20]! : 0);
    this.#filePages = Math.floor((this.#file === null ? 0 : readableBytesOf(this.#file.statSync())) / this.#pageBytes);
  }

  /** Opens a database. @param path Path of the database; the log is beside it. Either may be missing. */
  static async open(path: string): Promise<PageFile> {
    using log = openIfThere(`${path}-wal`);
    const file = new PageFile(path, log);
    if (log !== null) await file.#readLog(log);
    return file;
  }

  /** Yields the numbers of the pages that are there; those that only the log has come last. */
  *numbers(): Generator<number> {
    for (let number = 1; number <= this.#filePages && number <= this.#stated; number++) yield number;
    for (const number of this.#logged.keys()) if (number > this.#filePages && this.has(number)) yield number;
  }

  /** True for the number of a page that is there. */
  has(number: number): boolean {
    return number >= 1 && number <= this.#stated && (number <= this.#filePages || this.#logged.has(number));
  }

  /** Returns a page; `null` when it is not there. Pages are numbered from 1. */
  read(number: number): Uint8Array<ArrayBuffer> | null {
    if (!this.has(number)) return null;
    const logged = this.#logged.get(number);
    if (logged !== undefined) return logged;
    const page = new Uint8Array(this.#pageBytes);
    return readAt(this.#file, (number - 1) * this.#pageBytes, page) ? page : null;
  }

  /** Returns the first page, which has the header of the file; `null` when it is damaged. */
  readFirst(): Uint8Array<ArrayBuffer> | null {
    const page = this.read(1);
    return page !== null && isFirst(page) ? page : null;
  }

  /**
   * Returns the bytes of a cell of an index, which go on in other pages when they are many.
   *
   * @param page Page of the cell.
   * @param at Place in the page at which the bytes begin.
   * @param length Number of bytes in all.
   * @returns `null` when a page is not there or is in use for other cells, and for more bytes than a row can have.
   */
  payload(page: Uint8Array<ArrayBuffer>, at: number, length: number): Uint8Array<ArrayBuffer> | null {
    const local = this.localBytes(length);
    if (at + local > page.byteLength || length > MOST_PAYLOAD_BYTES) return null;
    if (local === length) return page.subarray(at, at + length);
    const payload = new Uint8Array(length);
    payload.set(page.subarray(at, at + local));
    const room = this.#usableBytes - 4;
    let next = new DataView(page.buffer, page.byteOffset).getUint32(at + local);
    for (let done = local; done < length; done += room) {
      const more = next > 1 && this.#mayUse(next) ? this.read(next) : null;
      if (more === null) return null;
      payload.set(more.subarray(4, 4 + Math.min(room, length - done)), done);
      next = new DataView(more.buffer).getUint32(0);
    }
    return next === 0 ? payload : null;
  }

  [Symbol.dispose](): void {
    this.#file?.close();
  }

  /** Returns how many bytes of a cell are in its own page (file format, section 1.6). */
  localBytes(length: number): number {
    const most = Math.floor((this.#usableBytes - 12) * 64 / 255) - 23;
    if (length <= most) return length;
    const least = Math.floor((this.#usableBytes - 12) * 32 / 255) - 23;
    const surplus = least + (length - least) % (this.#usableBytes - 4);
    return surplus <= most ? surplus : least;
  }

  /** Counts one more payload of which a page is a part; false when it was a part of too many. */
  #mayUse(number: number): boolean {
    const uses = this.#uses.get(number) ?? 0;
    if (uses >= MOST_USES) return false;
    this.#uses.set(number, uses + 1);
    return true;
  }

  /**
   * Keeps the pages of the log up to the last commit that is whole: each page has a checksum of all pages up to it.
   * Other tasks have their turn after each page.
   */
  async #readLog(log: Deno.FsFile): Promise<void> {
    const header = new DataView(new ArrayBuffer(LOG_HEADER_BYTES));
    if (!readAt(log, 0, new Uint8Array(header.buffer)) || header.getUint32(8) !== this.#pageBytes) return;
    const isLittle = (header.getUint32(0) & 1) === 0;
    let sums: Sums = addToChecksum(header, [0, 24], isLittle, [0, 0]);
    if (sums[0] !== header.getUint32(24) || sums[1] !== header.getUint32(28)) return;
    let waiting = new Map<number, Uint8Array<ArrayBuffer>>();
    const step = FRAME_HEADER_BYTES + this.#pageBytes;
    const end = log === null ? 0 : readableBytesOf(log.statSync());
    for (let at = LOG_HEADER_BYTES; at + step <= end; at += step) {
      if (isTurnOver()) await giveTurn();
      const frame = new Uint8Array(step);
      if (!readAt(log, at, frame)) break;
      const view = new DataView(frame.buffer);
      // A frame that an earlier use of the log left has other salts.
      if (view.getBigUint64(8) !== header.getBigUint64(16)) break;
      sums = addToChecksum(view, [0, 8], isLittle, sums);
      sums = addToChecksum(view, [FRAME_HEADER_BYTES, step], isLittle, sums);
      if (sums[0] !== view.getUint32(16) || sums[1] !== view.getUint32(20)) break;
      waiting.set(view.getUint32(0), frame.slice(FRAME_HEADER_BYTES));
      const committed = view.getUint32(4);
      if (committed === 0) continue;
      this.#stated = committed;
      for (const [number, page] of waiting) this.#logged.set(number, page);
      waiting = new Map();
    }
  }
}

/** Fills bytes from a place in a file; false when there are fewer. */
function readAt(file: Deno.FsFile | null, offset: number, into: Uint8Array): boolean {
  if (file === null) return false;
  file.seekSync(offset, Deno.SeekMode.Start);
  let done = 0;
  while (done < into.byteLength) {
    const read = readSome(file, into.subarray(done));
    if (read === 0) return false;
    done += read;
  }
  return true;
}

/** Returns the number of bytes read; 0 at the end of the file, and for a sector that the disk cannot read. */
function readSome(file: Deno.FsFile, into: Uint8Array): number {
  try {
    return file.readSync(into) ?? 0;
  } catch {
    return 0;
  }
}

type Sums = [first: number, second: number];

/** Goes on with the checksum of the log over some of its bytes (file format, section 4.2). */
function addToChecksum(view: DataView, [start, end]: [number, number], isLittle: boolean, [first, second]: Sums): Sums {
  for (let at = start; at < end; at += 8) {
    first = (first + view.getUint32(at, isLittle) + second) >>> 0;
    second = (second + view.getUint32(at + 4, isLittle) + first) >>> 0;
  }
  return [first, second];
}

function isFirst(page: Uint8Array): boolean {
  return FIRST_BYTES.every((byte, at) => page[at] === byte);
}

/** Returns the size of a page from what the header states; the usual one when that is no size. */
function pageBytesOf(stated: number): number {
  if (stated === 1 || stated === 65_536) return 65_536;
  return stated >= 512 && stated <= 32_768 && (stated & (stated - 1)) === 0 ? stated : USUAL_PAGE_BYTES;
}

function openIfThere(path: string): Deno.FsFile | null {
  try {
    return Deno.openSync(path);
  } catch {
    return null;
  }
}
