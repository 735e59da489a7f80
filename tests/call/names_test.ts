import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

const PROGRAM = `import { cacheFile } from "@bimsb/cachepy";
import * as lib from "@bimsb/cachepy";
const seen: string[] = [];
const cached = cacheFile("./cache", { onEvent: ({ kind, fname }) => void (kind === "miss" && seen.push(fname)) });

const load = cached(async (path: string) => path);
export const typed: (path: string) => Promise<string> = cached(
  // a comment (with a bracket
  async (path: string) => path + "/",
);
const chained = lib.cacheFile("./cache")({ version: "a = b(" })(async (x: number) => x);
const steps = {
  clean: cached(async (x: number) => x + 1),
  "plot all": cached(async (x: number) => x + 2),
  ["draw" + 1]: cached(async (x: number) => x + 21), 7: cached(async (x: number) => x + 22),
};
class Model {
  static fit = cached(async (x: number) => x + 3);
  predict = cached<(x: number) => Promise<number>>(async (x) => x + 4);
  #score = cached(async (x: number) => x + 5);
  score(x: number): Promise<number> {
    return this.#score(x);
  }
}
const memo = (fn: () => Promise<number>) => cached(fn);
const through = memo(async () => 6);
const own = cached(async function named() {
  return await Promise.resolve(7);
});
const make = () => cached(async () => 8);
const made = make();
export default cached(async () => 9);

await load("a");
await typed("a");
await chained(1);
await steps.clean(1);
await steps["plot all"](1);
await (steps as any).draw1(1);
await (steps as any)[7](1);
await Model.fit(1);
await new Model().predict(1);
await new Model().score(1);
await through();
await own();
await made();
console.log(JSON.stringify(seen));
`;

Deno.test("a function without a name is shown by that of the variable, member or field that gets it", async () => {
  await using project = await Project.create({ "main.ts": PROGRAM });
  const none = "anonymous";
  const expected = [
    "load",
    "typed",
    "clean",
    "plot all",
    none,
    none,
    "fit",
    "predict",
    "#score",
    "through",
    "named",
    none,
  ];
  const first = await project.run("main.ts");
  assertEquals(first.json(), expected, first.stderr);
  assertEquals((await project.run("main.ts")).json(), [], "a name makes no call another one");
  const { stdout } = await project.run("main.ts", { flags: ["-A", "--no-prompt"] });
  assertEquals(stdout.trim(), "[]");
});

Deno.test("another name of the variable runs nothing, and the reason for a miss says it", async () => {
  await using project = await Project.create({
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
const cached = cacheFile("./cache", { verbose: true });
const load = cached(async (x: number) => x + 1);
console.log(await load(1));
`,
  });
  const said = async () =>
    (await project.run("main.ts")).stderr.split("\n").filter((line) => line.startsWith("cachepy: "))
      .map((line) => line.replace(/ in .*/, ""));
  assertEquals(await said(), ["cachepy: load: first execution"]);
  await project.edit("main.ts", /load/g, "read");
  assertEquals(await said(), ["cachepy: read: hit"]);
  await project.edit("main.ts", "x + 1", "x + 2");
  await project.edit("main.ts", /read/g, "load");
  assertEquals(await said(), ["cachepy: load: miss: code changed: load @ main.ts"]);
});

Deno.test("where the source cannot be read, V8's own copy of it tells the name", async () => {
  const program = `import { cacheFile } from "@bimsb/cachepy";
const load = cacheFile("./cache", { verbose: true })(async (x: number) => x + 1);
console.log(await load(1));
`;
  await using project = await Project.create({ "main.ts": program });
  const allowed = ["cache", "deno.json"].map((name) => project.path(name)).join();
  const flags = ["--allow-write", `--allow-read=${allowed}`, "--allow-sys", "--allow-env"];
  const { stderr } = await project.run("main.ts", { flags });
  assertEquals(stderr.includes("cachepy: load: first execution"), true, stderr);
});
