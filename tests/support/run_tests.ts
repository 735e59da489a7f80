/**
 * Runs `deno test` with the arguments given, and says at the end what was left out and how to get it: nothing is left out
 * silently. The exit code is that of the tests.
 *
 * @module
 */
import { findPython, NOTEBOOK_NEEDS } from "./notebook.ts";

async function* readCoverage(): AsyncIterable<Deno.DirEntry> {
  try {
    for await (const entry of Deno.readDir("coverage")) if (entry.name.endsWith(".json")) yield entry;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

const { code } = await new Deno.Command(Deno.execPath(), { args: ["test", ...Deno.args] }).spawn().status;
// A child that is killed while it writes what it covered leaves half a file, which `deno coverage` cannot read.
for await (const { name } of readCoverage()) {
  try {
    JSON.parse(await Deno.readTextFile(`coverage/${name}`));
  } catch {
    await Deno.remove(`coverage/${name}`);
  }
}
// deno-lint-ignore no-console
if (findPython() === null) console.error(`left out: the notebook tests; they need ${NOTEBOOK_NEEDS}`);
Deno.exit(code);
