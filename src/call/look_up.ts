/**
 * Looks up the record of a call and verifies its traces. Inner calls in the traces are looked up, too, or run again.
 *
 * @module
 */
import { type Call, identifyCall, identifyFunction, resultOptionsOf } from "./identify.ts";
import { declaresNothing } from "./declared.ts";
import { CacheError } from "../words/errors.ts";
import { checkDependency } from "../reads/dependency.ts";
import type { StaleReason } from "../words/events.ts";
import {
  type ChildState,
  digestOfOutcome,
  expiry,
  type Finding,
  hasConditions,
  isSupported,
  NOTHING_FOUND,
  type TraceChecks,
  verifyRecord,
} from "./freshness.ts";
import type { Outcome } from "./outcome.ts";
import { decodeResult } from "../values/result/decode_result.ts";
import { type BlobDigest, type CallKey, isDigest } from "../words/digests.ts";
import type { BlobStore } from "../store/blobs/blob_store.ts";
import type { ChildDependency, EntryRecord, FlatTrace, InnerFunction, Trace } from "../words/records.ts";
import { findWrapped, type Prepared, type Wrapped } from "./wrapped.ts";
import { digestBytes } from "../words/sha256.ts";
import { warnOnce } from "../words/announce.ts";
import { reportDamaged, reportUnread } from "./report.ts";
import { once } from "../words/waiting.ts";

/** Options of a recorded inner call. */
export type InnerOptions = Pick<ChildDependency, "maxAgeMs" | "skipSave">;

/** The verification of one call, together with those of all inner calls that it leads to. */
export interface Verification {
  /** Returns the present outcome of an inner call, which is run if it is stale; absent when no function may run. */
  readonly rerun?: (call: Call, verification: Verification, options: InnerOptions) => Promise<Outcome>;
  /**
   * Outcomes of inner calls by call key and options, so that an inner call of two outer calls is looked up or run only
   * once.
   */
  readonly outcomes: Map<string, Promise<Outcome>>;
  /**
   * Outcomes of inner calls that ran and are not stored, by call key. The function of their outer call, which runs next,
   * makes these calls again, and the first time gets the outcome: see {@linkcode takeAttempt}.
   */
  readonly attempts: Map<CallKey, Outcome>;
  /** Findings of inner calls by call key, for a verification in which no function may run. */
  readonly findings: Map<string, Promise<Finding>>;
  /** States of inner calls as far as their records tell them; forgotten when a function has run, which may change files. */
  readonly records: Map<string, Promise<ChildState>>;
  /** Keys of the calls that are being verified, outermost first. A call that leads back to itself is stale. */
  readonly open: Set<string>;
}

/** Begins a verification. */
export function beginVerification(rerun?: Verification["rerun"]): Verification {
  const maps = { outcomes: new Map(), attempts: new Map(), findings: new Map(), records: new Map() };
  const empty = { ...maps, open: new Set<string>() };
  return rerun === undefined ? empty : { ...empty, rerun };
}

/** Options of {@linkcode lookUp}. */
export interface LookUpOptions {
  /** True to read the store even if the record is in memory: another process may have added a trace. */
  readonly isAfresh?: boolean;
  /** Longest age of the result, milliseconds; that of the function when not given. */
  readonly maxAgeMs?: number | undefined;
}

/**
 * Looks up the record of a call and verifies its traces.
 *
 * @param call The call.
 * @param verification The verification that the look-up belongs to.
 * @param options See {@linkcode LookUpOptions}.
 */
export async function lookUp(
  call: Call,
  verification: Verification,
  { isAfresh = false, maxAgeMs }: LookUpOptions = {},
): Promise<Finding> {
  const { memory, cache } = call.prepared.workspace;
  memory.synchronize(cache.generation());
  const known = isAfresh ? undefined : memory.record(call.key);
  const commits = known === undefined ? cache.records.commits() : null;
  const record = known ?? await readRecord(call);
  if (record === null) return { ...NOTHING_FOUND, commits };
  memory.keepRecord(record);
  const verdict = await whileOpen(
    verification,
    call.key,
    () => verifyRecord(record, checksOf(call, call.key, verification, maxAgeMs)),
  );
  if (known === undefined && verdict.fresh && cache.revisions.lacksCalls()) await restoreCalls(call, record);
  return { record, commits, verdict };
}

