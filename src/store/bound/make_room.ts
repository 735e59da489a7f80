/**
 * Removing entries where the disk is full.
 *
 * A database needs room to delete its rows, so there the results go first, and the entries after them: a call in between
 * finds an entry without its result, and runs.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import type { BlobDigest, CallKey } from "../../words/digests.ts";
import type { Cache } from "../cache_dir.ts";
import { listRows } from "../database/kv_rows.ts";
import { writeLogBack } from "../database/soundness.ts";
import { fileSizeOf } from "../database/sqlite_files.ts";
import { saysFull } from "../full_disk.ts";
import type { Removal } from "../records/record_store.ts";

/** Removal of some entries of a cache. */
export interface Removing {
  /** Tells for an entry whether it is to be removed. */
  isVictim(key: CallKey): boolean;
  /** Removes the entries, or those that are left of them. */
  remove(): Promise<Removal>;
  /** Number of entries; without it, of those that the last attempt removed. */
  readonly count?: number;
  /** Removes them where there is still no room. @default fails */
  removeOtherwise?(): Promise<Removal>;
}

/**
 * Removes entries; if the disk is full, deletes their results first, and tries again.
 *
 * @throws The error of `remove`.
 */
export async function removeWithRoom(cache: Cache, removing: Removing): Promise<Removal> {
  let freedBytes = 0;
  for (let attempt = 0;; attempt++) {
    try {
      const { removed, freedBytes: lastBytes } = await removing.remove();
      return { removed: attempt === 0 ? removed : removing.count ?? removed, freedBytes: freedBytes + lastBytes };
    } catch (error) {
      if (!saysFull(error)) throw error;
      if (attempt === 0) freedBytes += await deleteResults(cache, removing);
      else if (!makeLogShort(cache)) {
        if (removing.removeOtherwise === undefined) throw error;
        const removal = await removing.removeOtherwise();
        return { ...removal, freedBytes: removal.freedBytes + freedBytes };
      }
    }
  }
}

/** Empties the log, which has what was removed so far. @returns False when there was nothing in it. */
function makeLogShort({ layout: { meta } }: Cache): boolean {
  const before = fileSizeOf(`${meta}-wal`);
  if (before > 0) writeLogBack(meta);
  return fileSizeOf(`${meta}-wal`) < before;
}

/** Deletes the results that only victims have, and those of calls that could not be stored. @returns Bytes freed. */
async function deleteResults(
  { blobs, records: { garbage: { handle } } }: Cache,
  { isVictim }: Removing,
): Promise<number> {
  const kept = new Set<BlobDigest>();
  const unused = new Set<BlobDigest>();
  for await (const { key: [, digest, key] } of listRows(handle, { prefix: ["b"] })) {
    (isVictim(key as CallKey) ? unused : kept).add(digest as BlobDigest);
  }
  const nowMs = wallMs();
  blobs.removeAbandoned(nowMs);
  let freedBytes = 0;
  for await (const { digest, modifiedMs } of blobs.list((digest) => !kept.has(digest))) {
    if (unused.has(digest) || nowMs - modifiedMs > GRACE_MS) freedBytes += blobs.remove(digest);
  }
  handle.close(); // it was opened for reading only, since the disk was full
  return freedBytes;
}

/** Age in milliseconds up to which a blob without a record stays: its record may be about to be committed. */
export const GRACE_MS = 60_000;
