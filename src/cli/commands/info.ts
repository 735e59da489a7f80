/** The command `info`; loaded when it runs. @module */
import { formatDuration, formatSize } from "../../words/quantities.ts";
import { formatAge } from "../text/durations.ts";
import { checkKey, type CommandContext, EXIT, isKeyLike, printJson, toJsonValue } from "../command.ts";
import { formatPairs, formatTable } from "../text/table.ts";
import { cacheList } from "../../manage/list.ts";
import { cacheInfo, type EntryMeta } from "../../manage/info.ts";
import { printable } from "../../words/printable.ts";
import { describeUnknown } from "../unknown_name.ts";
import { countOption } from "../parse_options.ts";
import type { Terminal } from "../text/terminal.ts";

/**
 * Prints one entry with its value.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code: `EXIT.problem` when no entry is named.
 */
export async function run(context: CommandContext): Promise<number> {
  const { cacheDir, options, terminal, nowMs } = context;
  const depth = countOption(options, "depth") ?? 4;
  const key = await keyNamed(context);
  if (key === null) {
    terminal.err(await describeUnknown(cacheDir, context.arguments[0]!));
    return EXIT.problem;
  }
  const { value, meta } = await cacheInfo(cacheDir, key);
  if (options["json"]) {
    await printJson(terminal, { value: toJsonValue(value), meta });
    return EXIT.ok;
  }
  const ago = (date: Date) => `${date.toISOString()} (${formatAge(date.getTime(), nowMs)})`;
  await terminal.out(formatPairs([
    ["key", meta.key],
    ["function", meta.functionId],
    ["created", ago(meta.created)],
    ["last used", ago(meta.lastUsed)],
    ["hits", String(meta.hits)],
    ["size", formatSize(meta.sizeBytes)],
    ["compute time", formatDuration(meta.computeMs)],
    ["executions", String(meta.traces.length)],
    ["fingerprint", meta.fingerprint],
  ], terminal.style));
  await printSections(terminal, meta);
  const shown = Deno.inspect(value, { depth, colors: false, iterableLimit: 20, strAbbreviateSize: 400 });
  await terminal.out(heading(terminal, "value") + shown.split("\n").map(printable).join("\n") + "\n");
  return EXIT.ok;
}

/** Returns the key that the argument is, or that of the newest entry of the function that it names; `null`: neither. */
async function keyNamed({ cacheDir, terminal, arguments: [wanted = ""] }: CommandContext): Promise<string | null> {
  const ofFunction = await cacheList(cacheDir, { fname: wanted });
  if (ofFunction.length === 0) return isKeyLike(wanted.toLowerCase()) ? checkKey(wanted) : null;
  const others = ofFunction.length - 1;
  if (others > 0) {
    const entries = others === 1 ? "1 older entry" : `${others} older entries`;
    terminal.err(`note: ${printable(wanted)} has ${entries}, which the command list names\n`);
  }
  return ofFunction[0]!.key;
}

async function printSections(terminal: Terminal, meta: EntryMeta): Promise<void> {
  const sections: [string, (readonly string[])[]][] = [
    ["arguments and declared values", meta.values.map(({ path, preview, digest }) => [path, preview ?? short(digest)])],
    ["files", meta.files.map(({ path, digest }) => [path, digest === null ? "absent" : short(digest)])],
    ["environment variables", meta.environment.map((name) => [name])],
    ["packages", meta.packages.map(({ name, version }) => [name, version ?? ""])],
    [
      "code",
      meta.parts.map(({ kind, name, module, preview, digest }) => [
        kind,
        module ? `${name} @ ${module}` : name,
        preview ?? (kind === "value" ? short(digest) : ""),
      ]),
    ],
    ["calls", meta.children.map(({ functionId, key }) => [functionId, key.slice(0, 12)])],
    ["notices", meta.notices.map((notice) => [notice])],
  ];
  for (const [title, rows] of sections) {
    if (rows.length === 0) continue;
    const columns = rows[0]!.map(() => ({ title: "" }));
    // The first line of the table is cut: its heading is empty.
    const table = formatTable(columns, rows, terminal.style).split("\n").slice(1).join("\n");
    await terminal.out(heading(terminal, title) + table);
  }
}

function heading(terminal: Terminal, title: string): string {
  return `\n${terminal.style.bold(title)}\n`;
}

function short(digest: string | null): string {
  return digest === null ? "not set" : digest.slice(0, 12);
}
