/**
 * Hashing of large files, and of many files, on several cores where that saves time.
 *
 * @module
 */
import { runAfterwards } from "../../words/clock.ts";
import { giveTurn } from "../../words/waiting.ts";
import { type Buffers, createBuffers, type HashedContent, hashFile, hashSmallFile, SYNC_BYTES } from "./hash_file.ts";

/** A file to hash, with the functions that settle the promise of its digest. */
interface Task {
  readonly path: string;
  readonly sizeBytes: number;
  readonly resolve: (content: HashedContent) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sum of the sizes of files from which workers help, bytes. Making a worker stops this thread for 13 ms, and the worker
 * begins to hash 20 ms later, when it has loaded `node:crypto`. (Digests of Web Crypto run on other threads too, but
 * copy their input on this thread, which takes more than half as long as hashing the input.)
 */
const HELP_BYTES = 96 * 1024 * 1024;

/** Largest number of workers; more would only wait for the disk. */
const MAX_HELPERS = 3;

/**
 * Amount of work on small files after which other tasks of the event loop run, bytes; opening a file counts as 10,000.
 * While a large file is read, other tasks run in any case.
 */
const TURN_BYTES = 2 * 1024 * 1024;

/** Files that were asked for in the present turn of the event loop; `undefined`: none. */
let waiting: Task[] | undefined;

/**
 * Hashes a file, together with all other files that are asked for in the same turn of the event loop.
 *
 * @param path An absolute path.
 * @param sizeBytes Size of the file as far as it is known.
 * @param helpBytes Sum of the sizes of all files from which workers help.
 * @returns The digest of the file. Rejects with the error of opening or reading it; other files are hashed anyway.
 */
export function hashSoon(path: string, sizeBytes: number, helpBytes: number = HELP_BYTES): Promise<HashedContent> {
  return new Promise((resolve, reject) => {
    if (waiting === undefined) {
      waiting = [];
      runAfterwards(() => {
        const tasks = waiting!;
        waiting = undefined;
        void hashAll(tasks, helpBytes);
      });
    }
    waiting.push({ path, sizeBytes, resolve, reject });
  });
}

async function hashAll(tasks: Task[], helpBytes: number): Promise<void> {
  // Tasks are taken from the end: the largest first, so that no core is left alone with a large file at last.
  tasks.sort((one, other) => one.sizeBytes - other.sizeBytes);
  const totalBytes = tasks.reduce((sum, task) => sum + task.sizeBytes, 0);
  const helpers = totalBytes >= helpBytes
    ? Math.min(MAX_HELPERS, navigator.hardwareConcurrency - 1, tasks.length - 1)
    : 0;
  await Promise.all([hashHere(tasks), ...Array.from({ length: helpers }, () => hashInThread(tasks))]);
  // The tasks that a thread put back when it failed.
  await hashHere(tasks);
}

/** Hashes one file after the other on this thread; never rejects. */
async function hashHere(tasks: Task[]): Promise<void> {
  let sinceTurn = 0;
  let buffers: Buffers | undefined;
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    const { path, sizeBytes } = task;
    try {
      if (sizeBytes <= SYNC_BYTES) task.resolve(hashSmallFile(path, sizeBytes));
      else task.resolve(await hashFile(path, buffers ??= createBuffers(sizeBytes)));
    } catch (error) {
      task.reject(error);
    }
    sinceTurn = sizeBytes <= SYNC_BYTES ? sinceTurn + sizeBytes + 10_000 : 0;
    if (sinceTurn > TURN_BYTES) {
      sinceTurn = 0;
      await giveTurn();
    }
  }
}

/** Lets a thread hash files. A task on which it fails is put back, for this thread to hash or to report the error. */
async function hashInThread(tasks: Task[]): Promise<void> {
  let task: Task | undefined;
  try {
    const { HelperThread } = await import("../../words/helper_thread.ts"); // few programs have files so large
    using thread = HelperThread.start(new URL("./digest_worker.ts", import.meta.url), "cachepy-digests");
    while (thread !== null && (task = tasks.pop()) !== undefined) {
      task.resolve(await thread.ask<HashedContent>(task.path));
    }
  } catch {
    // This thread hashes the files that are left.
    if (task !== undefined) tasks.push(task);
  }
}
