import { assert, assertEquals } from "@std/assert";
import { cacheTreeReset } from "../../src/manage/graph/transfer.ts";
import { allCalls, reportOnCache } from "../../src/manage/report.ts";
import { setProjectRoot } from "../../src/options/project.ts";
import type { Cache } from "../../src/store/cache_dir.ts";
import { file, record, type RecordInput } from "../support/records.ts";
import { seed, tempFolder, withResult } from "../support/seeded_cache.ts";

/** A test with a cache, and what adds an entry with a result of its own. */
function testIn(
  name: string,
  test: (dir: string, cache: Cache, add: (input: RecordInput, result: unknown) => Promise<string>) => Promise<void>,
): void {
  Deno.test(name, async () => {
    using folder = tempFolder(true);
    setProjectRoot(folder.path);
    try {
      const dir = `${folder.path}/.cachepy`;
      const cache = await seed(dir);
      const add = async (input: RecordInput, result: unknown) => {
        const entry = await withResult(cache, record(input), result);
        await cache.records.commit(entry);
        cache.usage.record(entry.key);
        return entry.key;
      };
      await test(dir, cache, add);
    } finally {
      setProjectRoot(null);
    }
  });
}

testIn(
  "reportOnCache() tells times, sizes and hits, and names the functions where caching loses",
  async (dir, _, add) => {
    const rows = Array.from({ length: 2_000 }, (_, at) => ({ at, name: `row ${at}` }));
    for (let at = 0; at < 7; at++) {
      await add({ fname: "slow", key: `s${at}`, computeMs: 60_000 + at, createdMs: at }, rows);
      await add({ fname: "quick", key: `q${at}`, computeMs: 0, createdMs: at }, rows);
    }
    const report = await reportOnCache(dir);
    assertEquals([report.entries, report.hits, report.savedMs], [14, 14, 420_021]);
    assertEquals(report.functions.map(({ fname, loses }) => [fname, loses]), [["slow", false], ["quick", true]]);
    const [slow, quick] = report.functions;
    assertEquals([slow!.typicalMs, quick!.typicalMs], [60_004, 0], "of the newest five, the one in the middle");
    assert(slow!.loadMs! > 0 && quick!.loadMs! > 0);
    assertEquals([report.oldest, report.newest], ["1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.006Z"]);
  },
);

testIn(
  "reportOnCache() measures nothing where a result is gone, and says what was not stored",
  async (dir, cache, add) => {
    await add({ fname: "gone", key: "g", computeMs: 5 }, "result");
    const [node] = (await allCalls(dir)).values();
    Deno.removeSync(node!.outfile);
    const what = { fname: "connect", functionId: "connect @ src/db.ts" };
    cache.unstored.note(what, "Cannot store result: got a socket", 5_000);
    cache.unstored.flush();
    const report = await reportOnCache(dir);
    assertEquals(report.functions.map(({ loadMs, loses }) => [loadMs, loses]), [[null, false]]);
    assertEquals(report.unstored, [{
      fname: "connect",
      calls: 1,
      detail: "Cannot store result: got a socket",
      last: "1970-01-01T00:00:05.000Z",
    }]);
  },
);

testIn("allCalls() has the entries that the graph lost, and each call once", async (dir, _, add) => {
  const key = await add({ fname: "load", key: "k", files: [file("a.csv", "a")] }, 1);
  const before = await allCalls(dir);
  assertEquals([...before.keys()], [`load:${key}`]);
  await cacheTreeReset(dir);
  const after = await allCalls(dir);
  assertEquals([...after.values()].map(({ id, files, outfile }) => [id, files.length, outfile]), [
    [`load:${key}`, 1, before.get(`load:${key}`)!.outfile],
  ]);
});

Deno.test("a folder without a cache has an empty report, and stays as it is", async () => {
  using folder = tempFolder();
  const report = await reportOnCache(`${folder.path}/none`);
  assertEquals([report.entries, report.functions, report.unstored, report.oldest], [0, [], [], null]);
  assertEquals((await allCalls(`${folder.path}/none`)).size, 0);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});