/** Puts a call whose result is stored into the graph again, after somebody removed the graph. */
async function restoreCalls({ prepared: { workspace: { cache } } }: Call, record: EntryRecord): Promise<void> {
  if (cache.readOnly) return;
  try {
    await cache.records.restoreCalls(record);
  } catch {
    // The graph lacks the call still; the next look at its record tries again.
  }
}

/** Verifies what is stored under a key, which meanwhile counts as open: a record may lead back to itself. */
async function whileOpen<T>({ open }: Verification, key: CallKey, verify: () => Promise<T>): Promise<T> {
  open.add(key);
  try {
    return await verify();
  } finally {
    open.delete(key);
  }
}

/** True when nothing was committed to the store since the record of a finding was read. */
export function isUpToDate({ commits }: Finding, { prepared: { workspace: { cache } } }: Call): boolean {
  return commits !== null && commits === cache.records.commits();
}

/**
 * Reads the record of a call from the store. Until a first read has succeeded, the error for a missing flag or
 * permission is thrown, so that the user mends the set-up. Every other failure is reported and counts as no record.
 */
async function readRecord(call: Call): Promise<EntryRecord | null> {
  const { workspace } = call.prepared;
  try {
    const onDamaged = (detail: string) => reportDamaged(call, detail);
    const record = await workspace.cache.records.get(call.key, { parts: false, onDamaged });
    workspace.hasWorked = true;
    return record;
  } catch (error) {
    const isSetUp = error instanceof CacheError &&
      (error.code === "ERR_UNSTABLE_KV" || error.code === "ERR_PERMISSION");
    if (!workspace.hasWorked && isSetUp) throw error;
    reportUnread(call, error);
    return null;
  }
}

/** A call, as far as the checks of its dependencies ask for it. */
type CheckedCall = Pick<Call, "prepared" | "wrapped" | "freshDigests">;

/** Returns the checks of the traces under a key, which is that of the call or of an inner call. */
function checksOf(call: CheckedCall, key: CallKey, verification: Verification, maxAgeMs?: number): TraceChecks {
  const { root, files } = call.prepared;
  let looks = call.freshDigests();
  const own = new Map<Trace, Promise<boolean>>();
  return {
    leaf: (dependency) =>
      dependency.kind === "file" && looks?.get(dependency.path) === dependency.digest
        ? null
        : checkDependency(dependency, { root, files }),
    child: (dependency, trace) => {
      looks = null; // an inner call that runs again may change the files
      return lookAtChild(dependency, call, {
        verification,
        isOwn: () => once(own, trace, () => isOwnTrace(trace, key)),
      });
    },
    sameFunction: (recorded) => isFunctionUnchanged(recorded, call.wrapped.cacheDir),
    ...conditionsOn(call, key, maxAgeMs),
  };
}

/** The conditions on a stored result: most functions have none. */
function conditionsOn(
  { prepared, wrapped }: CheckedCall,
  key: CallKey,
  maxAgeMs: number = prepared.options.maxAge,
): Pick<TraceChecks, "condition"> {
  const { validate, staleWhileRevalidate } = prepared.options;
  if (maxAgeMs === Infinity && validate === null) return {};
  const isRefused = async (trace: Trace) => {
    const { refusalByUser } = await import("./validate.ts"); // few functions have it
    return await refusalByUser(trace, { prepared, wrapped, key, resultOptions: () => resultOptionsOf(wrapped) });
  };
  if (validate === null) return { condition: (trace) => expiry(trace, maxAgeMs) };
  // One that is expired may be used, unless it is refused.
  if (staleWhileRevalidate !== false) {
    return { condition: async (trace) => await isRefused(trace) ?? expiry(trace, maxAgeMs) };
  }
  return { condition: (trace) => expiry(trace, maxAgeMs) ?? isRefused(trace) };
}

/**
 * Returns the outcome of a call that ran while a trace of a call around it was verified, if nothing that the run rested on
 * has changed since. An outcome is handed out once: a function that makes a call again wants it to run again.
 *
 * @param call The call.
 * @param attempts Outcomes by call key.
 */
export async function takeAttempt(call: Call, attempts: Map<CallKey, Outcome>): Promise<Outcome | null> {
  const outcome = attempts.get(call.key);
  if (outcome?.basis === undefined) return null;
  attempts.delete(call.key);
  const { cacheDir } = call.wrapped;
  const isSame = await isSupported(outcome.basis, {
    ...checksOf(call, call.key, beginVerification()),
    sameFunction: (recorded) => isFunctionUnchanged(recorded, cacheDir, true),
  });
  return isSame ? outcome : null;
}

