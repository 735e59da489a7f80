/**
 * Checks of files: blobs that nothing refers to, files left by killed processes, and files that the cache did not make.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import { lastPartOf } from "../../options/paths.ts";
import type { BlobDigest } from "../../words/digests.ts";
import { randomId } from "../../words/random.ts";
import type { Cache } from "../../store/cache_dir.ts";
import {
  abandonedLocks,
  collectGarbage,
  hasReference,
  isLockHeld,
  listForeign,
  lookAtEntry,
  readReferences,
  recoverAside,
  removeAbandonedLocks,
} from "../../store/inspect.ts";
import { letOthersFinish, type VerifyState } from "./state.ts";

/** Looks for files that no entry and no process needs, and for counts of use that cannot be read. */
export async function checkFiles(cache: Cache, state: VerifyState): Promise<void> {
  const store = cache.records.garbage;
  // Blobs are listed before references: a blob is written before its record, so a blob listed without a reference is
  // either not used or so young that its record is still to come.
  const blobs: BlobDigest[] = [];
  for await (const { digest } of cache.blobs.list()) blobs.push(digest);
  const references = await readReferences(store.handle);
  state.step(blobs.length);
  const orphans = await settledOrphans(cache, state, blobs.filter((digest) => !references.has(digest)));
  const left = await settledLeftovers(cache, state);
  for (const digest of orphans) {
    await state.found({ key: digest, kind: "orphan-blob", detail: "No entry refers to the blob" }, async () => {
      const freedBytes = await collectGarbage(new Set([digest]), store);
      return freedBytes > 0 || !cache.blobs.has(digest) ? "it was deleted" : "an entry refers to it by now";
    });
  }
  if (state.repair) await removeLeftovers(cache, state.nowMs);
  for (const path of left) {
    const detail = `A process that has ended left ${path}`;
    await state.found({ key: lastPartOf(path), kind: "leftover-file", detail }, () => "it was deleted");
  }
  for await (const path of listForeign(cache.layout)) {
    const detail = `The cache did not make ${path}, and leaves it alone; delete it, or move it elsewhere`;
    state.note({ key: lastPartOf(path), kind: "stray-file", detail });
  }
  if (cache.usage.isDamaged()) {
    await state.found({ key: "", kind: "damaged-usage", detail: "The counts of use cannot be read" }, async () => {
      await cache.usage.merge(() => true);
      return "new ones were begun";
    });
  }
}

/** Returns the blobs that have no reference after the time in which a live writer would have stored the record. */
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
    // The absolute value, so that a clock that was set back does not make this wait for long.
    if (still.length === 0 || Math.abs(youngestMs) >= state.settleMs) return still;
    orphans = still;
    await letOthersFinish();
  }
}

/**
 * Returns the files that were left over at each of two looks, and are older than `settleMs`: at one look, a live process
 * can be between two steps, such as the making of a file and its lock.
 */
async function settledLeftovers(cache: Cache, { nowMs, settleMs }: VerifyState): Promise<string[]> {
  let left = leftovers(cache, nowMs);
  for (;;) {
    if (left.size === 0) return [];
    await letOthersFinish();
    const now = leftovers(cache, nowMs);
    left = new Map([...left].filter(([path, stamp]) => now.get(path) === stamp));
    if ([...left.keys()].every((path) => ageOf(path) >= settleMs)) return [...left.keys()];
  }
}

/** Returns the paths of files that seem left over, each with a text that differs for a later file of the same name. */
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
  const info = lookAtEntry(path);
  // When the file is gone: a text that the second look cannot find again.
  return info === null ? randomId() : `${info.ino} ${info.mtime?.getTime()}`;
}

/** Returns the time in milliseconds since a file was written; as an absolute value, since a clock can be set back. */
function ageOf(path: string): number {
  return Math.abs(wallMs() - (lookAtEntry(path)?.mtime?.getTime() ?? 0));
}

async function removeLeftovers(cache: Cache, nowMs: number): Promise<void> {
  await recoverAside(cache.records.garbage);
  cache.blobs.removeAbandoned(nowMs);
  removeAbandonedLocks(cache.layout.locks);
}
