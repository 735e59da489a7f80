/**
 * Checks of a database file before Deno.Kv opens it, the counter of its commits, and the errors of SQLite.
 *
 * Deno.Kv cleans up its queue in a thread of its own while it opens, and a failure there ends the whole process, so a
 * file that is cut off must not be handed to Deno.Kv.
 *
 * @module
 */
import defer * as sqlite from "node:sqlite";
import { CacheError, messageOf } from "../../words/errors.ts";
import { type CacheLayout, codeOf, describeFolderError, isPermissionError, isReadOnlyError } from "../layout.ts";

const MAGIC = "SQLite format 3\0";
/** Length in bytes of the header, which holds the database's size (SQLite database file format, section 1.3). */
const HEADER_BYTES = 100;

/**
 * Returns the defect of a database file, as far as its header and length show it. A file that looks cut off is checked
 * as a whole, since the missing pages may be in its log.
 *
 * @param path Path of the database.
 * @returns One sentence; `null` when there is no defect, no file, or an empty file.
 */
export function findBreak(path: string): string | null {
  const header = readHeader(path);
  if (header === null) return null;
  const { bytes, sizeBytes } = header;
  if (new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) return "file is not a database";
  const view = new DataView(bytes.buffer);
  const pageBytes = view.getUint16(16) === 1 ? 65_536 : view.getUint16(16);
  return sizeBytes >= view.getUint32(28) * pageBytes ? null : checkWhole(path);
}

function readHeader(path: string): { bytes: Uint8Array<ArrayBuffer>; sizeBytes: number } | null {
  try {
    using file = Deno.openSync(path);
    const sizeBytes = file.statSync().size;
    const bytes = new Uint8Array(HEADER_BYTES);
    file.readSync(bytes);
    return sizeBytes === 0 ? null : { bytes, sizeBytes };
  } catch {
    return null; // the opening reports why the file cannot be read
  }
}

function checkWhole(path: string): string | null {
  try {
    const database = new sqlite.DatabaseSync(path, { readOnly: true });
    try {
      const [finding] = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {});
      return finding === "ok" ? null : "database disk image is malformed";
    } finally {
      database.close();
    }
  } catch (error) {
    // Another process may hold the database for a moment: that is no damage.
    return /malformed|not a database/.test(String(error)) ? "database disk image is malformed" : null;
  }
}

/** Length in bytes of the version, change counter, size and checksum in the header of the log's index. */
const COUNTER_BYTES = 48;

/**
 * Counter of the commits to one open database.
 *
 * SQLite keeps an index of its write-ahead log in the file `-shm`, which all processes share as memory. The header of
 * that index changes with every commit of any process (https://www.sqlite.org/walformat.html#the_wal_index_header).
 * Reading the header takes a few microseconds, reading a row of Deno.Kv 100.
 */
export class CommitCounter {
  readonly #file: Deno.FsFile | null;
  readonly #header = new Uint8Array(COUNTER_BYTES);

  /** @param path Path of a database that is open, so that the index of its log exists. */
  constructor(path: string) {
    this.#file = openQuietly(`${path}-shm`);
  }

  /** Returns a text that differs after each commit; `null` when the header cannot be read. */
  read(): string | null {
    try {
      if (this.#file === null) return null;
      this.#file.seekSync(0, Deno.SeekMode.Start);
      return this.#file.readSync(this.#header) === COUNTER_BYTES ? this.#header.toHex() : null;
    } catch {
      return null;
    }
  }

  /** Closes the file of the index. */
  close(): void {
    this.#file?.close();
  }
}

/** Opens a file; `null` where that fails, and on Windows, where memory shared as a file cannot be read as a file. */
function openQuietly(path: string): Deno.FsFile | null {
  try {
    return Deno.build.os === "windows" ? null : Deno.openSync(path);
  } catch {
    return null;
  }
}

/** Returns the inode of a file; `null` when there is no file. */
export function inodeOf(path: string): number | null {
  try {
    return Deno.lstatSync(path).ino;
  } catch {
    return null;
  }
}

/** Returns the size of a file in bytes; 0 when there is no file. */
export function fileSizeOf(path: string): number {
  try {
    return Deno.lstatSync(path).size;
  } catch {
    return 0;
  }
}

/** True for an error that says that another process holds the database. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /database (table )?is locked|database is busy/i.test(error.message);
}

/** Messages of SQLite for a file that is no database, a damaged one, or one with other tables than those of Deno.Kv. */
const DAMAGE =
  /not a database|malformed|file is encrypted|table \w+ already exists|no such (table|column)|has no column/i;

/** True for an error that says that the file is damaged, or is not a database of Deno.Kv. */
export function isDamage(error: unknown): boolean {
  return error instanceof Error && DAMAGE.test(error.message);
}

/** True for an error that says that the database was closed during an operation. */
export function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}

const DELETE_IT = "delete the file to begin an empty cache";
const UNMAPPED =
  "its disk fails, or cannot map files into memory as some disks that several hosts share; name a folder " +
  "on a local disk in cacheDir";

/** True for an error that SQLite gives where it cannot share memory or locks through files, or cannot read the disk. */
function isUnmapped(error: unknown): boolean {
  return error instanceof Error && /disk I\/O error|locking protocol|unable to open database file/i.test(error.message);
}

/** Turns an error of opening a database into one that names the remedy. */
export function describeOpenError(error: unknown, layout: CacheLayout): unknown {
  if (error instanceof CacheError) return error;
  if (isPermissionError(error) || isReadOnlyError(error) || codeOf(error) === "ENOENT") {
    return describeFolderError(error, layout.root);
  }
  const remedy = isBusy(error) ? "end the program that holds it" : isUnmapped(error) ? UNMAPPED : DELETE_IT;
  return new CacheError(
    "ERR_CACHE_DIR",
    `Cannot open the cache's database ${layout.meta}: ${messageOf(error)}; ${remedy}`,
    { path: layout.meta, cause: error },
  );
}
