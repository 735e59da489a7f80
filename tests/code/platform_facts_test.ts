import { assert, assertEquals } from "@std/assert";
import { faultsOf, programOf, type ProgramPair } from "../support/program_pairs.ts";
import { Project } from "../support/project.ts";

/** A module that exports `op(a, b)`: 106 adds, 107 subtracts. With `memory`, it also has a memory. */
function moduleOf(operation: number, memory = false): Uint8Array<ArrayBuffer> {
  const pages = memory ? [5, 3, 1, 0, 1] : [];
  return Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0],
    ...pages,
    ...[7, 6, 1, 2, 111, 112, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, operation, 11],
  ]);
}

const WASM = `import { cacheFile } from "@bimsb/cachepy";
import { op as imported } from "./m.wasm";
import * as whole from "./m.wasm";
const { instance } = await WebAssembly.instantiate(await Deno.readFile("m.wasm"));
const { op } = instance.exports as any;
const kept = { op };
const events: any[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => events.push(event) });
const steps = [
  cached(function byName() { return op(4, 2); }), cached(function byMember() { return kept.op(4, 2) + 10; }),
  cached(function byInstance() { return (instance.exports as any).op(4, 2) + 20; }),
  cached(function byImport() { return imported(4, 2) + 30; }), cached(function byNamespace() { return whole.op(4, 2) + 40; }),
  cached(function none() { return 1; }),
];
const results: unknown[] = [];
for (const step of steps) results.push(await step());
const ran = events.filter(({ kind }) => kind === "run").map(({ fname }) => fname);
const notices = events.filter(({ kind }) => kind === "notice").map(({ fname, detail }) => fname + ": " + detail);
console.log(JSON.stringify({ results, ran, notices }));
`;

interface Printed {
  readonly results: readonly unknown[];
  readonly ran: readonly string[];
  readonly notices: readonly string[];
}

Deno.test("a function of a WebAssembly module counts by the bytes of the module, and its memory is named", async () => {
  await using project = await Project.create({ "main.ts": WASM });
  const run = async (bytes: Uint8Array<ArrayBuffer>) => {
    await Deno.writeFile(project.path("m.wasm"), bytes);
    const outcome = await project.run("main.ts", { flags: ["-A", "--no-check"] });
    assertEquals(outcome.code, 0, outcome.stderr);
    return outcome.json<Printed>();
  };
  const first = await run(moduleOf(106));
  assertEquals([first.results, first.notices, first.ran.length], [[6, 16, 26, 36, 46, 1], [], 6]);
  assertEquals((await run(moduleOf(106))).ran, []);
  const second = await run(moduleOf(107));
  assertEquals(second.results, [2, 12, 22, 32, 42, 1]);
  assertEquals(second.ran, ["byName", "byMember", "byInstance", "byImport", "byNamespace"]);
  const third = await run(moduleOf(107, true));
  assertEquals(third.notices.length, 5);
  assert(third.notices[0]!.endsWith("not tracked: the memory of a captured WebAssembly module"), third.notices[0]);
});

const FACTS = `import { cacheFile } from "@bimsb/cachepy";
import util, { parseArgs } from "node:util";
import * as all from "node:util";
import os from "node:os";
const { parseArgs: held } = util, { homedir } = os, { hostname } = Deno;
const options = { strict: false } as const;
const ran: string[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => event.kind === "run" && ran.push(event.fname) });
const steps = [
  cached(function byName() { return parseArgs({ strict: false }).positionals; }),
  cached(function byDefault() { return util.parseArgs(options).positionals.length; }),
  cached(function byNamespace() { return all.parseArgs({ ...options }).positionals.join(); }),
  cached(function byHeld() { return held(options).positionals[0]; }),
  cached(function home() { return homedir(); }), cached(function program() { return Deno.execPath() + process.execPath; }),
  cached(function given() { return parseArgs({ args: ["a"], strict: false }).positionals; }),
  cached(function host() { return hostname().length; }), cached(function other() { return util.format("%s", 1); }),
];
const results: unknown[] = [];
for (let round = 0; round < 2; round++) for (const step of steps) results.push(await step());
console.log(JSON.stringify({ results: results.slice(0, steps.length), ran, notices: [] }));
`;

