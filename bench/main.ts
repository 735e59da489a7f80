/**
 * Measures ours beside its peers and the floor, and prints one table: `deno task bench`.
 *
 * ```
 * deno task bench [--quick] [--large] [--json] [PATH …]
 * ```
 *
 * `--quick` measures small sizes in a few rounds, `--large` 1,000,000 entries, 1 GiB and 1,000,000 rows; `PATH` is the name
 * of a file in `bench/paths`. The exit code is 1 when a path cannot be measured, not when a target is missed.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { createStyle } from "../src/cli/text/terminal.ts";
import { PATHS } from "./run_path.ts";
import { runScript } from "./support/children.ts";
import type { Figure } from "./support/figures.ts";
import { describeMachine } from "./support/machine.ts";
import { formatFigures, formatMachine } from "./support/report.ts";
import { createWorkspace } from "./support/workspace.ts";

const args = parseArgs(Deno.args, { boolean: ["quick", "large", "json"] });
const names = args._.length > 0 ? args._.map(String) : Object.keys(PATHS);
const unknown = names.filter((name) => !Object.hasOwn(PATHS, name));
if (unknown.length > 0) {
  writeError(`There is no path ${unknown.join(", ")}; there are ${Object.keys(PATHS).join(", ")}\n`);
  Deno.exit(2);
}

const flags = ["quick", "large"].filter((flag) => args[flag]).map((flag) => `--${flag}`);
const machine = describeMachine();
const figures: Figure[] = [];
const failures: { path: string; error: string }[] = [];
const startedMs = performance.now();
using workspace = createWorkspace();
Deno.env.set("TMPDIR", workspace.dir); // the processes below work in it, so that nothing stays behind, even of one that fails
for (const [index, name] of names.entries()) {
  if (Deno.stderr.isTerminal()) writeError(`\r\x1b[K${index + 1} of ${names.length}: ${name}`);
  try {
    figures.push(...JSON.parse(await runScript("bench/run_path.ts", [name, ...flags])));
  } catch (error) {
    failures.push({ path: name, error: (error as Error).message });
  }
}
if (Deno.stderr.isTerminal()) writeError("\r\x1b[K");

const seconds = (performance.now() - startedMs) / 1_000;
const style = createStyle(Deno.stdout.isTerminal() && !Deno.noColor);
const text = args.json
  ? JSON.stringify({ machine, seconds, figures, failures }, null, 2) + "\n"
  : formatMachine(machine, seconds, style) + "\n" + formatFigures(figures, style);
await new Blob([text]).stream().pipeTo(Deno.stdout.writable, { preventClose: true });
for (const { path, error } of failures) writeError(`${path}: ${error}\n`);
Deno.exitCode = failures.length > 0 ? 1 : 0;

function writeError(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(line));
}
