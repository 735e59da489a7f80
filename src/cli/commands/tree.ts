/** The command `tree`; loaded when it runs. @module */
import { type CacheNode, cacheTreeForFile, cacheTreeNodes } from "../../manage/graph/nodes.ts";
import { formatTree, stringifyGraph } from "../../manage/graph/export.ts";
import { toPortable } from "../../options/project.ts";
import { drawGraph, formatOfPath, nodeStates } from "../../manage/draw/plot.ts";
import { type CommandContext, EXIT } from "../command.ts";
import { printableJson } from "../../words/printable.ts";
import { textOption, wordOption } from "../parse_options.ts";

/**
 * Prints the graph, or draws it.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code.
 */
export async function run({ cacheDir, options, terminal }: CommandContext): Promise<number> {
  const output = textOption(options, "output");
  const named = wordOption(options, "format", ["text", "json", "dot", "svg", "html"]);
  const format = named ?? (options["json"] ? "json" : formatOfPath(output) ?? extensionFormat(output) ?? "text");
  const all = await cacheTreeNodes(cacheDir);
  const nodes = await selectNodes(all, cacheDir, textOption(options, "file"), textOption(options, "fname"));
  const text = format === "text"
    ? await formatTree(nodes, toPortable, all)
    : await formatGraph(nodes, format, cacheDir);
  if (output === undefined) await terminal.out(text);
  else {
    await Deno.writeTextFile(output, text);
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
      return await drawGraph(nodes, { format, states: await nodeStates(nodes, cacheDir) });
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

function extensionFormat(output: string | undefined): "json" | "text" | null {
  if (output === undefined) return null;
  return /\.json$/i.test(output) ? "json" : /\.txt$/i.test(output) ? "text" : null;
}
