/**
 * Hashing of several files with more than one core.
 *
 * @module
 */
import type { ContentDigest } from "../digests.ts";
import { hashFile, hashSmallFile, SYNC_BYTES } from "./content.ts";
import type { HashedContent } from "./content.ts";

/** A file to hash. */
export interface FileToHash {
  readonly path: string;
  readonly sizeBytes: number;
}

/** What a helper answers. */
export type HelperAnswer =
  | { readonly path: string; readonly digest: string; readonly sizeBytes: number }
  | { readonly path: string; readonly failed: true };

// Taken when this module loads: a test that fakes the time must not stop the hashing.
const { setTimeout } = globalThis;

/**
 * A helper is a worker: Web Crypto's digests do run on other threads, but two of them together are slower than
 * `node:crypto` on this one. Starting one costs 40 to 70 ms, so it pays from this sum on, bytes.
 */
const HELP_BYTES = 128 * 1024 * 1024;

/** More helpers than this only wait for the disk. */
const MAX_HELPERS = 3;

/**
 * Hashes all files and hands each result to `keep`, in no particular order.
 *
 * @param files What to hash.
 * @param keep Called once for each file.
 * @param helpBytes From this sum on, other threads help.
 * @throws {FileFailure} On the first file that cannot be read; what was hashed before is kept.
 */
export async function hashFiles<File extends FileToHash>(
  files: readonly File[],
  keep: (file: File, content: HashedContent) => void,
  helpBytes: number = HELP_BYTES,
): Promise<void> {
  // Largest first, so that no core is left with a large one at the end.
  const queue = [...files].sort((one, other) => one.sizeBytes - other.sizeBytes);
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const helpers = totalBytes < helpBytes
    ? 0
    : Math.min(MAX_HELPERS, navigator.hardwareConcurrency - 1, files.length - 1);
  const working = [hashHere(queue, keep)];
  if (helpers > 0 && mayStartWorker()) {
    for (let index = 0; index < helpers; index++) working.push(hashInWorker(queue, keep));
  }
  const failed = (await Promise.allSettled(working)).find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  // What a helper left behind when it failed.
  if (queue.length > 0) await hashHere(queue, keep);
}

/** A file that could not be read. */
export class FileFailure extends Error {
  override readonly name = "FileFailure";
  constructor(readonly path: string, cause: unknown) {
    super(`Cannot read ${path}`, { cause });
  }
}

async function hashHere<File extends FileToHash>(
  queue: File[],
  keep: (file: File, content: HashedContent) => void,
): Promise<void> {
  let sinceYield = 0;
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    let content: HashedContent;
    try {
      content = file.sizeBytes <= SYNC_BYTES ? hashSmallFile(file.path) : await hashFile(file.path, file.sizeBytes);
    } catch (error) {
      queue.length = 0;
      throw new FileFailure(file.path, error);
    }
    keep(file, content);
    sinceYield += content.sizeBytes + 10_000;
    if (sinceYield > 8 * 1024 * 1024) {
      sinceYield = 0;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
}

/** Has a worker take files from the queue. What it cannot read goes back, for this thread to fail on it. */
async function hashInWorker<File extends FileToHash>(
  queue: File[],
  keep: (file: File, content: HashedContent) => void,
): Promise<void> {
  let current: File | undefined;
  let worker: Worker | undefined;
  try {
    worker = new Worker(new URL("./digest_worker.ts", import.meta.url), { type: "module", name: "cachepy-digests" });
    while ((current = queue.pop()) !== undefined) {
      const answer = await ask(worker, current.path);
      if ("failed" in answer) break;
      keep(current, { digest: answer.digest as ContentDigest, sizeBytes: answer.sizeBytes });
    }
  } catch {
    // No worker to be had: the main thread hashes what is left.
  } finally {
    if (current !== undefined) queue.push(current);
    worker?.terminate();
  }
}

function ask(worker: Worker, path: string): Promise<HelperAnswer> {
  return new Promise((resolve, reject) => {
    worker.onmessage = (event) => resolve(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(event.error);
    };
    worker.postMessage(path);
  });
}

/** Whether a worker may load its module; asks nobody. */
function mayStartWorker(): boolean {
  const url = new URL("./digest_worker.ts", import.meta.url);
  if (url.protocol !== "file:") return true;
  return Deno.permissions.querySync({ name: "read", path: url }).state === "granted";
}
