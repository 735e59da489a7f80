/**
 * Opening a cache directory: one {@linkcode Cache} for each directory and process.
 *
 * @module
 */
import { type BlobDigest, type CallKey, isDigest } from "../words/digests.ts";
import { FORMAT_VERSION } from "../words/records.ts";
import type { AcquireOptions, CallLock } from "./locks/call_lock.ts";
import { BlobStore } from "./blobs/blob_store.ts";
import {
  type CacheLayout,
  describeFolderError,
  findLink,
  Generation,
  isPermissionError,
  layoutOf,
  makeLayout,
  requireAccess,
} from "./layout.ts";
import { KvHandle } from "./database/kv_handle.ts";
import { RecordStore, type Removal } from "./records/record_store.ts";
import { UsageLog } from "./usage_log.ts";
import { inPieces, listRows } from "./records/graph_rows.ts";
import { collectGarbage, recoverAside } from "./blobs/blob_garbage.ts";
import { isLockHeld, removeAbandonedLocks, waitForLock } from "./locks/file_lock.ts";

export type { StoredNode } from "./records/record_codec.ts";
export type { BlobStore } from "./blobs/blob_store.ts";
export type { RecordStore } from "./records/record_store.ts";
export type { UsageLog } from "./usage_log.ts";

/** Options of {@linkcode openCache}. */
export interface OpenOptions {
  /**
   * Write nothing, and make nothing. A directory that cannot be written to is opened so in any case.
   *
   * @default {false}
   */
  readonly readOnly?: boolean;
  /**
   * With `readOnly`, see at once what other processes store, as a check beside them must. The database's own files may
   * then be touched, as by every reader.
   *
   * @default {false}
   */
  readonly isLive?: boolean;
  /**
   * Wait for the disk before a result counts as stored.
   *
   * @default {false}
   */
  readonly durable?: boolean;
}

/** Something about the cache as a whole that its users should hear. */
export interface CacheReport {
  /**
   * `damaged`: something stored cannot be used; `read-only`: nothing is stored; `no-locks`: two processes may compute the
   * same; `format`: there is a cache of a newer version, which is left alone; `refused`: a link is in it, and nothing of
   * it is read or written.
   */
  readonly kind: "damaged" | "read-only" | "no-locks" | "format" | "refused";
  /** One sentence. */
  readonly detail: string;
}

/** One cache directory. */
export interface Cache {
  /** The directory, absolute. */
  readonly dir: string;
  readonly layout: CacheLayout;
  /** Nothing can be written, by wish or because the directory does not allow it. */
  readonly readOnly: boolean;
  /** There is a link in it: it is empty, and nothing of it is read or written. */
  readonly isRefused: boolean;
  readonly records: RecordStore;
  readonly blobs: BlobStore;
  readonly usage: UsageLog;
  /** Waits until this caller is the one that computes a call; see `locks/call_lock`. */
  lock(key: CallKey, options: AcquireOptions): Promise<CallLock | null>;
  /**
   * A text that changes when any process removes or replaces entries; costs one `stat`. Read it before reading what is
   * to be kept in memory.
   */
  generation(): string;
  /** Says that entries were removed or replaced outside of `records`. */
  bumpGeneration(): void;
  /**
   * Keeps the database open until the returned function is called. Under `deno test` the database is closed when nobody
   * uses it; a call holds it over all its steps, so that it is opened once.
   */
  use(): () => void;
  /** Calls `listener` with each report, those before this call included. Returns a function that ends it. */
  onReport(listener: (report: CacheReport) => void): () => void;
  /** Writes the collected use of entries and closes the database; using the cache again opens it again. */
  close(): void;
}

const open = new Map<string, Promise<Cache>>();

/**
 * The cache in `cacheDir`, made when it is not there.
 *
 * @param cacheDir Relative to the working directory, absolute, or a `file:` URL.
 * @param options See there.
 * @returns The same object for the same directory and options.
 * @throws {CacheError} `ERR_CACHE_DIR` when it is a file or cannot be made, `ERR_PERMISSION`, and `ERR_UNSTABLE_KV` when
 * Deno.Kv is not there.
 */
export function openCache(cacheDir: string | URL, options: OpenOptions = {}): Promise<Cache> {
  const layout = layoutOf(cacheDir);
  const id = `${layout.root}\0${options.readOnly === true}\0${options.durable === true}\0${options.isLive === true}`;
  let cache = open.get(id);
  if (cache === undefined) {
    cache = Promise.try(() => {
      requireAccess(layout.root);
      return new OpenedCache(layout, options);
    });
    open.set(id, cache);
    // The next one to ask may find that the user has removed what was in the way.
    cache.then(({ isRefused }) => isRefused && open.delete(id), () => open.delete(id));
  }
  return cache;
}

/** Reports kept for a listener that comes later. */
const MAX_REPORTS = 100;

class OpenedCache implements Cache {
  readonly layout: CacheLayout;
  readonly readOnly: boolean;
  readonly isRefused: boolean;
  readonly records: RecordStore;
  readonly blobs: BlobStore;
  readonly usage: UsageLog;
  readonly #handle: KvHandle;
  readonly #generation: Generation;
  readonly #reports: CacheReport[] = [];
  readonly #listeners = new Set<(report: CacheReport) => void>();

