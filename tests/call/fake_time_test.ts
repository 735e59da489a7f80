import { assert, assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

const FAKE = { "@sinonjs/fake-timers": "npm:@sinonjs/fake-timers@^15.5.0" };
const IMPORTS = { "@bimsb/cachepy": "jsr:@bimsb/cachepy@^0", ...FAKE };

const HEAD = `import { install } from "@sinonjs/fake-timers";
import { cacheFile, cacheList } from "@bimsb/cachepy";
const kinds: string[] = [];
const cached = cacheFile("./cache", { onEvent: ({ kind, fname }) => void kinds.push(fname + " " + kind) });
const load = cached(async function load(path: string) { return (await Deno.readTextFile(path)).length; });
const twice = cached(async function twice(path: string) { return 2 * (await load(path)); });
const realMs = Date.now();
`;

/** What a program with a fake time reports. */
interface Report {
  readonly values: unknown[];
  readonly kinds: string[];
  /** True when each entry was stored at the real time. */
  readonly areTimesReal: boolean;
}

const TAIL = `clock.uninstall();
const times = (await cacheList("./cache")).map(({ created }) => created.getTime());
const areTimesReal = times.length > 0 && times.every((ms) => Math.abs(ms - realMs) < 24 * 3600 * 1000);
console.log(JSON.stringify({ values, kinds, areTimesReal }));
`;

async function reportOf(project: Project, program: string): Promise<Report> {
  await project.write("main.ts", HEAD + program + TAIL);
  const outcome = await project.run("main.ts");
  assertEquals(outcome.code, 0, outcome.stderr);
  return outcome.json();
}

Deno.test("with all clocks and timers replaced, calls run, hit and are stored at the real time", async () => {
  await using project = await Project.create({ "a.txt": "abc" }, { imports: IMPORTS });
  const program = `const clock = install({ now: Number(Deno.args[0] ?? 1000) });
const values = [await twice("a.txt"), await twice("a.txt"), Date.now()];
`;
  assertEquals(await reportOf(project, program), {
    values: [6, 6, 1000],
    kinds: ["twice miss", "load miss", "load run", "load stored", "twice run", "twice stored", "twice hit"],
    areTimesReal: true,
  });
  const later = await reportOf(project, program.replace("1000", "5000"));
  assertEquals(later, { values: [6, 6, 5000], kinds: ["twice hit", "twice hit"], areTimesReal: true });
});

Deno.test("a time that is replaced before the package is loaded neither stops a call nor is stored", async () => {
  const ways = [
    "const { install } = await import('@sinonjs/fake-timers'); install({ now: 5 });",
    "const { install } = await import('@sinonjs/fake-timers'); install({ now: Date.now() });",
    "globalThis.setImmediate = () => 1; Date.now = () => 0;",
    "Date.now = (() => 0).bind(null);",
    "globalThis.Date = class extends Date { static now() { return 0; } };",
    "globalThis.Date = new Proxy(Date, { get: (of, key) => key === 'now' ? () => 0 : Reflect.get(of, key) });",
  ];
  for (const way of ways) {
    await using project = await Project.create({
      "main.js": `const [startedMs, OwnDate] = [Date.now(), Date];
${way}
const { cacheFile, cacheList } = await import("@bimsb/cachepy");
const kinds = [];
const step = cacheFile("./cache", { onEvent: ({ kind }) => void kinds.push(kind) })((x) => x + 1);
const values = [await step(1), await step(1)];
const [{ created }] = await cacheList("./cache");
const lag = OwnDate.prototype.getTime.call(created) - startedMs;
console.log(JSON.stringify({ values, runs: kinds.filter((kind) => kind === "run").length, isNow: lag >= 0 && lag < 60_000 }));
`,
    }, { imports: IMPORTS });
    const { code, stderr, json } = await project.run("main.js");
    assertEquals(code, 0, `${way}: ${stderr}`);
    assertEquals(json(), { values: [2, 2], runs: 1, isNow: true }, way);
  }
});

Deno.test("timers replaced between calls, and during one, stop none of them", async () => {
  await using project = await Project.create({ "a.txt": "abc", "b.txt": "b" }, { imports: IMPORTS });
  const report = await reportOf(
    project,
    `const values = [await twice("a.txt")];
const clock = install({ now: 1000 });
values.push(await twice("a.txt"), await twice("b.txt"));
clock.uninstall();
values.push(await twice("b.txt"));
const other = twice("c.txt").catch(() => -1);
const again = install({ now: 1000 });
values.push(await other, await twice("a.txt"));
again.uninstall();
`,
  );
  assertEquals(report.values, [6, 6, 2, 2, -1, 6]);
  assert(report.areTimesReal);
});

Deno.test("processes that wait for each other's lock do so with replaced timers, too", async () => {
  await using project = await Project.create({}, { imports: IMPORTS });
  const program = `const clock = install({ now: 1000 });
const realTimer = clock.methods && globalThis.setTimeout;
const slow = cached(async function slow(x: number) {
  await new Promise((resolve) => { const channel = new Worker(URL.createObjectURL(new Blob([
    "setTimeout(() => postMessage(1), 400)"])), { type: "module" }); channel.onmessage = () => { channel.terminate(); resolve(0); }; });
  return x + Number(realTimer === undefined);
});
const values = [await slow(1)];
`;
  await project.write("main.ts", HEAD + program + TAIL);
  const outcomes = await Promise.all([1, 2].map(() => project.run("main.ts")));
  const reports = outcomes.map((outcome) => outcome.json<Report>());
  assertEquals(reports.map(({ values }) => values), [[1], [1]]);
  assertEquals(reports.flatMap(({ kinds }) => kinds).filter((kind) => kind === "slow run").length, 1);
});

Deno.test("a function that uses a replaced Date misses, and is as before once the real one is back", async () => {
  await using project = await Project.create({}, { imports: IMPORTS });
  const report = await reportOf(
    project,
    `const year = cached(function year(text: string) { return new Date(text).getUTCFullYear(); });
const values = [await year("2020-01-01")];
const clock = install({ now: 1000, toFake: ["Date"] });
values.push(await year("2020-01-01"));
clock.uninstall();
values.push(await year("2020-01-01"));
const { Date: own } = globalThis;
for (const other of [
  class extends Date { override getUTCFullYear() { return 1; } },
  new Proxy(Date, { construct: () => ({ getUTCFullYear: () => 2 }) }),
]) {
  Object.assign(globalThis, { Date: other });
  values.push(await year("2020-01-01"));
}
globalThis.Date = own;
values.push(await year("2020-01-01"));
`,
  );
  assertEquals(report.values, [2020, 2020, 2020, 1, 2, 2020]);
  assertEquals(report.kinds.filter((kind) => /run|hit/.test(kind)), [
    "year run",
    "year run",
    "year hit",
    "year run",
    "year run",
    "year hit",
  ]);
});
