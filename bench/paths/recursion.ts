/**
 * A function that calls itself through the cache, 2,000 deep.
 *
 * @module
 */
import { cacheFile, cacheStats } from "@bimsb/cachepy";
import { runScript } from "../support/children.ts";
import { createFib } from "../support/fib.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { measure, median, time } from "../support/measure.ts";
import { expect, takeRuns } from "../support/outcome.ts";
import { small, smallArgument } from "../support/small.ts";
import { createWorkspace } from "../support/workspace.ts";

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  const depth = scale.quick ? 500 : 2_000;
  const rounds = scale.quick ? 1 : 3;
  using workspace = createWorkspace();
  const times = { cold: [] as number[], misses: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const dir = workspace.folder(`cold${round}`);
    const fib = createFib(dir);
    const misses = cacheFile(workspace.folder(`misses${round}`), { ignoreCode: ["countRun"] })(small);
    await misses(smallArgument(-1));
    times.misses.push(
      await time(async () => {
        for (let turn = 0; turn < depth; turn++) await misses(smallArgument(turn));
      }),
    );
    times.cold.push(await time(() => fib(depth)));
    expect((await cacheStats(dir)).entries === depth + 1, "not every step ran once");
  }
  takeRuns();

  const dir = `${workspace.dir}/cold0`;
  const fib = createFib(dir);
  const hit = cacheFile(dir, { ignoreCode: ["countRun"] })(small);
  await hit(smallArgument(0));
  takeRuns();
  const warm = await measure({ fib: () => fib(depth), hit: () => hit(smallArgument(0)) }, {
    rounds: scale.quick ? 15 : 40,
    batch: 50,
    warmUp: 5,
  });
  expect(takeRuns() === 0, "a hit ran the function");
  expect(await fib(depth) === fibonacci(depth), "the value is wrong");
  const first = Number(await runScript("bench/children/fib.ts", [dir, String(depth)]));

  const figure = { unit: "ms", peers: {}, note: "" } as const;
  const name = `fib(${depth.toLocaleString("en")})`;
  return [
    {
      ...figure,
      path: `${name}, cold`,
      ours: median(times.cold),
      floor: median(times.misses),
      limits: [{ text: `2 × ${depth.toLocaleString("en")} misses`, most: 2 * median(times.misses) }],
    },
    {
      ...figure,
      path: `${name}, warm`,
      ours: warm.fib,
      floor: warm.hit,
      limits: [{ text: "2 × hit", most: 2 * warm.hit }],
    },
    { ...figure, path: `${name}, first hit in a process`, ours: first, floor: null, limits: [] },
  ];
}

function fibonacci(n: number): bigint {
  let [low, high] = [0n, 1n];
  for (let step = 0; step < n; step++) [low, high] = [high, low + high];
  return low;
}
