import { assertEquals, assertRejects } from "@std/assert";
import {
  cacheTreeLoad,
  cacheTreeNodes,
  cacheTreeReset,
  cacheTreeSave,
  cacheTreeToDot,
  cacheTreeToJson,
  CacheTypeError,
  plotCacheGraph,
} from "@bimsb/cachepy";
import { filesBelow, Rig } from "../support/rig.ts";

/** A rig with an outer and an inner function, both stored. */
async function openPipeline() {
  const rig = await Rig.open();
  const file = await rig.write("a.txt", "a");
  const load = rig.cached()(async function load(path: string) {
    return await Deno.readTextFile(path);
  });
  const total = rig.cached()(async function total(path: string) {
    return (await load(path)).length;
  });
  await total(file);
  return { rig, file, load, total };
}

const names = async (dir: string) => [...await cacheTreeNodes(dir)].map(([, { fname }]) => fname).sort();

Deno.test("after cacheTreeReset() hits put their calls, and the calls that these made, into the graph again", async () => {
  const { rig, file, total } = await openPipeline();
  await using _ = rig;
  const before = await cacheTreeToJson(rig.cacheDir);
  await cacheTreeReset(rig.cacheDir);
  assertEquals(await names(rig.cacheDir), []);
  rig.forgetEvents();
  await total(file);
  assertEquals([rig.kinds(), await names(rig.cacheDir)], [["hit"], ["load", "total"]]);
  assertEquals(await cacheTreeToJson(rig.cacheDir), before);
  await cacheTreeReset(rig.cacheDir);
  await total.with({ skipSave: true })(file);
  assertEquals(await names(rig.cacheDir), ["load", "total"]);
});

Deno.test("cacheTreeLoad() adds to the graph, and replaces it when asked to", async () => {
  const { rig, load } = await openPipeline();
  await using _ = rig;
  const saved = await cacheTreeSave(rig.path("saved.json"), rig.cacheDir);
  await load(await rig.write("b.txt", "b"));
  assertEquals((await cacheTreeNodes(rig.cacheDir)).size, 3);
  assertEquals(await cacheTreeLoad(saved, rig.cacheDir), 2);
  const nodes = await cacheTreeNodes(rig.cacheDir);
  assertEquals(nodes.size, 3, "what is on disk stays");
  assertEquals(await cacheTreeLoad(saved, rig.cacheDir, { replace: true }), 2);
  assertEquals((await cacheTreeNodes(rig.cacheDir)).size, 2);
  await assertRejects(
    () => cacheTreeLoad(saved, rig.cacheDir, { replaces: true } as object),
    CacheTypeError,
    "did you mean replace?",
  );
});

Deno.test("cacheTreeToJson() and cacheTreeToDot() write a file that is named, and return the same text", async () => {
  const { rig } = await openPipeline();
  await using _ = rig;
  for (
    const [write, file] of [
      [cacheTreeToJson, "graph.json"],
      [cacheTreeToDot, "graph.dot"],
      [cacheTreeToDot, "graph.gv"],
    ] as const
  ) {
    const text = await write(rig.path(file), rig.cacheDir);
    assertEquals([await Deno.readTextFile(rig.path(file)), await write(rig.cacheDir)], [text, text]);
    await assertRejects(() => write(rig.path("graph.txt"), rig.cacheDir), CacheTypeError, "as a file to write");
  }
});

Deno.test("plotCacheGraph() takes output for path, and makes no text of the name of a bitmap", async () => {
  const { rig } = await openPipeline();
  await using _ = rig;
  const svg = await plotCacheGraph({ cacheDir: rig.cacheDir, output: rig.path("graph.svg") });
  assertEquals(await Deno.readTextFile(rig.path("graph.svg")), svg);
  for (const name of ["graph.png", "graph.PDF", "graph.jpg"]) {
    for (
      const options of [{ path: rig.path(name) }, { output: rig.path(name) }, { path: rig.path(name), format: "svg" }]
    ) {
      await assertRejects(() => plotCacheGraph(rig.cacheDir, options as object), CacheTypeError, "no bitmaps are made");
    }
  }
  assertEquals((await filesBelow(rig.folder)).filter((name) => /png|pdf|jpg/i.test(name)), []);
});
