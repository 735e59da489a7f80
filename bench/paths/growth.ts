/**
 * What the number of entries costs: a hit, a miss, opening the cache, and the commands that look at all entries.
 *
 * @module
 */
import { cacheFile, cacheList, cachePrune, cacheStats } from "@bimsb/cachepy";
import { cacachePeer } from "../peers/cacache.ts";
import { memoizeFsPeer } from "../peers/memoize_fs.ts";
import { runScript } from "../support/children.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { createFloor } from "../support/floor.ts";
import { measure, median, time } from "../support/measure.ts";
import { expect, takeRuns } from "../support/outcome.ts";
import { small, smallArgument } from "../support/small.ts";
import { createWorkspace } from "../support/workspace.ts";

const FEW = 10;

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  const entries = scale.large ? 1_000_000 : scale.quick ? 1_000 : 10_000;
  const many = entries.toLocaleString("en");
  using workspace = createWorkspace();
  const [fewDir, manyDir] = [workspace.folder("few"), workspace.folder("many")];
  await runScript("bench/children/fill.ts", [fewDir, String(FEW)]);
  await runScript("bench/children/fill.ts", [manyDir, String(entries)]);
  expect((await cacheStats(manyDir)).entries === entries, "the cache is not full");

  const [atFew, atMany] = [fewDir, manyDir].map((dir) => cacheFile(dir, { ignoreCode: ["countRun"] })(small));
  const opening = await timeOpening(fewDir, manyDir, scale.quick ? 3 : 7);
  const misses = scale.quick ? 100 : 200;
  const hit = await measure({
    few: (turn) => atFew!(smallArgument(turn % FEW)),
    many: (turn) => atMany!(smallArgument(turn % FEW)),
    floor: createFloor(workspace.dir),
  }, { rounds: scale.quick ? 15 : 30, batch: 100, warmUp: 5 });
  // Keys that neither process nor memory has seen; the few have to be asked again and again, so they are only read once.
  const spread = await timeSpread(atMany!, entries, scale);
  expect(takeRuns() === 0, "a hit ran the function");
  const miss = await measure({
    few: (turn) => atFew!(smallArgument(entries + turn)),
    many: (turn) => atMany!(smallArgument(entries + turn)),
  }, { rounds: misses, warmUp: 10 });
  expect(takeRuns() === 2 * (misses + 10), "a miss did not run the function");

  const looks = scale.quick ? 3 : 5;
  const stats = await timeEach(looks, () => cacheStats(manyDir));
  const list = await timeEach(looks, () => cacheList(manyDir));
  const prune = await timeEach(looks, () => cachePrune(manyDir, { daysOld: 30, dryRun: true }));
  const perEntry = entries / 100_000;
  const peers = scale.large ? { hit: {}, miss: {} } : await timePeers(workspace.folder("peers"), entries, scale);

  const figure = { unit: "ms", floor: null, peers: {}, note: "" } as const;
  const look = (path: string, ours: number): Figure => {
    return { ...figure, path, ours, limits: [{ text: "0.5 s per 100,000", most: 500 * perEntry }] };
  };
  return [
    {
      ...figure,
      path: `hit, ${many} entries`,
      ours: hit.many,
      floor: hit.floor,
      peers: peers.hit,
      limits: [{ text: `1.2 × hit with ${FEW}`, most: 1.2 * hit.few }],
      note: `with ${FEW} entries ${hit.few.toFixed(4)} ms`,
    },
    { ...figure, path: `first hit of a key, ${many} entries`, ours: spread, limits: [] },
    {
      ...figure,
      path: `miss, ${many} entries`,
      ours: miss.many,
      peers: peers.miss,
      limits: [{ text: `1.2 × miss with ${FEW}`, most: 1.2 * miss.few }],
    },
    {
      ...figure,
      path: `open and first hit, ${many} entries`,
      ours: opening.many,
      limits: [{ text: `2 × with ${FEW}`, most: 2 * opening.few }],
    },
    look(`stats, ${many} entries`, stats),
    look(`list, ${many} entries`, list),
    look(`prune --dry-run, ${many} entries`, prune),
  ];
}

/** Keys all over the cache, each asked for once. */
async function timeSpread(
  call: (argument: ReturnType<typeof smallArgument>) => Promise<unknown>,
  entries: number,
  scale: Scale,
): Promise<number> {
  const asked = scale.quick ? 100 : 400;
  const step = Math.floor((entries - FEW) / asked);
  const times = [];
  for (let index = 0; index < asked; index++) {
    times.push(await time(() => call(smallArgument(FEW + index * step))));
  }
  return median(times);
}

async function timeOpening(fewDir: string, manyDir: string, rounds: number): Promise<{ few: number; many: number }> {
  const times = { few: [] as number[], many: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.few.push(Number(await runScript("bench/children/open.ts", [fewDir])));
    times.many.push(Number(await runScript("bench/children/open.ts", [manyDir])));
  }
  return { few: median(times.few), many: median(times.many) };
}

async function timeEach(rounds: number, work: () => Promise<unknown>): Promise<number> {
  const times = [];
  for (let round = 0; round < rounds; round++) times.push(await time(work));
  return median(times);
}

async function timePeers(dir: string, entries: number, scale: Scale) {
  const rounds = scale.quick ? 50 : 100;
  const memoized = await memoizeFsPeer.wrap(small, `${dir}/memoize-fs`);
  const cacached = await cacachePeer.wrap(small, `${dir}/cacache`);
  for (let from = 0; from < entries; from += 32) {
    const turns = Array.from({ length: Math.min(32, entries - from) }, (_, index) => smallArgument(from + index));
    await Promise.all(turns.map((argument) => memoized(argument)));
    await Promise.all(turns.map((argument) => cacached(argument)));
  }
  const hit = await measure({
    "memoize-fs": (turn) => memoized(smallArgument(turn)),
    cacache: (turn) => cacached(smallArgument(turn)),
  }, { rounds });
  const miss = await measure({
    "memoize-fs": (turn) => memoized(smallArgument(entries + turn)),
    cacache: (turn) => cacached(smallArgument(entries + turn)),
  }, { rounds });
  takeRuns();
  return { hit, miss };
}
