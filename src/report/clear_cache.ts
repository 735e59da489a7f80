/**
 * Removes everything.
 *
 * @module
 */
import { cacheDefaultDir } from "../project/default_dir.ts";
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
  const { clear } = await import("../store/clear.ts"); // loaded when asked for, as all that programs seldom do
  return await withCache(cacheDir, "write", (cache) => clear(cache), NOTHING_REMOVED);
}
