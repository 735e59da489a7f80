/**
 * The command line: finds the command, gives it its options, and turns errors into exit codes.
 *
 * @module
 */
import { COMMANDS } from "./catalog.ts";
import { COMMON_OPTIONS, EXIT, UsageError } from "./command.ts";
import { describeFailure } from "./failures.ts";
import { commandHelp, programHelp } from "./help.ts";
import type { Terminal } from "./terminal.ts";
import { openTerminal } from "./terminal.ts";

/** Options that may stand before the command. */
const PROGRAM_OPTIONS = [...COMMON_OPTIONS, { name: "version", short: "V", help: "print the version" }];

/**
 * Runs the command line.
 *
 * @param args The arguments, without the program's name.
 * @returns The exit code: 0 all is well, 1 a problem was found, 2 the command line is wrong or something is missing.
 */
export async function main(args: readonly string[]): Promise<number> {
  const terminal = openTerminal({ color: !args.includes("--no-color") });
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    const { message, exitCode } = describeFailure(error);
    terminal.err(`${terminal.errStyle.bad("error:")} ${message}\n`);
    return exitCode;
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  // The two questions that are asked most need none of the modules below.
  if (args.length === 0 || args[0] === "help" && args.length === 1 || isHelp(args[0])) {
    const help = programHelp(COMMANDS);
    if (args.length > 0) await terminal.out(help);
    else terminal.err(help);
    return args.length > 0 ? EXIT.ok : EXIT.usage;
  }
  const { parseOptions, textOption } = await import("./parse_options.ts");
  const before = parseOptions(args, PROGRAM_OPTIONS, { stopEarly: true });
  if (before.options["version"]) {
    const { version } = await import("./version.ts");
    await terminal.out(`cachepy ${version} (deno ${Deno.version.deno})\n`);
    return EXIT.ok;
  }
  let [name, ...rest] = before.arguments;
  if (name === "help") [name, rest] = [rest[0], ["--help"]];
  if (name === undefined) {
    await terminal.out(programHelp(COMMANDS));
    return EXIT.ok;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) throw await unknownCommand(name);
  const own = parseOptions(rest, [...command.options, ...COMMON_OPTIONS]);
  const options = { ...before.options, ...own.options };
  if (options["help"]) {
    await terminal.out(commandHelp(command));
    return EXIT.ok;
  }
  const [least, most] = command.arguments;
  if (own.arguments.length < least || own.arguments.length > most) {
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    throw new UsageError(
      `Command ${name} takes ${wanted} ${most === 1 ? "argument" : "arguments"}, got ${own.arguments.length}; ` +
        `usage: ${name} ${command.usage}`,
    );
  }
  const { chooseFolders } = await import("./folders.ts");
  const cacheDir = await chooseFolders(textOption(options, "cache-dir"), textOption(options, "root"));
  const { run } = await command.load();
  return await run({ arguments: own.arguments, options, cacheDir, terminal, nowMs: Date.now() });
}

async function unknownCommand(name: string): Promise<UsageError> {
  const { nearestWord } = await import("../options/spelling.ts");
  const nearest = nearestWord(name, COMMANDS.map((command) => command.name));
  const hint = nearest === null ? "see --help" : `did you mean ${nearest}?`;
  return new UsageError(`Unknown command ${JSON.stringify(name)}; ${hint}`);
}

function isHelp(arg: string | undefined): boolean {
  return arg === "--help" || arg === "-h";
}
