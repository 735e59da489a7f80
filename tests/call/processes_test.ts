import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { filesBelow } from "../support/rig.ts";
import { Project } from "../support/project.ts";

const STEP = `
import { cacheFile } from "@bimsb/cachepy";

export let runs = 0;
export const cached = cacheFile("cache", { onEvent: ({ kind }) => void (kind === "run" && runs++) });
export const step = cached(async function step(path: string) {
  return (await Deno.readTextFile(path)).length;
});`;

Deno.test("a script that uses the cache ends by itself, at once, also with calls in the background and after Deno.exit()", async () => {
  await using project = await Project.create({
    "step.ts": STEP,
    "data.csv": "1,2",
    "plain.ts": `import { step } from "./step.ts";\nconsole.log(await step("data.csv"));`,
    "background.ts": `import { step } from "./step.ts";\nvoid step("data.csv").then(console.log);`,
    "exit.ts": `import { step } from "./step.ts";\nconsole.log(await step("data.csv"));\nDeno.exit(0);`,
    "throws.ts": `import { cached } from "./step.ts";\nawait cached(() => { throw new RangeError("own"); })();`,
  });
  for (const script of ["plain.ts", "background.ts", "exit.ts", "plain.ts"]) {
    const process = project.command(script).spawn();
    const timer = setTimeout(() => process.kill("SIGKILL"), 15_000);
    const { code, stdout } = await process.output();
    clearTimeout(timer);
    assertEquals([code, new TextDecoder().decode(stdout)], [0, "3\n"], script);
  }
  const thrown = await project.run("throws.ts");
  assertEquals(thrown.code, 1);
  assert(thrown.stderr.includes("RangeError: own"), thrown.stderr);
  const left = await filesBelow(project.path("cache/v1"));
  assertEquals(left.filter((name) => /^(locks|tmp)\//.test(name)), []);
});

Deno.test("tests of users leak nothing under the sanitizers, whatever of the interface they use", async () => {
  await using project = await Project.create({
    "step.ts": STEP,
    "data.csv": "1,2",
    "user_test.ts": `
import { cacheClear, cacheList, cachePrune, cacheStats, cacheTreeNodes, cacheVerify } from "@bimsb/cachepy";
import { cached, step } from "./step.ts";

const outer = cached(async (paths: string[]) => (await Promise.all(paths.map((path) => step(path)))).length);
const fail = cached(() => {
  throw new RangeError("own");
});
const sanitized = { sanitizeOps: true, sanitizeResources: true, sanitizeExit: true };
for (const round of [1, 2]) {
  Deno.test({ name: "calls " + round, ...sanitized, fn: async () => {
    if (await step("data.csv") !== 3 || await outer(["data.csv", "user_test.ts"]) !== 2) throw new Error("wrong");
    await fail().catch(() => {});
    await Promise.all([step.has("data.csv"), step.why("none"), step.key("data.csv"), step("data.csv")]);
  } });
  Deno.test({ name: "management " + round, ...sanitized, fn: async () => {
    await cacheStats("cache");
    await cacheList("cache");
    await cacheTreeNodes("cache");
    await cacheVerify("cache");
    await cachePrune("cache", { daysOld: 0 });
    await cacheClear("cache");
  } });
}`,
  });
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", "--no-lock", "--trace-leaks", "--shuffle=1", "user_test.ts"],
    cwd: project.folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, said);
  assert(said.includes("4 passed"), said);
});

Deno.test("workers and the main thread share one cache, closures and observed files included", async () => {
  await using project = await Project.create({
    "step.ts": STEP,
    "data.csv": "1,2",
    "worker.ts": `
import { cached, runs, step } from "./step.ts";

const FACTOR = 2;
const scaled = cached(async function scaled(path: string) {
  return FACTOR * await step(path);
});
self.onmessage = async ({ data }) => {
  const answer = await scaled(data);
  self.postMessage([answer, runs]);
  self.close();
};`,
    "main.ts": `
import { runs, step } from "./step.ts";

function ask(path: string): Promise<[number, number]> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.postMessage(path);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(event.error ?? event.message);
  });
}
const length = await step("data.csv");
console.log(JSON.stringify([length, runs, await ask("data.csv"), await ask("data.csv")]));`,
  });
  const first = await project.run("main.ts");
  assertEquals(first.json(), [3, 1, [6, 1], [6, 0]], first.stderr);
  await project.write("data.csv", "1,2,3");
  const second = await project.run("main.ts");
  assertEquals(second.json(), [5, 1, [10, 1], [10, 0]], second.stderr);
});

Deno.test("two caches in one process hold each its own, and a step of one may call a step of the other", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile, cacheStats } from "@bimsb/cachepy";

const ran: string[] = [];
const into = (folder: string) =>
  cacheFile(folder, { onEvent: ({ kind, fname }) => void (kind === "run" && ran.push(folder + ":" + fname)) });
const inner = into("one")(async function inner(path: string) {
  return (await Deno.readTextFile(path)).length;
});
const same = into("two")(async function inner(path: string) {
  return (await Deno.readTextFile(path)).length;
});
const outer = into("two")(async function outer(path: string) {
  return 1 + await inner(path);
});
console.log(JSON.stringify([
  [await inner("data.csv"), await same("data.csv"), await outer("data.csv")],
  ran,
  (await cacheStats("one")).entries,
  (await cacheStats("two")).entries,
]));`,
    "data.csv": "1,2",
  });
  assertEquals((await project.run("main.ts")).json(), [[3, 3, 4], ["one:inner", "two:inner", "two:outer"], 1, 2]);
  assertEquals((await project.run("main.ts")).json(), [[3, 3, 4], [], 1, 2]);
  await project.write("data.csv", "1,2,3");
  const changed = await project.run("main.ts");
  assertEquals(changed.json<unknown[]>()[0], [5, 5, 6], changed.stderr);
});

Deno.test("a project that is moved or copied with its cache hits; so does one that is started from elsewhere", async () => {
  await using project = await Project.create({
    "app/deno.json": "{}",
    "app/helper.ts": "export const scale = (x: number): number => x * 3;",
    "app/data/a.csv": "1,2",
    "app/main.ts": `
import { cacheFile } from "@bimsb/cachepy";
import { scale } from "./helper.ts";

let runs = 0;
const here = import.meta.dirname!;
const cached = cacheFile(here + "/cache", { fileArgs: ["path"], onEvent: ({ kind }) => void (kind === "run" && runs++) });
const declared = cached(async function declared(path: string) {
  return scale((await Deno.readTextFile(path)).length);
});
console.log(JSON.stringify([await declared(here + "/data/a.csv"), runs]));`,
  });
  const manifest = await Deno.readTextFile(project.path("deno.json"));
  await Deno.remove(project.path("deno.json"));
  await project.write("app/deno.json", manifest);
  const run = async (folder: string, cwd: string): Promise<unknown> =>
    (await project.run(`${folder}/main.ts`, { cwd: project.path(cwd) })).json();
  assertEquals(await run("app", "app"), [9, 1]);
  assertEquals(await run("app", "app/data"), [9, 0], "the working directory is no input");
  await Deno.rename(project.path("app"), project.path("moved"));
  assertEquals(await run("moved", "moved"), [9, 0]);
});

Deno.test("a function that looks at metadata hits in the next process, and touch counts only where the time was seen", async () => {
  await using project = await Project.create({
    "data.csv": "1,2",
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";

const ran: string[] = [];
const cached = cacheFile("cache", { onEvent: ({ kind, fname }) => void (kind === "run" && ran.push(fname)) });
const size = cached(async function size(path: string) {
  return (await Deno.stat(path)).size;
});
const time = cached(async function time(path: string) {
  return (await Deno.stat(path)).mtime?.getTime();
});
const all = cached(function all(path: string) {
  return Deno.statSync(path);
});
await size("data.csv");
await time("data.csv");
await all("data.csv");
console.log(JSON.stringify(ran));`,
  });
  const run = async (): Promise<unknown> => (await project.run("main.ts")).json();
  assertEquals(await run(), ["size", "time", "all"]);
  assertEquals(await run(), []);
  await Deno.utime(project.path("data.csv"), new Date(), new Date(2020, 1, 1));
  assertEquals(await run(), ["time", "all"]);
  await project.write("data.csv", "1,2,3");
  assertEquals(await run(), ["size", "time", "all"]);
});

