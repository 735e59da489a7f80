/**
 * Stores calls of the small function: `fill.ts DIR COUNT`.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import { small, smallArgument } from "../support/small.ts";

const [dir, count] = Deno.args;
const cached = cacheFile(dir!, { ignoreCode: ["countRun"] })(small);
const turns = Array.from({ length: Number(count) }, (_, turn) => turn);
for (let from = 0; from < turns.length; from += 64) {
  await Promise.all(turns.slice(from, from + 64).map((turn) => cached(smallArgument(turn))));
}
