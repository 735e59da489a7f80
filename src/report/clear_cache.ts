/**
 * Removes everything.
 *
 * @module
 */
import { clear } from "../store/clear.ts";
import { cacheDefaultDir } from "./default_dir.ts";
import type { Removed } from "./removed.ts";
import { NOTHING_REMOVED } from "./removed.ts";
import { withCache } from "./with_cache.ts";

/**
 * Removes all entries and the graph.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns What was removed; zeros when there is no cache.
 */
export async function cacheClear(cacheDir: string | URL = cacheDefaultDir()): Promise<Removed> {
  return await withCache(cacheDir, "write", (cache) => clear(cache), NOTHING_REMOVED);
}
