/**
 * A working directory that is gone, before the cache is opened or while it is in use.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

const PROGRAM = `
import { cacheFile, cacheStats, trackFile } from "@bimsb/cachepy";
const [when, dir] = Deno.args;
const leave = () => Deno.removeSync(Deno.cwd(), { recursive: true });
if (when === "before") leave();
let runs = 0;
const cached = cacheFile(dir, { onEvent: ({ kind }) => { if (kind === "run") runs++; } });
const failure = (error) => error.name;
const steps = {
  plain: cached(function plain(x) { return x * 2; }),
  argument: cached({ fileArgs: ["path"] })(async function argument(path) { return await Deno.readTextFile(path).catch(failure); }),
  reads: cached(async function reads() { return await Deno.readTextFile("b.txt").catch(failure); }),
  declared: cached({ dependsOnFiles: ["b.txt"] })(function declared() { return 1; }),
  where: cached(function where() { try { return Deno.cwd(); } catch (error) { return failure(error); } }),
  absolute: cached(async function absolute(path) { return await Deno.readTextFile(path); }),
};
const args = { plain: [3], argument: ["b.txt"], absolute: [import.meta.dirname + "/input.txt"] };
if (when === "after") {
  await steps.plain(0);
  leave();
}
const values = {};
for (const [name, step] of Object.entries(steps)) values[name] = await step(...args[name] ?? []);
const firstRuns = runs;
for (const [name, step] of Object.entries(steps)) await step(...args[name] ?? []);
const { entries } = await cacheStats(dir);
console.log(JSON.stringify({ values, again: runs - firstRuns, entries }));
`;

for (const when of ["before", "after"]) {
  for (const isRelative of [true, false]) {
    Deno.test({
      name: `the working directory is gone ${when} the first call: right values, kept (${
        isRelative ? "relative" : "absolute"
      })`,
      ignore: Deno.build.os === "windows",
      async fn() {
        await using project = await Project.create({ "main.js": PROGRAM, "input.txt": "data", "gone/x": "" });
        const { code, stderr, json } = await project.run("main.js", {
          args: [when, isRelative ? "./cache" : project.path("named")],
          flags: ["-A", "--no-check", `--config=${project.path("deno.json")}`],
          cwd: project.path("gone"),
        });
        assertEquals(code, 0, stderr);
        assertEquals(json(), {
          values: {
            plain: 6,
            argument: "NotFound",
            reads: "NotFound",
            declared: 1,
            where: "NotFound",
            absolute: "data",
          },
          again: 0,
          // The functions keep to the folder that a relative path named when they were wrapped.
          entries: when === "before" ? 6 : isRelative ? 0 : 7,
        });
        assertEquals(stderr.includes("cachepy:"), false, stderr);
      },
    });
  }
}
