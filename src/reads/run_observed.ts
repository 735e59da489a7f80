/**
 * Which call is running, and what it reads: the context in which a cached function's body runs.
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
export { currentReads, runUnobserved } from "./context.ts";
export { isBelow } from "./own_paths.ts";
export type { SettledReads } from "./read_log.ts";
export { trackFile } from "./context.ts";

const observing = { begin: startObserving, end: stopObserving };

/**
 * Runs `body` as the function of a call: its reads and calls, and those of all it starts, are noted in `reads`, across
 * `await`, timers and other calls that run at the same time.
 *
 * The platform's functions are observed while at least one such body runs, until the promise that it returns is settled.
 *
 * @returns What `body` returns, the very same promise included; for another object with a `then`, a promise of it.
 */
export function runObserved<T>(reads: CallReads, body: () => T): T {
  beginRunning(observing);
  let result: T;
  try {
    result = enterReads(reads, body);
    // Anything else with a `then` is started by it, and must not be started twice, nor outside of the call.
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

export { originalOf } from "./patch/wrap.ts";

let patches: readonly (readonly Patch[])[] | undefined;

function allPatches(): readonly (readonly Patch[])[] {
  return patches ??= [denoPatches(), nodePatches()];
}

/**
 * Begins to observe.
 *
 * The platform's functions are observed while a cached call runs, and at no other time: replacing them costs some
 * microseconds, so nothing is left behind that outside code would pay for. A wrapper that was taken as a value during a
 * call goes on working: outside of calls it does what the original does. A function that was taken before, such as an
 * import by name from `node:fs`, is never observed.
 */
function startObserving(): void {
  for (const each of allPatches()) applyPatches(each);
}

/** Ends it: every member is what it was. */
function stopObserving(): void {
  for (const each of allPatches()) revertPatches(each);
}
