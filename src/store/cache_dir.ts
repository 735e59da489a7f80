/**
 * Opening a cache directory: one {@linkcode Cache} for each directory and set of options in a process.
 *
 * @module
 */
import { startTimer } from "../words/clock.ts";
import type { CallKey } from "../words/digests.ts";
import { CacheError } from "../words/errors.ts";
import { FORMAT_VERSION } from "../words/records.ts";
import type { AcquireOptions, CallLock } from "./locks/call_lock.ts";
import { BlobStore } from "./blobs/blob_store.ts";
import {
  type CacheLayout,
  describeFolderError,
  findLink,
  Generation,
  isOnRootDisk,
  isPermissionError,
  isReadOnlyError,
  layoutOf,
  makeLayout,
  makeRoot,
  OWN_NAMES,
  requireAccess,
} from "./layout.ts";
import { findLockDefect } from "./database/lock_support.ts";
import { isOpenToGroup, listOwn, lookAtEntry } from "./own_files.ts";
import { runsTests } from "../words/program.ts";
import { KvHandle } from "./database/kv_handle.ts";
import type { ReportDamage } from "./database/kv_repair.ts";
import { RecordStore } from "./records/record_store.ts";
import type { Placement } from "./shared/place_cache.ts";
import { Revisions } from "./revisions.ts";
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
  /**
   * True to open the directory to its group. One that is open to its group stays so.
   *
   * @default {false}
   */
  readonly groupShared?: boolean;
  /**
   * Folder for the metadata of a directory on a disk that several hosts may share: an absolute path, or `null` for a
   * place that is found.
   *
   * @default {null}
   */
  readonly metadataDir?: string | null;
}

/** Report about the cache as a whole that its users should hear. */
export interface CacheReport {
  /**
   * `damaged`: stored data cannot be used; `full`: the disk has no room, so that nothing is stored; `read-only`: nothing is
   * stored; `no-locks`: two processes may compute the same call; `format`: the directory also holds a cache of a newer version, which is left alone; `refused`: something
   * in the cache leads elsewhere, such as a link, or it is another host's, so nothing in it is read or written;
   * `shared`: the directory is, or may be, on a disk that several hosts share.
   */
  readonly kind: "damaged" | "full" | "read-only" | "no-locks" | "format" | "refused" | "shared";
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
  /**
   * Reason for which the cache appears empty, and is neither read nor written: something in it leads elsewhere, or no database
   * can be used there.
   */
  readonly refused: CacheError | null;
  readonly records: RecordStore;
  readonly blobs: BlobStore;
  readonly usage: UsageLog;
  readonly unstored: UnstoredLog;
  readonly changedPlaces: ChangedPlaces;
  readonly revisions: Revisions;
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
  const { readOnly = false, durable = false, isLive = false, groupShared = false, metadataDir = null } = options;
  const id = [layout.root, readOnly, durable, isLive, groupShared, metadataDir].join("\0");
  let cache = open.get(id);
  if (cache === undefined) {
    cache = Promise.try(async () => {
      requireAccess(layout.root);
      return new OpenedCache(await placementOf(layout, { readOnly, groupShared, metadataDir }), options);
    });
    open.set(id, cache);
    // Not kept: before the next opening the user may remove the cause.
    cache.then(({ refused }) => refused !== null && open.delete(id), () => open.delete(id));
  }
  return cache;
}

/**
 * Returns the place of a cache: the directory itself on a disk of this host alone, where a hit loads no other module.
 */
async function placementOf(
  layout: CacheLayout,
  { readOnly, groupShared, metadataDir }: Required<Pick<OpenOptions, "readOnly" | "groupShared" | "metadataDir">>,
): Promise<Placement> {
  const refused = findLink(layout);
  if (refused !== null) return { layout, refused, notice: null, isFixed: false };
  let group: number | null = null;
  if (groupShared && !readOnly || isOpenToGroup(layout.version)) {
    group = await (await import("./shared/group.ts")).groupOf(layout, groupShared && !readOnly);
  }
  if (!readOnly) makeRoot(layout);
  const disk = isOnRootDisk(layout.root) ? "local" : (await import("./shared/disk.ts")).diskOf(layout.root);
  if (disk === "shared" || lookAtEntry(layout.host) !== null) {
    const { placeCache } = await import("./shared/place_cache.ts");
    const placement = await placeCache(layout, { readOnly, metadataDir, group, isLocal: disk === "local" });
    return { ...placement, refused: placement.refused ?? findLink(placement.layout) };
  }
  const notice = disk !== "unknown"
    ? null
    : `It cannot be told whether ${layout.root} is on a disk that several hosts share, on which their programs damage ` +
      "each other's entries; run with --allow-sys=statfs";
  return { layout, refused: null, notice, isFixed: false };
}

