/**
 * Deletes all rows of the database at once, by SQLite itself: Deno.Kv deletes them one by one, in a hundred times the
 * time.
 *
 * Deno.Kv has its rows in the table `kv`, each with the version of the commit that wrote it, and the last version in
 * `data_version`. A table that is deleted as a whole costs no look at its rows, and an empty database is small, so its
 * space goes back to the disk in the same go. The processes that have the database open see the deletion as one more
 * commit.
 *
 * @module
 */
import { versionstampOf } from "./raw_rows.ts";
import { openSqlite } from "./sqlite_files.ts";

/** Database to empty. */
export interface RowsToEmpty {
  /** Path of the database, which is open. */
  readonly path: string;
  /** Version of the row of the era, as Deno.Kv tells it. */
  readonly era: string;
  /** Longest wait for other processes, milliseconds. */
  readonly patienceMs: number;
}

/** Bytes of the key `["era"]` of Deno.Kv: a text, between the mark of texts and a zero. */
const ERA_KEY = new Uint8Array([0x02, 0x65, 0x72, 0x61, 0x00]);

/** Pattern of the keys of records, `["r", <64 hex digits>]`, as hexadecimal digits. */
const RECORD_KEYS = "k >= x'02720002' AND k < x'02720003' AND length(k) = 69 AND " +
  "CAST(substr(k, 5, 64) AS TEXT) NOT GLOB '*[^0-9a-f]*'";

/**
 * Deletes all rows but that of the era, which gets a new version, in one transaction: commits that began before it and
 * check the era fail, later ones are whole.
 *
 * @param rows See {@linkcode RowsToEmpty}.
 * @returns Number of records among the rows.
 * @throws {Error} When the database is not as this code knows it, or is busy; then nothing is deleted.
 */
export function emptyRows({ path, era, patienceMs }: RowsToEmpty): number {
  using database = openSqlite(path, { timeout: patienceMs });
  database.exec("BEGIN IMMEDIATE");
  let removed: number;
  try {
    const row = database.prepare("SELECT * FROM kv WHERE k = ?").get(ERA_KEY);
    if (row === undefined || versionstampOf(BigInt(row["version"] as number)) !== era) {
      throw new Error("The rows have another form");
    }
    removed = Number(database.prepare(`SELECT count(*) AS n FROM kv WHERE ${RECORD_KEYS}`).get()!["n"]);
    database.exec("DELETE FROM kv");
    database.exec("UPDATE data_version SET version = version + 1");
    const { version } = database.prepare("SELECT version FROM data_version").get()!;
    const names = Object.keys(row);
    database.prepare(`INSERT INTO kv (${names.join()}) VALUES (${names.map(() => "?").join()})`)
      .run(...names.map((name) => name === "version" ? version! : row[name]!));
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
  try {
    database.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // Another process uses the database at this moment, so the space is used for the next entries.
  }
  return removed;
}
