import { assertEquals, assertNotEquals } from "@std/assert";
import { Project } from "../support/project.ts";
import { Rig } from "../support/rig.ts";

/** Shapes of many instances as an argument; `SIZE` of them, with `ODD` in the last one. */
const SHAPES: Readonly<Record<string, string>> = {
  "a list of flat instances": `Array.from({ length: SIZE }, (_, at) => new Point(at === SIZE - 1 ? ODD : at))`,
  "a linked list": `chain((at, next) => new Link(at === 0 ? ODD : at, next))`,
  "a linked list through private fields": `chain((at, next) => new Hidden(at === 0 ? ODD : at, next), 300)`,
  "instances with private fields": `Array.from({ length: 500 }, (_, at) => new Hidden(at === 499 ? ODD : at, null))`,
  "a tree whose nodes know their parents": `tree()`,
  "a tree whose nodes know their parents by private fields": `tree(HiddenNode, 300)`,
  "Maps of a subclass, one in another": `chain((at, next) => new Table([["v", at === 0 ? ODD : at], ["next", next]]))`,
  "objects with a prototype of their own":
    `chain((at, next) => Object.assign(Object.create(base), { v: at === 0 ? ODD : at, next }))`,
  "instances of many classes":
    `Array.from({ length: 50 }, (_, at) => new (class { v = at === 49 ? ODD : at; read() { return this.v; } })())`,
};

const CLASSES = `
  class Point { constructor(public v: number) {} read() { return this.v; } }
  class Link { constructor(public v: number, public next: unknown) {} read() { return this.v; } }
  class Hidden { #v: number; #next: unknown; constructor(v: number, next: unknown) { this.#v = v; this.#next = next; } read(): number { return this.#next instanceof Hidden ? this.#next.read() : this.#v; } }
  class Node { kids: Node[] = []; parent: Node | null = null; v = 0; add(kid: any) { kid.parent = this; this.kids.push(kid); } }
  class HiddenNode { #kids: HiddenNode[] = []; #parent: HiddenNode | null = null; v = 0; add(kid: any) { kid.#parent = this; this.#kids.push(kid); } get up() { return this.#parent; } }
  class Table extends Map<string, unknown> { read() { return this.get("v"); } }
  const base = { read() { return this; } };
  function chain(make: (at: number, next: unknown) => unknown, size = SIZE): unknown {
    let first: unknown = null;
    for (let at = 0; at < size; at++) first = make(at, first);
    return first;
  }
  function tree(Kind: new () => any = Node, size = SIZE): unknown {
    const nodes = [new Kind()];
    for (let at = 1; at < size; at++) {
      const kid = new Kind();
      kid.v = at === size - 1 ? ODD : at;
      nodes[at >> 1].add(kid);
      nodes.push(kid);
    }
    return nodes[0];
  }`;

/** Longer than any key takes that is linear, shorter than one that is not. */
const PATIENCE_MS = 120_000;

