/**
 * Calls that are running in this process, by call key: concurrent identical calls share one execution.
 *
 * A call may wait for another only if that other is not, directly or through what it waits for itself, waiting for the
 * first: two functions that call each other would otherwise wait for ever. The waits are known, so a circle is seen
 * before it closes, and the call that would close it runs by itself.
 *
 * @module
 */
import type { CallKey } from "../words/digests.ts";

/** One running call. `Landing` is what its sharers receive. */
export class Flight<Landing> {
  /** What is known of it when it has ended. Never rejects: a thrown error is a landing too. */
  readonly landed: Promise<Landing>;
  /** The calls that it waits for, or that calls inside it wait for. */
  readonly waitsFor: Set<Flight<Landing>> = new Set();
  /** Ends it. */
  land!: (landing: Landing) => void;

  /**
   * @param key Its call key.
   * @param parent The running call in which this one was made, if any.
   */
  constructor(readonly key: CallKey, readonly parent: Flight<Landing> | undefined) {
    this.landed = new Promise((resolve) => this.land = resolve);
  }
}

/** The running calls of one cache directory. */
export class Flights<Landing> {
  readonly #byKey = new Map<CallKey, Flight<Landing>>();

  /** The running call with this key that a call made inside `parent` may wait for. */
  joinable(key: CallKey, parent: Flight<Landing> | undefined): Flight<Landing> | undefined {
    const flight = this.#byKey.get(key);
    return flight === undefined || closesCircle(flight, parent) ? undefined : flight;
  }

  /** Registers a new running call; a later one with the same key, begun to avoid a circle, takes the place. */
  begin(key: CallKey, parent: Flight<Landing> | undefined): Flight<Landing> {
    const flight = new Flight<Landing>(key, parent);
    this.#byKey.set(key, flight);
    return flight;
  }

  /** Ends a running call and tells its sharers. */
  end(key: CallKey, flight: Flight<Landing>, landing: Landing): void {
    if (this.#byKey.get(key) === flight) this.#byKey.delete(key);
    flight.land(landing);
  }

  /** Waits for `flight` on behalf of a call made inside `parent`. */
  async join(flight: Flight<Landing>, parent: Flight<Landing> | undefined): Promise<Landing> {
    const waiters = lineage(parent);
    for (const waiter of waiters) waiter.waitsFor.add(flight);
    try {
      return await flight.landed;
    } finally {
      for (const waiter of waiters) waiter.waitsFor.delete(flight);
    }
  }
}

/** A flight and all those in which it was begun, innermost first. */
export function lineage<Landing>(flight: Flight<Landing> | undefined): Flight<Landing>[] {
  const line: Flight<Landing>[] = [];
  for (let at = flight; at !== undefined; at = at.parent) line.push(at);
  return line;
}

/** Whether `flight` is, or waits for, one of the calls that a call made inside `parent` belongs to. */
function closesCircle<Landing>(flight: Flight<Landing>, parent: Flight<Landing> | undefined): boolean {
  const ancestors = new Set(lineage(parent));
  if (ancestors.size === 0) return false;
  const seen = new Set<Flight<Landing>>();
  const open = [flight];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (ancestors.has(at)) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...at.waitsFor);
  }
  return false;
}
