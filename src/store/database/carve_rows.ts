/**
 * The rows of Deno.Kv in a database that SQLite cannot read any more, as far as the pages that hold them are whole.
 *
 * SQLite reads a table from its root down, so one bad page near the root hides all rows below it. Here the file is read
 * page by page instead: every page that is in use and holds rows of Deno.Kv gives them, whatever leads to it. Pages in
 * the write-ahead log take the place of those in the file (https://www.sqlite.org/fileformat2.html).
 *
 * @module
 */
import { PageFile } from "./page_file.ts";
import { giveTurn, isTurnOver } from "../../words/waiting.ts";

/** A row of Deno.Kv as its table holds it. */
export interface RawRow {
  /** Key in the encoding of Deno.Kv. */
  readonly k: Uint8Array<ArrayBuffer>;
  readonly v: Uint8Array<ArrayBuffer>;
  /** How the value is encoded: 1 as by `structuredClone`, 2 a 64-bit number, 3 bytes. */
  readonly encoding: number;
  readonly version: bigint;
}

/** First bytes of a page of an index, and of a table without row ids, as that of Deno.Kv is. */
const LEAF = 0x0a;
const INTERIOR = 0x02;
/** First byte of a page with rows of a table with row ids, such as that of the names of all tables. */
const TABLE_LEAF = 0x0d;
/** Bytes of the header of the file, which stands before the header of the first page. */
const FILE_HEADER_BYTES = 100;
/** Root page of the rows in each database that Deno.Kv made, for a file whose first page does not tell. */
const USUAL_ROOT = 4;
/** Number of columns of the rows of Deno.Kv. */
const COLUMNS = 6;
/**
 * Number of times that the cells of a page may fill it. Cells do not overlap in a sound page; in a damaged one, a single
 * cell with a wrong length must not cost the others.
 */
const MOST_FILLS = 2;

/**
 * Yields the rows that can be read. A key can come several times: the row with the highest version is the newest.
 *
 * A page that was given back to the file may still hold rows that were deleted since. So pages in the list of free pages
 * are passed over; where that list is damaged as well, only pages are read to which the tree of the table leads.
 *
 * Other tasks have their turn after each page, whether it gives rows or not.
 *
 * @param path Path of the database; the log is beside it. Either may be missing.
 */
export async function* carveRows(path: string): AsyncGenerator<RawRow> {
  using file = await PageFile.open(path);
  const free = await freePagesOf(file);
  const live = free === null ? await reachablePages(file) : null;
  for (const number of file.numbers()) {
    if (isTurnOver()) await giveTurn();
    if (number === 1 || (live === null ? free!.has(number) : !live.has(number))) continue;
    const page = file.read(number);
    if (page !== null) yield* rowsOf(file, page);
  }
}

function* rowsOf(file: PageFile, page: Uint8Array<ArrayBuffer>): Generator<RawRow> {
  if (page[0] === TABLE_LEAF) return;
  let roomBytes = MOST_FILLS * page.byteLength;
  for (const cell of cellsOf(page)) {
    try {
      const [length, at] = varintAt(page, page[0] === INTERIOR ? cell + 4 : cell);
      roomBytes -= at - cell + file.localBytes(length);
      if (roomBytes < 0) return;
      const row = rawRowOf(file.payload(page, at, length));
      if (row !== null) yield row;
    } catch {
      // A number in the cell leads out of the page.
    }
  }
}

/** Returns the numbers of the free pages; `null` when their list cannot be followed to its end. */
async function freePagesOf(file: PageFile): Promise<Set<number> | null> {
  const first = file.readFirst();
  if (first === null) return null;
  const view = viewOf(first);
  const free = new Set<number>();
  let absent = 0;
  for (let trunk = view.getUint32(32); trunk !== 0;) {
    if (isTurnOver()) await giveTurn();
    const page = free.has(trunk) ? null : file.read(trunk);
    if (page === null) return null;
    free.add(trunk);
    const leaves = viewOf(page);
    const count = leaves.getUint32(4);
    if (count > page.byteLength / 4 - 2) return null;
    for (let at = 0; at < count; at++) {
      const leaf = leaves.getUint32(8 + 4 * at);
      if (file.has(leaf)) free.add(leaf);
      else absent++;
    }
    trunk = leaves.getUint32(0);
  }
  return free.size + absent === view.getUint32(36) ? free : null;
}

