import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CacheError,
  cacheFile,
  cacheList,
  cachePrune,
  cacheStats,
  cacheTreeLoad,
  cacheTreeNodes,
  cacheTreeSave,
  cacheTreeToJson,
  cacheVerify,
  plotCacheGraph,
  trackFile,
} from "@bimsb/cachepy";
import { clear } from "../../src/store/clear.ts";
import { FileDigests } from "../../src/reads/files/file_digests.ts";
import { RACY_MS } from "../../src/reads/files/stamp.ts";
import { pause, sortInTurns } from "../../src/words/waiting.ts";
import { CAN_WATCH_LOOP, type LoopWatch, watchLoop } from "../support/loop_turns.ts";
import { keyOf, store, withFolder, withStore } from "../support/store_rig.ts";

/**
 * The work is watched in processor time, so that the machine may be busy. The limit is wider than the 50 ms that are
 * promised: code that runs for the first time is compiled meanwhile, memory is tidied up, and coverage is counted. On a
 * slow machine all takes longer, so that what is done in turns is told from what is done in one go by its share.
 */
const LONGEST_MS = 300;
const LARGEST_SHARE = 0.5;

function assertTurned<Value>({ longestMs, totalMs, turns, value }: LoopWatch<Value>, what: string): Value {
  const found = `${what}: ${longestMs.toFixed()} ms of ${totalMs.toFixed()} in one go, ${turns} turns`;
  assert(longestMs < Math.max(LONGEST_MS, totalMs * LARGEST_SHARE), found);
  assert(turns >= Math.floor(totalMs / 100), found);
  return value;
}

const options = { ignore: !CAN_WATCH_LOOP };

async function makeFiles(folder: string, count: number): Promise<void> {
  await Deno.mkdir(folder);
  for (let i = 0; i < count; i++) {
    Deno.writeTextFileSync(`${folder}/a file with a name of some length ${i}`, `text ${i}`);
  }
}

Deno.test(
  "a folder of 15,000 files as a file argument does not stop the event loop, neither on a miss nor on a hit",
  options,
  () =>
    withFolder(async (folder) => {
      await makeFiles(`${folder}/data`, 15_000);
      let runs = 0;
      const size = cacheFile(`${folder}/cache`, { fileArgs: ["path"] })(function size(path: string) {
        runs++;
        return path.length;
      });
      await size(import.meta.filename!); // loads the code
      const miss = assertTurned(await watchLoop(() => size(`${folder}/data`)), "miss");
      const hit = assertTurned(await watchLoop(() => size(`${folder}/data`)), "hit");
      assertEquals([miss, hit], [`${folder}/data`.length, `${folder}/data`.length]);
      assertEquals(runs, 2);
      Deno.writeTextFileSync(`${folder}/data/a file with a name of some length 9999`, "changed");
      await size(`${folder}/data`);
      assertEquals(runs, 3);
    }),
);

Deno.test(
  "a folder of 15,000 files has the digest that it has when it is looked at in one go",
  options,
  () =>
    withFolder(async (folder) => {
      await makeFiles(`${folder}/data`, 15_000);
      const inTurns = new FileDigests().digestPath(`${folder}/data`);
      const atOnce = new FileDigests().digestPath(`${folder}/data`, { isNow: true });
      assert(inTurns instanceof Promise);
      assertEquals(await inTurns, await atOnce);
      // A small one is digested at once, since a call that hits must not wait, unless this thread was kept from running.
      await makeFiles(`${folder}/few`, 5);
      const digests = Array.from({ length: 20 }, () => new FileDigests().digestPath(`${folder}/few`));
      assert(digests.some((one) => typeof one === "string"));
      await Promise.all(digests);
    }),
);

Deno.test(
  "a file that changes while its folder is digested gives the digest before or after, and then the new one",
  options,
  () =>
    withFolder(async (folder) => {
      await makeFiles(`${folder}/data`, 5000);
      const digests = new FileDigests();
      const before = await digests.digestPath(`${folder}/data`);
      const meanwhile = digests.digestPath(`${folder}/data`);
      Deno.writeTextFileSync(`${folder}/data/a file with a name of some length 4999`, "changed meanwhile");
      const mixed = await meanwhile;
      const after = await digests.digestPath(`${folder}/data`);
      assert(mixed === before || mixed === after);
      assert(before !== after);
      assertEquals(await new FileDigests().digestPath(`${folder}/data`), after);
    }),
);