Deno.test("what a captured function, or parseArgs without args, reads of the process counts by value", async () => {
  await using project = await Project.create({ "main.ts": FACTS });
  const run = async (args: readonly string[], home = "/home/ada") => {
    const env = { HOME: home, DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno` };
    const outcome = await project.run("main.ts", { flags: ["-A", "--no-check"], args, env });
    assertEquals(outcome.code, 0, outcome.stderr);
    return outcome.json<Printed>();
  };
  assertEquals((await run(["x"])).ran.length, 9);
  assertEquals((await run(["x"])).ran, []);
  const other = await run(["y", "z"]);
  assertEquals(other.ran, ["byName", "byDefault", "byNamespace", "byHeld"]);
  assertEquals(other.results.slice(0, 4), [["y", "z"], 2, "y,z", "y"]);
  const moved = await run(["y", "z"], "/home/grace");
  assertEquals([moved.ran, moved.results[4]], [["home"], "/home/grace"]);
});

const SETTINGS = `import { cacheFile } from "@bimsb/cachepy";
import events, { EventEmitter } from "node:events";
import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import process from "node:process";
import { sep } from "node:path";
const ran: string[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => event.kind === "run" && ran.push(event.fname) });
const steps = [
  cached(function listeners() { return EventEmitter.defaultMaxListeners; }),
  cached(function byDefault() { return events.defaultMaxListeners.toFixed(1); }),
  cached(function pool() { return Buffer.poolSize; }),
  cached(function shown() { return inspect({ a: { b: { c: { d: 1 } } } }); }),
  cached(function title() { return process.title; }),
  cached(function code() { return process.exitCode; }),
  cached(function other() { return Buffer.byteLength("ab") + sep.length + inspect.length; }),
];
const results: unknown[] = [], again: unknown[] = [];
for (const step of steps) results.push(await step());
const first = ran.splice(0);
Object.assign(EventEmitter, { defaultMaxListeners: 77 });
Buffer.poolSize = 99;
inspect.defaultOptions.depth = 9;
process.title = "other";
process.exitCode = 0;
for (const step of steps) again.push(await step());
console.log(JSON.stringify({ results: again, first, ran, notices: [] }));
`;

Deno.test("settings of the modules of Node count by value, as they are when the call is made", async () => {
  await using project = await Project.create({ "main.ts": SETTINGS });
  const run = async () => {
    const outcome = await project.run("main.ts", { flags: ["-A", "--no-check"] });
    assertEquals(outcome.code, 0, outcome.stderr);
    return outcome.json<Printed & { readonly first: readonly string[] }>();
  };
  const changed = ["listeners", "byDefault", "pool", "shown", "title", "code"];
  const once = await run();
  assertEquals([once.first, once.ran], [[...changed, "other"], changed]);
  assertEquals(once.results.slice(0, 6), [77, "77.0", 99, "{\n  a: { b: { c: { d: 1 } } }\n}", "other", 0]);
  const twice = await run();
  assertEquals([twice.first, twice.ran, twice.results], [[], [], once.results]);
});

/** Settings of the host and of Node: how the program sets them, and what shows them. */
const SETTINGS_OF_HOST: readonly (readonly [set: string, shown: string])[] = [
  ["Deno.exitCode = s - 1;", "Deno.exitCode"],
  ["os.setPriority(s + 2);", "os.getPriority()"],
  ['dns.setServers(["8.8.8." + s]);', "dns.getServers()"],
  [
    "stream.setDefaultHighWaterMark(true, 10 * s);",
    "new stream.PassThrough({ objectMode: true }).writableHighWaterMark",
  ],
  ["events.EventEmitter.defaultMaxListeners = s + 4;", "new events.EventEmitter().getMaxListeners()"],
  ["process.setMaxListeners(s * 10);", "process.getMaxListeners()"],
  [
    "if (s === 2) process.setUncaughtExceptionCaptureCallback(() => {});",
    "process.hasUncaughtExceptionCaptureCallback()",
  ],
  ['util.inspect.styles.number = s === 1 ? "yellow" : "red";', "util.inspect(5, { colors: true })"],
  ["buffer.INSPECT_MAX_BYTES = s;", 'util.inspect(buffer.Buffer.from("abcdef"))'],
  ["if (s === 2) process.env = { ...process.env, RATE_OF_TEST: 'a' };", "process.env.RATE_OF_TEST ?? null"],
];

/** What a program changes of the platform, and code that shows it without naming it. */
const CHANGED: readonly (readonly [change: string, shown: string])[] = [
  [
    "if (s === 2) Date.prototype.toISOString = () => 'now'; else Date.prototype.toISOString = iso;",
    "JSON.stringify(new Date(0))",
  ],
  [
    "RegExp.prototype[Symbol.split] = s === 1 ? split : () => ['a', 'b', 'c'];",
    '"a,b;c".split(/,/)',
  ],
  [
    "Temporal.Now.instant = s === 1 ? instant : () => Temporal.Instant.fromEpochMilliseconds(0);",
    "Temporal.Now.instant().epochMilliseconds === 0",
  ],
  ["Error.prototype.name = s === 1 ? 'Error' : 'Boo';", 'String(new Error("x"))'],
  [
    "Set.prototype.keys = s === 1 ? keys : function () { return [8][Symbol.iterator](); };",
    "[...new Set([1]).union(new Set([2]))]",
  ],
  [
    "if (s === 2) buffer.Buffer.prototype.rev = () => 99; else delete buffer.Buffer.prototype.rev;",
    'buffer.Buffer.from("a").rev?.() ?? 0',
  ],
  [
    "Map.prototype.set = s === 1 ? put : function (k, v) { return put.call(this, k, typeof v === 'number' ? v * 10 : v); };",
    "new Map([[1, 2]]).get(1)",
  ],
  [
    "URLSearchParams.prototype[Symbol.iterator] = s === 1 ? params : function* () { yield ['q', 1]; };",
    'Object.fromEntries(new URLSearchParams("a=1"))',
  ],
];

const IMPORTS = `import process from "node:process"; import os from "node:os"; import dns from "node:dns";
import stream from "node:stream"; import events from "node:events"; import util from "node:util"; import buffer from "node:buffer";
const iso = Date.prototype.toISOString, split = RegExp.prototype[Symbol.split], keys = Set.prototype.keys;
const { set: put } = Map.prototype, { instant } = Temporal.Now, params = URLSearchParams.prototype[Symbol.iterator];
`;

Deno.test("settings of the host and of Node count, also those that nothing names", async () => {
  const s = "const s = Deno.env.get('SECOND_OF_TEST') ? 2 : 1;\n";
  const calls = SETTINGS_OF_HOST.map(([set, shown]) => `${set}\nawait t(cached(function f() { return ${shown}; }));\n`)
    .join(
      "",
    );
  const text = `${IMPORTS}${s}${calls}Deno.exitCode = 0;\n`;
  assertEquals(
    await faultsOf([
      { name: "set otherwise", text, env: { SECOND_OF_TEST: "1" }, runs: SETTINGS_OF_HOST.length },
      { name: "set the same", text, runs: 0 },
    ]),
    {},
  );
});

Deno.test("what the platform reads by itself counts when the program changes it, also between two calls", async () => {
  const text = CHANGED.map(([change, shown], index) =>
    `const f${index} = cached(function f() { return ${shown}; });
for (const s of [1, 2, 1]) { ${change} await t(f${index}); }\n`
  ).join("");
  assertEquals(await faultsOf([{ name: "between two calls", text: IMPORTS + text, runs: 0 }]), {});
});

/** What is named, since it is no input that can be digested: how the code asks for it, and words of the notice. */
const NAMED: readonly (readonly [asked: string, named: string])[] = [
  ["Deno.stdout.isTerminal()", "whether there is a terminal"],
  ["process.stdout.isTTY", "whether there is a terminal"],
  ["process.stderr.columns ?? 0", "whether there is a terminal"],
  ["tty.isatty(1)", "whether there is a terminal"],
  ['Deno.permissions.querySync({ name: "net" }).state', "the permissions of the process"],
  ["import.meta.rate", "import.meta.rate"],
  ["foreign.slice().length", "another realm"],
  ['require("./a.cjs").v', "in the place of modules"],
];

Deno.test("what cannot be digested of the process is named where code asks for it", async () => {
  const setup = `import process from "node:process"; import tty from "node:tty"; import vm from "node:vm";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url), foreign = vm.runInNewContext("[1, 2]");
if (Deno.args[0] === "never") require.cache[Deno.args[0]] = { exports: {} };
import.meta.rate = 2;
`;
  const pairs = NAMED.map(([asked, named]): ProgramPair => ({
    name: asked,
    text: `${setup}await t(cached(function f() { return ${asked}; }));\n`,
    files: { "a.cjs": "exports.v = 1;\n" },
    named,
    runs: 0,
  }));
  const writes = `import process from "node:process";\nconst said = import.meta.dirname.length;
await t(cached(function f() { process.stdout.write(""); return said > 0 && "args" in Deno; }));\n`;
  assertEquals(await faultsOf([...pairs, { name: "a function that writes", text: writes, runs: 0 }]), {});
});

Deno.test("the address of the program and flags that add members count", async () => {
  const text = `await t(cached(function f() { return location.href; }));
await t(cached(function f() { return new Request("/a").url; }));
await t(cached(function f() { return typeof Deno.cron; }));
await t(cached(function f() { return "cron" in Deno; }));\n`;
  await using project = await Project.create({ "main.ts": programOf(text) });
  const run = async (flags: readonly string[]) => {
    const outcome = await project.run("main.ts", { flags: ["-A", "--no-check", ...flags] });
    assertEquals(outcome.code, 0, outcome.stderr);
    const { wrong, runs } = outcome.json<{ wrong: string[]; runs: number }>();
    return [wrong, runs];
  };
  assertEquals(await run(["--location=http://a.test/x"]), [[], 4]);
  assertEquals(await run(["--location=http://a.test/x"]), [[], 0]);
  assertEquals(await run(["--location=http://b.test/x", "--unstable-cron"]), [[], 4]);
});
