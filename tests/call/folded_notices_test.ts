import { assertEquals, assertStringIncludes } from "@std/assert";
import { foldNotices } from "../../src/call/prepare.ts";
import { Project } from "../support/project.ts";

const leftOut = (name: string, module = "a.ts") => `left out: ${name} @ ${module}, state that the code writes`;
const inside = (name: string) => `not tracked: the inside of a captured ${name}, which counts by its kind alone`;

Deno.test("foldNotices() gives one line for all notices of one cause, and leaves others as they are", () => {
  const cases: readonly (readonly [notices: readonly string[], lines: readonly string[]])[] = [
    [[], []],
    [[leftOut("count")], [leftOut("count")]],
    [[leftOut("a"), leftOut("b")], [leftOut("a, b")]],
    [[..."abcdefgh"].map((name) => leftOut(name)), [leftOut("a, b, c, d, e, f and 2 more")]],
    [[leftOut("a"), leftOut("b", "b.ts"), leftOut("c")], [leftOut("a, c"), leftOut("b", "b.ts")]],
    [[inside("Map"), leftOut("a"), inside("Set")], [inside("Map, Set"), leftOut("a")]],
    [[..."ABCDEFGH"].map(inside), [inside("A, B, C, D, E, F and 2 more")]],
    [["not tracked: this in f @ a.ts", "not tracked: this in g @ a.ts"], [
      "not tracked: this in f @ a.ts",
      "not tracked: this in g @ a.ts",
    ]],
  ];
  for (const [notices, lines] of cases) assertEquals(foldNotices(notices), lines);
});

const FILES = {
  "lib.js": `export function Parser() { this.pos = 0; }
const pp = Parser.prototype;
pp.parse = function () { return this.read() + 1; };
pp.read = function () { return 1; };
Parser.prototype.peek = function () { return 2; };
export const counts = { a: 0, b: 0, c: 0, d: 0, e: 0, f: 0, g: 0 };`,
  "vendor/log.js": `export const lines = [];`,
  "main.ts": `import { cacheFile } from "@bimsb/cachepy";
import { counts, Parser } from "./lib.js";
import { lines } from "./vendor/log.js";
const events: { kind: string; detail?: string; summary?: string }[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => events.push(event as typeof events[number]) });
const count = cached(function count(x: number) { counts.a++; counts.b++; counts.c++; counts.d++; counts.e++; counts.f++; counts.g++; return x; });
const log = cached(function log(x: number) { lines.push(x); return x; });
const parse = cached(function parse(x: number) { return new Parser().parse() + x; });
for (const step of [count, log, parse]) await step(1);
console.log(JSON.stringify({
  notices: events.filter(({ kind }) => kind === "notice").map(({ detail }) => detail),
  reasons: events.filter(({ kind }) => kind === "miss").map(({ summary }) => summary),
  why: await Promise.all([count, log].map(async (step) => (await step.why(1)).notices)),
}));`,
};

interface Report {
  readonly notices: readonly string[];
  readonly reasons: readonly string[];
  readonly why: readonly (readonly string[])[];
}

Deno.test("a terminal shows one line of one cause, listeners and why() have all, and vendored state is told by why() alone", async () => {
  await using project = await Project.create(FILES);
  const first = await project.run("main.ts", { flags: ["-A", "--no-check"] });
  const { notices, why } = first.json<Report>();
  const all = [..."abcdefg"].map((name) => leftOut(`counts.${name}`, "lib.js"));
  assertEquals([notices, why], [all, [all, [leftOut("lines", "vendor/log.js")]]]);
  const warnings = first.stderr.split("\n").filter((line) => line.includes("warning"));
  assertEquals(warnings, [
    `cachepy: warning: count: ${
      leftOut("counts.a, counts.b, counts.c, counts.d, counts.e, counts.f and 1 more", "lib.js")
    }`,
  ]);
});

Deno.test("a function without a name is named by the place that the code puts it in", async () => {
  await using project = await Project.create(FILES);
  await project.run("main.ts", { flags: ["-A", "--no-check"] });
  await project.edit("lib.js", "this.read() + 1", "this.read() + 2");
  await project.edit("lib.js", "return 2", "return 3");
  const { reasons } = (await project.run("main.ts", { flags: ["-A", "--no-check"] })).json<Report>();
  assertEquals(reasons.length, 1);
  assertStringIncludes(reasons[0]!, "Parser.prototype.parse @ lib.js");
  assertStringIncludes(reasons[0]!, "Parser.prototype.peek @ lib.js");
});
