/**
 * Opens a cache, answers one call from it and prints how long that took, milliseconds: `open.ts DIR`.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import { expect, takeRuns } from "../support/outcome.ts";
import { small, smallArgument } from "../support/small.ts";

const cached = cacheFile(Deno.args[0]!, { ignoreCode: ["countRun"] })(small);
const startedMs = performance.now();
await cached(smallArgument(3));
const elapsedMs = performance.now() - startedMs;
expect(takeRuns() === 0, "a hit ran the function");
// deno-lint-ignore no-console
console.log(elapsedMs);