/**
 * What a stored outcome rests on, if its function sets conditions on it: the outer function, which runs next, gets it even
 * if it has expired meanwhile, as with a `maxAge` of zero, or is refused.
 */
function basisOfAged(
  { prepared: { options } }: Call,
  outcome: Outcome,
  maxAgeMs: number = options.maxAge,
): FlatTrace | undefined {
  if (!hasConditions({ ...options, maxAge: maxAgeMs }) || outcome.kind !== "stored") return undefined;
  const { support, dependencies } = outcome.trace;
  if (support !== null) return support;
  const flat = dependencies.filter((one) => one.kind !== "child");
  return flat.length === dependencies.length ? { functions: [], dependencies: flat } : undefined;
}

/** Says once that an outer function runs where an inner one would do, if that is for want of a permission. */
async function tellMissingKey(): Promise<void> {
  const { flagsForUserKey } = await import("../store/records/seal.ts");
  const flags = flagsForUserKey();
  if (flags === null) return;
  warnOnce(
    `inner calls cannot be run again on their own, so outer ones run: the user's key may not be used; run with ${flags}`,
  );
}

async function isOwnTrace(trace: Trace, key: CallKey): Promise<boolean> {
  const { isSealed } = await import("../store/records/seal.ts"); // a hit looks at no inner call
  return isSealed(trace, key);
}

/**
 * True when a wrapped function has the recorded name, module, code and declared dependencies, and its results were not
 * replaced. Calls of a function that sets conditions on its results are looked at one by one, unless they were made just
 * now.
 */
async function isFunctionUnchanged(
  { functionId, identity, revision }: InnerFunction,
  home: string,
  isOfNow = false,
): Promise<boolean> {
  for (const wrapped of findWrapped(functionId, home)) {
    if (await identifyFunction(wrapped) !== identity) continue;
    const { options, workspace: { cache } } = wrapped.ready!;
    const { digest } = await wrapped.ready!.fingerprint();
    return (isOfNow || !hasConditions(options)) && cache.revisions.of(functionId, digest) === revision;
  }
  return false;
}

/**
 * Returns the present state of a recorded inner call. If the verification may run functions, a stale inner call is run
 * again; else its record is only looked up. Stored arguments are used only where this user's own programs stored them.
 */
async function lookAtChild(
  recorded: ChildDependency,
  outer: CheckedCall,
  { verification, isOwn }: { readonly verification: Verification; readonly isOwn: () => Promise<boolean> },
): Promise<ChildState> {
  const candidates = findWrapped(recorded.functionId, outer.wrapped.cacheDir);
  if (candidates.length === 0) return { kind: "gone" };
  if (verification.open.has(recorded.key)) return { kind: "stale", reasons: [] };
  const { blobs } = outer.prepared.workspace.cache;
  const inner = await isOwn() ? await identifyAmong(candidates, recorded, blobs) : null;
  if (inner === null) {
    const { functionId, key, identity, args, maxAgeMs } = recorded;
    const what = `${functionId}\0${key}\0${identity}\0${args === null}\0${maxAgeMs}`;
    const state = await once(
      verification.records,
      what,
      () => whileOpen(verification, key, () => lookAtRecord(candidates, recorded, outer, verification)),
    );
    if (state.kind !== "outcome" && recorded.args !== null) await tellMissingKey();
    return state;
  }
  if (verification.open.has(inner.key)) return { kind: "stale", reasons: [] };

  if (verification.rerun !== undefined) {
    const { maxAgeMs, skipSave } = recorded;
    const asked = { ...maxAgeMs === undefined ? {} : { maxAgeMs }, ...skipSave === undefined ? {} : { skipSave } };
    const outcome = await once(
      verification.outcomes,
      `${inner.key} ${maxAgeMs} ${skipSave}`,
      async () => {
        try {
          const outcome = await verification.rerun!(inner, verification, asked);
          const basis = outcome.basis ?? basisOfAged(inner, outcome, maxAgeMs);
          if (basis !== undefined && outcome.isShared !== true) {
            verification.attempts.set(inner.key, { ...outcome, basis });
          }
          return outcome;
        } finally {
          verification.records.clear();
        }
      },
    );
    const reasons = () => outcome.kind === "hit" ? whatChanged(inner, recorded, outcome.trace) : outcome.reasons;
    return { kind: "outcome", digest: outcome.digest, reasons };
  }
  const { maxAgeMs } = recorded;
  const found = `${inner.key} ${maxAgeMs}`;
  const { verdict } = await once(verification.findings, found, () => lookUp(inner, verification, { maxAgeMs }));
  if (verdict === null) {
    const { compareWithClosest } = await import("./explain.ts");
    return { kind: "stale", reasons: (await compareWithClosest(inner)).reasons };
  }
  if (!verdict.fresh) return { kind: "stale", reasons: verdict.reasons };
  const { trace } = verdict;
  return { kind: "outcome", digest: digestOfOutcome(trace), reasons: () => whatChanged(inner, recorded, trace) };
}

