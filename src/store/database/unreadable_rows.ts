/**
 * Reading around rows that Deno.Kv cannot decode, and removing them. Deno.Kv refuses all rows that it reads together with
 * such a row, and cannot name it; so the rows are read here as SQLite has them.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { decodeKey, decodeValue, encodeRowKey, versionstampOf } from "./raw_rows.ts";
import { previewOf } from "../../values/preview.ts";
import { giveTurn, isTurnOver, STEPS } from "../../words/waiting.ts";
import { openSqlite } from "./sqlite_files.ts";

export { encodeRowKey } from "./raw_rows.ts";

/** Value of a row whose own value cannot be decoded: no decoder takes it for one of its rows. */
export class UnreadableValue {}

/** A row that cannot be decoded. */
export interface UnreadableRow {
  /** Key of the row as SQLite has it, which need not be bytes. */
  readonly k: SQLOutputValue;
  /** Key of the row; `null` when it is the key that cannot be decoded. */
  readonly key: Deno.KvKey | null;
  /** The row and its defect in one sentence, without any character that a terminal would obey. */
  readonly detail: string;
}

interface TableRow {
  readonly k: SQLOutputValue;
  readonly v: SQLOutputValue;
  readonly encoding: SQLOutputValue;
  readonly version: SQLOutputValue;
}

/** Range of rows to read. */
export interface RawRange {
  /** First parts of the keys of the rows. */
  readonly prefix: Deno.KvKey;
  /** Number of rows wanted. */
  readonly size: number;
  readonly reverse: boolean;
  /** Place of the last row that was read before, as Deno.Kv gives it. */
  readonly cursor: string | undefined;
}

const COLUMNS = "SELECT k, v, v_encoding AS encoding, version FROM kv";

/**
 * Returns the rows of a range that can be decoded, and the place of the last one, as Deno.Kv would.
 *
 * @param path Path of the database.
 * @param range See {@linkcode RawRange}.
 * @param onUnreadable Called with each row that is left out.
 */
export function readRawRange(
  path: string,
  { prefix, size, reverse, cursor }: RawRange,
  onUnreadable: (row: UnreadableRow) => void,
): { readonly rows: Deno.KvEntry<unknown>[]; readonly cursor: string } {
  const start = encodeRowKey(prefix);
  const last = cursor === undefined ? null : join(start, fromCursor(cursor));
  const above = !reverse && last !== null ? last : join(start, [0x00]);
  const below = reverse && last !== null ? last : join(start, [0xff]);
  const order = reverse ? "DESC" : "ASC";
  return withDatabase(path, true, (database) => {
    const rows: Deno.KvEntry<unknown>[] = [];
    let at: Uint8Array = last ?? start;
    const statement = `${COLUMNS} WHERE k ${last === null || reverse ? ">=" : ">"} ? AND k < ? ORDER BY k ${order}`;
    for (const row of prepareRead(database, statement).iterate(above, below)) {
      const { entry, unreadable } = decodeRow(row as unknown as TableRow);
      if (unreadable !== null) onUnreadable(unreadable);
      else {
        rows.push(entry);
        at = row["k"] as Uint8Array;
        if (rows.length >= size) break;
      }
    }
    return { rows, cursor: toCursor(at.subarray(start.byteLength)) };
  });
}

/**
 * Returns rows by their keys. A row whose value cannot be decoded has an {@linkcode UnreadableValue}.
 *
 * @param path Path of the database.
 * @param keys The keys.
 * @param onUnreadable Called with each row that cannot be decoded.
 */
export function readRawRows(
  path: string,
  keys: readonly Deno.KvKey[],
  onUnreadable: (row: UnreadableRow) => void,
): Deno.KvEntryMaybe<unknown>[] {
  return withDatabase(path, true, (database) => {
    const statement = prepareRead(database, `${COLUMNS} WHERE k = ?`);
    return keys.map((key) => {
      const row = statement.get(encodeRowKey(key)) as unknown as TableRow | undefined;
      if (row === undefined) return { key, value: null, versionstamp: null };
      const { entry, unreadable } = decodeRow(row);
      if (unreadable === null) return entry;
      onUnreadable(unreadable);
      return typeof row.version === "bigint"
        ? { key, value: new UnreadableValue(), versionstamp: versionstampOf(row.version) }
        : { key, value: null, versionstamp: null };
    });
  });
}

