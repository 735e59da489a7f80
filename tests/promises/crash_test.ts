import { assert, assertEquals } from "@std/assert";
import { openCache } from "../../src/store/cache_dir.ts";
import { prune } from "../../src/store/bound/prune.ts";
import { verify } from "../../src/manage/verify/verify.ts";
import { child, load, valueOf, withFolder, withStore } from "../support/store_rig.ts";

/** Rounds of 100 kills each. */
const ROUNDS = Number(Deno.env.get("CACHEPY_CRASH_ROUNDS") ?? 2);

const SIZES = [10, 3000, 80_000];

Deno.test(`${ROUNDS * 100} writers killed at any moment lose nothing that was committed and leave nothing wrong`, () =>
  withFolder(async (folder) => {
    const dir = `${folder}/cache`;
    let kills = 0;
    let committed = 0;
    const seen: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Each supervisor has one writer at a time, in a process of its own, and kills it.
      const outputs = await Promise.all(
        [0, 1].map((half) => child("store_killer.ts", [dir, `r${round}h${half}`, "50"]).output()),
      );
      for (const { stdout, stderr, code } of outputs) {
        assertEquals(code, 0, new TextDecoder().decode(stderr));
        const { killed, names } = JSON.parse(new TextDecoder().decode(stdout));
        kills += killed;
        seen.push(...names);
      }
    }
    const cache = await openCache(dir);
    const release = cache.use();
    for (const name of seen) {
      const i = Number(name.slice(name.lastIndexOf("-") + 1));
      assertEquals(await load(cache, name), valueOf(name).padEnd(SIZES[i % 3]!, "x"), name);
      committed++;
    }
    // Entries whose writer was killed before it could say so are either whole or not there.
    const first = await verify(cache, { repair: true, settleMs: 0 });
    for (const { kind, detail } of first.problems) {
      assert(["orphan-blob", "leftover-file"].includes(kind), `${kind}: ${detail}`);
    }
    assertEquals((await verify(cache, { settleMs: 0 })).problems, []);
    assertEquals([...Deno.readDirSync(cache.layout.tmp)], []);
    assertEquals([...Deno.readDirSync(cache.layout.locks)], []);
    release();
    cache.close();
    // deno-lint-ignore no-console -- the count is to be seen in the output of CI
    console.log(`${kills} writers killed, ${committed} committed entries checked, ${first.problems.length} leftovers`);
    assertEquals(kills, ROUNDS * 100);
    assert(committed > ROUNDS);
  }));

Deno.test("200 processes that write and read 1,000 entries of one cache lose nothing and see no wrong value", () =>
  withStore(async (cache, dir) => {
    let next = 0;
    const run = async () => {
      while (next < 200) {
        const i = next++;
        const { code, stdout, stderr } = await child("store_child.ts", ["mix", dir, "5", String(10_000 + i * 5)])
          .output();
        assertEquals(code, 0, new TextDecoder().decode(stderr));
        assertEquals(JSON.parse(new TextDecoder().decode(stdout)), { wrong: 0 });
      }
    };
    await Promise.all(Array.from({ length: 8 }, run));
    const release = cache.use();
    for (let i = 10_000; i < 11_000; i++) assertEquals(await load(cache, i), valueOf(i));
    assertEquals((await verify(cache, { settleMs: 0 })).problems, []);
    release();
  }));

Deno.test("prune beside processes that read and write gives no error and no wrong value", () =>
  withStore(async (cache, dir) => {
    const writers = [0, 1, 2, 3].map((i) =>
      child("store_child.ts", ["mix", dir, "100", String(20_000 + i * 5)]).output()
    );
    let isOver = false;
    const all = Promise.all(writers).finally(() => isOver = true);
    let removed = 0;
    const release = cache.use();
    while (!isOver) removed += (await prune(cache, { maxBytes: 500 })).removed;
    for (const { stdout, code, stderr } of await all) {
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      assertEquals(JSON.parse(new TextDecoder().decode(stdout)), { wrong: 0 });
    }
    assert(removed > 10);
    assertEquals((await verify(cache, { settleMs: 0 })).problems, []);
    release();
  }));
