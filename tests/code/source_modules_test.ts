import { assert, assertEquals, assertMatch } from "@std/assert";
import { fingerprint } from "../../src/code/fingerprint.ts";
import { faultsOf } from "../support/program_pairs.ts";
import { Project } from "../support/project.ts";

/** A function that loads a module while it runs, in two processes with an edit in between. */
interface Row {
  readonly name: string;
  /** Files of the first process, relative to the row's folder. `s.ts` is the module that the function loads. */
  readonly files: Readonly<Record<string, string>>;
  /** Files that are written before the second process. */
  readonly edit?: Readonly<Record<string, string>>;
  /** Code of the function. @default `return (await import("./s.ts")).g(x);` */
  readonly body?: string;
  /** Code that runs before the call; `V` is 1 in the first process and 2 in the second. */
  readonly before?: string;
  /**
   * `new`: the second process computes anew and is right. `old`: it hits, and nothing is named. A pattern: what is named
   * in both processes.
   */
  readonly wants: "new" | "old" | RegExp;
}

interface Answer {
  readonly cached: string;
  readonly plain: string;
  readonly kinds: string[];
  readonly notices: string[];
}

const MODULE = "export const g = (x: number) => x * ";
const READ = 'Deno.readTextFileSync("ROW/c.txt")';

