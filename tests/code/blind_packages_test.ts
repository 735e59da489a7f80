import { assertEquals, assertStringIncludes } from "@std/assert";
import { findBlindUses } from "../../src/code/blind/blind.ts";
import { Project } from "../support/project.ts";

function namesIn(text: string): string[] {
  return findBlindUses(text).map(({ name }) => name);
}

Deno.test("functions that a package takes out of fs when it is loaded are found", () => {
  assertEquals(namesIn('import { readFileSync as r, existsSync } from "node:fs";'), [
    "readFileSync from node:fs",
    "existsSync from node:fs",
  ]);
  assertEquals(namesIn('import {readFile}from"fs/promises";'), ["readFile from node:fs/promises"]);
  assertEquals(namesIn('const { readFileSync } = require("fs");'), ["readFileSync from node:fs"]);
  assertEquals(namesIn('const read = require("node:fs").readFileSync;'), ["readFileSync from node:fs"]);
  assertEquals(namesIn('var fs=require("fs"),{readFileSync:n}=fs;'), ["readFileSync from node:fs"]);
  assertEquals(namesIn('const fs = require("fs"); const read = promisify(fs.readFile);'), ["readFile from node:fs"]);
  assertEquals(namesIn('const fs = require("fs"); module.exports = clone(fs);'), ["all from node:fs"]);
  assertEquals(namesIn('import * as fs from "fs"; export const f = () => fs.readFileSync("a");'), [
    "readFileSync from node:fs",
  ]);
});

Deno.test("the namespace of fs that a package hands on, and what it takes out of Deno, are found", () => {
  const fs = 'import * as fs from "node:fs";';
  const handedOn = [
    `${fs} const other = fs; export const f = (p) => other.readFileSync(p);`,
    `${fs} export class Reader { fs = fs; }`,
    `${fs} export const make = () => new Reader({ fs });`,
    `${fs} export const all = { ...fs };`,
    `${fs} export const f = (p, one = fs) => one.readFileSync(p);`,
    `${fs} export const f = (name, p) => fs[name](p);`,
    `${fs} export { fs };`,
    `${fs} export const f = (p, given) => (given || fs).readFileSync(p);`,
    'export const f = async (p) => (await import("fs")).readFileSync(p);',
    'const fs = await import("node:fs"); export const f = (p) => fs.readFileSync(p);',
    'export const f = async (name, p) => (await import("node:" + name)).readFileSync(p);',
    'const all = { ...require("fs") }; exports.f = (p) => all.readFileSync(p);',
    'const all = { ...process.getBuiltinModule("fs") }; exports.f = (p) => all.readFileSync(p);',
  ];
  for (const text of handedOn) assertEquals(namesIn(text), ["all from node:fs"], text);
  assertEquals(namesIn('const { readFileSync } = process.getBuiltinModule("fs");'), ["readFileSync from node:fs"]);
  assertEquals(namesIn("const read = Deno.readTextFileSync; export const f = (p) => read(p);"), [
    "Deno.readTextFileSync",
  ]);
  assertEquals(namesIn("export const f = make(Deno.readFile, 1);"), ["Deno.readFile"]);
  assertEquals(namesIn("const own = { ...Deno };"), ["Deno as a whole"]);
  for (
    const text of [
      "export const f = (p) => Deno.readTextFileSync(p);",
      'export const isDeno = typeof Deno !== "undefined" && typeof Deno.readFile === "function";',
      "export const version = Deno.version.deno;",
    ]
  ) assertEquals(namesIn(text), [], text);
});

Deno.test("a package that asks fs for its member at each call is observed, so it is quiet", () => {
  assertEquals(namesIn('const fs = require("fs"); exports.f = (p) => fs.readFileSync(p);'), []);
  assertEquals(namesIn('import fs from "node:fs"; export const f = (p) => fs.readFileSync(p, "utf8");'), []);
  assertEquals(namesIn('exports.f = (p) => require("fs").readFileSync(p);'), []);
  assertEquals(namesIn('import { constants } from "node:fs"; export const c = constants.F_OK;'), []);
});

Deno.test("processes, native code and the network are found", () => {
  assertEquals(namesIn('const cp = require("child_process");'), ["child_process from node:child_process"]);
  assertEquals(namesIn('module.exports = require("./build/Release/x.node")'), ["native code"]);
  assertEquals(namesIn("export const get = (u) => fetch(u);"), ["fetch"]);
  assertEquals(namesIn('export const run = () => new Deno.Command("ls").output();'), ["Deno.Command"]);
  assertEquals(namesIn("export const f = (api) => api.fetch(1);"), []);
});

function packageFiles(name: string, text: string, dependencies: object = {}): Record<string, string> {
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: "1.0.0", main: "index.js", dependencies }),
    [`node_modules/${name}/index.js`]: text,
  };
}

const FILES = {
  ...packageFiles("hidden", 'const { readFileSync } = require("fs"); exports.read = (p) => readFileSync(p, "utf8");'),
  ...packageFiles("seen", 'const fs = require("fs"); exports.read = (p) => fs.readFileSync(p, "utf8");'),
  ...packageFiles("unused", 'exports.cp = require("child_process");'),
  ...packageFiles("outer", 'const d = require("deep"); exports.read = (p) => d.read(p);', { deep: "1.0.0" }),
  ...packageFiles("deep", 'const r = require("fs").readFileSync; exports.read = (p) => r(p, "utf8");'),
  "main.ts": `import { cacheFile } from "@bimsb/cachepy";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const hidden = require("hidden"), seen = require("seen"), outer = require("outer");
require("unused");
const events: { kind: string; fname: string; detail?: string }[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => events.push(event as typeof events[number]) });
const steps = [
  cached(function throughHidden(path: string) { return hidden.read(path); }),
  cached(function throughSeen(path: string) { return seen.read(path); }),
  cached(function throughOuter(path: string) { return outer.read(path); }),
];
const results: string[] = [];
for (const step of steps) results.push(await step("./data.txt"));
const ran = events.filter(({ kind }) => kind === "run").map(({ fname }) => fname);
const notices = events.filter(({ kind }) => kind === "notice").map(({ fname, detail }) => fname + ": " + detail);
console.log(JSON.stringify({ results, ran, notices }));
`,
  "data.txt": "one",
};

Deno.test("what a package reads out of sight is named, and path-like arguments are tracked by content", async () => {
  await using project = await Project.create(FILES);
  interface Printed {
    results: string[];
    ran: string[];
    notices: string[];
  }
  const run = async () => {
    const outcome = await project.run("main.ts", { flags: ["-A", "--no-check"] });
    assertEquals(outcome.code, 0, outcome.stderr);
    return outcome.json<Printed>();
  };
  const first = await run();
  assertEquals(first.ran, ["throughHidden", "throughSeen", "throughOuter"]);
  const noticesOf = (fname: string) => first.notices.filter((notice) => notice.startsWith(`${fname}: what it reads`));
  assertStringIncludes(noticesOf("throughHidden").join(), "readFileSync from node:fs (package hidden)");
  assertStringIncludes(noticesOf("throughOuter").join(), "readFileSync from node:fs (package deep)");
  assertEquals(noticesOf("throughSeen"), []);
  assertEquals((await run()).ran, []);
  await project.write("data.txt", "two");
  const last = await run();
  assertEquals(last.ran, ["throughHidden", "throughSeen", "throughOuter"]);
  assertEquals(last.results, ["two", "two", "two"]);
});
