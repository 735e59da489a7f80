/**
 * Patterns of file names that take for ever, and those that only look so.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { mayBeSlow } from "../../src/reads/files/slow_pattern.ts";
import { Project } from "../support/project.ts";

Deno.test("mayBeSlow() tells patterns that can take for ever from those that cannot", () => {
  const slow = [
    "(a+)+$",
    "(a|a)*$",
    "(?:a*)*b",
    "([a-z]+.)+x",
    "(.*)*",
    "(a+){2,}",
    "a*a*a*a*b",
    "(a)\\1+",
    "(?:(a+))+",
    "(x{2,})+",
  ];
  for (const source of slow) assertEquals([source, mayBeSlow(new RegExp(source))], [source, true]);
  const quick = [
    "\\.csv$",
    "^data/.*\\.fastq(\\.gz)?$",
    "sample_\\d+_R[12]\\.fq",
    "^(a|b)+/",
    "^.*_.*_.*\\.csv$",
    "(?:x|y)*z",
    "[(a+)+]",
    "\\(a+\\)+",
    "^[^/]+/[^/]+\\.txt$",
    "(a|b){2}",
    "(?<year>\\d{4})-\\d{2}",
    "",
  ];
  for (const source of quick) assertEquals([source, mayBeSlow(new RegExp(source))], [source, false]);
});

const PROGRAM = `
import { cacheFile } from "@bimsb/cachepy";
let runs = 0;
const cached = cacheFile("./cache", {
  fileArgs: ["folder"], filePattern: Deno.args[0], onEvent: ({ kind }) => { if (kind === "run") runs++; },
});
const count = cached(async function count(folder) { return (await Array.fromAsync(Deno.readDir(folder))).length; });
const values = [await count("data"), await count("data")];
console.log(JSON.stringify({ values, runs }));
`;

interface Report {
  readonly values: readonly number[];
  readonly runs: number;
}

const NAME = "a".repeat(60) + "!";

Deno.test("a filePattern that may take for ever costs no result and no time: all files count, and that is said", async () => {
  await using project = await Project.create({ "main.js": PROGRAM, [`data/${NAME}`]: "1", "data/b.csv": "2" });
  const run = async () => {
    const outcome = await project.run("main.js", { args: ["^(a+)+$"] });
    assertEquals(outcome.code, 0, outcome.stderr);
    assertStringIncludes(outcome.stderr, "filePattern /^(a+)+$/ may take for ever on some names, so all files");
    return outcome.json<Report>();
  };
  assertEquals(await run(), { values: [2, 2], runs: 1 });
  assertEquals(await run(), { values: [2, 2], runs: 0 });
  await project.write("data/b.csv", "3");
  assertEquals((await run()).runs, 1);
});

Deno.test("a filePattern that repeats and is harmless chooses files as any other", async () => {
  await using project = await Project.create({
    "main.js": PROGRAM,
    "data/aa.csv": "1",
    "data/sub/ab.csv": "2",
    "data/c.txt": "3",
  });
  const run = async () => (await project.run("main.js", { args: ["^(?:sub/)?(a|b)+\\.csv$"] })).json<Report>().runs;
  assertEquals([await run(), await run()], [1, 0]);
  await project.write("data/c.txt", "4");
  assertEquals(await run(), 0);
  await project.write("data/sub/ab.csv", "5");
  assertEquals(await run(), 1);
  await project.write("data/bb.csv", "6");
  assertEquals(await run(), 1);
});
