/**
 * Which call is running in the current asynchronous context. The one owner of AsyncLocalStorage.
 *
 * @module
 */
// Loaded by the first call.
import defer * as asyncHooks from "node:async_hooks";
import type { CallReads } from "./call_reads.ts";
import { observedPath } from "./own_paths.ts";

type Storage = asyncHooks.AsyncLocalStorage<CallReads | undefined>;

let storage: Storage | undefined;
let running = 0;
let muted = 0;

/** Called when the first call begins to run, and when the last one has ended. */
export interface RunningListener {
  begin(): void;
  end(): void;
}

/**
 * The innermost call that is running here; `undefined` outside of calls, and in what a call left behind after it ended.
 * Outside of calls this costs one comparison.
 */
export function currentReads(): CallReads | undefined {
  if (running === 0) return undefined;
  const reads = storage?.getStore();
  return reads?.isRunning === true ? reads : undefined;
}

/** The call that what is read here belongs to; `undefined` outside of calls, and within {@linkcode mutedApply}. */
export function observingReads(): CallReads | undefined {
  if (running === 0 || muted > 0) return undefined;
  const reads = currentReads();
  return reads?.observes === true ? reads : undefined;
}

/** Runs `body` as part of the call of `reads`, with everything that it starts. `undefined`: as part of no call. */
export function enterReads<T>(reads: CallReads | undefined, body: () => T): T {
  if (reads === undefined && storage === undefined) return body();
  return useStorage().run(reads, body);
}

/** Runs `body` as part of no call: what it reads is nobody's input. For the cache's own work inside a running call. */
export function runUnobserved<T>(body: () => T): T {
  return enterReads(undefined, body);
}

/** Calls a function of the platform without observing what it reads before it returns. */
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

/** A function of the user that the platform calls on its way: what it reads belongs to that call again. */
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

/** Counts one more running call. */
export function beginRunning(listener: RunningListener): void {
  if (running++ === 0) listener.begin();
}

/** Counts one running call less. */
export function endRunning(listener: RunningListener): void {
  if (--running === 0) listener.end();
}

function useStorage(): Storage {
  return storage ??= new asyncHooks.AsyncLocalStorage();
}

/**
 * The absolute path of a file or directory; records it, by its content, as an input of the cached call that is running,
 * if one is. For what is read in a way that cannot be observed: by a subprocess, by native code.
 *
 * @param path A path or a `file:` URL.
 * @throws {TypeError} When it is no path.
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
