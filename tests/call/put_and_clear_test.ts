import { assertEquals, assertRejects } from "@std/assert";
import { cacheClear, cacheFile, cacheStats, CacheTypeError } from "@bimsb/cachepy";
import { Rig } from "../support/rig.ts";

Deno.test("a result that is put in is a hit, is stale as a computed one, and replaces what was stored", async () => {
  await using rig = await Rig.open();
  let rate = 2;
  const rateNow = () => rate;
  const step = rig.cached({ dependsOnVars: () => ({ rate: rateNow() }) })(function step(x: number) {
    return { value: x * 10 };
  });
  assertEquals(await step.put([3], { value: 9 }), true);
  assertEquals([await step.has(3), await step(3), rig.runs()], [true, { value: 9 }, 0]);
  rate = 3;
  assertEquals([await step(3), rig.runs(), rig.missed], [{ value: 30 }, 1, "vars.rate: 2 → 3"]);
  await step.put([3], { value: 31 });
  assertEquals([await step(3), rig.runs()], [{ value: 31 }, 1]);
  assertEquals((await cacheStats(rig.cacheDir)).entries, 2);
});

Deno.test("files among the arguments of a result that is put in count", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "a");
  const read = rig.cached({ fileArgs: ["path"] })(async (path: string) => await Deno.readTextFile(path));
  await read.put([path], "seed");
  assertEquals([await read(path), rig.runs()], ["seed", 0]);
  await Deno.writeTextFile(path, "b");
  assertEquals([await read(path), rig.runs()], ["b", 1]);
});

Deno.test("an outer function that used an inner result runs again when another one is put in", async () => {
  await using rig = await Rig.open();
  const inner = rig.cached()(function inner(x: number) {
    return x + 1;
  });
  const outer = rig.cached()(async function outer(x: number) {
    return 10 * await inner(x);
  });
  assertEquals(await outer(1), 20);
  await inner.put([1], 5);
  assertEquals([await outer(1), rig.ran()], [50, ["inner", "outer", "outer"]]);
});

for (const how of ["force", "load: false", "forget", "clear", "cacheClear"] as const) {
  Deno.test(`an outer function is verified anew after an inner result was replaced by ${how}`, async () => {
    await using rig = await Rig.open();
    let answer = 1;
    const now = () => answer;
    const fetchNow = rig.cached({ ignoreCode: ["now"] })(function fetchNow(_url: string) {
      return now();
    });
    const mean = rig.cached()(async function mean(url: string) {
      return 10 * await fetchNow(url);
    });
    const report = rig.cached()(async function report(url: string) {
      return `mean ${await mean(url)}`;
    });
    const renew = async () => {
      if (how === "force") await fetchNow.with({ force: true })("u");
      else if (how === "load: false") await fetchNow.with({ load: false })("u");
      else if (how === "forget") await fetchNow.forget("u");
      else if (how === "clear") await fetchNow.clear();
      else await cacheClear(rig.cacheDir, { fname: "fetchNow" });
    };
    assertEquals(await report("u"), "mean 10");
    await renew();
    rig.forgetEvents();
    assertEquals(await report("u"), "mean 10");
    assertEquals(rig.ran().filter((name) => name !== "fetchNow"), [], "the same result makes nothing else run");
    answer = 2;
    await renew();
    assertEquals((await report.why("u")).outcome, "miss");
    assertEquals([await report("u"), await report("u")], ["mean 20", "mean 20"]);
  });
}

Deno.test("what cannot be stored cannot be put in, with the path of the value", async () => {
  await using rig = await Rig.open();
  const step = rig.cached()((x: unknown): unknown => x);
  const refused = await assertRejects(() => step.put([1], { on: () => 1 }), CacheTypeError);
  assertEquals(refused.path, "result.on");
  await assertRejects(() => step.put([Promise.resolve()], 1), CacheTypeError);
  await assertRejects(() => step.put(3 as unknown as [unknown], 1), CacheTypeError, "want an array of them");
  const reader = cacheFile(rig.cacheDir, { readOnly: true })((x: number) => x);
  assertEquals(await reader.put([1], 2), false);
});

