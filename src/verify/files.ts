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

/** Between two looks. Milliseconds. */
const LOOK_MS = 100;

/** Looks for files that nobody needs. */
export async function checkFiles(cache: Cache, state: VerifyState): Promise<void> {
  const store = cache.records.garbage;
  // Blobs first and references after: a blob is written before its record, so what is in use has its reference by then.
  const blobs: BlobDigest[] = [];
  for (const { digest } of cache.blobs.list()) blobs.push(digest);
  const references = await readReferences(store.handle);
  state.step(blobs.length);
  const orphans = await settledOrphans(cache, state, blobs.filter((digest) => !references.has(digest)));
  let left = leftovers(cache, state.nowMs);
  if (left.length > 0) {
    // A live process can be between two steps; what is still there a little later is nobody's.
    await pause(LOOK_MS);
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

/** Those blobs that still have no record after the time in which a writer that is alive would have stored it. */
async function settledOrphans(cache: Cache, state: VerifyState, blobs: readonly BlobDigest[]): Promise<BlobDigest[]> {
  let orphans = blobs;
  for (;;) {
    const still: BlobDigest[] = [];
    let youngestMs = Infinity;
    for (const digest of orphans) {
      const ageMs = cache.blobs.ageOf(digest);
      if (ageMs === null || await hasReference(digest, cache.records.garbage.handle)) continue;
      still.push(digest);
      youngestMs = Math.min(youngestMs, ageMs);
    }
    // A clock that went backwards must not make this wait for long.
    if (still.length === 0 || Math.abs(youngestMs) >= state.settleMs) return still;
    orphans = still;
    await pause(LOOK_MS);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
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
  cache.blobs.removeAbandoned(nowMs);
  removeAbandonedLocks(cache.layout.locks);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
