import { assert, assertEquals, assertRejects } from "@std/assert";
import { CacheError } from "../../src/words/errors.ts";
import {
  cacheTreeChangedFiles,
  cacheTreeFiles,
  cacheTreeForFile,
  cacheTreeNodes,
} from "../../src/manage/graph/nodes.ts";
import { cacheTreeSummary, cacheTreeToJson } from "../../src/manage/graph/export.ts";
import { cacheTreeLoad, cacheTreeReset, cacheTreeSave, cacheTreeSync } from "../../src/manage/graph/transfer.ts";
import type { EntryRecord } from "../../src/words/records.ts";
import { cacheTreeToDot, plotCacheGraph } from "../../src/manage/draw/plot.ts";
import { cacheList } from "../../src/manage/list.ts";
import { readDot } from "../support/dot.ts";
import { child, digestOf, file, record } from "../support/records.ts";
import { seed, tempFolder, testIn } from "../support/seeded_cache.ts";
import { readElements } from "../support/xml.ts";

const LOAD = record({ fname: "load", key: "load", files: [file("data/a.csv", "a")], createdMs: 1_000 });
const CLEAN = record({ fname: "clean", key: "clean", reads: [child(LOAD), file("b.yml", "b")], createdMs: 2_000 });
const REPORT = record({ fname: "report", key: "report", reads: [child(CLEAN), child(LOAD)], createdMs: 3_000 });

async function seedPipeline(root: string, dir: string): Promise<void> {
  Deno.mkdirSync(`${root}/data`);
  Deno.writeTextFileSync(`${root}/data/a.csv`, "a");
  Deno.writeTextFileSync(`${root}/b.yml`, "b");
  await seed(dir, [LOAD, 1], [CLEAN, 2], [REPORT, 3]);
}

function idOf({ fname, key }: EntryRecord): string {
  return `${fname}:${key}`;
}

testIn(
  "cacheTreeNodes() gives calls both ways, files as absolute paths with digests, and where results are",
  async (root, dir) => {
    await seedPipeline(root, dir);
    const nodes = await cacheTreeNodes(dir);
    assertEquals([...nodes.keys()], [LOAD, CLEAN, REPORT].map(idOf));
    const load = nodes.get(idOf(LOAD))!;
    assertEquals(load.fname, "load");
    assertEquals(load.parents, [idOf(CLEAN), idOf(REPORT)]);
    assertEquals(load.children, []);
    assertEquals(load.files, [`${root}/data/a.csv`]);
    assertEquals(load.fileHashes, { [`${root}/data/a.csv`]: digestOf<string>("a") as string });
    assertEquals(load.created, new Date(1_000));
    assertEquals(load.hash, LOAD.fingerprint as string);
    assert(Deno.statSync(load.outfile).isFile);
    assertEquals(nodes.get(idOf(REPORT))!.children, [idOf(CLEAN), idOf(LOAD)]);
  },
);

testIn(
  "cacheTreeForFile() finds the calls that depend on a file themselves, by any spelling of its path",
  async (root, dir) => {
    await seedPipeline(root, dir);
    for (const path of [`${root}/data/a.csv`, `${root}/data/../data/a.csv`, new URL(`file://${root}/data/a.csv`)]) {
      const nodes = await cacheTreeForFile(path, dir);
      assertEquals([...nodes.keys()], [idOf(LOAD)]);
      assertEquals(nodes.get(idOf(LOAD)), (await cacheTreeNodes(dir)).get(idOf(LOAD)));
    }
    assertEquals((await cacheTreeForFile(`${root}/other.csv`, dir)).size, 0);
  },
);

testIn("cacheTreeForFile() takes a path relative to the working directory", async (root, dir) => {
  await seedPipeline(root, dir);
  const before = Deno.cwd();
  Deno.chdir(`${root}/data`);
  try {
    assertEquals([...(await cacheTreeForFile("a.csv", dir)).keys()], [idOf(LOAD)]);
    assertEquals((await cacheTreeForFile("data/a.csv", dir)).size, 0);
  } finally {
    Deno.chdir(before);
  }
});

testIn("cacheTreeFiles() lists every file once, sorted", async (root, dir) => {
  await seedPipeline(root, dir);
  assertEquals(await cacheTreeFiles(dir), [`${root}/b.yml`, `${root}/data/a.csv`]);
});

testIn("cacheTreeChangedFiles() names the calls whose own files changed, vanished or appeared", async (root, dir) => {
  await seedPipeline(root, dir);
  await seed(dir, record({ fname: "probe", key: "probe", reads: [file("later.txt", null)] }));
  assertEquals((await cacheTreeChangedFiles(dir)).size, 0);
  Deno.writeTextFileSync(`${root}/data/a.csv`, "A");
  Deno.removeSync(`${root}/b.yml`);
  Deno.writeTextFileSync(`${root}/later.txt`, "");
  const changed = await cacheTreeChangedFiles(dir);
  assertEquals(
    [...changed.values()].map(({ node, changedFiles }) => [node.fname, changedFiles]).sort(),
    [["clean", [`${root}/b.yml`]], ["load", [`${root}/data/a.csv`]], ["probe", [`${root}/later.txt`]]],
  );
});

