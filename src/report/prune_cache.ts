/**
 * Removes what is old, or over a size.
 *
 * @module
 */
import { cacheDefaultDir } from "../project/default_dir.ts";
import type { OnProgress, Removed } from "./removed.ts";
import { NOTHING_REMOVED } from "./removed.ts";
import { requireTaskOptions } from "./task_options.ts";
import { withCache } from "./with_cache.ts";

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
  const { prune } = await import("../prune.ts"); // loaded when asked for, as all that programs seldom do
  const access = options.dryRun === true ? "read" : "write";
  return await withCache(cacheDir, access, (cache) => prune(cache, options), NOTHING_REMOVED);
}
