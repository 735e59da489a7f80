/**
 * Waiting for others who compute the same call: other processes by a lock, this process by joining the run.
 *
 * @module
 */
import { describeError } from "../words/errors.ts";
import type { Call } from "./identify.ts";
import { heldKeys, type Run, waitForRun } from "./runs.ts";
import type { Outcome } from "./outcome.ts";
import { announceWait, type CallLock, type Holder } from "../store/locks/call_lock.ts";
import { reportNotice, reportShared, reportWaiting } from "./report.ts";

/** A wait is told after this time, and then again after each such time. Milliseconds. */
const TELL_MS = 5000;

/**
 * Waits until this process is the one that computes the call.
 *
 * @param run The run of the call.
 * @returns `null` when the call should be computed without the lock: the wait reached `waitMs`, or would never end.
 */
export async function takeLock({ call, parent }: Run): Promise<CallLock | null> {
  const { cache } = call.prepared.workspace;
  let toldMs = -TELL_MS;
  const waiting = cache.lock(call.key, {
    fname: call.wrapped.fname,
    holding: heldKeys(parent),
    waitMs: call.prepared.options.waitMs,
    onWait: (holder, waitedMs) => {
      if (waitedMs - toldMs < TELL_MS) return;
      toldMs = waitedMs;
      reportWaiting(call, describeHolder(holder), waitedMs);
    },
  });
  try {
    return await waiting;
  } catch (error) {
    reportNotice(call, `computed without a lock: ${describeError(error)}`);
    return null;
  }
}

/**
 * Waits for another caller's run of the same call in this process.
 *
 * @param call The call.
 * @param running The run.
 * @param within The running call in which this one was made.
 */
export async function joinRun(
  call: Call,
  running: Run,
  within: Run | undefined,
): Promise<Outcome> {
  const { cache } = call.prepared.workspace;
  reportShared(call, "process");
  const holding = heldKeys(within);
  const wait = holding.length > 0 && !cache.readOnly ? announceWait(cache.layout.locks, holding, call.key) : undefined;
  try {
    return { ...await waitForRun(running, within), isShared: true };
  } finally {
    wait?.end();
  }
}

function describeHolder(holder: Holder | null): string {
  return holder === null ? "another process" : `${holder.fname} in process ${holder.pid} on ${holder.host}`;
}
