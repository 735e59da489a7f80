/**
 * Emptying a cache.
 *
 * @module
 */
import type { CallKey } from "../digests.ts";
import type { Cache } from "./cache_dir.ts";
import type { Removal } from "./record_store.ts";
import { isDigest } from "../digests.ts";
import { listRows } from "./graph_rows.ts";
import type { BlobDigest } from "../digests.ts";
import { collectGarbage, recoverAside } from "./blob_garbage.ts";
import { removeAbandonedLocks } from "./file_lock.ts";

/**
 * Removes all entries, the graph, the counts of their use, and what killed processes left behind. What other processes
 * store meanwhile may stay or go.
 *
 * @param cache The cache.
 * @returns Number of entries, and bytes of results, that are gone.
 */
export async function clear(cache: Cache): Promise<Removal> {
  const release = cache.use();
  try {
    const { handle } = cache.records.garbage;
    await recoverAside(cache.records.garbage);
    let removed = 0;
    let freedBytes = 0;
    let keys: CallKey[] = [];
    const removeSome = async () => {
      const some = await cache.records.remove(keys);
      removed += some.removed;
      freedBytes += some.freedBytes;
      keys = [];
    };
    for await (const { key: [, key] } of listRows(handle, { prefix: ["r"] })) {
      if (!isDigest(key)) continue;
      keys.push(key as CallKey);
      if (keys.length === 5000) await removeSome();
    }
    await removeSome();
    await cache.records.resetGraph();
    await cache.records.removeRest();
    const blobs = new Set<BlobDigest>();
    for (const { digest } of cache.blobs.list()) blobs.add(digest);
    freedBytes += await collectGarbage(blobs, cache.records.garbage);
    for (const path of cache.blobs.listAbandoned(Date.now())) Deno.removeSync(path);
    removeAbandonedLocks(cache.layout.locks);
    cache.usage.merge(() => false);
    cache.bumpGeneration();
    return { removed, freedBytes };
  } finally {
    release();
  }
}