const ROWS: readonly Row[] = [
  // The module's own code.
  { name: "code", files: { "s.ts": MODULE + "1;" }, edit: { "s.ts": MODULE + "2;" }, wants: "new" },
  {
    name: "comment, types and layout",
    files: { "s.ts": MODULE + "1;" },
    edit: { "s.ts": "// a comment\nexport const g = (y: number): number =>\n  y * 1;\n" },
    wants: "old",
  },
  {
    name: "the name of a local variable in a function that the module hands on when it is loaded",
    files: {
      "s.ts":
        'import process from "node:process"; const f = (x: number) => { const { PWD: one } = process.env; return x + (one ? 1 : 0); }; ' +
        "const wrap = <T>(fn: T) => fn; export const g = wrap(f);",
    },
    edit: {
      "s.ts":
        'import process from "node:process"; const f = (x: number) => { const { PWD: two } = process.env; return x + (two ? 1 : 0); }; ' +
        "const wrap = <T>(fn: T) => fn; export const g = wrap(f);",
    },
    wants: "old",
  },
  {
    name: "names of two exports are exchanged",
    files: { "s.ts": MODULE + "1; export const h = (x: number) => x * 2;" },
    edit: { "s.ts": "export const h = (x: number) => x * 1; export const g = (x: number) => x * 2;" },
    wants: "new",
  },
  {
    name: "an export list is exchanged",
    files: { "s.ts": "const a = (x: number) => x, b = (x: number) => -x; export { a as g, b as h };" },
    edit: { "s.ts": "const a = (x: number) => x, b = (x: number) => -x; export { a as h, b as g };" },
    wants: "new",
  },
  {
    name: "two modules are exchanged",
    files: {
      "s.ts":
        'import { k } from "./a.ts"; import { k as q } from "./b.ts"; export const g = (x: number) => x + k * 10 + q;',
      "a.ts": "export const k = 1;",
      "b.ts": "export const k = 2;",
    },
    edit: {
      "s.ts":
        'import { k as q } from "./a.ts"; import { k } from "./b.ts"; export const g = (x: number) => x + k * 10 + q;',
    },
    wants: "new",
  },
  {
    name: "a module behind export *, in a cycle",
    files: {
      "s.ts": 'export * from "./t.ts";',
      "t.ts": 'import { h } from "./u.ts"; export const k = 1; export const g = (x: number) => h(x);',
      "u.ts": 'import { k } from "./t.ts"; export const h = (x: number) => x * k;',
    },
    edit: { "u.ts": 'import { k } from "./t.ts"; export const h = (x: number) => x * k + 1;' },
    wants: "new",
  },
  {
    name: "JSON",
    files: { "s.ts": 'import c from "./c.json" with { type: "json" }; ' + MODULE + "c.k;", "c.json": '{ "k": 1 }' },
    edit: { "c.json": '{ "k": 2 }' },
    wants: "new",
  },
  {
    name: "JSON by import()",
    body: 'return x * (await import("./c.json", { with: { type: "json" } })).default.k;',
    files: { "c.json": '{ "k": 1 }' },
    edit: { "c.json": '{ "k": 2 }' },
    wants: "new",
  },
  {
    name: "a module that a module loads by import()",
    files: {
      "s.ts": 'export const g = async (x: number) => (await import("./t.ts")).h(x);',
      "t.ts": "export const h = (x: number) => x;",
    },
    edit: { "t.ts": "export const h = (x: number) => -x;" },
    wants: "new",
  },
  // Only what the used exports lead to counts.
  {
    name: "a function that is not used, and all that it reaches",
    files: {
      "s.ts":
        'import { read } from "./io.ts"; let n = 0; export const g = (x: number) => x; export function h() { n++; return read("c.txt"); }',
      "io.ts":
        'import { readFileSync } from "node:fs"; export const read = (path: string) => readFileSync(path, "utf8"); export const k = 1;',
    },
    edit: {
      "s.ts":
        'import { read } from "./io.ts"; let n = 1; export const g = (x: number) => x; export function h() { n += 2; return read("d.txt"); } const unused = [1, { a: 2 }];',
      "io.ts": 'import { readFileSync } from "node:fs"; export const read = (path: string) => readFileSync(path) + "";',
    },
    wants: "old",
  },
  {
    name: "a function that the used one calls, through an export list and a chain",
    files: {
      "s.ts": 'export { a as g } from "./t.ts"; export * from "./u.ts";',
      "t.ts":
        "function c(x: number) { return x; } const b = (x: number) => c(x); const a = (x: number) => b(x); export { a };",
      "u.ts": "export const z = 1;",
    },
    edit: {
      "t.ts":
        "function c(x: number) { return -x; } const b = (x: number) => c(x); const a = (x: number) => b(x); export { a };",
    },
    wants: "new",
  },
  {
    name: "an export that the used one replaces",
    files: {
      "s.ts":
        "export let rate = (x: number) => x; if (Deno.build.os) rate = (x) => x * K(); const K = () => 2; export const g = (x: number) => rate(x);"
          .replace("if (Deno.build.os) ", ""),
    },
    edit: {
      "s.ts":
        "export let rate = (x: number) => x; rate = (x) => x * K(); const K = () => 3; export const g = (x: number) => rate(x);",
    },
    wants: "new",
  },
  {
    name: "what a module does when it is loaded, imported for that alone",
    files: {
      "s.ts": 'import "./effect.ts"; export const g = (x: number) => x * (globalThis as any).effectOfTest;',
      "effect.ts": "(globalThis as any).effectOfTest = 1;",
    },
    edit: { "effect.ts": "(globalThis as any).effectOfTest = 2;" },
    wants: /left out: globalThis\.effectOfTest/,
  },
  {
    name: "all exports, when the module is passed on",
    body: 'const all = await import("./s.ts"); return Object.keys(all).length + (all as any)[["h"][0]!](x);',
    files: { "s.ts": "export const g = 1; export const h = (x: number) => x;" },
    edit: { "s.ts": "export const g = 1; export const h = (x: number) => x * 2;" },
    wants: "new",
  },
  {
    name: "the default export",
    body: 'const { default: f } = await import("./s.ts"); return f(x);',
    files: {
      "s.ts": "export default function (x: number) { return k * x; } const k = 1; export const other = () => 1;",
    },
    edit: {
      "s.ts": "export default function (x: number) { return k * x; } const k = 2; export const other = () => 1;",
    },
    wants: "new",
  },
  {
    name: "a use by then()",
    body: 'return import("./s.ts").then((m) => m.g(x));',
    files: { "s.ts": MODULE + "1;" },
    edit: { "s.ts": MODULE + "2;" },
    wants: "new",
  },
  // Facts and globals.
  {
    name: "a global",
    files: { "s.ts": MODULE + "(globalThis as any).rate3;" },
    before: "(globalThis as any).rate3 = V;",
    wants: "new",
  },
  {
    name: "a bare global, two modules deep",
    files: {
      "s.ts": 'import { k } from "./k.ts"; ' + MODULE + "k();",
      "k.ts": "declare const rate4: { v: number }; export function k() { return rate4.v; }",
    },
    before: "(globalThis as any).rate4 = { v: V };",
    wants: "new",
  },
  {
    name: "a function on the global object",
    files: { "s.ts": MODULE + "(globalThis as any).rate5();" },
    before: "const v = V; (globalThis as any).rate5 = () => v;",
    wants: "new",
  },
  {
    name: "a global that is not used",
    files: { "s.ts": MODULE + "2;" },
    before: "(globalThis as any).rate6 = V;",
    wants: "old",
  },
  {
    name: "arguments",
    files: { "s.ts": "const k = Deno.args[0]; export const g = (x: number) => x + k;" },
    wants: "new",
  },
  {
    name: "the time zone",
    files: { "s.ts": "export const g = (x: number) => new Date(1e12 + x).getHours();" },
    before: 'Deno.env.set("TZ", V === 1 ? "Asia/Tokyo" : "America/New_York"); new Date().getHours();',
    wants: "new",
  },
  // Blind uses.
  {
    name: "a named reader of node:fs",
    files: {
      "s.ts":
        'import { readFileSync } from "node:fs"; export const g = (x: number) => x + readFileSync("ROW/c.txt", "utf8");',
      "c.txt": "1",
    },
    wants: /readFileSync from node:fs \(ROW\/s\.ts\)/,
  },
  {
    name: "a reader that a module passes on",
    files: {
      "s.ts": 'import { read } from "./io.ts"; export const g = (x: number) => x + read("ROW/c.txt", "utf8");',
      "io.ts": 'export { readFileSync as read } from "node:fs";',
      "c.txt": "1",
    },
    wants: /readFileSync from node:fs \(ROW\/io\.ts\)/,
  },
  {
    name: "a subprocess",
    files: { "s.ts": 'export const g = async (x: number) => x + (await new Deno.Command("true").output()).code;' },
    wants: /Deno\.Command \(ROW\/s\.ts\)/,
  },
  {
    name: "a specifier without the ending of the file",
    body: 'try { return (await import("./sloppy")).g(x); } catch { return 0; }',
    files: { "sloppy.ts": MODULE + "1;" },
    wants: /import\("\.\/sloppy"\) in ROW\/row\.ts/,
  },
  {
    name: "data and packages for a function that is not used",
    files: {
      "s.ts": 'import c from "./c.json" with { type: "json" }; ' + MODULE + "1; export const h = () => c;",
      "c.json": "1",
    },
    edit: { "c.json": "2" },
    wants: "old",
  },
  {
    name: "a computed specifier",
    body: "const n: string = `./${'s'}.ts`; return (await import(n)).g(x);",
    files: { "s.ts": MODULE + "1;" },
    wants: /computed specifier/,
  },
  {
    name: "a computed specifier in the module",
    files: {
      "s.ts": "const n: string = `./${'t'}.ts`; export const g = async (x: number) => (await import(n)).h(x);",
      "t.ts": "export const h = (x: number) => x;",
    },
    wants: /computed specifier in ROW\/s\.ts/,
  },
  // What is read at the start.
  {
    name: "a file",
    files: { "s.ts": `const k = Number(${READ}); ${MODULE}k;`, "c.txt": "1" },
    edit: { "c.txt": "2" },
    wants: "new",
  },
  {
    name: "a file, unchanged",
    files: { "s.ts": `const k = Number(${READ}); ${MODULE}k;`, "c.txt": "1" },
    edit: { "d.txt": "2" },
    wants: "old",
  },
  {
    name: "a file that another function's call reads",
    files: { "s.ts": `const k = Number(${READ}); ${MODULE}k;`, "c.txt": "1" },
    edit: { "c.txt": "2" },
    before: 'await cached(async function first(x: number) { return (await import("./s.ts")).g(x); })(1);',
    wants: "new",
  },
  {
    name: "a file that was read before any call",
    files: { "s.ts": `const k = Number(${READ}); ${MODULE}k;`, "c.txt": "1" },
    edit: { "c.txt": "2" },
    before: 'await import("./s.ts");',
    wants: "new",
  },
  {
    name: "a file beside the module, by a function that is called",
    files: {
      "s.ts":
        'async function load() { return JSON.parse(await Deno.readTextFile(new URL("./c.json", import.meta.url))); } const c = await load(); ' +
        MODULE + "c.k;",
      "c.json": '{ "k": 1 }',
    },
    edit: { "c.json": '{ "k": 2 }' },
    before: 'await import("./s.ts");',
    wants: "new",
  },
  {
    name: "a file by a path that is joined",
    files: {
      "s.ts":
        'import { join } from "node:path"; import fs from "node:fs"; const at = join(import.meta.dirname!, "c.txt"); const k = Number(fs.readFileSync(at, "utf8")); ' +
        MODULE + "k;",
      "c.txt": "1",
    },
    edit: { "c.txt": "2" },
    before: 'await import("./s.ts");',
    wants: "new",
  },
  {
    name: "a file by a static field of a class",
    files: { "s.ts": `class C { static k = Number(${READ}); } ${MODULE}C.k;`, "c.txt": "1" },
    edit: { "c.txt": "2" },
    before: 'await import("./s.ts");',
    wants: "new",
  },
  {
    name: "a file by a function of another module",
    files: {
      "s.ts": 'import { load } from "./io.ts"; const k = Number(load("ROW/c.txt")); ' + MODULE + "k;",
      "io.ts": "export const load = (path: string) => Deno.readTextFileSync(path);",
      "c.txt": "1",
    },
    before: 'await import("./s.ts");',
    wants: /what ROW\/io\.ts reads through Deno\.readTextFileSync when it is loaded/,
  },
  {
    name: "a folder",
    files: { "s.ts": 'const k = [...Deno.readDirSync("ROW")].length; ' + MODULE + "k;" },
    wants: /what ROW\/s\.ts reads through Deno\.readDirSync when it is loaded/,
  },
  {
    name: "a variable of the environment",
    files: { "s.ts": 'const k = Number(Deno.env.get("RATE_OF_TEST")); ' + MODULE + "k;" },
    before: 'Deno.env.set("RATE_OF_TEST", String(V)); await import("./s.ts");',
    wants: "new",
  },
  {
    name: "a variable of process.env",
    files: {
      "s.ts": 'import process from "node:process"; const k = Number(process.env.RATE_OF_TEST2); ' + MODULE + "k;",
    },
    before: 'Deno.env.set("RATE_OF_TEST2", String(V)); await import("./s.ts");',
    wants: "new",
  },
  {
    name: "a function that reads, and is not called at the start",
    files: {
      "s.ts":
        'export const read = (path: string) => Deno.readTextFileSync(path); export const g = (x: number) => read("ROW/c.txt") + x;',
      "c.txt": "1",
    },
    edit: { "c.txt": "2" },
    wants: "new",
  },
  {
    name: "a cached function of another module",
    files: {
      "s.ts":
        'import { cached } from "./cache.ts"; export const g = cached(function g(x: number) { return Deno.readTextFileSync("ROW/c.txt") + x; });',
      "c.txt": "1",
      "cache.ts": 'import { cacheFile } from "@bimsb/cachepy"; export const cached = cacheFile("ROW/.cachepy");',
    },
    edit: { "c.txt": "2" },
    wants: "new",
  },
  // State.
  {
    name: "a variable that the module writes",
    files: { "s.ts": "let k = 1; export const set = (v: number) => { k = v; }; " + MODULE + "k;" },
    before: '(await import("./s.ts")).set(V);',
    wants: /left out: k @ ROW\/s\.ts/,
  },
  {
    name: "a memo of the module",
    files: { "s.ts": "const memo = new Map(); export const g = (x: number) => memo.get(x) ?? (memo.set(x, x), x);" },
    wants: /left out: memo @ ROW\/s\.ts/,
  },
  {
    name: "a static member of a class",
    files: {
      "s.ts":
        "export class C { static n = 0; static next() { return ++C.n; } } export const g = (x: number) => x + C.next();",
    },
    wants: /left out: C\.n @ ROW\/s\.ts/,
  },
  {
    name: "an instance that the module makes",
    files: {
      "s.ts":
        'import { Counter } from "./c.ts"; const counter = new Counter(); export const g = (x: number) => x + counter.next();',
      "c.ts": "export class Counter { #n = 0; list: number[] = []; next() { this.list.push(1); return ++this.#n; } }",
    },
    wants: /left out: Counter\.#n @ ROW\/c\.ts/,
  },
  {
    name: "an object with a method that changes it",
    files: { "s.ts": "const o = { n: 0, next() { return ++this.n; } }; export const g = (x: number) => x + o.next();" },
    wants: /left out: o\.n @ ROW\/s\.ts/,
  },
  {
    name: "a variable of a function that made the used one",
    files: {
      "s.ts":
        "function make() { let n = 0; return () => ++n; } const next = make(); export const g = (x: number) => x + next();",
    },
    wants: /left out: n @ ROW\/s\.ts/,
  },
  {
    name: "instances and variables that a call makes for itself",
    files: {
      "s.ts":
        "class C { n = 0; next() { return ++this.n; } } const make = () => { let k = 0; return () => ++k; }; export function g(x: number) { const list = [x]; list.push(1); return new C().next() + make()() + list.length; }",
    },
    wants: "old",
  },
  {
    name: "an export that other code changes",
    files: { "s.ts": "export const config = { k: 1 }; export const g = (x: number) => x * config.k;" },
    before: 'const { config } = await import("./s.ts"); config.k = V;',
    wants: /not tracked: config\.k of ROW\/s\.ts, which ROW\/row\.ts changes/,
  },
  {
    name: "a list that other code adds to, through a module between them",
    files: {
      "s.ts": 'import { list } from "./list.ts"; export const g = (x: number) => list.length + x;',
      "list.ts": "export const list: number[] = [];",
      "fill.ts":
        'import { list } from "./list.ts"; export const fill = (n: number) => { for (let i = 0; i < n; i++) list.push(i); };',
    },
    before: '(await import("./fill.ts")).fill(V);',
    wants: /not tracked: list of ROW\/list\.ts, which ROW\/fill\.ts changes/,
  },
  {
    name: "an export that other code only reads",
    files: { "s.ts": "export const config = { k: 1 }; export const g = (x: number) => x * config.k;" },
    before: 'const { config } = await import("./s.ts"); const copy = { ...config }; copy.k = V;',
    wants: "old",
  },
  {
    name: "the order of the members of an argument",
    body: "const one = V === 1 ? { a: 1, b: 2 } : { b: 2, a: 1 }; return await inner(one);",
    files: { "s.ts": "export const first = (x: object) => Object.keys(x)[0];" },
    before:
      'const inner = cached(async function inner(x: object) { const m = await import("./s.ts"); return m.first(x); });',
    wants: "new",
  },
  {
    name: "data that the module only reads",
    files: {
      "s.ts":
        "const table = new Map([[3, 4]]); const list = [1, 2].map((x) => x * 2); export const g = (x: number) => table.get(x)! + list[0];",
    },
    wants: "old",
  },
];

