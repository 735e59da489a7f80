/**
 * Hashing of large files, and of many, with more than one core where that pays.
 *
 * @module
 */
import type { ContentDigest } from "../../words/digests.ts";
import defer * as timer from "./hash_file.ts";
import { type Buffers, createBuffers, type HashedContent, hashFile, hashSmallFile, SYNC_BYTES } from "./hash_file.ts";

/** A file to hash, and who waits for it. */
interface Task {
  readonly path: string;
  readonly sizeBytes: number;
  readonly resolve: (content: HashedContent) => void;
  readonly reject: (error: unknown) => void;
}

/** What a helper answers. */
export type HelperAnswer =
  | { readonly digest: string; readonly sizeBytes: number }
  | { readonly failed: true };

/**
 * A helper is a worker. Making one stops this thread for 13 ms, and 20 ms later, when it has loaded `node:crypto`, it
 * begins to hash: so it pays from this sum on, bytes. (Web Crypto's digests run on other threads too, but copy what they
 * are given on this one, which takes more than half as long as hashing it.)
 */
const HELP_BYTES = 96 * 1024 * 1024;

/** More helpers than this only wait for the disk. */
const MAX_HELPERS = 3;

/**
 * Other tasks get their turn after so much work on small files, bytes; opening one counts as 10,000. Large files give way
 * while they are read.
 */
const TURN_BYTES = 8 * 1024 * 1024;

/** What was asked for in the present turn. */
let waiting: Task[] | undefined;

/**
 * Hashes a file, together with all others that are asked for in the same turn.
 *
 * @param path An absolute path.
 * @param sizeBytes Its size as far as known.
 * @param helpBytes From this sum on, other threads help.
 * @returns Its content's digest. Rejects with what opening or reading it throws; others are hashed all the same.
 */
export function hashSoon(path: string, sizeBytes: number, helpBytes: number = HELP_BYTES): Promise<HashedContent> {
  return new Promise((resolve, reject) => {
    if (waiting === undefined) {
      waiting = [];
      queueMicrotask(() => {
        const tasks = waiting!;
        waiting = undefined;
        void hashAll(tasks, helpBytes);
      });
    }
    waiting.push({ path, sizeBytes, resolve, reject });
  });
}

async function hashAll(tasks: Task[], helpBytes: number): Promise<void> {
  // Taken from the end: the largest first, so that no core is left with a large one at last.
  tasks.sort((one, other) => one.sizeBytes - other.sizeBytes);
  const totalBytes = tasks.reduce((sum, task) => sum + task.sizeBytes, 0);
  const isMuch = totalBytes >= helpBytes && mayStartWorker();
  const helpers = isMuch ? Math.min(MAX_HELPERS, navigator.hardwareConcurrency - 1, tasks.length - 1) : 0;
  await Promise.all([hashHere(tasks), ...Array.from({ length: helpers }, () => hashInWorker(tasks))]);
  // What a helper left behind when it failed.
  await hashHere(tasks);
}

/** Settles one task after the other; never rejects. */
async function hashHere(tasks: Task[]): Promise<void> {
  let sinceTurn = 0;
  let buffers: Buffers | undefined;
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    const { path, sizeBytes } = task;
    try {
      if (sizeBytes <= SYNC_BYTES) task.resolve(hashSmallFile(path));
      else task.resolve(await hashFile(path, buffers ??= createBuffers(sizeBytes)));
    } catch (error) {
      task.reject(error);
    }
    sinceTurn = sizeBytes <= SYNC_BYTES ? sinceTurn + sizeBytes + 10_000 : 0;
    if (sinceTurn > TURN_BYTES) {
      sinceTurn = 0;
      await timer.giveWay();
    }
  }
}

/** Has a worker take tasks. One that it cannot do goes back, for this thread to fail on it. */
async function hashInWorker(tasks: Task[]): Promise<void> {
  let task: Task | undefined;
  let worker: Worker | undefined;
  try {
    worker = new Worker(new URL("./digest_worker.ts", import.meta.url), { type: "module", name: "cachepy-digests" });
    while ((task = tasks.pop()) !== undefined) {
      const answer = await ask(worker, task.path);
      if ("failed" in answer) break;
      task.resolve({ digest: answer.digest as ContentDigest, sizeBytes: answer.sizeBytes });
    }
  } catch {
    // No worker to be had: the main thread hashes what is left.
  } finally {
    if (task !== undefined) tasks.push(task);
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
