/**
 * The way of a call that no stored execution answers: share the run of an identical call, or take the lock, look again,
 * run the function while its reads are noted, and store what it returned.
 *
 * Apart from `memoize`, which loads this with the first call that needs it: a program that only finds stored results
 * loads none of it, nor what watches reads, takes locks and encodes results.
 *
 * @module
 */
import { describeError } from "../words/errors.ts";
import type { CallOptions } from "./cached_function.ts";
import { explain } from "./explain.ts";
import type { Finding } from "./freshness.ts";
import { type Call, identifyCall } from "./identify.ts";
import { keep } from "./keep.ts";
import { isUpToDate, lookUp, type Verification } from "./look_up.ts";
import { type Outcome, outcomeOfError, outcomeOfTrace, uniqueOutcome } from "./outcome.ts";
import { reportDamaged, reportMiss, reportShared } from "./report.ts";
import { runFunction } from "./run.ts";
import { beginRun, endRun, joinableRun, type Run } from "./runs.ts";
import { joinRun, takeLock } from "./wait.ts";

export { reservePlace } from "./inner_call.ts";

/** Circumstances of a call that is to be computed. */
export interface ComputeOptions {
  /** How the call uses the cache. */
  readonly options: CallOptions;
  /** The stored executions of the call, none of which stands. */
  readonly found: Finding;
  /** The verification to which that look belongs. */
  readonly verification: Verification;
  /** The run in whose function the call was made. */
  readonly within: Run | undefined;
}

/**
 * Computes a call.
 *
 * @param call The call.
 * @param options See {@linkcode ComputeOptions}.
 * @returns The outcome; of another caller's run, when `isShared`.
 */
export async function compute(call: Call, { options, found, verification, within }: ComputeOptions): Promise<Outcome> {
  const running = isRead(options) ? joinableRun(call, within) : undefined;
  if (running !== undefined) return await joinRun(call, running, within);

  const run = beginRun(call, within);
  let outcome: Outcome | undefined;
  try {
    return outcome = await runUnderLock(run, { options, found, verification });
  } catch (error) {
    // The function's own exceptions do not come this way: the cache failed, and that costs nobody a result.
    reportDamaged(call, describeError(error));
    const execution = await runFunction(run);
    return outcome = execution.threw
      ? await outcomeOfError(call.prepared.codeOptions, execution.error, [])
      : { kind: "unstored", value: execution.value, reasons: [], digest: uniqueOutcome() };
  } finally {
    endRun(run, outcome!);
  }
}

/** Runs the function of a call under its lock and stores what it returns. */
async function runUnderLock(
  run: Run,
  { options, found, verification }: Omit<ComputeOptions, "within">,
): Promise<Outcome> {
  const { call } = run;
  const isWritten = options.skipSave !== true && !call.prepared.workspace.cache.readOnly;
  const lock = isRead(options) && isWritten ? await takeLock(run) : null;
  try {
    const again = lock === null || isUpToDate(found, call) ? found : await lookUp(call, verification, "afresh");
    if (again.verdict?.fresh) {
      if (lock !== null && lock.waitedMs > 0) reportShared(call, "machine");
      return outcomeOfTrace(again.verdict.trace);
    }
    const reasons = await explain(call, again, options);
    reportMiss(call, reasons);
    call.values(); // the function may change its arguments
    // The caller had the arguments in hand while the store was read and the lock was awaited, and may have changed them.
    const isSameInput = (await identifyCall(call.wrapped, call.receiver, call.args)).key === call.key;
    const execution = await runFunction(run);
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
