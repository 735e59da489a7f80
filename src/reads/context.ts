/**
 * The running call of the present asynchronous context. No other module uses AsyncLocalStorage.
 *
 * @module
 */
import type { AsyncLocalStorage } from "node:async_hooks";
import { nodeModule } from "../words/node_modules.ts";
import type { CallReads } from "./call_reads.ts";
import { observedPath } from "./own_paths.ts";
import { markOwn } from "../words/program.ts";

export { locatePath } from "./own_paths.ts";

type Storage = AsyncLocalStorage<CallReads | undefined>;

let storage: Storage | undefined;
let running = 0;
let muted = 0;

/** Listener that is called when a call begins to run while no other runs, and when the last running call has ended. */
export interface RunningListener {
  begin(): void;
  end(): void;
}

/**
 * Returns the reads of the innermost call that is running in this context; `undefined` outside of calls, and in work
 * that a call started and that goes on after its end. While no call runs, this costs one comparison.
 */
export function currentReads(): CallReads | undefined {
  if (running === 0) return undefined;
  const reads = storage?.getStore();
  return reads?.isRunning === true ? reads : undefined;
}

/**
 * Returns the reads to which a read in this context belongs; `undefined` outside of calls, in calls that are not
 * observed, and within {@linkcode mutedApply}.
 */
export function observingReads(): CallReads | undefined {
  if (running === 0 || muted > 0) return undefined;
  const reads = currentReads();
  return reads?.observes === true ? reads : undefined;
}

/** Runs `body`, with everything that it starts, as part of the call that `reads` belongs to, or of no call. */
export function enterReads<T>(reads: CallReads | undefined, body: () => T): T {
  if (reads === undefined && storage === undefined) return body();
  return useStorage().run(reads, body);
}

/** Runs `body` as part of no call, so that its reads are no inputs. For the cache's own work inside a running call. */
export function runUnobserved<T>(body: () => T): T {
  return enterReads(undefined, body);
}

/** Calls a function of the platform. Reads that this function makes before it returns are not observed. */
export function mutedApply(
  // deno-lint-ignore no-explicit-any
  original: (...args: any[]) => any,
  self: unknown,
  args: unknown[],
): unknown {
  muted++;
  try {
    return Reflect.apply(original, self, args);
  } finally {
    muted--;
  }
}

/** Wraps a callback that a platform function calls, so that reads of the callback belong to the call again. */
// deno-lint-ignore no-explicit-any
export function observedCallback<F extends (...args: any[]) => any>(reads: CallReads, callback: F): F {
  return function (this: unknown, ...args: unknown[]): unknown {
    const before = muted;
    muted = 0;
    try {
      return enterReads(reads, () => Reflect.apply(callback, this, args));
    } finally {
      muted = before;
    }
  } as F;
}

/** Counts a call that begins to run. */
export function beginRunning(listener: RunningListener): void {
  if (running++ === 0) listener.begin();
}

/** Counts a call that has ended. */
export function endRunning(listener: RunningListener): void {
  if (--running === 0) listener.end();
}

function useStorage(): Storage {
  return storage ??= new (nodeModule<typeof import("node:async_hooks")>("node:async_hooks").AsyncLocalStorage)();
}

/**
 * Records the content of a file or directory as an input of the running cached call, if there is one. For files that
 * are read in a way that cannot be observed: by a subprocess, by native code.
 *
 * @param path A path or a `file:` URL.
 * @returns The absolute path.
 * @throws {TypeError} When `path` is no path.
 *
 * @example
 * ```ts
 * import { trackFile } from "@bimsb/cachepy";
 *
 * const path = trackFile("/data/reads.fastq");
 * console.log(path); // /data/reads.fastq
 * ```
 */
export function trackFile(path: string | URL): string {
  const reads = currentReads();
  if (reads !== undefined) return reads.trackFile(path);
  const observed = observedPath(path);
  if (observed === null) throw new TypeError(`Cannot track ${path}: want a path or a file: URL`);
  return observed.path;
}

markOwn(trackFile);