function rowModule({ body = 'return (await import("./s.ts")).g(x);', before = "" }: Row): string {
  return `
import { cacheFile } from "@bimsb/cachepy";
const V = Number(Deno.args[0]);
const events: any[] = [];
const cached = cacheFile("ROW/.cachepy", { onEvent: (event) => void events.push(event) });
${before}
const f = cached(async function f(x: number) { ${body} });
events.length = 0;
const answer = async (one: (x: number) => unknown) => { try { return String(await one(3)); } catch (error) { return String(error); } };
export default {
  cached: await answer(f),
  plain: await answer(f.original),
  kinds: events.filter(({ fname }) => fname === "f").map(({ kind }) => kind),
  notices: events.filter(({ fname, kind }) => fname === "f" && kind === "notice").map(({ detail }) => detail),
};
`;
}

async function answersOf(project: Project, version: number): Promise<Answer[]> {
  const { code, stderr, json } = await project.run("main.ts", { flags: ["-A", "--no-check"], args: [String(version)] });
  assertEquals(code, 0, stderr);
  return json<Answer[]>();
}

Deno.test("modules behind import() count like modules that are imported", async (test) => {
  const named = (text: string, at: number) => text.replaceAll("ROW", `r${at}`);
  await using project = await Project.create({});
  for (const [at, row] of ROWS.entries()) {
    await project.write(`r${at}/row.ts`, named(rowModule(row), at));
    for (const [name, text] of Object.entries(row.files)) await project.write(`r${at}/${name}`, named(text, at));
  }
  const imports = ROWS.map((_, at) => `(await import("./r${at}/row.ts")).default`);
  await project.write("main.ts", `console.log(JSON.stringify([${imports}]));`);
  const first = await answersOf(project, 1);
  for (const [at, { edit = {} }] of ROWS.entries()) {
    for (const [name, text] of Object.entries(edit)) await project.write(`r${at}/${name}`, named(text, at));
  }
  const second = await answersOf(project, 2);
  for (const [at, { name, wants }] of ROWS.entries()) {
    await test.step(name, () => {
      const [before, after] = [first[at]!, second[at]!];
      if (wants instanceof RegExp) {
        const pattern = new RegExp(named(wants.source, at));
        for (const { notices } of [before, after]) assertMatch(notices.join("\n"), pattern);
        return;
      }
      assertEquals(before.cached, before.plain);
      assertEquals([after.cached, before.notices, after.notices], [after.plain, [], []], after.kinds.join());
      assertEquals(after.kinds.some((kind) => kind === "hit"), wants === "old", after.kinds.join());
      assert(wants === "old" || before.cached !== after.cached, "the edit changes the result");
    });
  }
});

