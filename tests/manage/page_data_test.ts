import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type CallDetails, chooseCalls, readCallDetails } from "../../src/manage/draw/call_details.ts";
import type { NodeState } from "../../src/manage/draw/dot.ts";
import { writePage } from "../../src/manage/draw/html.ts";
import { arrange } from "../../src/manage/draw/page/arrange.ts";
import { createModel, createWords } from "../../src/manage/draw/page/model.ts";
import { collectPage, type PageData } from "../../src/manage/draw/page_data.ts";
import { cacheTreeToDot, drawGraph, plotCacheGraph } from "../../src/manage/draw/plot.ts";
import { type CacheNode, cacheTreeNodes } from "../../src/manage/graph/nodes.ts";
import { atOnce } from "../../src/words/waiting.ts";
import { child, digestOf, file, record, value } from "../support/records.ts";
import { graph } from "../support/graph.ts";
import { seed, testIn, withResult } from "../support/seeded_cache.ts";

const idOf = (name: string) => `${name}:${digestOf(name)}`;

/** Data of a page on a graph made by hand. */
async function pageOf(
  nodes: ReadonlyMap<string, CacheNode>,
  details: ReadonlyMap<string, Partial<CallDetails>> = new Map(),
  most?: number,
): Promise<PageData> {
  const blank = {
    state: "fresh",
    reason: "",
    args: [],
    sizeBytes: null,
    computeMs: null,
    hits: 0,
    usedMs: null,
  } as const;
  const whole = new Map(
    [...nodes.values()].map(({ id, fname }) => [id, { ...blank, functionId: fname, ...details.get(id) }]),
  );
  const input = { nodes, details: whole, cacheDir: ".cachepy", nameFile: (path: string) => path, report: null };
  return await collectPage({ ...input, ...most === undefined ? {} : { most } });
}

/** Names of the states of all calls. */
async function statesIn(dir: string, checks = true): Promise<Record<string, string>> {
  const details = await readCallDetails(await cacheTreeNodes(dir), dir, { checks });
  return Object.fromEntries(
    [...details].map(([id, { state, reason }]) => [id.slice(0, -65), `${state} ${reason}`.trim()]),
  );
}

testIn("a call is stale, calls what is stale, is replaced, lost its result, or is fresh", async (root, dir) => {
  for (const name of ["a", "b", "c"]) Deno.writeTextFileSync(`${root}/${name}.csv`, name);
  const cache = await seed(dir);
  const add = async (input: Parameters<typeof record>[0]) => {
    const entry = await withResult(cache, record(input), input?.key);
    await cache.records.commit(entry);
    return entry;
  };
  const load = await add({ fname: "load", key: "load", reads: [file("a.csv", "a")] });
  const clean = await add({ fname: "clean", key: "clean", reads: [child(load)] });
  await add({ fname: "report", key: "report", reads: [child(clean), file("b.csv", "b")] });
  await add({ fname: "other", key: "other", reads: [file("b.csv", "b")] });
  const gone = await add({ fname: "gone", key: "gone" });
  const values = [value("args.x", "1")];
  await add({ fname: "old", key: "old1", values, files: [file("c.csv", "before")], createdMs: 1 });
  await add({ fname: "old", key: "old2", values, files: [file("c.csv", "c")], createdMs: 2 });
  Deno.writeTextFileSync(`${root}/a.csv`, "changed");
  Deno.removeSync(cache.blobs.pathOf(gone.traces[0]!.result));

  const nodes = await cacheTreeNodes(dir);
  const details = await readCallDetails(nodes, dir, { checks: true });
  const told = [...details.values()].map(({ functionId, state, reason }) =>
    `${functionId.split(" ")[0]}: ${state} ${reason}`
  );
  assertEquals(told.map((line) => line.trim()).sort(), [
    "clean: caller load ← a.csv changed",
    "gone: missing its result is missing",
    "load: stale a.csv changed",
    "old: fresh",
    "old: replaced c.csv changed",
    "other: fresh",
    "report: caller clean ← load ← a.csv changed",
  ]);
  const unchecked = await statesIn(dir, false);
  assertEquals([unchecked["load"], unchecked["gone"]], ["fresh", "missing its result is missing"]);
  const svg = await plotCacheGraph(dir);
  const count = (state: string) => svg.match(new RegExp(`<g class="call ${state}"`, "g"))?.length;
  assertEquals(["stale", "caller", "replaced", "missing", "fresh"].map(count), [1, 2, 1, 1, 2]);
  assert(!(await cacheTreeToDot(dir)).includes("f4b942"), "without a look at the files nothing is stale");
});

