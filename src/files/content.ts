/**
 * SHA-256 of a file's bytes, the whole of them, in constant memory.
 *
 * @module
 */
import { beginDigest, digestBytes } from "../digest.ts";
import type { ContentDigest } from "../digests.ts";

// Taken when this module loads: what observes the reads of cached functions replaces these later.
const { readFileSync, openSync } = Deno;

/**
 * Up to this size a file is read and hashed synchronously, bytes: an asynchronous read alone costs 70 µs, more than
 * hashing this much.
 */
export const SYNC_BYTES = 64 * 1024;

/**
 * Two buffers of this size, one being read while the other is hashed; smaller ones leave the hash waiting for the
 * thread that reads.
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

/**
 * Hashes a file of any size, reading ahead; other tasks get their turn every few milliseconds.
 *
 * @param path An absolute path.
 * @param expectedBytes Its size as far as known, so that a small file needs no large buffers.
 */
export async function hashFile(path: string, expectedBytes: number = CHUNK_BYTES): Promise<HashedContent> {
  using file = openSync(path);
  const hash = beginDigest();
  const chunkBytes = Math.min(Math.max(expectedBytes, SYNC_BYTES), CHUNK_BYTES);
  let filling = new Uint8Array(chunkBytes);
  let hashing = new Uint8Array(chunkBytes);
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
