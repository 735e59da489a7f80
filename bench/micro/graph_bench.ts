/**
 * The graph at two sizes: finding the calls that depend on one file must cost the same in both.
 *
 * The larger graph has 10,000 calls, or as many as `CACHEPY_BENCH_NODES` says (100,000 take a minute to store).
 *
 * ```sh
 * deno bench -A bench/graph_bench.ts
 * ```
 *
 * @module
 */
import type { BlobDigest, CallKey } from "../../src/words/digests.ts";
import { digestBytes } from "../../src/words/sha256.ts";
import { cacheTreeChangedFiles, cacheTreeForFile, cacheTreeNodes } from "../../src/manage/graph/nodes.ts";
import { setProjectRoot } from "../../src/options/project.ts";
import { openCache, type StoredNode } from "../../src/store/cache_dir.ts";

const SMALL = 1_000;
const LARGE = Number(Deno.env.get("CACHEPY_BENCH_NODES") ?? 10_000);
/** Calls that share a file: what a look-up finds. */
const SHARING = 5;

const root = Deno.makeTempDirSync({ prefix: "cachepy-bench-" });
setProjectRoot(root);
globalThis.addEventListener("unload", () => Deno.removeSync(root, { recursive: true }));

for (const size of [SMALL, LARGE]) await storeGraph(size);

function dirOf(size: number): string {
  return `${root}/${size}`;
}

/** A graph in which each call has up to two children and one file that it shares with four others. */
async function storeGraph(size: number): Promise<void> {
  const cache = await openCache(dirOf(size));
  // Held to the end: otherwise every look-up would measure the opening of the database as well.
  cache.use();
  const result = digestBytes<"blob">("result") as BlobDigest;
  const content = digestBytes<"content">("content");
  const keys = Array.from({ length: size }, (_, index) => digestBytes<"call">(`${index}`) as CallKey);
  const nodes = keys.map((key, index): StoredNode => ({
    id: `step:${key}`,
    fname: "step",
    key,
    hash: digestBytes("code"),
    files: { [`data/${Math.floor(index / SHARING)}.csv`]: content },
    looked: [],
    children: [2 * index + 1, 2 * index + 2].filter((child) => child < size).map((child) => `step:${keys[child]}`),
    outfile: result,
    createdMs: index,
  }));
  await cache.records.putNodes(nodes);
}

async function findDependents(size: number): Promise<void> {
  const found = await cacheTreeForFile(`${root}/data/7.csv`, dirOf(size));
  if (found.size !== SHARING) throw new Error(`Found ${found.size} calls, wanted ${SHARING}`);
}

Deno.bench(`cacheTreeForFile, ${SMALL} calls`, { group: "for file", baseline: true }, async () => {
  await findDependents(SMALL);
});
Deno.bench(`cacheTreeForFile, ${LARGE} calls`, { group: "for file" }, async () => {
  await findDependents(LARGE);
});

Deno.bench(`cacheTreeNodes, ${LARGE} calls`, { group: "all", n: 5, warmup: 1 }, async () => {
  const { size } = await cacheTreeNodes(dirOf(LARGE));
  if (size !== LARGE) throw new Error(`Found ${size} calls, wanted ${LARGE}`);
});

Deno.bench(`cacheTreeChangedFiles, ${LARGE} calls`, { group: "all", n: 5, warmup: 1 }, async () => {
  const { size } = await cacheTreeChangedFiles(dirOf(LARGE));
  if (size !== LARGE) throw new Error(`Found ${size} calls, wanted ${LARGE}`);
});