Deno.test(
  "a function that tracks a folder of 15,000 files, or lists it, stops the event loop no longer than it takes to look",
  options,
  () =>
    withFolder(async (folder) => {
      await makeFiles(`${folder}/data`, 15_000);
      await pause(RACY_MS + 100); // young files are read at once
      const cached = cacheFile(`${folder}/cache`);
      const runs: string[] = [];
      const track = cached(async function track(path: string) {
        runs.push("track");
        trackFile(path);
        return await Promise.resolve(path.length);
      });
      const list = cached(async function list(path: string) {
        runs.push("list");
        return (await Array.fromAsync(Deno.readDir(path))).length;
      });
      await Promise.all([track(folder + "/none"), list(import.meta.dirname!)]); // loads the code
      for (const call of [track, list]) {
        assertTurned(await watchLoop(() => call(`${folder}/data`)), `miss of ${call.original.name}`);
        assertTurned(await watchLoop(() => call(`${folder}/data`)), `hit of ${call.original.name}`);
      }
      assertEquals(runs.slice(2), ["track", "list"]);
      Deno.writeTextFileSync(`${folder}/data/a file with a name of some length 9999`, "changed");
      await Promise.all([track(`${folder}/data`), list(`${folder}/data`)]);
      assertEquals(runs.slice(4), ["track"]);
      Deno.writeTextFileSync(`${folder}/data/another`, "new");
      await Promise.all([track(`${folder}/data`), list(`${folder}/data`)]);
      assertEquals(runs.slice(5).sort(), ["list", "track"]);
    }),
);

Deno.test("a file that changes after its folder was looked at, and before it is read, is no input that is known", () =>
  withFolder(async (folder) => {
    const later = { now: () => Date.now() + 10_000 }; // by this clock, all files are old enough
    for (const sizeBytes of [10, 1_000_000]) {
      await Deno.mkdir(`${folder}/${sizeBytes}/below`, { recursive: true });
      const path = `${folder}/${sizeBytes}/below/file`;
      Deno.writeTextFileSync(path, "x".repeat(sizeBytes));
      const digests = new FileDigests(later);
      const unchanged = digests.digestPath(`${folder}/${sizeBytes}`, { isNow: true });
      assertEquals(await unchanged, await new FileDigests().digestPath(`${folder}/${sizeBytes}`));
      const changed = new FileDigests(later).digestPath(`${folder}/${sizeBytes}`, { isNow: true });
      Deno.writeTextFileSync(path, "y".repeat(sizeBytes + 1));
      const error = await assertRejects(() => Promise.resolve(changed), CacheError, "changed while");
      assertEquals(error.code, "ERR_FILE");
      // One that is younger is read at once.
      const young = new FileDigests().digestPath(`${folder}/${sizeBytes}`, { isNow: true });
      Deno.writeTextFileSync(path, "z".repeat(sizeBytes));
      assert(await young !== await new FileDigests().digestPath(`${folder}/${sizeBytes}`));
    }
  }));

for (const isOld of [false, true]) {
  const age = isOld ? "old" : "young";
  Deno.test(`a function that lists 6,000 ${age} files runs again once one is added, also while it runs`, () =>
    withFolder(async (folder) => {
      await makeFiles(`${folder}/data`, 6000);
      if (isOld) await pause(RACY_MS + 100);
      const counts: number[] = [];
      const list = cacheFile(`${folder}/cache`)(async function list(adds: boolean) {
        const found = [...Deno.readDirSync(`${folder}/data`)].length;
        counts.push(found);
        if (adds) await new Deno.Command("touch", { args: [`${folder}/data/another`] }).output();
        return found;
      });
      assertEquals([await list(false), await list(false)], [6000, 6000]);
      assertEquals(counts, [6000]);
      assertEquals(await list(true), 6000); // changed meanwhile, so it is not stored
      assertEquals([await list(true), await list(true), await list(false)], [6001, 6001, 6001]);
      assertEquals(counts, [6000, 6000, 6001, 6001]);
    }));
}

