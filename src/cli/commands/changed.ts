/** The command `changed`; a file of its own, so that the help and other commands need not load it. @module */
import { formatTable } from "../text/table.ts";
import { describeReasons } from "../../reasons/describe_reasons.ts";
import { type StaleEntry, staleNow } from "../../manage/stale_now.ts";
import { withCache } from "../../manage/with_cache.ts";
import { type CommandContext, EXIT, printJson } from "../command.ts";
import { textOption } from "../parse_options.ts";

/**
 * Prints the entries that are stale.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code: `EXIT.problem` when an entry is stale.
 */
export async function run({ cacheDir, options, terminal }: CommandContext): Promise<number> {
  const fname = textOption(options, "fname");
  const all = options["all"] === true;
  const filter = { all, ...(fname === undefined ? {} : { fname }) };
  const nothing: StaleEntry[] = [];
  const stale = await withCache(cacheDir, "read", (cache) => Array.fromAsync(staleNow(cache, filter)), nothing);
  if (options["json"]) {
    await printJson(
      terminal,
      stale.map(({ record: { key, fname, functionId }, reasons }) => ({
        key,
        fname,
        functionId,
        reasons,
        summary: describeReasons(reasons),
      })),
    );
  } else if (stale.length === 0) {
    terminal.err("No entry is stale\n");
  } else {
    const rows = stale.map(({ record, reasons }) => [record.key.slice(0, 12), record.fname, describeReasons(reasons)]);
    await terminal.out(formatTable(COLUMNS, rows, terminal.style));
  }
  return stale.length === 0 ? EXIT.ok : EXIT.problem;
}

const COLUMNS = [{ title: "KEY" }, { title: "FUNCTION", most: 48 }, { title: "BECAUSE" }] as const;
