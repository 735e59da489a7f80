import { assert, assertEquals } from "@std/assert";
import { prune } from "../../src/store/bound/prune.ts";
import { chooseCheapest, Inflation } from "../../src/store/bound/cheapest.ts";
import { SizeBound } from "../../src/store/bound/size_bound.ts";
import type { Cache } from "../../src/store/cache_dir.ts";
import { clear } from "../../src/store/clear.ts";
import { keyOf, load, store, valueOf, withStore } from "../support/store_rig.ts";

const DAY_MS = 86_400_000;
const NOW = 2_000_000_000_000;

async function names(cache: Cache): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of cache.records.summaries()) {
    found.push((await cache.records.get(key))!.values[0]!.preview!);
  }
  return found.sort();
}

Deno.test("prune() removes what was not used for 30 days, by last use, not by age", () =>
  withStore(async (cache) => {
    await store(cache, "old", { createdMs: NOW - 31 * DAY_MS });
    await store(cache, "old but used", { createdMs: NOW - 300 * DAY_MS });
    await store(cache, "young", { createdMs: NOW - 29 * DAY_MS });
    cache.usage.record(keyOf("old but used"), NOW - DAY_MS);
    const dry = await prune(cache, { now: NOW, dryRun: true });
    assertEquals(dry, { removed: 1, freedBytes: valueOf("old").length });
    assertEquals((await names(cache)).length, 3);
    assertEquals(await prune(cache, { now: NOW }), dry);
    assertEquals(await names(cache), ["old but used", "young"]);
    assertEquals(await prune(cache, { now: NOW, daysOld: 0.5, fname: "other" }), { removed: 0, freedBytes: 0 });
    assertEquals((await prune(cache, { now: NOW, daysOld: 2 })).removed, 1);
    assertEquals(await names(cache), ["old but used"]);
  }));

Deno.test("prune() to a size keeps what is dear to compute, small, used often and used lately", () =>
  withStore(async (cache) => {
    const value = "x".repeat(10_000);
    const at = (i: number) => ({ createdMs: NOW - 1000 + i, value: value + i });
    await store(cache, "cheap", { ...at(1), computeMs: 1 });
    await store(cache, "dear", { ...at(2), computeMs: 5000 });
    await store(cache, "large", { createdMs: NOW - 997, value: value.repeat(9), computeMs: 400 });
    await store(cache, "often", { ...at(4), computeMs: 100 });
    await store(cache, "seldom", { ...at(5), computeMs: 100 });
    for (let i = 0; i < 50; i++) cache.usage.record(keyOf("often"), NOW);
    const { removed } = await prune(cache, { now: NOW, maxBytes: 20_100 });
    assertEquals(removed, 3);
    assertEquals(await names(cache), ["dear", "often"]);
  }));

Deno.test("prune() by size alone leaves old entries that fit", () =>
  withStore(async (cache) => {
    await store(cache, "old", { createdMs: 1000 });
    assertEquals((await prune(cache, { now: NOW, maxBytes: 1_000_000 })).removed, 0);
    assertEquals((await prune(cache, { now: NOW, maxBytes: 1_000_000, daysOld: 30 })).removed, 1);
  }));

Deno.test("chooseCheapest() lets entries age: what was used after an eviction outlives what was used before it", () =>
  withStore(async (cache) => {
    const inflation = new Inflation(cache.layout, false);
    inflation.raise(5, 2000);
    inflation.raise(3, 3000);
    assertEquals([inflation.at(1999), inflation.at(2000), inflation.at(9999)], [0, 5, 5]);
    const entry = (name: string, createdMs: number, computeMs: number) => ({
      key: keyOf(name),
      fname: "f",
      functionId: "f",
      createdMs,
      sizeBytes: 1000,
      computeMs,
    });
    const entries = [entry("before", 1000, 4000), entry("after", 2500, 10)];
    const choose = async (given: Inflation | { at(): number }) =>
      (await chooseCheapest(entries, { maxBytes: 1000, usage: new Map(), inflation: given })).entries
        .map(({ key }) => key);
    assertEquals(await choose({ at: () => 0 }), [keyOf("after")]);
    assertEquals(await choose(new Inflation(cache.layout, true)), [keyOf("before")]);
  }));

