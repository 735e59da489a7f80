/**
 * A table of objects as a result: against JSON of the same.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import { memoizeFsPeer } from "../peers/memoize_fs.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { createRows } from "../support/large.ts";
import { measure, median, time } from "../support/measure.ts";
import { countRun, expect, takeRuns } from "../support/outcome.ts";
import { createWorkspace } from "../support/workspace.ts";

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  const lengths = scale.large ? [100_000, 1_000_000] : scale.quick ? [20_000] : [100_000];
  const figures: Figure[] = [];
  for (const length of lengths) figures.push(...await measureRows(length, length > 500_000 ? 3 : 5));
  return figures;
}

async function measureRows(length: number, rounds: number): Promise<Figure[]> {
  using workspace = createWorkspace();
  const table = (seed: number) => {
    countRun();
    return createRows(length, seed);
  };
  const cached = cacheFile(workspace.folder("ours"), { ignoreCode: ["countRun"] })(table);
  const memoized = await memoizeFsPeer.wrap(table, workspace.folder("memoize-fs"));
  const path = `${workspace.dir}/plain.json`;

  const miss = await measure({
    ours: (turn) => cached(turn),
    floor: (turn) => Deno.writeTextFileSync(path, JSON.stringify(createRows(length, turn))),
    "memoize-fs": (turn) => memoized(turn),
  }, { rounds });
  expect(takeRuns() === 2 * (rounds + 1), "a miss did not run the function");
  const bodies = [];
  for (let round = 0; round < rounds; round++) bodies.push(await time(() => createRows(length, round)));
  const bodyMs = median(bodies);
  const hit = await measure({
    ours: async () => expect((await cached(rounds)).at(-1)!.id === length - 1 + rounds, "wrong rows"),
    floor: () => JSON.parse(Deno.readTextFileSync(path)),
    "memoize-fs": () => memoized(rounds),
  }, { rounds });
  expect(takeRuns() === 0, "a hit ran the function");

  const name = `${length.toLocaleString("en")} rows of objects`;
  return [
    {
      path: `hit, ${name}`,
      unit: "ms",
      ours: hit.ours,
      floor: hit.floor,
      peers: { "memoize-fs": hit["memoize-fs"] },
      limits: [{ text: "read + JSON.parse", most: hit.floor }],
      note: "",
    },
    {
      path: `miss, ${name}`,
      unit: "ms",
      ours: miss.ours - bodyMs,
      floor: miss.floor - bodyMs,
      peers: { "memoize-fs": miss["memoize-fs"] - bodyMs },
      limits: [{ text: "JSON.stringify + write", most: miss.floor - bodyMs }],
      note: `without the function itself, ${bodyMs.toFixed(0)} ms`,
    },
  ];
}
