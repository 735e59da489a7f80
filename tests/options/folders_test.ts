import { assert, assertEquals, assertRejects } from "@std/assert";
import { CacheTypeError, loadConfig } from "@bimsb/cachepy";
import { Project } from "../support/project.ts";
import { filesBelow } from "../support/rig.ts";

const MANAGING = `import * as cachepy from "@bimsb/cachepy";
const step = cachepy.cacheFile()(async function step(path: string) { return await Deno.readTextFile(path); });
await step("a.txt");
const found = {
  stats: (await cachepy.cacheStats()).entries,
  list: (await cachepy.cacheList()).length,
  nodes: (await cachepy.cacheTreeNodes()).size,
  files: (await cachepy.cacheTreeFiles()).length,
  forFile: [...await cachepy.cacheTreeForFile("a.txt")].length,
  changed: (await cachepy.cacheTreeChangedFiles()).size,
  summary: (await cachepy.cacheTreeSummary()).includes("step"),
  json: JSON.parse(await cachepy.cacheTreeToJson()).nodes.length,
  dot: (await cachepy.cacheTreeToDot()).includes("step"),
  plot: (await cachepy.plotCacheGraph()).includes("step"),
  checked: (await cachepy.cacheVerify()).checked > 0,
  prune: (await cachepy.cachePrune(undefined, { daysOld: 0, dryRun: true })).removed,
  cleared: (await cachepy.cacheClear()).removed,
};
console.log(JSON.stringify(found));
`;

const FOUND = {
  stats: 1,
  list: 1,
  nodes: 1,
  files: 1,
  forFile: 1,
  changed: 0,
  summary: true,
  json: 1,
  dot: true,
  plot: true,
  checked: true,
  prune: 1,
  cleared: 1,
};

Deno.test("without a folder, management looks where functions keep their results: cachepy.yml, CACHEPY_DIR, ./.cachepy", async () => {
  await using project = await Project.create({ "main.ts": MANAGING, "a.txt": "a" });
  assertEquals((await project.run("main.ts")).json(), FOUND);
  assert((await filesBelow(project.path(".cachepy"))).length > 0);
  assertEquals((await project.run("main.ts", { env: { CACHEPY_DIR: "by-variable" } })).json(), FOUND);
  assert((await filesBelow(project.path("by-variable"))).length > 0);
  await project.write("cachepy.yml", "cache_dir: by-file\n");
  assertEquals((await project.run("main.ts", { env: { CACHEPY_DIR: "by-variable" } })).json(), FOUND);
  assert((await filesBelow(project.path("by-file"))).length > 0);
});

Deno.test("~ and variables in the paths of cachepy.yml are what a shell makes of them", async () => {
  const home = Deno.env.get("HOME")!;
  const file = await Deno.makeTempFile({ suffix: ".yml" });
  const load = async (text: string) => {
    await Deno.writeTextFile(file, text);
    return await loadConfig(file);
  };
  Deno.env.set("CACHEPY_TEST_DATA", "/data");
  Deno.env.set("CACHEPY_TEST_EMPTY", "");
  try {
    for (
      const [text, path] of [
        ["~/x", `${home}/x`],
        ['"~"', home],
        ["$CACHEPY_TEST_DATA/x", "/data/x"],
        ["${CACHEPY_TEST_DATA}x", "/datax"],
        ["${CACHEPY_TEST_NONE:-/other}/x", "/other/x"],
        ["${CACHEPY_TEST_EMPTY:-/other}/x", "/other/x"],
        ["/a${CACHEPY_TEST_EMPTY-/other}/x", "/a/x"],
        ['"/a\\\\$b"', "/a$b"],
        ["/a~b", "/a~b"],
      ] as const
    ) {
      assertEquals((await load(`cache_dir: ${text}\n`)).cacheDir, path, text);
      assertEquals((await load(`metadata_dir: ${text}\n`)).metadataDir, path, text);
      assertEquals((await load(`depends_on_files:\n  - ${text}\n`)).dependsOnFiles, [path], text);
    }
    const wrong = ["${CACHEPY_TEST_NONE}/x", "$CACHEPY_TEST_NONE/x", "${CACHEPY_TEST_EMPTY}/x", "~nobody/x"];
    for (const text of [...wrong, "${CACHEPY_TEST_DATA", "/a${CACHEPY_TEST_DATA/x", "${}/x"]) {
      const error = await assertRejects(() => load(`verbose: true\ncache_dir: ${text}\n`), CacheTypeError);
      assertEquals(error.code, "ERR_CONFIG");
      assert(error.message.startsWith(`${file}:2: cache_dir: got "${text}"; `), error.message);
    }
  } finally {
    for (const name of ["DATA", "EMPTY"]) Deno.env.delete(`CACHEPY_TEST_${name}`);
    await Deno.remove(file);
  }
});

Deno.test("a folder that code names by ~ is in the home folder", async () => {
  await using project = await Project.create({
    "main.ts": `import { cacheFile, cacheStats } from "@bimsb/cachepy";
await cacheFile("~/mine")((x: number) => x)(1);
console.log((await cacheStats("~/mine")).entries);
`,
  });
  const env = {
    HOME: project.path("home"),
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
  };
  assertEquals((await project.run("main.ts", { env })).stdout.trim(), "1");
  assert((await filesBelow(project.path("home", "mine"))).length > 0);
  assertEquals(await filesBelow(project.path("~")), []);
});
