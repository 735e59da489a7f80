/**
 * Waiting for others who compute the same call: other processes by a lock, this process by joining the run.
 *
 * @module
 */
import { describeError } from "../words/announce.ts";
import type { Call } from "./identify.ts";
import { type Flight, lineage } from "./flights.ts";
import type { Outcome } from "./outcome.ts";
import { announceWait, type CallLock, type Holder } from "../store/locks/call_lock.ts";
import { tellNotice, tellShared, tellWaiting } from "./tell.ts";

/** A wait is told after this time, and then again after each such time. Milliseconds. */
const TELL_MS = 5000;

/**
 * Waits until this process is the one that computes the call.
 *
 * @param call The call.
 * @param flight Its place among the running calls.
 * @returns `null` when the call should be computed without the lock: the wait reached `waitMs`, or would never end.
 */
export async function takeLock(call: Call, flight: Flight<Outcome>): Promise<CallLock | null> {
  const { cache } = call.prepared.workspace;
  let toldMs = -TELL_MS;
  const waiting = cache.lock(call.key, {
    fname: call.step.fname,
    holding: lineage(flight.parent).map(({ key }) => key),
    waitMs: call.prepared.options.waitMs,
    onWait: (holder, waitedMs) => {
      if (waitedMs - toldMs < TELL_MS) return;
      toldMs = waitedMs;
      tellWaiting(call, describeHolder(holder), waitedMs);
    },
  });
  try {
    return await waiting;
  } catch (error) {
    tellNotice(call, `computed without a lock: ${describeError(error)}`);
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
  running: Flight<Outcome>,
  within: Flight<Outcome> | undefined,
): Promise<Outcome> {
  const { flights, cache } = call.prepared.workspace;
  tellShared(call, "process");
  const holding = lineage(within).map(({ key }) => key);
  const wait = holding.length > 0 && !cache.readOnly ? announceWait(cache.layout.locks, holding, call.key) : undefined;
  try {
    return { ...await flights.join(running, within), isShared: true };
  } finally {
    wait?.end();
  }
}

function describeHolder(holder: Holder | null): string {
  return holder === null ? "another process" : `${holder.fname} in process ${holder.pid} on ${holder.host}`;
}
