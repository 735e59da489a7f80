import { assertEquals } from "@std/assert";
import { announce } from "../../src/words/announce.ts";
import { type Outcome, Project } from "../support/project.ts";

/** The lines that the library printed, with every duration as `…`. */
function linesOf({ code, stderr }: Outcome): string[] {
  assertEquals(code, 0, stderr);
  const lines = stderr.split("\n").filter((line) => line.startsWith("cachepy: "));
  return lines.map((line) => line.slice("cachepy: ".length).replace(/\d+(\.\d+)? (ms|s)\b/g, "…"));
}

Deno.test("verbose: one line a call, and a miss names what changed: argument, file, variable, version", async () => {
  await using project = await Project.create({
    "data.csv": "1",
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";

let alpha = 1;
const wrap = (version?: string) =>
  cacheFile("cache", {
    verbose: true,
    ...(version === undefined ? {} : { version }),
    envVars: ["MODE"],
    dependsOnFiles: ["settings.json"],
    dependsOnVars: () => ({ alpha }),
    fileArgs: ["path"],
  })(function step(x: number, path: string, opts: { rate: number; label?: string } = { rate: 1 }) {
    let seen = "";
    try {
      seen = Deno.readTextFileSync("seen.txt");
    } catch { /* optional */ }
    return [x, path, opts, seen, Deno.env.get("OBSERVED") ?? null];
  });
let step = wrap();
await Deno.writeTextFile("settings.json", "{}");
await step(1, "data.csv");
await step(1, "data.csv");
await step(2, "data.csv");
await step(1, "data.csv", { rate: 5 });
await step(1, "data.csv", { rate: 1, label: "wet" });
await Deno.writeTextFile("data.csv", "2");
await step(1, "data.csv");
await Deno.writeTextFile("settings.json", "[]");
await step(1, "data.csv");
Deno.env.set("MODE", "");
await step(1, "data.csv");
Deno.env.set("MODE", "fast");
await step(1, "data.csv");
Deno.env.delete("MODE");
await step(1, "data.csv");
Deno.env.set("OBSERVED", "yes");
await step(1, "data.csv");
Deno.env.delete("OBSERVED");
await Deno.writeTextFile("seen.txt", "a");
await step(1, "data.csv");
await Deno.writeTextFile("seen.txt", "b");
await step(1, "data.csv");
alpha = 2;
await step(1, "data.csv");
step = wrap("2");
await step(1, "data.csv");
step = wrap("3");
await step(1, "data.csv");
await step.with({ force: true })(1, "data.csv");
await step.with({ load: false })(1, "data.csv");
await step.with({ skipSave: true })(1, "data.csv");
console.log(await step.why(1, "data.csv").then((report) => report.summary));`,
  });
  const outcome = await project.run("main.ts");
  assertEquals(linesOf(outcome), [
    "step: first execution",
    "step: hit in …, saved …",
    "step: miss: args.x: 1 → 2",
    "step: miss: args.opts.rate: 1 → 5",
    'step: miss: args.opts.label: "wet" added',
    "step: miss: data.csv changed",
    "step: miss: settings.json changed",
    "step: miss: environment variable MODE set",
    "step: miss: environment variable MODE changed",
    "step: hit in …, saved …",
    "step: miss: environment variable OBSERVED set",
    "step: miss: seen.txt appeared",
    "step: miss: seen.txt changed",
    "step: miss: vars.alpha: 1 → 2",
    'step: miss: version: none → "2"',
    'step: miss: version: "2" → "3"',
    "step: forced to run",
    "step: miss: reading is switched off",
    "step: hit in …, saved …",
  ]);
  assertEquals(outcome.stdout, "hit\n");
});

Deno.test("verbose: a miss after an edit names the symbol with its module, the value or the package", async () => {
  await using project = await Project.create({
    "node_modules/tinylib/package.json":
      '{ "name": "tinylib", "version": "1.0.0", "type": "module", "main": "main.js" }',
    "node_modules/tinylib/main.js": "export function half(x) {\n  return x / 2;\n}\n",
    "lib/helper.ts": "export function scale(x: number) {\n  return x * 3;\n}\n",
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";
import { half } from "tinylib";
import { scale } from "./lib/helper.ts";

const RATE = 2;
const step = cacheFile("cache", { verbose: true })(function step(x: number) {
  return half(scale(x)) * RATE;
});
await step(1);`,
  }, { imports: { "@bimsb/cachepy": "jsr:@bimsb/cachepy@^0", "tinylib": "./node_modules/tinylib/main.js" } });
  const run = async (): Promise<string[]> => {
    return linesOf(await project.run("main.ts"));
  };
  assertEquals(await run(), ["step: first execution"]);
  await project.edit("lib/helper.ts", "x * 3", "x * 4");
  assertEquals(await run(), ["step: miss: code changed: scale @ lib/helper.ts"]);
  await project.edit("main.ts", "RATE = 2", "RATE = 2.5");
  assertEquals(await run(), ["step: miss: RATE @ main.ts: 2 → 2.5"]);
  await project.edit("main.ts", "return half", "return 1 + half");
  assertEquals(await run(), ["step: miss: code changed: step @ main.ts"]);
  await project.edit("node_modules/tinylib/package.json", "1.0.0", "1.0.1");
  assertEquals(await run(), ["step: miss: tinylib 1.0.0 → 1.0.1"]);
  await project.edit("main.ts", "  return", "  // a comment\n  return");
  assertEquals(await run(), ["step: hit in …, saved …"]);
});

Deno.test("verbose: an exception says that nothing is stored; without verbose nothing is printed", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";

for (const verbose of [true, false]) {
  const fail = cacheFile("cache", { verbose })(function fail() {
    throw new RangeError("too far");
  });
  const fine = cacheFile("cache", { verbose })(function fine() {
    return 1;
  });
  for (let round = 0; round < 2; round++) console.log(await fail().catch((error) => error.message), await fine());
}`,
  });
  const outcome = await project.run("main.ts");
  assertEquals(linesOf(outcome), [
    "fail: first execution",
    "fail: threw after …; nothing is stored",
    "fine: first execution",
    "fail: first execution",
    "fail: threw after …; nothing is stored",
    "fine: hit in …, saved …",
  ]);
  assertEquals(outcome.stdout, "too far 1\n".repeat(4));
});

Deno.test("verbose: a database that goes away is told once, not once for each function", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";

const steps = ["a", "b", "c"].map((name) => cacheFile("cache", { verbose: true, name })((n: number) => name + n));
for (const step of steps) await step(1);
Deno.removeSync("cache/v1/meta.kv");
for (const step of steps) await step(2);`,
  });
  const lines = linesOf(await project.run("main.ts"));
  assertEquals(lines.filter((line) => line.includes("meta.kv")).length, 1, lines.join("\n"));
  assertEquals(lines.length, 7, lines.join("\n"));
});

Deno.test("verbose: the line of a removal counts one entry as one", () => {
  const lines: unknown[] = [];
  const terminal = globalThis.console;
  const { error } = terminal;
  terminal.error = (line) => lines.push(line);
  try {
    for (const removed of [1, 2]) {
      announce({ kind: "pruned", removed, freedBytes: 2 * removed - 1, fname: "f", key: null }, { verbose: true });
    }
  } finally {
    terminal.error = error;
  }
  assertEquals(lines, ["cachepy: pruned 1 entry, 1 byte", "cachepy: pruned 2 entries, 3 bytes"]);
});
