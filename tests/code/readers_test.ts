import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

/** Modules that the tables below use, and a cached function of each entry, of which the notices are printed. */
const HEAD = `import { cacheFile } from "@bimsb/cachepy";
import fs, * as fsNames from "node:fs";
import promises from "node:fs/promises";
import util from "node:util";
import process from "node:process";
import os from "node:os";
import path, { join } from "node:path";
import http, { STATUS_CODES } from "node:http";
import net, { isIP } from "node:net";
import cp from "node:child_process";
import vm from "node:vm";
import url from "node:url";
import zlib from "node:zlib";
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import mod, { createRequire } from "node:module";
import { read as again, node } from "./again.ts";
import packed from "./node_modules/packed/index.cjs";
const require = createRequire(import.meta.url);
let heard: string[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => event.kind === "notice" && heard.push(event.detail) });
const never = Deno.args.length > 99;
const { readFileSync } = fs;
const { readTextFile, Command, openKv, env, stdin } = Deno;
const { get: variable } = Deno.env;
const get = fetch, W = Worker, D = Deno, G = globalThis, alias = fs;
const box = { ...fs }, list = [fs.readFileSync], table = new Map([["stat", fs.statSync]]), names = new Set([Deno.stat]);
const bound = fs.readFileSync.bind(fs), promised = util.promisify(fs.readFile), old = util.deprecate(fs.readFileSync, "x");
const called = util.callbackify(promises.readFile), once = (fn: any) => (...args: any[]) => fn(...args);
const packedOnce = packed.once(fs.readFileSync);
const wrapped = once(fs.readFileSync);
const builtIn = process.getBuiltinModule("fs"), required = require("fs"), { execSync } = require("child_process");
const { readdirSync } = process.getBuiltinModule("fs");
const readInput = Deno.stdin.read, { cwd } = Deno;
const { DatabaseSync } = require("node:sqlite"), { WebSocket: Socket } = globalThis, Source = EventSource;
class Files { static read = Deno.readTextFileSync; own = fs.readFileSync; }
const files = new Files();
const parse = JSON.parse, encoder = new TextEncoder(), { format } = util;
const entries: Record<string, () => unknown> = {
`;
const TAIL = `};
const printed: Record<string, string[]> = {};
for (const [name, fn] of Object.entries(entries)) {
  heard = [];
  await cached({ name })(fn)();
  printed[name] = heard;
}
console.log(JSON.stringify(printed));
Deno.exit(0);
`;

// The name of the module is computed, so that the text of the package does not show what it takes.
const PACKED =
  `exports.text = "x"; exports.once = function once(fn) { return (...args) => fn(...args); }; exports.readFileSync = require(["f", "s"].join("")).readFileSync;`;
const FILES = {
  "again.ts": 'export { readFileSync as read } from "node:fs"; export { default as node } from "node:http";',
  "node_modules/packed/package.json": '{"name":"packed","version":"1.0.0","main":"index.cjs"}',
  "node_modules/packed/index.cjs": PACKED,
};

