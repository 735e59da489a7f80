/**
 * Files that nothing refers to, and what killed processes left.
 *
 * @module
 */
import type { BlobDigest } from "../digests.ts";
import { collectGarbage, hasReference, readReferences, recoverAside } from "../store/blob_garbage.ts";
import type { Cache } from "../store/cache_dir.ts";
import { abandonedLocks, isLockHeld, removeAbandonedLocks } from "../store/file_lock.ts";
import type { VerifyState } from "./state.ts";

/** A file that seems left over is looked at again after this time: a live process is in the middle of something. */
const SETTLE_MS = 300;

/** Looks for files that nobody needs. */
export async function checkFiles(cache: Cache, state: VerifyState): Promise<void> {
  const store = cache.records.garbage;
  // Blobs first and references after: a blob is written before its record, so what is in use has its reference by then.
  const blobs: BlobDigest[] = [];
  for (const { digest } of cache.blobs.list()) blobs.push(digest);
  const references = await readReferences(store.handle);
  state.step(blobs.length);
  let orphans = blobs.filter((digest) => !references.has(digest));
  let left = leftovers(cache, state.nowMs);
  if (orphans.length > 0 || left.length > 0) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const still: BlobDigest[] = [];
    for (const digest of orphans) {
      if (cache.blobs.has(digest) && !await hasReference(digest, store.handle)) still.push(digest);
    }
    orphans = still;
    const again = new Set(leftovers(cache, state.nowMs));
    left = left.filter((path) => again.has(path));
  }
  for (const digest of orphans) {
    await state.found({ key: digest, kind: "orphan-blob", detail: "No entry refers to the blob" }, async () => {
      const freedBytes = await collectGarbage(new Set([digest]), store);
      return freedBytes > 0 || !cache.blobs.has(digest) ? "it was deleted" : "an entry refers to it by now";
    });
  }
  if (state.repair) await removeLeftovers(cache, state.nowMs);
  for (const path of left) {
    const detail = `A process that has ended left ${path}`;
    await state.found({ key: nameOf(path), kind: "leftover-file", detail }, () => "it was deleted");
  }
  for (const path of cache.blobs.listStray()) {
    await state.found({ key: nameOf(path), kind: "stray-file", detail: `${path} is no blob` }, () => {
      Deno.removeSync(path, { recursive: true });
      return "it was deleted";
    });
  }
  if (cache.usage.isDamaged()) {
    await state.found({ key: "", kind: "damaged-usage", detail: "The counts of use cannot be read" }, () => {
      cache.usage.merge(() => true);
      return "new ones were begun";
    });
  }
}

function leftovers(cache: Cache, nowMs: number): string[] {
  const found = [...cache.blobs.listAbandoned(nowMs)];
  for (const name of abandonedLocks(cache.layout.locks)) found.push(`${cache.layout.locks}/${name}`);
  if (!isLockHeld(`${cache.layout.locks}/sweep.lock`)) {
    for (const { digest } of cache.blobs.listAside()) found.push(`${cache.layout.tmp}/${digest}`);
  }
  return found;
}

async function removeLeftovers(cache: Cache, nowMs: number): Promise<void> {
  await recoverAside(cache.records.garbage);
  for (const path of cache.blobs.listAbandoned(nowMs)) Deno.removeSync(path);
  removeAbandonedLocks(cache.layout.locks);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
