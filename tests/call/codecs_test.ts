import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import Big from "big.js";
import { identifyCodecs } from "../../src/call/codec_identities.ts";
import type { PackageIdentity } from "../../src/code/packages/packages.ts";
import { digestBytes } from "../../src/words/sha256.ts";
import { decimal } from "../../codecs.ts";
import { Project } from "../support/project.ts";

const STEP = `
import { cacheFile, ofClass } from "@bimsb/cachepy";
import { scale } from "./scale.ts";

class Point {
  constructor(readonly x: number) {}
}
const point = ofClass(Point, (point) => point.x, (x) => new Point(scale(x)));
const other = { name: "other", is: (value: unknown) => value === null, encode: String, decode: Number };
const kept = ofClass(Point);
const codecs = [point, other]; // the list
const step = cacheFile("./cache", { codecs })(function step() {
  return 1;
});
const { outcome, summary } = await step.why();
await step();
console.log(JSON.stringify([outcome, summary]));
`;

const SCALE = "export const scale = (x: number) => x * 1; // as it is\n";

/** Runs the project's script: `hit`, or the summary of the miss. */
async function ask(project: Project): Promise<string> {
  const outcome = await project.run("step.ts");
  assertEquals(outcome.code, 0, outcome.stderr);
  return outcome.json<[string, string]>()[1];
}

Deno.test("an edited codec is a miss that names the codec; a comment is none", async () => {
  await using project = await Project.create({ "step.ts": STEP, "scale.ts": SCALE });
  assertEquals(await ask(project), "first call");
  assertEquals(await ask(project), "hit");
  await project.edit("step.ts", "(x) => new Point(scale(x))", "/* made again */ (data) => new Point(scale(data))");
  await project.edit("scale.ts", "as it is", "unchanged");
  assertEquals(await ask(project), "hit");
  await project.edit("step.ts", "(point) => point.x,", "(point) => point.x + 0,");
  assertEquals(await ask(project), "codec Point changed");
  await project.edit("step.ts", "new Point(scale(data))", "new Point(scale(data) + 0)");
  assertEquals(await ask(project), "codec Point changed");
  await project.edit("scale.ts", "x * 1", "1 * x");
  assertEquals(await ask(project), "codec Point changed");
  await project.edit("step.ts", "value === null", "value === undefined");
  assertEquals(await ask(project), "codec other changed");
  await project.edit("step.ts", `encode: String`, `encode: (value: unknown) => String(value)`);
  assertEquals(await ask(project), "codec other changed");
  assertEquals(await ask(project), "hit");
});

Deno.test("the class of ofClass() counts, and the order, the names and the number of the codecs", async () => {
  await using project = await Project.create({ "step.ts": STEP, "scale.ts": SCALE });
  await ask(project);
  await project.edit("step.ts", "[point, other]", "[other, point]");
  assertEquals(await ask(project), "order of the codecs changed");
  await project.edit("step.ts", "[other, point]", "[other]");
  assertEquals(await ask(project), "codec Point removed");
  await project.edit("step.ts", "[other]", "[kept]");
  assertStringIncludes(await ask(project), "codec Point");
  await project.edit("step.ts", "{}\n}", "{}\n  get twice() {\n    return 2 * this.x;\n  }\n}");
  assertEquals(await ask(project), "codec Point changed");
  await project.edit("step.ts", "[kept]", `[{ ...kept, name: "geo.Point" }]`);
  assertStringIncludes(await ask(project), "codec geo.Point added");
  await project.edit("step.ts", `name: "geo.Point" }]`, `name: "geo.Point" }]; // renamed`);
  assertEquals(await ask(project), "hit");
});

Deno.test("a ready codec counts as the package of the module that it gets", async () => {
  const codecs = decimal(Big);
  const digestWith = async (version: string) => {
    const packageOf = (url: string): PackageIdentity | null =>
      url.includes("/big.js/")
        ? { name: "big.js", version, digest: digestBytes(version), source: "npm", notices: [] }
        : null;
    const options = { packageOf, cachedIdentity: () => undefined, projectRoot: "/" };
    const [identity] = await identifyCodecs(codecs, options);
    assertEquals(identity!.notices, []);
    return identity!.digest;
  };
  assertEquals(await digestWith("7.0.1"), await digestWith("7.0.1"));
  assertNotEquals(await digestWith("7.0.1"), await digestWith("7.0.2"));
});

Deno.test("without --allow-sys the own text of a codec's functions counts", async () => {
  await using project = await Project.create({ "step.ts": STEP, "scale.ts": SCALE });
  const flags = ["--allow-read", "--allow-write", "--allow-env"];
  const run = async () => (await project.run("step.ts", { flags })).json<[string, string]>()[1];
  assertEquals(await run(), "first call");
  assertEquals(await run(), "hit");
  await project.edit("step.ts", "new Point(scale(x))", "new Point(scale(x) + 0)");
  assertEquals(await run(), "codec Point changed");
});
