/**
 * Steps of a call of which no stored trace stands: share the run of an identical call. If there is none, take the lock
 * of the key, look up the entry again, run the function while its reads are noted, and store the result.
 *
 * A file of its own, which `memoize` loads with the first call that needs it: a program whose calls are all hits loads
 * neither this module nor those that observe reads, take locks and encode results.
 *
 * @module
 */
import { steadyMs } from "../words/clock.ts";
import { describeError } from "../words/errors.ts";
import { type AnswerOptions, isRepaired } from "./deliver.ts";
import type { Trace } from "../words/records.ts";
import { encodeResult } from "../values/result/encode_result.ts";
import { joinChunks } from "../store/blobs/blob_store.ts";
import { explain } from "./explain.ts";
import type { Finding } from "./freshness.ts";
import { type Call, hasSameKey } from "./identify.ts";
import { keep } from "./keep.ts";
import { countHandedOut, leaveOutState } from "./changed_state.ts";
import { isUpToDate, lookUp, type Verification } from "./look_up.ts";
import { type Outcome, outcomeOfError, outcomeOfTrace, uniqueOutcome } from "./outcome.ts";
import { reportDamaged, reportMiss, reportShared } from "./report.ts";
import { type Execution, runFunction } from "./run.ts";
import { FlatTraceBuilder } from "./flat_trace.ts";
import { beginRun, endRun, joinableRun, type Run } from "./runs.ts";
import { AbortedWait, joinRun, takeLock } from "./wait.ts";

export { reservePlace } from "./inner_call.ts";

/** Options of {@linkcode compute}. */
export interface ComputeOptions {
  /** Options of the call. */
  readonly options: AnswerOptions;
  /** Finding of the look-up before: a record of which no trace stands, or nothing. */
  readonly found: Finding;
  /** The verification that this look-up belonged to. */
  readonly verification: Verification;
  /** The run whose function made the call, if any. */
  readonly within: Run | undefined;
}

/**
 * Computes a call, in a run of its own or by sharing the run of an identical call.
 *
 * @param call The call.
 * @param options See {@linkcode ComputeOptions}.
 * @returns The outcome. It comes from another caller's run when `isShared` is true.
 */
export async function compute(call: Call, { options, found, verification, within }: ComputeOptions): Promise<Outcome> {
  const running = isRead(options) ? joinableRun(call, within) : undefined;
  const beganMs = steadyMs();
  if (running !== undefined) {
    try {
      const shared = await joinRun(call, running, within);
      if (shared !== null && isForAll(shared)) return shared;
    } catch (error) {
      return abortedOutcome(error);
    }
  }

  const run = beginRun(call, within, verification.attempts);
  // The call is verified for a call around it when that one is open, or made by the function of one that is.
  const isVerified = verification.open.size > 0 || within?.basis !== undefined;
  if (isVerified && !call.isBlind) run.basis = new FlatTraceBuilder();
  let execution: Execution | undefined;
  const execute = async () => execution ??= await runFunction(run);
  let outcome: Outcome | undefined;
  try {
    const waitedMs = running === undefined ? 0 : steadyMs() - beganMs;
    outcome = await runUnderLock(run, execute, { options, found, verification, waitedMs });
    return outcome = await withBasis(run, outcome, execution);
  } catch (error) {
    if (error instanceof AbortedWait) return outcome = abortedOutcome(error);
    // An error that the function throws is an outcome and is not caught here: the cache failed. The caller gets the
    // result of the function all the same, which runs now unless it ran already.
    reportDamaged(call, describeError(error));
    const executed = await execute();
    return outcome = executed.threw
      ? await outcomeOfError(call, executed.error, [])
      : { kind: "unstored", value: executed.value, reasons: [], digest: uniqueOutcome() };
  } finally {
    endRun(run, await withCopy(run, outcome!));
  }
}

/** False for a value of which no copy can be made: each caller gets one of its own, as from the function itself. */
function isForAll(outcome: Outcome): boolean {
  if (outcome.kind !== "unstored" || outcome.copy !== undefined) return true;
  return typeof outcome.value !== "object" && typeof outcome.value !== "function" || outcome.value === null;
}

