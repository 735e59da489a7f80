import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

/** Makers of one value of each kind that is kept. */
const KEPT = `
import { findDifference } from ${JSON.stringify(new URL("../support/clone_equality.ts", import.meta.url).href)};
import { cacheFile } from "@bimsb/cachepy";

const still = <E extends Error>(error: E): E => Object.assign(error, { stack: "here" });
const makers: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  NaN: () => NaN,
  "-0": () => -0,
  infinity: () => [Infinity, -Infinity, 5e-324, 2 ** 53],
  bigint: () => [2n ** 200n, -5n, 0n],
  string: () => ["", "a\\ud800b", "\\u0000", "\\u{1f30d}"],
  boxed: () => [Object(1), Object("s"), Object(false), Object(5n)],
  Map: () => new Map<unknown, unknown>([[{ a: 1 }, new Set([NaN])], ["k", new Map()], [NaN, -0]]),
  Set: () => new Set([-0, [1], "x"]),
  Date: () => [new Date(5), new Date(NaN)],
  RegExp: () => /a(b)/giu,
  Error: () => still(new RangeError("x", { cause: still(new TypeError("y")) })),
  DOMException: () => still(new DOMException("m", "AbortError")),
  "typed arrays": () => [
    new Float16Array([1.5, NaN]),
    new BigInt64Array([-1n]),
    new BigUint64Array([1n]),
    new Uint8ClampedArray([300]),
    new Float32Array([1.1]),
    new Float64Array([-0]),
    new Int16Array(3),
  ],
  "views of one buffer": () => {
    const buffer = new ArrayBuffer(16);
    return [new Uint8Array(buffer, 0, 4), new Float64Array(buffer, 8, 1), new DataView(buffer, 2, 3), buffer];
  },
  "a view with an offset": () => new Uint16Array(new Uint16Array([1, 2, 3, 4]).buffer, 2, 2),
  "resizable buffer": () => new ArrayBuffer(4, { maxByteLength: 16 }),
  holes: () => Object.assign([1, , 3], { length: 5, extra: "e" }),
  __proto__: () => JSON.parse('{ "__proto__": { "x": 1 }, "a": 2 }'),
  cycle: () => {
    const object: Record<string, unknown> = { map: new Map(), set: new Set() };
    object.self = object;
    (object.map as Map<unknown, unknown>).set(object, object.set);
    (object.set as Set<unknown>).add(object.map);
    return object;
  },
  shared: () => {
    const one = { v: 1 };
    return [one, one, new Map([[one, one]]), new Set([one])];
  },
  "a large typed array": () => new Float64Array(100_000).fill(0.5),
  rows: () => Array.from({ length: 5000 }, (_, i) => ({ i, name: "n" + i % 7, ok: i % 2 === 0, at: i % 3 ? i / 7 : null })),
};
let runs = 0;
const cached = cacheFile("cache", { onEvent: ({ kind }) => void (kind === "run" && runs++) });
const step = cached(function step(kind: string) {
  return makers[kind]!();
});
const differing: Record<string, string> = {};
for (const kind of Object.keys(makers)) {
  await step(kind);
  // Of a hit, in the first process too.
  const difference = findDifference(await step(kind), makers[kind]!());
  if (difference !== null) differing[kind] = difference;
}
console.log(JSON.stringify({ kinds: Object.keys(makers).length, runs, differing }));`;

Deno.test("results of every kind come back as they were, in the same process and in the next", async () => {
  await using project = await Project.create({ "main.ts": KEPT });
  const first: { kinds: number; runs?: number; differing?: object } = (await project.run("main.ts")).json();
  assertEquals(first, { kinds: first.kinds, runs: first.kinds, differing: {} });
  assertEquals((await project.run("main.ts")).json(), { kinds: first.kinds, runs: 0, differing: {} });
});

/** All kinds of the table, returned by a cached function and by one that calls it. */
const TABLE = `
import { findDifference } from ${JSON.stringify(new URL("../support/clone_equality.ts", import.meta.url).href)};
import { KEPT } from ${JSON.stringify(new URL("../support/kept.ts", import.meta.url).href)};
import { cacheFile } from "@bimsb/cachepy";

// Stacks have no lines that differ from process to process.
Error.stackTraceLimit = 0;
let runs = 0;
const events: string[] = [];
const cached = cacheFile("cache", {
  // What they make is a matter of this test alone.
  track: "source",
  onEvent: (event) => {
    if (event.kind === "run") runs++;
    if (event.kind === "save-failed") events.push(event.detail);
  },
});
const inner = cached(function inner(kind: string) {
  return KEPT[kind]!();
});
const outer = cached(async function outer(kind: string) {
  return { kind, value: await inner(kind) };
});
const differing: Record<string, string> = {};
for (const kind of Object.keys(KEPT)) {
  await outer(kind);
  const difference = findDifference(await outer(kind), { kind, value: KEPT[kind]!() }) ??
    findDifference(await inner(kind), KEPT[kind]!());
  if (difference !== null) differing[kind] = difference;
}
console.log(JSON.stringify({ kinds: Object.keys(KEPT).length, runs, differing, events }));`;

Deno.test("each kind of the table is stored, and comes back as it was in another process, through an outer call too", async () => {
  await using project = await Project.create({ "main.ts": TABLE });
  for (const round of [0, 1]) {
    const outcome = await project.run("main.ts");
    const { kinds, runs, differing, events } = outcome.json<
      Record<"kinds" | "runs" | "differing" | "events", unknown>
    >();
    assertEquals([runs, differing, events], [round === 0 ? 2 * (kinds as number) : 0, {}, []], outcome.stderr);
  }
});

