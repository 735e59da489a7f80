import { assert, assertEquals, assertInstanceOf, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { type CachedFunction, cacheFile, CacheTypeError } from "@bimsb/cachepy";
import { Project } from "../support/project.ts";
import { filesBelow, Rig } from "../support/rig.ts";

Deno.test("a second call is answered from the cache, in the same words that the events say", async () => {
  await using rig = await Rig.open();
  const square = rig.cached()(function square(x: number) {
    return x * x;
  });
  assertEquals(await square(3), 9);
  assertEquals(rig.kinds(), ["miss", "run", "stored"]);
  rig.forgetEvents();
  assertEquals(await square(3), 9);
  assertEquals(rig.kinds(), ["hit"]);
});

Deno.test("synchronous and asynchronous functions give the same promise of a value", async () => {
  await using rig = await Rig.open();
  const sync = rig.cached()(function sync(x: number) {
    return x + 1;
  });
  const slow = rig.cached()(async function slow(x: number) {
    await Promise.resolve();
    return x + 2;
  });
  const arrow = rig.cached()((x: number) => x + 3);
  for (let round = 0; round < 2; round++) {
    assertInstanceOf(sync(1), Promise);
    assertEquals([await sync(1), await slow(1), await arrow(1)], [2, 3, 4]);
  }
  assertEquals(rig.runs(), 3);
});

Deno.test("undefined and null are results like others", async () => {
  await using rig = await Rig.open();
  const nothing = rig.cached()(function nothing(kind: string) {
    return kind === "null" ? null : undefined;
  });
  for (let round = 0; round < 3; round++) {
    assertStrictEquals(await nothing("null"), null);
    assertStrictEquals(await nothing("undefined"), undefined);
  }
  assertEquals(rig.runs(), 2);
});

Deno.test("every hit returns a fresh copy, which the caller may change", async () => {
  await using rig = await Rig.open();
  const list = rig.cached()(function list() {
    return { values: [1, 2], bytes: new Uint8Array([1, 2, 3]) };
  });
  await list();
  for (let round = 0; round < 3; round++) {
    const copy = await list();
    assertEquals(copy, { values: [1, 2], bytes: new Uint8Array([1, 2, 3]) });
    copy.values.push(9);
    copy.bytes[0] = 9;
  }
  assertEquals(rig.runs(), 1);
});

Deno.test("fib(200) runs each sub-problem once", async () => {
  await using rig = await Rig.open();
  const fib: CachedFunction<(n: number) => Promise<bigint>> = rig.cached({ name: "fib" })(async (n) =>
    n < 2 ? BigInt(n) : await fib(n - 1) + await fib(n - 2)
  );
  assertEquals(await fib(200), 280571172992510140037611932413038677189525n);
  assertEquals(rig.runs(), 201);
  rig.forgetEvents();
  assertEquals(await fib(200), 280571172992510140037611932413038677189525n);
  assertEquals(rig.runs(), 0);
});

Deno.test("functions that call each other do not wait for each other", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  const isEven = cached(async function isEven(n: number): Promise<boolean> {
    return n === 0 ? true : await isOdd(n - 1);
  });
  const isOdd = cached(async function isOdd(n: number): Promise<boolean> {
    return n === 0 ? false : await isEven(n - 1);
  });
  assertEquals(await Promise.all([isEven(30), isOdd(30), isOdd(29), isEven(29)]), [true, false, true, false]);
});

Deno.test("two calls that wait for each other's key end all the same", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
  const first = cached(async function first(depth: number): Promise<string> {
    await pause();
    return depth === 0 ? "first" : `first ${await second(depth - 1)}`;
  });
  const second = cached(async function second(depth: number): Promise<string> {
    await pause();
    return depth === 0 ? "second" : `second ${await first(depth - 1)}`;
  });
  const [a, b] = await Promise.all([first(3), second(3)]);
  assertEquals([a, b], ["first second first second", "second first second first"]);
});

Deno.test("concurrent identical calls share one run, and one exception", async () => {
  await using rig = await Rig.open();
  const slow = rig.cached()(async function slow(fails: boolean) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (fails) throw new RangeError("no");
    return { at: 1 };
  });
  const results = await Promise.all(Array.from({ length: 20 }, () => slow(false)));
  assertEquals(rig.runs(), 1);
  assertEquals(new Set(results).size, 20, "each caller has a value of its own");
  const failures = await Promise.allSettled(Array.from({ length: 20 }, () => slow(true)));
  assertEquals(rig.runs(), 2);
  const errors = new Set(failures.map((outcome) => outcome.status === "rejected" ? outcome.reason : null));
  assertEquals(errors.size, 1);
});