/** A specifier that stands for different modules in different importing modules; `V` is 1 in the first process. */
interface ResolveRow {
  readonly name: string;
  /** Module whose function `f` is called. */
  readonly module: string;
  readonly text: string;
  /** Edits of files, each with the answers that a process gives afterwards: whether it hits. */
  readonly edits: readonly (readonly [file: string, text: string, isHit: boolean])[];
}

const RESOLVED: readonly ResolveRow[] = [
  {
    name: "a scope of the import map, behind import()",
    module: "sub/a.ts",
    text: 'export const f = async () => (await import("./s.ts")).g();',
    edits: [["sub/dep.ts", "export const k = 12;", false], ["dep.ts", "export const k = 1;", true]],
  },
  {
    name: "a scope of the import map, in import()",
    module: "sub/b.ts",
    text: 'export const f = async () => (await import("dep")).k;',
    edits: [["sub/dep.ts", "export const k = 22;", false], ["dep.ts", "export const k = 2;", true]],
  },
  {
    name: "the import map of a member of the workspace",
    module: "member/a.ts",
    text: 'export const f = async () => (await import("./s.ts")).g();',
    edits: [["member/dep.ts", "export const k = 32;", false], ["dep.ts", "export const k = 3;", true]],
  },
  {
    name: "another member of the workspace, by name",
    module: "b.ts",
    text: 'export const f = async () => (await import("@test/member/deep")).k;',
    edits: [["member/dep.ts", "export const k = 42;", false], ["dep.ts", "export const k = 4;", true]],
  },
  {
    name: "import.meta.resolve in a scope",
    module: "sub/c.ts",
    text: 'export const f = () => import.meta.resolve("dep").replace(import.meta.dirname!, "");',
    edits: [["deno.json", "sub/dep.ts to sub/other.ts", false], ["dep.ts", "export const k = 5;", true]],
  },
];

