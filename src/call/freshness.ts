/**
 * Whether a stored execution still stands, and if not, the first thing that says otherwise.
 *
 * A trace is verified in the order in which it was recorded, and the first difference ends the verification. Order is
 * what makes it sound: as long as everything up to some point is unchanged, the function would do up to that point what
 * it did, and so would ask the next question that is recorded. An inner call behind a difference is therefore never run
 * in vain (Matsakis et al., Salsa, "red-green algorithm"; Mokhov et al., Build Systems à la Carte, 2018, section 4.2.2,
 * "verifying traces").
 *
 * @module
 */
import type { StaleReason } from "../words/events.ts";
import type { ChildDependency, Dependency, EntryRecord, FlatTrace, Trace } from "../words/records.ts";
import { damagedReason } from "../reasons/make_reason.ts";

/** How the things that a trace rests on are looked at. Each answers with the reason to be stale, or `null`. */
export interface TraceChecks {
  /** A file, directory, variable … as it is now. */
  leaf(dependency: Exclude<Dependency, ChildDependency>): StaleReason | null | Promise<StaleReason | null>;
  /** What an inner call returns now. */
  child(dependency: ChildDependency): Promise<StaleReason | null>;
  /** Whether an inner function's code and declared dependencies are those recorded. */
  sameFunction(recorded: FlatTrace["functions"][number]): boolean | Promise<boolean>;
}

/** The trace that stands, or why none does. */
export type Verdict =
  | { readonly fresh: true; readonly trace: Trace }
  | { readonly fresh: false; readonly reasons: readonly StaleReason[] };

/** What is stored for a call. */
export interface Finding {
  /** `null`: nothing under this key. */
  readonly record: EntryRecord | null;
  /** Whether one of its executions stands; `null`: there is none. */
  readonly verdict: Verdict | null;
  /** The commits to the store when it was read; `null` when that cannot be told. */
  readonly commits: string | null;
}

/** What is found when nothing is looked for. */
export const NOTHING_FOUND: Finding = { record: null, verdict: null, commits: null };

/**
 * The first of an entry's traces that stands.
 *
 * @param record The entry; its traces are tried newest first.
 * @param checks How to look at what they rest on.
 * @returns The trace, or the reason for which the one that stood longest does not stand.
 */
export async function verifyRecord(record: EntryRecord, checks: TraceChecks): Promise<Verdict> {
  let closest: Difference | undefined;
  for (const trace of record.traces) {
    const difference = await firstDifference(trace, checks);
    if (difference === null) return { fresh: true, trace };
    if (closest === undefined || difference.position > closest.position) closest = difference;
  }
  return {
    fresh: false,
    reasons: [closest?.reason ?? damagedReason("the entry holds no execution")],
  };
}

/** A recorded observation that would be another one now. */
interface Difference {
  /** How many observations before it stand. */
  readonly position: number;
  readonly reason: StaleReason;
}

/** The first difference of a trace; `null` when it stands. */
async function firstDifference(trace: Trace, checks: TraceChecks): Promise<Difference | null> {
  if (trace.support !== null && await isSupported(trace.support, checks)) return null;
  for (const [position, dependency] of trace.dependencies.entries()) {
    const found = dependency.kind === "child" ? checks.child(dependency) : checks.leaf(dependency);
    const reason = found instanceof Promise ? await found : found; // an await for nothing takes as long as a look-up
    if (reason !== null) return { position, reason };
  }
  return null;
}

/** Whether nothing at all has changed that the execution or its inner calls rest on. */
async function isSupported(support: FlatTrace, checks: TraceChecks): Promise<boolean> {
  for (const inner of support.functions) {
    if (!await checks.sameFunction(inner)) return false;
  }
  for (const dependency of support.dependencies) {
    const found = checks.leaf(dependency);
    if ((found instanceof Promise ? await found : found) !== null) return false;
  }
  return true;
}
