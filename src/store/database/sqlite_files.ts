/**
 * The files of a database: how SQLite opens them, the counter of its commits, their sizes, and what errors of SQLite say
 * of them.
 *
 * @module
 */
import type { DatabaseSync, DatabaseSyncOptions } from "node:sqlite";
import { nodeModule } from "../../words/node_modules.ts";
import { runsTests } from "../../words/program.ts";
import type { CacheLayout } from "../layout.ts";

/** Opens a database by SQLite itself, past Deno.Kv. No other module loads `node:sqlite`. */
export function openSqlite(path: string, options: DatabaseSyncOptions = {}): DatabaseSync {
  const { DatabaseSync } = nodeModule<typeof import("node:sqlite")>("node:sqlite");
  return new DatabaseSync(path, options);
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

  /** Lets go of the file of the index. */
  close(): void {
    if (runsTests()) this.#file?.close(); // one that stays open counts as a leak
  }
}

/**
 * Open indexes by device and inode. They stay open: a process that closes a file loses all its POSIX locks on the file, those
 * of another database handle included (https://www.sqlite.org/howtocorrupt.html, section 2.2).
 */
const openIndexes = new Map<string, Deno.FsFile>();

/** Opens a file; `null` where that fails, and on Windows, where memory shared as a file cannot be read as a file. */
function openQuietly(path: string): Deno.FsFile | null {
  try {
    if (Deno.build.os === "windows") return null;
    const { dev, ino } = Deno.lstatSync(path);
    const id = `${dev}:${ino}`;
    let file = runsTests() ? undefined : openIndexes.get(id);
    if (file === undefined) openIndexes.set(id, file = Deno.openSync(path));
    return file;
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

/**
 * Returns a text that differs after the database or its log has changed. An empty log is as none: the first program that
 * opens a database makes one, and the last one deletes it.
 */
export function databaseStampOf({ meta }: CacheLayout): string {
  return ["", "-wal"].map((suffix) => {
    try {
      const { ino, size, mtime, ctime } = Deno.lstatSync(meta + suffix);
      return size === 0 ? "" : `${ino} ${size} ${mtime?.getTime()} ${ctime?.getTime()}`;
    } catch {
      return "";
    }
  }).join(" ");
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

/** True for an error of Deno.Kv about a row that it cannot decode: it then gives none of the rows that it read. */
export function isUndecodable(error: unknown): boolean {
  return error instanceof Deno.errors.InvalidData || error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Error && /value encoding|invalid column type|deserialize/i.test(error.message);
}

/** True for an error that says that the database was closed during an operation. */
export function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}

/**
 * A file with holes can be of any size and takes no room on the disk. So no more is read of a file than this, and than
 * this many times its room: a file system that compresses, or that counts late, tells of less room than there are bytes.
 */
const SURE_BYTES = 1024 ** 3;
const MOST_BYTES_PER_ROOM = 64;

/** Returns the number of bytes of a file that are read; Windows does not tell the room that a file takes. */
export function readableBytesOf({ size, blocks }: Deno.FileInfo): number {
  return blocks === null ? size : Math.min(size, Math.max(SURE_BYTES, blocks * 512 * MOST_BYTES_PER_ROOM));
}
