import { assert, assertEquals } from "@std/assert";
import { cacheStats } from "@bimsb/cachepy";
import { Rig } from "../support/rig.ts";
import { valueOf } from "../support/call_values.ts";
import { Crew } from "../support/call_worker.ts";

function bytesOfBlobs(dir: string): number {
  let total = 0;
  for (const { name: folder } of Deno.readDirSync(`${dir}/v1/blobs`)) {
    for (const { name } of Deno.readDirSync(`${dir}/v1/blobs/${folder}`)) {
      total += Deno.statSync(`${dir}/v1/blobs/${folder}/${name}`).size;
    }
  }
  return total;
}

Deno.test("maxBytes: the cache keeps under it while results are added, and dear results survive cheap ones", async () => {
  await using rig = await Rig.open({ maxBytes: 100_000 });
  const cached = rig.cached();
  const dear = cached(async function dear(n: number) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return valueOf(n, 2000);
  });
  const cheap = cached(function cheap(n: number) {
    return valueOf(n, 2000);
  });
  for (const n of [1, 2, 3]) await dear(n);
  let most = 0;
  for (let n = 0; n < 150; n++) {
    await cheap(n);
    most = Math.max(most, bytesOfBlobs(rig.cacheDir));
  }
  assert(most <= 100_000, `${most} bytes`);
  assert(rig.of("pruned").length > 0);
  rig.forgetEvents();
  for (const n of [1, 2, 3]) assertEquals(await dear(n), valueOf(n, 2000));
  assertEquals(rig.runs("dear"), 0);
});

Deno.test("maxBytes: a result larger than the bound is returned and not stored, and that is said", async () => {
  await using rig = await Rig.open({ maxBytes: 10_000 });
  const large = rig.cached()(function large(n: number) {
    return valueOf(n, 50_000);
  });
  assertEquals(await large(1), valueOf(1, 50_000));
  assertEquals((await cacheStats(rig.cacheDir)).entries, 0);
  assert(rig.of("save-failed").some(({ detail }) => detail.includes("maxBytes is 10000")));
});

Deno.test("pruning while 8 processes read and write takes nothing from them that they need", async () => {
  await using crew = await Crew.open();
  const workers = await crew.startAll(8);
  const pruner = await crew.start();
  let isOver = false;
  let removed = 0;
  const working = Promise.all(workers.map(async (worker) => {
    const wrong: string[] = [];
    for (let round = 0; round < 6; round++) {
      const each = Array.from({ length: 10 }, () => [Math.floor(Math.random() * 40), [10, 3000, 70_000][round % 3]!]);
      const { value } = await worker.do({ do: "calls", fn: "sized", each });
      const { values } = value as { values: unknown[] };
      for (const [i, found] of values.entries()) {
        const text = JSON.stringify(found);
        if (text !== JSON.stringify(valueOf(each[i]![0]!, each[i]![1]!))) wrong.push(text.slice(0, 500));
      }
    }
    return wrong;
  })).finally(() => isOver = true);
  while (!isOver) {
    const { value, error } = await pruner.do({ do: "prune", options: { maxBytes: 200_000 } });
    assertEquals(error, undefined);
    removed += (value as { removed: number }).removed;
  }
  assertEquals((await working).flat(), []);
  assert(removed > 10, `${removed}`);
  const { value } = await pruner.do({ do: "verify" });
  assertEquals((value as { problems: unknown[] }).problems, []);
});

Deno.test("an entry that is being computed and waited for stays through a prune to nothing", async () => {
  await using crew = await Crew.open();
  const [holder, waiter, pruner] = await crew.startAll(3);
  await holder!.call("slow", 1, 0);
  const again = holder!.do({ do: "call", fn: "slow", args: [2, 500] });
  while (crew.runs("slow-2") === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const waiting = waiter!.call("slow", 2, 0);
  await pruner!.do({ do: "prune", options: { maxBytes: 0 } });
  assertEquals((await again).value, valueOf(2, 10));
  assertEquals((await waiting).value, valueOf(2, 10));
  assertEquals(crew.runs("slow-2"), 1);
});
