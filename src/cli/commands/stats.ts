/** The command `stats`; a file of its own, so that the help and other commands need not load it. @module */
import { formatDuration, formatSize } from "../../words/quantities.ts";
import { formatAge } from "../text/durations.ts";
import { formatPairs, formatTable } from "../text/table.ts";
import { cacheStats } from "../../manage/list.ts";
import { printable } from "../../words/printable.ts";
import { type CommandContext, EXIT, printJson } from "../command.ts";
import { textOption } from "../parse_options.ts";

/**
 * Prints the statistics of a cache.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code.
 */
export async function run({ cacheDir, options, terminal, nowMs }: CommandContext): Promise<number> {
  const fname = textOption(options, "fname");
  const stats = await cacheStats(cacheDir, fname === undefined ? {} : { fname });
  if (options["json"]) {
    await printJson(terminal, { cacheDir, ...stats });
    return EXIT.ok;
  }
  const hits = stats.byFunction.reduce((sum, { hits }) => sum + hits, 0);
  const savedMs = stats.byFunction.reduce((sum, { savedMs }) => sum + savedMs, 0);
  await terminal.out(formatPairs([
    ["cache", cacheDir],
    ["entries", String(stats.entries)],
    ["size", formatSize(stats.sizeBytes)],
    ["hits", String(hits)],
    ["time saved", formatDuration(savedMs)],
    ["oldest", stats.oldest ? formatAge(stats.oldest.getTime(), nowMs) : "-"],
    ["newest", stats.newest ? formatAge(stats.newest.getTime(), nowMs) : "-"],
  ], terminal.style));
  for (const { fname, calls, detail } of stats.unstored ?? []) {
    const line = `not stored: ${calls} ${calls === 1 ? "call" : "calls"} of ${fname}: ${detail}`;
    await terminal.out(`${printable(line)}\n`);
  }
  if (stats.entries === 0) return EXIT.ok;
  const rows = stats.byFunction.map((sums) => [
    sums.fname,
    String(sums.entries),
    formatSize(sums.sizeBytes),
    String(sums.hits),
    formatDuration(sums.computeMs),
    formatDuration(sums.savedMs),
  ]);
  await terminal.out("\n" + formatTable(COLUMNS, rows, terminal.style));
  return EXIT.ok;
}

const COLUMNS = [
  { title: "FUNCTION", most: 48 },
  { title: "ENTRIES", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "HITS", align: "right" },
  { title: "COMPUTED", align: "right" },
  { title: "SAVED", align: "right" },
] as const;