  constructor(layout: CacheLayout, options: OpenOptions) {
    this.layout = layout;
    this.isRefused = this.#isRefused(layout);
    this.readOnly = this.isRefused || options.readOnly === true || !this.#make(layout);
    const damaged = (detail: string) => this.#tell({ kind: "damaged", detail });
    this.#handle = new KvHandle(layout, damaged, {
      readOnly: this.readOnly,
      isLive: options.isLive === true,
      isRefused: this.isRefused,
    });
    this.#generation = new Generation(layout);
    this.blobs = new BlobStore(layout, { durable: options.durable ?? false });
    this.records = new RecordStore({
      handle: this.#handle,
      blobs: this.blobs,
      generation: this.#generation,
      locks: layout.locks,
      meta: layout.meta,
      report: damaged,
    });
    this.usage = new UsageLog(layout, this.readOnly);
    // A normal end of the process, Deno.exit() included; nothing else needs doing then.
    globalThis.addEventListener("unload", () => this.usage.flush());
  }

  get dir(): string {
    return this.layout.root;
  }

  async lock(key: CallKey, options: AcquireOptions): Promise<CallLock | null> {
    const { acquireLock } = await import("./locks/call_lock.ts"); // a hit takes no lock
    return await acquireLock(this.layout.locks, key, {
      onUnavailable: (detail) => this.#tellOnce({ kind: "no-locks", detail }),
      ...options,
    });
  }

  generation(): string {
    return this.#generation.current();
  }

  bumpGeneration(): void {
    this.#generation.bump();
  }

  use(): () => void {
    return this.#handle.use();
  }

  onReport(listener: (report: CacheReport) => void): () => void {
    this.#listeners.add(listener);
    for (const report of this.#reports) listener(report);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.usage.flush();
    this.#handle.close();
  }

  /** A link costs no result: functions run, and nothing is stored. */
  #isRefused(layout: CacheLayout): boolean {
    const refused = findLink(layout);
    if (refused !== null) {
      this.#tell({ kind: "refused", detail: `${refused.message}; functions run uncached until then` });
    }
    return refused !== null;
  }

  #make(layout: CacheLayout): boolean {
    tellNewerFormat(layout, (report) => this.#tell(report));
    const isWritable = makeLayout(layout);
    if (!isWritable) {
      const detail =
        `The cache directory ${layout.root} cannot be written to: stored results are used, no new ones kept`;
      this.#tell({ kind: "read-only", detail });
    }
    return isWritable;
  }

  #tell(report: CacheReport): void {
    if (this.#reports.length < MAX_REPORTS) this.#reports.push(report);
    for (const listener of this.#listeners) listener(report);
  }

  #tellOnce(report: CacheReport): void {
    if (!this.#reports.some(({ kind }) => kind === report.kind)) this.#tell(report);
  }
}

/** A newer version keeps its entries in a folder of its own; both work side by side, but share nothing. */
function tellNewerFormat(layout: CacheLayout, tell: (report: CacheReport) => void): void {
  let newest: number = FORMAT_VERSION;
  try {
    for (const { name } of Deno.readDirSync(layout.root)) {
      const version = /^v([1-9]\d{0,5})$/.exec(name)?.[1];
      if (version !== undefined) newest = Math.max(newest, Number(version));
    }
  } catch (error) {
    if (isPermissionError(error)) throw describeFolderError(error, layout.root);
    // Not there yet, a file, or not readable: what opens the cache says which.
    return;
  }
  if (newest === FORMAT_VERSION) return;
  tell({
    kind: "format",
    detail: `The cache directory ${layout.root} also holds entries of format ${newest}, made by a newer version; ` +
      `this version reads and writes format ${FORMAT_VERSION} beside them`,
  });
}

/**
 * Removes all entries, the graph, the counts of their use, and what killed processes left behind. What other processes
 * store meanwhile may stay or go.
 *
 * @param cache The cache.
 * @returns Number of entries, and bytes of results, that are gone.
 */
export async function clear(cache: Cache): Promise<Removal> {
  const release = cache.use();
  const lock = await waitForLock(lockOf(cache));
  try {
    const { handle } = cache.records.garbage;
    await recoverAside(cache.records.garbage);
    let removed = 0;
    // All is deleted by rows, without a look at what each entry holds: a third of the time. Records go first, so that
    // none is ever without its result.
    for await (const piece of inPieces(listRows(handle, { prefix: ["r"] }), 800)) {
      removed += piece.filter(({ key: [, key] }) => isDigest(key)).length;
      await cache.records.writeRows(piece.map(({ key }) => ({ key })));
    }
    // Now, too, so that other processes drop what they remember before it is gone.
    cache.bumpGeneration();
    await cache.records.beginEra();
    await cache.records.resetGraph();
    await cache.records.removeRest();
    // What was stored meanwhile may have lost its rows in the indexes, and then its result is taken for garbage.
    const stored: CallKey[] = [];
    for await (const { key: [, key] } of listRows(handle, { prefix: ["r"] })) {
      if (isDigest(key)) stored.push(key as CallKey);
    }
    removed += (await cache.records.remove(stored)).removed;
    const blobs = new Set<BlobDigest>();
    for (const { digest } of cache.blobs.list()) blobs.add(digest);
    const freedBytes = await collectGarbage(blobs, cache.records.garbage);
    cache.blobs.removeAbandoned(Date.now());
    removeAbandonedLocks(cache.layout.locks);
    await cache.records.compactSummaries();
    cache.usage.merge(() => false);
    cache.bumpGeneration();
    await cache.records.beginEra();
    return { removed, freedBytes };
  } finally {
    lock?.release();
    release();
  }
}

/** Whether some process is emptying the cache now. */
export function isBeingCleared(cache: Cache): boolean {
  return isLockHeld(lockOf(cache));
}

function lockOf({ layout }: Cache): string {
  return `${layout.locks}/clear.lock`;
}
