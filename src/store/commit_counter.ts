/**
 * Whether anybody committed to a SQLite database, told without asking it.
 *
 * SQLite keeps an index of its write-ahead log in the file `-shm`, which all processes share as memory. The header of that
 * index changes with every commit, of whatever process (https://www.sqlite.org/walformat.html#the_wal_index_header).
 * Reading it takes a few microseconds, a row of Deno.Kv 100.
 *
 * @module
 */

/** Version, change counter, size and checksum of the log's index. Bytes. */
const COUNTER_BYTES = 48;

/** The commits to one open database. */
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
