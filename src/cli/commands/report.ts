/** The command `report`; loaded when it runs. @module */
import { printableJson } from "../../words/printable.ts";
import { type CommandContext, EXIT, UsageError } from "../command.ts";
import { textOption, writeOutput } from "../parse_options.ts";
import { drawGraph, graphData } from "../../manage/draw/plot.ts";
import { allCalls, reportOnCache } from "../../manage/report.ts";

/** File that is written without the option `--output`. */
const DEFAULT_FILE = "cachepy-report.html";

/**
 * Writes the report on a cache as a page, or prints it as JSON.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code: `EXIT.problem` when there is no cache to write a page about.
 */
export async function run({ cacheDir, options, terminal }: CommandContext): Promise<number> {
  const output = textOption(options, "output");
  const isJson = options["json"] === true || /\.json$/i.test(output ?? "");
  if (output !== undefined && !isJson && !/\.html?$/i.test(output)) {
    throw new UsageError(
      `Option --output needs a name that ends in .html, .htm or .json, got ${JSON.stringify(output)}; or give --json`,
    );
  }
  const nodes = await allCalls(cacheDir);
  const report = await reportOnCache(cacheDir);
  if (!isJson && nodes.size === 0 && report.entries === 0 && report.unstored.length === 0) {
    terminal.err(`There is nothing to report on: no call is stored in ${cacheDir}\n`);
    return EXIT.problem;
  }
  const text = isJson
    ? printableJson(JSON.stringify(await graphData(nodes, { cacheDir, report }), null, 2)) + "\n"
    : await drawGraph(nodes, { format: "html", cacheDir, report });
  if (isJson && output === undefined) {
    await terminal.out(text);
    return EXIT.ok;
  }
  const file = output ?? DEFAULT_FILE;
  await writeOutput(file, text);
  terminal.err(`Wrote the report on ${nodes.size} ${nodes.size === 1 ? "call" : "calls"} to ${file}\n`);
  return EXIT.ok;
}
