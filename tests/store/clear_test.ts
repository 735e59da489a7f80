import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { clear } from "../../src/store/clear.ts";
import type { Cache } from "../../src/store/cache_dir.ts";
import { prune } from "../../src/store/bound/prune.ts";
import { tryChoreLock } from "../../src/store/locks/file_lock.ts";
import { pause } from "../../src/words/waiting.ts";
import { emptyRows } from "../../src/store/database/empty_rows.ts";
import { verify } from "../../src/manage/verify/verify.ts";
import { keyOf, load, store, valueOf, withStore } from "../support/store_rig.ts";
import { Crew } from "../support/call_worker.ts";
import { valueOf as sizedValueOf } from "../support/call_values.ts";

/** Moves all results aside, as a process does that is killed while it empties the cache. */
function leaveCleared({ layout }: Cache): string {
  const folder = `${layout.tmp}/cleared-${crypto.randomUUID()}`;
  Deno.mkdirSync(folder);
  for (const { name } of [...Deno.readDirSync(layout.blobs)]) {
    Deno.renameSync(`${layout.blobs}/${name}`, `${folder}/${name}`);
  }
  return folder;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

const TASKS: Readonly<Record<string, (cache: Cache) => Promise<unknown>>> = {
  clear: (cache) => clear(cache),
  prune: (cache) => prune(cache, { daysOld: 1 }),
  repair: (cache) => verify(cache, { repair: true, settleMs: 0 }),
};

for (const [name, task] of Object.entries(TASKS)) {
  Deno.test(`${name} deletes the results that a killed clear left, and puts back what an entry needs`, () =>
    withStore(async (cache) => {
      await store(cache, "needed");
      const { digest } = await cache.blobs.write([new TextEncoder().encode("garbage")]);
      const folder = leaveCleared(cache);
      assertEquals((await verify(cache, { settleMs: 0 })).problems.map(({ kind }) => kind), ["missing-blob"]);
      await task(cache);
      assert(!exists(folder));
      assertEquals(await load(cache, "needed"), name === "clear" ? null : valueOf("needed"));
      assert(!cache.blobs.has(digest));
      assertEquals((await verify(cache, { settleMs: 0 })).problems, []);
    }));

  Deno.test(`${name} deletes no file that the cache did not make, and follows no link, in what a killed clear left`, () =>
    withStore(async (cache, dir) => {
      await store(cache, "a");
      const folder = leaveCleared(cache);
      const place = [...Deno.readDirSync(folder)][0]!.name;
      Deno.writeTextFileSync(`${folder}/thesis.txt`, "mine");
      Deno.writeTextFileSync(`${folder}/${place}/thesis.txt`, "mine");
      Deno.mkdirSync(`${dir}/../victim`);
      Deno.writeTextFileSync(`${dir}/../victim/${"0".repeat(62)}.cbor`, "mine");
      Deno.symlinkSync(`${dir}/../victim`, `${folder}/0f`);
      await task(cache);
      assertEquals(Deno.readTextFileSync(`${dir}/../victim/${"0".repeat(62)}.cbor`), "mine");
      assertEquals(Deno.readTextFileSync(`${folder}/thesis.txt`), "mine");
      // It lay in a folder of blobs, so it is there again.
      assertEquals(Deno.readTextFileSync(`${cache.layout.blobs}/${place}/thesis.txt`), "mine");
    }));
}

Deno.test("clear() leaves a file that the cache did not make where it is, and deletes the results beside it", () =>
  withStore(async (cache) => {
    const { traces: [trace] } = await store(cache, "a");
    const mine = `${cache.blobs.pathOf(trace!.result).slice(0, -67)}/thesis.txt`;
    Deno.writeTextFileSync(mine, "mine");
    assertEquals((await clear(cache)).removed, 1);
    assertEquals(Deno.readTextFileSync(mine), "mine");
    assert(!cache.blobs.has(trace!.result));
    assertEquals([...Deno.readDirSync(cache.layout.tmp)], []);
  }));

Deno.test("a process that opens the cache deletes what a killed clear left, and one that ends at once is not kept from it", () =>
  withStore(async (cache, dir) => {
    await store(cache, "a");
    cache.close();
    const folder = leaveCleared(cache);
    const open = new URL("../../src/store/cache_dir.ts", import.meta.url).href;
    const run = async (code: string) => {
      const path = `${dir}/../${crypto.randomUUID()}.ts`;
      await Deno.writeTextFile(
        path,
        `import { openCache } from "${open}"; const cache = await openCache(Deno.args[0]); ${code}`,
      );
      const config = new URL("../../deno.json", import.meta.url).pathname;
      const args = ["run", "-A", "--no-check", "--unstable-kv", `--config=${config}`, path, dir];
      const { success, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
      assert(success, new TextDecoder().decode(stderr));
    };
    await run("await cache.records.era();");
    assert(exists(folder));
    await run(`for (let i = 0; i < 2000; i++) {
      try { Deno.lstatSync(${JSON.stringify(folder)}); } catch { Deno.exit(0); }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    Deno.exit(1);`);
    assertEquals(await load(cache, "a"), valueOf("a"));
  }));

Deno.test("clear() empties a cache by Deno.Kv where SQLite refuses", () =>
  withStore(async (cache) => {
    for (let i = 0; i < 5; i++) await store(cache, i, { fname: `f${i}` });
    cache.close();
    using database = new DatabaseSync(cache.layout.meta);
    database.exec(
      "CREATE TRIGGER refuse BEFORE UPDATE ON data_version WHEN NOT EXISTS (SELECT 1 FROM kv) " +
        "BEGIN SELECT RAISE(ABORT, 'refused'); END",
    );
    assertEquals((await clear(cache)).removed, 5);
    assertEquals(await Array.fromAsync(cache.records.nodes()), []);
    assertEquals((await verify(cache, { settleMs: 0 })).problems, []);
    await store(cache, "new");
    assertEquals(await load(cache, "new"), valueOf("new"));
  }));

Deno.test("emptyRows() deletes nothing from a database that is not as it expects", () =>
  withStore(async (cache) => {
    await store(cache, "a");
    const rows = { path: cache.layout.meta, patienceMs: 1000 };
    assertThrows(() => emptyRows({ ...rows, era: "00000000000000010000" }));
    await cache.records.beginEra();
    assertThrows(() => emptyRows({ ...rows, era: "00000000000000010000" }));
    assertEquals(await load(cache, "a"), valueOf("a"));
    const era = (await cache.records.era())!;
    assertEquals(emptyRows({ ...rows, era }), 1);
    const after = (await cache.records.era())!;
    assert(after > era);
    await store(cache, "b");
    assert((await cache.records.garbage.handle.get(["r", keyOf("b")])).versionstamp! > after);
  }));

Deno.test("a process that is still open stores and reads on after another one has cleared the cache", async () => {
  await using crew = await Crew.open();
  const [one, other] = await crew.startAll(2);
  for (let round = 0; round < 5; round++) {
    for (let n = 0; n < 10; n++) assertEquals((await one!.call("sized", n, 10)).value, sizedValueOf(n, 10));
    assertEquals(((await other!.do({ do: "clear" })).value as { removed: number }).removed, 10);
    for (let n = 0; n < 10; n++) {
      const { value, events } = await one!.call("sized", n, 10);
      assertEquals(value, sizedValueOf(n, 10));
      assertEquals(events.filter(({ kind }) => kind === "run").length, 1, "no hit of what was cleared");
    }
    assertEquals(((await other!.do({ do: "verify" })).value as { problems: unknown[] }).problems, []);
    await other!.do({ do: "clear" });
  }
});

Deno.test("8 processes that store, hit, prune and clear at once: every value right, no record without its result", async () => {
  await using crew = await Crew.open();
  const workers = await crew.startAll(8);
  await Promise.all(workers.map(async (worker, at) => {
    for (let step = 0; step < 40; step++) {
      if (at < 2 && step % 4 === 0) assertEquals((await worker.do({ do: "clear" })).error, undefined);
      else if (at === 2 && step % 5 === 0) {
        assertEquals((await worker.do({ do: "prune", options: { maxBytes: 20_000 } })).error, undefined);
      } else {
        const n = (step * 7 + at) % 30;
        const { value, error } = await worker.call("sized", n, [10, 3000, 70_000][n % 3]!);
        assertEquals([error, value], [undefined, sizedValueOf(n, [10, 3000, 70_000][n % 3]!)]);
      }
    }
  }));
  assertEquals(((await workers[0]!.do({ do: "verify" })).value as { problems: unknown[] }).problems, []);
});

Deno.test("clear() waits for another program that clears, and after some seconds says so", () =>
  withStore(async (cache) => {
    await store(cache, "one");
    const lock = tryChoreLock(`${cache.layout.locks}/clear.lock`)!;
    const said: unknown[] = [];
    const { console: shown } = globalThis;
    const { error } = shown;
    shown.error = (line) => void said.push(line);
    try {
      const cleared = clear(cache);
      await pause(2000);
      assertEquals(said, []);
      while (said.length === 0) await pause(50);
      lock.release();
      assertEquals((await cleared).removed, 1);
    } finally {
      shown.error = error;
    }
    assertEquals(said.length, 1);
    assertStringIncludes(String(said[0]), `Waiting for the program that holds ${cache.layout.locks}/clear.lock`);
  }));
