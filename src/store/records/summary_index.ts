/**
 * Index of the summaries of all entries, by function and time, so that a list needs no records.
 *
 * Each process adds to pages of its own, one for each function. It writes the page again with each entry that it
 * stores, in the same commit: that costs no more than a row for each summary would. No process writes to the page of
 * another. Removing an entry writes a tombstone, a row that names the entry and the time when it was first stored;
 * storing the entry again deletes the tombstone. The page stays as it is until {@linkcode SummaryIndex.compact}
 * copies those entries of old pages that have no tombstone into new pages.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import type { CallKey } from "../../words/digests.ts";
import { randomId } from "../../words/random.ts";
import type { EntryRecord } from "../../words/records.ts";
import { inodeOf } from "../database/sqlite_files.ts";
import { tryChoreLock } from "../locks/file_lock.ts";
import type { ReportRow } from "./graph_rows.ts";
import { GrowingValue, inPieces, type KvWriter, listRows, type Mutation } from "../database/kv_rows.ts";
import type { KvHandle } from "../database/kv_handle.ts";
import { CODE_LENGTH, type StoredSummary, summaryOf } from "./record_codec.ts";
import { MalformedRow, QUANTITY } from "./shapes.ts";
import { ERA_ROW, pageRow, pageRowsOf, tombstoneRow } from "./rows.ts";

/** Largest number of entries of a page: with more, writing the page again costs more than listing it saves. */
const PAGE_ENTRIES = 32;
/** Time in milliseconds after which a process begins a new page, so that old pages have no writer. */
const PAGE_MS = 10 * 60_000;
/** Age in milliseconds over which a page has no writer any more. */
const ABANDONED_MS = 60 * 60_000;
/** Largest number of rows that Deno.Kv reads by key at once. */
const MANY = 10;

/** Other parts of the store that {@linkcode SummaryIndex} uses. */
export interface SummaryIndexParts {
  readonly handle: KvHandle;
  readonly writer: KvWriter;
  /** The folder of the locks. */
  readonly locks: string;
  /** The file of the database. */
  readonly meta: string;
  /** Called with each damaged row. */
  readonly report: ReportRow;
}

/** Pages that are merged into one or several new ones. */
interface Merged {
  readonly rows: Deno.KvKey[];
  readonly living: StoredSummary[];
  readonly dead: Deno.KvKey[];
}

interface OpenPage {
  readonly row: Deno.KvKey;
  readonly beganMs: number;
  /** Inode of the database that the page is in. */
  readonly inode: number | null;
  /** Number of entries that were added, some of which may not be written yet. */
  entries: number;
  readonly value: GrowingValue;
}

/** Summaries of one cache directory. */
export class SummaryIndex {
  readonly #parts: SummaryIndexParts;
  readonly #pages = new Map<string, OpenPage>();
  #era: Deno.AtomicCheck | undefined;

  /** @param parts See {@linkcode SummaryIndexParts}. */
  constructor(parts: SummaryIndexParts) {
    this.#parts = parts;
  }

  /**
   * Commits the last rows of a record together with its summary, in this process's page.
   *
   * @param record Record that is stored.
   * @param rows Its rows.
   * @param checks Version of the record that these rows replace, and the {@linkcode era} of its other rows.
   * @returns True when the rows were written; false when the record has another version now, or the cache was emptied.
   */
  async commit(
    record: EntryRecord,
    rows: readonly Mutation[],
    [check, era]: readonly [found: Deno.AtomicCheck, era: Deno.AtomicCheck],
  ): Promise<boolean> {
    const page = this.#pageFor(record, era);
    page.entries++;
    const summary = [
      { key: page.row, value: page.value, added: encodePageRow(summaryOf(record)) },
      { key: tombstoneRow(record.key, record.createdMs) },
    ];
    let isWritten = false;
    try {
      return isWritten = await this.#parts.writer.commit([...rows, ...summary], [check, era]);
    } finally {
      if (!isWritten) this.forgetPages();
    }
  }

