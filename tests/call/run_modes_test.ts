import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Outcome, Project, type RunOptions } from "../support/project.ts";

/** A function in a module of its own, and scripts that call it in the ways in which programs run. */
const SCRIPTS = {
  "step.ts": `
import { cacheFile } from "@bimsb/cachepy";
import { scale } from "./scale.ts";
const runs: string[] = [];
const cached = cacheFile(new URL(".cache", import.meta.url), {
  onEvent: (event) => { if (event.kind === "run") runs.push(event.fname); },
});
const OFFSET = 1;
export const step = cached(async function step(x: number) {
  return scale(await Promise.resolve(x)) + OFFSET;
});
class Model {
  #slope = 3;
  constructor(readonly bias: number) {}
  @cached
  async predict(x: number): Promise<number> { return await Promise.resolve(this.#slope * x + this.bias); }
}
export async function report(x: number): Promise<string> {
  return JSON.stringify([await step.key(x), await step(x), await new Model(2).predict(x), runs]);
}
`,
  "scale.ts": `export const FACTOR = { value: 2 };\nexport const scale = (x: number) => x * FACTOR.value;\n`,
  "main.ts": `import { report } from "./step.ts";\nconsole.log(await report(Number(Deno.args[0] ?? 3)));\n`,
  "main_test.ts": `import { report } from "./step.ts";
Deno.test("step", async () => console.log("report " + await report(3)));\n`,
  "worker.ts": `import { report } from "./step.ts";
self.onmessage = async ({ data }) => { self.postMessage(await report(data)); self.close(); };\n`,
  "parent.ts": `const worker = new Worker(import.meta.resolve("./worker.ts"), { type: "module" });
worker.postMessage(Number(Deno.args[0] ?? 3));
console.log(await new Promise((answer) => worker.onmessage = ({ data }) => answer(data)));\n`,
};

/** The key of \`step\`, its result and the model's, and which functions ran. */
type Report = readonly [key: string, step: number, predicted: number, runs: readonly string[]];

function reportOf({ code, stdout, stderr }: Outcome): Report {
  assertEquals(code, 0, stderr);
  const text = /\[.*\]/.exec(stdout.split("\n").find((line) => line.includes('["')) ?? "")?.[0];
  if (text === undefined) throw new Error(`No report in ${stdout}${stderr}`);
  return JSON.parse(text);
}

/** Checking types takes longer than all else. */
const TEST_MODE: RunOptions = { command: "test", flags: ["-A", "--no-check"] };
const COVERED: RunOptions = { flags: ["-A", "--coverage=.coverage"] };
const COVERED_TEST: RunOptions = {
  command: "test",
  flags: [...TEST_MODE.flags!, "--coverage=.coverage", "--coverage-raw-data-only"],
};

Deno.test("the key and the entry are the same from another working directory, in a test and under coverage", async () => {
  await using project = await Project.create({ ...SCRIPTS, "below/note.txt": "" });
  const first = reportOf(await project.run("main.ts"));
  const [key] = first;
  assertEquals(first, [key, 7, 11, ["step", "predict"]]);
  const others = [
    await project.run("main.ts", { cwd: project.path("below") }),
    await project.run("main.ts", { cwd: "/", flags: ["-A", `--config=${project.path("deno.json")}`] }),
    await project.run("main.ts", COVERED),
    await project.run("main_test.ts", TEST_MODE),
    await project.run("main_test.ts", COVERED_TEST),
  ];
  for (const other of others) assertEquals(reportOf(other), [key, 7, 11, []]);
  await project.edit("scale.ts", "value: 2", "value: 5");
  assertEquals(reportOf(await project.run("main_test.ts", TEST_MODE)).slice(1), [16, 11, ["step"]]);
});

Deno.test("what a test under coverage stored is reused by a plain run", async () => {
  await using project = await Project.create(SCRIPTS);
  const [key, , , runs] = reportOf(await project.run("main_test.ts", COVERED_TEST));
  assertEquals(runs, ["step", "predict"]);
  assertEquals(reportOf(await project.run("main.ts")), [key, 7, 11, []]);
});

Deno.test("a worker and the main thread share keys and entries, both ways", async () => {
  await using project = await Project.create(SCRIPTS);
  const [key, , , runs] = reportOf(await project.run("main.ts"));
  assertEquals(runs, ["step", "predict"]);
  assertEquals(reportOf(await project.run("parent.ts")), [key, 7, 11, []]);
  const other = reportOf(await project.run("parent.ts", { args: ["4"] }));
  assertEquals(other.slice(1), [9, 14, ["step", "predict"]]);
  assertEquals(reportOf(await project.run("main.ts", { args: ["4"] })), [other[0], 9, 14, []]);
});

