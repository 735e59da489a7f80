/**
 * The help texts.
 *
 * @module
 */
import type { CommandSpec, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./command.ts";

/** How the program is called in its own texts. */
const PROGRAM = "deno run -A jsr:@bimsb/cachepy/cli";

/**
 * The help of the program.
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
 * The help of one command.
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
