import { assertEquals } from "@std/assert";
import { cacheFile } from "@bimsb/cachepy";
import { Project } from "../support/project.ts";
import { filesBelow, Rig } from "../support/rig.ts";

Deno.test("with enabled: false every call runs, nothing is read or written, and the members say so", async () => {
  await using rig = await Rig.open();
  let runs = 0;
  const step = rig.cached({ enabled: false })(async (x: number) => {
    runs++;
    return await Promise.resolve(x + 1);
  });
  assertEquals([await step(1), await step(1), runs], [2, 2, 2]);
  const { outcome, summary } = await step.why(1);
  assertEquals([outcome, summary], ["miss", "it runs uncached: the cache is switched off by the option enabled"]);
  assertEquals([await step.has(1), await step.key(1), await step.forget(1)], [false, "", false]);
  assertEquals([await step.put([1], 5), await step.clear()], [false, { removed: 0, freedBytes: 0 }]);
  const fails = rig.cached({ enabled: false })((): number => {
    throw new RangeError("no");
  });
  assertEquals(await fails().catch((error) => error.message), "no");
  assertEquals([await filesBelow(rig.folder), rig.events], [[], []]);
});

const PROGRAM = `import { cacheFile } from "@bimsb/cachepy";
const ran: string[] = [];
const cached = cacheFile("./cache", { onEvent: ({ kind, fname }) => void (kind === "hit" && fname === "total" && ran.push("total hit")) });
const load = cached(async function load(path: string) { return Number(await Deno.readTextFile(path)); });
const total = cached(async function total(path: string) { return 1 + await load(path); });
console.log(JSON.stringify([await total("a.txt"), ran]));
`;

Deno.test("CACHEPY=off and enabled: false in cachepy.yml switch the cache of a program off", async () => {
  await using project = await Project.create({ "main.ts": PROGRAM, "a.txt": "1" });
  const off = { CACHEPY: "off" };
  assertEquals((await project.run("main.ts", { env: off })).json(), [2, []]);
  assertEquals(await filesBelow(project.path("cache")), []);
  assertEquals((await project.run("main.ts")).json(), [2, []]);
  assertEquals((await project.run("main.ts")).json(), [2, ["total hit"]]);
  const before = await filesBelow(project.path("cache"));
  await project.write("a.txt", "2");
  for (const env of [off, { CACHEPY: " OFF " }, { CACHEPY: "0" }, { CACHEPY: "false" }]) {
    assertEquals((await project.run("main.ts", { env })).json(), [3, []]);
  }
  await project.write("cachepy.yml", "enabled: false\n");
  const byFile = await project.run("main.ts");
  assertEquals([byFile.json(), byFile.stderr.includes("cachepy: ")], [[3, []], false]);
  assertEquals(await filesBelow(project.path("cache")), before);
  await project.edit("main.ts", '"./cache", {', '"./cache", { enabled: true,');
  assertEquals((await project.run("main.ts")).json(), [3, []]);
  assertEquals((await project.run("main.ts")).json(), [3, ["total hit"]], "code wins over the file");
  assertEquals((await project.run("main.ts", { env: off })).json(), [3, []], "and the environment over code");
  const odd = await project.run("main.ts", { env: { CACHEPY: "fof" } });
  assertEquals(odd.json(), [3, ["total hit"]]);
  assertEquals(odd.stderr.match(/CACHEPY=.+ is not known/g)?.length, 1, odd.stderr);
});

Deno.test("the code of an inner function that is switched off counts as part of the outer one", async () => {
  await using project = await Project.create({
    "a.txt": "1",
    "main.ts": PROGRAM.replace("cached(async function load", "cached({ enabled: false })(async function load"),
  });
  assertEquals((await project.run("main.ts")).json(), [2, []]);
  assertEquals((await project.run("main.ts")).json(), [2, ["total hit"]]);
  await project.edit("main.ts", "Number(await", "10 * Number(await");
  assertEquals((await project.run("main.ts")).json(), [11, []]);
  await project.write("a.txt", "3");
  assertEquals((await project.run("main.ts")).json(), [31, []]);
  await project.edit("main.ts", "enabled: false", "enabled: true");
  assertEquals((await project.run("main.ts")).json(), [31, []]);
  assertEquals((await project.run("main.ts")).json(), [31, ["total hit"]]);
});

Deno.test("CACHEPY_READ_ONLY and CACHEPY=readonly let hits through and write nothing", async () => {
  await using project = await Project.create({ "main.ts": PROGRAM, "a.txt": "1" });
  await project.run("main.ts");
  const before = await filesBelow(project.path("cache", "v1", "blobs"));
  for (const env of [{ CACHEPY_READ_ONLY: "1" }, { CACHEPY: "readonly" }, { CACHEPY: "read-only" }] as const) {
    await project.write("a.txt", "1");
    assertEquals((await project.run("main.ts", { env })).json(), [2, ["total hit"]], JSON.stringify(env));
    await project.write("a.txt", "7");
    assertEquals((await project.run("main.ts", { env })).json(), [8, []]);
    assertEquals((await project.run("main.ts", { env })).json(), [8, []]);
    assertEquals(await filesBelow(project.path("cache", "v1", "blobs")), before);
  }
  assertEquals((await project.run("main.ts", { env: { CACHEPY_READ_ONLY: "0" } })).json(), [8, []]);
  assertEquals((await project.run("main.ts")).json(), [8, ["total hit"]]);
});

Deno.test("a cache that is switched off needs no permission, and asks for none", async () => {
  await using project = await Project.create({
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
console.log(await cacheFile({ enabled: false })((x: number) => x + 1)(1));
`,
  });
  const { stdout, stderr } = await project.run("main.ts", { flags: [] });
  assertEquals([stdout.trim(), stderr.includes("cachepy: ")], ["2", false], stderr);
  assertEquals(typeof cacheFile({ enabled: false }), "function");
});