Deno.test("a relative file argument is the same file from another working directory; a relative path in the code is not", async () => {
  await using project = await Project.create({
    "read.ts": `
import { cacheFile } from "@bimsb/cachepy";
const runs: string[] = [];
const cached = cacheFile(new URL(".cache", import.meta.url), {
  onEvent: (event) => { if (event.kind === "run") runs.push(event.fname); },
});
const load = cached({ fileArgs: ["path"] })(async function load(path: string) { return await Deno.readTextFile(path); });
const fixed = cached(async function fixed() { return await Deno.readTextFile("data.txt"); });
const outer = cached(async function outer() { return (await load("data.txt")).toUpperCase(); });
console.log(JSON.stringify([await load.key(Deno.args[0]!), await load(Deno.args[0]!), await fixed(), await outer(), runs]));
`,
    "data.txt": "above",
    "below/data.txt": "below",
  });
  const at = async (cwd: string, path: string) =>
    (await project.run("read.ts", { cwd: project.path(cwd), args: [path] })).json<unknown[]>();
  const [key, ...first] = await at(".", "data.txt");
  assertEquals(first, ["above", "above", "ABOVE", ["load", "fixed", "outer"]]);
  const below = ["below", "BELOW", ["fixed", "load", "outer"]];
  assertEquals(await at("below", "../data.txt"), [key, "above", ...below]);
  assertEquals(await at("below", project.path("data.txt")), [key, "above", "below", "BELOW", []]);
});

for (const isLocked of [true, false]) {
  Deno.test(`an upgrade of a package reruns what uses it, with both versions in the reason, ${isLocked ? "with" : "without"} a lock file`, async () => {
    await using project = await Project.create({
      "main.ts": `
import ms from "ms";
import { cacheFile } from "@bimsb/cachepy";
const said: string[] = [];
const cached = cacheFile(".cache", {
  onEvent: (event) => {
    if (event.kind === "miss") said.push(event.fname + ": " + event.summary);
    if (event.kind === "run") said.push(event.fname + " ran");
  },
});
const helper = (text: string) => ms(text);
const span = cached(function span(text: string) { return helper(text); });
const shout = cached(function shout(text: string) { return text.toUpperCase(); });
console.log(JSON.stringify([await span("2 days"), await shout("2 days"), said]));
`,
    });
    const runWith = async (version: string) => {
      const manifest = JSON.parse(await Deno.readTextFile(project.path("deno.json")));
      manifest.imports.ms = `npm:ms@${version}`;
      await project.write("deno.json", JSON.stringify(manifest));
      const outcome = await project.run("main.ts", { isLocked });
      assertEquals(outcome.code, 0, outcome.stderr);
      return outcome.json<unknown[]>();
    };
    assertEquals((await runWith("2.1.2"))[2], ["span: first call", "span ran", "shout: first call", "shout ran"]);
    assertEquals(await runWith("2.1.2"), [172_800_000, "2 DAYS", []]);
    assertEquals(await runWith("2.1.3"), [172_800_000, "2 DAYS", ["span: ms 2.1.2 → 2.1.3", "span ran"]]);
    assertEquals(await runWith("2.1.2"), [172_800_000, "2 DAYS", []]);
  });
}

Deno.test("where V8's inspector does not answer, as a stripped runtime may do, entries are reused and that is said", async () => {
  await using project = await Project.create({
    "main.ts": `
import { Session } from "node:inspector/promises";
Session.prototype.connect = () => { throw new Error("no inspector in this program"); };
const { cacheFile } = await import("@bimsb/cachepy");
let runs = 0;
const cached = cacheFile(".cache", { onEvent: (event) => { if (event.kind === "run") runs++; } });
const RATE = 2;
const step = cached(function step(x: number) { return x * RATE; });
console.log(JSON.stringify([await step(3), runs]));
`,
  });
  for (const runs of [1, 0]) {
    const outcome = await project.run("main.ts");
    assertEquals(outcome.json(), [6, runs]);
    assertStringIncludes(
      outcome.stderr,
      "step: not followed: the code could not be walked (no inspector in this program)",
    );
    assertStringIncludes(outcome.stderr, "not tracked: RATE");
  }
});
