/**
 * The table of the commands with their texts, and the help. The code of a command is loaded when the command runs.
 *
 * @module
 */
import { type CommandRun, type CommandSpec, COMMON_OPTIONS, type OptionSpec } from "./command.ts";

/** A command with the function that loads its code. */
export interface CommandEntry extends CommandSpec {
  /** True for a command that looks into no cache, whatever is configured. @default {false} */
  readonly isAlone?: boolean;
  /** Loads the code of the command. */
  readonly load: () => Promise<{ readonly run: CommandRun }>;
}

const FNAME: OptionSpec = { name: "fname", value: "NAME", help: "only entries of this function" };

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "stats",
    summary: "Entries, size, hits and time saved, by function",
    usage: "[options]",
    options: [FNAME],
    arguments: [0, 0],
    details: `JSON: { cacheDir, entries, sizeBytes, oldest, newest, byFunction: [{ fname, entries, sizeBytes, hits,
computeMs, savedMs }], unstored?: [{ fname, calls, detail, last }] }; times are ISO 8601 or null.`,
    load: () => import("./commands/stats.ts"),
  },
  {
    name: "list",
    summary: "The entries, newest first",
    usage: "[options]",
    options: [
      FNAME,
      { name: "sort", value: "BY", help: "created (newest first), used, size, compute (largest first) or fname" },
      { name: "reverse", help: "the other way round" },
      { name: "limit", value: "N", help: "at most N entries" },
    ],
    arguments: [0, 0],
    details: "JSON: [{ key, fname, created, lastUsed, sizeBytes, computeMs }]; times are ISO 8601.",
    load: () => import("./commands/list.ts"),
  },
  {
    name: "info",
    summary: "One entry: its value, and everything that it depends on",
    usage: "KEY|FUNCTION [options]",
    options: [{ name: "depth", value: "N", help: "how deep the value is printed (4)" }],
    arguments: [1, 1],
    details: `KEY is a call key or the first six or more characters of one; FUNCTION is the name of a function, for its
newest entry.

JSON: { value, meta }. value is the result as far as JSON can hold it: a Map is { "Map": [[key, value]] }, a Set
{ "Set": [] }, a Date { "Date": "..." }, a bigint { "BigInt": "..." }, a number that is none { "Number": "NaN" },
undefined { "undefined": true }, binary data { "<type>": base64 }. meta is what cacheInfo() returns.
Exit code 1: there is no such entry, or its result is damaged.`,
    load: () => import("./commands/info.ts"),
  },
  {
    name: "why",
    summary: "Why an entry was computed, and whether it would be reused now",
    usage: "KEY|FUNCTION [options]",
    options: [],
    arguments: [1, 1],
    details:
      `KEY is a call key or the first six or more characters of one; FUNCTION is the name of a function, for all of
its entries. "Computed because" compares with the closest entry that was there before, "computed again because" its
newest execution with the one before. "Now" checks files, directories,
environment variables and nested calls, and runs no code: a change of code is seen by the program itself only
(fn.why(...)).

JSON: [{ key, fname, functionId, created, closest, reasons, summary, again: { reasons, summary },
now: { fresh, reasons, summary }, notices }].
Exit code 1: there is no such entry, or one is stale.`,
    load: () => import("./commands/why.ts"),
  },
  {
    name: "diff",
    summary: "What differs between two entries, element by element",
    usage: "KEY KEY [options]",
    options: [],
    arguments: [2, 2],
    details: `KEY is a call key or the first six or more characters of one.

JSON: { before, after, reasons, summary, onlyBefore, onlyAfter, sameResult }; reasons are the differences, onlyBefore
and onlyAfter what only one of the two executions observed. Exit code 1: there is no such entry.`,
    load: () => import("./commands/diff.ts"),
  },
  {
    name: "changed",
    summary: "Entries that are stale now, with their root causes; exit code 1 if there are any",
    usage: "[options]",
    options: [FNAME, { name: "all", help: "also entries that a newer, fresh one with the same arguments replaces" }],
    arguments: [0, 0],
    details:
      `Checks the files, directories, environment variables and nested calls that entries depend on, down to the root
cause, and runs no code. A change of code cannot be seen from here: the program sees it when it calls the function.
A stale nested call may give the same result when it runs again; then what called it stands.

JSON: [{ key, fname, functionId, reasons, summary }].
Exit code 1: at least one entry is stale.`,
    load: () => import("./commands/changed.ts"),
  },
  {
    name: "tree",
    summary: "The graph of calls and files",
    usage: "[options]",
    options: [
      { name: "format", value: "FORMAT", help: "text, json, dot, svg or html (text; else by the name of --output)" },
      { name: "output", short: "o", value: "FILE", help: "write to FILE: .txt, .json, .dot, .gv, .svg, .html or .htm" },
      { name: "file", value: "PATH", help: "only calls that depend on PATH, and what called them" },
      FNAME,
    ],
    arguments: [0, 0],
    details: `An arrow leads from what depends to what it depends on. svg and html are drawn without Graphviz. The page
(html) needs no network; it has a box for each function, which opens to its calls. Of more than 1,000 calls (svg) or
20,000 (html), those that are stale, their callers, the roots and the newest are drawn.

JSON: { format: "cachepy-graph-1", nodes: [{ id, fname, hash, parents, children, files, fileHashes, outfile, created }],
edges: [{ from, to, kind: "call" | "file" }] }.`,
    load: () => import("./commands/tree.ts"),
  },
  {
    name: "report",
    summary: "A page on the whole cache: time saved, what is stale, what is not stored, and the graph",
    usage: "[options]",
    options: [
      { name: "output", short: "o", value: "FILE", help: "write to FILE, .html, .htm or .json (cachepy-report.html)" },
    ],
    arguments: [0, 0],
    details:
      `Writes one HTML file that needs no network. With --json, prints its data, or writes them to FILE. Time saved
counts, for each hit, the time that the function itself had taken, without what the cache does besides. To tell where
caching loses, up to five results of each function are loaded and timed. A change of code is not seen from here.

JSON: { cacheDir, made, counts: { fresh, stale, caller, replaced, missing }, functions: [{ name, module, counts, layer,
place, inner: [[function, calls]], sizeBytes, hits, computeMs, savedMs }], calls: [{ fn, key, state, reason, created,
used, hits, sizeBytes, computeMs, args: [[path, preview]], inner, gone, files }], files, report: { entries, sizeBytes,
hits, savedMs, oldest, newest, functions: [{ fname, entries, sizeBytes, hits, computeMs, savedMs, typicalMs, loadMs,
loses }], unstored: [{ fname, calls, detail, last }] } }; fn, inner and files are indices.
Exit code 1: no call is stored, so there is no page to write.`,
    load: () => import("./commands/report.ts"),
  },
  {
    name: "files",
    summary: "Files that entries depend on, or the calls that depend on a file",
    usage: "[PATH] [options]",
    options: [],
    arguments: [0, 1],
    details: `Without PATH, JSON: ["/absolute/path"]. With PATH, JSON: [{ id, fname, hash, parents, children, files,
fileHashes, outfile, created }]. Exit code 1: no call depends on PATH.`,
    load: () => import("./commands/files.ts"),
  },
  {
    name: "prune",
    summary: "Remove entries that were not used for long, or what is over a size",
    usage: "[options]",
    options: [
      { name: "days-old", value: "N", help: "not used for N days (30; no limit when only --max-size is given)" },
      { name: "max-size", value: "SIZE", help: "then the cheapest to lose until the cache is below SIZE: 500MB, 2GiB" },
      FNAME,
      { name: "dry-run", help: "say what would be removed, and remove nothing" },
    ],
    arguments: [0, 0],
    details: "JSON: { removed, freedBytes, dryRun, left: { files, bytes } }; left is what killed processes left.",
    load: () => import("./commands/prune.ts"),
  },
  {
    name: "clear",
    summary: "Remove all entries, or those of one function",
    usage: "[options]",
    options: [
      FNAME,
      { name: "yes", short: "y", help: "do not ask" },
    ],
    arguments: [0, 0],
    details: `Asks first when a person sits at the terminal; in a script it does not. The cache is empty
when the command says so; it ends once the results are deleted from the disk as well. Interrupted before that, it leaves
the rest to the next program that writes to the cache.

JSON: { removed, freedBytes }. Exit code 1: it was answered no.`,
    load: () => import("./commands/clear.ts"),
  },
  {
    name: "verify",
    summary: "Check every entry, result and link of the graph; exit code 1 if something is wrong",
    usage: "[options]",
    options: [{ name: "repair", help: "mend what can be mended, and remove what cannot" }],
    arguments: [0, 0],
    details: `JSON: { checked, problems: [{ key, kind, detail }], repaired }.
Exit code 1: there are problems that were not repaired.`,
    load: () => import("./commands/verify.ts"),
  },
  {
    name: "completions",
    summary: "Print a script that completes commands and options in a shell",
    usage: "bash|zsh|fish",
    isAlone: true,
    options: [],
    arguments: [1, 1],
    details: `cachepy completions bash > ~/.local/share/bash-completion/completions/cachepy
cachepy completions zsh > ~/.zfunc/_cachepy
cachepy completions fish > ~/.config/fish/completions/cachepy.fish

JSON: there is none.`,
    load: () => import("./commands/completions.ts"),
  },
];

