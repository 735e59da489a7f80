import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type CacheDecorator, cacheFile, cacheList, CacheTypeError } from "@bimsb/cachepy";
import { Rig } from "../support/rig.ts";
import { Project } from "../support/project.ts";

/** Waits until what was stored is older than a millisecond. */
const later = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Waits until something is true, as long as that takes. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await later();
}

Deno.test("a result older than maxAge is stale for the reason expired, and a younger one hits", async () => {
  await using rig = await Rig.open();
  const young = rig.cached({ maxAge: "1h" })(function step(x: number) {
    return x + 1;
  });
  assertEquals([await young(1), await young(1), rig.runs()], [2, 2, 1]);
  await later();
  const old = rig.cached({ maxAge: 1 })(function step(x: number) {
    return x + 1;
  });
  const report = await old.why(1);
  assertEquals([report.outcome, report.reasons[0]?.kind, await old.has(1)], ["miss", "expired", false]);
  assertMatch(report.summary, /^expired: [\d.]+ m?s old, maxAge 1.0 ms$/);
  assertEquals([await old(1), rig.runs()], [2, 2]);
  assertEquals(rig.of("miss").at(-1)?.reasons[0]?.kind, "expired");
  assertEquals([await young(1), rig.runs()], [2, 2], "options of age are no part of the key");
  assertEquals((await cacheList(rig.cacheDir)).length, 1);
});

Deno.test("the age of one call is bounded by with(), and by nothing else", async () => {
  await using rig = await Rig.open();
  const step = rig.cached()(function step(x: number) {
    return x + 1;
  });
  await step(1);
  await later();
  await step.with({ maxAge: "1 hour" })(1);
  assertEquals(rig.runs(), 1);
  await step.with({ maxAge: 1 })(1);
  assertEquals(rig.runs(), 2);
  await step(1);
  assertEquals(rig.runs(), 2);
});

Deno.test("an inner result that expires runs again, and its outer function only if it came out another", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  let answer = 1;
  const server = { ask: () => answer };
  const fetchNow = cached({ maxAge: 0, ignoreCode: ["server"] })(function fetchNow() {
    return server.ask();
  });
  const report = cached(async function report(title: string) {
    return `${title} ${await fetchNow()}`;
  });
  assertEquals(await report("rain"), "rain 1");
  await later();
  rig.forgetEvents();
  assertEquals([await report("rain"), rig.ran()], ["rain 1", ["fetchNow"]]);
  answer = 2;
  await later();
  rig.forgetEvents();
  assertEquals([await report("rain"), rig.ran()], ["rain 2", ["fetchNow", "report"]]);
  assertMatch(rig.of("miss")[1]?.summary ?? "", /^fetchNow ← expired/);
});

Deno.test("an age given for an inner call, or given to the inner function later, counts for the outer one", async () => {
  await using rig = await Rig.open();
  const inner = rig.cached()(function inner() {
    return 1;
  });
  const byCall = rig.cached()(async function byCall() {
    return await inner.with({ maxAge: 1 })() + 1;
  });
  await byCall();
  await later();
  rig.forgetEvents();
  await byCall();
  assertEquals(rig.ran(), ["inner"]);

  await using project = await Project.create({
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
const ran: string[] = [];
const cached = cacheFile("./cache", { onEvent: ({ kind, fname }) => void (kind === "run" && ran.push(fname)) });
const load = cached({})(function load() { return 1; });
const total = cached(async function total() { return await load() + 1; });
await total();
console.log(JSON.stringify(ran));
`,
  });
  assertEquals((await project.run("main.ts")).json<string[]>().sort(), ["load", "total"]);
  assertEquals((await project.run("main.ts")).json(), []);
  await project.edit("main.ts", "cached({})", "cached({ maxAge: 1 })");
  assertEquals((await project.run("main.ts")).json(), ["load"]);
});

Deno.test("with staleWhileRevalidate the old value comes at once, and a new one is stored behind", async () => {
  await using rig = await Rig.open({ maxAge: 1, staleWhileRevalidate: true });
  const runs = { made: 0 };
  const count = rig.cached({ ignoreCode: ["runs"] })(function count(x: number) {
    return x * 100 + ++runs.made;
  });
  const stored = (times: number) => until(() => rig.of("stored").length >= times);
  assertEquals(await count(1), 101);
  await later();
  assertEquals(await Promise.all([count(1), count(1)]), [101, 101]);
  await stored(2);
  assertEquals(rig.runs(), 2, "one run for both");
  assertEquals(rig.of("hit").every(({ isExpired }) => isExpired === true), true);
  await later();
  assertEquals(await count(1), 102);
  await stored(3);
  assertEquals(await count(2), 204, "what was never computed is computed");
});

Deno.test("an old value is used for its age alone, within its bound, and stays when it cannot be renewed", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "a");
  let fails = false;
  const isBroken = () => fails;
  const read = rig.cached({ maxAge: 1, staleWhileRevalidate: "1h", ignoreCode: ["isBroken"] })(
    async function read(path: string) {
      if (isBroken()) throw new Error("no answer");
      return await Deno.readTextFile(path);
    },
  );
  assertEquals(await read(path), "a");
  await later();
  fails = true;
  assertEquals(await read(path), "a");
  await until(() => rig.of("notice").some(({ detail }) => detail.includes("could not be renewed: ")));
  fails = false;
  await Deno.writeTextFile(path, "b");
  assertEquals(await read(path), "b", "an edited file is no matter of age");
  await later();
  const strict = rig.cached({ maxAge: 1, staleWhileRevalidate: 0 })(read.original);
  rig.forgetEvents();
  assertEquals(await strict(path), "b");
  assertEquals(rig.of("hit"), []);
});

Deno.test("a program waits for what it renews, and the next one has it", async () => {
  await using project = await Project.create({
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
const cached = cacheFile("./cache", { maxAge: 1, staleWhileRevalidate: true });
const load = cached(async function load() { return await Deno.readTextFile(Deno.env.get("SOURCE") ?? ""); });
const slow = cached({ observe: false })(async (x: number) => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return x + performance.timeOrigin;
});
console.log(JSON.stringify([await slow(1), load.name]));
`,
  });
  const value = async () => (await project.run("main.ts")).json<[number, string]>()[0];
  const first = await value();
  assertEquals(await value(), first);
  const third = await value();
  assert(third > first, `${third} is the value that the second program renewed`);
});

Deno.test("times and sizes are told by numbers and texts with units, and nothing else", () => {
  const use = (options: object) => (): CacheDecorator => cacheFile("./unused", options);
  for (const maxAge of [0, 1.5, Infinity, "500ms", "90 s", "30m", "12h", "7d", "2 weeks"]) use({ maxAge })();
  for (const maxAge of [-1, NaN, "soon", "12", "1y", null, true]) {
    const error = assertThrows(use({ maxAge }), CacheTypeError);
    assertEquals([error.code, error.path], ["ERR_OPTION_TYPE", "options.maxAge"]);
  }
  for (const maxBytes of [1, "2GiB", "500 MB", "1.5k", Infinity]) use({ maxBytes, maxEntryBytes: maxBytes })();
  for (const maxBytes of [0, "0", "much", "-1", "2 GiBs"]) {
    assertThrows(use({ maxBytes }), CacheTypeError, "2GiB");
    assertThrows(use({ maxEntryBytes: maxBytes }), CacheTypeError, "2GiB");
  }
});
