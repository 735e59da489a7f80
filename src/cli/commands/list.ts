/** The command `list`; loaded when it runs. @module */
import { formatDuration, formatSize } from "../../words/quantities.ts";
import { formatAge } from "../text/durations.ts";
import { formatTable } from "../text/table.ts";
import { cacheList, type ListedEntry } from "../../manage/list.ts";
import { type CommandContext, EXIT, printJson } from "../command.ts";
import { countOption, textOption, wordOption } from "../parse_options.ts";

/** Orders of entries by the value of `--sort`: the newest, largest or slowest first, names in alphabetical order. */
const ORDERS = {
  created: (a: ListedEntry, b: ListedEntry) => b.created.getTime() - a.created.getTime(),
  used: (a: ListedEntry, b: ListedEntry) => b.lastUsed.getTime() - a.lastUsed.getTime(),
  size: (a: ListedEntry, b: ListedEntry) => b.sizeBytes - a.sizeBytes,
  compute: (a: ListedEntry, b: ListedEntry) => b.computeMs - a.computeMs,
  fname: (a: ListedEntry, b: ListedEntry) => a.fname < b.fname ? -1 : a.fname > b.fname ? 1 : 0,
};

/**
 * Prints the entries of a cache.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code.
 */
export async function run({ cacheDir, options, terminal, nowMs }: CommandContext): Promise<number> {
  const fname = textOption(options, "fname");
  const limit = countOption(options, "limit") ?? Infinity;
  const order = wordOption(options, "sort", ["created", "used", "size", "compute", "fname"]) ?? "created";
  const all = await cacheList(cacheDir, fname === undefined ? {} : { fname });
  all.sort(ORDERS[order]);
  if (options["reverse"]) all.reverse();
  const entries = all.slice(0, limit);
  if (options["json"]) {
    await printJson(terminal, entries);
    return EXIT.ok;
  }
  if (all.length === 0) {
    if (fname === undefined) terminal.err(`No entries in ${cacheDir}\n`);
    return EXIT.ok;
  }
  const rows = entries.map((entry) => [
    entry.key.slice(0, 12),
    entry.fname,
    formatSize(entry.sizeBytes),
    formatDuration(entry.computeMs),
    formatAge(entry.created.getTime(), nowMs),
    formatAge(entry.lastUsed.getTime(), nowMs),
  ]);
  await terminal.out(formatTable(COLUMNS, rows, terminal.style));
  if (entries.length < all.length) terminal.err(`${entries.length} of ${all.length} entries\n`);
  return EXIT.ok;
}

const COLUMNS = [
  { title: "KEY" },
  { title: "FUNCTION", most: 48 },
  { title: "SIZE", align: "right" },
  { title: "COMPUTE", align: "right" },
  { title: "CREATED", align: "right" },
  { title: "LAST USED", align: "right" },
] as const;