/** Runs a program that prints a line for each shape, as long as patience lasts. */
async function linesOf(project: Project, ...args: string[]): Promise<string[]> {
  const child = project.command("main.ts", { args }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const { stdout } = await child.output();
  clearTimeout(timer);
  return new TextDecoder().decode(stdout).trim().split("\n");
}

Deno.test("many instances as an argument are one input, and what lies deepest in them counts", async () => {
  const shapes = Object.entries(SHAPES).map(([name, text]) => `${JSON.stringify(name)}: () => ${text},`);
  await using project = await Project.create({
    "main.ts": `
      import { cacheFile } from "@bimsb/cachepy";
      const SIZE = 1000;
      let ODD = Number(Deno.args[0]);
      ${CLASSES}
      const shapes: Record<string, () => unknown> = {\n${shapes.join("\n")}\n};
      for (const [name, shape] of Object.entries(shapes)) {
        const kinds: string[] = [];
        const f = cacheFile("./cache", { onEvent: ({ kind }) => void kinds.push(kind) })({ name })((_: unknown) => 1);
        await f(shape());
        await f(shape());
        ODD++;
        const key = await f.key(shape());
        ODD--;
        console.log(name, key !== await f.key(shape()), kinds.filter((kind) => kind === "hit" || kind === "run").join());
      }`,
  });
  const names = Object.keys(SHAPES);
  const all = (kinds: string) => names.map((name) => `${name} true ${kinds}`);
  assertEquals(await linesOf(project, "1"), all("run,hit"));
  assertEquals(await linesOf(project, "1"), all("hit,hit"));
  assertEquals(await linesOf(project, "5"), all("run,hit"));
});

Deno.test("the class of an instance counts wherever it is, with what its code reaches; a comment in it does not", async () => {
  await using project = await Project.create({
    "classes.ts": `
      import { RATE } from "./rate.ts";
      export class Base { #secret = 1; scale(x: number) { return x * RATE; } get secret() { return this.#secret; } }
      export class Model extends Base { inner: unknown = null; run(x: number) { return this.scale(x) + 1; } }`,
    "rate.ts": "export const RATE = 2;\n",
    "main.ts": `
      import { cacheFile } from "@bimsb/cachepy";
      import { Model } from "./classes.ts";
      const kinds: string[] = [];
      const cached = cacheFile("./cache", { onEvent: ({ kind }) => void kinds.push(kind) });
      const f = cached({ name: "f" })((m: Model) => m.run(2));
      const deep = cached({ name: "deep" })((m: Model) => (m.inner as Model[])[0]!.run(2));
      const outer = new Model();
      outer.inner = [new Model()];
      console.log(JSON.stringify([await f(new Model()), await deep(outer), kinds.filter((kind) => /hit|run/.test(kind))]));`,
  });
  const run = async () => (await project.run("main.ts")).json();
  assertEquals(await run(), [5, 5, ["run", "run"]]);
  assertEquals(await run(), [5, 5, ["hit", "hit"]]);
  await project.edit("classes.ts", "{ #secret", "{ /* kept */ #secret");
  assertEquals(await run(), [5, 5, ["hit", "hit"]]);
  await project.edit("rate.ts", "2", "3");
  assertEquals(await run(), [7, 7, ["run", "run"]]);
  await project.edit("classes.ts", "+ 1;", "+ 2;");
  assertEquals(await run(), [8, 8, ["run", "run"]]);
  await project.edit("classes.ts", "#secret = 1", "#secret = 2");
  assertEquals(await run(), [8, 8, ["run", "run"]]);
});

Deno.test("what an instance holds privately and cannot be an input is named and costs no result", async () => {
  await using project = await Project.create({
    "main.ts": `
      import { cacheFile } from "@bimsb/cachepy";
      class Client { #cache = new WeakMap(); #ready = Promise.resolve(1); #tag = Symbol("tag"); #n: number; constructor(n: number) { this.#n = n; } get n() { return this.#n; } }
      const kinds: string[] = [];
      const f = cacheFile("./cache", { onEvent: ({ kind }) => void kinds.push(kind) })(function f(c: Client) { return c.n; });
      console.log(JSON.stringify([await f(new Client(1)), await f(new Client(1)), await f(new Client(2)), kinds.filter((kind) => /hit|run/.test(kind))]));`,
  });
  const { stderr, ...outcome } = await project.run("main.ts");
  assertEquals(outcome.json(), [1, 1, 2, ["run", "hit", "run"]]);
  const line = /not tracked: the inside of a captured (.+), which counts by its kind alone/.exec(stderr);
  assertEquals(line?.[1]?.split(", ").toSorted(), ["Promise", "WeakMap"], stderr);
});

Deno.test("what two instances differ in counts, wherever they carry it", async () => {
  await using rig = await Rig.open();
  class Base {
    #options: unknown;
    constructor(options: unknown) {
      this.#options = options;
    }
    read() {
      return this.#options;
    }
  }
  class Derived extends Base {
    #options = "own";
    title() {
      return this.#options;
    }
  }
  class Hidden {
    constructor(value: unknown, name: PropertyKey = "value") {
      Object.defineProperty(this, name, { value });
    }
  }
  class Computed {
    constructor(value: number) {
      Object.defineProperty(this, "value", { get: value === 1 ? () => 1 : () => 2 });
    }
  }
  const symbol = Symbol("hidden");
  const pairs: Record<string, [object, object]> = {
    "a private field that has the name of one in a derived class": [new Derived(1), new Derived(2)],
    "a private object likewise": [new Derived({ rate: 1 }), new Derived({ rate: 2 })],
    "a member that is not enumerable": [new Hidden(1), new Hidden(2)],
    "its name": [new Hidden(1, "a"), new Hidden(1, "b")],
    "one named by a symbol": [new Hidden(1, symbol), new Hidden(2, symbol)],
    "a getter of its own": [new Computed(1), new Computed(2)],
    "something within one": [{ in: [new Hidden({ deep: 1 })] }, { in: [new Hidden({ deep: 2 })] }],
  };
  const use = rig.cached()(function use(_: object) {});
  for (const [what, [one, other]] of Object.entries(pairs)) {
    assertNotEquals(await use.key(one), await use.key(other), what);
    assertEquals(await use.key(one), await use.key(one), what);
  }
  // What is hidden may be a handle and may lead back.
  const looped = new Hidden(new WeakMap(), "cache") as Hidden & { self?: unknown };
  Object.defineProperty(looped, "self", { value: looped });
  assertEquals(await use.key(looped), await use.key(looped));
});

Deno.test("a Proxy in an instance cannot be an input, which `why` says", async () => {
  await using rig = await Rig.open();
  class Holder {
    constructor(readonly inner: object) {}
  }
  const use = rig.cached()(function use(_: Holder) {
    return 1;
  });
  const holder = new Holder(new Proxy({}, {}));
  const { outcome, key, notices } = await use.why(holder);
  assertEquals([outcome, key], ["miss", ""]);
  assertEquals(notices, [
    "it runs uncached: Cannot use _.inner as an input: got a Proxy, whose inside cannot be seen; pass data instead, or " +
    "name it in ignoreArgs if it cannot change the result",
  ]);
  assertEquals(await use(holder), 1);
});