Deno.test("the function's own exception passes through and leaves nothing behind", async () => {
  await using rig = await Rig.open();
  const error = new RangeError("no such row");
  const failing = rig.cached()(function failing(_x: number): number {
    throw error;
  });
  for (let round = 1; round <= 2; round++) {
    assertStrictEquals(await failing(1).catch((caught) => caught), error);
    assertEquals(rig.runs(), round, "an exception is not cached");
  }
  assertEquals(await failing.has(1), false);
  const left = await filesBelow(rig.cacheDir);
  assertEquals(left.filter((name) => /^v1\/(blobs|locks|tmp)\//.test(name)), []);
});

Deno.test("an exception that is no error passes through as it is", async () => {
  await using rig = await Rig.open();
  const failing = rig.cached()(function failing() {
    throw "a string";
  });
  assertEquals(await failing().catch((caught) => caught), "a string");
});

Deno.test("with({ force }) runs again and overwrites", async () => {
  await using rig = await Rig.open();
  const state = { count: 0 };
  const counted = rig.cached({ ignoreCode: ["state"] })(function counted() {
    return ++state.count;
  });
  assertEquals(await counted(), 1);
  assertEquals(await counted.with({ force: true })(), 2);
  assertEquals(rig.missed, "forced");
  assertEquals(await counted(), 2);
});

Deno.test("with({ skipSave }) writes nothing, and loads what is there", async () => {
  await using rig = await Rig.open();
  const double = rig.cached()(function double(x: number) {
    return 2 * x;
  });
  assertEquals(await double.with({ skipSave: true })(4), 8);
  assertEquals(await double.has(4), false);
  assertEquals(await double(4), 8);
  assertEquals(await double.with({ skipSave: true })(4), 8);
  assertEquals(rig.runs(), 2);
});

Deno.test("with({ force, skipSave }) runs and leaves the entry as it was", async () => {
  await using rig = await Rig.open();
  const state = { count: 0 };
  const counted = rig.cached({ ignoreCode: ["state"] })(function counted() {
    return ++state.count;
  });
  await counted();
  assertEquals(await counted.with({ force: true, skipSave: true })(), 2);
  assertEquals(await counted(), 1);
});

Deno.test("with({ load: false }) runs and stores", async () => {
  await using rig = await Rig.open();
  const state = { count: 0 };
  const counted = rig.cached({ ignoreCode: ["state"] })(function counted() {
    return ++state.count;
  });
  await counted();
  assertEquals(await counted.with({ load: false })(), 2);
  assertEquals(await counted(), 2);
});

Deno.test("key() is 64 hex characters, has(), why() and forget() run nothing", async () => {
  await using rig = await Rig.open();
  const step = rig.cached()(function step(x: number) {
    return x;
  });
  assertMatch(await step.key(1), /^[0-9a-f]{64}$/);
  assertEquals(await step.has(1), false);
  assertEquals((await step.why(1)).outcome, "miss");
  assertEquals((await step.why(1)).reasons, [{ kind: "first" }]);
  assertEquals(await step.forget(1), false);
  assertEquals(rig.runs(), 0);
  await step(1);
  assertEquals(await step.has(1), true);
  assertEquals((await step.why(1)).outcome, "hit");
  assertEquals(await step.has(2), false);
  assertEquals(await step.forget(1), true);
  assertEquals(await step.has(1), false);
  assertEquals(rig.runs(), 1);
  assertEquals(step.original(7), 7);
});

Deno.test("a method decorator counts the receiver", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  class Line {
    #offset: number;
    constructor(readonly slope: number, offset: number) {
      this.#offset = offset;
    }
    @cached
    at(x: number): number {
      return this.slope * x + this.#offset;
    }
    @cached
    double(x: number): number {
      return 2 * x;
    }
  }
  assertEquals(await new Line(2, 0).at(3), 6);
  assertEquals(await new Line(2, 0).at(3), 6);
  assertEquals(rig.runs("at"), 1, "an equal receiver is the same input");
  assertEquals(await new Line(3, 0).at(3), 9);
  assertEquals(await new Line(2, 5).at(3), 11, "private state counts");
  assertEquals(rig.runs("at"), 3);
  await new Line(1, 0).double(4);
  await new Line(9, 9).double(4);
  assertEquals(rig.runs("double"), 1, "a method that does not look at its receiver does not depend on it");
});

Deno.test("other options make another decorator and leave the first as it was", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  const versioned = cached({ version: "2", name: "renamed" });
  const f = versioned(function f() {
    return 1;
  });
  await f();
  assertEquals(rig.of("run")[0]?.fname, "renamed");
  const g = cached(function g() {
    return 1;
  });
  await g();
  assertEquals(rig.of("run")[1]?.fname, "g");
});

Deno.test("a wrapped function keeps its name and length", async () => {
  await using rig = await Rig.open();
  const step = rig.cached()(function step(_a: number, _b: number) {});
  assertEquals([step.name, step.length], ["step", 2]);
});

