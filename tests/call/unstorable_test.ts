/** A result that no copy can stand for is returned and not stored, and that is said in every process that meets it. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import type { CacheOptions } from "@bimsb/cachepy";
import { Project } from "../support/project.ts";
import { filesBelow, Rig } from "../support/rig.ts";
import { UNSTORABLE } from "../support/unstorable.ts";

class Point {
  #x: number;
  constructor(x: number) {
    this.#x = x;
  }
  norm(): number {
    return Math.abs(this.#x);
  }
}

const MAIN = `
import { cacheFile } from "@bimsb/cachepy";
import { UNSTORABLE } from ${JSON.stringify(new URL("../support/unstorable.ts", import.meta.url).href)};

const failed: Record<string, [path: string | null, detail: string][]> = {};
let kind = "";
let runs = 0;
let made: unknown;
const cached = cacheFile("cache", {
  // What they make is a matter of this test alone.
  track: "source",
  onEvent: (event) => {
    if (event.kind === "run") runs++;
    if (event.kind === "stored" || event.kind === "hit") throw new Error(kind + ": " + event.kind);
    if (event.kind === "save-failed") (failed[kind] ??= []).push([event.path, event.detail]);
  },
});
const top = cached(async function top(kind: string) {
  return made = await UNSTORABLE[kind]!.make();
});
const nested = cached(async function nested(kind: string) {
  return made = { rows: [{ value: await UNSTORABLE[kind]!.make() }] };
});
const differing: string[] = [];
for (kind of Object.keys(UNSTORABLE)) {
  for (const step of [top, nested]) {
    if (await step(kind) !== made || await step.has(kind)) differing.push(kind);
  }
}
console.log(JSON.stringify({ runs, differing, failed }));`;

Deno.test("each kind is the very value, is not stored, and is named with path and remedy in every process", async () => {
  await using project = await Project.create({ "main.ts": MAIN });
  const kinds = Object.entries(UNSTORABLE);
  for (const round of ["the first process", "the second process"]) {
    const outcome = await project.run("main.ts");
    const { runs, differing, failed } = outcome.json<{
      runs: number;
      differing: string[];
      failed: Record<string, [string, string][]>;
    }>();
    assertEquals([runs, differing], [2 * kinds.length, []], `${round}: ${outcome.stderr}`);
    for (const [kind, { got, at = "" }] of kinds) {
      assertEquals(failed[kind]?.map(([path]) => path), [`result${at}`, `result.rows[0].value${at}`], kind);
      for (const [path, detail] of failed[kind]!) {
        assertMatch(detail, got);
        const warning = `the result is returned and not stored: ${detail}`;
        assert(detail.startsWith(`Cannot store ${path}: got `), detail);
        assert(outcome.stderr.includes(warning), `${round}: ${warning}`);
      }
    }
  }
  const results = await filesBelow(join(project.folder, "cache"));
  assertEquals(results.filter((name) => name.includes("blobs")), [], "no bytes of a result");
});

Deno.test("a function that returned an instance returns one from the next run on, nothing but a warning tells", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";
class Point {
  #x: number;
  constructor(x: number) { this.#x = x; }
  norm() { return Math.abs(this.#x); }
}
const point = cacheFile("cache")(function point(x: number) { return { last: new Point(x) }; });
for (const x of [-1, -2]) console.log((await point(x)).last.norm());`,
  });
  for (let round = 0; round < 2; round++) {
    const { stdout, stderr } = await project.run("main.ts");
    assertEquals(stdout, "1\n2\n");
    assertEquals(stderr.split("\n").filter((line) => line.startsWith("cachepy")), [
      "cachepy: warning: point: the result is returned and not stored: Cannot store result.last: got an instance of " +
      "Point, which has private members; return plain data, such as its fields, or name a codec for it in the option codecs",
    ]);
  }
});

Deno.test("concurrent callers of a result that no copy can stand for get the very value; of plain data, copies", async () => {
  await using rig = await Rig.open();
  const point = rig.cached()(async function point(x: number) {
    await Promise.resolve();
    return { at: new Point(x) };
  });
  const points = await Promise.all([point(-1), point(-1), point(-1)]);
  assertEquals(points.map(({ at }) => at instanceof Point && at.norm()), [1, 1, 1]);
  const plain = rig.cached({ readOnly: false, maxBytes: 1 })(async function plain(x: number) {
    await Promise.resolve();
    return { at: [x], error: new RangeError("m") };
  });
  const [first, second] = await Promise.all([plain(1), plain(1)]);
  assert(first !== second);
  assertEquals([second.at, second.error.stack], [[1], first.error.stack]);
});

Deno.test("a call around one that returns an instance is right, and never stale", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("x.txt", "-1");
  const inner = rig.cached()(async function inner(path: string) {
    return new Point(Number(await Deno.readTextFile(path)));
  });
  const outer = rig.cached()(async function outer(path: string) {
    return (await inner(path)).norm();
  });
  assertEquals([await outer(path), await outer(path)], [1, 1]);
  assertEquals(rig.runs("outer"), 2);
  await rig.write("x.txt", "-7");
  assertEquals(await outer(path), 7);
});

Deno.test("with({ skipSave }), with({ load: false }), with({ force }), has() and why() take it as never stored", async () => {
  await using rig = await Rig.open();
  let made: unknown;
  const point = rig.cached({ track: "source" })(function point(x: number) {
    return made = new Point(x);
  });
  for (const options of [{}, { skipSave: true }, { load: false }, { force: true }]) {
    assertStrictEquals(await point.with(options)(1), made);
    assertEquals([await point.has(1), (await point.why(1)).outcome], [false, "miss"]);
  }
  assertEquals([rig.runs(), rig.of("stored").length, rig.of("save-failed").length], [4, 0, 3]);
});

Deno.test("a large typed array of a hit has a buffer that holds nothing else", async () => {
  await using rig = await Rig.open();
  const bytes = rig.cached()(function bytes(length: number) {
    return new Uint8Array(length).fill(7);
  });
  for (let round = 0; round < 3; round++) {
    const { byteOffset, buffer } = await bytes(100_000);
    assertEquals([byteOffset, buffer.byteLength, new Uint8Array(buffer).every((byte) => byte === 7)], [
      0,
      100_000,
      true,
    ]);
    new Uint8Array(buffer).fill(round); // the next one is not this one
  }
  assertEquals(rig.runs(), 1);
});

/** Ways in which a result of plain data is not stored. */
const UNSAVED: Record<string, CacheOptions> = {
  "skipSave": {},
  "readOnly": { readOnly: true },
  "a result larger than maxBytes": { maxBytes: 10 },
};

