/**
 * Keeps a cache in order: prune, clear, verify.
 *
 * @module
 */
import { prune } from "../prune.ts";
import { clear } from "../store/clear.ts";
import { verify } from "../verify.ts";
import { cacheDefaultDir } from "./default_dir.ts";
import { withCache } from "./with_cache.ts";

/** Told how far a task is: how much is done, and of how much, 0 while that is not known. */
export type OnProgress = (done: number, total: number) => void;

/** What was removed. */
export interface Removed {
  /** Number of entries. */
  readonly removed: number;
  /** Bytes of results that are gone from the disk. */
  readonly freedBytes: number;
}

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
 * Removes entries that were not used for long, and, when a size is given, what is cheapest to lose until the cache is
 * below it.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @param options What to remove.
 * @returns What was removed; zeros when there is no cache.
 */
export async function cachePrune(
  cacheDir: string | URL = cacheDefaultDir(),
  options: CachePruneOptions = {},
): Promise<Removed> {
  const access = options.dryRun === true ? "read" : "write";
  return await withCache(cacheDir, access, (cache) => prune(cache, options), NOTHING_REMOVED);
}

/**
 * Removes all entries and the graph.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns What was removed; zeros when there is no cache.
 */
export async function cacheClear(cacheDir: string | URL = cacheDefaultDir()): Promise<Removed> {
  return await withCache(cacheDir, "write", (cache) => clear(cache), NOTHING_REMOVED);
}

/**
 * Checks records, results and graph against each other, and each result against its digest.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @param options Whether to mend.
 * @returns What was found; nothing when there is no cache.
 */
export async function cacheVerify(
  cacheDir: string | URL = cacheDefaultDir(),
  options: CacheVerifyOptions = {},
): Promise<VerifyReport> {
  const nothing: VerifyReport = { checked: 0, problems: [], repaired: 0 };
  return await withCache(
    cacheDir,
    options.repair === true ? "write" : "inspect",
    (cache) => verify(cache, options),
    nothing,
  );
}

const NOTHING_REMOVED: Removed = { removed: 0, freedBytes: 0 };
