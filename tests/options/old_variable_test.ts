/** The variable by which cachepy for Python and cacheR name the folder of the cache. */
import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";
import { filesBelow } from "../support/rig.ts";

const PROGRAM = `import { cacheFile, cacheList, cacheStats } from "@bimsb/cachepy";
const cached = cacheFile(Deno.args[0] === undefined ? {} : { cacheDir: Deno.args[0] });
const step = cached(function step(x: number) { return x + 1; });
const next = cached(function next(x: number) { return x + 2; });
await step(1);
await next(1);
console.log((await cacheStats(Deno.args[0])).entries, (await cacheList(Deno.args[0])).length);
`;

const CLI = `import { main } from "@bimsb/cachepy/cli";\nDeno.exit(await main(Deno.args));\n`;

/** The lines of this package in what a process wrote to stderr. */
function linesIn(stderr: string): string[] {
  return stderr.split("\n").filter((line) => line.startsWith("cachepy: "));
}

/** What is expected on stderr while `CACHER_DIR=old` alone is set. */
const WARNING =
  'cachepy: warning: CACHER_DIR="old" is not used: it is of cachepy for Python and cacheR; the cache is ' +
  "./.cachepy, unless you set CACHEPY_DIR, or cache_dir in cachepy.yml";

Deno.test("CACHER_DIR alone is not used, which each process says once", async () => {
  await using project = await Project.create({ "main.ts": PROGRAM, "cli.ts": CLI });
  const env = { CACHER_DIR: "old" };
  const run = async (options: Parameters<Project["run"]>[1], script = "main.ts") => {
    const { code, stdout, stderr } = await project.run(script, options);
    assertEquals(code, 0, stderr);
    return [stdout.trim(), ...linesIn(stderr)];
  };
  assertEquals(await run({ env }), ["2 2", WARNING]);
  assertEquals(await run({ env }), ["2 2", WARNING]);
  assertEquals((await run({ env, args: ["list"] }, "cli.ts")).slice(1), [WARNING]);
  assertEquals(await filesBelow(project.path("old")), []);
  // Not where the folder is chosen: in code, by the variable of this package, in a file.
  assertEquals(await run({ env, args: ["in-code"] }), ["2 2"]);
  assertEquals((await run({ env, args: ["list", "--cache-dir", "in-code"] }, "cli.ts")).slice(1), []);
  assertEquals(await run({ env: { ...env, CACHEPY_DIR: "by-variable" } }), ["2 2"]);
  assertEquals(await run({ env: { CACHER_DIR: "" } }), ["2 2"]);
  await project.write("cachepy.yml", "cache_dir: by-file\n");
  assertEquals(await run({ env }), ["2 2"]);
  assertEquals((await run({ env, args: ["list"] }, "cli.ts")).slice(1), []);
});

Deno.test("CACHER_DIR that may not be read is not asked for", async () => {
  await using project = await Project.create({
    "main.ts": `import { cacheDefaultDir, cacheStats } from "@bimsb/cachepy";
console.log(cacheDefaultDir(), (await cacheStats()).entries);
`,
  });
  const { stdout, stderr } = await project.run("main.ts", {
    flags: ["--allow-read", "--allow-write"],
    env: { CACHER_DIR: "old" },
  });
  assertEquals([stdout, ...linesIn(stderr)], ["./.cachepy 0\n"]);
});
