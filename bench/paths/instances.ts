/**
 * Inputs of many objects: instances, linked lists and trees against plain data of the same content, and a large captured
 * table against JSON of it.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import type { Figure, Scale } from "../support/figures.ts";
import { createRows } from "../support/large.ts";
import { measure, time } from "../support/measure.ts";
import { countRun, expect, takeRuns } from "../support/outcome.ts";
import { createWorkspace } from "../support/workspace.ts";

class Point {
  constructor(readonly x: number, readonly y: number) {}
}

class Link {
  constructor(readonly value: number, readonly next: Link | null) {}
}

class Tree {
  readonly children: Tree[] = [];
  constructor(readonly value: number, readonly parent: Tree | null) {
    parent?.children.push(this);
  }
}

interface PlainTree {
  readonly value: number;
  readonly children: PlainTree[];
}

function createList(length: number): { readonly made: Link; readonly plain: object } {
  let made: Link | null = null;
  let plain: object | null = null;
  for (let value = 0; value < length; value++) {
    made = new Link(value, made);
    plain = { value, next: plain };
  }
  return { made: made!, plain: plain! };
}

function createTree(size: number): { readonly made: Tree; readonly plain: PlainTree } {
  const made = [new Tree(0, null)];
  const plain: PlainTree[] = [{ value: 0, children: [] }];
  for (let value = 1; value < size; value++) {
    const parent = (value - 1) >> 3;
    made.push(new Tree(value, made[parent]!));
    const node = { value, children: [] };
    plain[parent]!.children.push(node);
    plain.push(node);
  }
  return { made: made[0]!, plain: plain[0]! };
}

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  const list = createList(5000);
  const tree = createTree(5000);
  const pairs: [name: string, made: unknown, plain: unknown][] = [
    [
      "10,000 instances",
      Array.from({ length: 10_000 }, (_, at) => new Point(at, at)),
      Array.from({ length: 10_000 }, (_, at) => ({ x: at, y: at })),
    ],
    ["a linked list of 5,000 instances", list.made, list.plain],
    ["a tree of 5,000 instances with their parents", tree.made, tree.plain],
  ];
  const figures: Figure[] = [];
  for (const pair of pairs) figures.push(await measureArguments(...pair));
  return [...figures, ...await measureCaptured(scale.quick ? 40_000 : 400_000)];
}

async function measureArguments(name: string, made: unknown, plain: unknown): Promise<Figure> {
  using workspace = createWorkspace();
  const seen = (value: unknown) => {
    countRun();
    return typeof value;
  };
  const cached = cacheFile(workspace.folder("ours"), { ignoreCode: ["countRun"] })(seen);
  await Promise.all([cached(made), cached(plain)]);
  takeRuns();
  const hit = await measure({ made: () => cached(made), plain: () => cached(plain) }, { rounds: 15 });
  expect(takeRuns() === 0, "a hit ran the function");
  return {
    path: `hit, ${name} as argument`,
    unit: "ms",
    ours: hit.made,
    floor: hit.plain,
    peers: {},
    limits: [{ text: "3 × the same as plain objects", most: 3 * hit.plain }],
    note: "",
  };
}

async function measureCaptured(length: number): Promise<Figure[]> {
  using workspace = createWorkspace();
  const rows = createRows(length);
  const scored = (at: number) => {
    countRun();
    return rows[at]!.score;
  };
  const cached = cacheFile(workspace.folder("ours"), { ignoreCode: ["countRun"] });
  await cached(() => 1)(); // loads what a first call of any function loads
  const first = cached(scored);
  const firstMs = await time(() => first(1));
  const { hit, json } = await measure({ hit: () => first(1), json: () => JSON.stringify(rows) }, { rounds: 7 });
  expect(takeRuns() === 1, "a hit ran the function");
  const name = `${length.toLocaleString("en")} captured rows`;
  const figure = { unit: "ms", floor: json, peers: {}, note: "" } as const;
  return [
    {
      ...figure,
      path: `first call, ${name}`,
      ours: firstMs,
      limits: [{ text: "3 × JSON.stringify", most: 3 * json }],
    },
    { ...figure, path: `hit, ${name}`, ours: hit, limits: [{ text: "3 × JSON.stringify", most: 3 * json }] },
  ];
}
