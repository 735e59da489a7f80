/**
 * What observation costs a function that reads 1,000 small files, and what it costs everyone else:
 * `deno run -A bench/observe_bench.ts`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { FileDigests } from "../../src/reads/files/file_digests.ts";
import { RACY_MS } from "../../src/reads/files/stamp.ts";
import { CallReads, runObserved } from "../../src/reads/run_observed.ts";

const FILES = 1_000;
const ROUNDS = 31;

const folder = Deno.makeTempDirSync({ prefix: "cachepy-bench-" });
try {
  const paths = Array.from({ length: FILES }, (_, index) => `${folder}/${index}.txt`);
  for (const [index, path] of paths.entries()) Deno.writeTextFileSync(path, `content of file ${index}`);
  // Stamps as young as these are not trusted, for good reason; the files measured here are at rest.
  await new Promise((resolve) => setTimeout(resolve, RACY_MS + 1000));
  await measure(paths);
} finally {
  Deno.removeSync(folder, { recursive: true });
}

async function measure(paths: readonly string[]): Promise<void> {
  const readAll = () => {
    let length = 0;
    for (const path of paths) length += Deno.readTextFileSync(path).length;
    return length;
  };
  const expected = readAll();
  const before: number[] = [];
  for (let round = 0; round < ROUNDS; round++) before.push(timeOf(readAll));

  const after: number[] = [];
  const beside: number[] = [];
  const inside: number[] = [];
  const settling: number[] = [];
  const empty: number[] = [];
  const files = new FileDigests();
  for (let round = 0; round < ROUNDS; round++) {
    after.push(timeOf(readAll));

    const reads = newReads(files);
    let length = 0;
    inside.push(timeOf(() => length = runObserved(reads, readAll)));
    const startedMs = performance.now();
    const { dependencies, raced } = await reads.settle();
    settling.push(performance.now() - startedMs);
    assertEquals([length, dependencies.length, raced.length], [expected, FILES, 0]);

    const other = newReads(files);
    const { promise, resolve } = Promise.withResolvers<void>();
    const running = runObserved(other, () => promise);
    beside.push(timeOf(readAll));
    resolve();
    await running;
    assertEquals((await other.settle()).dependencies, []);

    empty.push(timeOf(() => runObserved(newReads(files), () => 0)));
  }
  const bare = best(before);
  report(`${FILES} reads before any cached call`, bare, bare);
  report(`${FILES} reads after cached calls`, best(after), bare);
  report(`${FILES} reads while a cached call runs elsewhere`, best(beside), bare);
  report(`${FILES} reads in a cached call`, best(inside), bare);
  report(`… and the end of that call, which looks at each file again`, best(settling), bare);
  printLine(`putting the observation in place and back: ${(best(empty) * 1000).toFixed(0)} µs`);
}

function newReads(files: FileDigests): CallReads {
  return new CallReads({ parent: undefined, reads: undefined }, { root: folder, files });
}

function timeOf(action: () => unknown): number {
  const startedMs = performance.now();
  action();
  return performance.now() - startedMs;
}

/** The shortest time: on a shared machine, the one that others disturbed least. */
function best(times: readonly number[]): number {
  return Math.min(...times);
}

function report(what: string, ms: number, againstMs: number): void {
  printLine(`${what}: ${ms.toFixed(2)} ms, ${(ms / againstMs).toFixed(2)} × plain`);
}

function printLine(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}
