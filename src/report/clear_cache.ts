/**
 * Removes everything.
 *
 * @module
 */
import { warnOnce } from "../announce.ts";
import { cacheDefaultDir } from "../project/default_dir.ts";
import type { Cache } from "../store/cache_dir.ts";
import { listForeign } from "../store/layout.ts";
import type { Removed } from "./removed.ts";
import { NOTHING_REMOVED } from "./removed.ts";
import { withCache } from "./with_cache.ts";

/**
 * Removes all entries and the graph. Files that the cache did not make stay, and a warning names them.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns What was removed; zeros when there is no cache.
 * @throws {CacheError} `ERR_CACHE_DIR` when a link is in the cache, which is not followed.
 */
export async function cacheClear(cacheDir: string | URL = cacheDefaultDir()): Promise<Removed> {
  const { clear } = await import("../store/clear.ts"); // loaded when asked for, as all that programs seldom do
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
