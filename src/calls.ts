/**
 * Loads what answers calls, all in one, when the first call is made: a program that imports this package, or wraps
 * functions that it does not call, pays for none of it.
 *
 * @module
 */
type Calls = typeof import("./memoize.ts");

let calls: Calls | undefined;

/**
 * Uses it: at once when it is loaded, so that a call takes its place among the inner calls of the running one when it is
 * made. No call can be running before it is loaded.
 */
export function withCalls<T>(use: (calls: Calls) => Promise<T>): Promise<T> {
  return calls === undefined ? load().then(use) : use(calls);
}

async function load(): Promise<Calls> {
  // What the first call goes on to load anyway, read at the same time.
  const [loaded] = await Promise.all([import("./memoize.ts"), import("./prepare_step.ts")]);
  return calls = loaded;
}
