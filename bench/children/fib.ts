/**
 * Asks a cache for one Fibonacci number and prints how long that took, milliseconds: `fib.ts DIR N`.
 *
 * @module
 */
import { createFib } from "../support/fib.ts";
import { expect } from "../support/outcome.ts";

const [dir, n] = Deno.args;
const fib = createFib(dir!);
const startedMs = performance.now();
await fib(Number(n));
const elapsedMs = performance.now() - startedMs;
expect((await fib.why(Number(n))).outcome === "hit", "it was no hit");
// deno-lint-ignore no-console
console.log(elapsedMs);
