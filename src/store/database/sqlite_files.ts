/**
 * The files of a database, and the counter of its commits.
 *
 * @module
 */
import type { CacheLayout } from "../layout.ts";

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

/**
 * Returns a text that differs after the database or its log has changed. An empty log is as none: the first program that
 * opens a database makes one, and the last one deletes it.
 */
export function databaseStampOf({ meta }: CacheLayout): string {
  return ["", "-wal"].map((suffix) => {
    try {
      const { ino, size, mtime } = Deno.lstatSync(meta + suffix);
      return size === 0 ? "" : `${ino} ${size} ${mtime?.getTime()}`;
    } catch {
      return "";
    }
  }).join(" ");
}