testIn("cacheTreeChangedFiles() is quiet about a touch", async (root, dir) => {
  await seedPipeline(root, dir);
  Deno.utimeSync(`${root}/data/a.csv`, new Date(), new Date());
  assertEquals((await cacheTreeChangedFiles(dir)).size, 0);
});

testIn("cacheTreeSummary(), cacheTreeToJson() and cacheTreeToDot() show the same graph", async (root, dir) => {
  await seedPipeline(root, dir);
  const summary = await cacheTreeSummary(dir);
  assertEquals(summary.split("\n")[0], "3 calls, 3 nested calls, 2 files");
  assert(summary.includes("data/a.csv") && !summary.includes(root));
  const json = JSON.parse(await cacheTreeToJson(dir));
  assertEquals(json.nodes.map(({ id }: { id: string }) => id), [LOAD, CLEAN, REPORT].map(idOf));
  assertEquals(json.nodes[0].created, "1970-01-01T00:00:01.000Z");
  const dot = readDot(await cacheTreeToDot(dir));
  assertEquals(dot.edges.length, json.edges.length);
  assertEquals(json.edges.length, 5);
});

testIn("plotCacheGraph() draws and writes by the name of the file, and marks what changed", async (root, dir) => {
  await seedPipeline(root, dir);
  Deno.writeTextFileSync(`${root}/data/a.csv`, "changed");
  const svg = await plotCacheGraph({ cacheDir: dir });
  readElements(svg);
  assertEquals(svg.match(/class="call stale"/g)?.length, 1);
  assertEquals((await plotCacheGraph({ cacheDir: dir, highlightStale: false })).includes("call stale"), false);
  for (const [name, begin] of [["g.svg", "<svg"], ["g.html", "<!doctype html>"], ["g.dot", "digraph"]]) {
    const text = await plotCacheGraph({ cacheDir: dir, path: `${root}/${name}` });
    assert(text.startsWith(begin!), name);
    assertEquals(Deno.readTextFileSync(`${root}/${name}`), text);
  }
});

testIn("plotCacheGraph() marks a call whose result is gone", async (root, dir) => {
  await seedPipeline(root, dir);
  Deno.removeSync((await cacheTreeNodes(dir)).get(idOf(CLEAN))!.outfile);
  assertEquals((await plotCacheGraph({ cacheDir: dir })).match(/class="call missing"/g)?.length, 1);
});

testIn("cacheTreeReset() clears the graph and keeps the results", async (root, dir) => {
  await seedPipeline(root, dir);
  await cacheTreeReset(dir);
  assertEquals((await cacheTreeNodes(dir)).size, 0);
  assertEquals((await cacheTreeForFile(`${root}/data/a.csv`, dir)).size, 0);
  assertEquals((await cacheList(dir)).length, 3);
});

testIn("a graph that was saved and loaded again is the same", async (root, dir) => {
  await seedPipeline(root, dir);
  const before = await cacheTreeNodes(dir);
  assertEquals(await cacheTreeSave(`${root}/graph.json`, dir), `${root}/graph.json`);
  assert(!Deno.readTextFileSync(`${root}/graph.json`).includes(root), "holds portable paths only");
  await cacheTreeReset(dir);
  assertEquals(await cacheTreeLoad(`${root}/graph.json`, dir), 3);
  assertEquals(await cacheTreeNodes(dir), before);
  assertEquals((await cacheTreeForFile(`${root}/data/a.csv`, dir)).size, 1);
});

testIn("cacheTreeLoad() with replace puts the graph in the place of the other", async (root, dir) => {
  await seedPipeline(root, dir);
  await cacheTreeSave(`${root}/graph.json`, dir);
  await seed(dir, record({ fname: "extra", key: "extra" }));
  await cacheTreeLoad(`${root}/graph.json`, dir, { replace: true });
  assertEquals([...(await cacheTreeNodes(dir)).keys()], [LOAD, CLEAN, REPORT].map(idOf));
});