/**
 * Returns the present state of a recorded inner call whose arguments were not stored, or cannot be used, as far as its
 * record tells it. All that the outer function did before is as it was, so it would make the call with equal arguments,
 * which have the recorded key unless the inner function has changed.
 */
async function lookAtRecord(
  candidates: readonly Wrapped[],
  recorded: ChildDependency,
  outer: CheckedCall,
  verification: Verification,
): Promise<ChildState> {
  const record = await outer.prepared.workspace.cache.records.get(recorded.key, { parts: false });
  let reasons: readonly StaleReason[] | null = null;
  for (const wrapped of record === null ? [] : candidates) {
    const prepared = await wrapped.prepare();
    const isSame = recorded.args === null
      ? await identifyFunction(wrapped) === recorded.identity
      : await isOfFunction(record!, prepared);
    if (!isSame) continue;
    const checked = { prepared, wrapped, freshDigests: () => null };
    const checks = checksOf(checked, recorded.key, verification, recorded.maxAgeMs);
    const files = await Promise.all(record!.files.map((file) => checks.leaf(file)));
    reasons = files.filter((reason) => reason !== null);
    if (reasons.length > 0) continue;
    const verdict = await verifyRecord(record!, checks);
    if (verdict.fresh) return { kind: "outcome", digest: digestOfOutcome(verdict.trace), reasons: () => [] };
    reasons = verdict.reasons;
  }
  return reasons === null ? { kind: "unrepeatable" } : { kind: "stale", reasons };
}

/** True when a record is of a function as it is now: with its code, its `version`, and nothing else that is declared. */
async function isOfFunction(record: EntryRecord, { fingerprint, options }: Prepared): Promise<boolean> {
  if (!declaresNothing(options) || (await fingerprint()).digest !== record.fingerprint) return false;
  const recorded = record.values.find(({ path }) => path === "version")?.digest ?? null;
  return recorded === (options.version === null ? null : digestBytes(options.version));
}

/** Returns the reasons why an inner call has another outcome now; none if no stored trace has the recorded outcome. */
async function whatChanged(inner: Call, recorded: ChildDependency, now: Trace): Promise<readonly StaleReason[]> {
  const { records } = inner.prepared.workspace.cache;
  for (const key of new Set([inner.key, recorded.key])) {
    const then = (await records.get(key, { parts: false }))?.traces.find((trace) =>
      digestOfOutcome(trace) === recorded.outcome
    );
    if (then === undefined) continue;
    const { compareTraces } = await import("../reasons/compare.ts"); // loaded here, since a hit compares nothing
    return compareTraces(then, now);
  }
  return [];
}

/**
 * Identifies a recorded inner call as it would be made now. Of several functions of one name and module, takes the one
 * that gives the recorded key. If none does, returns `null`, since nobody can tell which function was called.
 */
async function identifyAmong(
  candidates: readonly Wrapped[],
  { args, key }: ChildDependency,
  blobs: BlobStore,
): Promise<Call | null> {
  const bytes = args === null ? null : isDigest(args) ? await readBytes(args as BlobDigest, blobs) : args as Uint8Array;
  if (bytes === null) return null;
  try {
    const calls = await Promise.all(candidates.map((wrapped) => recallCall(wrapped, bytes)));
    return calls.length === 1 ? calls[0]! : calls.find((call) => call.key === key) ?? null;
  } catch {
    return null; // the function as it is now cannot take these arguments as inputs
  }
}

/** Identifies a call with the receiver and the arguments that `inner_call` stored. */
async function recallCall(wrapped: Wrapped, bytes: Uint8Array): Promise<Call> {
  const [receiver, args] = decodeResult(bytes, await resultOptionsOf(wrapped)) as [unknown, unknown[]];
  return await identifyCall(wrapped, receiver, args);
}

async function readBytes(digest: BlobDigest, blobs: BlobStore): Promise<Uint8Array | null> {
  const found = await blobs.read(digest);
  return found.status === "ok" ? found.bytes : null;
}
