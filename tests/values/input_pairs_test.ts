/** Two inputs are two calls where reached code can tell them apart, and one where it cannot, wherever they come from. */
import { assert, assertEquals } from "@std/assert";
import { INPUT_PAIRS } from "../support/input_pairs.ts";
import type { InputMode } from "../support/inputs/family.ts";
import { type Finding, findWrongCalls } from "../support/inputs/program.ts";

let found: Promise<Finding[]> | undefined;

/** The findings in lines, of one place of inputs. */
async function findingsOf(mode: Finding["mode"]): Promise<string[]> {
  const all = await (found ??= findWrongCalls(INPUT_PAIRS));
  return all.filter((one) => one.mode === mode).map(({ row, kind, detail }) => `${kind}: ${row}: ${detail}`);
}

Deno.test("the table of inputs has hundreds of pairs, each under a name of its own", () => {
  assert(INPUT_PAIRS.length >= 220, `${INPUT_PAIRS.length} pairs`);
  const alike = INPUT_PAIRS.filter(({ apart }) => !apart).length;
  assert(alike >= 40, `${alike} that are one call`);
  const names = INPUT_PAIRS.map(({ name }) => name);
  assertEquals(names.filter((name, at) => names.indexOf(name) !== at), []);
});

Deno.test("the plain functions tell apart what the table says that they tell apart, and nothing else", async () => {
  assertEquals(await findingsOf("plain"), []);
});

const MODES: Readonly<Record<InputMode, string>> = {
  argument: "arguments of a call",
  receiver: "receivers of a method",
  captured: "captured values, in two processes",
  returned: "results of an inner call",
  thrown: "errors of an inner call",
};

for (const [mode, what] of Object.entries(MODES)) {
  Deno.test(`two that can be told apart are never one, and two that cannot are never two: ${what}`, async () => {
    assertEquals(await findingsOf(mode as InputMode), []);
  });
}
