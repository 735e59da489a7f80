import { assert, assertEquals } from "@std/assert";
import { type CellOutcome, findPython, NOTEBOOK_NEEDS, runNotebooks } from "../support/notebook.ts";
import { Project } from "../support/project.ts";

const python = findPython();

/** A test that shows why it is ignored, where it is. */
function testNotebook(name: string, fn: (python: string) => Promise<void>): void {
  const why = python === null ? ` (left out: needs ${NOTEBOOK_NEEDS})` : "";
  Deno.test({ name: name + why, ignore: python === null, fn: () => fn(python!) });
}

/** What the cells of one run said, one text a cell: of the cache, without durations, and then their values. */
function saidBy(outcomes: readonly CellOutcome[]): string[] {
  return outcomes.map(({ status, text }) => {
    const isOfCache = (one: string) => one.startsWith("cachepy: ");
    const inOrder = [...text.filter(isOfCache), ...text.filter((one) => !isOfCache(one))];
    const said = inOrder.join("").replaceAll(/ in [\d.]+ m?s, saved [\d.]+ m?s/g, "").replaceAll("cachepy: ", "")
      .trim();
    return status === "ok" ? said : `${status} ${said}`;
  });
}

const SETUP = `import { cacheFile } from "@bimsb/cachepy";
const cached = cacheFile("./cache", { verbose: true });`;

const NOTEBOOK = [
  SETUP,
  `let RATE = 4; const options = { offset: 1 };`,
  `function scale(x: number): number { return x * RATE; }`,
  `const load = cached(async function load(path: string): Promise<number[]> {
  const text = await Deno.readTextFile(path);
  return text.trim().split("\\n").map(Number);
});
const total = cached(function total(values: number[]): number {
  return values.map(scale).reduce((a, b) => a + b, options.offset);
});
const describe = cached(async (value: number) => (await Promise.resolve("total ")) + value);`,
  `const values = await load("data.txt")`,
  `await total(values)`,
  `await Promise.all([describe(1), describe(2), total([1])])`,
  `[(await total.why(values)).outcome, await total.has([1]), (await total.key([1])).length]`,
];

/** What its cells come to, and the functions that they call, in any order. */
const ANSWERS: [value: string, calls: string[]][] = [
  ["", []],
  ["", []],
  ["", []],
  ["", []],
  ["", ["load"]],
  ["25", ["total"]],
  ['[ "total 1", "total 2", 5 ]', ["describe", "describe", "total"]],
  ['[ "hit", true, 64 ]', []],
];

testNotebook("a notebook that is run again hits, in one kernel and after a restart", async (python) => {
  await using project = await Project.create({ "data.txt": "1\n2\n3\n" });
  const [first, second] = await runNotebooks(project, python, [[1, 2, 3, 4].flatMap(() => NOTEBOOK), NOTEBOOK]);
  const cells = [...saidBy(first!), ...saidBy(second!)];
  assertEquals(cells.length, 5 * NOTEBOOK.length);
  for (const [index, cell] of cells.entries()) {
    const lines = cell.split("\n");
    const calls = lines.filter((line) => /^\w+: /.test(line));
    const [value, names] = ANSWERS[index % NOTEBOOK.length]!;
    assertEquals(lines.filter((line) => !calls.includes(line)).join("\n"), value);
    assertEquals(calls.map((line) => /^\w+/.exec(line)![0]).sort(), names);
    const isFirst = index < NOTEBOOK.length;
    assertEquals(calls.filter((line) => line.endsWith(": hit") === isFirst), [], `cell ${index}`);
  }
});

testNotebook("what another cell changes counts: variables, functions, classes, files", async (python) => {
  await using project = await Project.create({ "data.txt": "1\n2\n3\n" });
  const steps: [cell: string, says: string][] = [
    [`${SETUP} let RATE = 4; const LIMITS = { low: 0 };`, ""],
    [
      `function helper(x: number) { return x * RATE; } class Line { at(x: number) { return helper(x) + LIMITS.low; } }`,
      "",
    ],
    [`const f = cached(function f(x: number) { return new Line().at(x); })`, ""],
    ["await f(1)", "f: first execution\n4"],
    ["await f(1)", "f: hit\n4"],
    ["RATE = 5", "5"],
    ["await f(1)", "f: miss: RATE @ (eval): 4 → 5\n5"],
    ["RATE = 4", "4"],
    ["await f(1)", "f: hit\n4"],
    ["let RATE = 6", ""],
    ["await f(1)", "f: miss: RATE @ (eval): 5 → 6\n6"],
    ["let RATE = 4", ""],
    ["await f(1)", "f: hit\n4"],
    ["LIMITS.low = 10", "10"],
    ["await f(1)", "f: miss: LIMITS.low @ (eval): 0 → 10\n14"],
    ["LIMITS.low = 0", "0"],
    ["function helper(x: number) { return x * RATE + 1; }", ""],
    ["await f(1)", "f: miss: code changed: helper @ (eval)\n5"],
    ["// Nothing but layout\nfunction helper(y: number) {\n  return y * RATE;\n}", ""],
    ["await f(1)", "f: hit\n4"],
    ["class Line { at(x: number) { return helper(x) - 1; } }", ""],
    ["await f(1)", "f: miss: code changed: Line @ (eval); code removed: LIMITS.low @ (eval)\n3"],
  ];
  const [outcomes] = await runNotebooks(project, python, [steps.map(([cell]) => cell)]);
  assertEquals(saidBy(outcomes!), steps.map(([, says]) => says));
});

testNotebook("calls that go on while other cells are run, errors and timers do not end the kernel", async (python) => {
  await using project = await Project.create({});
  const cells = [
    `${SETUP} let RATE = 2;`,
    `let open; const gate = new Promise((resolve) => open = resolve);
const f = cached(async function f(x: number) { await new Promise((resolve) => setTimeout(resolve, 5)); return x * RATE; });
const waits = cached(async function waits(x: number) { await gate; return await f(x); });`,
    `const later = Promise.all(Array.from({ length: 20 }, (_, index) => f(index))); const waiting = waits(50);`,
    ...Array.from({ length: 10 }, (_, index) => `RATE; f(${index}); f.has(${index}); function other${index}() {}`),
    `f(1); throw new Error("of the cell")`,
    `open()`,
    `await waiting`,
    `(await later).length`,
    `setTimeout(() => f(1), 1); setTimeout(() => f.why(2), 2); await new Promise((resolve) => setTimeout(resolve, 60))`,
    `f(3).then(() => f(4)).then(() => f.key(5)); queueMicrotask(() => f(6)); 1`,
    `RATE`,
  ];
  const [outcomes] = await runNotebooks(project, python, [cells]);
  assertEquals(outcomes!.filter(({ status }) => status === "dead"), []);
  assertEquals(outcomes!.length, cells.length);
  // What calls of other cells say arrives whenever it does.
  const last = (index: number) => outcomes!.at(index)!.text.filter((text) => !text.startsWith("cachepy: ")).at(-1);
  assert(outcomes!.some(({ status, text }) => status === "error" && text.includes("of the cell")));
  assertEquals([last(-5), last(-4), last(-1)], ["100", "20", "2"]);
});
