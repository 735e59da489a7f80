/**
 * What the errors of Deno.Kv mean: it passes on what SQLite says, as text.
 *
 * @module
 */
import { CacheError } from "../errors.ts";
import { codeOf, describeFolderError, isPermissionError, isReadOnlyError, type Layout } from "./layout.ts";

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

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Turns what opening a database threw into an error that says the remedy. */
export function describeOpenError(error: unknown, layout: Layout): unknown {
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
