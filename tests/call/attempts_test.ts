import { assert, assertEquals } from "@std/assert";
import type { CacheOptions } from "@bimsb/cachepy";
import { Rig } from "../support/rig.ts";
import { Project } from "../support/project.ts";

/** A chain of cached functions, of which the innermost reads a file, and fails when the file says so. */
const CHAIN = `import { cacheFile } from "@bimsb/cachepy";
const mode = Deno.args[0]!;
const runs: Record<string, number> = {};
const cached = cacheFile("./.cachepy", { readOnly: mode === "readOnly", ignoreCode: ["mode"], onEvent: (event) => {
  if (event.kind === "run") runs[event.fname] = (runs[event.fname] ?? 0) + 1;
} });
const read = cached(async function read() {
  const text = await Deno.readTextFile("in.txt");
  if (text.startsWith("bad")) throw new RangeError(text);
  return text.startsWith("odd") ? { text, symbol: Symbol("odd") } as never : text;
});
const step1 = cached(async function step1() { const got: any = await read(); return got.text ?? got; });
const step2 = cached(async function step2() { return await step1(); });
const step3 = cached(async function step3() { return await step2(); });
const step = step3;
const outer = cached(async function outer() {
  if (mode === "repairs") await Deno.writeTextFile("in.txt", "repaired by outer");
  try {
    return await step();
  } catch (error) {
    if (mode !== "retries") throw error;
    return await step().catch((again) => String(again));
  }
});
let value: unknown;
try {
  value = await outer();
} catch (error) {
  value = String(error);
}
console.log(JSON.stringify({ value, runs }));
`;

interface Printed {
  readonly value: unknown;
  readonly runs: Readonly<Record<string, number>>;
}

async function inProject(
  test: (run: (mode: string) => Promise<Printed>, write: (text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  await using project = await Project.create({ "main.ts": CHAIN, "in.txt": "first" });
  await test(async (mode) => {
    const outcome = await project.run("main.ts", { flags: ["-A", "--no-check"], args: [mode] });
    assertEquals(outcome.code, 0, outcome.stderr);
    return outcome.json<Printed>();
  }, (text) => project.write("in.txt", text));
}

const each = (times: number) => ({ read: times, step1: times, step2: times, step3: times });

Deno.test("an inner call that fails while its outer calls are verified runs once in all, on each start", () =>
  inProject(async (run, write) => {
    assertEquals(await run(""), { value: "first", runs: { ...each(1), outer: 1 } });
    assertEquals(await run(""), { value: "first", runs: {} });
    await write("bad input");
    for (let start = 0; start < 2; start++) {
      assertEquals(await run(""), { value: "RangeError: bad input", runs: { ...each(1), outer: 1 } });
    }
    await write("good again");
    assertEquals(await run(""), { value: "good again", runs: { ...each(1), outer: 1 } });
    assertEquals((await run("")).runs, {});
  }));

Deno.test("a function that makes a failed call again has it run again", () =>
  inProject(async (run, write) => {
    await run("retries");
    await write("bad input");
    assertEquals(await run("retries"), { value: "RangeError: bad input", runs: { ...each(2), outer: 1 } });
  }));

Deno.test("a function that changes an input before the call gets the outcome for the input as it is then", () =>
  inProject(async (run, write) => {
    await run("");
    await write("bad input");
    assertEquals((await run("repairs")).value, "repaired by outer");
  }));

Deno.test("results that are not stored, in a read-only cache, are computed once in all", () =>
  inProject(async (run, write) => {
    await run("");
    await write("second");
    assertEquals(await run("readOnly"), { value: "second", runs: { ...each(1), outer: 1 } });
    assertEquals(await run("readOnly"), { value: "second", runs: { ...each(1), outer: 1 } });
    await write("odd");
    assertEquals((await run("")).value, "odd");
  }));

/** Inner functions whose result is another one each time, and is not there for a look-up. */
const UNKEPT: Record<string, readonly [options: CacheOptions, make: () => unknown]> = {
  "an error": [{}, () => {
    throw new Error(`request ${Math.random()}`);
  }],
  "a result that cannot be stored": [{}, () => ({ show: () => 1, random: Math.random() })],
  "a result that is too large": [{ maxEntryBytes: 10 }, () => Math.random() + "x".repeat(100)],
  "a result of a function that only reads": [{ readOnly: true }, () => Math.random() + "y"],
  "a result that expires at once": [{ maxAge: 0 }, () => Math.random()],
  "a result that is refused": [{ validate: () => false }, () => Math.random()],
};

for (const [what, [options, make]] of Object.entries(UNKEPT)) {
  Deno.test(`however deep it is called, ${what} costs one run of each function`, async () => {
    await using rig = await Rig.open();
    const depth = 6;
    let step: () => Promise<unknown> = rig.cached({ ...options, name: "s0" })(async function s0() {
      return await Promise.resolve(make());
    });
    for (let level = 1; level <= depth; level++) {
      const below = step;
      step = rig.cached({ name: `s${level}`, version: `${level}` })(async function s() {
        try {
          return `${level}: ${JSON.stringify(await below())}`;
        } catch (error) {
          return String(error);
        }
      });
    }
    for (let round = 0; round < 3; round++) {
      rig.forgetEvents();
      const value = await step();
      const runs = Map.groupBy(rig.ran(), (name) => name);
      assert(runs.values().every(({ length }) => length === 1), `${[...runs.values()].map(String)}`);
      assertEquals(runs.has("s0"), true, String(value));
    }
  });
}
