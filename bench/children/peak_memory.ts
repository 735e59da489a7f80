/**
 * Makes one call with a large result and prints by how much memory grew at most, bytes: `peak_memory.ts DIR LENGTH`.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import { createNumbers } from "../support/large.ts";

const [dir, length] = Deno.args;
const cached = cacheFile(dir!)(function measured(length: number) {
  return createNumbers(length, 0.5);
});
const small = cacheFile(dir!)(function warmUp() {
  return new Float64Array(8);
});
await small();
const beforeBytes = readStatus("VmRSS");
const { length: returned } = await cached(Number(length));
if (returned !== Number(length)) throw new Error("The result has another length");
// deno-lint-ignore no-console
console.log(readStatus("VmHWM") - beforeBytes);

function readStatus(name: string): number {
  const line = Deno.readTextFileSync("/proc/self/status").match(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m"));
  return Number(line![1]) * 1_024;
}
