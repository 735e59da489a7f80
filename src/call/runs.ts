/**
 * Calls that are running in this process, by call key: concurrent identical calls share one execution.
 *
 * A call may wait for another only if that other is not, directly or through what it waits for itself, waiting for the
 * first: two functions that call each other would otherwise wait for ever. The waits are known, so a circle is seen
 * before it closes, and the call that would close it runs by itself.
 *
 * @module
 */
import type { CallFrame } from "../reads/run_observed.ts";
import type { CallKey } from "../words/digests.ts";

/** One running call. `Outcome` is what its sharers receive. */
export class Run<Outcome> {
  /** What is known of it when it has ended. Never rejects: a thrown error is an outcome too. */
  readonly ended: Promise<Outcome>;
  /** The calls that it waits for, or that calls inside it wait for. */
  readonly waitsFor: Set<Run<Outcome>> = new Set();
  /** Notes what its function reads; `undefined` until that runs. */
  reads: CallFrame | undefined;
  /** Ends it. */
  finish!: (outcome: Outcome) => void;

  /**
   * @param key Its call key.
   * @param parent The running call in which this one was made, if any.
   */
  constructor(readonly key: CallKey, readonly parent: Run<Outcome> | undefined) {
    this.ended = new Promise((resolve) => this.finish = resolve);
  }
}

/** The running calls of one cache directory. */
export class Runs<Outcome> {
  readonly #byKey = new Map<CallKey, Run<Outcome>>();

  /** The running call with this key that a call made inside `parent` may wait for. */
  joinable(key: CallKey, parent: Run<Outcome> | undefined): Run<Outcome> | undefined {
    const run = this.#byKey.get(key);
    return run === undefined || closesCircle(run, parent) ? undefined : run;
  }

  /** Registers a new running call; a later one with the same key, begun to avoid a circle, takes the place. */
  begin(key: CallKey, parent: Run<Outcome> | undefined): Run<Outcome> {
    const run = new Run<Outcome>(key, parent);
    this.#byKey.set(key, run);
    return run;
  }

  /** Ends a running call and tells its sharers. */
  end(key: CallKey, run: Run<Outcome>, outcome: Outcome): void {
    if (this.#byKey.get(key) === run) this.#byKey.delete(key);
    run.finish(outcome);
  }

  /** Waits for `run` on behalf of a call made inside `parent`. */
  async join(run: Run<Outcome>, parent: Run<Outcome> | undefined): Promise<Outcome> {
    const waiters = lineage(parent);
    for (const waiter of waiters) waiter.waitsFor.add(run);
    try {
      return await run.ended;
    } finally {
      for (const waiter of waiters) waiter.waitsFor.delete(run);
    }
  }
}

/** A run and all those in which it was begun, innermost first. */
export function lineage<Outcome>(run: Run<Outcome> | undefined): Run<Outcome>[] {
  const line: Run<Outcome>[] = [];
  for (let at = run; at !== undefined; at = at.parent) line.push(at);
  return line;
}

/** Whether `run` is, or waits for, one of the calls that a call made inside `parent` belongs to. */
function closesCircle<Outcome>(run: Run<Outcome>, parent: Run<Outcome> | undefined): boolean {
  const ancestors = new Set(lineage(parent));
  if (ancestors.size === 0) return false;
  const seen = new Set<Run<Outcome>>();
  const open = [run];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (ancestors.has(at)) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...at.waitsFor);
  }
  return false;
}
