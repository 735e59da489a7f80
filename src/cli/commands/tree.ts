/** The command `tree`; loaded when it runs. @module */
import { type CacheNode, cacheTreeForFile, cacheTreeNodes } from "../../manage/graph/nodes.ts";
import { formatTree, stringifyGraph } from "../../manage/graph/export.ts";
import { toPortable } from "../../options/project.ts";
import { drawGraph, formatOfPath, type PlotFormat } from "../../manage/draw/plot.ts";
import { type CommandContext, EXIT, UsageError } from "../command.ts";
import { printableJson } from "../../words/printable.ts";
import { textOption, wordOption, writeOutput } from "../parse_options.ts";

/**
 * Prints the graph, or draws it.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code.
 */
export async function run({ cacheDir, options, terminal }: CommandContext): Promise<number> {
  const output = textOption(options, "output");
  const named = wordOption(options, "format", ["text", "json", "dot", "svg", "html"]);
  const format = named ?? (options["json"] ? "json" : formatOfOutput(output));
  const all = await cacheTreeNodes(cacheDir);
  const nodes = await selectNodes(all, cacheDir, textOption(options, "file"), textOption(options, "fname"));
  const text = format === "text"
    ? await formatTree(nodes, toPortable, all)
    : await formatGraph(nodes, format, cacheDir);
  if (output === undefined) await terminal.out(text);
  else {
    await writeOutput(output, text);
    terminal.err(`Wrote ${nodes.size} ${nodes.size === 1 ? "call" : "calls"} to ${output}\n`);
  }
  return EXIT.ok;
}

async function formatGraph(
  nodes: ReadonlyMap<string, CacheNode>,
  format: "json" | "dot" | "svg" | "html",
  cacheDir: string,
): Promise<string> {
  switch (format) {
    case "json":
      return printableJson(await stringifyGraph(nodes.values())) + "\n";
    case "dot":
    case "svg":
    case "html":
      return await drawGraph(nodes, { format, cacheDir });
    default: {
      const unknown: never = format;
      return unknown;
    }
  }
}

/** Returns the calls that the options choose, and their callers up to the roots; all calls when no option chooses. */
async function selectNodes(
  all: Map<string, CacheNode>,
  cacheDir: string,
  file: string | undefined,
  fname: string | undefined,
): Promise<Map<string, CacheNode>> {
  if (file === undefined && fname === undefined) return all;
  let chosen = [...all.values()];
  if (file !== undefined) {
    const dependent = await cacheTreeForFile(file, cacheDir);
    chosen = chosen.filter(({ id }) => dependent.has(id));
  }
  if (fname !== undefined) chosen = chosen.filter((node) => node.fname === fname);
  const kept = new Set(chosen.map(({ id }) => id));
  // A loop over a set also visits the members that are added meanwhile: each call once, its callers after the call.
  for (const id of kept) for (const parent of all.get(id)?.parents ?? []) kept.add(parent);
  return new Map([...all].filter(([id]) => kept.has(id)));
}

/** @throws {UsageError} For an extension of a format that is not written: the file would not be what its name says. */
function formatOfOutput(output: string | undefined): PlotFormat | "json" | "text" {
  if (output === undefined) return "text";
  const drawn = formatOfPath(output);
  if (drawn !== null) return drawn;
  switch (/\.[^./\\]+$/.exec(output)?.[0].toLowerCase()) {
    case ".json":
      return "json";
    case ".txt":
    case undefined:
      return "text";
    default:
      throw new UsageError(
        `Option --output needs a name that ends in .json, .dot, .gv, .svg, .html, .htm or .txt, got ${
          JSON.stringify(output)
        }; or name the format by --format`,
      );
  }
}
