import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { cacheFile, CacheTypeError, type StoredMeta } from "@bimsb/cachepy";
import { Rig } from "../support/rig.ts";

Deno.test("a stored result that validate refuses is a miss, with its reason; one that it takes hits", async () => {
  await using rig = await Rig.open();
  let isWanted = true;
  const asked: [unknown, StoredMeta][] = [];
  const step = rig.cached({ validate: (value, meta) => (asked.push([value, meta]), isWanted) })(
    function step(x: number) {
      return { sum: x + 1 };
    },
  );
  assertEquals([await step(1), asked.length], [{ sum: 2 }, 0], "a new result is not asked about");
  assertEquals([await step(1), rig.runs(), asked.length], [{ sum: 2 }, 1, 1]);
  const [value, meta] = asked[0]!;
  assertEquals([value, meta.fname, meta.key], [{ sum: 2 }, "step", await step.key(1)]);
  assertEquals([meta.created instanceof Date, meta.sizeBytes > 0, meta.computeMs >= 0], [true, true, true]);
  isWanted = false;
  assertEquals([await step.has(1), (await step.why(1)).reasons], [false, [{ kind: "refused" }]]);
  assertEquals([await step(1), rig.runs(), rig.missed], [{ sum: 2 }, 2, "validate refused the stored result"]);
  isWanted = true;
  assertEquals([await step(1), rig.runs()], [{ sum: 2 }, 2]);
});

Deno.test("validate gets a copy, may be asynchronous, and where it throws the function runs", async () => {
  await using rig = await Rig.open();
  let mode: "change" | "throw" = "change";
  const step = rig.cached({
    validate: async (value: { list: number[] }) => {
      await Promise.resolve();
      if (mode === "throw") throw new Error("no disk");
      return value.list.push(9) > 0;
    },
  })(function step(x: number) {
    return { list: [x] };
  });
  await step(1);
  assertEquals([await step(1), await step(1), rig.runs()], [{ list: [1] }, { list: [1] }, 1]);
  mode = "throw";
  assertEquals([await step(1), rig.runs()], [{ list: [1] }, 2]);
  assertThrows(() => cacheFile(rig.cacheDir, { validate: true } as object), CacheTypeError, "want a function");
});

Deno.test("an inner result that validate refuses runs again before its outer function hits", async () => {
  await using rig = await Rig.open();
  const draw = rig.cached({ validate: async (path: string) => (await Deno.stat(path).catch(() => null)) !== null })(
    async function draw(title: string) {
      const path = `${Deno.env.get("TMPDIR") ?? "/tmp"}/cachepy-${title}.txt`;
      await Deno.writeTextFile(path, title);
      return path;
    },
  );
  const page = rig.cached()(async function page(title: string) {
    return `<img src="${await draw(title)}">`;
  });
  const name = `validate-${crypto.randomUUID()}`;
  const first = await page(name);
  assertEquals(await page(name), first);
  assertEquals(rig.ran(), ["draw", "page"]);
  const path = /"(.+)"/.exec(first)![1]!;
  await Deno.remove(path);
  rig.forgetEvents();
  assertEquals([await page(name), rig.ran()], [first, ["draw"]]);
  assertMatch(await Deno.readTextFile(path), /^validate-/);
  await Deno.remove(path);
});
