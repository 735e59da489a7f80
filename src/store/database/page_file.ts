/**
 * Pages of a database file, with those of its write-ahead log in their place, read without SQLite.
 *
 * @module
 */

/** First bytes of each database. */
const FIRST_BYTES = new TextEncoder().encode("SQLite format 3\0");
/** Size in bytes of the pages of Deno.Kv, for a file whose first page does not tell. */
const USUAL_PAGE_BYTES = 4096;
/** Size in bytes of the header of the log, and of the header of each page in it. */
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** A database that is read page by page. */
export class PageFile implements Disposable {
  readonly #file: Deno.FsFile | null;
  readonly #log: Uint8Array<ArrayBuffer>;
  readonly #pageBytes: number;
  readonly #usableBytes: number;
  /** Where the newest version of a page begins in the log. */
  readonly #logged = new Map<number, number>();
  /** Number of pages. */
  readonly count: number;

  /** @param path Path of the database; the log is beside it. Either may be missing. */
  constructor(path: string) {
    this.#file = openIfThere(path);
    this.#log = readIfThere(`${path}-wal`);
    const header = new Uint8Array(100);
    const hasHeader = this.#readAt(0, header) && isFirst(header);
    const logView = new DataView(this.#log.buffer);
    const logPageBytes = this.#log.byteLength >= LOG_HEADER_BYTES ? logView.getUint32(8) : 0;
    const stated = hasHeader ? new DataView(header.buffer).getUint16(16) : logPageBytes;
    this.#pageBytes = pageBytesOf(stated);
    this.#usableBytes = this.#pageBytes - (hasHeader ? header[20]! : 0);
    const pages = this.#readLog(logPageBytes);
    this.count = pages ?? Math.floor((this.#file?.statSync().size ?? 0) / this.#pageBytes);
  }

  /** Returns a page; `null` when it is not there. Pages are numbered from 1. */
  read(number: number): Uint8Array<ArrayBuffer> | null {
    const logged = this.#logged.get(number);
    if (logged !== undefined) return this.#log.slice(logged, logged + this.#pageBytes);
    const page = new Uint8Array(this.#pageBytes);
    return this.#readAt((number - 1) * this.#pageBytes, page) ? page : null;
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
   * @returns `null` when a page is not there.
   */
  payload(page: Uint8Array<ArrayBuffer>, at: number, length: number): Uint8Array<ArrayBuffer> | null {
    const local = this.#localBytes(length);
    if (at + local > page.byteLength || length > this.count * this.#pageBytes) return null;
    if (local === length) return page.subarray(at, at + length);
    const payload = new Uint8Array(length);
    payload.set(page.subarray(at, at + local));
    const room = this.#usableBytes - 4;
    let next = new DataView(page.buffer, page.byteOffset).getUint32(at + local);
    for (let done = local; done < length; done += room) {
      const more = next > 1 && next <= this.count ? this.read(next) : null;
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
  #localBytes(length: number): number {
    const most = Math.floor((this.#usableBytes - 12) * 64 / 255) - 23;
    if (length <= most) return length;
    const least = Math.floor((this.#usableBytes - 12) * 32 / 255) - 23;
    const surplus = least + (length - least) % (this.#usableBytes - 4);
    return surplus <= most ? surplus : least;
  }

  /**
   * Notes the pages of the log up to the last commit that is whole: each page has a checksum of all pages up to it.
   *
   * @returns Number of pages of the database after that commit; `null` when the log has none.
   */
  #readLog(pageBytes: number): number | null {
    const { byteLength } = this.#log;
    if (byteLength < LOG_HEADER_BYTES || pageBytes !== this.#pageBytes) return null;
    const view = new DataView(this.#log.buffer);
    const isLittle = (view.getUint32(0) & 1) === 0;
    let sums: Sums = addToChecksum(view, [0, 24], isLittle, [0, 0]);
    if (sums[0] !== view.getUint32(24) || sums[1] !== view.getUint32(28)) return null;
    let pages: number | null = null;
    let waiting = new Map<number, number>();
    const step = FRAME_HEADER_BYTES + pageBytes;
    for (let at = LOG_HEADER_BYTES; at + step <= byteLength; at += step) {
      // A frame that an earlier use of the log left has other salts.
      if (view.getBigUint64(at + 8) !== view.getBigUint64(16)) break;
      sums = addToChecksum(view, [at, at + 8], isLittle, sums);
      sums = addToChecksum(view, [at + FRAME_HEADER_BYTES, at + step], isLittle, sums);
      if (sums[0] !== view.getUint32(at + 16) || sums[1] !== view.getUint32(at + 20)) break;
      waiting.set(view.getUint32(at), at + FRAME_HEADER_BYTES);
      const committed = view.getUint32(at + 4);
      if (committed === 0) continue;
      pages = committed;
      for (const [number, place] of waiting) this.#logged.set(number, place);
      waiting = new Map();
    }
    return pages;
  }

  #readAt(offset: number, into: Uint8Array): boolean {
    if (this.#file === null) return false;
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    let done = 0;
    while (done < into.byteLength) {
      const read = this.#readSome(into.subarray(done));
      if (read === 0) return false;
      done += read;
    }
    return true;
  }

  /** Returns the number of bytes read; 0 at the end of the file, and for a sector that the disk cannot read. */
  #readSome(into: Uint8Array): number {
    try {
      return this.#file?.readSync(into) ?? 0;
    } catch {
      return 0;
    }
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

function readIfThere(path: string): Uint8Array<ArrayBuffer> {
  try {
    return Deno.readFileSync(path);
  } catch {
    return new Uint8Array(0);
  }
}