testIn("a call tells its arguments, sizes, times and uses; a secret has no text", async (_, dir) => {
  const secret = { path: "args.token", digest: digestOf<"value">("s") };
  const entry = record({
    fname: "load",
    key: "k",
    values: [value("args.path", '"a.csv"'), secret, value("env.HOME", "1"), value("version", "2")],
    computeMs: 7,
  });
  const cache = await seed(dir, entry);
  cache.usage.record(entry.key, 5_000);
  cache.usage.flush();
  const nodes = await cacheTreeNodes(dir);
  const [one] = (await readCallDetails(nodes, dir, { checks: true })).values();
  assertEquals([one!.functionId, one!.computeMs, one!.hits, one!.usedMs], ["load @ src/load.ts", 7, 1, 5_000]);
  assert(one!.sizeBytes! > 0);
  assertEquals(one!.args.map(({ path, preview }) => [path, preview]), [
    ["args.path", '"a.csv"'],
    ["args.token", undefined],
    ["version", "2"],
  ]);
});

/** A graph of many calls without records, whose oldest chain of three ends in one that reads a changed file. */
function crowd(root: string, size: number): Map<string, CacheNode> {
  Deno.writeTextFileSync(`${root}/blob`, "");
  Deno.writeTextFileSync(`${root}/new.csv`, "now");
  const calls: Record<string, string[]> = { root: ["middle"], middle: ["leaf"], leaf: [] };
  const nodes = graph(calls, { leaf: [`${root}/new.csv`] });
  const template = nodes.get(idOf("leaf"))!;
  for (let at = 0; at < size; at++) {
    const id = idOf(`n${at}`);
    nodes.set(id, { ...template, id, fname: "many", files: [], parents: [idOf("root")], created: new Date(1e6 + at) });
  }
  for (const [id, node] of nodes) {
    const hashes = node.files.length > 0 ? { [`${root}/new.csv`]: digestOf("before") } : {};
    nodes.set(id, { ...node, outfile: `${root}/blob`, fileHashes: hashes });
  }
  return nodes;
}

