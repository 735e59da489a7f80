/** What code sees of dates, of the texts and names of functions, and of stacks: it counts, or is named. */
import { assertEquals } from "@std/assert";
import { faultsOf, type ProgramPair } from "../support/program_pairs.ts";

const TOKYO = { TZ: "Asia/Tokyo" };

/** Programs of one function each, given a date; none names the class `Date` in its code. */
const ZONE: readonly (readonly [name: string, setup: string, body: string])[] = [
  ["a method", "", "d.toString()"],
  ["a template", "", "`${d}`"],
  ["a sum", "", '"" + [d][0]'],
  ["a list that is joined", "", "[d].join()"],
  ["a callback that is a class", "", "[d].map(String)"],
  ["a helper", "const textOf = (v) => v.toString();", "textOf(d)"],
  ["a method by a name that is computed", "", 'd[["get", "Hours"].join("")]()'],
  ["an assignment that adds", "", '(() => { let text = ""; text += d; return text; })()'],
  ["a captured date", "const at = new Date(0);", "`${at}`"],
  [
    "a captured date that is compared",
    "const at = new Date(0);",
    'at == "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"',
  ],
  ["a captured date and a symbol", "const at = new Date(0);", 'at[Symbol.toPrimitive]("default")'],
  ["the class by another name", "const D = Date;", "+new D(2020, 0, 1)"],
  ["the class in an object", "const kinds = { D: Date };", "+new kinds.D(2020, 0, 1)"],
  ["a subclass", "class D extends Date {}", "+new D(2020, 0, 1)"],
  ["a subclass of a format", "class F extends Intl.DateTimeFormat {}", 'new F("en", { timeStyle: "short" }).format(0)'],
  ["a captured method", "const { getHours } = Date.prototype;", "getHours.call(d)"],
  ["a bound method", "const hours = Date.prototype.getHours.bind(new Date(0));", "hours()"],
  ["a captured function", "const read = Date.parse;", 'read("2024-01-01T00:00")'],
];

Deno.test("the time zone counts wherever it shows in a date", async () => {
  const pairs = ZONE.map(([name, setup, body]): ProgramPair => ({
    name,
    text: `${setup}\nconst A = new Date(0);\nawait t(cached(function f(d) { return ${body}; }), A);\n`,
    env: TOKYO,
  }));
  assertEquals(await faultsOf(pairs), {});
});

Deno.test("the time zone does not count for the time that a date is", async () => {
  const bodies = [
    "d.getTime()",
    "d.valueOf() / 2",
    "d.toISOString()",
    "JSON.stringify({ d })",
    "d - at",
    "[d, at].length",
  ];
  const pairs = bodies.map((body): ProgramPair => ({
    name: body,
    text: `const at = new Date(5);\nawait t(cached(function f(d) { return ${body}; }), new Date(0));\n`,
    env: TOKYO,
    runs: 0,
  }));
  assertEquals(await faultsOf(pairs), {});
});

/** Forms that have the text of a function `g` in their value. */
const SPELLED: readonly string[] = [
  "Function.prototype.toString.call(g)",
  "[g].join()",
  "[g].toString()",
  '"a".concat(g)',
  "Object.keys({ [g]: 1 })",
  "({ [String(g)]: 2 })[g]",
  "new Error(g).message",
  "encodeURIComponent(g)",
  "btoa(g)",
  "Symbol(g).description",
  "'x'.replace('x', () => g)",
  "String(new URLSearchParams({ g }))",
  "`${[g]}`",
  "[g] + ''",
  "(() => { const list = [g]; return list.join(); })()",
  "String.raw`${g}`",
  "JSON.stringify([g], (k, v) => typeof v === 'function' ? v + '' : v)",
  "Reflect.apply(g.toString, g, [])",
  "g['to' + 'String']()",
  "Object.fromEntries([[g, 1]])",
  "g.toLocaleString()",
  "(({ toString: text }) => text.call(g))(g)",
  "[g].map(String)",
  "util.format('%s', g)",
  "textOf(g)",
];

