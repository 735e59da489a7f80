/**
 * Usage of entries: number of hits, and time of the last hit. Counts are collected in memory, appended to a file now
 * and then and at the end of the process, and added up when somebody reads them. A hit by itself writes nothing.
 *
 * A killed process loses the counts since its last append, which are a second's worth at most while it keeps using the
 * cache. Counts are hints for `stats` and for the order of pruning; no result depends on them.
 *
 * ```text
 * usage/<pid>-<id>.log     appended by one process: 48 bytes for each entry used
 * usage/merged.bin         a line that names the logs that were merged, then their sums, 48 bytes for each entry
 * ```
 *
 * @module
 */
import { wallMs } from "../words/clock.ts";
import type { CallKey } from "../words/digests.ts";
import { randomId } from "../words/random.ts";
import type { EntryUsage } from "../words/records.ts";
import { atOnce, inTurns, STEPS } from "../words/waiting.ts";
import { tryChoreLock } from "./locks/file_lock.ts";
import {
  appendOwn,
  listOwn,
  lookAtEntry,
  makeOwnFolder,
  readOwn,
  removeOwn,
  requireFolders,
  writeAnew,
} from "./own_files.ts";
import { type CacheLayout, OWN_NAMES } from "./layout.ts";

/** Length in bytes of one row: a key, a number of hits, the time of the last hit. */
const ROW_BYTES = 48;
const LINE_FEED = 0x0a;
/** Length in bytes of the rows that are read or written before other tasks may run. */
const PIECE_BYTES = STEPS * ROW_BYTES;
/** Number of hits, and time in milliseconds, after which the counts are appended. */
const FLUSH_HITS = 1000;
const FLUSH_MS = 1000;
/** Total size in bytes of the logs above which a reader merges them. */
const MERGE_BYTES = 1_000_000;

/** Usage of the entries of one cache directory. */
export class UsageLog {
  readonly #metadata: string;
  readonly #folder: string;
  readonly #locks: string;
  readonly #isReadOnly: boolean;
  readonly #name = `${Deno.pid}-${randomId()}.log`;
  #pending = new Map<CallKey, EntryUsage>();
  #pendingHits = 0;
  #flushedMs = wallMs();

  /** @param layout Paths of the cache. @param isReadOnly True when nothing may be written. */
  constructor(layout: CacheLayout, isReadOnly: boolean) {
    this.#metadata = layout.metadata;
    this.#folder = layout.usage;
    this.#locks = layout.locks;
    this.#isReadOnly = isReadOnly;
  }

