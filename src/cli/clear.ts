/** The command `clear`. @module */
import { formatSize } from "../options/sizes.ts";
import { cacheClear } from "../report/clear_cache.ts";
import { cacheStats } from "../report/stats.ts";
import type { CommandContext } from "./command.ts";
import { EXIT } from "./command.ts";
import { printJson } from "./print_json.ts";

/**
 * Removes all entries; asks first when a person sits at the terminal.
 *
 * @param context What was asked for.
 * @returns The exit code.
 */
export async function run({ cacheDir, options, terminal }: CommandContext): Promise<number> {
  if (terminal.isInteractive && !options["yes"]) {
    const { entries, sizeBytes } = await cacheStats(cacheDir);
    if (!terminal.confirm(`Remove all ${entries} entries (${formatSize(sizeBytes)}) of ${cacheDir}?`)) {
      terminal.err("Nothing was removed\n");
      return EXIT.problem;
    }
  }
  const { removed, freedBytes } = await cacheClear(cacheDir);
  if (options["json"]) await printJson(terminal, { removed, freedBytes });
  else {
    await terminal.out(`Removed ${removed} ${removed === 1 ? "entry" : "entries"}, freed ${formatSize(freedBytes)}\n`);
  }
  return EXIT.ok;
}
