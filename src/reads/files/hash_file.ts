/**
 * SHA-256 of all bytes of a file, in constant memory.
 *
 * @module
 */
import { beginDigest, digestBytes } from "../../words/sha256.ts";
import type { ContentDigest } from "../../words/digests.ts";

// Taken when this module loads: while a cached function runs, wrappers that observe its reads replace these functions.
const { readFileSync, openSync } = Deno;

/**
 * Largest size of a file that is read and hashed synchronously, bytes: an asynchronous read alone costs 70 µs, more
 * than hashing so many bytes.
 */
export const SYNC_BYTES = 64 * 1024;

/**
 * Size of the buffers for large files, bytes. With smaller buffers, hashing waits for the thread that reads; larger
 * buffers take more time to allocate than they save.
 */
const CHUNK_BYTES = 2 * 1024 * 1024;

/** A digest, and its number of bytes, which `stat` gives too, except for a file that is being written or made up. */
export interface HashedContent {
  readonly digest: ContentDigest;
  readonly sizeBytes: number;
}

/**
 * Reads a small file in one piece and hashes it.
 *
 * @throws {RangeError} When it has more than 64 MiB, though it is said to be empty.
 */
export function hashSmallFile(path: string, statedBytes: number): HashedContent {
  if (statedBytes === 0) return hashMadeUpFile(path);
  const bytes = readFileSync(path);
  return { digest: digestBytes(bytes), sizeBytes: bytes.length };
}

/** Largest number of bytes of a file that is said to be empty: files that the system makes up may have no end. */
const MADE_UP_BYTES = 64 * 1024 * 1024;

/** Hashes a file that is said to be empty, as all those are that the system makes up. */
function hashMadeUpFile(path: string): HashedContent {
  using file = openSync(path);
  const hash = beginDigest();
  const buffer = new Uint8Array(SYNC_BYTES);
  let sizeBytes = 0;
  for (let count = file.readSync(buffer); count !== null; count = file.readSync(buffer)) {
    if ((sizeBytes += count) > MADE_UP_BYTES) throw new RangeError("it has no end");
    hash.update(buffer.subarray(0, count));
  }
  return { digest: hash.end(), sizeBytes };
}

/** Hashes a file of any size synchronously. */
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

/** Two buffers: the file is read into one while the other is hashed. */
export type Buffers = readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];

/** Makes buffers for files up to a size. They serve for any file; use them again, since allocating them takes time. */
export function createBuffers(sizeBytes: number): Buffers {
  const length = Math.min(Math.max(sizeBytes, SYNC_BYTES), CHUNK_BYTES);
  return [new Uint8Array(length), new Uint8Array(length)];
}

/**
 * Hashes a file of any size, and reads one buffer ahead; other tasks of the event loop run every few milliseconds.
 *
 * @param path An absolute path.
 * @param buffers Buffers to read into, which no other code may use meanwhile.
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
