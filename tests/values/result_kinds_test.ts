/** A hit gives back what no program can tell from the first result, or nothing was stored and that was said. */
import { assert, assertEquals } from "@std/assert";
import { RESULT_KINDS } from "../support/result_kinds.ts";
import { sampleOf } from "../support/sample.ts";
import { findFlaws, type Flaw } from "../support/results/program.ts";

let found: Promise<Flaw[]> | undefined;

/** The flaws in lines, of results met in one place. */
async function flawsOf(where: Flaw["where"]): Promise<string[]> {
  const all = await (found ??= findFlaws(sampleOf(RESULT_KINDS)));
  return all.filter((one) => one.where === where).map(({ row, kind, detail }) => `${kind}: ${row}: ${detail}`);
}

Deno.test("the table of results has hundreds of kinds, each under a name of its own", () => {
  assert(RESULT_KINDS.length >= 160, `${RESULT_KINDS.length} kinds`);
  const names = RESULT_KINDS.map(({ name }) => name);
  assertEquals(names.filter((name, at) => names.indexOf(name) !== at), []);
});

const PLACES: Readonly<Record<Flaw["where"], string>> = {
  alone: "as the whole result",
  nested: "in a list of rows",
  outer: "through an outer cached function",
};

for (const [where, what] of Object.entries(PLACES)) {
  Deno.test(`each kind comes back or is named, on a miss and on a hit in another process: ${what}`, async () => {
    assertEquals(await flawsOf(where as Flaw["where"]), []);
  });
}
