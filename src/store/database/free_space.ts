/**
 * Giving the space of deleted rows back to the disk, which SQLite does not do by itself.
 *
 * A file of its own, since only what removes much loads it.
 *
 * @module
 */
import { holdFolder } from "../locks/file_lock.ts";
import { type CacheLayout, findForeignDatabase } from "../layout.ts";
import { askSqliteThread } from "./sqlite_thread.ts";
import { openSqlite } from "./sqlite_files.ts";

/** Free space in bytes up to which a database stays as it is: the next entries fill it. */
const WORTHWHILE_BYTES = 4 * 1024 * 1024;
/** Size in bytes of the rows that are left, all of which are written anew, up to which this takes about 25 ms. */
const SHORT_BYTES = 3 * 1024 * 1024;
/** Size in bytes of the rows that are left, above which a database stays as it is: nobody else can write meanwhile. */
const MOST_BYTES = 128 * 1024 * 1024;
/** Longest wait in milliseconds for other processes, which may write again as soon as this one is done. */
const TIMEOUT_MS = 100;

/**
 * Gives the space of deleted rows back to the disk if more than half of the database is free, that is more than 4 MiB,
 * and at most 32 MiB of rows are left. Does nothing while another process writes; fails no caller.
 *
 * @param layout Paths of the cache.
 * @returns Number of bytes by which the file has become smaller. The file may shrink later, when other processes that
 * have it open let go of it.
 */
export async function giveBackSpace(layout: CacheLayout): Promise<number> {
  const { meta, metadata } = layout;
  using _hold = await holdFolder(metadata, false, TIMEOUT_MS);
  try {
    if (findForeignDatabase(layout) !== null) return 0;
    const before = Deno.lstatSync(meta).size;
    const leftBytes = bytesLeft(meta);
    if (leftBytes === null || leftBytes > MOST_BYTES) return 0;
    const task = { path: meta, patienceMs: TIMEOUT_MS };
    if (leftBytes <= SHORT_BYTES || await askSqliteThread({ do: "vacuum", ...task }) === null) vacuum(task);
    return Math.max(0, before - Deno.lstatSync(meta).size);
  } catch {
    return 0; // another process uses the database, or there is no room for the copy: another time
  }
}

/** Returns the size of the rows in a database, bytes; `null` when too little of it is free to be worth the work. */
function bytesLeft(path: string): number | null {
  using database = openSqlite(path, { timeout: TIMEOUT_MS });
  const ask = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0] as number;
  const [pages, free, pageBytes] = [ask("page_count"), ask("freelist_count"), ask("page_size")];
  return 2 * free > pages && free * pageBytes > WORTHWHILE_BYTES ? (pages - free) * pageBytes : null;
}

/** Writes all rows of a database anew, without holes. @throws {Error} When another process uses it, or there is no room. */
export function vacuum({ path, patienceMs }: { readonly path: string; readonly patienceMs: number }): void {
  using database = openSqlite(path, { timeout: patienceMs });
  database.exec("VACUUM");
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}