  /** Returns the era in which this process writes, as a check that fails once the cache is emptied. */
  async era(): Promise<Deno.AtomicCheck> {
    return this.#era ??= await this.#readEra();
  }

  /** Begins new pages: of an open one it may not be known what was written, or it is from before the cache was emptied. */
  forgetPages(): void {
    this.#pages.clear();
    this.#era = undefined;
  }

  /** Deletes pages that were begun before the cache was emptied; {@linkcode compact} deletes their tombstones. */
  async removeOldPages(): Promise<void> {
    this.forgetPages();
    const era = eraPrefix(await this.#readEra());
    for await (const piece of inPieces(listRows(this.#parts.handle, { prefix: ["s"] }), 500)) {
      const old = piece.filter(({ key }) => !String(key[3]).startsWith(era));
      await this.#parts.writer.commitAll(old.map(({ key }) => ({ key })));
    }
  }

  /** Yields all summaries, or those of one function name, a page at a time. */
  async *pages(fname?: string): AsyncGenerator<StoredSummary[]> {
    const dead = await this.#tombstones();
    const listed = new Set<CallKey>();
    // The newest pages first: an entry that was stored again is in an older page too.
    for await (const { key, value } of listRows(this.#parts.handle, { prefix: ["s"] }, { reverse: true })) {
      const living: StoredSummary[] = [];
      for (const summary of this.#decode(key, value).reverse()) {
        if (fname !== undefined && summary.fname !== fname || listed.has(summary.key)) continue;
        if (dead.size > 0 && dead.has(tombstoneNameOf(summary))) continue;
        listed.add(summary.key);
        living.push(summary);
      }
      yield living;
    }
  }

  /**
   * Returns the newest summaries of a function, newest first. Entries that other processes stored in the last minutes
   * may be in another order.
   */
  async recent(functionId: string, limit: number): Promise<StoredSummary[]> {
    const found: StoredSummary[] = [];
    const selector = { prefix: pageRowsOf(functionId) };
    for await (const { key, value } of listRows(this.#parts.handle, selector, { limit, reverse: true })) {
      found.push(...this.#decode(key, value).reverse().filter((summary) => summary.functionId === functionId));
    }
    const newest = [...new Map(found.toReversed().map((summary) => [summary.key, summary])).values()];
    newest.sort((a, b) => b.createdMs - a.createdMs);
    const living: StoredSummary[] = [];
    for (let at = 0; at < newest.length && living.length < limit; at += MANY) {
      const some = newest.slice(at, at + MANY);
      const rows = some.map(({ key, createdMs }) => tombstoneRow(key, createdMs));
      const tombstones = await this.#parts.handle.getMany(rows);
      some.forEach((summary, index) => tombstones[index]!.value === null && living.push(summary));
    }
    return living.slice(0, limit);
  }

  /**
   * Rewrites old pages that hold removed entries, or few entries, as full pages of the entries that remain, and deletes
   * rows that are then useless. One process at a time does so; others return at once.
   */
  async compact(): Promise<void> {
    const lock = tryChoreLock(`${this.#parts.locks}/summaries.lock`);
    if (lock === null) return;
    try {
      // The machine's clock, whatever time the caller takes for now: writers begin pages by the machine's clock.
      const nowMs = wallMs();
      const dead = await this.#tombstones();
      const useless = new Map(dead);
      const era = await this.#readEra();
      const merging = new Map<string, Merged>();
      for await (const { key: row, value } of listRows(this.#parts.handle, { prefix: ["s"] })) {
        const all = this.#decode(row, value);
        const living = all.filter((summary) => !dead.has(tombstoneNameOf(summary)));
        const isAbandoned = typeof row[2] === "number" && nowMs - row[2] > ABANDONED_MS;
        const isTidy = living.length === all.length && all.length > PAGE_ENTRIES / 2;
        const tombstones = all.map((summary) => dead.get(tombstoneNameOf(summary))).filter((row) => row !== undefined);
        for (const summary of all) useless.delete(tombstoneNameOf(summary));
        if (!isAbandoned || isTidy || all.length === 0) continue;
        const group = `${all[0]!.fname}\0${all[0]!.functionId}`;
        const merged = merging.get(group) ?? { rows: [], living: [], dead: [] };
        merged.rows.push(row);
        merged.living.push(...living);
        merged.dead.push(...tombstones);
        merging.set(group, merged);
        if (merged.living.length < PAGE_ENTRIES && merged.dead.length < 500 && merged.rows.length < 200) continue;
        merging.delete(group);
        await this.#rewrite(merged, era);
      }
      for (const merged of merging.values()) {
        if (merged.rows.length > 1 || merged.dead.length > 0) await this.#rewrite(merged, era);
      }
      // Tombstones without a page: a process was killed before it deleted them, or the entry was never listed.
      await this.#parts.writer.commitAll(Array.from(useless.values(), (key) => ({ key })));
    } finally {
      lock.release();
    }
  }

  /** Replaces pages by new ones in one commit, so that no entry is ever listed twice or not at all. */
  async #rewrite({ rows, living: entries, dead }: Merged, era: Deno.AtomicCheck): Promise<void> {
    // Each entry once, as it was last stored.
    const living = [...new Map(entries.map((summary) => [summary.key, summary])).values()];
    const mutations: Mutation[] = [...rows, ...dead].map((key) => ({ key }));
    for (let at = 0; at < living.length; at += PAGE_ENTRIES) {
      const { fname, functionId } = living[at]!;
      let bytes = encodePageHead(fname, functionId);
      for (const summary of living.slice(at, at + PAGE_ENTRIES)) bytes = appendToPage(bytes, encodePageRow(summary));
      // The time of the oldest page: merged pages have no writer, and the new page must have none either.
      mutations.push({ key: pageRow(functionId, rows[0]![2] as number, nameIn(era)), value: bytes });
    }
    await this.#parts.writer.commit(mutations, [era]);
  }

  #pageFor({ fname, functionId }: EntryRecord, era: Deno.AtomicCheck): OpenPage {
    const id = `${fname}\0${functionId}`;
    const nowMs = wallMs();
    const inode = inodeOf(this.#parts.meta);
    const open = this.#pages.get(id);
    if (
      open !== undefined && open.entries < PAGE_ENTRIES && open.inode === inode &&
      String(open.row[3]).startsWith(eraPrefix(era)) && Math.abs(nowMs - open.beganMs) < PAGE_MS
    ) return open;
    const page: OpenPage = {
      row: pageRow(functionId, nowMs, nameIn(era)),
      beganMs: nowMs,
      inode,
      entries: 0,
      value: new GrowingValue(encodePageHead(fname, functionId)),
    };
    this.#pages.set(id, page);
    return page;
  }

  async #readEra(): Promise<Deno.AtomicCheck> {
    const { versionstamp } = await this.#parts.handle.get(ERA_ROW);
    return { key: ERA_ROW, versionstamp };
  }

  /** Reads all tombstones: their keys, by the names of {@linkcode tombstoneNameOf}. */
  async #tombstones(): Promise<Map<string, Deno.KvKey>> {
    const found = new Map<string, Deno.KvKey>();
    for await (const { key } of listRows(this.#parts.handle, { prefix: ["x"] })) {
      found.set(`${String(key[1])}${String(key[2])}`, key);
    }
    return found;
  }

  #decode(row: Deno.KvKey, value: unknown): StoredSummary[] {
    try {
      return decodePage(value);
    } catch (error) {
      if (!(error instanceof MalformedRow)) throw error;
      this.#parts.report(row, error.message);
      return [];
    }
  }
}

/** Returns a new name for a page of an era. */
function nameIn(era: Deno.AtomicCheck): string {
  return eraPrefix(era) + randomId();
}

function eraPrefix({ versionstamp }: Deno.AtomicCheck): string {
  return `${versionstamp ?? ""}-`;
}

/** Returns the name of the tombstone of a summary: the entry's key, and the time when the entry was first stored. */
function tombstoneNameOf({ key, createdMs }: StoredSummary): string {
  return `${key}${createdMs}`;
}

/** Offsets of the members of a summary in the bytes of an entry. Numbers are 64-bit floats, big-endian. */
const AT = { key: 0, createdMs: 32, sizeBytes: 40, computeMs: 48, code: 56, end: 64 } as const;
const LINE_FEED = 0x0a;

/**
 * Returns the first bytes of a page: the function, which its entries have in common.
 *
 * A page has summaries of some entries of one function as the bytes of one row: a row of Deno.Kv takes 8 µs to list
 * whatever it holds, so that 100,000 entries in rows of their own would take a second. A page is a line of JSON,
 * `[fname, functionId]`, then 64 bytes per entry: key, time of storing, size, compute time, and the first eight bytes
 * of the fingerprint.
 */
export function encodePageHead(fname: string, functionId: string): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([fname, functionId]) + "\n");
}

/** Encodes one entry of a page. */
export function encodePageRow(summary: StoredSummary): Uint8Array {
  const bytes = new Uint8Array(AT.end);
  const view = new DataView(bytes.buffer);
  bytes.subarray(AT.key).setFromHex(summary.key);
  view.setFloat64(AT.createdMs, summary.createdMs);
  view.setFloat64(AT.sizeBytes, summary.sizeBytes);
  view.setFloat64(AT.computeMs, summary.computeMs);
  bytes.subarray(AT.code).setFromHex(summary.code);
  return bytes;
}

/** Returns a page with one more entry. */
export function appendToPage(page: Uint8Array, row: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(page.byteLength + row.byteLength);
  bytes.set(page);
  bytes.set(row, page.byteLength);
  return bytes;
}

/**
 * Decodes the entries of a page, in the order in which they were stored.
 *
 * @param value Value of the row.
 * @throws {MalformedRow} When the value is no page.
 */
export function decodePage(value: unknown): StoredSummary[] {
  if (!(value instanceof Uint8Array)) throw new MalformedRow("the row holds no bytes");
  const start = value.indexOf(LINE_FEED) + 1;
  const length = value.byteLength - start;
  if (start === 0 || length % AT.end !== 0) throw new MalformedRow("the row holds no whole summaries");
  const [fname, functionId] = decodeHead(value.subarray(0, start));
  const view = new DataView(value.buffer, value.byteOffset + start, length);
  // One conversion for the whole page: one for each text would take longer than everything else.
  const hex = value.subarray(start).toHex();
  const summaries: StoredSummary[] = [];
  const quantity = (at: number) => QUANTITY.unpack(view.getFloat64(at), "summary");
  for (let at = 0; at < length; at += AT.end) {
    const text = hex.slice(2 * at, 2 * (at + AT.end));
    summaries.push({
      key: text.slice(2 * AT.key, 2 * AT.createdMs) as CallKey,
      fname,
      functionId,
      createdMs: quantity(at + AT.createdMs),
      sizeBytes: quantity(at + AT.sizeBytes),
      computeMs: quantity(at + AT.computeMs),
      code: text.slice(2 * AT.code, 2 * AT.code + CODE_LENGTH),
    });
  }
  return summaries;
}

function decodeHead(bytes: Uint8Array): [fname: string, functionId: string] {
  try {
    const head: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (Array.isArray(head) && typeof head[0] === "string" && typeof head[1] === "string") return [head[0], head[1]];
  } catch {
    // The error is thrown below.
  }
  throw new MalformedRow("the row does not name a function");
}
