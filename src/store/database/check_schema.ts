/**
 * The check of a database's schema: Deno.Kv makes plain tables and indexes, and nothing in them computes.
 *
 * What a schema computes runs with what the cache asks or writes, and may take all time or memory: triggers, views, virtual
 * tables, checks, generated columns, defaults, expressions and conditions of indexes (https://www.sqlite.org/lang.html).
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { parentOf } from "../../options/paths.ts";
import { temporaryIn } from "../own_files.ts";
import { openSqlite } from "./sqlite_files.ts";

/** Statements of a schema, of which Deno.Kv has eight; and the length of each in characters, of which it has 300. */
const MOST_STATEMENTS = 100;
const MOST_LENGTH = 10_000;

/** A table or an index of words, commas, numbers and parentheses. SQLite keeps the first words in this form. */
const PLAIN = /^CREATE (?:TABLE|(?:UNIQUE )?INDEX) \w[\s\w,()-]*$/;
/** Words after which something is computed. */
const COMPUTES = /\b(?:check|generated|as|collate|where|references|constraint|using|select)\b/i;
/** Parentheses that begin neither the columns of the table or index nor those of a key. */
const EXPRESSION = /(?:^|[(,-])\s*\(|\b(?!(?:key|unique)\b)\w+\s*\(/i;
/** The beginning of a statement, up to its columns. */
const HEAD = /^CREATE (?:TABLE \w+|(?:UNIQUE )?INDEX \w+\s+on\s+\w+)\s*\(/i;

/** True for a statement in which nothing computes. */
export function isPlainStatement(sql: string): boolean {
  const columns = sql.replace(HEAD, "");
  return sql.length <= MOST_LENGTH && columns.length < sql.length && PLAIN.test(sql) && !COMPUTES.test(columns) &&
    !EXPRESSION.test(columns);
}

/**
 * Returns true for a schema as Deno.Kv makes it.
 *
 * A later Deno may make another one, so statements that are not plain are looked for in a database that this Deno has
 * just made.
 *
 * @param database The database, which has run nothing yet but the reading of its schema.
 * @param path Path of its file, beside which another may be made.
 * @throws The error of SQLite.
 */
export async function isSchemaOfDeno(database: DatabaseSync, path: string): Promise<boolean> {
  const statements = schemaStatementsOf(database);
  if (statements === null) return false;
  const odd = statements.filter((sql) => !isPlainStatement(sql));
  if (odd.length === 0) return true;
  const made = await makeSchema(temporaryIn(`${parentOf(path)}/tmp`));
  return odd.every((sql) => made.includes(sql));
}

/** Returns the statements of a schema; `null` when there is something other than tables and indexes, or too much. */
function schemaStatementsOf(database: DatabaseSync): string[] | null {
  const rows = database.prepare(`SELECT type, substr(sql, 1, ${MOST_LENGTH + 1}) AS sql FROM sqlite_schema LIMIT ?`)
    .all(MOST_STATEMENTS + 1);
  if (rows.length > MOST_STATEMENTS) return null;
  const statements: string[] = [];
  for (const { type, sql } of rows) {
    if (type !== "table" && type !== "index") return null;
    if (sql === null && type === "index") continue; // of a key
    if (typeof sql !== "string") return null;
    statements.push(sql);
  }
  return statements;
}

/** Returns the statements of a database that Deno makes now; none where it cannot make one. */
async function makeSchema(path: string): Promise<string[]> {
  try {
    (await Deno.openKv(path)).close();
    using database = openSqlite(path);
    return schemaStatementsOf(database) ?? [];
  } catch {
    return [];
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) {
      try {
        Deno.removeSync(path + suffix);
      } catch {
        // There is none.
      }
    }
  }
}
