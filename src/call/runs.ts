/**
 * The calls that run in this process: concurrent identical calls share one execution.
 *
 * A call may wait for another only if that other is not, directly or through the calls it waits for itself, waiting for
 * the first: two functions that call each other would otherwise wait for ever. The waits are known, so a circle is seen
 * before it closes, and the call that would close it runs by itself.
 *
 * @module
 */
import type { Call } from "./identify.ts";
import type { Outcome } from "./outcome.ts";
import type { FlatTraceBuilder } from "./flat_trace.ts";
import { type CallReads, currentReads } from "../reads/run_observed.ts";
import type { Cache } from "../store/cache_dir.ts";
import type { CallKey } from "../words/digests.ts";

/** A call that is being computed: it waits for its lock, or its function runs. */
export class Run {
  /** Outcome of the call, once it has ended. Never rejects: a thrown error is an outcome too. */
  readonly ended: Promise<Outcome>;
  /** The runs that it waits for, or that calls inside it wait for. */
  readonly waitsFor: Set<Run> = new Set();
  /** Reads of its function; `undefined` until that runs. */
  reads: CallReads | undefined;
  /** Dependencies of its inner calls; `undefined` until its function runs. */
  inner: FlatTraceBuilder | undefined;
  #finish!: (outcome: Outcome) => void;

  /**
   * @param call The call.
   * @param parent The run in whose function the call was made, if any.
   */
  constructor(readonly call: Call, readonly parent: Run | undefined) {
    this.ended = new Promise((resolve) => this.#finish = resolve);
  }

  /** Hands the outcome to those who wait for it. */
  finish(outcome: Outcome): void {
    this.#finish(outcome);
  }

  /** This run and those in which it was begun, innermost first. */
  *lineage(): Iterable<Run> {
    // deno-lint-ignore no-this-alias
    for (let at: Run | undefined = this; at !== undefined; at = at.parent) yield at;
  }
}

/** The run in whose function the present code runs. */
export function currentRun(): Run | undefined {
  const run = currentReads()?.run;
  return run instanceof Run ? run : undefined;
}

/** Keys of the calls whose locks the callers of a call hold while it is made inside `run`. */
export function heldKeys(run: Run | undefined): CallKey[] {
  return run === undefined ? [] : Array.from(run.lineage(), ({ call }) => call.key);
}

const running = new WeakMap<Cache, Map<CallKey, Run>>();

function runsOf({ prepared: { workspace: { cache } } }: Call): Map<CallKey, Run> {
  let runs = running.get(cache);
  if (runs === undefined) running.set(cache, runs = new Map());
  return runs;
}

/** The run of a call that is identical to `call`, if a call made inside `parent` may wait for it. */
export function joinableRun(call: Call, parent: Run | undefined): Run | undefined {
  const run = runsOf(call).get(call.key);
  return run === undefined || closesCircle(run, parent) ? undefined : run;
}

/** Begins the run of a call; of two with one key, the second begun to avoid a circle, the later one is joined. */
export function beginRun(call: Call, parent: Run | undefined): Run {
  const run = new Run(call, parent);
  runsOf(call).set(call.key, run);
  return run;
}

/** Ends a run and hands its outcome to those who wait for it. */
export function endRun(run: Run, outcome: Outcome): void {
  const runs = runsOf(run.call);
  if (runs.get(run.call.key) === run) runs.delete(run.call.key);
  run.finish(outcome);
}

/** Waits for `run` on behalf of a call made inside `parent`. */
export async function waitForRun(run: Run, parent: Run | undefined): Promise<Outcome> {
  const waiters = [...parent?.lineage() ?? []];
  for (const waiter of waiters) waiter.waitsFor.add(run);
  try {
    return await run.ended;
  } finally {
    for (const waiter of waiters) waiter.waitsFor.delete(run);
  }
}

/** True when `run` is, or waits for, one of the runs that a call made inside `parent` belongs to. */
function closesCircle(run: Run, parent: Run | undefined): boolean {
  const ancestors = new Set(parent?.lineage());
  if (ancestors.size === 0) return false;
  const seen = new Set<Run>();
  const open = [run];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (ancestors.has(at)) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...at.waitsFor);
  }
  return false;
}
