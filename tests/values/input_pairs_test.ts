/** Two inputs are two calls where reached code can tell them apart, and one where it cannot, wherever they come from. */
import { assert, assertEquals } from "@std/assert";
import { INPUT_PAIRS } from "../support/input_pairs.ts";
import { sampleOf } from "../support/sample.ts";
import type { InputMode } from "../support/inputs/family.ts";
import { NOT_TOLD_APART, TOLD_APART_ANYWAY } from "../support/inputs/known.ts";
import { type Finding, findWrongCalls } from "../support/inputs/program.ts";

const TRIED = sampleOf(INPUT_PAIRS);
/** Those of some names whose pairs are tried. */
const tried = (names: Iterable<string>): string[] => [...names].filter((row) => TRIED.some(({ name }) => name === row));

let found: Promise<Finding[]> | undefined;

function findings(): Promise<Finding[]> {
  return found ??= findWrongCalls(TRIED);
}

/** Names of the pairs of one place that came out in one way, in order. */
async function rowsOf(mode: Finding["mode"], kind: Finding["kind"]): Promise<string[]> {
  return (await findings()).filter((one) => one.mode === mode && one.kind === kind).map(({ row }) => row).sort();
}

Deno.test("the table of inputs has hundreds of pairs, each under a name of its own", () => {
  assert(INPUT_PAIRS.length >= 220, `${INPUT_PAIRS.length} pairs`);
  const alike = INPUT_PAIRS.filter(({ apart }) => !apart).length;
  assert(alike >= 40, `${alike} that are one call`);
  const names = INPUT_PAIRS.map(({ name }) => name);
  assertEquals(names.filter((name, at) => names.indexOf(name) !== at), []);
});

Deno.test("the plain functions tell apart what the table says that they tell apart, and nothing else", async () => {
  assertEquals((await findings()).filter(({ mode, kind }) => mode === "plain" || kind === "failed"), []);
});

const MODES: Readonly<Record<InputMode, string>> = {
  argument: "arguments of a call",
  receiver: "receivers of a method",
  captured: "captured values, in two processes",
  returned: "results of an inner call",
  thrown: "errors of an inner call",
};

for (const [mode, what] of Object.entries(MODES) as [InputMode, string][]) {
  Deno.test(`two that can be told apart are never one, but for the listed limits: ${what}`, async () => {
    assertEquals(await rowsOf(mode, "wrong"), tried(NOT_TOLD_APART[mode]).sort());
  });

  Deno.test(`two that cannot be told apart are never two, but for the listed limits: ${what}`, async () => {
    assertEquals((await rowsOf(mode, "needless")).filter((row) => !TOLD_APART_ANYWAY.has(row)), []);
  });
}

Deno.test("no pair is listed as a limit that is none", async () => {
  const rows = new Set((await findings()).filter(({ kind }) => kind === "needless").map(({ row }) => row));
  assertEquals(tried(TOLD_APART_ANYWAY).filter((row) => !rows.has(row)), []);
});
