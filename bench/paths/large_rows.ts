/**
 * A table of objects as a result: against JSON of the same.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import { memoizeFsPeer } from "../peers/memoize_fs.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { createRows } from "../support/large.ts";
import { measure } from "../support/measure.ts";
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
  const supply = createRows(length);
  const table = (turn: number) => {
    countRun();
    supply[0]!.id = turn;
    return supply;
  };
  const cached = cacheFile(workspace.folder("ours"), { ignoreCode: ["countRun", "supply"] })(table);
  const memoized = await memoizeFsPeer.wrap(table, workspace.folder("memoize-fs"));
  const path = `${workspace.dir}/plain.json`;

  const miss = await measure({
    ours: (turn) => cached(turn),
    floor: (turn) => {
      supply[0]!.id = turn;
      Deno.writeTextFileSync(path, JSON.stringify(supply));
    },
    "memoize-fs": (turn) => memoized(turn),
  }, { rounds });
  expect(takeRuns() === 2 * (rounds + 1), "a miss did not run the function");
  const hit = await measure({
    ours: async () => expect((await cached(rounds))[0]!.id === rounds, "the rows are wrong"),
    floor: () => JSON.parse(Deno.readTextFileSync(path)),
    "memoize-fs": () => memoized(rounds),
  }, { rounds });
  expect(takeRuns() === 0, "a hit ran the function");

  const name = `${length.toLocaleString("en")} rows of objects`;
  const figure = { unit: "ms", note: "" } as const;
  return [
    {
      ...figure,
      path: `hit, ${name}`,
      ours: hit.ours,
      floor: hit.floor,
      peers: { "memoize-fs": hit["memoize-fs"] },
      limits: [{ text: "read + JSON.parse", most: hit.floor }],
    },
    {
      ...figure,
      path: `miss, ${name}`,
      ours: miss.ours,
      floor: miss.floor,
      peers: { "memoize-fs": miss["memoize-fs"] },
      limits: [{ text: "JSON.stringify + write", most: miss.floor }],
    },
  ];
}