/** The code of an entry by its name, with a part of the warning; it runs nothing. */
const HELD: Readonly<Record<string, readonly [code: string, named: string]>> = {
  destructured: ["readFileSync('x')", "readFileSync from node:fs "],
  ofDeno: ["readTextFile('x')", "Deno.readTextFile "],
  command: ["new Command('x')", "Deno.Command "],
  database: ["openKv()", "Deno.openKv "],
  aliasOfFetch: ["get('x')", "fetch "],
  worker: ["new W('x')", "Worker "],
  memberOfAlias: ["new D.Command('x')", "Deno.Command "],
  globalOfAlias: ["G.fetch('x')", "fetch "],
  socket: ["new Socket('x')", "WebSocket "],
  source: ["new Source('x')", "EventSource "],
  object: ["box.readFileSync('x')", "readFileSync from node:fs "],
  wholeObject: ["String(box)", " and "],
  array: ["list[0]('x')", "readFileSync from node:fs "],
  map: ["table.get('stat')!('x')", "statSync from node:fs "],
  set: ["[...names][0]('x')", "Deno.stat "],
  staticField: ["Files.read('x')", "Deno.readTextFileSync "],
  field: ["files.own('x')", "readFileSync from node:fs "],
  bound: ["bound('x')", "readFileSync from node:fs "],
  promised: ["promised('x')", "readFile from node:fs "],
  deprecated: ["old('x')", "readFileSync from node:fs "],
  callback: ["(called as any)('x')", "readFile from node:fs/promises "],
  wrapped: ["wrapped('x')", "readFileSync from node:fs "],
  reexport: ["again('x')", "readFileSync from node:fs "],
  reexportedModule: ["node.get('x')", "get from node:http "],
  exportOfPackage: ["packed.readFileSync('x')", "readFileSync from node:fs"],
  closureOfPackage: ["packedOnce('x')", "readFileSync from node:fs"],
  debugger: ["import('node:inspector').then((one) => one.url())", "node:inspector"],
  namespace: ["fsNames.readFileSync('x')", "readFileSync from node:fs "],
  ofBuiltin: ["readdirSync('x')", "readdirSync from node:fs "],
  ofRequire: ["execSync('x')", "execSync from node:child_process "],
  sqlite: ["new DatabaseSync('x')", "DatabaseSync from node:sqlite "],
  builtinInside: ["process.getBuiltinModule('child_process').execSync('x')", "execSync from node:child_process "],
  builtinOfGlobal: [
    "globalThis.process.getBuiltinModule('vm').runInThisContext('1')",
    "runInThisContext from node:vm ",
  ],
  computedBuiltin: ["process.getBuiltinModule('child_' + 'process')", "process.getBuiltinModule "],
  requireInside: ["require('child_process').execSync('x')", "execSync from node:child_process "],
  requirePassedOn: ["['x'].map(require)", "require "],
  binding: ["(process as any).binding('fs')", "process.binding "],
  input: ["process.stdin.read()", "process.stdin "],
  inputOfDeno: ["readInput(new Uint8Array(1))", "stdin.read "],
  loader: ["(mod as any)._load('x')", "_load from node:module "],
  unobserved: ["fs.statfsSync('x')", "statfsSync from node:fs "],
  variable: ["variable('x')", "Deno.env.get"],
  directory: ["cwd()", "Deno.cwd "],
  imported: ["import('node:fs').then((one) => one.readFileSync('x'))", "node:fs "],
  processes: ["cp.execSync('x')", "execSync from node:child_process "],
  script: ["vm.runInThisContext('1')", "runInThisContext from node:vm "],
  network: ["http.get('x')", "get from node:http "],
};

/** Entries that are observed, or that read nothing. */
const QUIET: Readonly<Record<string, string>> = {
  member: "never && fs.readFileSync('x')",
  promise: "never && promises.readFile('x')",
  memberOfAlias: "never && alias.readFileSync('x')",
  promisesOfAlias: "never && alias.promises.readFile('x')",
  builtin: "never && builtIn.readFileSync('x')",
  required: "never && required.readFileSync('x')",
  deno: "never && D.readTextFileSync('x')",
  environment: "never && env.get('x')",
  takenInside: "{ const { readFileSync } = fs; return never && readFileSync('x'); }",
  takenOfDeno: "{ const { readTextFile } = Deno; return never && readTextFile('x'); }",
  builtinInside: "{ const { statSync } = process.getBuiltinModule('fs'); return never && statSync('x'); }",
  requireInside: "never && require('node:fs').readFileSync('x')",
  file: "never && fetch(new URL('./x', import.meta.url))",
  codes: "STATUS_CODES[200]",
  address: "[isIP('1'), net.isIP('1')]",
  path: "[join('a', 'b'), path.basename('a')]",
  hash: "createHash('sha256').update('x').digest('hex')",
  emitter: "new EventEmitter().listenerCount('x')",
  zip: "zlib.gzipSync('a').length",
  url: "url.fileURLToPath('file:///a')",
  headers: "new Headers({ a: 'b' }).get('a')",
  request: "new Request('http://a/').url",
  response: "new Response('a').status",
  buffer: "Buffer.from('a').toString('hex')",
  blob: "new Blob(['a']).size",
  parse: "parse('1')",
  text: "encoder.encode('a').length",
  context: "vm.isContext({})",
  format: "format('%s', 1)",
  constant: "fs.constants.F_OK",
  instance: "never && {} instanceof fs.Stats",
  promisified: "never && util.promisify((done: any) => done(null, 1))",
  fact: "os.EOL",
};

async function noticesOf(entries: readonly string[]): Promise<Record<string, string[]>> {
  await using project = await Project.create({ ...FILES, "main.ts": HEAD + entries.join(",\n") + TAIL });
  const outcome = await project.run("main.ts", { flags: ["-A", "--no-check"], env: { NO_COLOR: "1" } });
  assertEquals(outcome.code, 0, outcome.stderr);
  return outcome.json();
}

Deno.test("a function of the platform that code holds is named as what it is, wherever it comes from", async () => {
  const found = await noticesOf(Object.entries(HELD).map(([name, [code]]) => `${name}: () => never && ${code}`));
  const unnamed = Object.entries(HELD).filter(([name, [, part]]) =>
    !found[name]?.some((one) => `${one} `.includes(part))
  );
  assertEquals(unnamed.map(([name]) => `${name}: ${found[name]?.join()}`), []);
});

