/**
 * A new database from the rows of a damaged one that can still be read.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { carveRows, type RawRow } from "./carve_rows.ts";
import { decodeKey, decodeValue, encodeRowKey } from "./raw_rows.ts";
import { FILE_MODE } from "../own_files.ts";
import { MEND_ROW } from "../records/rows.ts";
import { openSqlite } from "./sqlite_files.ts";

/**
 * Tables of Deno.Kv as its third migration leaves them. Deno makes the later ones, if there are any, when it opens the
 * database, as it does with each database of an older Deno.
 */
const SCHEMA = `
CREATE TABLE migration_state(k integer not null primary key, version integer not null);
CREATE TABLE data_version (k integer primary key, version integer not null, seq integer not null default 0);
CREATE TABLE kv (
  k blob primary key, v blob not null, v_encoding integer not null, version integer not null,
  seq integer not null default 0, expiration_ms integer not null default -1
) without rowid;
CREATE TABLE queue (
  ts integer not null, id text not null, data blob not null, backoff_schedule text not null,
  keys_if_undelivered blob not null, primary key (ts, id)
);
CREATE TABLE queue_running(
  deadline integer not null, id text not null, data blob not null, backoff_schedule text not null,
  keys_if_undelivered blob not null, primary key (deadline, id)
);
CREATE INDEX kv_expiration_ms_idx on kv (expiration_ms);
INSERT INTO migration_state VALUES (0, 3);
INSERT INTO data_version (k, version) VALUES (0, 1);
`;

/** A key may be on a page that is in use and on one that a lost write left behind: the newer row counts. */
const INSERT = `INSERT INTO kv (k, v, v_encoding, version) VALUES (?, ?, ?, ?) ON CONFLICT (k) DO UPDATE
  SET v = excluded.v, v_encoding = excluded.v_encoding, version = excluded.version WHERE excluded.version > version`;

/**
 * Number that is added to the highest version found: the newest rows may be lost, and a version that one of them had
 * must not be given again, since a process may still hold it to see whether that row has changed.
 */
const VERSIONS_LEFT_OUT = 1_000_000n;

/**
 * Copies the rows that can be read into a new database.
 *
 * @param from Path of the damaged database, with its log beside it; neither is changed.
 * @param to Path at which the new database is made.
 * @returns Number of records of calls that were copied. When there is none, no database is made.
 * @throws The error of the file system or of SQLite, such as a full disk; then no database is left.
 */
export async function salvage(from: string, to: string): Promise<number> {
  Deno.openSync(to, { write: true, createNew: true, mode: FILE_MODE }).close();
  let kept = 0;
  try {
    const database = openSqlite(to);
    try {
      database.exec(`BEGIN;${SCHEMA}`);
      const insert = database.prepare(INSERT);
      let highest = 0n;
      for await (const row of carveRows(from)) {
        if (!isWholeRow(row)) continue;
        insert.run(row.k, row.v, row.encoding, row.version);
        if (row.version > highest) highest = row.version;
      }
      database.prepare("UPDATE data_version SET version = ?").run(highest + VERSIONS_LEFT_OUT);
      insert.run(encodeRowKey(MEND_ROW), new Uint8Array([1]), 3, 1);
      kept = countRecords(database);
      database.exec("COMMIT");
    } finally {
      database.close();
    }
    return kept;
  } catch (error) {
    kept = 0;
    throw error;
  } finally {
    if (kept === 0) Deno.removeSync(to);
  }
}

function isWholeRow(row: RawRow): boolean {
  return decodeKey(row.k) !== null && decodeValue(row) !== null;
}

/** Counts the rows whose keys begin with `"r"`. */
function countRecords(database: DatabaseSync): number {
  const { count } = database.prepare("SELECT count(*) AS count FROM kv WHERE k > x'02720002' AND k < x'02720003'")
    .get() as { count: number };
  return count;
}
