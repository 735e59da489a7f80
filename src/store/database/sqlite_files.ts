/**
 * A look at a database file before Deno.Kv opens it.
 *
 * Deno.Kv cleans up its queue in a thread of its own while it opens, and a failure there ends the whole process, so a
 * file that is cut off must not be handed to it.
 *
 * @module
 */
import defer * as sqlite from "node:sqlite";
import { CacheError, messageOf } from "../../words/errors.ts";
import { type CacheLayout, codeOf, describeFolderError, isPermissionError, isReadOnlyError } from "../layout.ts";

const MAGIC = "SQLite format 3\0";
/** Length of the header that the size is told in (SQLite database file format, section 1.3). Bytes. */
const HEADER_BYTES = 100;

/**
 * What is wrong with a database file, as far as its header and length tell; a file that looks cut off is checked whole,
 * since the missing pages may be in its log.
 *
 * @param path The database.
 * @returns One sentence; `null` when nothing is, or when there is no file or an empty one.
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
    return null; // what opens it says why it cannot be read
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
    // Another process may hold it for a moment: that is no damage.
    return /malformed|not a database/.test(String(error)) ? "database disk image is malformed" : null;
  }
}

/** Version, change counter, size and checksum of the log's index. Bytes. */
const COUNTER_BYTES = 48;

/**
 * The commits to one open database.
 *
 * SQLite keeps an index of its write-ahead log in the file `-shm`, which all processes share as memory. The header of
 * that index changes with every commit, of whatever process
 * (https://www.sqlite.org/walformat.html#the_wal_index_header). Reading it takes a few microseconds, a row of Deno.Kv
 * 100.
 */
export class CommitCounter {
  readonly #file: Deno.FsFile | null;
  readonly #header = new Uint8Array(COUNTER_BYTES);

  /** @param path The file of a database that is open, so that its index is there. */
  constructor(path: string) {
    this.#file = openQuietly(`${path}-shm`);
  }

  /** A text that is another one after each commit; `null` when it cannot be told. */
  read(): string | null {
    try {
      if (this.#file === null) return null;
      this.#file.seekSync(0, Deno.SeekMode.Start);
      return this.#file.readSync(this.#header) === COUNTER_BYTES ? this.#header.toHex() : null;
    } catch {
      return null;
    }
  }

  /** Ends it. */
  close(): void {
    this.#file?.close();
  }
}

/** Only where memory that is shared as a file can be read as one, too. */
function openQuietly(path: string): Deno.FsFile | null {
  try {
    return Deno.build.os === "windows" ? null : Deno.openSync(path);
  } catch {
    return null;
  }
}

/** The inode of a file; `null` when there is none. */
export function inodeOf(path: string): number | null {
  try {
    return Deno.lstatSync(path).ino;
  } catch {
    return null;
  }
}

/** The size of a file in bytes; 0 when there is none. */
export function fileSizeOf(path: string): number {
  try {
    return Deno.lstatSync(path).size;
  } catch {
    return 0;
  }
}

/** Another process holds the database. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /database (table )?is locked|database is busy/i.test(error.message);
}

/** What SQLite says of a file that is no database, a damaged one, or one with other tables than those of Deno.Kv. */
const DAMAGE =
  /not a database|malformed|file is encrypted|table \w+ already exists|no such (table|column)|has no column/i;

/** The file is damaged, or none of ours. */
export function isDamage(error: unknown): boolean {
  return error instanceof Error && DAMAGE.test(error.message);
}

/** The database was closed under an operation. */
export function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}

/** Turns what opening a database threw into an error that says the remedy. */
export function describeOpenError(error: unknown, layout: CacheLayout): unknown {
  if (error instanceof CacheError) return error;
  if (isPermissionError(error) || isReadOnlyError(error) || codeOf(error) === "ENOENT") {
    return describeFolderError(error, layout.root);
  }
  const remedy = isBusy(error) ? "end the program that holds it" : "delete the file to begin an empty cache";
  return new CacheError(
    "ERR_CACHE_DIR",
    `Cannot open the cache's database ${layout.meta}: ${messageOf(error)}; ${remedy}`,
    { path: layout.meta, cause: error },
  );
}
