/**
 * What verifying a stored execution costs: by the number of files that it read, and by the length of a chain of calls.
 *
 * ```sh
 * deno bench -A bench/trace_bench.ts
 * ```
 *
 * @module
 */
import { type CachedFunction, cacheFile } from "@bimsb/cachepy";
import { assertEquals } from "@std/assert";
import { join } from "@std/path";

const folder = await Deno.makeTempDir({ prefix: "cachepy-bench-" });
let runs = 0;
const cached = cacheFile(join(folder, "cache"), { onEvent: (event) => runs += event.kind === "run" ? 1 : 0 });
// Frozen, or each hit would look whether someone has changed what the function captures.
const paths = Object.freeze(Array.from({ length: 1000 }, (_, index) => join(folder, `${index}.txt`)));
for (const path of paths) await Deno.writeTextFile(path, path);
// A file's stamp stands for its content only when the file has rested for two seconds.
await new Promise((resolve) => setTimeout(resolve, 2500));

const readSome = cached(async function readSome(count: number) {
  let length = 0;
  for (const path of paths.slice(0, count)) length += (await Deno.readTextFile(path)).length;
  return length;
});

for (const count of [0, 10, 1000]) {
  const group = `hit with ${count} observed files`;
  Deno.bench({
    name: "Deno.statSync of the files",
    group,
    baseline: true,
    fn: () => {
      for (const path of paths.slice(0, count)) Deno.statSync(path);
    },
  });
  await readSome(count);
  Deno.bench({
    name: "hit",
    group,
    fn: async () => {
      const before = runs;
      await readSome(count);
      assertEquals(runs, before);
    },
  });
}

const source = paths[0]!;
const link: CachedFunction<(depth: number) => Promise<number>> = cached({ name: "link" })(async (depth: number) =>
  depth === 0 ? (await Deno.readTextFile(source)).length : await link(depth - 1) + 1
);
const LENGTH = 1000;
const value = await link(LENGTH);

Deno.bench({
  name: `hit of a chain of ${LENGTH} calls`,
  group: "chain",
  fn: async () => {
    const before = runs;
    assertEquals(await link(LENGTH), value);
    assertEquals(runs, before);
  },
});

let edits = 0;
Deno.bench({
  name: `a chain of ${LENGTH} calls after its file was written again: verified link by link, one runs`,
  group: "chain",
  n: 10,
  warmup: 1,
  fn: async (bench) => {
    // As long, so that the innermost result is the same.
    await Deno.writeTextFile(source, source.replace("0.txt", `${edits++ % 10}.txt`));
    const before = runs;
    bench.start();
    assertEquals(await link(LENGTH), value);
    bench.end();
    assertEquals(runs - before <= 1, true);
  },
});

globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