Deno.test("a cache folder is tagged, ignored by git and private; asking of one that is not there makes nothing", async () => {
  await using project = await Project.create({
    "step.ts": STEP,
    "data.csv": "1",
    "main.ts": `import { step } from "./step.ts";\nawait step("data.csv");`,
    "ask.ts": `
import * as cachepy from "@bimsb/cachepy";
const answers = [];
for (const dir of ["none", "none/deeper"]) {
  answers.push(
    await cachepy.cacheStats(dir),
    await cachepy.cacheList(dir),
    await cachepy.cachePrune(dir),
    await cachepy.cacheClear(dir),
    await cachepy.cacheVerify(dir),
    (await cachepy.cacheTreeNodes(dir)).size,
    (await cachepy.cacheTreeForFile("data.csv", dir)).size,
    (await cachepy.cacheTreeChangedFiles(dir)).size,
    await cachepy.cacheTreeFiles(dir),
    await cachepy.cacheInfo(dir, "ab".repeat(32)).catch((error) => error.code),
  );
}
console.log(JSON.stringify(answers.slice(0, 10)) === JSON.stringify(answers.slice(10)) && JSON.stringify(answers.slice(0, 10)));`,
  });
  assertEquals((await project.run("ask.ts")).json(), [
    { entries: 0, sizeBytes: 0, oldest: null, newest: null, byFunction: [] },
    [],
    { removed: 0, freedBytes: 0 },
    { removed: 0, freedBytes: 0 },
    { checked: 0, problems: [], repaired: 0 },
    0,
    0,
    0,
    [],
    "ERR_NO_ENTRY",
  ]);
  assertEquals((await filesBelow(project.folder)).filter((name) => name.startsWith("none")), []);
  await project.run("main.ts");
  const cache = project.path("cache");
  assert(
    (await Deno.readTextFile(join(cache, "CACHEDIR.TAG"))).startsWith("Signature: 8a477f597d28d172789f06886806bc55\n"),
  );
  assertEquals(await Deno.readTextFile(join(cache, ".gitignore")), "*\n");
  if (Deno.build.os === "windows") return;
  for (const name of [".", "v1", ...await filesBelow(cache)]) {
    const { mode, isDirectory } = await Deno.stat(join(cache, name));
    assertEquals(mode! & 0o777, isDirectory ? 0o700 : 0o600, name);
  }
});