Deno.test(
  "the counts of 300,000 uses are read and merged without stopping the event loop",
  options,
  () =>
    withStore(async (cache) => {
      const rows = new Uint8Array(300_000 * 48);
      const view = new DataView(rows.buffer);
      for (let i = 0; i < 300_000; i++) {
        view.setUint32(i * 48, i);
        view.setFloat64(i * 48 + 32, 1);
        view.setFloat64(i * 48 + 40, 1_700_000_000_000);
      }
      Deno.writeFileSync(`${cache.layout.usage}/1-${crypto.randomUUID()}.log`, rows);
      assertEquals(assertTurned(await watchLoop(() => cache.usage.read()), "read").size, 300_000);
      assertTurned(await watchLoop(() => cache.usage.merge(() => true)), "merge");
      assertEquals((await cache.usage.read()).size, 300_000);
    }),
);

Deno.test(
  "lists, graphs and prunes of 2,000 entries let the event loop turn",
  options,
  () =>
    withStore(async (cache, dir) => {
      const release = cache.use();
      for (let at = 0; at < 2000; at += 500) {
        await Promise.all(Array.from({ length: 500 }, (_, i) => store(cache, at + i, { fname: `f${i % 7}` })));
      }
      const entries = assertTurned(await watchLoop(() => cacheList(dir)), "list");
      assertEquals(new Set(entries.map(({ key }) => key)).size, 2000);
      const times = entries.map(({ created }) => created.getTime());
      assertEquals(times, times.toSorted((a, b) => b - a));
      assertEquals(assertTurned(await watchLoop(() => cacheStats(dir)), "stats").entries, 2000);
      const nodes = assertTurned(await watchLoop(() => cacheTreeNodes(dir)), "nodes");
      assert(nodes.has(`f0:${keyOf(0)}`));
      const json = assertTurned(await watchLoop(() => cacheTreeToJson(dir)), "json");
      assertEquals(json, JSON.stringify(JSON.parse(json), null, 2));
      const html = assertTurned(await watchLoop(() => plotCacheGraph(dir, { format: "html" })), "html");
      assertEquals(JSON.parse(/id="data">(.*?)<\/script>/s.exec(html)![1]!).calls.length, 2000);
      const saved = `${dir}/../graph.json`;
      assertTurned(await watchLoop(() => cacheTreeSave(saved, dir)), "save");
      assertEquals(assertTurned(await watchLoop(() => cacheTreeLoad(saved, `${dir}/../other`)), "load"), 2000);
      assertEquals(assertTurned(await watchLoop(() => cacheVerify(dir)), "verify").problems, []);
      const { removed } = assertTurned(await watchLoop(() => cachePrune(dir, { maxBytes: 0 })), "prune");
      assertEquals(removed, 2000);
      release();
    }),
);

Deno.test(
  "clear() of a database of more than 16 MiB does not stop the event loop",
  options,
  () =>
    withStore(async (cache) => {
      const release = cache.use();
      // The name is in the record too.
      const name = (i: number) => `${i}`.padEnd(50_000, "x");
      for (let at = 0; at < 360; at += 60) {
        await Promise.all(Array.from({ length: 60 }, (_, i) => store(cache, name(at + i), { value: `${at + i}` })));
      }
      const bytes = Deno.statSync(cache.layout.meta).size + Deno.statSync(`${cache.layout.meta}-wal`).size;
      assert(bytes > 17_000_000, `${bytes} bytes`);
      const { removed } = assertTurned(await watchLoop(() => clear(cache)), "clear");
      assertEquals(removed, 360);
      assert(Deno.statSync(cache.layout.meta).size < 1_000_000, "the disk has its space back");
      await store(cache, "new");
      assertEquals((await Array.fromAsync(cache.records.summaries())).length, 1);
      release();
    }),
);

Deno.test(
  "sortInTurns() sorts as sort() does, equal items in their order, and lets the event loop turn",
  options,
  async () => {
    for (const length of [0, 1, 2, 2048, 2049, 5000, 300_000]) {
      const items = Array.from({ length }, (_, at) => ({ at, rank: Math.floor(Math.random() * length / 3) }));
      const sorted = assertTurned(
        await watchLoop(() => sortInTurns(items, (a, b) => a.rank - b.rank)),
        `${length} items`,
      );
      assertEquals(sorted.map(({ at }) => at), items.toSorted((a, b) => a.rank - b.rank).map(({ at }) => at));
    }
  },
);