Deno.test("what is observed, and what reads nothing, is not named", async () => {
  const found = await noticesOf(Object.entries(QUIET).map(([name, code]) => `${name}: () => ${code}`));
  assertEquals(Object.entries(found).filter(([, notices]) => notices.length > 0), []);
});

const REQUIRING = `import { cacheFile } from "@bimsb/cachepy";
import mod, { createRequire } from "node:module";
import lib from "./lib.cjs";
const require = createRequire(import.meta.url), tools = { load: require }, far = createRequire(new URL("far/x.js", import.meta.url));
const events: any[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => events.push(event) });
const steps = [
  cached(function inside() { return lib.inside(); }), cached(function data() { return require("./d.json").value; }),
  cached(function made() { return createRequire(import.meta.url)("./d.json").value; }),
  cached(function named() { const load = mod.createRequire(import.meta.url); return load("./d.json").value; }),
  cached(function member() { return tools.load("./h.cjs").h(1); }), cached(function deep() { return require("./outer.cjs").go(1); }),
  cached(function fromAfar() { return far("./near.cjs").near; }), cached(function module() { return require("./m.mjs").m; }),
  cached(function ofPackage() { return require("packed").text; }), cached(function none() { return 1; }),
];
const results: unknown[] = [];
for (let round = 0; round < 2; round++) for (const step of steps) results.push(await step());
const ran = events.filter(({ kind }) => kind === "run").map(({ fname }) => fname);
const notices = events.filter(({ kind }) => kind === "notice").map(({ fname, detail }) => fname + ": " + detail);
console.log(JSON.stringify({ results: results.slice(0, steps.length), ran, notices }));
`;

Deno.test("a file that code requires while it runs counts by its code, with what it requires itself", async () => {
  await using project = await Project.create({
    ...FILES,
    "main.ts": REQUIRING,
    "lib.cjs": 'exports.inside = () => require("./h.cjs").h(1);',
    "h.cjs": "// A comment\nexports.h = (x) => x * 2;",
    "outer.cjs": 'const { h } = require("./h.cjs"); exports.go = (x) => h(x) + 1;',
    "d.json": '{"value":"one"}',
    "far/near.cjs": "exports.near = 1;",
    "m.mjs": "export const m = 1;",
  });
  const run = async () => {
    const outcome = await project.run("main.ts", { flags: ["-A", "--no-check"], env: { NO_COLOR: "1" } });
    assertEquals(outcome.code, 0, outcome.stderr);
    return outcome.json<{ results: unknown[]; ran: string[]; notices: string[] }>();
  };
  const first = await run();
  const untracked = first.notices;
  assertEquals([first.ran.length, untracked], [10, []], "the second round is all hits");
  assertEquals((await run()).ran, []);
  await project.edit("h.cjs", "A comment", "Another comment");
  assertEquals((await run()).ran, [], "a comment does not count");
  await project.edit("h.cjs", "x * 2", "x * 3");
  const second = await run();
  assertEquals([second.ran, second.results[0], second.results[5]], [["inside", "member", "deep"], 3, 4]);
  await project.write("d.json", '{"value":"two"}');
  const third = await run();
  assertEquals([third.ran, third.results.slice(1, 4)], [["data", "made", "named"], ["two", "two", "two"]]);
  await project.write("far/near.cjs", "exports.near = 2;");
  await project.write("m.mjs", "export const m = 2;");
  const fourth = await run();
  assertEquals([fourth.ran, fourth.results.slice(6, 8)], [["fromAfar", "module"], [2, 2]]);
});

Deno.test("a file that is required by a computed name, or that is not there, is named", async () => {
  const found = await noticesOf([
    "computed: () => never && require('./' + 'x')",
    "absent: () => never && require('./absent.cjs')",
    "options: () => never && require('./again.ts', { x: 1 })",
    "template: () => never && require(`./${os.EOL}`)",
    "resolved: () => never && require.resolve('./again.ts')",
  ]);
  assertEquals(found.computed, ["not tracked: require() with a computed specifier in main.ts"]);
  assertEquals(found.absent, ['not tracked: require("./absent.cjs") in main.ts']);
  assertEquals(found.template, ["not tracked: require() with a computed specifier in main.ts"]);
  assertEquals(found.resolved, ["not tracked: the files that require.resolve finds in resolved @ main.ts"]);
  // All of the module is reached, and it hands out readers.
  assertEquals(found.options?.every((notice) => notice.includes("(again.ts)")), true);
});
