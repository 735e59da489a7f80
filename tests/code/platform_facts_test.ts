import { assert, assertEquals } from "@std/assert";
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
