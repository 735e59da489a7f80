/**
 * A process that makes very many calls and says now and then what it takes.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";

const [dir = "", hits = "0", misses = "0"] = Deno.args;
const square = cacheFile(dir)(function square(n: number) {
  return { n, square: n * n, text: "x".repeat(200) };
});

let timers = 0;
const { setTimeout: begin, clearTimeout: end } = globalThis;
const open = new Set<unknown>();
globalThis.setTimeout = ((action: () => void, ms: number) => {
  timers++;
  const id: ReturnType<typeof begin> = begin(() => {
    open.delete(id);
    action();
  }, ms);
  open.add(id);
  return id;
}) as typeof setTimeout;
globalThis.clearTimeout = (id) => {
  open.delete(id);
  end(id);
};

/** What the process takes, after garbage was collected. */
function measure(phase: string, calls: number): void {
  (globalThis as unknown as { gc(): void }).gc();
  const { rss, heapUsed } = Deno.memoryUsage();
  const descriptors = Array.from(Deno.readDirSync("/proc/self/fd")).length;
  // deno-lint-ignore no-console -- its answer
  console.log(JSON.stringify({ phase, calls, rss, heapUsed, descriptors, openTimers: open.size, timers }));
}

await square(0);
for (let i = 0; i < Number(misses); i++) {
  const value = await square(i);
  if (value.square !== i * i) throw new Error(`square(${i}) is ${value.square}`);
  if (i % (Number(misses) / 10) === 0) measure("miss", i);
}
measure("miss", Number(misses));
for (let i = 0; i < Number(hits); i++) {
  const n = i % Number(misses);
  const value = await square(n);
  if (value.square !== n * n) throw new Error(`square(${n}) is ${value.square}`);
  if (i % (Number(hits) / 10) === 0) measure("hit", i);
}
measure("hit", Number(hits));