Deno.test("a Blob, a File and 100,000 levels come back too", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";

let runs = 0;
const cached = cacheFile("cache", { onEvent: ({ kind }) => void (kind === "run" && runs++) });
const blob = cached(() => new Blob(["hello"], { type: "text/plain" }));
const file = cached(() => new File(["x"], "n.txt", { lastModified: 5, type: "a/b" }));
const deep = cached(function deep(levels: number) {
  let nest: unknown = "core";
  for (let level = 0; level < levels; level++) nest = [nest];
  return nest;
});
const [text, attached] = [await blob(), await file()];
let levels = 0;
for (let nest = await deep(100_000); Array.isArray(nest); nest = nest[0]) levels++;
console.log(JSON.stringify([
  [text instanceof Blob, text.type, await text.text()],
  [attached instanceof File, attached.name, attached.lastModified, attached.type, await attached.text()],
  levels,
  runs,
]));`,
  });
  const values = [[true, "text/plain", "hello"], [true, "n.txt", 5, "a/b", "x"], 100_000];
  const first = await project.run("main.ts");
  assertEquals(first.json(), [...values, 3], first.stderr);
  assertEquals(first.stderr.split("\n").filter((line) => line.startsWith("cachepy")), []);
  assertEquals((await project.run("main.ts")).json(), [...values, 0]);
});

Deno.test("what cannot be stored is returned as it is, and a warning names the path of the culprit and what it is", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";

class Secret {
  #key = 1;
  get key(): number {
    return this.#key;
  }
}
const makers: Record<string, () => unknown> = {
  fn: () => ({ a: [{ f: () => 1 }] }),
  symbol: () => new Map([["k", Symbol("x")]]),
  promise: () => ({ p: Promise.resolve(1) }),
  weak: () => [new WeakMap()],
  secret: () => ({ user: new Secret() }),
  stream: () => ({ body: new ReadableStream() }),
  response: () => new Response("x"),
  generator: () => [1].values(),
};
const failed: unknown[] = [];
const cached = cacheFile("cache", {
  onEvent: (event) => void (event.kind === "save-failed" && failed.push([event.path, /got (an? [^;,]*?)[;,]/.exec(event.detail)?.[1]])),
});
const step = cached(function step(kind: string) {
  return makers[kind]!();
});
const isOwn = [];
for (const kind of Object.keys(makers)) {
  let made: unknown;
  const make = makers[kind]!;
  makers[kind] = () => made = make();
  isOwn.push(await step(kind) === made && made !== undefined && !await step.has(kind));
}
console.log(JSON.stringify([isOwn.every(Boolean), failed]));`,
  });
  const outcome = await project.run("main.ts");
  assertEquals(outcome.json(), [true, [
    ["result.a[0].f", "a function"],
    ['result.get("k")', "a symbol that no other process has"],
    ["result.p", "a Promise"],
    ["result[0]", "a weak reference or collection"],
    ["result.user", "an instance of Secret"],
    ["result.body", "a stream"],
    ["result", "an object of the platform (Response)"],
    ["result", "an iterator or generator"],
  ]], outcome.stderr);
  const warnings = outcome.stderr.split("\n").filter((line) =>
    /^cachepy: warning: step: the result is returned and not stored: .*; (return plain data|use Symbol)/.test(line)
  );
  assertEquals(warnings.length, 8, outcome.stderr);
});

Deno.test("inputs that differ are different calls, in every process the same ones", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";

class Point {
  #z: number;
  constructor(public x: number, z: number) {
    this.#z = z;
  }
  get z(): number {
    return this.#z;
  }
}
const inputs: unknown[][] = [
  [0], [-0], [NaN], [1], ["1"], [1n], [true], [null], [[]], [{}], [[undefined]], [[,]], [new Map()], [new Set()],
  [new Map([[1, 2], [3, 4]])], [new Map([[3, 4], [1, 2]])], [new Set([1, 2])], [new Set([2, 1])], [[1, 2]],
  [new Uint8Array([1, 2])], [new Uint16Array([1, 2])], [new Uint8Array([1, 2]).buffer], [new Date(1)], [new Date(2)],
  [/a/], [/a/g], [new Error("a")], [new TypeError("a")], [new Point(1, 1)], [new Point(1, 2)], [new Point(2, 1)],
  [{ x: 1 }], [Object.assign(Object.create(null), { x: 1, y: 1 })], [(x: number) => x + 1], [(x: number) => x + 2],
  [new URL("https://a.b/c")], [new Blob(["a"])], [new Blob(["b"])], [Symbol.for("a")], [Symbol.iterator], ["a", "b"], ["ab"],
];
const step = cacheFile("cache")(function step(...input: unknown[]) {
  return input.length;
});
const keys = await Promise.all(inputs.map((input) => step.key(...input)));
const same = await Promise.all([[{ a: 1, b: { c: 2, d: 3 } }], [{ b: { d: 3, c: 2 }, a: 1 }]].map((input) => step.key(...input)));
console.log(JSON.stringify([keys, new Set(keys).size === keys.length, new Set(same).size === 1]));`,
  });
  const [first, second] = await Promise.all([project.run("main.ts"), project.run("main.ts")]);
  assertEquals(first.json<unknown[]>().slice(1), [true, true], first.stderr);
  assertEquals(first.stdout, second.stdout);
});
