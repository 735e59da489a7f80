/** What is done once, and kept in variables of the program's own: the code that does it counts, and what it left, too. */
import { assertEquals } from "@std/assert";
import { faultsOf, type ProgramPair } from "../support/program_pairs.ts";

/** Ways to keep what a function returned when it was first called, and to drop that function. */
const WAYS: readonly (readonly [name: string, text: string])[] = [
  [
    "a branch",
    "const once = (fn) => { let kept; return () => { if (fn) { kept = fn(); fn = null; } return kept; }; };",
  ],
  [
    "an early return",
    "const once = (fn) => { let kept; return () => { if (!fn) return kept; const f = fn; fn = undefined; return kept = f(); }; };",
  ],
  [
    "a mark",
    "const once = (fn) => { let kept, isDone = false; return () => { if (!isDone) { isDone = true; kept = fn(); } return kept; }; };",
  ],
  [
    "a mark that leaves early",
    "const once = (fn) => { let kept, isDone = false; return () => { if (isDone) { return kept; } kept = fn(); isDone = true; return kept; }; };",
  ],
  [
    "a condition",
    "const once = (fn) => { let kept, isDone = false; return () => isDone ? kept : (isDone = true, kept = fn()); };",
  ],
  [
    "a conjunction",
    "const once = (fn) => { let kept, isDone = false; return () => { isDone || (kept = fn(), isDone = true); return kept; }; };",
  ],
  [
    "a comparison",
    "const once = (fn) => { let kept, n = 0; return () => { if (n === 0) { kept = fn(); n = 1; } return kept; }; };",
  ],
  [
    "no condition that tells it",
    "const once = (fn) => { let kept; return () => { try { kept = fn(); } catch { /* no function any more */ } fn = 0; return kept; }; };",
  ],
  [
    "a member",
    "const once = (fn) => { const o = { fn, kept: undefined }; return () => { if (o.fn) { o.kept = o.fn(); o.fn = null; } return o.kept; }; };",
  ],
  [
    "a private field",
    "class Once { #fn; #kept; constructor(fn) { this.#fn = fn; } get() { if (this.#fn) { this.#kept = this.#fn(); this.#fn = null; } return this.#kept; } }\n" +
    "const once = (fn) => { const o = new Once(fn); return () => o.get(); };",
  ],
  [
    "a variable of the module",
    "let fn, kept; const get = () => { if (fn) { kept = fn(); fn = null; } return kept; }; const once = (f) => { fn = f; return get; };",
  ],
];

const PROGRAM = `
const table = once(() => ({ rate: 2 }));
await t(cached(function scale(x) { return x * table().rate; }), 3);
`;

Deno.test("code that is called once, and then dropped, counts in whatever way it is dropped", async () => {
  const pairs = WAYS.map(([name, text]): ProgramPair => ({
    name,
    text: text + PROGRAM,
    edits: [["rate: 2", "rate: 5"]],
    named: "left out",
  }));
  assertEquals(await faultsOf(pairs), {});
});

Deno.test("code that is called once costs the next process nothing, nor does an edit beside it", async () => {
  const pairs = WAYS.map(([name, text]): ProgramPair => ({
    name,
    text: text + "const beside = () => 1; beside();" + PROGRAM,
    edits: [["beside = () => 1", "beside = () => 2"], ["rate: 2", "rate: /* the */ 2"]],
    named: "left out",
    runs: 0,
  }));
  assertEquals(await faultsOf(pairs), {});
});

Deno.test("what was made once, before a cached function was first called, counts", async () => {
  const last = WAYS.findIndex(([name]) => name === "no condition that tells it");
  const pairs = WAYS.filter((_, at) => at !== last).map(([name, text]): ProgramPair => ({
    name,
    text: text + PROGRAM.replace("await", "table();\nawait"),
    edits: [["rate: 2", "rate: 5"]],
    named: "left out",
  }));
  assertEquals(await faultsOf(pairs), {});
});

Deno.test("a mark that something was done is no input, whether other code set it before or not", async () => {
  const marks = [
    "if (isTold === false) { isTold = true; console.error('once'); }",
    "isTold || (isTold = true, console.error('once'));",
    "if (isTold) return; console.error('once'); isTold = true;",
  ];
  const pairs = marks.map((mark): ProgramPair => ({
    name: mark,
    text: `let isTold = false;\nconst tell = () => { ${mark} };\n// first\n` +
      "await t(cached(function twice(x) { tell(); return 2 * x; }), 3);\n",
    edits: [["// first", "tell();"]],
    named: "left out",
    runs: 0,
  }));
  assertEquals(await faultsOf(pairs), {});
});

Deno.test("functions that share a variable of one call look at it first together, in whatever order they are called", async () => {
  const pairs = [
    "const load = () => ({ k });",
    "function load() { return { k }; }",
    "const other = { k }; const load = () => other;",
  ].map((load): ProgramPair => ({
    name: load,
    text: `const tables = (k) => { let kept; ${load}
  return { a(x) { kept ??= load(); return kept.k * x; }, b(x) { kept ??= load(); return kept.k + x; } }; };
const two = tables(2), five = tables(5);
const steps = [cached(two.a), cached(two.b), cached(five.a), cached(five.b)];
for (const at of [0, 1, 2, 3]) await t(steps[at], 10);\n`,
    edits: [["[0, 1, 2, 3]", "[3, 1, 2, 0]"]],
    named: "left out",
    runs: 0,
  }));
  assertEquals(await faultsOf(pairs), {});
});

/** Ways in which code keeps a table, which the program may set before; `get` gives it. */
const KEPT: readonly (readonly [name: string, text: string])[] = [
  [
    "a getter of a private field",
    "class C { #t; get t() { return this.#t ??= { k: 1 }; } use(t) { this.#t = t; } }\nconst c = new C(), set = (t) => c.use(t), get = () => c.t;",
  ],
  [
    "a getter of a field",
    "class C { _t; get t() { return this._t ??= { k: 1 }; } }\nconst c = new C(), set = (t) => { c._t = t; }, get = () => c.t;",
  ],
  [
    "a getter of an object",
    "const c = { _t: undefined, get t() { if (!this._t) this._t = { k: 1 }; return this._t; } }, set = (t) => { c._t = t; }, get = () => c.t;",
  ],
  ["??", "let kept; const set = (t) => { kept = t; }, get = () => (kept = kept ?? { k: 1 });"],
  ["||", "let kept; const set = (t) => { kept = t; }, get = () => (kept = kept || { k: 1 });"],
  ["a choice", "let kept; const set = (t) => { kept = t; }, get = () => (kept = kept ? kept : { k: 1 });"],
  [
    "a choice the other way round",
    "let kept; const set = (t) => { kept = t; }, get = () => (kept = kept === undefined ? { k: 1 } : kept);",
  ],
];

Deno.test("what the program puts where code would make it counts, also once a process has seen it made", async () => {
  const pairs = KEPT.map(([name, text]): ProgramPair => ({
    name,
    text: `${text}\n// set\nawait t(cached(function scale(x) { return x * get().k; }), 3);\n`,
    edits: [["// set", "set({ k: 5 });"]],
    named: "left out",
  }));
  assertEquals(await faultsOf(pairs), {});
});
