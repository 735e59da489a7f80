import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

/** Text of `count` functions or members, each made from its number and that of the next one, in a circle. */
function circle(count: number, one: (at: number, next: number, afterNext: number) => string): string {
  return Array.from({ length: count }, (_, at) => one(at, (at + 1) % count, (at + 2) % count)).join("\n");
}

/** Modules whose code is small and has very many ways through it, each with a function that never takes them. */
const SHAPES: Readonly<Record<string, string>> = {
  "methods of a captured instance that call one another": `
    class Machine { n = 0; ${
    circle(40, (at, next, other) => `m${at}() { this.m${next}(); this.m${other}(); this.n++; }`)
  } }
    const machine = new Machine();
    export default (x) => { if (x > 9) machine.m0(); return x; }`,
  "methods that hand their receiver on": `
    class Machine { n = 0; ${
    circle(30, (at, next, other) => `m${at}(o) { o.m${next}(this); this.m${other}(o.left); swap(o, this); }`)
  } }
    function swap(a, b) { swap(b.left, a.right); a.n = b.n; b.n++; swap(a.right, b.left); }
    const machine = new Machine();
    machine.left = machine.right = machine;
    export default (x) => { if (x > 9) machine.m0(machine); return x; }`,
  "a tower of functions that each pass their argument on twice": `
    ${circle(60, (at, next) => `function f${at}(o) { ${next === 0 ? "o.n++" : `f${next}(o); f${next}(o)`} }`)}
    const o = { n: 0 };
    export default (x) => { if (x > 9) f0(o); return x; }`,
  "a tower of functions that each pass on two members": `
    ${circle(60, (at, next) => `function f${at}(o) { ${next === 0 ? "o.n++" : `f${next}(o.a); f${next}(o.b)`} }`)}
    const o = { n: 0 };
    o.a = o.b = o;
    export default (x) => { if (x > 9) f0(o); return x; }`,
  "a function that goes down a tree": `
    const grow = (depth) => depth === 0 ? null : { n: 0, left: grow(depth - 1), right: grow(depth - 1) };
    const tree = grow(11);
    function mark(o) { if (o) { o.n++; mark(o.left); mark(o.right); } }
    export default (x) => { if (x > 9) mark(tree); return x; }`,
  "a visitor and what it visits": `
    class Node { kids = []; n = 0; visit(v) { v.enter(this); for (const kid of this.kids) kid.visit(v); v.leave(this); } }
    class Visitor { enter(node) { node.n++; this.at = node; this.leave(node); } leave(node) { node.visit(this); this.enter(node.up); } }
    const nodes = Array.from({ length: 300 }, () => new Node());
    for (const [at, node] of nodes.entries()) if (at > 0) { node.up = nodes[at >> 1]; node.up.kids.push(node); }
    const visitor = new Visitor();
    export default (x) => { if (x > 9) nodes[0].visit(visitor); return x; }`,
  "state whose first value comes from functions that refer to one another": `
    ${circle(30, (at) => `function f${at}() { return [${circle(10, (k) => `f${(at * 3 + k + 1) % 30},`)}]; }`)}
    const log = [f0, f1];
    export default (x) => { log.push(x); return x; }`,
  "a method whose receiver is written through many calls": `
    class Table { n = 0; ${
    circle(40, (at, next, other) => `m${at}() { this.m${next}(); this.m${other}(); touch(this.rows); }`)
  } }
    function touch(rows) { touch(rows.a); touch(rows.b); rows.n++; }
    export default Table.prototype.m0.length === 0 ? (x) => { if (x > 9) new Table().m0(); return x; } : null`,
  "instances of a class with private fields, one in another": `
    class Link { #seen = 0; constructor(next) { this.next = next; } see() { this.#seen++; this.next?.see(); } }
    let chain = null;
    for (let at = 0; at < 1000; at++) chain = new Link(chain);
    export default (x) => { if (x > 9) chain.see(); return x; }`,
  "closures around closures": `
    let f = (x) => x;
    const twice = (g) => (x) => g(x) + g(x);
    for (let at = 0; at < 1000; at++) f = twice(f);
    export default (x) => x > 9 ? f(x) : x`,
  "a long chain of functions": `
    ${circle(600, (at, next) => `function f${at}(x) { return ${next === 0 ? "x" : `f${next}(x)`}; }`)}
    export default (x) => f0(x)`,
};

/** Longer than any walk takes that is linear, shorter than one that is not. */
const PATIENCE_MS = 120_000;

Deno.test("code with very many ways through it is walked to its end, and its calls are hits", async () => {
  const names = Object.keys(SHAPES);
  const files = Object.values(SHAPES).map((text, at) => [`shape_${at}.js`, text] as const);
  await using project = await Project.create({
    ...Object.fromEntries(files),
    "main.ts": `
      import { cacheFile } from "@bimsb/cachepy";
      for (const at of ${JSON.stringify(names)}.keys()) {
        const { default: fn } = await import(\`./shape_\${at}.js\`);
        const kinds: string[] = [];
        const f = cacheFile("./cache", { onEvent: ({ kind }) => void kinds.push(kind) })({ name: "f" + at })(fn);
        const values = [await f(1), await f(1)];
        console.log(JSON.stringify([...values, ...kinds.filter((kind) => kind !== "notice")]));
      }`,
  });
  const child = project.command("main.ts").spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const { stdout } = await child.output();
  clearTimeout(timer);
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const expected = JSON.stringify([1, 1, "miss", "run", "stored", "hit"]);
  assertEquals(names.map((name, at) => `${name}: ${lines[at]}`), names.map((name) => `${name}: ${expected}`));
});

Deno.test("what a function writes through calls that go round in a circle is state, wherever the circle is entered", async () => {
  await using project = await Project.create({
    "main.ts": `
      import { cacheFile } from "@bimsb/cachepy";
      const first = { n: 0, next: { n: 0, next: { n: 0, next: null } } };
      const outward = { n: 0 };
      function go(o: any): void { if (o) { o.n++; go(o.next); } }
      function ping(o: any, times: number): void { if (times > 0) pong(o, times - 1); }
      function pong(o: any, times: number): void { ping(o, times); o.n++; }
      const kinds: string[] = [];
      const cached = cacheFile("./cache", { onEvent: ({ kind, fname }) => void kinds.push(fname + " " + kind) });
      const list = cached(function list(x: number) { go(first); return x; });
      const circle = cached(function circle(x: number) { pong(outward, 1); ping(outward, 2); return x; });
      for (const f of [list, circle, list, circle]) await f(1);
      console.log(JSON.stringify(kinds.filter((kind) => /stored|raced|hit/.test(kind))));`,
  });
  const hits = ["list hit", "circle hit"];
  assertEquals((await project.run("main.ts")).json(), ["list stored", "circle stored", ...hits]);
  assertEquals((await project.run("main.ts")).json(), [...hits, ...hits]);
});