for (const [way, options] of Object.entries(UNSAVED)) {
  Deno.test(`${way}: callers that share a run get the value, whatever the others do with theirs`, async () => {
    await using rig = await Rig.open();
    const wrapped = rig.cached(options)(async function load(round: number) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { round, list: [1, 2, 3], bytes: new Uint8Array(1 << 17) };
    });
    const load = way === "skipSave" ? wrapped.with({ skipSave: true }) : wrapped;
    for (const round of [0, 1, 2]) {
      const results = await Promise.all([0, 1, 2, 3].map(async (caller) => {
        const value = await load(round);
        const got = JSON.stringify([value.round, value.list, value.bytes[0]]);
        value.list.push(caller);
        value.bytes.fill(7);
        value.round = NaN;
        return got;
      }));
      assertEquals(results, Array(4).fill(JSON.stringify([round, [1, 2, 3], 0])));
    }
    assertEquals(rig.runs(), 3);
  });
}

Deno.test("a stored outer call is right that shared an inner run whose first caller changed the value", async () => {
  await using rig = await Rig.open();
  const numbers = rig.cached()(async function numbers(last: number) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return [1, 2, 3, last];
  });
  const sum = rig.cached()(async function sum(last: number) {
    return (await numbers(last)).reduce((a, b) => a + b, 0);
  });
  const first = numbers.with({ skipSave: true })(4).then((value) => value.length = 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(await sum(4), 10);
  await first;
  assertEquals(await sum(4), 10);
});
