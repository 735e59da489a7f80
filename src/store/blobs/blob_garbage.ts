/**
 * Deletion of blobs that no record refers to, safe beside processes that are about to refer to them.
 *
 * @module
 */
import type { BlobDigest } from "../../words/digests.ts";
import type { BlobStore } from "./blob_store.ts";
import { type FileLock, waitForLock } from "../locks/file_lock.ts";
import { listRows } from "../database/kv_rows.ts";
import type { KvHandle } from "../database/kv_handle.ts";
import { giveTurn, isTurnOver } from "../../words/waiting.ts";
import { blobRowsOf } from "../records/rows.ts";

/** Number of candidates above which reading all references once is faster than asking for each candidate. */
const ASK_EACH = 200;

/**
 * Deletes the blobs among `candidates` that no record refers to.
 *
 * Each blob is moved aside before the last look at the references. A writer commits its record first and then makes
 * sure that its blob exists. So either this look sees the record, and the blob is put back, or the writer sees that
 * the blob is gone, and writes it again.
 *
 * @returns Bytes freed.
 */
export async function collectGarbage(candidates: ReadonlySet<BlobDigest>, store: GarbageStore): Promise<number> {
  if (candidates.size === 0) return 0;
  const look = () => candidates.size > ASK_EACH ? readReferences(store.handle) : askEach(candidates, store.handle);
  // References are read before as well, so that readers do not miss a blob in use even for a moment.
  const before = await look();
  const unused = [...candidates].filter((digest) => !before.has(digest));
  if (unused.length === 0) return 0;
  const sweep = await lockSweep(store);
  const aside = [];
  let freedBytes = 0;
  let after: ReadonlySet<BlobDigest> | undefined;
  try {
    for (const digest of unused) {
      if (isTurnOver()) await giveTurn();
      const moved = store.blobs.moveAside(digest);
      if (moved !== null) aside.push({ digest, moved });
    }
    after = await look();
  } finally {
    for (const { digest, moved } of aside) {
      if (isTurnOver()) await giveTurn();
      if (after === undefined || after.has(digest)) moved.putBack();
      else freedBytes += moved.remove();
    }
    sweep?.release();
  }
  return freedBytes;
}

/**
 * Puts back or deletes blobs that a process which was killed in {@linkcode collectGarbage} left aside.
 *
 * @returns Sizes of the blobs that were deleted, bytes.
 */
export async function recoverAside(store: GarbageStore): Promise<number[]> {
  const sweep = await lockSweep(store);
  try {
    const sizes: number[] = [];
    for (const { digest, moved } of store.blobs.listAside()) {
      if (await hasReference(digest, store.handle) && !store.blobs.has(digest)) moved.putBack();
      else sizes.push(moved.remove());
    }
    return sizes;
  } finally {
    sweep?.release();
  }
}

/** Database with the references to blobs, store of the blobs, and folder of the locks. */
export interface GarbageStore {
  readonly handle: KvHandle;
  readonly blobs: BlobStore;
  /** The folder of the locks. */
  readonly locks: string;
}

/**
 * Takes the lock that is held while blobs are aside, so that its holder knows that no other process needs those blobs.
 *
 * @returns `null` where locks do not work; blobs are then moved and put back without a lock.
 */
export function lockSweep(store: GarbageStore): Promise<FileLock | null> {
  return waitForLock(`${store.locks}/sweep.lock`);
}

/** True when a record refers to the blob. */
export async function hasReference(digest: BlobDigest, handle: KvHandle): Promise<boolean> {
  for await (const _ of listRows(handle, { prefix: blobRowsOf(digest) }, { limit: 1 })) return true;
  return false;
}

async function askEach(digests: Iterable<BlobDigest>, handle: KvHandle): Promise<Set<BlobDigest>> {
  const found = new Set<BlobDigest>();
  for (const digest of digests) if (await hasReference(digest, handle)) found.add(digest);
  return found;
}

/** Returns all blobs that records refer to. */
export async function readReferences(handle: KvHandle): Promise<Set<BlobDigest>> {
  const references = new Set<BlobDigest>();
  for await (const { key } of listRows(handle, { prefix: ["b"] })) references.add(key[1] as BlobDigest);
  return references;
}
