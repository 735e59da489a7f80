/**
 * Opening a cache directory: one {@linkcode Cache} for each directory and set of options in a process.
 *
 * @module
 */
import type { CallKey } from "../words/digests.ts";
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
  OWN_NAMES,
  requireAccess,
} from "./layout.ts";
import { listOwn } from "./own_files.ts";
import { runsTests } from "../words/program.ts";
import { KvHandle } from "./database/kv_handle.ts";
import { RecordStore } from "./records/record_store.ts";
import { UnstoredLog } from "./unstored_log.ts";
import { ChangedPlaces } from "./changed_places.ts";
import { UsageLog } from "./usage_log.ts";

export type { StoredNode } from "./records/record_codec.ts";
export type { BlobStore } from "./blobs/blob_store.ts";
export type { RecordStore } from "./records/record_store.ts";
export type { ChangedState } from "./changed_places.ts";
export type { UnstoredCalls, UnstoredLog } from "./unstored_log.ts";
export type { UsageLog } from "./usage_log.ts";

/** Options of {@linkcode openCache}. */
export interface OpenOptions {
  /**
   * True to write and create nothing. A directory that cannot be written to is opened read-only in any case.
   *
   * @default {false}
   */
  readonly readOnly?: boolean;
  /**
   * True, with `readOnly`, for a reader that must see at once what other processes store. The files of the database may
   * then be written to, as SQLite does for every reader.
   *
   * @default {false}
   */
  readonly isLive?: boolean;
  /**
   * True to wait for the disk before a result counts as stored.
   *
   * @default {false}
   */
  readonly durable?: boolean;
}

/** Report about the cache as a whole that its users should hear. */
export interface CacheReport {
  /**
   * `damaged`: stored data cannot be used; `read-only`: nothing is stored; `no-locks`: two processes may compute the
   * same call; `format`: the directory also holds a cache of a newer version, which is left alone; `refused`: something
   * in the cache leads elsewhere, such as a link, so nothing in it is read or written.
   */
  readonly kind: "damaged" | "read-only" | "no-locks" | "format" | "refused";
  /** The report in one sentence. */
  readonly detail: string;
}

/** An open cache directory. */
export interface Cache {
  /** Absolute path of the directory. */
  readonly dir: string;
  readonly layout: CacheLayout;
  /** True when nothing can be written: by option, because the directory does not allow it, or because it is refused. */
  readonly readOnly: boolean;
  /** True when something in the cache leads elsewhere: it then appears empty, and is neither read nor written. */
  readonly isRefused: boolean;
  readonly records: RecordStore;
  readonly blobs: BlobStore;
  readonly usage: UsageLog;
  readonly unstored: UnstoredLog;
  readonly changedPlaces: ChangedPlaces;
  /** Waits until this caller is the one that computes a call; see `acquireLock` in `locks/call_lock`. */
  lock(key: CallKey, options: AcquireOptions): Promise<CallLock | null>;
  /**
   * Returns a text that changes when any process removes or replaces entries; costs one `stat`. Read it before reading
   * data that is to be kept in memory.
   */
  generation(): string;
  /** Changes the generation after entries were removed or replaced by other means than `records`. */
  bumpGeneration(): void;
  /**
   * Keeps the database open until the returned function is called. Under `deno test` the database is closed when nobody
   * uses it; a call uses it during all its steps, so that it is opened once.
   */
  use(): () => void;
  /** Calls `listener` with each report, also with those made before. Returns a function that removes the listener. */
  onReport(listener: (report: CacheReport) => void): () => void;
  /** Writes the collected usage of entries and closes the database; the next use of the cache opens it again. */
  close(): void;
}

const open = new Map<string, Promise<Cache>>();

/**
 * Returns the cache in `cacheDir`, which is created when it does not exist.
 *
 * @param cacheDir Relative to the working directory, absolute, or a `file:` URL.
 * @param options See {@linkcode OpenOptions}.
 * @returns The same object for the same directory and options.
 * @throws {CacheError} `ERR_CACHE_DIR` when `cacheDir` is a file or cannot be created, `ERR_PERMISSION`, and
 * `ERR_UNSTABLE_KV` when Deno.Kv is not available.
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
    // Not kept: before the next opening the user may remove the cause.
    cache.then(({ isRefused }) => isRefused && open.delete(id), () => open.delete(id));
  }
  return cache;
}

/** Largest number of reports that are kept for listeners that are added later. */
const MAX_REPORTS = 100;

/** Time after the opening, milliseconds, from which files are deleted that nobody needs any more. */
const TIDY_MS = 250;

class OpenedCache implements Cache {
  readonly layout: CacheLayout;
  readonly readOnly: boolean;
  readonly isRefused: boolean;
  readonly records: RecordStore;
  readonly blobs: BlobStore;
  readonly usage: UsageLog;
  readonly unstored: UnstoredLog;
  readonly changedPlaces: ChangedPlaces;
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
    this.unstored = new UnstoredLog(layout, this.readOnly);
    this.changedPlaces = new ChangedPlaces(layout, this.readOnly);
    if (!this.readOnly && !runsTests()) this.#tidy();
    // Called at a normal end of the process, Deno.exit() included; only the counts have to be written then.
    globalThis.addEventListener("unload", () => {
      this.usage.flush();
      this.unstored.flush();
    });
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
    this.unstored.flush();
    this.#handle.close();
  }

  /** True for a cache in which something leads elsewhere, which is reported: functions run, and nothing is stored. */
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

  /** Deletes, after the program's start, the blobs that a process which emptied the cache had no time to delete. */
  #tidy(): void {
    if (listOwn(this.layout.tmp, OWN_NAMES.cleared, "isDirectory").length === 0) return;
    const timer = setTimeout(async () => {
      const { removeClearedLater } = await import("./blobs/cleared.ts"); // such blobs are rare
      await removeClearedLater(this.layout, this.records.garbage);
    }, TIDY_MS);
    Deno.unrefTimer(timer);
  }

  #tell(report: CacheReport): void {
    if (this.#reports.length < MAX_REPORTS) this.#reports.push(report);
    for (const listener of this.#listeners) listener(report);
  }

  #tellOnce(report: CacheReport): void {
    if (!this.#reports.some(({ kind }) => kind === report.kind)) this.#tell(report);
  }
}

/** Reports a cache of a newer version, which has a folder of its own: both work side by side, but share nothing. */
function tellNewerFormat(layout: CacheLayout, tell: (report: CacheReport) => void): void {
  let newest: number = FORMAT_VERSION;
  try {
    for (const { name } of Deno.readDirSync(layout.root)) {
      const version = /^v([1-9]\d{0,5})$/.exec(name)?.[1];
      if (version !== undefined) newest = newest < Number(version) ? Number(version) : newest;
    }
  } catch (error) {
    if (isPermissionError(error)) throw describeFolderError(error, layout.root);
    // The folder does not exist yet, is a file or is not readable: opening the cache says which.
    return;
  }
  if (newest === FORMAT_VERSION) return;
  tell({
    kind: "format",
    detail: `The cache directory ${layout.root} also holds entries of format ${newest}, made by a newer version; ` +
      `this version reads and writes format ${FORMAT_VERSION} beside them`,
  });
}