testIn(
  "a picture of more calls than it holds has what is stale and all its callers, whatever their age",
  async (root, dir) => {
    const nodes = crowd(root, 1_100);
    const svg = await drawGraph(nodes, { format: "svg", cacheDir: dir });
    assertStringIncludes(svg, "1000 of 1103 calls are drawn: what is stale, its callers");
    for (const [name, state] of [["leaf", "stale"], ["middle", "caller"], ["root", "caller"]]) {
      assertStringIncludes(svg, `<g class="call ${state}" data-id="${idOf(name!)}"`);
    }
    assertEquals(svg.match(/<g class="call /g)?.length, 1_000);
    assert(svg.includes(idOf("n1099")) && !svg.includes(idOf("n0")), "of the others, the newest are drawn");
  },
);

Deno.test("chooseCalls() takes what is stale, then its callers, then roots, then the newest", () => {
  const nodes = graph({ top: ["mid"], mid: ["bad"], bad: [], lone: [], inner: [], caller: ["inner"], last: [] });
  const states: Record<string, NodeState> = { [idOf("bad")]: "stale" };
  const chosen = (most: number) =>
    atOnce(chooseCalls(nodes, (id) => states[id] ?? "fresh", most) as Generator<void, CacheNode[]>).map(({ fname }) =>
      fname
    );
  assertEquals(chosen(1), ["bad"]);
  assertEquals(chosen(2), ["mid", "bad"]);
  assertEquals(chosen(3), ["top", "mid", "bad"]);
  assertEquals(chosen(5), ["top", "mid", "bad", "caller", "last"]);
  assertEquals(chosen(6), ["top", "mid", "bad", "lone", "caller", "last"]);
  assertEquals(chosen(7).length, 7);
});

Deno.test("collectPage() has one function for all calls of it, whatever is cut, and names calls and files by index", async () => {
  const nodes = graph({ report: ["load"], load: [], lone: [] }, { load: ["/p/a.csv"], lone: ["/p/b.csv", "/p/a.csv"] });
  const same = { functionId: "load @ src/load.ts", computeMs: 10, hits: 3, sizeBytes: 5 };
  const twin = { ...nodes.get(idOf("load"))!, id: idOf("twin"), created: new Date(1), parents: [] };
  const all = new Map([...nodes, [twin.id, { ...twin, fname: "load" }]]);
  const details = new Map<string, Partial<CallDetails>>([
    [idOf("load"), { ...same, state: "stale" }],
    [idOf("twin"), same],
  ]);
  const page = await pageOf(all, details);
  assertEquals(page.functions.map(({ name, module }) => [name, module]), [
    ["report", ""],
    ["load", "src/load.ts"],
    ["lone", ""],
  ]);
  const load = page.functions[1]!;
  assertEquals([load.counts.stale, load.counts.fresh], [1, 1]);
  assertEquals([load.hits, load.computeMs, load.savedMs, load.sizeBytes], [6, 20, 60, 10]);
  assertEquals(page.functions[0]!.inner, [[1, 1]]);
  assertEquals(page.calls[0]!.inner, [1]);
  assertEquals(page.files, ["/p/a.csv", "/p/b.csv"]);
  assertEquals(page.calls.map(({ files }) => files), [[], [0], [1, 0], [0]]);

  const cut = await pageOf(all, details, 2);
  assertEquals(cut.calls.map(({ fn }) => cut.functions[fn]!.name), ["report", "load"]);
  assertEquals([cut.functions.length, cut.functions[1]!.counts.fresh, cut.counts.fresh], [3, 1, 3]);
});

Deno.test("collectPage() takes an empty graph, one call, calls of itself, circles and calls that are gone", async () => {
  assertEquals((await pageOf(new Map())).functions, []);
  assertEquals((await pageOf(graph({ one: [] }))).layout, { places: [[0, 0]], bends: [] });
  const self = graph({ f1: ["f2"], f2: [] });
  for (const [id, node] of self) self.set(id, { ...node, fname: "fib" });
  const page = await pageOf(self);
  assertEquals(page.functions[0]!.inner, [[0, 1]]);
  const circle = await pageOf(graph({ a: ["b"], b: ["c"], c: ["a"] }));
  assertEquals(circle.layout.places.map(([layer]) => layer), [0, 1, 2]);
  assertEquals((await pageOf(graph({ a: ["gone", "b"], b: [] }))).calls[0]!.gone, 1);
});

Deno.test("an arrow that passes by other layers has a place in each of them", async () => {
  const { layout, functions } = await pageOf(graph({ a: ["b", "d"], b: ["c"], c: ["d"], d: [] }));
  assertEquals(functions.map((_, at) => layout.places[at]![0]), [0, 1, 2, 3]);
  assertEquals(layout.bends, [[0, 3, 4, 5]]);
  assertEquals(layout.places.slice(4).map(([layer]) => layer), [1, 2]);
});

/** All frames of an arrangement lie within it, and none on another; tiles lie in their frame. */
function assertApart({ functions, width, height }: ReturnType<typeof arrange>): void {
  const sorted = functions.map(({ frame }) => frame).toSorted((a, b) => a.x - b.x);
  for (const [at, a] of sorted.entries()) {
    assert(a.x >= 0 && a.y >= -0.001 && a.x + a.width <= width + 0.001 && a.y + a.height <= height + 0.001);
    for (const b of sorted.slice(at + 1)) {
      if (b.x >= a.x + a.width) break;
      assert(a.y + a.height <= b.y || b.y + b.height <= a.y);
    }
  }
  for (const { frame, tiles } of functions) {
    for (const { x, y, width, height } of tiles) {
      assert(x >= frame.x && y >= frame.y && x + width <= frame.x + frame.width);
      assert(y + height <= frame.y + frame.height);
    }
  }
}

Deno.test("arrange() places callers left of what they call, closed and open, and no frame on another", async () => {
  const names = Array.from({ length: 40 }, (_, at) => `f${at}`);
  const calls = Object.fromEntries(
    names.map((name, at) => [name, [2 * at + 1, 3 * at + 2, at + 7].filter((to) => to < 40).map((to) => `f${to}`)]),
  );
  const model = createModel(await pageOf(graph(calls, { f3: ["/p/a.csv"] })));
  for (const open of [new Set<number>(), new Set([3, 8]), new Set(names.keys())]) {
    const placed = arrange(model, open);
    assertEquals(placed.functions.length, 40);
    assertApart(placed);
    assertEquals(placed.functions.map(({ tiles }) => tiles.length).reduce((a, b) => a + b), open.size);
    if (placed.routes.size === 0 && model.data.layout.bends.length > 0) continue; // it was broken into bands
    for (const { fn, x, width } of placed.functions) {
      for (const [to] of model.data.functions[fn]!.inner) assert(x + width < placed.functions[to]!.x);
    }
  }
  assert(arrange(model, new Set([3])).functions[3]!.foot !== null, "an open function names its files");
});

Deno.test("arrange() breaks what is very wide or very long, and opens a function of 10,000 calls", async () => {
  const wide = createModel(
    await pageOf(graph(Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`f${at}`, []])))),
  );
  const long = createModel(
    await pageOf(
      graph(Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`f${at}`, at < 599 ? [`f${at + 1}`] : []]))),
    ),
  );
  for (const model of [wide, long]) {
    const placed = arrange(model, new Set());
    assertApart(placed);
    const shape = placed.width / placed.height;
    assert(shape > 0.5 && shape < 5, `${placed.width} × ${placed.height}`);
  }
  const one = graph({ f: [] });
  const node = one.get(idOf("f"))!;
  for (let at = 0; at < 9_999; at++) one.set(idOf(`${at}`), { ...node, id: idOf(`${at}`) });
  const placed = arrange(createModel(await pageOf(one)), new Set([0]));
  assertEquals(placed.functions[0]!.tiles.length, 10_000);
  assertApart(placed);
  assert(placed.width < 4 * placed.height && placed.height < 4 * placed.width);
  assertEquals(arrange(createModel(await pageOf(new Map())), new Set()).functions, []);
});

