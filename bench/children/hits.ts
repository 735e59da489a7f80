/**
 * Answers calls from a cache, once its standard input is closed: `hits.ts DIR COUNT`.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import { expect, takeRuns } from "../support/outcome.ts";
import { small, smallArgument } from "../support/small.ts";

const [dir, count] = Deno.args;
const cached = cacheFile(dir!, { ignoreCode: ["countRun"] })(small);
for (let turn = 0; turn < 2_000; turn++) await cached(smallArgument(turn % 200));
say("ready");
await Deno.stdin.readable.pipeTo(new WritableStream());
for (let turn = 0; turn < Number(count); turn++) await cached(smallArgument(turn % 200));
say("done");
expect(takeRuns() === 0, "a hit ran the function");

function say(word: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${word}\n`));
}
