/**
 * Which call is running, and what it reads: the context in which a cached function's body runs.
 *
 * @module
 */
import { startObserving, stopObserving } from "./observe/install.ts";
import type { CallFrame } from "./tracker/call_frame.ts";
import { beginRunning, endRunning, enterFrame } from "./tracker/context.ts";

export { CallFrame } from "./tracker/call_frame.ts";
export type { CallFrameInfo } from "./tracker/call_frame.ts";
export type { ChildSlot } from "./tracker/child_slot.ts";
export { currentFrame } from "./tracker/context.ts";
export { isBelow } from "./tracker/observed_path.ts";
export type { SettledFrame } from "./tracker/observation_set.ts";
export { trackFile } from "./tracker/track_file.ts";

const observing = { begin: startObserving, end: stopObserving };

/**
 * Runs `body` as the call `frame`: what it, and everything that it starts, reads and calls joins the frame, across
 * `await`, timers and other calls that run at the same time.
 *
 * The platform's functions are observed while at least one such body runs, until the promise that it returns is settled.
 *
 * @returns What `body` returns, the very same promise included; for another object with a `then`, a promise of it.
 */
export function runInFrame<T>(frame: CallFrame, body: () => T): T {
  beginRunning(observing);
  let result: T;
  try {
    result = enterFrame(frame, body);
    // Anything else with a `then` is started by it, and must not be started twice, nor outside of the frame.
    if (!(result instanceof Promise) && isThenable(result)) {
      const thenable = result;
      result = enterFrame(frame, () => Promise.resolve(thenable)) as T;
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

/**
 * Runs `body` as part of no call: what it reads is nobody's input. For the cache's own work inside a running call.
 */
export function runUnobserved<T>(body: () => T): T {
  return enterFrame(undefined, body);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" || typeof value === "function") && value !== null && "then" in value &&
    typeof value.then === "function";
}
