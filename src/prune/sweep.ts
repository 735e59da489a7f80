/**
 * Removing what killed processes left behind: temporary files, locks, blobs and parts that nothing refers to.
 *
 * @module
 */
import type { BlobDigest } from "../digests.ts";
import type { Cache } from "../store/cache_dir.ts";
import { collectGarbage, readReferences, recoverAside } from "../store/blob_garbage.ts";
import { removeAbandonedLocks } from "../store/file_lock.ts";

/** What was cleaned up. */
export interface Swept {
  readonly temporaryFiles: number;
  readonly locks: number;
  readonly freedBytes: number;
}

/** A blob that was written within this time may belong to a record that is about to be committed. Milliseconds. */
const GRACE_MS = 60_000;

/**
 * Removes everything that nobody can use any more. What another process is about to use stays.
 *
 * @param cache The cache.
 * @param nowMs Milliseconds since the epoch.
 */
export async function sweep(cache: Cache, nowMs: number): Promise<Swept> {
  const temporaryFiles = await recoverAside(cache.records.garbage) + cache.blobs.removeAbandoned(nowMs);
  const locks = removeAbandonedLocks(cache.layout.locks);
  const references = await readReferences(cache.records.garbage.handle);
  const orphans = new Set<BlobDigest>();
  for (const { digest, modifiedMs } of cache.blobs.list((digest) => !references.has(digest))) {
    if (nowMs - modifiedMs > GRACE_MS) orphans.add(digest);
  }
  const freedBytes = await collectGarbage(orphans, cache.records.garbage);
  await cache.records.compactSummaries();
  const { keys, codes } = await readLive(cache);
  await cache.records.removeUnusedParts(codes, nowMs);
  cache.usage.merge((key) => keys.has(key));
  return { temporaryFiles, locks, freedBytes };
}

async function readLive(cache: Cache): Promise<{ keys: Set<string>; codes: Set<string> }> {
  const keys = new Set<string>();
  const codes = new Set<string>();
  for await (const page of cache.records.summaryPages()) {
    for (const { key, code } of page) {
      keys.add(key);
      codes.add(code);
    }
  }
  return { keys, codes };
}