Deno.test("prune() leaves an entry alone that is being computed", () =>
  withStore(async (cache) => {
    await store(cache, "a", { createdMs: 1000 });
    const lease = await cache.lock(keyOf("a"), { fname: "load" });
    assertEquals((await prune(cache, { now: NOW })).removed, 0);
    assert(Deno.statSync(`${cache.layout.locks}/${keyOf("a")}.lock`).isFile);
    lease!.release();
    assertEquals((await prune(cache, { now: NOW })).removed, 1);
  }));

Deno.test("prune() removes what killed processes left, and nothing that is in use", () =>
  withStore(async (cache) => {
    await store(cache, "a");
    Deno.writeTextFileSync(`${cache.layout.tmp}/123-00000000-0000-4000-8000-000000000000`, "half a blob");
    Deno.writeTextFileSync(`${cache.layout.locks}/${keyOf("b")}.lock`, "");
    Deno.writeTextFileSync(`${cache.layout.locks}/${keyOf("b")}.computing`, "{}");
    Deno.writeTextFileSync(`${cache.layout.locks}/${keyOf("c")}.computing.new`, "{}");
    using writing = Deno.openSync(`${cache.layout.tmp}/456-00000000-0000-4000-8000-000000000000`, {
      write: true,
      create: true,
    });
    writing.tryLockSync(true);
    const { digest } = await cache.blobs.write([new Uint8Array(10)]);
    Deno.utimeSync(cache.blobs.pathOf(digest), 1000, 1000);
    const fresh = await cache.blobs.write([new Uint8Array(11)]);
    const swept: unknown[] = [];
    await prune(cache, { onSwept: (found) => swept.push(found) });
    assertEquals(swept, [{ files: 2, bytes: "half a blob".length + 10 }]);
    assertEquals(Array.from(Deno.readDirSync(cache.layout.tmp), ({ name }) => name), [
      "456-00000000-0000-4000-8000-000000000000",
    ]);
    assertEquals([...Deno.readDirSync(cache.layout.locks)], []);
    assertEquals([cache.blobs.has(digest), cache.blobs.has(fresh.digest)], [false, true]);
    assertEquals(await load(cache, "a"), valueOf("a"));
  }));

Deno.test("a bound on the size holds while entries are added, and keeps the dear ones", () =>
  withStore(async (cache) => {
    const maxBytes = 200_000;
    using _open = { [Symbol.dispose]: cache.use() };
    const bound = new SizeBound(cache, maxBytes);
    await store(cache, "dear", { value: "d".repeat(1000), computeMs: 60_000 });
    await bound.committed(1000);
    let removals = 0;
    for (let i = 0; i < 100; i++) {
      await store(cache, i, { value: `${i}`.padEnd(5000, "x"), computeMs: 1 });
      if (await bound.committed(5000) !== null) removals++;
      let total = 0;
      for await (const { sizeBytes } of cache.blobs.list()) total += sizeBytes;
      assert(total <= maxBytes, `${total}`);
    }
    assert(removals > 3 && removals < 50, `${removals}`);
    assertEquals(await load(cache, "dear"), "d".repeat(1000));
  }));

Deno.test("clear() leaves an empty cache that works", () =>
  withStore(async (cache) => {
    const generation = cache.generation();
    for (let i = 0; i < 20; i++) await store(cache, i);
    cache.usage.record(keyOf(1));
    const total = (await Array.fromAsync(cache.blobs.list())).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    assertEquals(await clear(cache), { removed: 20, freedBytes: total });
    assert(cache.generation() !== generation);
    assertEquals(await names(cache), []);
    assertEquals(await Array.fromAsync(cache.records.nodes()), []);
    assertEquals(await Array.fromAsync(cache.blobs.list()), []);
    assertEquals((await cache.usage.read()).size, 0);
    const rows = await cache.records.garbage.handle.run((kv) => Array.fromAsync(kv.list({ prefix: [] })));
    assertEquals(rows.map(({ key }) => key), [["era"]]);
    await store(cache, 1);
    assertEquals(await load(cache, 1), valueOf(1));
    assertEquals((await cache.records.get(keyOf(1)))!.parts.length, 1);
  }));
