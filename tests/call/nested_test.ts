import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type CacheDecorator, trackFile } from "@bimsb/cachepy";
import { Rig } from "../support/rig.ts";

Deno.test("what a call reads is its input without being named", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "one");
  const load = rig.cached()(async function load(path: string) {
    return await Deno.readTextFile(path);
  });
  assertEquals(await load(path), "one");
  await Deno.utime(path, new Date(), new Date());
  assertEquals(await load(path), "one");
  assertEquals(rig.runs(), 1);
  await rig.write("a.txt", "two");
  assertEquals(await load(path), "two");
  assertEquals(rig.runs(), 2);
  assertStringIncludes(rig.missed, "a.txt");
});

Deno.test("switching a file back to an earlier content is a hit again", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "one");
  const load = rig.cached()((path: string) => Deno.readTextFileSync(path));
  await load(path);
  await rig.write("a.txt", "two");
  await load(path);
  await rig.write("a.txt", "one");
  assertEquals(await load(path), "one");
  await rig.write("a.txt", "two");
  assertEquals(await load(path), "two");
  assertEquals(rig.runs(), 2);
});

Deno.test("maxTraces bounds how many states are kept", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "0");
  const load = rig.cached({ maxTraces: 2 })((path: string) => Deno.readTextFileSync(path));
  for (const content of ["0", "1", "2"]) {
    await rig.write("a.txt", content);
    await load(path);
  }
  assertEquals(rig.runs(), 3);
  await rig.write("a.txt", "1");
  await load(path);
  assertEquals(rig.runs(), 3);
  await rig.write("a.txt", "0");
  await load(path);
  assertEquals(rig.runs(), 4);
});

Deno.test("an environment variable that a call reads is its input", async () => {
  await using rig = await Rig.open();
  const name = "CACHEPY_TEST_OBSERVED";
  Deno.env.delete(name);
  const step = rig.cached()(() => Deno.env.get(name) ?? "unset");
  assertEquals([await step(), await step()], ["unset", "unset"]);
  assertEquals(rig.runs(), 1);
  Deno.env.set(name, "set");
  assertEquals(await step(), "set");
  Deno.env.delete(name);
  assertEquals(await step(), "unset");
  assertEquals(rig.runs(), 2);
});

Deno.test("trackFile() makes a file an input by hand", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.bin", "1");
  const step = rig.cached()(function step(path: string) {
    return trackFile(path).length;
  });
  assertEquals(await step(path), path.length);
  await step(path);
  assertEquals(rig.runs(), 1);
  await rig.write("a.bin", "2");
  await step(path);
  assertEquals(rig.runs(), 2);
});

/** load → parse → report, each cached. */
function pipeline(cached: CacheDecorator) {
  const load = cached(async function load(path: string) {
    return (await Deno.readTextFile(path)).trim();
  });
  const parse = cached(async function parse(path: string) {
    return (await load(path)).split(",").map(Number);
  });
  const report = cached(async function report(path: string) {
    return (await parse(path)).reduce((sum, x) => sum + x, 0);
  });
  return report;
}

Deno.test("an inner file edit reruns the outer calls without their naming it", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.csv", "1,2");
  const report = pipeline(rig.cached());
  assertEquals(await report(path), 3);
  rig.forgetEvents();
  assertEquals(await report(path), 3);
  assertEquals(rig.ran(), []);
  await rig.write("a.csv", "1,5");
  assertEquals(await report(path), 6);
  assertEquals(rig.ran(), ["load", "parse", "report"]);
});

Deno.test("early cutoff: when an inner call gives the same result, the outer ones stand", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.csv", "1,2");
  const report = pipeline(rig.cached());
  await report(path);
  rig.forgetEvents();
  await rig.write("a.csv", "1,2\n\n");
  assertEquals(await report(path), 3);
  assertEquals(rig.ran(), ["load"]);
  rig.forgetEvents();
  await rig.write("a.csv", "2,1\n");
  assertEquals(await report(path), 3);
  assertEquals(rig.ran(), ["load", "parse", "report"]);
});

Deno.test("early cutoff in the middle: parse changes nothing, report stands", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.csv", "1,2");
  const report = pipeline(rig.cached());
  await report(path);
  rig.forgetEvents();
  await rig.write("a.csv", "1,2.0");
  assertEquals(await report(path), 3);
  assertEquals(rig.ran(), ["load", "parse"]);
});

