import { assertEquals } from "@std/assert";
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