/** Largest number of reports that are kept for listeners that are added later. */
const MAX_REPORTS = 100;

/** Time after the opening, milliseconds, from which files are deleted that nobody needs any more. */
const TIDY_MS = 250;

class OpenedCache implements Cache {
  readonly layout: CacheLayout;
  readonly readOnly: boolean;
  readonly refused: CacheError | null;
  readonly records: RecordStore;
  readonly blobs: BlobStore;
  readonly usage: UsageLog;
  readonly unstored: UnstoredLog;
  readonly changedPlaces: ChangedPlaces;
  readonly revisions: Revisions;
  readonly #handle: KvHandle;
  readonly #generation: Generation;
  readonly #reports: CacheReport[] = [];
  readonly #listeners = new Set<(report: CacheReport) => void>();

  constructor({ layout, refused, notice, isFixed }: Placement, options: OpenOptions) {
    this.layout = layout;
    const state = refused !== null || options.readOnly === true ? null : this.#make(layout);
    this.refused = refused ?? (state instanceof CacheError ? state : null) ??
      (state === "no-locks" ? findLockDefect(layout) : null);
    if (this.refused !== null) {
      this.#tell({ kind: "refused", detail: `${this.refused.message}; functions run uncached until then` });
    }
    if (notice !== null) this.#tell({ kind: "shared", detail: notice });
    this.readOnly = this.refused !== null || state === null || state === "closed" || isFixed;
    const report: ReportDamage = (detail, kind = "damaged") => this.#tell({ kind, detail });
    this.#handle = new KvHandle(layout, report, {
      readOnly: this.readOnly,
      isLive: options.isLive === true && !isFixed,
      isRefused: refused !== null,
    });
    this.#generation = new Generation(layout);
    this.blobs = new BlobStore(layout, { durable: options.durable ?? false });
    this.records = new RecordStore({
      handle: this.#handle,
      blobs: this.blobs,
      generation: this.#generation,
      locks: layout.locks,
      meta: layout.meta,
      report,
    });
    this.usage = new UsageLog(layout, this.readOnly);
    this.unstored = new UnstoredLog(layout, this.readOnly);
    this.changedPlaces = new ChangedPlaces(layout, this.readOnly);
    this.revisions = new Revisions(layout, this.#generation, this.readOnly);
    if (!this.readOnly && !runsTests()) this.#tidy();
    // Called at a normal end of the process, Deno.exit() included; only counts and a note have to be written then.
    globalThis.addEventListener("unload", () => {
      this.usage.flush();
      this.unstored.flush();
      this.#handle.noteSoundness();
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

  /** Makes the directory. @returns Its state; an error of the system's, other than a mistake in the options. */
  #make(layout: CacheLayout): ReturnType<typeof makeLayout> | CacheError {
    tellNewerFormat(layout, (report) => this.#tell(report));
    let state: ReturnType<typeof makeLayout>;
    try {
      state = makeLayout(layout);
    } catch (error) {
      if (!(error instanceof CacheError) || !isReadOnlyError(error.cause) || isPermissionError(error.cause)) {
        throw error;
      }
      return error;
    }
    if (state === "closed") {
      const detail =
        `The cache directory ${layout.root} cannot be written to: stored results are used, no new ones kept`;
      this.#tell({ kind: "read-only", detail });
    }
    return state;
  }

  /** Deletes, after the program's start, the blobs that a process which emptied the cache had no time to delete. */
  #tidy(): void {
    if (listOwn(this.layout.tmp, OWN_NAMES.cleared, "isDirectory").length === 0) return;
    const timer = startTimer(async () => {
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
