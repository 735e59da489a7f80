/**
 * Locks of the file system, as SQLite needs them. A file of its own, since only a cache on a file system without the locks
 * that processes of this package take for themselves needs it.
 *
 * @module
 */
import { CacheError } from "../../words/errors.ts";
import { randomId } from "../../words/random.ts";
import type { CacheLayout } from "../layout.ts";
import { removeOwn } from "../own_files.ts";
import { openSqlite } from "./sqlite_files.ts";

/**
 * Tries whether SQLite can lock a database in the cache directory. SQLite takes a lock that the file system refuses for one
 * that another process holds, and would be waited for with each operation.
 *
 * @param layout Paths of a cache that can be written to.
 * @returns Error with the remedy; `null` when it can.
 */
export function findLockDefect({ root, metadataTmp }: CacheLayout): CacheError | null {
  const path = `${metadataTmp}/probe-${randomId()}`;
  try {
    using database = openSqlite(path, { timeout: 0 });
    database.exec("BEGIN IMMEDIATE");
    return null;
  } catch (error) {
    return new CacheError(
      "ERR_CACHE_DIR",
      `Cannot use the cache: the file system of ${root} has no locks, without which no database can be kept there; ` +
        "name a folder on a local disk in cacheDir",
      { path: root, cause: error },
    );
  } finally {
    removeOwn(path);
  }
}
