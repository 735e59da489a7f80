/** The tables of docs/results.md are what they say: each example comes back from another process, or is not stored. */
import { assert, assertEquals } from "@std/assert";
import type { ResultKind } from "../support/results/kind.ts";
import { findFlaws } from "../support/results/program.ts";

const TEXT = await Deno.readTextFile(new URL("../../docs/results.md", import.meta.url));

const SETUP = `import vm from "node:vm";
import { Buffer } from "node:buffer";
import { Decimal } from "npm:decimal.js@^10.6.0";
class Point { constructor(x) { this.x = x; } }
class Rows extends Array {}
class Secret { #x; constructor(x) { this.#x = x; } get x() { return this.#x; } }`;

/** The examples of the table with a head, as kinds of results. */
function examplesOf(head: string, kept: ResultKind["kept"]): ResultKind[] {
  const lines = TEXT.slice(TEXT.search(new RegExp(`^\\| ${head} +\\|`, "m"))).split("\n");
  const rows = lines.slice(2, lines.findIndex((line) => !line.startsWith("|")));
  return rows.map((row) => {
    const [name, example] = row.split(/(?<!\\)\|/).slice(1).map((cell) => cell.trim());
    const make = /^`(.*)`$/.exec(example!)?.[1];
    assert(make !== undefined, row);
    return { name: name!, make: `(${make})`, kept, setup: SETUP };
  });
}

Deno.test("each example of a kept kind comes back, and no other is stored", async () => {
  const kept = examplesOf("kept", true), named = examplesOf("returned and not stored", "named");
  assert(kept.length >= 10 && named.length >= 10);
  const flaws = await findFlaws([...kept, ...named]);
  // Where in the example the value is that cannot be kept is no matter of the table.
  assertEquals(flaws.filter(({ kind }) => kind !== "not named"), []);
});
