import { assert, assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";
import { sampleOf } from "../support/sample.ts";

interface Printed {
  readonly results: readonly unknown[];
  readonly runs: number;
  readonly unstored: readonly string[];
  readonly leftOut: readonly string[];
}

function programOf(setup: string, body: string, isAsync: boolean): string {
  return `import { cacheFile } from "@bimsb/cachepy";
${setup}
let runs = 0;
const unstored: string[] = [], notices: string[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => {
  if (event.kind === "run") runs++;
  if (event.kind === "raced") unstored.push(...event.changed);
  if (event.kind === "notice") notices.push(event.detail);
} });
const step = cached(${isAsync ? "async " : ""}function step(x: number) { ${body} });
const results = [await step(1), await step(2), await step(1)];
const leftOut = notices.filter((notice) => notice.startsWith("left out"));
console.log(JSON.stringify({ results, runs, unstored, leftOut }));
`;
}

async function run(project: Project): Promise<Printed> {
  const outcome = await project.run("main.ts");
  assertEquals(outcome.code, 0, outcome.stderr);
  return JSON.parse(outcome.stdout.trim().split("\n").at(-1) ?? "") as Printed;
}

/** Ways of writing a change of what the function captures, each with the name of the place. */
const FORMS: readonly (readonly [form: string, setup: string, body: string, place: string])[] = [
  ["a function that returns the state", "const s = { n: 0 }; const get = () => s;", "get().n++; return x;", "s.n"],
  [
    "a method of what a method returns",
    `const lines: string[] = [];
const log = { child: () => ({ info: (text: string) => { lines.push(text); } }) };`,
    "log.child().info('x'); return x;",
    "lines",
  ],
  [
    "a callback that is given the state",
    "const s = { n: 0 }; const using = <T>(value: T, fn: (value: T) => void) => fn(value);",
    "using(s, (one) => { one.n++; }); return x;",
    "s.n",
  ],
  ["one of two", "const a = { n: 0 }, b = { n: 1 };", "(x > 5 ? b : a).n++; return x;", "a.n"],
  ["call", "const s = { n: 0 }; function bump(this: { n: number }) { this.n++; }", "bump.call(s); return x;", "s.n"],
  [
    "apply with a list",
    "const s = { n: 0 }; const bump = (one: { n: number }) => { one.n++; };",
    "bump.apply(null, [s]); return x;",
    "s.n",
  ],
  [
    "spread arguments",
    "const s = { n: 0 }; const bump = (...all: { n: number }[]) => { all[0]!.n++; };",
    "bump(...[s]); return x;",
    "s.n",
  ],
  ["forEach of a list", "const s = { n: 0 };", "[s].forEach((one) => { one.n++; }); return x;", "s.n"],
  [
    "a variable that is assigned later",
    "const s = { n: 0 };",
    "let one: { n: number }; one = { n: 0 }; one = s; one.n++; return x;",
    "s.n",
  ],
  [
    "a list that is taken apart",
    "const s = { n: 0 };",
    "const [one] = [s]; one!.n++; return x;",
    "s.n",
  ],
  [
    "a member that is filled by its first use",
    `const options: { marks?: string[] } = {};
const fill = (into: Record<string, unknown>, name: string, make: () => unknown) => into[name] ?? (into[name] = make());`,
    "return String(fill(options, 'marks', () => ['a'])) + x;",
    "options",
  ],
  [
    "a Map behind a function",
    "const memo = new Map<number, number>(); const table = () => memo;",
    "const known = table(); if (!known.has(x)) known.set(x, x * 2); return known.get(x)!;",
    "memo",
  ],
  [
    "a private field that a getter counts with",
    "class Meter { #n = 0; rate = 2; get next(): number { return this.#n++; } } const m = new Meter();",
    "m.next; return x * m.rate;",
    "m.#n",
  ],
  [
    "a private list that a getter adds to",
    "class Meter { #log: number[] = []; get mark(): number { this.#log.push(1); return 0; } } const m = new Meter();",
    "return x + m.mark;",
    "m.#log",
  ],
  [
    "a private field behind the accessors of a class that another one extends",
    `class Base { #hits = 0; get hits(): number { return this.#hits; } set hits(hits: number) { this.#hits = hits; } }
class Model extends Base { run(x: number): number { this.hits++; return x * 2; } }
const m = new Model();`,
    "return m.run(x);",
    "m.#hits",
  ],
  [
    "a list in an object in a static private field",
    "class Store { static #all = { rate: 2, log: [] as number[] }; static rate(): number { const all = () => Store.#all; all().log.push(1); return all().rate; } }",
    "return x * Store.rate();",
    "Store.#all.log",
  ],
  [
    "a getter that puts a value in its place",
    `const lazy = { get table(): number[] { const table = [1, 2, 3]; Object.defineProperty(this, "table", { value: table });
  return table; } };`,
    "return x * lazy.table.length;",
    "lazy.table",
  ],
  [
    "private fields of one name in two classes, deep in an object",
    `class Base { #n = 0; get base(): number { return 0 * this.#n++; } }
class Meter extends Base { #n = 0; get own(): number { return 0 * this.#n++; } }
const app = { meters: [new Meter()] };`,
    "const [meter] = app.meters; return x + meter!.base + meter!.own;",
    "app.meters.0.#n (1)",
  ],
];

/** Edits of what such code reads beside its state. */
const READ: readonly (readonly [name: string, setup: string, body: string, edit: readonly [string, string]])[] = [
  [
    "another member of an object with a private counter",
    "class Meter { #n = 0; rate = 2; get next(): number { return this.#n++; } } const m = new Meter();",
    "m.next; return x * m.rate;",
    ["rate = 2", "rate = 3"],
  ],
  [
    "another private field",
    `class Meter { #n = 0; #rate = 2; get next(): number { return this.#n++; } get rate(): number { return this.#rate; } }
const m = new Meter();`,
    "m.next; return x * m.rate;",
    ["#rate = 2", "#rate = 3"],
  ],
  [
    "a member beside a list in a static private field",
    "class Store { static #all = { rate: 2, log: [] as number[] }; static rate(): number { const all = () => Store.#all; all().log.push(1); return all().rate; } }",
    "return x * Store.rate();",
    ["rate: 2", "rate: 3"],
  ],
  [
    "what a getter puts in its place",
    `const lazy = { get table(): number[] { const table = [1, 2, 3]; Object.defineProperty(this, "table", { value: table });
  return table; } };`,
    "return x * lazy.table.length;",
    ["[1, 2, 3]", "[1, 2]"],
  ],
  [
    "what the counter adds",
    "class Meter { #n = 0; get next(): number { return 5 + 0 * this.#n++; } } const m = new Meter();",
    "return x * m.next;",
    ["5 + 0", "6 + 0"],
  ],
  [
    "a private field of another object of the class",
    `class Meter { #n = 0; #rate: number; constructor(rate: number) { this.#rate = rate; }
  get next(): number { return this.#n++; } get rate(): number { return this.#rate; } }
const m = new Meter(2), other = new Meter(3);`,
    "m.next; return x * m.rate * other.rate;",
    ["new Meter(3)", "new Meter(4)"],
  ],
];

Deno.test("what code reads beside such state counts", async (t) => {
  for (const [name, setup, body, [from, to]] of sampleOf(READ)) {
    await t.step(name, async () => {
      const program = programOf(setup, body, false);
      await using project = await Project.create({ "main.ts": program });
      const first = await run(project);
      assertEquals([first.runs, first.unstored, (await run(project)).runs], [2, [], 0]);
      await Deno.writeTextFile(project.path("main.ts"), program.replace(from, to));
      const edited = await run(project);
      assertEquals(edited.runs, 2);
      assert(edited.results[0] !== first.results[0]);
      await Deno.writeTextFile(project.path("main.ts"), `// a comment\n${program.replace(from, to)}`);
      assertEquals([(await run(project)).runs], [0]);
    });
  }
});

Deno.test("state that is recognized by what a run changes is left out and named, in every process", async (t) => {
  for (const [form, setup, body, place] of sampleOf(FORMS)) {
    await t.step(form, async () => {
      await using project = await Project.create({ "main.ts": programOf(setup, body, false) });
      const first = await run(project);
      assertEquals([first.runs, first.unstored], [2, []]);
      const again = await run(project);
      assertEquals([again.results, again.runs], [first.results, 0], "a needless run");
      for (const { leftOut } of [first, again]) {
        assert(leftOut.some((notice) => notice.includes(`${place} @ main.ts`)), `${place} is not named: ${leftOut}`);
      }
    });
  }
});

Deno.test("an asynchronous function leaves out what its code writes", async (t) => {
  const bodies: readonly (readonly [string, string, string])[] = [
    ["then", "const s = { n: 0 };", "await Promise.resolve(s).then((one) => { one.n++; }); return x;"],
    ["await", "const s = { n: 0 }; const get = () => s;", "await 0; await 0; get().n += 1; return x;"],
  ];
  for (const [form, setup, body] of bodies) {
    await t.step(form, async () => {
      await using project = await Project.create({ "main.ts": programOf(setup, body, true) });
      const first = await run(project);
      assertEquals([first.runs, first.unstored], [2, []]);
      assertEquals((await run(project)).runs, 0);
    });
  }
});

Deno.test("another first value of such state makes the call stale", async () => {
  const text = programOf("const s = { n: 10 }; const get = () => s;", "return get().n++ + x;", false);
  await using project = await Project.create({ "main.ts": text });
  assertEquals((await run(project)).results[0], 11);
  await project.edit("main.ts", "n: 10", "n: 20");
  assertEquals((await run(project)).results[0], 21);
});

Deno.test("what other code changes while a function waits is no state of the function", async () => {
  await using project = await Project.create({
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
const config = { rate: 2 };
const rateOf = () => config;
const changed: string[] = [];
let isFirst = true;
const cached = cacheFile("./.cachepy", { onEvent: (event) => {
  if (event.kind === "raced") changed.push(...event.changed);
  if (event.kind === "miss" && isFirst) setTimeout(() => { config.rate = 3; }, 20);
  isFirst = false;
} });
const step = cached(async function step(x: number) {
  await new Promise((resolve) => setTimeout(resolve, 300));
  return rateOf().rate * x;
});
const during = await step(1);
config.rate = 5;
console.log(JSON.stringify({ changed, during, after: await step(1) }));
`,
  });
  const outcome = await project.run("main.ts");
  assertEquals(JSON.parse(outcome.stdout.trim()), {
    changed: ["a value that the function captures (config.rate @ main.ts)"],
    during: 3,
    after: 5,
  });
});

Deno.test("a function that only reads what another one changes depends on it", async () => {
  await using project = await Project.create({
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
const s = { n: 0 };
const get = () => s;
const cached = cacheFile("./.cachepy");
const bump = cached(function bump(x: number) { get().n++; return x; });
const read = cached(function read(x: number) { return get().n + x; });
console.log(JSON.stringify([await read(0), await bump(1), await read(0), await bump(2), await read(0)]));
`,
  });
  const outcome = await project.run("main.ts");
  assertEquals(JSON.parse(outcome.stdout.trim()), [0, 1, 1, 2, 2]);
});

Deno.test("a run that changes its arguments beside such state has the key of the arguments that it was given", async (t) => {
  const bodies: readonly (readonly [string, setup: string, body: string, calls: string, results: unknown])[] = [
    ["a list", "", "xs.push(1); return xs.length;", "[await f([0]), await f([0, 1]), await f([0])]", [2, 3, 2]],
    ["a Map", "", "xs.set(xs.size, 1); return xs.size;", "[await f(new Map()), await f(new Map([[0, 1]]))]", [1, 2]],
    ["an object", "", "return xs.k = xs.k + 1;", "[await f({ k: 1 }), await f({ k: 2 })]", [2, 3]],
    [
      "an instance",
      "class Box { constructor(public k: number) {} up() { return ++this.k; } }",
      "return xs.up();",
      "[await f(new Box(1)), await f(new Box(2))]",
      [2, 3],
    ],
    [
      "a captured object",
      "const box = { k: 1 };",
      "xs.k++; return [box.k, xs.k];",
      "[await f(box), await f({ k: 1 })]",
      [[2, 2], [2, 2]],
    ],
  ];
  for (const [what, setup, body, calls, results] of bodies) {
    await t.step(what, async () => {
      await using project = await Project.create({
        "main.ts": `import { cacheFile } from "@bimsb/cachepy";
const s = { n: 0 };
const get = () => s;
${setup}
const f = cacheFile("./.cachepy")(function f(xs: any): any { get().n++; ${body} });
console.log(JSON.stringify(${calls}));
`,
      });
      for (let run = 0; run < 2; run++) {
        const outcome = await project.run("main.ts");
        assertEquals(JSON.parse(outcome.stdout.trim()), results, outcome.stderr);
      }
    });
  }
});

/** Objects that fill in a member of their own when it is first used, each with the call and an edit of what it was made with. */
const LAZY: readonly (readonly [name: string, setup: string, call: string])[] = [
  [
    "a getter that puts a function in its place",
    "class Model { k; constructor(k) { this.k = k; } get predict() { const f = (x) => x * this.k; " +
    'Object.defineProperty(this, "predict", { value: f }); return f; } }\nconst model = new Model(options.k);',
    "model.predict(x)",
  ],
  [
    "a getter that puts a value in its place",
    "class Model { k; constructor(k) { this.k = k; } get square() { const value = this.k ** 2; " +
    'Object.defineProperty(this, "square", { value }); return value; } }\nconst model = new Model(options.k);',
    "model.square + x",
  ],
  [
    "a method that binds itself",
    "class Model { k; constructor(k) { this.k = k; } predict(x) { this.predict = (y) => y * this.k; return x * this.k; } }\n" +
    "const model = new Model(options.k);",
    "model.predict(x)",
  ],
  [
    "a member that is filled when it is empty",
    "class Model { k; constructor(k) { this.k = k; } get once() { return (this._once ??= this.make.bind(this)); } " +
    "make(x) { return x * this.k; } }\nconst model = new Model(options.k);",
    "model.once(x)",
  ],
];

/** Project with a step that uses an object which was made with the option `k`. */
function projectOf(setup: string, call: string): Promise<Project> {
  const imported = `import options from "./options.json" with { type: "json" };\n${setup}`;
  return Project.create({
    "main.ts": programOf(imported, `return ${call};`, false),
    "options.json": '{ "k": 2 }',
  });
}

Deno.test("what an object was made with counts beside a member that its first use fills in", async (t) => {
  for (const [name, setup, call] of sampleOf(LAZY)) {
    await t.step(name, async () => {
      await using project = await projectOf(setup, call);
      assertEquals((await run(project)).unstored, []);
      await run(project);
      assertEquals((await run(project)).runs, 0);
      await project.edit("options.json", "2", "5");
      const edited = await run(project);
      await project.edit("main.ts", "./.cachepy", "./.other");
      assertEquals(edited.results, (await run(project)).results);
      assert(edited.runs > 0);
    });
  }
});

Deno.test("state that is filled in when it is first used costs the next process nothing", async (t) => {
  const forms: readonly (readonly [name: string, setup: string, call: string])[] = [
    LAZY[3]!,
    [
      "private fields",
      "class Lazy { #v; #src; constructor(k) { this.#src = () => k; } get v() { " +
      "if (this.#src) { this.#v = this.#src(); this.#src = null; } return this.#v; } }\nconst lazy = new Lazy(options.k);",
      "lazy.v + x",
    ],
    [
      "a member of a plain object",
      "const get = () => kept;\nconst kept = { k: options.k, made: null };",
      "(get().made ??= { k: kept.k }).k + x",
    ],
  ];
  for (const [name, setup, call] of sampleOf(forms)) {
    await t.step(name, async () => {
      await using project = await projectOf(setup, call);
      const first = await run(project);
      assertEquals([first.runs, first.unstored], [2, []]);
      assertEquals((await run(project)).runs, 0);
    });
  }
});

Deno.test("what the program changes while a function waits is no state, also where the code writes the like of its own", async () => {
  const uses = {
    "a member of its own object": "const out = {}; out.rate = settings.rate * x; return out.rate;",
    "a variable of its own": "let rate = 0; rate += settings.rate * x; return rate;",
    "a list of its own": "const list = []; list.push(settings.rate * x); return list[0];",
    "a Map of its own": "const map = new Map(); map.set(1, settings.rate * x); return map.get(1);",
    "an object of a list": "return Object.fromEntries([['rate', settings.rate * x]]).rate;",
  };
  for (const [name, use] of Object.entries(uses)) {
    await using project = await Project.create({
      "main.js": `import { cacheFile } from "@bimsb/cachepy";
const settings = { rate: 1 }, rate = 1;
const notices = [];
const onEvent = ({ kind, detail }) => void (kind === "notice" && notices.push(detail));
const step = cacheFile("./cache", { onEvent })(async function step(x) {
  await new Promise((resolve) => setTimeout(resolve, 40));
  ${use}
});
const values = [await step(0)];
const running = step(1);
setTimeout(() => settings.rate = 3, 10);
await running;
for (settings.rate of [10, 20]) values.push(await step(1));
console.log(JSON.stringify({ values, isNamed: notices.some((one) => one.includes("left out")) }));
`,
    });
    const { json, stderr } = await project.run("main.js");
    assertEquals(json(), { values: [0, 10, 20], isNamed: false }, `${name}: ${stderr}`);
  }
});
