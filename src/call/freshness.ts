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
import type { Digest } from "../words/digests.ts";
import type { StaleReason } from "../words/events.ts";
import type { ChildDependency, EntryRecord, FlatDependency, FlatTrace, Trace } from "../words/records.ts";
import { childReason, damagedReason } from "../reasons/make_reason.ts";

/** The looks at the things that a trace rests on. A function that is running can look further than an idle cache. */
export interface TraceChecks {
  /** The reason to be stale that a file, directory, variable … gives; `null` when it is as recorded. */
  leaf(dependency: FlatDependency): StaleReason | null | Promise<StaleReason | null>;
  /** The inner call as it is now. */
  child(dependency: ChildDependency): Promise<ChildState>;
  /** True when an inner function's code and declared dependencies are those recorded. */
  sameFunction(recorded: FlatTrace["functions"][number]): boolean | Promise<boolean>;
}

/** A recorded inner call as it is now. */
export type ChildState =
  /** Made now, it comes to this outcome; `reasons` says why that is another than before, if it is. */
  | {
    readonly kind: "outcome";
    readonly digest: Digest<"outcome">;
    reasons(): readonly StaleReason[] | Promise<readonly StaleReason[]>;
  }
  /** Its stored execution does not stand, and it may not be made again to see its outcome. */
  | { readonly kind: "stale"; readonly reasons: readonly StaleReason[] }
  /** No function of its identity is wrapped in this process; or its arguments were not kept. */
  | { readonly kind: "gone" | "unrepeatable" }
  /** Nothing is known that speaks against it. */
  | { readonly kind: "unchanged" };

/** The outcome of a stored execution, as the traces of outer calls record it: the digest of the encoded result. */
export function digestOfOutcome(trace: Trace): Digest<"outcome"> {
  return trace.result as string as Digest<"outcome">;
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
    const found = dependency.kind === "child" ? checkChild(dependency, checks) : checks.leaf(dependency);
    const reason = found instanceof Promise ? await found : found; // an await for nothing takes as long as a look-up
    if (reason !== null) return { position, reason };
  }
  return null;
}

/** The reason for which an inner call would not answer as recorded; `null` when it would. */
async function checkChild(recorded: ChildDependency, checks: TraceChecks): Promise<StaleReason | null> {
  const now = await checks.child(recorded);
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

/** True when nothing at all has changed that the execution or its inner calls rest on. */
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
