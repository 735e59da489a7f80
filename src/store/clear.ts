/**
 * Emptying a cache.
 *
 * @module
 */
import type { Cache } from "./cache_dir.ts";
import type { Removal } from "./record_store.ts";
import { isDigest } from "../digests.ts";
import { inPieces, listRows } from "./graph_rows.ts";
import type { BlobDigest, CallKey } from "../digests.ts";
import { collectGarbage, recoverAside } from "./blob_garbage.ts";
import { isLockHeld, removeAbandonedLocks, waitForLock } from "./file_lock.ts";

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
