/** A name that one function uses several times alike: each use counts for what stands around it. */
import { assertEquals } from "@std/assert";
import { faultsOf, type ProgramPair } from "../support/program_pairs.ts";

const MODULES = { "a.cjs": "exports.k = 2;\n", "b.cjs": "exports.k = 3;\n", "q.txt": "one\n" };
const LOADER = 'import { createRequire } from "node:module";\nconst load = createRequire(import.meta.url);\n';

const PAIRS: readonly ProgramPair[] = [
  {
    name: "a second require",
    text: `${LOADER}await t(cached(function f() { return load("./a.cjs").k + load("./b.cjs").k; }));\n`,
    files: MODULES,
    editOf: ["b.cjs", "3", "30"],
  },
  {
    name: "a third require, in another branch",
    text: `${LOADER}await t(cached(function f(n) {
  if (n > 5) return load("./a.cjs").k;
  return n > 4 ? load("./a.cjs").k : load("./b.cjs").k;
}), 1);\n`,
    files: MODULES,
    editOf: ["b.cjs", "3", "30"],
  },
  {
    name: "a loader that is made twice",
    text: `import { createRequire } from "node:module";
await t(cached(function f() {
  return createRequire(import.meta.url)("./a.cjs").k + createRequire(import.meta.url)("./b.cjs").k;
}));\n`,
    files: MODULES,
    editOf: ["b.cjs", "3", "30"],
  },
  {
    name: "a module of Node that is asked for second",
    text: `await t(cached(function f() {
  const { sep } = process.getBuiltinModule("node:path");
  return sep + process.getBuiltinModule("node:child_process").execFileSync("cat", ["q.txt"]);
}));\n`,
    files: MODULES,
    named: "execFileSync from node:child_process",
    runs: 0,
  },
  {
    name: "a reader that is passed on second",
    text: `await t(cached(function f(n) { return typeof Deno + ((d) => d[n])(Deno).length; }), "args");\n`,
    named: "Deno as a whole",
    runs: 0,
  },
  {
    name: "a compiler that is passed on second",
    text: `const kind = (g) => typeof g;
await t(cached(function f() { return kind(Function) + Reflect.construct(Function, ["return 1"])(); }));\n`,
    named: "code given to new Function",
    runs: 0,
  },
  {
    name: "a function whose text is asked for second",
    text:
      "const h = (x) => { /* jot */ return x; };\nawait t(cached(function f(x) { return [x].map(h).length + String(h); }), 1);\n",
    edits: [["jot", "remark"]],
    file: "main.js",
  },
  {
    name: "a state that is passed on second",
    text: `const s = { n: 0 };
const look = (o) => o.n < 0, bump = (o) => { o.n++; };
await t(cached(function f(x) { look(s); bump(s); return x; }), 1);\n`,
    named: "left out: s.n",
    runs: 0,
  },
];

Deno.test("each of several like uses of a name counts", async () => assertEquals(await faultsOf(PAIRS), {}));

const BEHIND_IMPORT: readonly ProgramPair[] = ([
  ["a file", 'const h = require("./a.cjs"); exports.run = (x) => x * h.k;', ["a.cjs", "2", "20"]],
  ["a file while it runs", 'exports.run = (x) => x * require("./a.cjs").k;', ["a.cjs", "2", "20"]],
  ["a second file", 'exports.run = (x) => require("./b.cjs").k * require("./a.cjs").k;', ["a.cjs", "2", "20"]],
  ["a file by its module", 'exports.run = (x) => x * module.require("./a.cjs").k;', ["a.cjs", "2", "20"]],
  ["data", 'exports.run = (x) => x * require("./data.json").k;', ["data.json", "2", "20"]],
  ["a file behind another", 'exports.run = (x) => require("./c.cjs").run(x);', ["a.cjs", "2", "20"]],
] as const).map(([name, text, editOf]): ProgramPair => ({
  name,
  text: 'await t(cached(async function f(x) { return (await import("./m.cjs")).default.run(x); }), 3);\n',
  files: {
    ...MODULES,
    "m.cjs": `${text}\n`,
    "c.cjs": 'exports.run = (x) => x * require("./a.cjs").k;\n',
    "data.json": '{ "k": 2 }\n',
  },
  editOf,
}));

Deno.test("what a module of CommonJS behind import() requires counts", async () => {
  const quiet: ProgramPair = {
    ...BEHIND_IMPORT[0]!,
    name: "a comment",
    editOf: ["a.cjs", "exports.k", "// a comment\nexports.k"],
    runs: 0,
  };
  const computed: ProgramPair = {
    ...BEHIND_IMPORT[0]!,
    name: "a computed name",
    files: { ...MODULES, "m.cjs": 'exports.run = (x) => x * require("./" + "a.cjs").k;\n' },
    editOf: ["a.cjs", "2", "20"],
    named: "require() with a computed specifier",
    runs: 0,
  };
  const blind: ProgramPair = {
    ...BEHIND_IMPORT[0]!,
    name: "a blind module",
    files: {
      ...MODULES,
      "m.cjs": 'exports.run = () => String(require("child_process").execFileSync("cat", ["q.txt"]));\n',
    },
    editOf: ["q.txt", "one", "two"],
    named: "execFileSync from node:child_process",
    runs: 0,
  };
  assertEquals(await faultsOf([...BEHIND_IMPORT, quiet, computed, blind]), {});
});

Deno.test("what a static method writes that no code names counts, as it is", async () => {
  const setter = "class S { static k = 1; static setK(k) { S.k = k; } run(x) { return x * S.k; } }\nS.setK(5);\n";
  const registry = `class Step { static all = []; static register(one) { Step.all.push(one); } static run(x) {
  return Step.all.reduce((sum, one) => sum + one(x), 0);
} }
Step.register((x) => x + 5);\n`;
  const pairs: ProgramPair[] = [
    {
      name: "a setter",
      text: `${setter}await t(cached(function f(x) { return new S().run(x); }), 3);\n`,
      edits: [["(5)", "(6)"]],
    },
    {
      name: "a registry",
      text: `${registry}await t(cached(function f(x) { return Step.run(x); }), 3);\n`,
      edits: [["x + 5", "x + 6"]],
    },
    {
      name: "a setter that is called",
      text: `${setter}await t(cached(function f(x) { S.setK(x); return new S().run(x); }), 3);\n`,
      edits: [["(5)", "(6)"]],
      named: "left out: S.k",
      runs: 0,
    },
  ];
  assertEquals(await faultsOf(pairs), {});
});
