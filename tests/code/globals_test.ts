// deno-lint-ignore-file no-console -- functions that print are what is tested
import { AsyncLocalStorage } from "node:async_hooks";
import { deprecate, promisify } from "node:util";
import { assertEquals } from "@std/assert";
import { Rig } from "../support/rig.ts";

// deno-lint-ignore no-explicit-any
const scope = globalThis as any;
declare global {
  var cachepyBareRate: number;
  var cachepyBareCalls: number;
}

/** Runs the test, then takes away the globals that it made. */
async function withGlobals(names: readonly string[], test: (rig: Rig) => Promise<void>): Promise<void> {
  await using rig = await Rig.open();
  try {
    await test(rig);
  } finally {
    for (const name of names) delete scope[name];
  }
}

Deno.test("a global that was not there when a function was first called counts once it is set", () =>
  withGlobals(["cachepyRate", "cachepyBareRate"], async (rig) => {
    // deno-lint-ignore no-explicit-any
    const byMember = rig.cached({ name: "byMember" })(() => (globalThis as any).cachepyRate ?? 1);
    const byName = rig.cached({ name: "byName" })(() => typeof cachepyBareRate === "undefined" ? 1 : cachepyBareRate);
    assertEquals([await byMember(), await byName()], [1, 1]);
    scope.cachepyRate = scope.cachepyBareRate = 5;
    assertEquals([await byMember(), rig.missed], [5, "globalThis.cachepyRate: undefined → 5"]);
    assertEquals([await byName(), rig.missed], [5, "cachepyBareRate: undefined → 5"]);
    delete scope.cachepyRate;
    scope.cachepyBareRate = 6;
    assertEquals([await byMember(), await byName()], [1, 6]);
    assertEquals(rig.runs(), 5, "the state without the global is a hit again");
  }));

Deno.test("a function of the program that the platform wrapped counts where it is a global", async (t) => {
  const wrappers: Readonly<Record<string, (rate: number) => (x: number) => unknown>> = {
    promisify: (rate) => promisify((x: number, done: (error: null, result: number) => void) => done(null, x * rate)),
    deprecate: (rate) => deprecate((x: number) => x * rate, "old", "CACHEPY1"),
    AsyncLocalStorage: (rate) => AsyncLocalStorage.bind((x: number) => x * rate),
    both: (rate) =>
      promisify(
        deprecate((x: number, done: (error: null, result: number) => void) => done(null, x * rate), "old", "CACHEPY2"),
      ),
  };
  for (const [name, wrap] of Object.entries(wrappers)) {
    await t.step(name, () =>
      withGlobals(["cachepyWrapped"], async (rig) => {
        // deno-lint-ignore no-explicit-any
        const step = rig.cached()(async (x: number) => await (globalThis as any).cachepyWrapped(x));
        scope.cachepyWrapped = wrap(2);
        assertEquals([await step(5), await step(5), rig.runs()], [10, 10, 1]);
        scope.cachepyWrapped = wrap(3);
        assertEquals([await step(5), await step(5), rig.runs()], [15, 15, 2]);
        scope.cachepyWrapped = wrap(2);
        assertEquals([await step(5), rig.runs()], [10, 2], "the same again is a hit");
      }));
  }
});

Deno.test("a stand-in for fetch counts, from the call on after which it took fetch's place", async () => {
  await using rig = await Rig.open();
  const load = rig.cached()(async function load(url: string) {
    return await fetch(url).then((response) => response.text(), () => "nobody");
  });
  const { fetch: real } = globalThis;
  try {
    assertEquals(await load("http://127.0.0.1:1"), "nobody");
    globalThis.fetch = () => Promise.resolve(new Response("stand-in"));
    assertEquals(await load("http://127.0.0.1:1"), "stand-in");
  } finally {
    globalThis.fetch = real;
  }
  assertEquals([await load("http://127.0.0.1:1"), rig.runs()], ["nobody", 2]);
});

Deno.test("a global that a function writes and reads is state: left out, and named", () =>
  withGlobals(["cachepyCalls", "cachepyBareCalls", "cachepyLog"], async (rig) => {
    scope.cachepyBareCalls = 0;
    scope.cachepyLog = { calls: 0, lines: [] };
    const steps = [
      rig.cached()(function byMember() {
        // deno-lint-ignore no-explicit-any
        (globalThis as any).cachepyCalls = ((globalThis as any).cachepyCalls ?? 0) + 1;
      }),
      rig.cached()(function byName() {
        cachepyBareCalls = cachepyBareCalls + 1;
      }),
      rig.cached()(function within() {
        // deno-lint-ignore no-explicit-any
        const log = (globalThis as any).cachepyLog;
        log.calls = log.calls + 1;
        log.lines.push(log.lines.length);
      }),
    ];
    for (const step of [...steps, ...steps]) await step();
    assertEquals([scope.cachepyCalls, scope.cachepyBareCalls, scope.cachepyLog], [1, 1, { calls: 1, lines: [0] }]);
    const written = rig.of("notice").map(({ detail }) => /left out: (\S+)/.exec(detail)?.[1]).filter((name) => name)
      .sort();
    assertEquals(written, [
      "cachepyBareCalls",
      "globalThis.cachepyCalls",
      "globalThis.cachepyLog.calls",
      "globalThis.cachepyLog.lines",
    ]);
  }));

Deno.test("a function that prints is told nothing about the console, and a replaced method of it counts", async () => {
  await using rig = await Rig.open();
  const { debug } = console;
  const shout = rig.cached()(function shout(x: number) {
    console.assert(x > 0, "x is", x);
    console.groupEnd();
    return x;
  });
  const ask = rig.cached()(function ask(x: number): unknown {
    return (console.debug as (x: number) => unknown)(x);
  });
  try {
    console.debug = () => 1;
    assertEquals(await ask(3), 1);
    console.debug = () => 2;
    assertEquals(await ask(3), 2);
    // Bound to the console, as the platform's own methods are.
    console.debug = function (this: Console) {
      return this === console ? 3 : 0;
    }.bind(console);
    assertEquals(await ask(3), 3);
  } finally {
    console.debug = debug;
  }
  assertEquals(await shout(1), 1);
  assertEquals(rig.of("notice").filter(({ fname }) => fname === "shout"), []);
});