Deno.test("why() names the root cause through the inner calls, and runs nothing", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.csv", "1,2");
  const report = pipeline(rig.cached());
  await report(path);
  await rig.write("a.csv", "7");
  rig.forgetEvents();
  const answer = await report.why(path);
  assertEquals(answer.outcome, "miss");
  assertStringIncludes(answer.summary, "a.csv");
  assertStringIncludes(answer.summary, "parse");
  assertStringIncludes(answer.summary, "load");
  assertEquals(await report.has(path), false);
  assertEquals(rig.events, []);
});

Deno.test("a diamond runs each side once, and stands where nothing reaches it", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "3");
  const cached = rig.cached();
  const base = cached(async function base(path: string) {
    return Number(await Deno.readTextFile(path));
  });
  const left = cached(async function left(path: string) {
    return Math.sign(await base(path));
  });
  const right = cached(async function right(path: string) {
    return 2 * await base(path);
  });
  const top = cached(async function top(path: string) {
    const [a, b] = await Promise.all([left(path), right(path)]);
    return a + b;
  });
  assertEquals(await top(path), 7);
  assertEquals(rig.runs(), 4);
  rig.forgetEvents();
  await rig.write("a.txt", "4");
  assertEquals(await top(path), 9);
  assertEquals(rig.ran().toSorted(), ["base", "left", "right", "top"]);
  rig.forgetEvents();
  assertEquals(await top(path), 9);
  assertEquals(rig.runs(), 0);
});

Deno.test("a branch that is no longer taken is not run in vain", async () => {
  await using rig = await Rig.open();
  const flag = await rig.write("flag.txt", "expensive");
  const data = await rig.write("data.txt", "1");
  const cached = rig.cached();
  const expensive = cached(async function expensive(path: string) {
    return await Deno.readTextFile(path);
  });
  const outer = cached(async function outer(flag: string, data: string) {
    return await Deno.readTextFile(flag) === "expensive" ? await expensive(data) : "cheap";
  });
  assertEquals(await outer(flag, data), "1");
  rig.forgetEvents();
  await rig.write("flag.txt", "cheap");
  await rig.write("data.txt", "2");
  assertEquals(await outer(flag, data), "cheap");
  assertEquals(rig.ran(), ["outer"]);
});

Deno.test("an inner call that threw and was caught is an input too", async () => {
  await using rig = await Rig.open();
  const path = rig.path("missing.txt");
  const cached = rig.cached();
  const strict = cached(async function strict(path: string) {
    return await Deno.readTextFile(path);
  });
  const lenient = cached(async function lenient(path: string) {
    try {
      return await strict(path);
    } catch {
      return "default";
    }
  });
  assertEquals(await lenient(path), "default");
  rig.forgetEvents();
  assertEquals(await lenient(path), "default");
  assertEquals(rig.ran(), ["strict"], "an exception is not stored, so the inner call is asked again");
  await rig.write("missing.txt", "there");
  assertEquals(await lenient(path), "there");
});

Deno.test("calls made concurrently are attributed to the call that made them", async () => {
  await using rig = await Rig.open();
  const a = await rig.write("a.txt", "a");
  const b = await rig.write("b.txt", "b");
  const cached = rig.cached();
  const read = cached(async function read(path: string) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return await Deno.readTextFile(path);
  });
  const outer = cached(async function outer(path: string) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return `<${await read(path)}>`;
  });
  assertEquals(await Promise.all([outer(a), outer(b)]), ["<a>", "<b>"]);
  rig.forgetEvents();
  await rig.write("b.txt", "B");
  assertEquals(await Promise.all([outer(a), outer(b)]), ["<a>", "<B>"]);
  assertEquals(rig.ran(), ["read", "outer"]);
});

Deno.test("an input that changes during the run: the result is returned and nothing is stored", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "before");
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = rig.cached({ ignoreCode: ["promise"] })(async function slow(path: string) {
    const text = await Deno.readTextFile(path);
    await promise;
    return text;
  });
  const running = slow(path);
  while (rig.of("miss").length === 0) await new Promise((next) => setTimeout(next, 5));
  await new Promise((next) => setTimeout(next, 30));
  await rig.write("a.txt", "after");
  resolve();
  assertEquals(await running, "before");
  assertEquals(rig.of("raced").length, 1);
  assertEquals(await slow.has(path), false);
});

