/**
 * Removes what is old, or over a size.
 *
 * @module
 */
import { cacheDefaultDir } from "../options/project.ts";
import { requireTaskOptions } from "../options/check_options.ts";
import { withCache } from "./with_cache.ts";
import { warnOnce } from "../words/announce.ts";
import type { Cache } from "../store/cache_dir.ts";
import { listForeign } from "../store/layout.ts";

/** Options of {@linkcode cachePrune}. */
export interface CachePruneOptions {
  /**
   * Remove entries that were not used for so many days.
   *
   * @default {30, or no limit when only `maxBytes` is given}
   */
  readonly daysOld?: number;
  /** Then remove what is cheapest to lose until the results take at most so many bytes. */
  readonly maxBytes?: number;
  /** Only entries of this function. */
  readonly fname?: string;
  /**
   * Count what would be removed, and remove nothing.
   *
   * @default {false}
   */
  readonly dryRun?: boolean;
  /** Told how far it is. */
  readonly onProgress?: OnProgress;
}

/**
 * Removes entries that were not used for long, and, when a size is given, what is cheapest to lose until the cache is
 * below it.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @param options What to remove.
 * @returns What was removed; zeros when there is no cache.
 * @throws {CacheError} `ERR_CACHE_DIR` when a link is in the cache, which is not followed.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` or `ERR_OPTION_TYPE` for an option that is misspelt or of the wrong type.
 */
export async function cachePrune(
  cacheDir: string | URL = cacheDefaultDir(),
  options: CachePruneOptions = {},
): Promise<Removed> {
  requireTaskOptions(options, ["daysOld", "maxBytes", "fname", "dryRun", "onProgress"]);
  const { prune } = await import("../store/bound/prune.ts"); // loaded when asked for, as all that programs seldom do
  const access = options.dryRun === true ? "read" : "write";
  return await withCache(cacheDir, access, (cache) => prune(cache, options), NOTHING_REMOVED);
}

/**
 * Removes all entries and the graph. Files that the cache did not make stay, and a warning names them.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns What was removed; zeros when there is no cache.
 * @throws {CacheError} `ERR_CACHE_DIR` when a link is in the cache, which is not followed.
 */
export async function cacheClear(cacheDir: string | URL = cacheDefaultDir()): Promise<Removed> {
  const { clear } = await import("../store/cache_dir.ts"); // loaded when asked for, as all that programs seldom do
  return await withCache(cacheDir, "write", async (cache) => {
    const removed = await clear(cache);
    tellLeft(cache);
    return removed;
  }, NOTHING_REMOVED);
}

/** Names that are shown. */
const MAX_SHOWN = 5;

function tellLeft({ layout }: Cache): void {
  const left = [...listForeign(layout)];
  if (left.length === 0) return;
  const more = left.length > MAX_SHOWN ? ` and ${left.length - MAX_SHOWN} more` : "";
  warnOnce(`The cache did not make ${left.slice(0, MAX_SHOWN).join(", ")}${more}; left in place`);
}

/** Told how far a task is: how much is done, and of how much, 0 while that is not known. */
export type OnProgress = (done: number, total: number) => void;

/** What was removed. */
export interface Removed {
  /** Number of entries. */
  readonly removed: number;
  /** Bytes of results that are gone from the disk. */
  readonly freedBytes: number;
}

/** What is removed where there is no cache. */
const NOTHING_REMOVED: Removed = { removed: 0, freedBytes: 0 };

/** Options of {@linkcode cacheVerify}. */
export interface CacheVerifyOptions {
  /**
   * Mend what can be mended and remove what cannot.
   *
   * @default {false}
   */
  readonly repair?: boolean;
  /** Told how far it is. */
  readonly onProgress?: OnProgress;
}

/** What {@linkcode cacheVerify} found. */
export interface VerifyReport {
  /** Number of things that were checked. */
  readonly checked: number;
  /** What is wrong. */
  readonly problems: readonly { readonly key: string; readonly kind: string; readonly detail: string }[];
  /** How many of them were mended. */
  readonly repaired: number;
}

/**
 * Checks records, results and graph against each other, and each result against its digest.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @param options Whether to mend.
 * @returns What was found; nothing when there is no cache.
 * @throws {CacheError} `ERR_CACHE_DIR` when a link is in the cache, which is not followed.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` or `ERR_OPTION_TYPE` for an option that is misspelt or of the wrong type.
 */
export async function cacheVerify(
  cacheDir: string | URL = cacheDefaultDir(),
  options: CacheVerifyOptions = {},
): Promise<VerifyReport> {
  requireTaskOptions(options, ["repair", "onProgress"]);
  const { verify } = await import("./verify/verify.ts"); // loaded when asked for, as all that programs seldom do
  const nothing: VerifyReport = { checked: 0, problems: [], repaired: 0 };
  return await withCache(
    cacheDir,
    options.repair === true ? "write" : "inspect",
    (cache) => verify(cache, options),
    nothing,
  );
}
