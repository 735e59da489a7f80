/**
 * Errors of the database in words: what is wrong, and what the user can do.
 *
 * A file of its own, since only a failure loads it.
 *
 * @module
 */
import { CacheError, messageOf } from "../../words/errors.ts";
import { isDamage } from "./sqlite_files.ts";
import { type CacheLayout, codeOf, describeFolderError, isPermissionError, isReadOnlyError } from "../layout.ts";

/** Causes for which SQLite fails, each with what the user can do. */
const REMEDIES: readonly [sign: RegExp, remedy: string][] = [
  [
    /database (table )?is locked|database is busy/i,
    "another program holds it, or another process is removing much from the cache; it is used again as soon as that ends",
  ],
  [/disk is full|no space left/i, "make room on the disk"],
  [
    /disk i\/o error|locking protocol/i,
    "the disk did not answer, or cannot map files into memory, as some disks that several hosts share; check it, or name a " +
    "folder on a local disk in cacheDir",
  ],
  [/readonly database/i, "allow this user to write to the file and its folder, or set readOnly"],
  [
    /unable to open database file/i,
    "allow this user to read and write the file and its folder; if that is so, let the program open more files",
  ],
];

/** Turns an error of SQLite into one that names the database and the remedy; returns other errors as they are. */
export function describeDatabaseError(error: unknown, { meta }: CacheLayout): unknown {
  if (!(error instanceof Error) || error instanceof CacheError) return error;
  const remedy = isDamage(error)
    ? "delete the file to begin an empty cache"
    : REMEDIES.find(([sign]) => sign.test(error.message))?.[1];
  if (remedy === undefined) return error;
  const text = `Cannot use the cache's database ${meta}: ${error.message}; ${remedy}`;
  return new CacheError("ERR_CACHE_DIR", text, { path: meta, cause: error });
}

/** Turns an error of opening a database into one that names the database or its folder. */
export function describeOpenError(error: unknown, layout: CacheLayout): unknown {
  const described = describeDatabaseError(error, layout);
  if (described instanceof CacheError) return described;
  if (isPermissionError(error) || isReadOnlyError(error) || codeOf(error) === "ENOENT") {
    return describeFolderError(error, layout.root);
  }
  const text = `Cannot open the cache's database ${layout.meta}: ${messageOf(error)}`;
  return new CacheError("ERR_CACHE_DIR", text, { path: layout.meta, cause: error });
}