/** Returns the numbers of the pages to which the tree of the rows leads, as far as it can be followed. */
async function reachablePages(file: PageFile): Promise<Set<number>> {
  const root = rootPageOf(file);
  const reached = new Set([root]);
  const waiting = [root];
  const reach = (number: number) => {
    if (number === 1 || reached.has(number) || !file.has(number)) return;
    reached.add(number);
    waiting.push(number);
  };
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    if (isTurnOver()) await giveTurn();
    const page = file.read(number);
    if (page?.[0] !== INTERIOR) continue;
    const view = viewOf(page);
    reach(view.getUint32(8));
    for (const cell of cellsOf(page)) reach(view.getUint32(cell));
  }
  return reached;
}

function rootPageOf(file: PageFile): number {
  const first = file.readFirst();
  if (first === null || first[FILE_HEADER_BYTES] !== TABLE_LEAF) return USUAL_ROOT;
  for (const cell of cellsOf(first, FILE_HEADER_BYTES)) {
    try {
      const [length, at] = varintAt(first, cell);
      const [, start] = varintAt(first, at);
      const [, name, , root] = columnsOfRow(first.subarray(start, start + length)) ?? [];
      if (name instanceof Uint8Array && new TextDecoder().decode(name) === "kv") return Number(root);
    } catch {
      // The row is damaged.
    }
  }
  return USUAL_ROOT;
}

/** Returns where the cells of a page begin; none for a page of another kind, and only those within the page. */
function cellsOf(page: Uint8Array, start = 0): number[] {
  const kind = page[start]!;
  if (kind !== LEAF && kind !== INTERIOR && kind !== TABLE_LEAF) return [];
  const view = viewOf(page);
  const first = start + (kind === INTERIOR ? 12 : 8);
  const count = view.getUint16(start + 3);
  const cells: number[] = [];
  for (let at = first; at < first + 2 * count && at + 2 <= page.byteLength; at += 2) {
    const cell = view.getUint16(at);
    if (cell >= first && cell + 4 < page.byteLength) cells.push(cell);
  }
  return cells;
}

/** Returns the row in a payload; `null` for a row of another table, and for one that is not whole. */
function rawRowOf(payload: Uint8Array<ArrayBuffer> | null): RawRow | null {
  const columns = payload === null ? null : columnsOfRow(payload);
  if (columns?.length !== COLUMNS) return null;
  const [k, v, encoding, version, seq, expiration] = columns;
  const isRow = k instanceof Uint8Array && v instanceof Uint8Array && typeof encoding === "bigint" &&
    typeof version === "bigint" && version >= 0n && typeof seq === "bigint" && expiration === -1n;
  return isRow ? { k, v, encoding: Number(encoding), version } : null;
}

/**
 * Returns the columns of a record: blobs and texts as bytes, integers, and `null` for all else; `null` for more columns
 * than a row of Deno.Kv has.
 */
function columnsOfRow(payload: Uint8Array<ArrayBuffer>): (Uint8Array<ArrayBuffer> | bigint | null)[] | null {
  const [headerBytes, first] = varintAt(payload, 0);
  const columns: (Uint8Array<ArrayBuffer> | bigint | null)[] = [];
  let start = headerBytes;
  for (let at = first; at < headerBytes;) {
    const [type, next] = varintAt(payload, at);
    const size = sizeOfColumn(type);
    if (start + size > payload.byteLength || columns.length === COLUMNS) return null;
    const bytes = payload.subarray(start, start + size);
    if (type >= 12) columns.push(bytes.slice());
    else if (type === 8 || type === 9) columns.push(BigInt(type - 8));
    else columns.push(type >= 1 && type <= 6 ? integerOf(bytes) : null);
    start += size;
    at = next;
  }
  return start === payload.byteLength ? columns : null;
}

/** Sizes in bytes of columns that are no blob and no text, by their type. */
const SIZES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];

function sizeOfColumn(type: number): number {
  return type < 12 ? SIZES[type]! : (type - 12) >>> 1;
}

function integerOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = value << 8n | BigInt(byte);
  return BigInt.asIntN(8 * bytes.byteLength, value);
}

/** Returns the variable-length integer at a place, and the place after it. @throws {RangeError} For one too large. */
function varintAt(bytes: Uint8Array, start: number): [value: number, end: number] {
  let value = 0;
  for (let at = start; at < start + 5; at++) {
    const byte = bytes[at];
    if (byte === undefined) break;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + 1];
  }
  throw new RangeError("No length that a row can have");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
