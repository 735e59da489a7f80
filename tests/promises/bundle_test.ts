import { assertEquals, assertMatch } from "@std/assert";
import * as codecs from "@bimsb/cachepy/codecs";
import * as cachepy from "@bimsb/cachepy";
import { isOurFunction } from "../../src/words/program.ts";
import { Project } from "../support/project.ts";

const FILES = {
  "main.ts": `import { cacheFile } from "@bimsb/cachepy";
import { rate } from "./rate.ts";
const LIMIT = 3;
const told: string[] = [];
const cached = cacheFile("./.cachepy", {
  onEvent(event) {
    if (event.kind === "miss") told.push(event.summary);
  },
});
const step = cached({ name: "step" })((x: number) => {
  console.log("ran step");
  return x * rate();
});
const other = cached({ name: "other" })((x: number) => {
  console.log("ran other");
  return x + LIMIT;
});
const outer = cached({ name: "outer" })(async (x: number) => {
  console.log("ran outer");
  if (x < 0) throw new Error("negative");
  return await step(x) + (await Deno.readTextFile("in.txt")).length;
});
const late = cached({ name: "late" })(async (x: number) => {
  console.log("ran late");
  const { shift } = await import("./late.ts");
  return shift(x);
});
const results = [await step(2), await other(2), await outer(2), await late(2)];
const notices = [...(await step.why(2)).notices, ...(await outer.why(2)).notices];
console.log(JSON.stringify({ results, told, notices }));
`,
  "rate.ts": `export function rate(): number {
  return 3;
}
export function unused(): number {
  return 4;
}
`,
  "late.ts": `const table = { offset: 1 };
export function shift(x: number): number {
  return x + table.offset;
}
`,
  "in.txt": "hello",
};

/** What a run of the bundle printed. */
interface Told {
  readonly results: readonly number[];
  /** Names of the functions that ran. */
  readonly ran: readonly string[];
  /** Reasons of the misses. */
  readonly told: readonly string[];
  readonly notices: readonly string[];
}

for (const flags of [[], ["--minify", "--code-splitting"]]) {
  Deno.test(`a bundle made with [${flags}] misses for what an edit reaches, and hits for what it does not`, async () => {
    await using project = await Project.create(FILES);
    const runBundle = async (): Promise<Told> => {
      const { code, stdout, stderr, json } = await project.run("out/main.js");
      assertEquals(code, 0, stderr);
      return { ...json<Told>(), ran: [...stdout.matchAll(/^ran (\w+)$/gm)].map(([, name]) => name!) };
    };
    const bundleAndRun = async (): Promise<Told> => {
      const bundled = await project.run("main.ts", { command: "bundle", flags: [...flags, "--outdir", "out"] });
      assertEquals(bundled.code, 0, bundled.stderr);
      return await runBundle();
    };
    const first = await bundleAndRun();
    assertEquals(first.results, [6, 5, 11, 3]);
    assertEquals([first.ran, first.notices], [["step", "other", "outer", "late"], []]);

    await project.edit("main.ts", "const step =", "// a comment\nconst step =");
    await project.edit("main.ts", "LIMIT = 3", "LIMIT = 4");
    const second = await bundleAndRun();
    assertEquals([second.results, second.ran], [[6, 6, 11, 3], ["other"]]);
    assertMatch(second.told.join(), /^[\w$]+ @ out\/main\.js: 3 → 4$/);

    await project.edit("rate.ts", "return 3", "return 5");
    await project.edit("late.ts", "offset: 1", "offset: 2");
    const third = await bundleAndRun();
    assertEquals([third.results, third.ran], [[10, 6, 15, 4], ["step", "outer", "late"]]);

    const [ofStep, ofOuter, ofLate] = third.told;
    assertMatch(ofStep!, /^code changed: [\w$]+ @ out\/main\.js$/);
    assertEquals(ofOuter, "step: result changed");
    assertMatch(ofLate!, /^code changed: (?:[\w$]+ @ out\/main\.js|\(module\) @ out\/late-\w+\.js)$/);

    await project.write("in.txt", "hello, world");
    const fourth = await runBundle();
    assertEquals([fourth.results, fourth.ran], [[10, 6, 22, 4], ["outer"]]);
    assertEquals(fourth.told, ["in.txt changed"]);
  });
}

Deno.test("everything that the package exports, and what it makes, is told from the user's code by itself", async () => {
  const cached = cachepy.cacheFile(await Deno.makeTempDir());
  class Point {}
  const wrapped = cached((x: number) => x);
  const { original, ...members } = wrapped;
  const codec = cachepy.ofClass(Point);
  const made = [cached, cached({ version: "1" }), wrapped, wrapped.with({}), ...Object.values(members)];
  const ours = [...Object.values(cachepy), ...Object.values(codecs), ...made, codec.is, codec.encode, codec.decode];
  assertEquals(ours.filter((one) => !isOurFunction(one, "file:///bundle.js")), []);
  const theirs = cachepy.ofClass(Point, () => 1, () => new Point());
  assertEquals([original, Point, theirs.encode, theirs.decode].filter((one) => isOurFunction(one, "")), []);
});
