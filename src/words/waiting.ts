/**
 * Waiting, and letting others not wait: a pause, a promise that all who ask for the same thing share, and long work in
 * pieces, between which the other tasks of the event loop have their turn. A server that uses the cache answers in time
 * only if no piece of work stops the loop for long.
 *
 * @module
 */
import { startImmediate, startTimer, steadyMs } from "./clock.ts";
/** Waits. @param ms Time to wait, milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => startTimer(resolve, ms));
}

/** Returns the promise known under `key`. The first caller makes it with `find`; later callers share it. */
export function once<Key, Value>(
  known: Map<Key, Promise<Value>>,
  key: Key,
  find: () => Promise<Value>,
): Promise<Value> {
  let found = known.get(key);
  if (found === undefined) known.set(key, found = find());
  return found;
}

/** Time in milliseconds after which work lets other tasks run. Several works may be under way at the same time. */
const PIECE_MS = 8;

/** Time at which the present piece of work has taken long enough. */
let pieceEndsMs = 0;

/** True when the running work should let other tasks run. Costs 0.1 µs, so loops ask after some dozen steps. */
export function isTurnOver(): boolean {
  return steadyMs() >= pieceEndsMs;
}

/** Lets timers, finished operations and other work run. Costs 10 µs; a timer of 0 ms would cost more than 1 ms. */
export function giveTurn(): Promise<void> {
  return new Promise((resolve) =>
    startImmediate(() => {
      pieceEndsMs = steadyMs() + PIECE_MS;
      resolve();
    })
  );
}

/** Work in steps: it yields wherever other tasks may run, or a promise that it waits for, and gets the promise's value. */
// deno-lint-ignore no-explicit-any -- each promise has a value of its own
export type Work<Result> = Generator<Promise<any> | void, Result, any>;

/**
 * Does work in turns with the other tasks of the event loop.
 *
 * @param work The work; it yields after every few microseconds.
 * @param firstMs Longest time for which the work runs at first, milliseconds; `Infinity`: until it waits for a promise.
 * @returns The value that the work returns: at once when that takes little time, else as a promise.
 * @throws The error that the work throws, when that happens before the promise is made.
 */
export function inTurns<Result>(work: Work<Result>, firstMs: number = PIECE_MS): Result | Promise<Result> {
  const { done, value } = doPiece(work, { ms: firstMs });
  return done ? value as Result : finishLater(work, value);
}

async function finishLater<Result>(work: Work<Result>, first: unknown): Promise<Result> {
  for (let waitsFor = first;;) {
    let piece: IteratorResult<unknown, unknown>;
    if (waitsFor instanceof Promise) {
      let answer: unknown;
      try {
        answer = await waitsFor;
      } catch (error) {
        piece = work.throw(error);
        if (piece.done) return piece.value as Result;
        waitsFor = piece.value;
        continue;
      }
      piece = doPiece(work, { answer });
    } else {
      await giveTurn();
      piece = doPiece(work);
    }
    if (piece.done) return piece.value as Result;
    waitsFor = piece.value;
  }
}

/** Does one piece of work: until it is done, waits for a promise, or has taken long enough. */
function doPiece<Result>(
  work: Work<Result>,
  { answer, ms = PIECE_MS }: { readonly answer?: unknown; readonly ms?: number } = {},
): IteratorResult<unknown, Result> {
  const endsMs = steadyMs() + ms;
  let step = work.next(answer);
  // The clock is read after every eighth step: it costs as much as a short step.
  for (let steps = 1; !step.done && step.value === undefined; steps++) {
    if (steps % 8 === 0 && steadyMs() >= endsMs) break;
    step = work.next();
  }
  return step;
}

/** Does work without letting other tasks run: few steps, or the last ones of a process that ends. */
export function atOnce<Result>(work: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Number of steps of a loop after which it asks whether the turn is over. */
export const STEPS = 64;

/** Number of items that are sorted in one go. */
const RUN = 2048;

/**
 * Sorts a list as `Array.prototype.sort` does, equal items in their order, while other tasks run.
 *
 * @param items The items, which stay as they are.
 * @param compare Order of two items, as for `sort`.
 * @returns A new list.
 */
export async function sortInTurns<Item>(
  items: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Promise<Item[]> {
  return await inTurns(mergeSort(items, compare));
}

/** Sorts short runs, then merges them by twos. Runs that are in order already are joined without a comparison each. */
export function* mergeSort<Item>(
  items: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Generator<void, Item[]> {
  let runs: Item[][] = [];
  for (let at = 0; at < items.length; at += RUN) {
    runs.push(items.slice(at, at + RUN).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: Item[][] = [];
    for (let at = 0; at < runs.length; at += 2) {
      const one = runs[at]!;
      const other = runs[at + 1];
      merged.push(other === undefined ? one : yield* merge(one, other, compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<Item>(
  one: readonly Item[],
  other: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Generator<void, Item[]> {
  if (compare(one.at(-1)!, other[0]!) <= 0) return [...one, ...other];
  const merged: Item[] = [];
  let at = 0;
  let otherAt = 0;
  while (at < one.length && otherAt < other.length) {
    merged.push(compare(one[at]!, other[otherAt]!) <= 0 ? one[at++]! : other[otherAt++]!);
    if (merged.length % RUN === 0) yield;
  }
  for (; at < one.length; at++) merged.push(one[at]!);
  for (; otherAt < other.length; otherAt++) merged.push(other[otherAt]!);
  yield;
  return merged;
}

/** Semaphore: a limit on the pieces of work that are done at the same time. Further ones wait, in order. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count Number of pieces of work that may be done at a time. */
  constructor(count: number) {
    this.#free = count;
  }

  /** Does the work as soon as the limit allows it. @throws The error that the work throws. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next(); // the slot passes to the next in line
    }
  }
}