  /**
   * Counts one hit of an entry.
   *
   * @param key Key of the entry.
   * @param nowMs Time of the hit, milliseconds since the epoch.
   */
  record(key: CallKey, nowMs: number = wallMs()): void {
    add(this.#pending, key, 1, nowMs);
    this.#pendingHits++;
    if (this.#pendingHits >= FLUSH_HITS || Math.abs(nowMs - this.#flushedMs) >= FLUSH_MS) this.flush(nowMs);
  }

  /** Appends the collected counts to this process's log. A failure costs only counts, so it is silent. */
  flush(nowMs: number = wallMs()): void {
    this.#flushedMs = nowMs;
    this.#pendingHits = 0;
    if (this.#pending.size === 0 || this.#isReadOnly) return;
    const rows = this.#pending;
    this.#pending = new Map();
    try {
      this.#append(rows);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) return;
      try {
        // The folders above are not created: a cache that the user deleted must not come back.
        makeOwnFolder(this.#folder);
        this.#append(rows);
      } catch {
        // The cache directory is gone, and the entries with it.
      }
    }
  }

  /**
   * Returns the usage of all entries that were ever hit, by this and all other processes.
   *
   * @returns Usage by key; an entry that was never hit has none.
   */
  async read(): Promise<Map<CallKey, EntryUsage>> {
    this.flush();
    const usage = new Map<CallKey, EntryUsage>();
    const { logs } = await inTurns(this.#readAll(usage));
    const total = logs.reduce((sum, log) => sum + log.sizeBytes, 0);
    if (total > MERGE_BYTES && !this.#isReadOnly) await this.merge(() => true);
    for (const [key, { hits, lastUsedMs }] of this.#pending) add(usage, key, hits, lastUsedMs);
    return usage;
  }

  /**
   * Merges the logs into one file and drops entries that do not exist any more. One process at a time does so; others
   * skip it. A failure costs only counts, so it is silent.
   *
   * @param exists Tells for a key whether its entry still exists.
   */
  async merge(exists: (key: CallKey) => boolean): Promise<void> {
    if (this.#isReadOnly) return;
    const lock = tryChoreLock(`${this.#locks}/usage.lock`);
    if (lock === null) return;
    try {
      requireFolders(this.#metadata, this.#folder);
      this.flush();
      // Logs are renamed first: their writers then begin new files, so nothing is appended to a log that is being read.
      for (const { name } of this.#listLogs()) {
        if (!name.startsWith("closed-")) rename(this.#folder, name, `closed-${randomId()}.log`);
      }
      const usage = new Map<CallKey, EntryUsage>();
      const { closed } = await inTurns(this.#readAll(usage));
      await inTurns(dropOthers(usage, exists));
      const header = new TextEncoder().encode(JSON.stringify(closed) + "\n");
      const rows = await inTurns(encodeRows(usage));
      const bytes = new Uint8Array(header.byteLength + rows.byteLength);
      bytes.set(header);
      bytes.set(rows, header.byteLength);
      writeAnew(`${this.#folder}/merged.bin`, bytes, `${this.#folder}/merging`);
      for (const name of closed) removeOwn(`${this.#folder}/${name}`);
    } catch {
      // No space, no permission, or something else in the place of a file: the logs stay, and the next merge counts them.
    } finally {
      lock.release();
    }
  }

  /** True when the file of merged counts cannot be read. Its counts then count as none; the next merge begins anew. */
  isDamaged(): boolean {
    const path = `${this.#folder}/merged.bin`;
    return readQuietly(path).byteLength > 0 && headOf(readQuietly(path)) === null;
  }

  *#readAll(usage: Map<CallKey, EntryUsage>): Generator<void, { logs: LogFile[]; closed: string[] }> {
    const logs = this.#listLogs();
    const bytes = readQuietly(`${this.#folder}/merged.bin`);
    let leftBytes = MOST_BYTES - bytes.byteLength;
    const merged = headOf(bytes);
    if (merged !== null) yield* decodeRows(bytes.subarray(bytes.indexOf(LINE_FEED) + 1), usage);
    const closed: string[] = [];
    for (const { name } of logs) {
      if (name.startsWith("closed-")) closed.push(name);
      // Merged already, by a process that was killed before it could delete the log.
      if (merged?.includes(name)) continue;
      const rows = readQuietly(`${this.#folder}/${name}`, leftBytes);
      leftBytes -= rows.byteLength;
      yield* decodeRows(rows, usage);
    }
    return { logs, closed };
  }

  #listLogs(): LogFile[] {
    const logs: LogFile[] = [];
    for (const name of listOwn(this.#folder, OWN_NAMES.usageLog)) {
      // A log that was merged since the folder was listed is gone; the next reading has its counts.
      const info = lookAtEntry(`${this.#folder}/${name}`);
      if (info !== null) logs.push({ name, sizeBytes: info.size });
    }
    return logs;
  }

  #append(rows: ReadonlyMap<CallKey, EntryUsage>): void {
    requireFolders(this.#metadata, this.#folder);
    appendOwn(`${this.#folder}/${this.#name}`, atOnce(encodeRows(rows)));
  }
}

interface LogFile {
  readonly name: string;
  readonly sizeBytes: number;
}

function* dropOthers(usage: Map<CallKey, EntryUsage>, isKept: (key: CallKey) => boolean): Generator<void, void> {
  for (const key of usage.keys()) {
    if (!isKept(key)) usage.delete(key);
    yield;
  }
}

function add(usage: Map<CallKey, EntryUsage>, key: CallKey, hits: number, lastUsedMs: number): void {
  const known = usage.get(key);
  usage.set(key, {
    hits: hits + (known?.hits ?? 0),
    lastUsedMs: Math.max(lastUsedMs, known?.lastUsedMs ?? 0),
  });
}

function rename(folder: string, from: string, to: string): void {
  try {
    Deno.renameSync(`${folder}/${from}`, `${folder}/${to}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function* encodeRows(usage: ReadonlyMap<CallKey, EntryUsage>): Generator<void, Uint8Array> {
  const bytes = new Uint8Array(usage.size * ROW_BYTES);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [key, { hits, lastUsedMs }] of usage) {
    bytes.subarray(at, at + 32).setFromHex(key);
    view.setFloat64(at + 32, hits);
    view.setFloat64(at + 40, lastUsedMs);
    at += ROW_BYTES;
    if (at % PIECE_BYTES === 0) yield;
  }
  return bytes;
}

/** Adds the rows in `bytes` to `usage`; skips a row that was cut off by a kill, or that holds no sensible numbers. */
function* decodeRows(bytes: Uint8Array, usage: Map<CallKey, EntryUsage>): Generator<void, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + ROW_BYTES <= bytes.byteLength; at += ROW_BYTES) {
    if (at % PIECE_BYTES === 0) yield;
    const hits = view.getFloat64(at + 32);
    const lastUsedMs = view.getFloat64(at + 40);
    if (!Number.isSafeInteger(hits) || hits < 1 || !(lastUsedMs >= 0 && lastUsedMs < 8.64e15)) continue;
    add(usage, bytes.subarray(at, at + 32).toHex() as CallKey, hits, lastUsedMs);
  }
}

/** Returns the names of the logs in a file of merged counts; `null` when the bytes are none. */
function headOf(bytes: Uint8Array): string[] | null {
  const end = bytes.indexOf(LINE_FEED);
  if (end < 0) return null;
  try {
    const names: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : null;
  } catch {
    return null;
  }
}

/**
 * Largest size of all files of counts together that are read, bytes: two million entries. A log that is beyond it counts
 * as none, and the next merge deletes it.
 */
const MOST_BYTES = 96 * 1024 * 1024;

function readQuietly(path: string, mostBytes = MOST_BYTES): Uint8Array {
  try {
    return readOwn(path, mostBytes);
  } catch {
    return new Uint8Array(0);
  }
}
