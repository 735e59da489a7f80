/**
 * SHA-256 of a file's bytes, the whole of them, in constant memory.
 *
 * @module
 */
import { beginDigest, digestBytes } from "../../words/sha256.ts";
import type { ContentDigest } from "../../words/digests.ts";

// Taken when this module loads: what observes the reads of cached functions replaces these later.
const { readFileSync, openSync } = Deno;

/**
 * Up to this size a file is read and hashed synchronously, bytes: an asynchronous read alone costs 70 µs, more than
 * hashing this much.
 */
export const SYNC_BYTES = 64 * 1024;

/**
 * Size of the buffers for large files, bytes: smaller ones leave the hash waiting for the thread that reads, larger ones
 * take longer to be had than they save.
 */
const CHUNK_BYTES = 2 * 1024 * 1024;

/** A digest, and how many bytes it is over: as many as `stat` said, unless the file is being written or is no real file. */
export interface HashedContent {
  readonly digest: ContentDigest;
  readonly sizeBytes: number;
}

/** Reads a small file at once and hashes it. */
export function hashSmallFile(path: string): HashedContent {
  const bytes = readFileSync(path);
  return { digest: digestBytes(bytes), sizeBytes: bytes.length };
}

/** Hashes a file of any size without giving way to other tasks. */
export function hashFileSync(path: string): HashedContent {
  using file = openSync(path);
  const hash = beginDigest();
  const buffer = new Uint8Array(1024 * 1024);
  let sizeBytes = 0;
  for (let count = file.readSync(buffer); count !== null; count = file.readSync(buffer)) {
    hash.update(buffer.subarray(0, count));
    sizeBytes += count;
  }
  return { digest: hash.end(), sizeBytes };
}

/** Two pieces of memory, one being read into while the other is hashed. */
export type Buffers = readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];

/** Buffers for files up to a size; for larger ones they are as good as for any. Fresh memory costs time: use them again. */
export function createBuffers(sizeBytes: number): Buffers {
  const length = Math.min(Math.max(sizeBytes, SYNC_BYTES), CHUNK_BYTES);
  return [new Uint8Array(length), new Uint8Array(length)];
}

/**
 * Hashes a file of any size, reading ahead; other tasks get their turn every few milliseconds.
 *
 * @param path An absolute path.
 * @param buffers What to read into; nobody else may use them meanwhile.
 */
export async function hashFile(path: string, buffers: Buffers): Promise<HashedContent> {
  using file = openSync(path);
  const hash = beginDigest();
  let [filling, hashing] = buffers;
  let sizeBytes = 0;
  let reading = file.read(filling);
  while (true) {
    const count = await reading;
    if (count === null) break;
    [filling, hashing] = [hashing, filling];
    reading = file.read(filling);
    hash.update(hashing.subarray(0, count));
    sizeBytes += count;
  }
  return { digest: hash.end(), sizeBytes };
}

// Taken when this module loads: a test that fakes the time must not stop the hashing.
const { setTimeout } = globalThis;

/** Waits until timers and finished operations had their turn; an operation of one's own may come back before others. */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