/** Returns all rows of a database that cannot be decoded. */
export async function findUnreadable(path: string): Promise<UnreadableRow[]> {
  const database = openSqlite(path, { readOnly: true, timeout: TIMEOUT_MS });
  try {
    const found: UnreadableRow[] = [];
    let count = 0;
    for (const row of prepareRead(database, COLUMNS).iterate()) {
      if (++count % STEPS === 0 && isTurnOver()) await giveTurn();
      const { unreadable } = decodeRow(row as unknown as TableRow);
      if (unreadable !== null) found.push(unreadable);
    }
    return found;
  } finally {
    database.close();
  }
}

/** Deletes the rows among `keys`, as SQLite has them, that cannot be decoded. @returns Number of rows deleted. */
export function removeUnreadable(path: string, keys: Iterable<SQLOutputValue>): number {
  return withDatabase(path, false, (database) => {
    const look = prepareRead(database, `${COLUMNS} WHERE k = ?`);
    const remove = database.prepare("DELETE FROM kv WHERE k = ?");
    let count = 0;
    database.exec("BEGIN IMMEDIATE");
    for (const k of keys) {
      // It may have been written anew meanwhile.
      const row = look.get(k) as unknown as TableRow | undefined;
      if (row === undefined || decodeRow(row).unreadable === null) continue;
      remove.run(k);
      count++;
    }
    database.exec("COMMIT");
    return count;
  });
}

/** Longest wait for the lock of another process, during which the program stands still. */
const TIMEOUT_MS = 200;

function withDatabase<T>(path: string, readOnly: boolean, task: (database: DatabaseSync) => T): T {
  const database = openSqlite(path, { readOnly, timeout: TIMEOUT_MS });
  try {
    return task(database);
  } finally {
    database.close();
  }
}

function prepareRead(database: DatabaseSync, statement: string): StatementSync {
  const prepared = database.prepare(statement);
  prepared.setReadBigInts(true);
  return prepared;
}

type Decoded =
  | { readonly entry: Deno.KvEntry<unknown>; readonly unreadable: null }
  | { readonly entry: null; readonly unreadable: UnreadableRow };

function decodeRow({ k, v, encoding, version }: TableRow): Decoded {
  const key = k instanceof Uint8Array ? decodeKey(k) : null;
  const isWhole = v instanceof Uint8Array && typeof encoding === "bigint" && typeof version === "bigint";
  const decoded = isWhole ? decodeValue({ encoding: Number(encoding), v: v.slice() }) : null;
  if (key !== null && decoded !== null) {
    const entry = { key, value: decoded.value, versionstamp: versionstampOf(version as bigint) };
    return { entry, unreadable: null };
  }
  const detail = key === null
    ? `The row with the key ${hexOf(k)} cannot be read: it is no key of a cache`
    : `The row ${key.map(previewOf).join(" ")} cannot be read: its value cannot be decoded`;
  return { entry: null, unreadable: { k, key, detail } };
}

/** Returns the beginning of a key, which may hold any bytes, in hexadecimal digits. */
function hexOf(k: SQLOutputValue): string {
  const bytes = k instanceof Uint8Array ? k : new TextEncoder().encode(String(k));
  const hex = bytes.slice(0, 40).toHex();
  return bytes.byteLength > 40 ? `${hex}…` : hex;
}

function join(a: Uint8Array, b: Iterable<number>): Uint8Array<ArrayBuffer> {
  return new Uint8Array([...a, ...b]);
}

/** Deno.Kv gives a place as the bytes of its key after the prefix, in base64. */
function toCursor(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url" });
}

function fromCursor(cursor: string): Uint8Array {
  return Uint8Array.fromBase64(cursor, { alphabet: "base64url" });
}