Deno.test("specifiers resolve by the import map of the module that imports", async (test) => {
  await using project = await Project.create({
    "dep.ts": "export const k = 0;",
    "sub/dep.ts": "export const k = 10;",
    "sub/other.ts": "export const k = 20;",
    "sub/s.ts": 'import { k } from "dep"; export const g = () => k;',
    "member/deno.json": JSON.stringify({
      name: "@test/member",
      version: "1.0.0",
      exports: { ".": "./a.ts", "./deep": "./dep.ts" },
      imports: { dep: "./dep.ts" },
    }),
    "member/dep.ts": "export const k = 30;",
    "member/s.ts": 'import { k } from "dep"; export const g = () => k;',
  }, {
    imports: { "@bimsb/cachepy": "jsr:@bimsb/cachepy@^0", dep: "./dep.ts" },
    scopes: { "./sub/": { dep: "./sub/dep.ts" } },
    workspace: ["./member"],
  });
  for (const { name, module, text, edits } of RESOLVED) {
    await test.step(name, async () => {
      await project.write(module, text);
      await project.write(
        "main.ts",
        `import { cacheFile } from "@bimsb/cachepy";
        import { f } from "./${module}";
        const kinds: string[] = [];
        const cached = cacheFile(".cachepy", { onEvent: ({ kind }) => void kinds.push(kind) })({ name: "f" })(f);
        console.log(JSON.stringify([await cached(), await f(), kinds.includes("hit")]));`,
      );
      const run = async (): Promise<unknown[]> => {
        const { stderr, code, json } = await project.run("main.ts", { flags: ["-A", "--no-check"] });
        assertEquals(code, 0, stderr);
        return json<unknown[]>();
      };
      await run();
      for (const [file, edit, isHit] of edits) {
        if (file === "deno.json") await project.edit(file, "./sub/dep.ts", "./sub/other.ts");
        else await project.write(file, edit);
        const [cached, plain, didHit] = await run();
        assertEquals([cached, didHit], [plain, isHit], file);
      }
    });
  }
});

