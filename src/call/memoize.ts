/**
 * The way of a call, in order: identify it, look up its entry, verify what the entry rests on, and return the stored
 * result; or else take the lock, look again, run the function while watching what it reads, store what came out, and
 * return that.
 *
 * Every step has its own file; only this one knows their order.
 *
 * @module
 */
import { describeError } from "../words/announce.ts";
import { type Call, identifyCall } from "./identify.ts";
import type { CallOptions } from "./cached_function.ts";
import { DAMAGED, deliver } from "./deliver.ts";
import type { CallKey } from "../words/digests.ts";
import type { CallReport } from "../words/events.ts";
import { explain, reportOf } from "./explain.ts";
import type { Run } from "./runs.ts";
import { reservePlace, runFunction } from "./run.ts";
import { keep } from "./keep.ts";
import { type Outcome, outcomeOfError, outcomeOfTrace, uniqueOutcome } from "./outcome.ts";
import { type Finding, NOTHING_FOUND } from "./freshness.ts";
import { beginVerification, isUpToDate, lookUp, type Verification } from "./look_up.ts";
import type { Wrapped } from "./wrapped.ts";
import { joinRun, takeLock } from "./wait.ts";
import { isHeard, reportDamaged, reportMiss, reportShared } from "./report.ts";
import { runUnobserved } from "../reads/run_observed.ts";

/**
 * Answers one call of a wrapped function, from the cache if it can.
 *
 * @param step The wrapped function.
 * @param receiver Its `this`.
 * @param args Its arguments.
 * @param options How this call uses the cache.
 * @returns What the function returns, or a fresh copy of what it returned.
 * @throws Whatever the function throws, untouched.
 * @throws {CacheTypeError} `ERR_ARGUMENT` for an argument that cannot be an input.
 * @throws {CacheError} When the cache cannot be set up: a missing flag or permission, a directory that is a file.
 */
export function memoize(
  step: Wrapped,
  receiver: unknown,
  args: readonly unknown[],
  options: CallOptions,
): Promise<unknown> {
  const startedMs = performance.now();
  const place = reservePlace();
  return runUnobserved(async () => {
    const call = await identifyCall(step, receiver, args);
    const input = place.pack(call);
    const release = call.prepared.workspace.cache.use();
    try {
      let outcome = await answer(call, options, place.run);
      let result = await deliver(call, outcome, startedMs);
      if (result === DAMAGED) {
        outcome = await answer(call, { ...options, load: false }, place.run);
        result = await deliver(call, outcome, startedMs);
      }
      await place.fill(call, input, outcome);
      if (outcome.kind === "threw") throw outcome.error;
      return result;
    } finally {
      release();
    }
  });
}

/** Drops the entry of a call. @returns Whether there was one. */
export function forget(step: Wrapped, receiver: unknown, args: readonly unknown[]): Promise<boolean> {
  return runUnobserved(async () => {
    const { key, prepared: { workspace: { cache } } } = await identifyCall(step, receiver, args);
    return !cache.readOnly && (await cache.records.remove([key])).removed > 0;
  });
}

/** The key of a call. */
export function keyOf(step: Wrapped, receiver: unknown, args: readonly unknown[]): Promise<CallKey> {
  return runUnobserved(async () => (await identifyCall(step, receiver, args)).key);
}

/** Finds or makes the result of a call; `within` is the running call in which it was made. */
async function answer(
  call: Call,
  options: CallOptions,
  within: Run<Outcome> | undefined,
  visit: Verification = beginVerification(isHeard(call), answerInner),
): Promise<Outcome> {
  const { runs } = call.prepared.workspace;
  const found = isRead(options) ? await lookUp(call, visit) : NOTHING_FOUND;
  if (found.verdict?.fresh) return outcomeOfTrace(found.verdict.trace);

  const running = isRead(options) ? runs.joinable(call.key, within) : undefined;
  if (running !== undefined) {
    const outcome = await joinRun(call, running, within);
    return outcome.isOfOtherInput === true ? await answer(call, options, within) : outcome;
  }
  const run = runs.begin(call.key, within);
  let outcome: Outcome | undefined;
  try {
    return outcome = await compute(call, options, found, visit, run);
  } catch (error) {
    // The function's own exceptions do not come this way: the cache failed, and that costs nobody a result.
    reportDamaged(call, describeError(error));
    const execution = await runFunction(call, run);
    return outcome = execution.threw
      ? await outcomeOfError(call.prepared.codeOptions, execution.error, [])
      : { kind: "unstored", value: execution.value, reasons: [], digest: uniqueOutcome() };
  } finally {
    runs.end(call.key, run, outcome!);
  }
}

/** Makes an inner call again while the call around it is verified. */
function answerInner(call: Call, visit: Verification): Promise<Outcome> {
  return answer(call, {}, undefined, visit);
}

/** Runs the function under the call's lock and stores what it returns. */
async function compute(
  call: Call,
  options: CallOptions,
  found: Finding,
  visit: Verification,
  run: Run<Outcome>,
): Promise<Outcome> {
  const isWritten = options.skipSave !== true && !call.prepared.workspace.cache.readOnly;
  const lock = isRead(options) && isWritten ? await takeLock(call, run) : null;
  try {
    const again = lock === null || isUpToDate(found, call) ? found : await lookUp(call, visit, "afresh");
    if (again.verdict?.fresh) {
      if (lock !== null && lock.waitedMs > 0) reportShared(call, "machine");
      return outcomeOfTrace(again.verdict.trace);
    }
    const reasons = await explain(call, again, options);
    reportMiss(call, reasons);
    call.values(); // the function may change its arguments
    const isSameInput = (await identifyCall(call.step, call.receiver, call.args)).key === call.key;
    const execution = await runFunction(call, run);
    if (execution.threw) {
      return {
        ...await outcomeOfError(call.prepared.codeOptions, execution.error, reasons),
        isOfOtherInput: !isSameInput,
      };
    }
    const outcome = await keep(call, execution, {
      reasons,
      isSameInput,
      isWritten,
      isOverwriting: options.force === true,
      record: again.record,
    });
    return { ...outcome, isOfOtherInput: !isSameInput };
  } finally {
    lock?.release();
  }
}

function isRead(options: CallOptions): boolean {
  return options.force !== true && options.load !== false;
}

/**
 * What a call would do now, and why. Runs nothing and writes nothing.
 *
 * @param step The wrapped function.
 * @param receiver Its `this`.
 * @param args Its arguments.
 */
export function inspect(step: Wrapped, receiver: unknown, args: readonly unknown[]): Promise<CallReport> {
  return runUnobserved(async () => {
    const call = await identifyCall(step, receiver, args);
    return reportOf(call, await lookUp(call, beginVerification(true), "afresh"));
  });
}