/** Forms that call a function `g`, or tell it from others, and read texts of other values. */
const UNSPELLED: readonly string[] = [
  "[1].map(g).join() + g(2)",
  "[3, 1].filter(g).map((x) => x.toFixed(1)).join()",
  "encodeURIComponent([1].map(g)[0])",
  "new Map([[1, g]]).set(2, g).size + String([1].length)",
  "new Set([g]).has(g)",
  "typeof g + g.length",
  "(() => { const list = [1, 2].map(g); return list.join(); })()",
  "JSON.stringify({ a: g(1), g })",
];

/** One program with a function for each form, after an edit of a comment in the function that they are given. */
function jots(name: string, bodies: readonly string[], call: (body: string) => string, runs: number): ProgramPair {
  const calls = bodies.map((body) => `await t(${call(body)});\n`);
  return {
    name,
    text: `import util from "node:util";\nconst textOf = Function.prototype.call.bind(Function.prototype.toString);\n` +
      `const g = (a) => { /* jot */ return a + 1; };\n${calls.join("")}`,
    edits: [["jot", "remark"]],
    file: "main.js",
    runs,
  };
}

const TEXTS: readonly ProgramPair[] = [
  jots("a captured function", SPELLED, (body) => `cached(function f() { return ${body}; })`, SPELLED.length),
  jots("an argument", SPELLED, (body) => `cached(function f(g) { return ${body}; }), g`, SPELLED.length),
  jots("an argument that is used otherwise", UNSPELLED, (body) => `cached(function f(g) { return ${body}; }), g`, 0),
  {
    name: "its own text",
    text: "await t(cached(function f() { return f.toString().length; /* jot */ }));",
    edits: [["jot", "remark"]],
    file: "main.js",
  },
  {
    name: "a function that is only called",
    text:
      "const g = (a) => { /* jot */ return a + 1; };\nawait t(cached(function f() { return [1].map(g).join() + g(2); }));",
    edits: [["jot", "remark"]],
    file: "main.js",
    runs: 0,
  },
  {
    name: "the name of a local function",
    text: "await t(cached(function f() { const half = () => 1; return half.name; }));",
    edits: [["half = ", "third = "], ["half.", "third."]],
  },
  {
    name: "the name of a local class",
    text: "await t(cached(function f() { class Half {} return new Half().constructor.name; }));",
    edits: [["class Half", "class Third"], ["new Half", "new Third"]],
  },
  {
    name: "the name of a local function that is assigned",
    text: "await t(cached(function f() { let half; half = () => 1; return [half].map((one) => one.name); }));",
    edits: [["let half; half = ", "let third; third = "], ["[half]", "[third]"]],
  },
  {
    name: "the name of a local function that is called",
    text: 'await t(cached(function f(row) { const half = (x) => x.name; return half(row); }), { name: "a" });',
    edits: [["half = ", "third = "], ["half(", "third("]],
    runs: 0,
  },
  {
    name: "the name of a local function, which nothing reads",
    text: "await t(cached(function f() { const half = () => 1; return [half].length; }));",
    edits: [["half = ", "third = "], ["[half]", "[third]"]],
    runs: 0,
  },
];

Deno.test("the texts and names of functions count where code reads them", async () => {
  assertEquals(await faultsOf(TEXTS), {});
});

const PLACES = "the lines and files that the stacks of errors tell";

