import { assertEquals } from "@std/assert";
import { type Cache, openCache } from "../../src/store/cache_dir.ts";
import { listRows } from "../../src/store/database/kv_rows.ts";
import { verify } from "../../src/manage/verify/verify.ts";
import { keyOf, store, withFolder, withStore } from "../support/store_rig.ts";

const HOUR_MS = 3_600_000;

async function rowsAt(cache: Cache, prefix: string): Promise<Deno.KvEntry<unknown>[]> {
  return await Array.fromAsync(listRows(cache.records.garbage.handle, { prefix: [prefix] }));
}

async function listedKeys(cache: Cache): Promise<string[]> {
  return (await Array.fromAsync(cache.records.summaries())).map(({ key }) => key).sort();
}

const keysOf = (names: readonly (string | number)[]) => names.map((name) => keyOf(name) as string).sort();
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Makes the pages look as if their writers had begun them hours ago. */
async function age(cache: Cache): Promise<void> {
  for (const { key, value } of await rowsAt(cache, "s")) {
    const old = [key[0]!, key[1]!, (key[2] as number) - 3 * HOUR_MS, key[3]!];
    await cache.records.writeRows([{ key }, { key: old, value }]);
  }
}

Deno.test("a process lists many entries in one row", () =>
  withStore(async (cache) => {
    await Promise.all(upTo(100).map((i) => store(cache, i)));
    assertEquals(await listedKeys(cache), keysOf(upTo(100)));
    assertEquals((await rowsAt(cache, "s")).length, 4);
  }));

Deno.test("an entry that was removed, replaced, or removed and stored again is listed as it is now, once", () =>
  withStore(async (cache) => {
    for (const name of upTo(5)) await store(cache, name, { createdMs: 1000 });
    await cache.records.remove([keyOf(0), keyOf(1)]);
    assertEquals(await listedKeys(cache), keysOf([2, 3, 4]));
    await store(cache, 1, { createdMs: 1000, computeMs: 7 });
    await store(cache, 2, { createdMs: 1000, computeMs: 8 });
    await store(cache, 3, { createdMs: 2000, computeMs: 9 });
    const listed = await Array.fromAsync(cache.records.summaries());
    assertEquals(new Map(listed.map(({ key, computeMs }) => [key, computeMs])).size, listed.length);
    assertEquals(listed.map(({ computeMs }) => computeMs).sort((a, b) => a - b), [7, 8, 9, 12.5]);
    const recent = await cache.records.recent("load @ src/load.ts", 10);
    assertEquals(recent.map(({ key }) => key as string).sort(), keysOf([1, 2, 3, 4]));
    assertEquals((await verify(cache, { settleMs: 0 })).problems, []);
  }));

Deno.test("old pages are joined, dead entries and tombstones go, and nothing else changes", () =>
  withStore(async (cache) => {
    for (const name of upTo(12)) {
      await store(cache, name);
      // The next entry begins a page.
      await cache.records.beginEra();
    }
    assertEquals((await rowsAt(cache, "s")).length, 12);
    await cache.records.remove(upTo(4).map((name) => keyOf(name)));
    await age(cache);
    await cache.records.compactSummaries();
    assertEquals(await listedKeys(cache), keysOf(upTo(12).slice(4)));
    assertEquals([(await rowsAt(cache, "s")).length, (await rowsAt(cache, "x")).length], [1, 0]);
    assertEquals((await verify(cache, { settleMs: 0 })).problems, []);
  }));

Deno.test("pages that a process may still be writing are left alone, with their tombstones", () =>
  withStore(async (cache) => {
    for (const name of upTo(3)) await store(cache, name);
    await cache.records.remove([keyOf(0)]);
    await cache.records.compactSummaries();
    await store(cache, 3);
    assertEquals(await listedKeys(cache), keysOf([1, 2, 3]));
    assertEquals((await rowsAt(cache, "x")).length, 1);
  }));

Deno.test("what another process cleared does not come back with the next entry", () =>
  withFolder(async (folder) => {
    const [one, other] = [await openCache(folder), await openCache(folder, { durable: true })];
    for (const name of upTo(3)) await store(one, name);
    const { clear } = await import("../../src/store/clear.ts");
    assertEquals((await clear(other)).removed, 3);
    await store(one, "new");
    assertEquals(await listedKeys(other), keysOf(["new"]));
    one.close();
    other.close();
  }));

Deno.test("who stores, replaces, removes or clears the same entry at the same time leaves nothing of the loser", () =>
  withFolder(async (folder) => {
    const caches = [await openCache(folder), await openCache(folder, { durable: true })];
    const { clear } = await import("../../src/store/clear.ts");
    for (let round = 0; round < 150; round++) {
      await Promise.all(caches.flatMap((cache, side) => [
        store(cache, round % 3, { createdMs: 10 * round + side, value: `${side}` }),
        round % 50 === 9 ? clear(cache) : cache.records.remove([keyOf(round % 3)]),
        store(cache, round % 3, { createdMs: 10 * round + side + 5, fname: `f${side}` }),
      ]));
    }
    assertEquals((await verify(caches[0]!, { settleMs: 0 })).problems, []);
    for (const cache of caches) cache.close();
  }));
