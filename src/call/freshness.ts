/**
 * Verification of the traces of an entry. A trace stands when each of its dependencies is as recorded.
 *
 * A trace is verified in the order in which it was recorded, and the first difference ends the verification. This order
 * makes the verification sound: while all dependencies up to some point are unchanged, the function would do up to that
 * point the same as before, and would then read the next recorded dependency. An inner call that was recorded after a
 * difference is therefore never run in vain (Matsakis et al., Salsa, "red-green algorithm"; Mokhov et al., Build
 * Systems à la Carte, 2018, section 4.2.2, "verifying traces").
 *
 * @module
 */
import type { Digest } from "../words/digests.ts";
import type { StaleReason } from "../words/events.ts";
import type {
  ChildDependency,
  EntryRecord,
  FlatDependency,
  FlatTrace,
  InnerFunction,
  Trace,
} from "../words/records.ts";
import type { ResolvedOptions } from "../options/check_options.ts";
import { giveTurn, isTurnOver, STEPS } from "../words/waiting.ts";
import { wallMs } from "../words/clock.ts";
import { childReason, damagedReason, expiredReason } from "../reasons/make_reason.ts";

/**
 * Checks of the dependencies of a trace. A program that wraps the functions can check more than a command that only
 * reads the cache.
 */
export interface TraceChecks {
  /** Checks a file, directory, variable …. Returns the reason to be stale; `null` when it is as recorded. */
  leaf(dependency: FlatDependency): StaleReason | null | Promise<StaleReason | null>;
  /** Returns the present state of an inner call that is recorded in a trace. */
  child(dependency: ChildDependency, trace: Trace): Promise<ChildState>;
  /**
   * Returns the reason for which a result that nothing has changed for cannot be used all the same, by the conditions of
   * the options; `null`: it can. Absent: there are no conditions.
   */
  readonly condition?: (trace: Trace) => StaleReason | null | Promise<StaleReason | null>;
  /** Returns true when the code and the declared dependencies of an inner function are as recorded. */
  sameFunction(recorded: InnerFunction): boolean | Promise<boolean>;
}

/** Present state of a recorded inner call. */
export type ChildState =
  /** The present outcome is known. If it differs from the recorded one, `reasons` returns the reasons. */
  | {
    readonly kind: "outcome";
    readonly digest: Digest<"outcome">;
    reasons(): readonly StaleReason[] | Promise<readonly StaleReason[]>;
  }
  /** No stored trace of the call stands, and the call may not be run again to find its outcome. */
  | { readonly kind: "stale"; readonly reasons: readonly StaleReason[] }
  /** `gone`: the inner function is not wrapped in this process. `unrepeatable`: the call cannot be made again. */
  | { readonly kind: "gone" | "unrepeatable" }
  /** No look at it found a change; it may still have changed where a look is impossible. */
  | { readonly kind: "unchanged" };

/** Returns the outcome of a trace, as traces of outer calls record it: the digest of the result, without stacks. */
export function digestOfOutcome(trace: Trace): Digest<"outcome"> {
  return trace.outcome ?? trace.result as string as Digest<"outcome">;
}

/** Result of the verification of a record: the trace that stands, or the reasons why none does. */
export type Verdict =
  | { readonly fresh: true; readonly trace: Trace }
  | {
    readonly fresh: false;
    readonly reasons: readonly StaleReason[];
    /** The newest trace, if it is stale by its age alone. */
    readonly expired?: Trace;
  };

/** Result of a look-up of a call. */
export interface Finding {
  /** The record under the call key; `null`: there is none. */
  readonly record: EntryRecord | null;
  /** Result of the verification of the record; `null`: there is no record. */
  readonly verdict: Verdict | null;
  /**
   * Text that changes with every commit to the store, read before the record was; `null` when it cannot be told, and
   * for a record from memory.
   */
  readonly commits: string | null;
}