Deno.test("the place of code is named where a stack tells it, and settings of stacks count", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "a line of the stack",
        text: 'await t(cached(function f() { return new Error("a").stack.split("\\n")[1]; }));',
        edits: [["await t", "\n\nawait t"]],
        named: PLACES,
        runs: 0,
      },
      {
        name: "a pattern",
        text: 'await t(cached(function f() { const { stack } = new Error("a"); return stack.length > 3; }));',
        named: PLACES,
        runs: 0,
      },
      {
        name: "a stack that is printed",
        text:
          'await t(cached(function f() { const e = new Error("a"); console.debug(`failed: ${e.stack}`); return 1; }));',
        runs: 0,
      },
      {
        name: "a function of that name",
        text: "const d3 = { stack: () => 3 };\nawait t(cached(function f() { return d3.stack(); }));",
        runs: 0,
      },
      {
        name: "number of lines",
        text:
          'Error.stackTraceLimit = 1;\nawait t(cached(function f() { return new Error("a").stack.split("\\n").length; }));',
        edits: [["Limit = 1", "Limit = 0"]],
        named: PLACES,
      },
      {
        name: "a text of the program's own",
        text:
          'Error.prepareStackTrace = () => "own text";\nawait t(cached(function f() { return new Error("a").stack; }));\n' +
          "Error.prepareStackTrace = undefined;",
        edits: [["own text", "other text"]],
        named: PLACES,
      },
    ]),
    {},
  );
});

Deno.test("code of CommonJS counts as strict or not", async () => {
  const files = (text: string) => ({ "l.cjs": text });
  const text = 'import l from "./l.cjs";\nawait t(cached(function f(x) { return l.g(x); }), 3);\n';
  const g = "exports.g = function (n) { arguments[0] = 9; return n + typeof (function () { return this; })(); };";
  assertEquals(
    await faultsOf([
      {
        name: "by its first line",
        text,
        files: files(`"use strict";\n${g}\n`),
        editOf: ["l.cjs", '"use strict";', ""],
      },
      {
        name: "by a function around it",
        text,
        files: files(`(function () { "use strict"; ${g} })();\n`),
        editOf: ["l.cjs", '"use strict";', ""],
      },
      {
        name: "as before",
        text,
        files: files(`"use strict";\n${g}\n`),
        editOf: ["l.cjs", '"use strict";', "// One\n'use strict'"],
        runs: 0,
      },
    ]),
    {},
  );
});

const BESIDE: readonly (readonly [name: string, setup: string, body: string, named: string])[] = [
  [
    "listeners of the global object",
    'addEventListener("q", (e) => { e.out.v = 1; });',
    'const e = new Event("q"); e.out = {}; dispatchEvent(e); return e.out.v;',
    "the listeners of the global object",
  ],
  [
    "listeners of process",
    'process.on("own", (box) => { box.v = 1; });',
    'const box = {}; process.emit("own", box); return box.v;',
    "the listeners of process",
  ],
  [
    "marks",
    'performance.mark("a");',
    'return performance.getEntriesByType("mark").length;',
    "the marks of performance",
  ],
  [
    "channels",
    'import dc from "node:diagnostics_channel";\ndc.channel("q").subscribe((m) => { m.v = 1; });',
    'const m = {}; dc.channel("q").publish(m); return m.v;',
    "the listeners of channels",
  ],
  [
    "files that are looked for",
    'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);',
    'return require.resolve("./main.ts").endsWith("main.ts");',
    "the files that require.resolve finds",
  ],
];

Deno.test("what the program keeps outside of all variables is named", async () => {
  const pairs = BESIDE.map(([name, setup, body, named]): ProgramPair => ({
    name,
    text: `${setup}\nawait t(cached(function f() { ${body} }));\n`,
    named,
    runs: 0,
  }));
  assertEquals(await faultsOf(pairs), {});
});

const REPLACED: readonly (readonly [name: string, setup: string, body: string])[] = [
  ["a method of crypto", 'crypto.randomUUID = () => "u1";', "return crypto.randomUUID();"],
  [
    "a method of crypto.subtle",
    'crypto.subtle.digest = async () => "u1";',
    'return crypto.subtle.digest("SHA-1", new Uint8Array(1));',
  ],
  [
    "a class of fetch",
    'Response.prototype.text = async function () { return "u1"; };',
    'return new Response("a").text();',
  ],
  ["a class of headers", 'Headers.prototype.get = () => "u1";', 'return new Headers().get("a");'],
  ["a method of buffers", 'Buffer.prototype.own = () => "u1";', 'return Buffer.from("a").own();'],
  [
    "a class of a module of Node",
    'import { EventEmitter } from "node:events";\nEventEmitter.prototype.own = () => "u1";',
    "return new EventEmitter().own();",
  ],
];

