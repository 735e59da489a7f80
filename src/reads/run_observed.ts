/**
 * Runs the function of a call in a context in which its reads are observed.
 *
 * @module
 */
import type { CallReads } from "./call_reads.ts";
import { beginRunning, endRunning, enterReads } from "./context.ts";
import { denoPatches } from "./patch/deno_functions.ts";
import { nodePatches } from "./patch/node_functions.ts";
import { applyPatches, type Patch, revertPatches } from "./patch/patches.ts";

export { CallReads } from "./call_reads.ts";
export type { CallReadsOptions, ReadingRun } from "./call_reads.ts";
export { currentReads, runUnobserved, trackFile } from "./context.ts";
export { isBelow } from "./own_paths.ts";
export type { SettledReads } from "./read_log.ts";
export { originalOf } from "./patch/wrap.ts";

const observing = { begin: startObserving, end: stopObserving };

/**
 * Runs `body` as the function of a call: reads and inner calls of `body`, and of everything that it starts, are
 * recorded in `reads`, across `await`, timers and other calls that run at the same time.
 *
 * A body runs until the promise that it returns is settled. The platform's functions are observed while at least one
 * body runs.
 *
 * @returns The value that `body` returns, a promise included; for another object with a `then`, a promise of its value.
 */
export function runObserved<T>(reads: CallReads, body: () => T): T {
  beginRunning(observing);
  let result: T;
  try {
    result = enterReads(reads, body);
    // Calling the `then` of another object may start its work, which must start once, and inside the call.
    if (!(result instanceof Promise) && isThenable(result)) {
      const thenable = result;
      result = enterReads(reads, () => Promise.resolve(thenable)) as T;
    }
  } catch (error) {
    endRunning(observing);
    throw error;
  }
  if (result instanceof Promise) {
    const end = () => endRunning(observing);
    result.then(end, end);
  } else endRunning(observing);
  return result;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" || typeof value === "function") && value !== null && "then" in value &&
    typeof value.then === "function";
}

let patches: readonly (readonly Patch[])[] | undefined;

function allPatches(): readonly (readonly Patch[])[] {
  return patches ??= [denoPatches(), nodePatches()];
}

/**
 * Begins to observe: replaces the platform's functions by wrappers.
 *
 * The wrappers are in place only while a cached call runs, since they slow down all code that uses them, and replacing
 * them takes only some microseconds. A wrapper that code kept during a call goes on working: outside of calls it does
 * what the original does. A function that code kept before a call, such as an import by name from `node:fs`, is never
 * observed.
 */
function startObserving(): void {
  for (const each of allPatches()) applyPatches(each);
}

/** Ends the observation: puts the platform's functions back. */
function stopObserving(): void {
  for (const each of allPatches()) revertPatches(each);
}
