/**
 * Files that nothing refers to, and what killed processes left.
 *
 * @module
 */
import type { BlobDigest } from "../../words/digests.ts";
import type { Cache } from "../../store/cache_dir.ts";
import {
  abandonedLocks,
  collectGarbage,
  hasReference,
  isLockHeld,
  listForeign,
  readReferences,
  recoverAside,
  removeAbandonedLocks,
} from "../../store/inspect.ts";
import { letOthersFinish, type VerifyState } from "./state.ts";

/** Looks for files that nobody needs. */
export async function checkFiles(cache: Cache, state: VerifyState): Promise<void> {
  const store = cache.records.garbage;
  // Blobs first and references after: a blob is written before its record, so what is in use has its reference by then.
  const blobs: BlobDigest[] = [];
  for (const { digest } of cache.blobs.list()) blobs.push(digest);
  const references = await readReferences(store.handle);
  state.step(blobs.length);
  const orphans = await settledOrphans(cache, state, blobs.filter((digest) => !references.has(digest)));
  const left = await settledLeftovers(cache, state.nowMs);
  for (const digest of orphans) {
    await state.found({ key: digest, kind: "orphan-blob", detail: "No entry refers to the blob" }, async () => {
      const freedBytes = await collectGarbage(new Set([digest]), store);
      return freedBytes > 0 || !cache.blobs.has(digest) ? "it was deleted" : "an entry refers to it by now";
    });
  }
  if (state.repair) await removeLeftovers(cache, state.nowMs);
  for (const path of left) {
    const detail = `A process that has ended left ${path}`;
    await state.found({ key: fileNameIn(path), kind: "leftover-file", detail }, () => "it was deleted");
  }
  for (const path of listForeign(cache.layout)) {
    const detail = `The cache did not make ${path}, and leaves it alone; delete it, or move it elsewhere`;
    state.note({ key: fileNameIn(path), kind: "stray-file", detail });
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
    await letOthersFinish();
  }
}

/** Files that were nobody's at both of two looks: a live process can be between two steps at one. */
async function settledLeftovers(cache: Cache, nowMs: number): Promise<string[]> {
  const first = leftovers(cache, nowMs);
  if (first.size === 0) return [];
  await letOthersFinish();
  const second = leftovers(cache, nowMs);
  return [...first].filter(([path, stamp]) => second.get(path) === stamp).map(([path]) => path);
}

/** Paths, and what tells a file from a later one of the same name. */
function leftovers(cache: Cache, nowMs: number): Map<string, string> {
  const paths = [...cache.blobs.listAbandoned(nowMs)];
  for (const name of abandonedLocks(cache.layout.locks)) paths.push(`${cache.layout.locks}/${name}`);
  const found = new Map(paths.map((path) => [path, blobStampOf(path)]));
  if (!isLockHeld(`${cache.layout.locks}/sweep.lock`)) {
    for (const { path } of cache.blobs.listAside()) found.set(path, "");
  }
  return found;
}

function blobStampOf(path: string): string {
  try {
    const { ino, mtime } = Deno.lstatSync(path);
    return `${ino} ${mtime?.getTime()}`;
  } catch {
    return crypto.randomUUID(); // gone already: not the same at the second look
  }
}

async function removeLeftovers(cache: Cache, nowMs: number): Promise<void> {
  await recoverAside(cache.records.garbage);
  cache.blobs.removeAbandoned(nowMs);
  removeAbandonedLocks(cache.layout.locks);
}

function fileNameIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