Deno.test("a model finds functions and calls by all words: name, argument, key, file and reason, what is stale first", async () => {
  const nodes = graph({ loadRain: [], loadWind: [], plot: ["loadRain"] }, { loadWind: ["/p/wind.csv"] });
  const model = createModel(
    await pageOf(
      nodes,
      new Map([
        [idOf("loadRain"), { args: [{ path: "args.city", digest: null, preview: '"Oslo"' }] }],
        [idOf("plot"), {
          state: "caller",
          reason: "loadRain ← rain.csv changed",
          args: [{ path: "args.key", digest: null }],
        }],
      ]),
    ),
  );
  const found = (query: string) =>
    model.find(query).map(({ fn, call }) => call === null ? model.data.functions[fn]!.name : model.titleOf(call));
  assertEquals(found("LOAD"), ["loadRain", "loadWind", "plot(•••)", "loadWind()", 'loadRain("Oslo")']);
  assertEquals(found("oslo"), ['loadRain("Oslo")']);
  assertEquals(found("rain oslo"), ['loadRain("Oslo")']);
  assertEquals(found("wind.csv"), ["loadWind()"]);
  assertEquals(found(digestOf("plot").slice(0, 9)), ["plot(•••)"]);
  assertEquals(found(" "), []);
  assertEquals([0, 1, 2].map((call) => model.labelOf(call)), ['"Oslo"', digestOf("loadWind").slice(0, 12), "•••"]);
  assertEquals(model.callersOf[0], [2]);
});

