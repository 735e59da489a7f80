/** The command `clear`; a file of its own, so that the help and other commands need not load it. @module */
import { formatSize } from "../../words/quantities.ts";
import { cacheClear, finishClear } from "../../manage/tasks.ts";
import { cacheStats } from "../../manage/list.ts";
import { textOption } from "../parse_options.ts";
import { type CommandContext, EXIT, printJson } from "../command.ts";

/**
 * Removes all entries, or those of one function; asks first when a person sits at the terminal and did not give `--yes`.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code: `EXIT.problem` when the answer was no.
 */
export async function run({ cacheDir, options, terminal }: CommandContext): Promise<number> {
  const fname = textOption(options, "fname");
  if (terminal.isInteractive && !options["yes"]) {
    const all = await cacheStats(cacheDir);
    const none = { entries: 0, sizeBytes: 0 };
    const { entries, sizeBytes } = fname === undefined
      ? all
      : all.byFunction.find((one) => one.fname === fname) ?? none;
    const whose = fname === undefined ? `of ${cacheDir}` : `of ${fname} in ${cacheDir}`;
    if (!terminal.confirm(`Remove all ${entries} entries (${formatSize(sizeBytes)}) ${whose}?`)) {
      terminal.err("Nothing was removed\n");
      return EXIT.problem;
    }
  }
  const { removed, freedBytes } = await cacheClear(cacheDir, fname === undefined ? {} : { fname });
  if (options["json"]) await printJson(terminal, { removed, freedBytes });
  else {
    await terminal.out(`Removed ${removed} ${removed === 1 ? "entry" : "entries"}, freed ${formatSize(freedBytes)}\n`);
  }
  // The cache is empty by now. When the command ends, the space is free as well; interrupting it here does no harm.
  await finishClear(cacheDir);
  return EXIT.ok;
}
