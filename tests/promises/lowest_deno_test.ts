import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { requireDeno } from "../../src/words/program.ts";
import { CacheError } from "../../src/words/errors.ts";
import { findDeno, LOWEST_DENO, TOO_OLD_DENO } from "../support/lowest_deno.ts";
import { Project } from "../support/project.ts";

const PROGRAM = `import { cacheFile } from "@bimsb/cachepy";
const cached = cacheFile("./.cachepy", { verbose: true });
const RATE = 3;
const load = cached(async function load(path: string) {
  return (await Deno.readTextFile(path)).length;
});
const scale = cached(async function scale(path: string) {
  console.log("ran scale");
  return RATE * await load(path);
});
console.log(Deno.version.deno, await scale("in.txt"));
`;

/** The lines of the cache, without times. */
function linesOf(stderr: string): string[] {
  const lines = stderr.split("\n").filter((line) => line.startsWith("cachepy: "));
  return lines.map((line) => line.slice("cachepy: ".length).replace(/ in .*/, ""));
}

const lowest = findDeno(LOWEST_DENO);
const tooOld = findDeno(TOO_OLD_DENO);

Deno.test({
  name: "the lowest Deno runs, hits, and runs again for an edit of code and of a file",
  ignore: lowest === null,
  async fn() {
    await using project = await Project.create({ "main.ts": PROGRAM, "in.txt": "hello" });
    await project.linkRelatively();
    const run = async () => {
      const { code, stdout, stderr } = await project.run("main.ts", { deno: lowest! });
      assertEquals(code, 0, stderr);
      return [stdout, ...linesOf(stderr)];
    };
    assertEquals(await run(), ["ran scale\n2.7.1 15\n", "scale: first execution", "load: first execution"]);
    assertEquals(await run(), ["2.7.1 15\n", "scale: hit"]);
    await project.edit("main.ts", "RATE = 3", "RATE = 4");
    assertEquals(await run(), ["ran scale\n2.7.1 20\n", "scale: miss: RATE @ main.ts: 3 → 4", "load: hit"]);
    await project.write("in.txt", "hello!");
    assertEquals(await run(), [
      "ran scale\n2.7.1 24\n",
      "load: miss: in.txt changed",
      "scale: miss: load ← in.txt changed",
      "load: hit",
    ]);
  },
});

Deno.test({
  name: "a Deno that is too old is refused with the version that is wanted",
  ignore: tooOld === null,
  async fn() {
    await using project = await Project.create({
      "main.ts": `import { CacheError, cacheFile, cacheList } from "@bimsb/cachepy";
const failures = [() => cacheFile("./.cachepy"), () => cacheList("./.cachepy")].map(async (make) => {
  try {
    await make();
  } catch (error) {
    return error instanceof CacheError ? [error.code, error.message] : String(error);
  }
});
console.log(JSON.stringify(await Promise.all(failures)));
`,
    });
    await project.linkRelatively();
    const outcome = await project.run("main.ts", { deno: tooOld! });
    assertEquals(outcome.code, 0, outcome.stderr);
    const refused = ["ERR_DENO_VERSION", `Cannot cache with Deno ${TOO_OLD_DENO}: want 2.7 or later; run deno upgrade`];
    assertEquals(outcome.json<unknown>(), [refused, refused]);
  },
});

Deno.test("the lowest Deno is the one that the README and the checks of every push name", async () => {
  for (const version of ["2.7.0", LOWEST_DENO, "2.10.0", "3.0.0", "2.7.0+ab12"]) requireDeno(version);
  for (const version of ["1.46.3", "2.0.0", TOO_OLD_DENO]) {
    assertThrows(() => requireDeno(version), CacheError, "want 2.7 or later");
  }
  const read = (path: string) => Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
  assertMatch(await read("README.md"), /\bDeno 2\.7 or later\b/);
  assertMatch(await read(".github/workflows/ci.yml"), new RegExp(`deno@${RegExp.escape(LOWEST_DENO)}`));
});
