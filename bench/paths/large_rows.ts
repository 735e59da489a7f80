/**
 * A table of objects as a result: against JSON of the same.
 *
 * @module
 */
import { serialize } from "node:v8";
import { cacheFile } from "@bimsb/cachepy";
import { memoizeFsPeer } from "../peers/memoize_fs.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { createRows, type TableRow } from "../support/large.ts";
import { measure } from "../support/measure.ts";
import { countRun, expect, takeRuns } from "../support/outcome.ts";
import { createWorkspace } from "../support/workspace.ts";

/** What an encoding that gives back what `structuredClone` gives has to find out and JSON has not. */
function lookForSharing(rows: readonly TableRow[]): void {
  const lists = rows.map((row) => row.tags);
  expect(new Set(rows).size === rows.length && new Set(lists).size === rows.length, "something is shared");
  for (const list of lists) expect(Object.keys(list).length === list.length, "a list is more than its items");
}

function ms(time: number): string {
  return `${time.toFixed(1)} ms`;
}

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
  const bound = await measure({ sharing: () => lookForSharing(supply), clone: () => serialize(supply) }, { rounds });

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
      note: `only to see that no object is shared and no list has holes or names takes ${ms(bound.sharing)}, ` +
        `and the engine's own structured clone to bytes ${ms(bound.clone)}; JSON does without`,
    },
  ];
}
