/**
 * The runs of this process, one for each call that is being computed. Concurrent identical calls share one run.
 *
 * A call may wait for a run only if that run does not itself wait, directly or through other runs, for a run that the
 * call is made in: two functions that call each other would otherwise wait for ever. All waits are known, so a cycle of
 * waits is found before it closes, and the call that would close it begins a run of its own.
 *
 * @module
 */
import { steadyMs } from "../words/clock.ts";
import type { Call } from "./identify.ts";
import type { Outcome } from "./outcome.ts";
import type { FlatTraceBuilder } from "./flat_trace.ts";
import { type CallReads, currentReads } from "../reads/run_observed.ts";
import type { Cache } from "../store/cache_dir.ts";
import type { CallKey } from "../words/digests.ts";

/**
 * Clock of the time that a function itself runs. It stands while the function is not running, and while all inner calls that
 * are open are busy with the cache's own work, such as following code or storing a result: without a cache, there would be
 * none. What the function does beside such work is not counted either, so the time is never too long.
 */
export class OwnClock {
  readonly #around: OwnClock | undefined;
  readonly #now: () => number;
  #ms = 0;
  /** Time at which the clock last began to go; `null` while it stands. */
  #sinceMs: number | null = null;
  #isRunning = false;
  /** Number of inner calls in which the cache works, and of those whose functions run. */
  #working = 0;
  #running = 0;

  /** @param around Clock of the function that made the call, if any. @param now Returns the time, milliseconds. */
  constructor(around: OwnClock | undefined, now: () => number = steadyMs) {
    this.#around = around;
    this.#now = now;
  }

  /** Milliseconds that were counted so far. */
  get ms(): number {
    return this.#ms + (this.#sinceMs === null ? 0 : this.#now() - this.#sinceMs);
  }

  /** The function begins. */
  start(): void {
    this.#isRunning = true;
    this.#update();
  }

  /** The function has ended. */
  stop(): void {
    this.#isRunning = false;
    this.#update();
  }

  /** An inner call begins, with work of the cache. @returns Function to call when it ends; calls after the first do nothing. */
  enterCall(): () => void {
    this.#working++;
    this.#update();
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#working--;
      this.#update();
    };
  }

  #update(): void {
    const goes = this.#isRunning && (this.#working === 0 || this.#running > 0);
    if (goes === (this.#sinceMs !== null)) return;
    const nowMs = this.#now();
    if (this.#sinceMs !== null) this.#ms += nowMs - this.#sinceMs;
    this.#sinceMs = goes ? nowMs : null;
    if (this.#around === undefined) return;
    // For the function around, this call is no work of the cache as long as this clock goes.
    this.#around.#running += goes ? 1 : -1;
    this.#around.#update();
  }
}

/** The computation of a call: it waits for the lock of the key, or the function runs. */
export class Run {
  /** Promise of the outcome of the call. Never rejects: a thrown error is an outcome too. */
  readonly ended: Promise<Outcome>;
  /** Runs that the calls made inside this run wait for, at any depth. */
  readonly waitsFor: Set<Run> = new Set();
  /** Reads of the function; `undefined` until the function runs. */
  reads: CallReads | undefined;
  /** Functions and dependencies of the inner calls; `undefined` until the function runs. */
  inner: FlatTraceBuilder | undefined;
  /** As `inner`, with the inner calls whose outcomes are not stored; absent unless the call runs to verify a trace. */
  basis: FlatTraceBuilder | undefined;
  /** True once the function has got the outcome of an inner call that a look-up would not find: not stored, or for once. */
  restsOnUnkept = false;
  /** What keeps the result from being stored although it changed nothing: inner results that nothing tells apart. */
  readonly incomparable: Set<string> = new Set();
  /** True once the result is not wanted any more: another one was put in, or it was to be forgotten. */
  isSuperseded = false;
  /** Clock of the function. */
  readonly clock: OwnClock;
  /** Number of callers that wait for the outcome, in place of a run of their own. */
  sharers = 0;
  #finish!: (outcome: Outcome) => void;

  /**
   * @param call The call that is computed.
   * @param parent The run whose function made the call, if any.
   * @param attempts Outcomes of inner calls that ran while the traces of the call were verified.
   */
  constructor(readonly call: Call, readonly parent: Run | undefined, readonly attempts: Map<CallKey, Outcome>) {
    this.ended = new Promise((resolve) => this.#finish = resolve);
    this.clock = new OwnClock(parent?.clock);
  }

  /** Passes the outcome to the callers that wait for this run. */
  finish(outcome: Outcome): void {
    this.#finish(outcome);
  }

  /** Yields this run and the runs around it, innermost first. */
  *lineage(): Iterable<Run> {
    // deno-lint-ignore no-this-alias
    for (let at: Run | undefined = this; at !== undefined; at = at.parent) yield at;
  }
}

/** Returns the run whose function the present code is part of; `undefined` outside of cached functions. */
export function currentRun(): Run | undefined {
  const run = currentReads()?.run;
  return run instanceof Run ? run : undefined;
}

/** Returns the keys of `run` and of the runs around it: their locks are held while a call made inside `run` waits. */
export function heldKeys(run: Run | undefined): CallKey[] {
  return run === undefined ? [] : Array.from(run.lineage(), ({ call }) => call.key);
}

const running = new WeakMap<Cache, Map<CallKey, Run>>();

function runsOf({ prepared: { workspace: { cache } } }: Call): Map<CallKey, Run> {
  let runs = running.get(cache);
  if (runs === undefined) running.set(cache, runs = new Map());
  return runs;
}

/** Returns the run of a call that is identical to `call`, if a call made inside `parent` may wait for that run. */
export function joinableRun(call: Call, parent: Run | undefined): Run | undefined {
  const run = runsOf(call).get(call.key);
  return run === undefined || closesCircle(run, parent) ? undefined : run;
}

/** Begins the run of a call. Later identical calls join this run, even while an earlier run of the key goes on. */
export function beginRun(call: Call, parent: Run | undefined, attempts: Map<CallKey, Outcome>): Run {
  const run = new Run(call, parent, attempts);
  runsOf(call).set(call.key, run);
  return run;
}

/** Lets the results of runs that are under way not be stored, nor shared with later callers. */
export function supersede(cache: Cache, isOf: (call: Call) => boolean): void {
  const runs = running.get(cache);
  for (const [key, run] of runs ?? []) {
    if (!isOf(run.call)) continue;
    run.isSuperseded = true;
    runs!.delete(key);
  }
}

/** Ends a run and passes its outcome to the callers that wait for it. */
export function endRun(run: Run, outcome: Outcome): void {
  const runs = runsOf(run.call);
  if (runs.get(run.call.key) === run) runs.delete(run.call.key);
  run.finish(outcome);
}

/** Waits for the end of `run` on behalf of a call made inside `parent`. */
export async function waitForRun(run: Run, parent: Run | undefined): Promise<Outcome> {
  run.sharers++;
  const waiters = [...parent?.lineage() ?? []];
  for (const waiter of waiters) waiter.waitsFor.add(run);
  try {
    return await run.ended;
  } finally {
    for (const waiter of waiters) waiter.waitsFor.delete(run);
  }
}

/** True when `run` is, or waits for, `parent` or a run around `parent`. */
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
