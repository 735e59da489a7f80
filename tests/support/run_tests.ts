/**
 * Runs `deno test` with the arguments given, and says at the end what was left out and how to get it: nothing is left out
 * silently. The exit code is that of the tests.
 *
 * @module
 */
import { findPython, NOTEBOOK_NEEDS } from "./notebook.ts";

const { code } = await new Deno.Command(Deno.execPath(), { args: ["test", ...Deno.args] }).spawn().status;
// deno-lint-ignore no-console
if (findPython() === null) console.error(`left out: the notebook tests; they need ${NOTEBOOK_NEEDS}`);
Deno.exit(code);