Deno.test("words for amounts choose unit and number", () => {
  const words = createWords();
  assertEquals([0, 0.04, 0.4, 12, 3_240, 125_000, 4_800_000, 273_600_000].map(words.duration), [
    "0 ms",
    "< 0.1 ms",
    "0.4 ms",
    "12 ms",
    "3.2 s",
    "2 min 5 s",
    "1 h 20 min",
    "3 d 4 h",
  ]);
  assertEquals([12, 1_023, 1_024, 3_500_000].map(words.size), ["12 B", "1023 B", "1.0 KiB", "3.3 MiB"]);
  assertEquals([words.count(1, "call"), words.count(1_234, "call")], ["1 call", "1,234 calls"]);
  assertEquals([words.tally("stale", 1_000), words.tally("caller", 1)], ["1,000 stale", "1 caller of stale"]);
  assertEquals(words.time("2026-01-31T09:30:00").length, 16);
});

const HOSTILE = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'&\u202e\x1b[31m\ud800<!--`;

Deno.test("writePage() allows its own script and style by their digests, loads nothing, and is one document", async () => {
  const [one, other] = await Promise.all(
    [graph({ a: ["b"], b: [] }), graph({})].map(async (nodes) => writePage(await pageOf(nodes))),
  );
  const digestOfText = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toBase64();
  const script = /<script>([\s\S]*?)<\/script>/.exec(one!)![1]!;
  const style = /<style>([\s\S]*?)<\/style>/.exec(one!)![1]!;
  assertStringIncludes(
    one!,
    `default-src 'none'; script-src 'sha256-${await digestOfText(script)}'; style-src 'sha256-${await digestOfText(
      style,
    )}'; ` +
      `base-uri 'none'; form-action 'none'`,
  );
  assertEquals(/<script>([\s\S]*?)<\/script>/.exec(other!)![1], script, "the script is the same for each page");
  assert(!/\s(?:src|href|style|on\w+)=/.test(one!.replace(script, "")));
  assert(!/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|\bfetch\b|https?:/.test(script));
  new Function(script);
});

Deno.test("writePage() keeps what a stranger named within the data", async () => {
  const nodes = graph({ [HOSTILE]: [] }, { [HOSTILE]: [HOSTILE] });
  const args = [{ path: `args.${HOSTILE}`, digest: null, preview: HOSTILE }];
  const details = new Map(
    [...nodes.keys()].map((id) => [id, { args, reason: HOSTILE, functionId: `${HOSTILE} @ ${HOSTILE}` }]),
  );
  const page = await pageOf(nodes, details);
  const html = await writePage({ ...page, cacheDir: HOSTILE });
  assertEquals(html.match(/<script/g)?.length, 2);
  assert(!html.includes("<img") && !html.includes("<!--") && !html.includes("\u202e") && !html.includes("\x1b"));
  const data: PageData = JSON.parse(/id="data">([\s\S]*?)<\/script>/.exec(html)![1]!);
  assertStringIncludes(data.functions[0]!.name, "</script><script>alert(1)</script><img src=x onerror=alert(1)>");
  assertStringIncludes(data.functions[0]!.name, "\\u202e\\x1b[31m");
});