/** Outcome of a call that a signal among its arguments ended while it waited. */
function abortedOutcome(error: unknown): Outcome {
  if (!(error instanceof AbortedWait)) throw error;
  return { kind: "threw", error: error.reason, reasons: [], digest: uniqueOutcome() };
}

/**
 * Adds what an outcome rests on that a look-up would not find, if the call ran to verify a trace, and that can be listed: one
 * that is not stored, and one that is stored with an inner call whose outcome is not.
 */
async function withBasis(
  { call, basis, restsOnUnkept, incomparable }: Run,
  outcome: Outcome,
  execution: Execution | undefined,
): Promise<Outcome> {
  if (basis === undefined || execution === undefined || "trace" in outcome && !restsOnUnkept) return outcome;
  const reads = execution.threw ? execution.reads : execution;
  const isKnown = reads !== null && reads.raced.every((one) => incomparable.has(one));
  if (!isKnown || outcome.isOfOtherInput === true) return outcome;
  // What the function changed in its arguments, its next caller would not see.
  const found = await hasSameKey(call) ? basis.finishWhole(reads.dependencies) : null;
  return found === null ? outcome : { ...outcome, basis: found };
}

/** Adds a copy of a value that is not stored, before this caller gets the value and may change it. */
async function withCopy({ call, sharers }: Run, outcome: Outcome): Promise<Outcome> {
  if (sharers === 0 || outcome.kind !== "unstored") return outcome;
  try {
    const { chunks } = await encodeResult(outcome.value, call.resultOptions);
    return { ...outcome, copy: joinChunks(chunks) };
  } catch {
    return outcome;
  }
}

/**
 * Runs the function of a call while this process holds the lock of the key, and stores the result. Takes no lock when
 * nothing will be read or nothing written: by the options of the call, or because the cache is read-only.
 */
async function runUnderLock(
  run: Run,
  execute: () => Promise<Execution>,
  { options, found, verification, waitedMs }: Omit<ComputeOptions, "within"> & { readonly waitedMs: number },
): Promise<Outcome> {
  const { call } = run;
  const isWritten = options.skipSave !== true && !call.prepared.workspace.cache.readOnly;
  const lock = isRead(options) && isWritten ? await takeLock(run, waitedMs) : null;
  try {
    const again = lock === null || isUpToDate(found, call) ? found : await lookUp(call, verification, {
      isAfresh: true,
      maxAgeMs: options.maxAgeMs,
    });
    if (again.verdict?.fresh && await isUsable(call, again.verdict.trace, options)) {
      if (lock !== null && lock.waitedMs > 0) reportShared(call, "machine");
      return outcomeOfTrace(again.verdict.trace);
    }
    const reasons = await explain(call, again, options);
    reportMiss(call, reasons);
    call.values(); // computed now, since the function may change its arguments
    // The caller may have changed the arguments while the store was read and the lock was awaited.
    const isSameInput = call.isPrivate || await hasSameKey(call);
    for (const signal of call.signals) if (signal.aborted) throw new AbortedWait(signal.reason);
    const execution = await execute();
    if (execution.threw) {
      return {
        ...await outcomeOfError(call, execution.error, reasons),
        isOfOtherInput: !isSameInput,
      };
    }
    const settled = await countHandedOut(await leaveOutState(call, execution));
    const outcome = await keep(settled.call, settled.execution, {
      reasons,
      isSameInput,
      isWritten: isWritten && !run.isSuperseded,
      isOverwriting: options.force === true,
      record: again.record,
      isUnread: !isRead(options),
    });
    return { ...outcome, isOfOtherInput: !isSameInput, ...settled.call === call ? {} : { call: settled.call } };
  } finally {
    lock?.release();
  }
}

/** False for the trace whose result this call could not use, unless another process has stored it again. */
async function isUsable(call: Call, trace: Trace, { unusable }: AnswerOptions): Promise<boolean> {
  return unusable === undefined || await isRepaired(call, trace, unusable);
}

function isRead(options: AnswerOptions): boolean {
  return options.force !== true && options.load !== false;
}
