/**
 * Waiting, and letting others not wait: a pause, a promise that all who ask for the same thing share, and long work in
 * pieces, between which the other tasks of the event loop have their turn. A server that uses the cache answers in time
 * only if no piece of work stops the loop for long.
 *
 * @module
 */
/** Waits. @param ms Time to wait, milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
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

// Taken when this module loads, so that a test that replaces timers does not stop the work.
const { setImmediate } = globalThis;

/** Time in milliseconds after which work lets other tasks run. Several works may be under way at the same time. */
const PIECE_MS = 8;

/** Time at which the present piece of work has taken long enough. */
let pieceEndsMs = 0;

/** True when the running work should let other tasks run. Costs 0.1 µs, so loops ask after some dozen steps. */
export function isTurnOver(): boolean {
  return performance.now() >= pieceEndsMs;
}

/** Lets timers, finished operations and other work run. Costs 10 µs; a timer of 0 ms would cost more than 1 ms. */
export function giveTurn(): Promise<void> {
  return new Promise((resolve) =>
    setImmediate(() => {
      pieceEndsMs = performance.now() + PIECE_MS;
      resolve();
    })
  );
}

/**
 * Does work that yields wherever other tasks may run.
 *
 * @param work The work; it yields after every few microseconds of work.
 * @returns The value that the work returns: at once when that takes little time, else as a promise.
 * @throws The error that the work throws, when that happens before the promise is made.
 */
export function inTurns<Result>(work: Iterator<unknown, Result>): Result | Promise<Result> {
  const done = doPiece(work);
  return done === null ? finishLater(work) : done.value;
}

async function finishLater<Result>(work: Iterator<unknown, Result>): Promise<Result> {
  for (;;) {
    await giveTurn();
    const done = doPiece(work);
    if (done !== null) return done.value;
  }
}

/** Does one piece of work. @returns The result in an object; `null` when the work is not done. */
function doPiece<Result>(work: Iterator<unknown, Result>): { readonly value: Result } | null {
  const endsMs = performance.now() + PIECE_MS;
  do {
    const { done, value } = work.next();
    if (done) return { value };
  } while (performance.now() < endsMs);
  return null;
}

/** Number of steps of a loop after which it asks whether the turn is over. */
export const STEPS = 64;
