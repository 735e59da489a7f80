/**
 * Waits for others that compute an identical call: for other processes by a lock, in this process by sharing the run.
 *
 * @module
 */
import { startTimer, steadyMs, stopTimer } from "../words/clock.ts";
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
 * @param alreadyMs Time for which the call has waited already, of `waitMs`.
 * @returns The lock. `null` when the call should be computed without the lock: the wait reached `waitMs`, or would
 * never end, or locking failed.
 */
export async function takeLock({ call, parent }: Run, alreadyMs = 0): Promise<CallLock | null> {
  const { cache } = call.prepared.workspace;
  const waitMs = Math.max(0, call.prepared.options.waitMs - alreadyMs);
  const beganMs = steadyMs();
  let toldMs = -TELL_MS;
  let lastHolder: Holder | null | undefined;
  const waiting = cache.lock(call.key, {
    fname: call.wrapped.fname,
    holding: heldKeys(parent),
    waitMs,
    signals: call.signals,
    onWait: (holder, waitedMs) => {
      lastHolder = holder;
      if (waitedMs - toldMs < TELL_MS) return;
      toldMs = waitedMs;
      reportWaiting(call, describeHolder(holder), waitedMs);
    },
  });
  try {
    const lock = await waiting;
    const waitedMs = steadyMs() - beganMs;
    // A wait that would never end is given up earlier, and one of no time at all is none. One that `joinRun` gave up is told.
    const isToldAlready = alreadyMs > 0 && waitMs === 0;
    if (lock === null && waitedMs >= waitMs && lastHolder !== undefined && !isToldAlready) {
      reportWaiting(call, describeHolder(lastHolder), waitedMs, true);
    }
    return lock;
  } catch (error) {
    for (const signal of call.signals) if (signal.aborted) throw new AbortedWait(signal.reason);
    reportNotice(call, `computed without a lock: ${describeError(error)}`);
    return null;
  }
}

/**
 * Waits for another caller's run of an identical call in this process, for as long as `waitMs` allows.
 *
 * @param call The call.
 * @param running The run of the identical call.
 * @param within The run whose function made the call, if any.
 * @returns The outcome; `null` when it has not come in time, so that the function runs for this caller as well.
 */
export async function joinRun(
  call: Call,
  running: Run,
  within: Run | undefined,
): Promise<Outcome | null> {
  const { workspace: { cache }, options: { waitMs } } = call.prepared;
  if (waitMs === 0) return null;
  reportShared(call, "process");
  const holding = heldKeys(within);
  const wait = holding.length > 0 && !cache.readOnly ? announceWait(cache.layout.locks, holding, call.key) : undefined;
  try {
    const outcome = await waitUnlessAborted(orNullAfter(waitForRun(running, within), waitMs), call.signals);
    if (outcome === null) {
      reportWaiting(call, "another caller in this process", waitMs, true);
      return null;
    }
    // A run that its own caller aborted is no answer to another one.
    const isAborted = outcome.kind === "threw" && [...running.call.signals].some(({ aborted }) => aborted);
    return { ...outcome, isShared: true, ...isAborted ? { isOfOtherInput: true } : {} };
  } finally {
    wait?.end();
  }
}

/** Waits for an outcome, but no longer than a time; `null` when it has not come. */
async function orNullAfter(outcome: Promise<Outcome>, ms: number): Promise<Outcome | null> {
  if (ms > LONGEST_TIMER_MS) return await outcome;
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = startTimer(() => resolve(null), ms);
  try {
    return await Promise.race([outcome, promise]);
  } finally {
    stopTimer(timer);
  }
}

/** A timer of a longer time would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Thrown when a signal among the arguments ends a wait; `reason` is that of the signal. */
export class AbortedWait {
  /** @param reason The signal's reason, which the caller gets. */
  constructor(readonly reason: unknown) {}
}

/** Waits for an outcome, or until one of the signals says to stop. */
async function waitUnlessAborted<T>(outcome: Promise<T>, signals: ReadonlySet<AbortSignal>): Promise<T> {
  if (signals.size === 0) return await outcome;
  const signal = AbortSignal.any([...signals]);
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(new AbortedWait(signal.reason));
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([outcome, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function describeHolder(holder: Holder | null): string {
  return holder === null ? "another process" : `${holder.fname} in process ${holder.pid} on ${holder.host}`;
}