Deno.test("a declared file that changes during the run stores nothing either", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "before");
  const load = rig.cached({ fileArgs: ["path"] })(async function load(path: string) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return path.length;
  });
  const running = load(path);
  while (rig.of("miss").length === 0) await new Promise((next) => setTimeout(next, 5));
  await rig.write("a.txt", "after!");
  await running;
  assertEquals(rig.of("raced").length, 1);
  await load(path);
  assertEquals(rig.runs(), 2);
});

Deno.test("a file that a call writes and reads back is no input", async () => {
  await using rig = await Rig.open();
  const scratch = rig.path("scratch.txt");
  const step = rig.cached()(async function step(path: string) {
    await Deno.writeTextFile(path, "temporary");
    return await Deno.readTextFile(path);
  });
  await step(scratch);
  await Deno.remove(scratch);
  await step(scratch);
  assertEquals(rig.runs(), 1);
});

Deno.test("a chain of six: an edit at the bottom reaches exactly as far as results change", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("n.txt", "10");
  const cached = rig.cached();
  const s1 = cached(async function s1(p: string) {
    return Number(await Deno.readTextFile(p));
  });
  const s2 = cached(async function s2(p: string) {
    return await s1(p) * 2;
  });
  const s3 = cached(async function s3(p: string) {
    return Math.floor(await s2(p) / 10);
  });
  const s4 = cached(async function s4(p: string) {
    return await s3(p) + 1;
  });
  const s5 = cached(async function s5(p: string) {
    return await s4(p) * 3;
  });
  const s6 = cached(async function s6(p: string) {
    return `${await s5(p)}!`;
  });
  assertEquals(await s6(path), "9!");
  assertEquals(rig.runs(), 6);
  rig.forgetEvents();
  await rig.write("n.txt", "12");
  assertEquals(await s6(path), "9!");
  assertEquals(rig.ran(), ["s1", "s2", "s3"]);
  rig.forgetEvents();
  await rig.write("n.txt", "40");
  assertEquals(await s6(path), "27!");
  assertEquals(rig.ran(), ["s1", "s2", "s3", "s4", "s5", "s6"]);
  assert(await s6.has(path));
});

Deno.test("what an inner call threw counts by all that the outer one can read of it", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("code.txt", "1");
  class Failure extends Error {
    #code: string;
    constructor(code: string) {
      super("bad");
      this.#code = code;
    }
    get code(): string {
      return this.#code;
    }
  }
  const kinds: Record<string, (code: string) => unknown> = {
    field: (code) => Object.assign(new Error("bad"), { code }),
    cause: (code) => new Error("bad", { cause: { code } }),
    object: (code) => ({ code }),
    hidden: (code) => new Failure(code),
    same: () => new Error("bad"),
  };
  const inner = rig.cached()(async function inner(kind: string, path: string) {
    throw kinds[kind]!(await Deno.readTextFile(path));
  });
  const outer = rig.cached()(async function outer(kind: string, path: string) {
    try {
      return await inner(kind, path);
    } catch (thrown) {
      // deno-lint-ignore no-explicit-any
      const { code, cause } = thrown as any;
      return code ?? cause?.code ?? null;
    }
  });
  const all = async () => {
    rig.forgetEvents();
    const codes: unknown[] = [];
    for (const kind of Object.keys(kinds)) codes.push(await outer(kind, path));
    return [codes, rig.runs("outer")];
  };
  assertEquals(await all(), [["1", "1", "1", "1", null], 5]);
  assertEquals(await all(), [["1", "1", "1", "1", null], 0]);
  await rig.write("code.txt", "2");
  assertEquals(await all(), [["2", "2", "2", "2", null], 4]);
});

Deno.test("a stat result is stored as the plain object that it is, and what it says belongs to the call", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("late.txt", "1");
  const look = rig.cached()(async function look(path: string) {
    return { deep: [await Deno.stat(path)] };
  });
  const [first] = (await look(path)).deep;
  assertEquals(Object.getOwnPropertySymbols(first!), []);
  const [again] = (await look(path)).deep;
  assertEquals(Object.getOwnPropertyDescriptors(again), Object.getOwnPropertyDescriptors(first));
  assertEquals(rig.kinds(), ["miss", "run", "stored", "hit"]);
  await rig.write("late.txt", "longer");
  assertEquals((await look(path)).deep[0]!.size, 6);
  assertEquals(rig.runs(), 2);
});
