import { assert, assertEquals } from "@std/assert";
import type { CacheNode } from "../../src/manage/graph/nodes.ts";
import { formatTree } from "../../src/manage/graph/export.ts";
import { graphToDot, NODE_COLORS } from "../../src/manage/draw/dot.ts";
import { graphToSvg, layOutBoxes } from "../../src/manage/draw/svg.ts";
import { readDot } from "../support/dot.ts";
import { graph } from "../support/graph.ts";
import { digestOf } from "../support/records.ts";
import { readElements } from "../support/xml.ts";

const PIPELINE = graph({ report: ["summarize", "load"], summarize: ["load"], load: [] }, { load: ["/p/weather.csv"] });
const HOSTILE = `a"b\\c&<d>'\x1b[31m\u202e\ud800\n}; digraph {`;

function key(name: string): string {
  return digestOf(name).slice(0, 12);
}

Deno.test("graphToDot() is valid and has all calls, files and edges", async () => {
  const { nodes, edges } = readDot(await graphToDot(PIPELINE.values()));
  const id = (name: string) => `${name}:${digestOf(name)}`;
  assertEquals([...nodes.keys()], [id("report"), id("summarize"), id("load"), "file:/p/weather.csv"]);
  assertEquals(edges, [
    [id("report"), id("summarize")],
    [id("report"), id("load")],
    [id("summarize"), id("load")],
    [id("load"), "file:/p/weather.csv"],
  ]);
  assertEquals(nodes.get(id("load"))!["label"], `load\\n${key("load")}`);
});

Deno.test("graphToDot() stays valid whatever functions and files are called", async () => {
  const { nodes, edges } = readDot(
    await graphToDot(graph({ [HOSTILE]: [], "a\\": [] }, { [HOSTILE]: [HOSTILE, "b\\"] }).values()),
  );
  assertEquals(nodes.size, 4);
  assertEquals(edges.length, 2);
});

Deno.test("graphToDot() of nothing is a valid empty graph", async () => {
  assertEquals(readDot(await graphToDot([])), { nodes: new Map(), edges: [] });
});

Deno.test("graphToSvg() is well-formed and draws a box for each call and file, and an arrow for each edge", async () => {
  const svg = await graphToSvg([...PIPELINE.values()]);
  const elements = readElements(svg);
  assertEquals(svg.match(/<g class="call fresh"/g)?.length, 3);
  assertEquals(svg.match(/<g class="file"/g)?.length, 1);
  assertEquals(svg.match(/marker-end/g)?.length, 4);
  assertEquals(elements[0], "svg");
  assert(!/\b(?:href|script|onload|foreignObject)\b/.test(svg));
});

Deno.test("graphToSvg() stays well-formed whatever functions and files are called", async () => {
  readElements(await graphToSvg([...graph({ [HOSTILE]: [] }, { [HOSTILE]: [HOSTILE] }).values()], {}, HOSTILE));
  readElements(await graphToSvg([]));
});

Deno.test("graphToSvg() marks what is stale or missing", async () => {
  const [report, summarize, load] = [...PIPELINE.keys()];
  const svg = await graphToSvg([...PIPELINE.values()], {
    states: new Map([[report!, "caller"], [summarize!, "missing"], [load!, "stale"]]),
  });
  for (const state of ["caller", "stale", "missing"]) {
    assertEquals(svg.match(new RegExp(`<g class="call ${state}"`, "g"))?.length, 1);
  }
});

Deno.test("text on every colour has a contrast of at least 4.5", () => {
  const light = (hex: string) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  for (const { fill, text } of Object.values(NODE_COLORS)) {
    const [dark, bright] = [light(fill), light(text)].sort((a, b) => a - b);
    assert((bright! + 0.05) / (dark! + 0.05) >= 4.5, `${fill} ${text}`);
  }
});

