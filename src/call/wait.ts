/**
 * Waits for others that compute an identical call: for other processes by a lock, in this process by sharing the run.
 *
 * @module
 */
import { describeError } from "../words/errors.ts";
import type { Call } from "./identify.ts";
import { heldKeys, type Run, waitForRun } from "./runs.ts";
import type { Outcome } from "./outcome.ts";
import { announceWait, type CallLock, type Holder } from "../store/locks/call_lock.ts";
import { reportNotice, reportShared, reportWaiting } from "./report.ts";

/** Interval between two reports of one wait, milliseconds. The first report is made when the wait begins. */
const TELL_MS = 5000;

/**
 * Waits until this process is the one that computes the call.
 *
 * @param run The run of the call.
 * @returns The lock. `null` when the call should be computed without the lock: the wait reached `waitMs`, or would
 * never end, or locking failed.
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
 * Waits for another caller's run of an identical call in this process.
 *
 * @param call The call.
 * @param running The run of the identical call.
 * @param within The run whose function made the call, if any.
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
