/** The command `files`; a file of its own, so that the help and other commands need not load it. @module */
import { graphToJson } from "../../manage/graph/export.ts";
import { cacheTreeFiles, cacheTreeForFile, keyOfNode } from "../../manage/graph/nodes.ts";
import { toPortable } from "../../options/project.ts";
import { formatAge } from "../text/durations.ts";
import { formatTable } from "../text/table.ts";
import { printable } from "../../words/printable.ts";
import { type CommandContext, EXIT, printJson } from "../command.ts";

/**
 * Prints the files that entries depend on, or the calls that depend on one file.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code: `EXIT.problem` when no call depends on the file.
 */
export async function run(context: CommandContext): Promise<number> {
  const { cacheDir, options, terminal, nowMs } = context;
  const path = context.arguments[0];
  if (path === undefined) {
    const files = await cacheTreeFiles(cacheDir);
    if (options["json"]) await printJson(terminal, files);
    else if (files.length === 0) terminal.err(`No call in ${cacheDir} depends on a file\n`);
    else await terminal.out(files.map((file) => `${printable(toPortable(file))}\n`).join(""));
    return EXIT.ok;
  }
  const nodes = [...(await cacheTreeForFile(path, cacheDir)).values()].reverse();
  if (options["json"]) await printJson(terminal, graphToJson(nodes).nodes);
  else if (nodes.length === 0) terminal.err(`No call in ${cacheDir} depends on ${path}\n`);
  else {
    const rows = nodes.map((node) => [
      keyOfNode(node).slice(0, 12),
      node.fname,
      formatAge(node.created.getTime(), nowMs),
    ]);
    await terminal.out(
      formatTable([{ title: "KEY" }, { title: "FUNCTION" }, { title: "CREATED" }], rows, terminal.style),
    );
  }
  return nodes.length === 0 ? EXIT.problem : EXIT.ok;
}