/** Finding without a record: of a call that is not looked up, or that has no entry. */
export const NOTHING_FOUND: Finding = { record: null, verdict: null, commits: null };

/**
 * Verifies the traces of a record, newest first, until one stands.
 *
 * @param record The record.
 * @param checks Checks of the dependencies.
 * @returns The trace that stands. If none does: the reason why the trace does not stand whose first difference comes
 * latest, which is the one that is most like the present state.
 */
export async function verifyRecord(record: EntryRecord, checks: TraceChecks): Promise<Verdict> {
  let closest: Difference | undefined;
  for (const trace of record.traces) {
    let difference = await firstDifference(trace, checks);
    if (difference === null) {
      const reason = await checks.condition?.(trace) ?? null;
      if (reason === null) return { fresh: true, trace };
      if (reason.kind === "expired") return { fresh: false, reasons: [reason], expired: trace }; // others are older
      difference = { position: Infinity, reason };
    }
    if (closest === undefined || difference.position > closest.position) closest = difference;
  }
  return {
    fresh: false,
    reasons: [closest?.reason ?? damagedReason("the entry holds no execution")],
  };
}

/** True when the options of a function set a condition on stored results, besides that nothing has changed. */
export function hasConditions({ maxAge, validate }: Pick<ResolvedOptions, "maxAge" | "validate">): boolean {
  return maxAge !== Infinity || validate !== null;
}

/** Age of an execution, milliseconds. One from the future, of a clock that was wrong, is as old as it is ahead. */
export function ageOfTrace({ createdMs }: Trace): number {
  return Math.abs(wallMs() - createdMs);
}

/** The reason for which a result is stale by its age; `null` when it is not. */
export function expiry(trace: Trace, maxAgeMs: number): StaleReason | null {
  const ageMs = ageOfTrace(trace);
  return ageMs >= maxAgeMs ? expiredReason(ageMs, maxAgeMs) : null;
}

/** A dependency of a trace that has changed. */
interface Difference {
  /** Number of dependencies before this one in the trace, all of them unchanged. */
  readonly position: number;
  readonly reason: StaleReason;
}

/** Returns the first difference of a trace; `null` when the trace stands. */
async function firstDifference(trace: Trace, checks: TraceChecks): Promise<Difference | null> {
  if (trace.support !== null && await isSupported(trace.support, checks)) return null;
  for (const [position, dependency] of trace.dependencies.entries()) {
    if (position % STEPS === STEPS - 1 && isTurnOver()) await giveTurn();
    const found = dependency.kind === "child" ? checkChild(dependency, trace, checks) : checks.leaf(dependency);
    const reason = found instanceof Promise ? await found : found; // a needless await takes as long as a look-up
    if (reason !== null) return { position, reason };
  }
  return null;
}

/** Returns the reason why an inner call would not have the recorded outcome; `null` when it would. */
async function checkChild(
  recorded: ChildDependency,
  trace: Trace,
  checks: TraceChecks,
): Promise<StaleReason | null> {
  const now = await checks.child(recorded, trace);
  switch (now.kind) {
    case "outcome":
      return now.digest === recorded.outcome ? null : childReason(recorded, "result", await now.reasons());
    case "stale":
      return childReason(recorded, "stale", now.reasons);
    case "gone":
    case "unrepeatable":
      return childReason(recorded, now.kind, []);
    case "unchanged":
      return null;
    default:
      return now satisfies never;
  }
}

/** True when no dependency of the execution or of its inner calls has changed. */
export async function isSupported(support: FlatTrace, checks: TraceChecks): Promise<boolean> {
  for (const inner of support.functions) {
    if (!await checks.sameFunction(inner)) return false;
  }
  for (const [index, dependency] of support.dependencies.entries()) {
    if (index % STEPS === STEPS - 1 && isTurnOver()) await giveTurn();
    const found = checks.leaf(dependency);
    if ((found instanceof Promise ? await found : found) !== null) return false;
  }
  return true;
}