/** Command that starts the program, as the help shows it. */
const PROGRAM = "deno run -A jsr:@bimsb/cachepy/cli";

/**
 * Returns the help of the program.
 *
 * @param commands All commands.
 * @returns Lines with a line feed at the end.
 */
export function programHelp(commands: readonly CommandSpec[]): string {
  return `Looks into a cache of @bimsb/cachepy and keeps it in order.

Usage: ${PROGRAM} COMMAND [options]

Commands:
${columns(commands.map(({ name, summary }) => [name, summary]))}
Options of every command:
${options(COMMON_OPTIONS)}  --version${" ".repeat(14)}print the version

Exit codes: 0 all is well; 1 a problem was found (a damaged or stale entry, an unknown key);
2 the command line is wrong, or a permission or --unstable-kv is missing.

Permissions: --unstable-kv --allow-read --allow-write --allow-env, or -A (which includes all but
--unstable-kv; "unstable": ["kv"] in deno.json stands for that flag). --allow-env is needed for
CACHEPY_DIR and to check environment variables; --allow-write to open the cache's database.

COMMAND --help says more about a command.
`;
}

/**
 * Returns the help of one command.
 *
 * @param command The command.
 * @returns Lines with a line feed at the end.
 */
export function commandHelp(command: CommandSpec): string {
  const usage = command.usage === "" ? command.name : `${command.name} ${command.usage}`;
  return `${command.summary}

Usage: ${PROGRAM} ${usage}

Options:
${options([...command.options, ...COMMON_OPTIONS])}
${command.details}
`;
}

function options(specs: readonly OptionSpec[]): string {
  return columns(specs.map(({ name, value, short, help }) => [
    `${short ? `-${short}, ` : ""}--${name}${value ? ` ${value}` : ""}`,
    help,
  ]));
}

function columns(pairs: readonly (readonly [string, string])[]): string {
  const widest = Math.max(21, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, text]) => `  ${name.padEnd(widest)}  ${text}\n`).join("");
}