Deno.test("a variable behind a scope of the import map is the variable of the module that it leads to", async () => {
  await using project = await Project.create({
    "dep.ts": "export const k = 0;",
    "sub/dep.ts": "export let k = 1; export const set = (v: number) => { k = v; };",
    "sub/s.ts": 'import { k, set } from "dep"; export const f = () => k; export { set };',
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
      import "./dep.ts";
      import { f, set } from "./sub/s.ts";
      const cached = cacheFile(".cachepy")(f);
      const before = await cached();
      set(2);
      console.log(JSON.stringify([before, await cached()]));`,
  }, {
    imports: { "@bimsb/cachepy": "jsr:@bimsb/cachepy@^0", dep: "./dep.ts" },
    scopes: { "./sub/": { dep: "./sub/dep.ts" } },
  });
  const { stderr, code, json } = await project.run("main.ts", { flags: ["-A", "--no-check"] });
  assertEquals([code, json<number[]>()], [0, [1, 2]], stderr);
});

Deno.test("what a module read when it was loaded stays as it was then, and counts as it is until then", async () => {
  const body = (file: string) => `
    import { cacheFile } from "@bimsb/cachepy";
    const kinds: string[] = [];
    const f = cacheFile(".cachepy", { onEvent: ({ kind }) => void kinds.push(kind) })(
      async function f(x: number) { return (await import("./s.ts")).g(x); },
    );
    const before = await f(3);
    const hits = kinds.includes("hit");
    ${file}
    const after = await f(3);
    console.log(JSON.stringify({ before, hits, after, plain: await f.original(3) }));`;
  await using project = await Project.create({
    "s.ts": 'const k = Number(Deno.readTextFileSync("c.txt")); export const g = (x: number) => x * k;',
    "c.txt": "1",
    "write.ts": body('Deno.writeTextFileSync("c.txt", "2");'),
    "edit.ts": body('Deno.writeTextFileSync("s.ts", "export const g = (x: number) => x * 7;");'),
  });
  const run = async (script: string): Promise<unknown> => {
    const { stderr, code, json } = await project.run(script, { flags: ["-A", "--no-check"] });
    assertEquals(code, 0, stderr);
    return json();
  };
  // The file is changed after another part of the program has loaded the module.
  await project.write(
    "before.ts",
    body("").replace("const before", 'await import("./s.ts"); Deno.writeTextFileSync("c.txt", "9");\nconst before'),
  );
  assertEquals(await run("before.ts"), { before: 3, hits: false, after: 3, plain: 3 });
  assertEquals(await run("before.ts"), { before: 27, hits: false, after: 27, plain: 27 });
  await project.write("c.txt", "1");
  // The module is loaded by the first call.
  assertEquals(await run("write.ts"), { before: 3, hits: false, after: 3, plain: 3 });
  assertEquals(await run("write.ts"), { before: 6, hits: false, after: 6, plain: 6 }, "nothing wrong was stored");
  // The module is not loaded by the first call, which hits.
  await project.write("c.txt", "1");
  assertEquals(await run("write.ts"), { before: 3, hits: true, after: 6, plain: 6 });
  assertEquals(await run("edit.ts"), { before: 6, hits: true, after: 21, plain: 21 });
});

Deno.test("where code is not followed, what it imports is named", async () => {
  const { notices } = await fingerprint(async (x: number) => (await import("node:path")).join(String(x)), {
    track: "source",
    projectRoot: "/",
    packageOf: () => null,
    cachedIdentity: () => undefined,
  });
  assertMatch(notices.join(), /not tracked: import\("node:path"\)/);
});

/** Ways to name the script of a Worker, with what stands around the function. */
const WORKERS: readonly (readonly [setup: string, make: string])[] = [
  ["", 'new Worker(new URL("./w.ts", import.meta.url), MODULE)'],
  ["", 'new Worker(new URL("w.ts", import.meta.url).href, MODULE)'],
  ["", 'new Worker(import.meta.resolve("./w.ts"), MODULE)'],
  ['const AT = new URL("./w.ts", import.meta.url);', "new Worker(AT, MODULE)"],
  ['const HREF = import.meta.resolve("./w.ts");', "new Worker(HREF, MODULE)"],
  ['const start = () => new Worker(new URL("./w.ts", import.meta.url), MODULE);', "start()"],
  [
    'class W extends Worker { constructor() { super(new URL("./w.ts", import.meta.url), MODULE); } }',
    "new W()",
  ],
];

Deno.test("the script of a Worker that code starts counts, with what it imports", async () => {
  const answer = "new Promise((done) => { w.onmessage = (e) => { w.terminate(); done(e.data); }; w.postMessage(x); })";
  const text = 'const MODULE = { type: "module" };\n' +
    WORKERS.map(([setup, make], index) =>
      `${setup}\nawait t(cached(async function f${index}(x) { const w = ${make}; return await ${answer}; }), 2);\n`
    ).join("");
  const files = {
    "w.ts": 'import { rate } from "./r.ts";\n// note\nself.onmessage = (e) => self.postMessage(rate(e.data));\n',
    "r.ts": "export const rate = (x) => x * 2;\nexport const other = 1;\n",
  };
  const named = "what it reads through Worker";
  assertEquals(
    await faultsOf([
      { name: "what it uses", text, files, named, editOf: ["r.ts", "x * 2", "x * 3"], runs: WORKERS.length },
      { name: "another export", text, files, named, editOf: ["r.ts", "other = 1", "other = 2"], runs: 0 },
      { name: "a comment", text, files, named, editOf: ["w.ts", "// note", "// more"], runs: 0 },
    ]),
    {},
  );
});
