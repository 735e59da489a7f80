/**
 * The check of a database before Deno.Kv opens it.
 *
 * A file of its own, since a database that is known to be sound needs none of it.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { isSchemaOfDeno } from "./check_schema.ts";
import type { CheckExtent } from "./soundness.ts";
import { fileSizeOf, isDamage, openSqlite } from "./sqlite_files.ts";
import { askSqliteThread, QUICK_BYTES } from "./sqlite_thread.ts";
import { messageOf } from "../../words/errors.ts";
import { giveTurn, isTurnOver } from "../../words/waiting.ts";

/** A question in SQL, and a test for the answer. */
type Question = readonly [question: string, isSound: (answer: unknown) => boolean];

const DAMAGED = "database disk image is malformed";

/** True when a table has one row with a version in this range, or there is no entry, as while a database is made. */
const hasOneVersion = (table: string, most: number): Question => [
  `SELECT (SELECT count(*) FROM ${table}) = 1 AND (SELECT count(*) FROM ${table} WHERE typeof(version) = 'integer' ` +
  `AND version BETWEEN 0 AND ${most}) = 1 OR NOT EXISTS (SELECT 1 FROM kv)`,
  (isSound) => isSound === 1,
];

/**
 * Questions about all that Deno.Kv reads in its own thread, each with the answer that a cache has. The cache puts nothing
 * into the queue and lets no row expire, and Deno.Kv ends the process when it cannot decode such a row.
 */
const OPENING: readonly Question[] = [
  ["SELECT (SELECT count(*) FROM queue) + (SELECT count(*) FROM queue_running)", (count) => count === 0],
  ["SELECT count(*) FROM (SELECT 1 FROM kv WHERE expiration_ms >= 0 LIMIT 1)", (count) => count === 0],
  hasOneVersion("data_version", 2 ** 52),
  hasOneVersion("migration_state", 1000),
];

/** Questions to the whole file. Deno.Kv ends the process when a row that says that it holds a number does not. */
const WHOLE: readonly Question[] = [
  ["PRAGMA quick_check(1)", (finding) => finding === "ok"],
  ["SELECT count(*) FROM (SELECT 1 FROM kv WHERE v_encoding = 2 LIMIT 1)", (count) => count === 0],
];

/**
 * Looks for damage in a database.
 *
 * @param path Path of the database, or its address with `immutable`.
 * @param extent Extent of the check.
 * @returns One sentence about the damage; `null` for a sound database; `undefined` when that cannot be told, as while
 * another program holds the database.
 */
export async function findDefect(path: string, extent: CheckExtent): Promise<string | null | undefined> {
  if (extent === "whole" && databaseBytes(path) > QUICK_BYTES) {
    const answered = await askSqliteThread<string | null | undefined>({ do: "check", path });
    if (answered !== null) return answered.answer;
  }
  return await findDefectHere(path, extent);
}

/** Returns the size of a database with its log, bytes. */
function databaseBytes(path: string): number {
  const file = path.startsWith("file:") ? decodeURI(path.slice("file:".length, path.lastIndexOf("?"))) : path;
  return fileSizeOf(file) + fileSizeOf(`${file}-wal`);
}

/** Does what {@linkcode findDefect} does, in this thread. */
export async function findDefectHere(path: string, extent: CheckExtent): Promise<string | null | undefined> {
  let database: DatabaseSync | undefined;
  try {
    database = openSqlite(path, { readOnly: true, timeout: 0 });
    if (!await isSchemaOfDeno(database, path)) return DAMAGED;
    for (const [question, isSound] of [...extent === "whole" ? WHOLE : [], ...OPENING]) {
      if (!isSound(askDatabase(database, question))) return DAMAGED;
      if (isTurnOver()) await giveTurn();
    }
    return null;
  } catch (error) {
    // Tables may be missing while another process makes the database; Deno.Kv says so when they are missing for good.
    if (/no such (table|column)/.test(messageOf(error))) {
      return extent === "opening" ? await findDefectHere(path, "whole") : null;
    }
    if (isDamage(error)) return messageOf(error);
    return UNTOLD.test(messageOf(error)) || !isOfSqlite(error) ? undefined : `${DAMAGED} (${messageOf(error)})`;
  } finally {
    database?.close();
  }
}

/** Errors that say nothing of the file. */
const UNTOLD = /locked|busy|unable to open|disk i\/o|disk is full|readonly|protocol|out of memory|interrupt|authoriz/i;

function isOfSqlite(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

function askDatabase(database: DatabaseSync, question: string): unknown {
  const [answer] = Object.values(database.prepare(question).get() ?? {});
  return answer;
}