testIn(
  "cacheTreeLoad() refuses what is no saved graph, by place, and leaves the graph as it was",
  async (root, dir) => {
    await seedPipeline(root, dir);
    await cacheTreeSave(`${root}/graph.json`, dir);
    const good = Deno.readTextFileSync(`${root}/graph.json`);
    // deno-lint-ignore no-explicit-any
    const edited = (edit: (graph: any) => void) => {
      const graph = JSON.parse(good);
      edit(graph);
      return JSON.stringify(graph);
    };
    const bad: [text: string, place: string][] = [
      ["", "the file"],
      ["[]", "format"],
      ["null", "format"],
      [edited((graph) => graph.format = "other"), "format"],
      [edited((graph) => graph.nodes = {}), "nodes"],
      [edited((graph) => graph.nodes[1] = null), "nodes[1]"],
      [edited((graph) => graph.nodes[0].fname = 7), "nodes[0].fname"],
      [edited((graph) => graph.nodes[0].fname = "x".repeat(1e4)), "nodes[0].fname"],
      [edited((graph) => graph.nodes[2].key = "../../etc/passwd"), "nodes[2].key"],
      [edited((graph) => graph.nodes[0].outfile = "/etc/passwd"), "nodes[0].outfile"],
      [edited((graph) => graph.nodes[0].files = { a: 1 }), "nodes[0].files"],
      [edited((graph) => graph.nodes[0].children = "abc"), "nodes[0].children"],
      [edited((graph) => graph.nodes[0].createdMs = "now"), "nodes[0].createdMs"],
      [edited((graph) => graph.nodes[0].createdMs = 1e300), "nodes[0].createdMs"],
    ];
    for (const [text, place] of bad) {
      Deno.writeTextFileSync(`${root}/bad.json`, text);
      const error = await assertRejects(() => cacheTreeLoad(`${root}/bad.json`, dir), CacheError);
      assertEquals([error.code, error.path], ["ERR_FORMAT", place]);
    }
    const missing = await assertRejects(() => cacheTreeLoad(`${root}/none.json`, dir), CacheError);
    assertEquals(missing.code, "ERR_FILE");
    assertEquals((await cacheTreeNodes(dir)).size, 3);
  },
);

testIn("cacheTreeLoad() of names like __proto__ pollutes nothing", async (root, dir) => {
  await seedPipeline(root, dir);
  await cacheTreeSave(`${root}/graph.json`, dir);
  const text = Deno.readTextFileSync(`${root}/graph.json`);
  const digest = digestOf("x");
  Deno.writeTextFileSync(
    `${root}/graph.json`,
    text.replace('"files": {', `"files": { "__proto__": "${digest}", "constructor": "${digest}",`),
  );
  await cacheTreeLoad(`${root}/graph.json`, dir, { replace: true });
  assertEquals((await cacheTreeFiles(dir)).includes(`${root}/__proto__`), true);
  assertEquals(({} as Record<string, unknown>)[digest], undefined);
});

testIn("cacheTreeSync() adds the calls of another cache, and keeps its own", async (root, dir) => {
  await seedPipeline(root, dir);
  const other = `${root}/other`;
  const changed = { ...LOAD, traces: [{ ...LOAD.traces[0]!, dependencies: [file("own.csv", "1")] }] };
  await seed(other, changed, record({ fname: "extra", key: "extra" }));
  assertEquals(await cacheTreeSync(dir, other), 2);
  const nodes = await cacheTreeNodes(other);
  assertEquals([...nodes.values()].map(({ fname }) => fname).sort(), ["clean", "extra", "load", "report"]);
  assert(nodes.get(idOf(LOAD))!.files.includes(`${root}/own.csv`), "its own node was not replaced");
  assertEquals(await cacheTreeSync(dir, other), 0);
  assertEquals(await cacheTreeSync(dir, dir), 0);
});

testIn("where there is no cache, the graph is empty and nothing is made", async (root) => {
  const dir = `${root}/none`;
  assertEquals(await cacheTreeNodes(dir), new Map());
  assertEquals(await cacheTreeForFile("a.csv", dir), new Map());
  assertEquals(await cacheTreeChangedFiles(dir), new Map());
  assertEquals(await cacheTreeFiles(dir), []);
  assertEquals(await cacheTreeSummary(dir), "0 calls, 0 nested calls, 0 files\n");
  assertEquals(JSON.parse(await cacheTreeToJson(dir)), { format: "cachepy-graph-1", nodes: [], edges: [] });
  assertEquals(readDot(await cacheTreeToDot(dir)).nodes.size, 0);
  await cacheTreeReset(dir);
  await cacheTreeSync(dir, `${root}/none2`);
  readElements(await plotCacheGraph({ cacheDir: dir }));
  assertEquals([...Deno.readDirSync(root)].map(({ name }) => name), ["deno.json"]);
});

Deno.test("a file that cannot be written is an error that names it, for each that writes one", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/is-a-folder.json`;
  await Deno.mkdir(path);
  const writes = [
    () => cacheTreeToJson(path, folder.path),
    () => cacheTreeSave(path, folder.path),
    () => plotCacheGraph(folder.path, { path: `${folder.path}/none/g.svg` }),
  ];
  for (const write of writes) {
    const error = await assertRejects(write, CacheError, "Cannot write ");
    assertEquals([error.code, error.path?.startsWith(folder.path)], ["ERR_FILE", true]);
  }
});