Deno.test("clear() removes the entries of one function, whatever code it had, and no other's", async () => {
  await using rig = await Rig.open();
  const make = (rate: number) =>
    rig.cached()(function step(x: number) {
      return x * rate;
    });
  const other = rig.cached()((x: number) => x);
  const [two, three] = [make(2), make(3)];
  await Promise.all([two(1), two(2), three(1), other(1)]);
  assertEquals((await two.clear()).removed, 3);
  assertEquals([await two.has(1), await other.has(1)], [false, true]);
  rig.forgetEvents();
  await two(1);
  assertEquals(rig.runs(), 1);
});

Deno.test("after clear(), no entry of a function of equal code is used either", async () => {
  await using rig = await Rig.open();
  const first = rig.cached({ name: "first" })((x: number) => x + 1);
  const second = rig.cached({ name: "second" })((x: number) => x + 1);
  await first(1);
  assertEquals(await second.has(1), true);
  await second.clear();
  assertEquals(await second.has(1), false);
});

Deno.test("cacheClear() with fname removes the entries of that function alone; a misspelt option removes nothing", async () => {
  await using rig = await Rig.open();
  const [a, b] = ["a", "b"].map((name) => rig.cached({ name })((x: number) => [name, x]));
  await Promise.all([a!(1), a!(2), b!(1)]);
  await assertRejects(() => cacheClear(rig.cacheDir, { name: "a" } as object), CacheTypeError, "did you mean fname?");
  assertEquals((await cacheStats(rig.cacheDir)).entries, 3);
  assertEquals((await cacheClear(rig.cacheDir, { fname: "a" })).removed, 2);
  assertEquals([await a!.has(1), await b!.has(1)], [false, true]);
  assertEquals((await cacheClear(rig.cacheDir, { fname: "c" })).removed, 0);
  assertEquals((await cacheClear(rig.cacheDir)).removed, 1);
});

Deno.test("a result above maxEntryBytes is returned and not stored, which is said", async () => {
  await using rig = await Rig.open();
  const fill = rig.cached({ maxEntryBytes: "1KiB" })((count: number) => "x".repeat(count));
  assertEquals([(await fill(100)).length, (await fill(2000)).length, (await fill(2000)).length], [100, 2000, 2000]);
  assertEquals([rig.runs(), rig.of("stored").length], [3, 1]);
  assertEquals(rig.of("save-failed")[0]?.detail.includes("maxEntryBytes is 1024"), true);
});

Deno.test("where the folder of counts and marks was deleted, results are forced, forgotten and put in all the same", async () => {
  await using rig = await Rig.open();
  let answer = 1;
  const now = () => answer;
  const inner = rig.cached({ ignoreCode: ["now"] })(function inner() {
    return now();
  });
  const outer = rig.cached()(async function outer() {
    return 10 * await inner();
  });
  const remove = () => Deno.remove(rig.path("cache", "v1", "usage"), { recursive: true }).catch(() => {});
  assertEquals(await outer(), 10);
  answer = 2;
  await remove();
  await inner.with({ force: true })();
  assertEquals([await outer(), rig.of("save-failed")], [20, []]);
  answer = 3;
  await remove();
  assertEquals([await inner.forget(), await outer()], [true, 30]);
  await remove();
  assertEquals([await inner.put([], 4), await outer()], [true, 40]);
});

Deno.test("what is put in, forgotten or cleared while the call runs is not undone by that run", async () => {
  await using rig = await Rig.open();
  let release = () => {};
  const slow = rig.cached()(async function slow(x: number) {
    await new Promise<void>((resolve) => release = resolve);
    return x + 1;
  });
  const running = async (x: number) => {
    const result = slow(x);
    while (rig.kinds().at(-1) !== "miss") await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 10));
    return { result };
  };
  const put = await running(1);
  assertEquals(await slow.put([1], 100), true);
  release();
  assertEquals([await put.result, await slow(1)], [2, 100]);
  for (const [x, undo] of [[2, () => slow.clear()], [3, () => slow.forget(3)]] as const) {
    const { result } = await running(x);
    await undo();
    release();
    assertEquals([await result, await slow.has(x)], [x + 1, false]);
  }
});
