/**
 * Reasons for a miss: the differences from the closest stored call of the same function.
 *
 * @module
 */
import { CacheError, describeError } from "../words/errors.ts";
import type { Call } from "./identify.ts";
import type { AnswerOptions, UnusableResult } from "./deliver.ts";
import type { CallKey } from "../words/digests.ts";
import type { CallReport, StaleReason } from "../words/events.ts";
import type { Finding } from "./freshness.ts";
import type { EntryRecord } from "../words/records.ts";
import { describeReasons } from "../reasons/describe_reasons.ts";
import { closestEntry, type ComparableCall, diffEntries } from "../reasons/compare.ts";
import { isHeard, noticeOfUnstored } from "./report.ts";
import type { Wrapped } from "./wrapped.ts";
import { argumentReason, damagedReason, firstReason, forcedReason, unreadReason } from "../reasons/make_reason.ts";

/** Number of a function's newest entries that are compared with a call. */
const CANDIDATES = 32;

/** Reasons why there is no fresh entry for a call. */
export interface Explanation {
  readonly reasons: readonly StaleReason[];
  /** Key of the stored call that the reasons compare with; `null` when no call of the function is stored. */
  readonly closest: CallKey | null;
}

/**
 * Returns the reasons why the function is about to run. If neither the options nor the finding give a reason, stored
 * calls are compared, but only when somebody listens; else there are no reasons.
 *
 * @param call The call.
 * @param finding Finding of the look-up.
 * @param options Options of the call.
 */
export async function explain(
  call: Call,
  finding: Finding,
  options: AnswerOptions,
): Promise<readonly StaleReason[]> {
  if (options.unusable !== undefined) return await explainUnusable(call, options.unusable);
  if (options.force === true) return [forcedReason()];
  if (options.load === false) return [unreadReason()];
  if (finding.verdict !== null && !finding.verdict.fresh) return finding.verdict.reasons;
  return await compareIfHeard(call);
}

async function explainUnusable(call: Call, { detail }: UnusableResult): Promise<readonly StaleReason[]> {
  return detail === null ? await compareIfHeard(call) : [damagedReason(detail)];
}

async function compareIfHeard(call: Call): Promise<readonly StaleReason[]> {
  if (!isHeard(call)) return [];
  try {
    return (await compareWithClosest(call)).reasons;
  } catch (error) {
    // That stored results cannot be used at all was said when they were looked for.
    return error instanceof CacheError && error.code === "ERR_CACHE_DIR" ? [] : [damagedReason(describeError(error))];
  }
}

/** Returns the answer of `why` for a call. */
export async function reportOf(call: Call, { verdict, record }: Finding): Promise<CallReport> {
  const { reasons, closest } = verdict === null
    ? await compareWithClosest(call)
    : { reasons: verdict.fresh ? [] : verdict.reasons, closest: call.key };
  const { key, wrapped: { fname } } = call;
  const outcome = verdict?.fresh ? "hit" : "miss";
  const unstored = outcome === "hit" ? null : await noticeOfUnstored(call);
  // The record knows what was noticed when the function ran.
  const known = record?.notices ?? [];
  const notices = [...new Set([...call.notices, ...known]), ...unstored === null ? [] : [unstored]];
  return {
    outcome,
    key,
    fname,
    reasons,
    closest,
    notices,
    summary: outcome === "hit" ? "hit" : describeReasons(reasons),
  };
}

/** Returns the answer of `why` for a call whose stored results cannot be read now: it runs. */
export function reportOfUnread(call: Call, error: unknown): CallReport {
  const { key, wrapped: { fname } } = call;
  const detail = `stored results cannot be used: ${describeError(error)}`;
  const notices = [...call.notices, detail];
  return { outcome: "miss", key, fname, reasons: [], closest: null, notices, summary: detail };
}

/** Returns the answer of `why` for a call without a key, which runs uncached. @param cause The cause in words. */
export function reportOfUncached({ fname }: Wrapped, cause: string): CallReport {
  const detail = `it runs uncached: ${cause}`;
  return { outcome: "miss", key: "" as CallKey, fname, reasons: [], closest: null, notices: [detail], summary: detail };
}

/**
 * Compares a call for which there is no entry with the stored call of the same function that is most like it.
 *
 * @param call The call.
 */
export async function compareWithClosest(call: Call): Promise<Explanation> {
  const { records } = call.prepared.workspace.cache;
  const candidates: EntryRecord[] = [];
  for (const { key } of await records.recent(call.wrapped.functionId, CANDIDATES)) {
    const record = await records.get(key);
    // In a notebook, functions without names of their own share a functionId.
    if (record?.fname === call.wrapped.fname) candidates.push(record);
  }
  const target: ComparableCall = {
    fname: call.wrapped.fname,
    fingerprint: call.fingerprint.digest,
    parts: call.fingerprint.parts,
    values: call.values(),
    files: call.files,
  };
  const closest = closestEntry(candidates, target);
  if (closest === null) return { reasons: [firstReason()], closest: null };
  const reasons = diffEntries(closest, target);
  return { reasons: reasons.length > 0 ? reasons : [argumentReason("args")], closest: closest.key };
}
