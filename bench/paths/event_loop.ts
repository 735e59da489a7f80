/**
 * The longest stops of the event loop, in processor time of its thread, while a large cache is listed, pruned and
 * cleared, and while a folder of many files is digested; and the time until a cache of many entries is empty.
 *
 * @module
 */
import { cacheClear, cacheFile, cacheList, cachePrune, cacheStats, cacheTreeNodes, cacheVerify } from "@bimsb/cachepy";
import { openCache } from "../../src/store/cache_dir.ts";
import { store } from "../../tests/support/store_rig.ts";
import { watchLoop } from "../../tests/support/loop_turns.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { countRun, expect, takeRuns } from "../support/outcome.ts";
import { createWorkspace, settleFiles, writeFiles } from "../support/workspace.ts";

/** Longest stop that is promised, milliseconds. */
const LONGEST_MS = 50;

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  using workspace = createWorkspace();
  const figures: Figure[] = [];
  const stop = async (what: string, work: () => Promise<unknown>) => {
    const { longestMs, totalMs } = await watchLoop(work);
    const limits = [{ text: "promised", most: LONGEST_MS }];
    const note = `of ${totalMs.toFixed()} ms of work`;
    figures.push({ path: `longest stop, ${what}`, unit: "ms", ours: longestMs, floor: null, peers: {}, limits, note });
  };
  const [entries, files] = scale.quick ? [2_000, 5_000] : [100_000, 50_000];

  const dir = workspace.folder("many");
  await fill(dir, entries);
  const size = entries.toLocaleString("en");
  await stop(`cacheStats of ${size}`, () => cacheStats(dir));
  await stop(`cacheList of ${size}`, () => cacheList(dir));
  await stop(`cacheTreeNodes of ${size}`, () => cacheTreeNodes(dir));
  await stop(`cachePrune of ${size} that stay`, () => cachePrune(dir));
  if (scale.large || scale.quick) {
    await stop(
      `cacheVerify of ${size}`,
      async () => expect((await cacheVerify(dir)).problems.length === 0, "problems"),
    );
  }
  const startedMs = performance.now();
  let clearMs = 0;
  await stop(`cacheClear of ${size}`, async () => {
    expect((await cacheClear(dir)).removed === entries, "an entry was left");
    clearMs = performance.now() - startedMs;
  });
  const limits = [{ text: "promised", most: 2_000 }];
  figures.push({ path: `cacheClear of ${size}`, unit: "ms", ours: clearMs, floor: null, peers: {}, limits, note: "" });

  await fill(dir, 2_000);
  await stop("cachePrune of 2,000 that go", () => cachePrune(dir, { maxBytes: 0 }));

  const folder = workspace.folder("files");
  writeFiles(folder, files, 64);
  await settleFiles();
  const look = cacheFile(workspace.folder("ours"), { ignoreCode: ["countRun"], fileArgs: ["path"] })(
    function look(path: string) {
      countRun();
      return path.length;
    },
  );
  await look(workspace.folder("empty"));
  await stop(`miss, folder of ${files.toLocaleString("en")} files`, () => look(folder));
  await stop(`hit, folder of ${files.toLocaleString("en")} files`, () => look(folder));
  expect(takeRuns() === 2, "a hit ran the function");
  return figures;
}

async function fill(dir: string, count: number): Promise<void> {
  const cache = await openCache(dir);
  const release = cache.use();
  for (let at = 0; at < count; at += 1_000) {
    const names = Array.from({ length: Math.min(1_000, count - at) }, (_, index) => at + index);
    await Promise.all(names.map((name) => store(cache, name, { fname: `f${name % 10}` })));
  }
  release();
}