Deno.test("formatTree() shows callers above calls, files below them, and a shared call once", async () => {
  assertEquals(
    await formatTree(PIPELINE),
    `3 calls, 3 nested calls, 1 file
report (${key("report")})
├─ summarize (${key("summarize")})
│  └─ load (${key("load")})
│     └─ /p/weather.csv
└─ load (${key("load")}) see above
`,
  );
});

Deno.test("formatTree() ends on cycles, on children that are gone and on 20,000 levels", async () => {
  const cycle = graph({ a: ["b"], b: ["a"] });
  assertEquals(
    await formatTree(cycle),
    `2 calls, 2 nested calls, 0 files\na (${key("a")})\n└─ b (${key("b")})\n   └─ a (${key("a")}) see above\n`,
  );
  const gone = await formatTree(graph({ a: ["b"] }));
  assert(gone.includes(`\n└─ b (${key("b")}) is not stored any more\n`), gone);
  const deep = await formatTree(chain(20_000));
  assert(deep.includes(`… ${20_000 - 41} calls deeper`));
  assertEquals(deep.split("\n").length, 44);
});

Deno.test("formatTree() tells a call that is stored and not chosen from one that is gone", async () => {
  const all = graph({ a: ["b", "c"], b: [] });
  const chosen = new Map([...all].filter(([, { fname }]) => fname === "a"));
  assertEquals(
    (await formatTree(chosen, undefined, all)).split("\n").slice(1),
    [`a (${key("a")})`, `├─ b (${key("b")}) not shown`, `└─ c (${key("c")}) is not stored any more`, ""],
  );
});

/** A chain of calls, made without the quadratic search for parents. */
function chain(length: number): Map<string, CacheNode> {
  const nodes = new Map<string, CacheNode>();
  for (let index = 0; index < length; index++) {
    const id = (at: number) => `f${at}:${digestOf(`f${at}`)}`;
    nodes.set(id(index), {
      ...[...PIPELINE.values()][0]!,
      id: id(index),
      fname: `f${index}`,
      parents: index > 0 ? [id(index - 1)] : [],
      children: index + 1 < length ? [id(index + 1)] : [],
    });
  }
  return nodes;
}

Deno.test("layOut() places every box left of what its arrows lead to, and no two on top of each other", async () => {
  const boxes = Array.from(
    { length: 60 },
    (_, index) => ({ id: `${index}`, width: 50 + index, height: 20 + index % 7 }),
  );
  const arrows = boxes.flatMap((_, index) =>
    [2 * index + 1, 3 * index + 2, index + 7].filter((to) => to < 60).map((to) => ({ from: `${index}`, to: `${to}` }))
  );
  const { boxes: placed, width, height } = await layOutBoxes(boxes, arrows);
  assertEquals(placed.size, 60);
  for (const { from, to } of arrows) assert(placed.get(from)!.x + placed.get(from)!.width < placed.get(to)!.x);
  const all = [...placed.values()];
  for (const a of all) {
    assert(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height);
    for (const b of all) {
      const apart = a === b || a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y ||
        b.y + b.height <= a.y;
      assert(apart, `${a.id} ${b.id}`);
    }
  }
});

Deno.test("layOut() ends on cycles and on arrows to nowhere", async () => {
  const box = (id: string) => ({ id, width: 10, height: 10 });
  const arrows = [["a", "b"], ["b", "c"], ["c", "a"], ["a", "a"], ["a", "nowhere"]].map(([from, to]) => ({
    from: from!,
    to: to!,
  }));
  assertEquals((await layOutBoxes(["a", "b", "c"].map(box), arrows)).boxes.size, 3);
  assertEquals(await layOutBoxes([], []), { boxes: new Map(), width: 0, height: 0 });
});

Deno.test("layOut() untangles two lines that cross", async () => {
  const box = (id: string) => ({ id, width: 10, height: 10 });
  const { boxes } = await layOutBoxes(["a", "b", "x", "y"].map(box), [{ from: "a", to: "y" }, { from: "b", to: "x" }]);
  assertEquals(boxes.get("a")!.y < boxes.get("b")!.y, boxes.get("y")!.y < boxes.get("x")!.y);
});
