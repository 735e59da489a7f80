/**
 * A function that calls itself through the cache.
 *
 * @module
 */
import { type CachedFunction, cacheFile } from "@bimsb/cachepy";

/** Fibonacci numbers, each computed once. */
export type Fib = CachedFunction<(n: number) => Promise<bigint>>;

/** Fibonacci numbers through a cache in `dir`. */
export function createFib(dir: string): Fib {
  // An arrow: within a function expression named fib, that name would be the function itself and not the cached one.
  const fib: Fib = cacheFile(dir, { name: "fib" })(async (n: number): Promise<bigint> => {
    return n < 2 ? BigInt(n) : await fib(n - 1) + await fib(n - 2);
  });
  return fib;
}