Deno.test("cacheFile() refuses what is no function, with a code and the remedy", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  for (const subject of [3, "text", null, undefined, [1], new Date()]) {
    const error = assertThrows(() => cached(subject as never), CacheTypeError, "Cannot cache");
    assertEquals(error.code, "ERR_NOT_A_FUNCTION");
  }
  const generator = assertThrows(() => cached(function* rows() {}), CacheTypeError, "rows");
  assertEquals(generator.code, "ERR_GENERATOR");
  const asyncGenerator = assertThrows(() => cached(async function* rows() {}), CacheTypeError);
  assertEquals(asyncGenerator.code, "ERR_GENERATOR");
  const aClass = assertThrows(() => cached(class Model {} as never), CacheTypeError, "decorate a method");
  assertEquals(aClass.code, "ERR_NOT_A_FUNCTION");
});

Deno.test("cacheFile() refuses unknown options, wrong values and names that are no parameters, when wrapping", () => {
  const error = assertThrows(() => cacheFile({ ignoreArg: ["x"] } as never), CacheTypeError, "ignoreArgs");
  assertEquals([error.code, error.path], ["ERR_OPTION_UNKNOWN", "options.ignoreArg"]);
  assert(error instanceof TypeError);
  const wrong = assertThrows(() => cacheFile({ version: 2 } as never), CacheTypeError, "version");
  assertEquals(wrong.code, "ERR_OPTION_TYPE");
  for (const option of ["fileArgs", "ignoreArgs"] as const) {
    const name = assertThrows(
      () =>
        cacheFile("./unused", { [option]: ["pth"] })(function load(path: string) {
          return path;
        }),
      CacheTypeError,
      "path",
    );
    assertEquals([name.code, name.path], ["ERR_OPTION_PARAMETER", `options.${option}[0]`]);
  }
  assertThrows(() => cacheFile("./unused")(() => 1).with({ forced: true } as never), CacheTypeError, "force");
});

Deno.test("a result that cannot be stored is returned all the same, and its path is named", async () => {
  await using rig = await Rig.open();
  const make = rig.cached()(function make() {
    return { report: { render: () => "text" } };
  });
  for (let round = 1; round <= 2; round++) {
    assertEquals((await make()).report.render(), "text");
    assertEquals(rig.runs(), round);
  }
  const failed = rig.of("save-failed")[0];
  assertEquals(failed?.path, "result.report.render");
});

Deno.test("an onEvent that throws costs the caller nothing", async () => {
  await using rig = await Rig.open();
  const step = cacheFile(rig.cacheDir, {
    onEvent: () => {
      throw new Error("listener");
    },
  })(function step() {
    return 5;
  });
  assertEquals(await step(), 5);
  assertEquals(await step(), 5);
});

Deno.test("listeners that throw or reject, now or later, cost no result and no task, and are named once", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile, cachePrune, cacheVerify } from "@bimsb/cachepy";
const listeners = {
  throws: () => { throw new Error("no log server"); },
  rejects: async () => { await Promise.reject(new Error("no log server")); },
  late: () => new Promise((_, reject) => setTimeout(() => reject(new Error("no log server")), 5)),
  thenable: () => ({ then() { throw new Error("no log server"); } }),
  odd: () => ({ get then() { throw new Error("no log server"); } }),
};
const listener = listeners[Deno.args[0]];
const dir = new URL("./cache-" + Deno.args[0], import.meta.url);
const f = cacheFile(dir, { onEvent: listener })(async function f(x) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return x * 2;
});
const found = [await f(1), await f(1), await f(2)];
const { removed } = await cachePrune(dir, { maxBytes: 0, onProgress: listener });
const { problems } = await cacheVerify(dir, { onProgress: listener });
await new Promise((resolve) => setTimeout(resolve, 20));
console.log(JSON.stringify([found, removed, problems]));
`,
  });
  for (const listener of ["throws", "rejects", "late", "thenable", "odd"]) {
    const { code, stderr, json } = await project.run("main.ts", { args: [listener], flags: ["-A", "--no-check"] });
    assertEquals(code, 0, `${listener}: ${stderr}`);
    assertEquals(json(), [[2, 2, 4], 2, []], listener);
    for (const option of ["onEvent", "onProgress"]) {
      assertEquals(stderr.split(`${option} threw Error: no log server`).length, 2, `${listener}: ${stderr}`);
    }
  }
});

Deno.test("functions of one name in one cache do not answer for each other", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  const first = cached({ name: "step" })((x: number) => x + 1);
  const second = cached({ name: "step" })((x: number) => x + 2);
  assertEquals([await first(1), await second(1)], [2, 3]);
  assertEquals([await first(1), await second(1)], [2, 3]);
});