Deno.test("what the program puts in the place of methods of the platform counts", async () => {
  const pairs = REPLACED.flatMap(([name, setup, body]): ProgramPair[] => {
    const text = `${setup}\nawait t(cached(async function f() { ${body} }));\n`;
    return [{ name, text, edits: [["u1", "u2"]] }, {
      name: `${name}, as it was`,
      text: `${text}// the same\n`,
      runs: 0,
    }];
  });
  assertEquals(await faultsOf(pairs), {});
});

const SETTINGS: readonly (readonly [name: string, setup: string, body: string, edit: readonly [string, string]])[] = [
  ["a global that may be there", "globalThis.OWN_1 = 1;", 'return "OWN_2" in globalThis;', ["OWN_1", "OWN_2"]],
  [
    "a setting of streams",
    'import stream from "node:stream";\nstream.setDefaultHighWaterMark(false, 1000);',
    "return stream.getDefaultHighWaterMark(false);",
    ["1000", "2000"],
  ],
  [
    "a setting of dns",
    'import { getDefaultResultOrder, setDefaultResultOrder } from "node:dns";\nsetDefaultResultOrder("verbatim");',
    "return getDefaultResultOrder();",
    ["verbatim", "ipv4first"],
  ],
  ["the mask of new files", "Deno.umask(0o22);", "return Deno.umask();", ["0o22", "0o27"]],
];

Deno.test("settings that functions of the platform return count", async () => {
  const pairs = SETTINGS.flatMap(([name, setup, body, edit]): ProgramPair[] => {
    const text = `${setup}\nawait t(cached(function f() { ${body} }));\n`;
    return [{ name, text, edits: [edit] }, { name: `${name}, as it was`, text, runs: 0 }];
  });
  assertEquals(await faultsOf(pairs), {});
});

Deno.test("the last match of a regular expression and a replaced parent of the global object are named", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "last match",
        text: '"ab".match(/(b)/);\nawait t(cached(function f() { return typeof RegExp.$1; }));',
        named: "the last match of a regular expression",
        runs: 0,
      },
      {
        name: "parent",
        text:
          "Object.setPrototypeOf(globalThis, Object.create(Object.getPrototypeOf(globalThis), { OWN: { value: 1 } }));\n" +
          "await t(cached(function f() { return globalThis.OWN; }));",
        edits: [["value: 1", "value: 2"]],
        named: "a captured Window",
      },
    ]),
    {},
  );
});

Deno.test("a module that is taken out of the cache of modules is read again", async () => {
  const text = `import fs from "node:fs";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url), path = require.resolve("./m.cjs");
const f = cached(function f() { return require("./m.cjs").k; });
await t(f);
fs.writeFileSync(path, "exports.k = 2;\\n");
delete require.cache[path];
await t(f);
fs.writeFileSync(path, "exports.k = 1;\\n");
`;
  assertEquals(await faultsOf([{ name: "m.cjs", text, files: { "m.cjs": "exports.k = 1;\n" }, runs: 0 }]), {});
});

Deno.test("code that is made from text by a detour is named", async () => {
  const bodies = [
    'new (Object.getPrototypeOf(async function () {}).constructor)("return 1")',
    'new (function () {}.constructor)("return 1")',
    'Reflect.construct(Function, ["return 1"])',
  ];
  const pairs = bodies.map((body): ProgramPair => ({
    name: body,
    text: `await t(cached(async function f() { return await (${body})(); }));\n`,
    named: "code given to",
    runs: 0,
  }));
  pairs.push({
    name: "another object of its class",
    text:
      "await t(cached(function f(x) { return new x.constructor(3).length + (x instanceof Function ? 1 : 0); }), [1]);\n",
    runs: 0,
  });
  assertEquals(await faultsOf(pairs), {});
});
