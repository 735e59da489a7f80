/**
 * Work on a large database in a thread of its own. SQLite does it in one go, and would stop this thread meanwhile.
 *
 * A file of its own, since few programs have a database so large.
 *
 * @module
 */
import { HelperThread } from "../../words/helper_thread.ts";
import type { RowsToEmpty } from "./empty_rows.ts";

/** Size of a database with its log, bytes, up to which the work takes no longer than starting a thread for it. */
export const QUICK_BYTES = 16 * 1024 * 1024;

/** Work to do: deleting all rows, the check of the whole file, or writing all rows anew. */
export type SqliteTask =
  | { readonly do: "empty" } & RowsToEmpty
  | { readonly do: "check"; readonly path: string }
  | { readonly do: "vacuum"; readonly path: string; readonly patienceMs: number };

/**
 * Does the work.
 *
 * @param task See {@linkcode SqliteTask}.
 * @returns The answer of the work; `null` when it failed, or there can be no such thread.
 */
export async function askSqliteThread<Value>(task: SqliteTask): Promise<{ readonly answer: Value } | null> {
  using thread = HelperThread.start(new URL("./sqlite_worker.ts", import.meta.url), "cachepy-sqlite");
  try {
    return thread === null ? null : { answer: await thread.ask<Value>(task) };
  } catch {
    return null;
  }
}
