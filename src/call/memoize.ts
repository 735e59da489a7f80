/**
 * Steps of a call: identify the call, look up its entry, verify the traces of the entry, and return the stored result
 * of the first trace that stands. If none stands, compute the call.
 *
 * Each step is a file of its own. This file has the order of the steps up to a hit, and `compute` has the order of the
 * steps that run the function.
 *
 * @module
 */
import { steadyMs } from "../words/clock.ts";
import type { Call } from "./identify.ts";
import { callUncached, identifyOrWarn } from "./uncached.ts";
import { type AnswerOptions, deliver } from "./deliver.ts";
import type { Run } from "./runs.ts";
import { type Outcome, outcomeOfError, outcomeOfTrace, uniqueOutcome } from "./outcome.ts";
import { reportNotice } from "./report.ts";
import type { ArgumentSnapshot } from "./snapshot.ts";
import { describeError } from "../words/errors.ts";
import { NOTHING_FOUND } from "./freshness.ts";
import { beginVerification, type InnerOptions, lookUp, takeAttempt, type Verification } from "./look_up.ts";
import type { Wrapped } from "./wrapped.ts";
import { currentReads, enterReads, runUnobserved } from "../reads/context.ts";

/** Options of {@linkcode memoize}: those of the call, checked. */
export interface MemoizeOptions extends AnswerOptions {
  /** Snapshot of the arguments that was taken before. */
  readonly early?: ArgumentSnapshot | null | undefined;
}

/**
 * Makes one call of a wrapped function: returns the stored result if a trace stands, else runs the function.
 *
 * @param wrapped The wrapped function.
 * @param receiver The `this` of the call.
 * @param args Arguments of the call.
 * @param options See {@linkcode MemoizeOptions}.
 * @returns The function's own return value if the function ran for this call, else a copy of the earlier return value.
 * @throws The error that the function throws, unchanged.
 * @throws {CacheError} When the cache cannot be set up: a missing flag or permission, a directory that is a file.
 */
export function memoize(
  wrapped: Wrapped,
  receiver: unknown,
  args: readonly unknown[],
  { early, ...options }: MemoizeOptions,
): Promise<unknown> {
  const startedMs = steadyMs();
  // A call inside another one reserves its place in the trace of the outer call now, before anything is awaited, so
  // that the trace has the inner calls in the order in which they were made. Outer calls run only once `compute` is
  // loaded.
  const place = computing?.reservePlace();
  const around = currentReads();
  return runUnobserved(async () => {
    const leaveCall = place?.run.clock.enterCall();
    try {
      const call = await identifyOrWarn(wrapped, receiver, args, early);
      if (call === null) {
        leaveCall?.();
        return await enterReads(
          around,
          () => wrapped.isOff ? wrapped.fn.apply(receiver, [...args]) : callUncached(wrapped, receiver, args),
        );
      }
      for (const signal of call.signals) signal.throwIfAborted();
      const begun = place?.begin(call);
      const release = call.prepared.workspace.cache.use();
      try {
        let outcome = await answer(call, options, place?.run);
        let delivered = await deliver(call, outcome, startedMs);
        while ("unusable" in delivered) { // the trace stands, but its result cannot be used: run the function
          outcome = await answer(call, { ...options, unusable: delivered.unusable }, place?.run);
          delivered = await deliver(call, outcome, startedMs);
        }
        // Also for an error, which is an outcome, too.
        const { maxAgeMs, skipSave } = options;
        await place?.fill(outcome.call ?? call, { begun: begun!, outcome, maxAgeMs, skipSave });
        if (outcome.kind === "threw") throw outcome.error;
        return delivered.value;
      } finally {
        release();
      }
    } finally {
      leaveCall?.();
    }
  });
}

/**
 * Returns the outcome of a call: from a stored trace that stands, else by computing the call.
 *
 * @param call The call.
 * @param options See {@linkcode AnswerOptions}.
 * @param within The run whose function made the call, if any.
 * @param verification The verification that led to this call: that of an outer call, or a new one.
 */
async function answer(
  call: Call,
  options: AnswerOptions,
  within: Run | undefined,
  verification: Verification = beginVerification(answerInner),
): Promise<Outcome> {
  const isRead = options.force !== true && options.load !== false;
  const attempt = isRead && within !== undefined ? await attemptWithin(call, within) : null;
  if (attempt !== null) return attempt;
  const found = isRead && options.unusable === undefined ? await lookUp(call, verification, options) : NOTHING_FOUND;
  if (found.verdict?.fresh) return outcomeOfTrace(found.verdict.trace);
  const expired = options.isRenewal === true ? undefined : found.verdict?.expired;
  if (expired !== undefined && call.prepared.options.staleWhileRevalidate !== false) {
    const { mayUseExpired, renewBehind } = await import("./renew.ts"); // few functions allow it
    if (mayUseExpired(call, expired, options)) {
      renewBehind(call, () => answer(call, { ...options, isRenewal: true }, undefined));
      return { ...outcomeOfTrace(expired), isExpired: true };
    }
  }

  const module = computing ?? await loadCompute(call);
  if (module === null) return await runUncached(call);
  const outcome = await module.compute(call, { options, found, verification, within });
  // A shared run whose inputs changed before its function began has another call's outcome: this call begins again.
  const isOfOther = outcome.isShared === true && outcome.isOfOtherInput === true;
  return isOfOther ? await answer(call, options, within) : outcome;
}

/** Returns the outcome that the call had a moment ago, while a trace of a call around it was verified; `null`: none. */
async function attemptWithin(call: Call, within: Run): Promise<Outcome | null> {
  for (const { attempts } of within.lineage()) {
    const attempt = attempts.size === 0 ? null : await takeAttempt(call, attempts);
    if (attempt !== null) return attempt;
  }
  return null;
}

/** Returns the present outcome of a recorded inner call, while a trace of its outer call is verified. */
function answerInner(call: Call, verification: Verification, options: InnerOptions): Promise<Outcome> {
  return answer(call, options, undefined, verification);
}

let computing: typeof import("./compute.ts") | undefined;

/** Loads the steps that run functions; `null` when they cannot be read, as after an edit of the files of this package. */
async function loadCompute(call: Call): Promise<typeof import("./compute.ts") | null> {
  try {
    return computing = await import("./compute.ts");
  } catch (error) {
    reportNotice(call, `it runs uncached, since a part of the cache cannot be loaded: ${describeError(error)}`);
    return null;
  }
}

/** Runs the function without any of the cache. */
async function runUncached(call: Call): Promise<Outcome> {
  const { wrapped, receiver, args } = call;
  try {
    const value = await wrapped.fn.apply(receiver, [...args]);
    return { kind: "unstored", value, reasons: [], digest: uniqueOutcome() };
  } catch (error) {
    return await outcomeOfError(call, error, []);
  }
}
