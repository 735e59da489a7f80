/**
 * The command line: finds the command, passes the options to it, and turns errors into exit codes.
 *
 * @module
 */
import { wallMs } from "../words/clock.ts";
import { commandHelp, COMMANDS, programHelp } from "./catalog.ts";
import { COMMON_OPTIONS, EXIT, showBusy, UsageError } from "./command.ts";
import { openTerminal, type Terminal } from "./text/terminal.ts";
import { CacheError, CacheTypeError, describeError } from "../words/errors.ts";
import { printable } from "../words/printable.ts";

/** Options that may stand before the command. */
const PROGRAM_OPTIONS = [...COMMON_OPTIONS, { name: "version", short: "V", help: "print the version" }];

/**
 * Runs the command line.
 *
 * @param args The arguments, without the program's name.
 * @returns The exit code, one of {@linkcode EXIT}.
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
  // The help is asked for most, and needs none of the modules that are loaded below.
  if (args.length === 0 || args[0] === "help" && args.length === 1 || isHelp(args[0])) {
    const help = programHelp(COMMANDS);
    if (args.length > 0) await terminal.out(help);
    else terminal.err(help);
    return args.length > 0 ? EXIT.ok : EXIT.usage;
  }
  const { chooseFolders, folderKind, parseOptions, textOption, version } = await import("./parse_options.ts");
  const before = parseOptions(args, PROGRAM_OPTIONS, { stopEarly: true });
  if (before.options["version"]) {
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
  const context = { commands: COMMANDS, arguments: own.arguments, options, terminal, nowMs: wallMs() };
  if (command.isAlone) return await (await command.load()).run({ ...context, cacheDir: "" });
  const { askForAccess } = await import("./access.ts");
  await askForAccess(terminal);
  const cacheDir = await chooseFolders(textOption(options, "cache-dir"), textOption(options, "root"));
  const isAbsent = options["cache-dir"] === undefined && folderKind(cacheDir) === "absent";
  const fname = textOption(options, "fname");
  const note = fname === undefined ? null : await (await import("./unknown_name.ts")).noteOfUnknown(cacheDir, fname);
  const { run } = await command.load();
  const busy = showBusy(terminal, `cachepy ${command.name}`);
  try {
    const exitCode = await run({ ...context, cacheDir, terminal: busy.terminal });
    // After the command, which may find a usage error, or say itself that there is none.
    if (isAbsent && exitCode === EXIT.ok) terminal.err(`note: there is no cache at ${printable(cacheDir)} yet\n`);
    else if (note !== null) terminal.err(`note: ${note}\n`);
    return exitCode;
  } finally {
    busy.end();
  }
}

async function unknownCommand(name: string): Promise<UsageError> {
  const { nearestWord } = await import("../options/check_options.ts");
  const nearest = nearestWord(name, COMMANDS.map((command) => command.name));
  const hint = nearest === null ? "see --help" : `did you mean ${nearest}?`;
  return new UsageError(`Unknown command ${JSON.stringify(name)}; ${hint}`);
}

function isHelp(arg: string | undefined): boolean {
  return arg === "--help" || arg === "-h";
}

/** Message and exit code for an error. */
interface Failure {
  readonly message: string;
  readonly exitCode: number;
}

/**
 * Describes an error to the person at the command line.
 *
 * @param error The thrown value.
 * @returns A message of one or two lines, and the exit code.
 */
function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return { message: printable(error.message), exitCode: EXIT.usage };
  if (error instanceof Deno.errors.NotCapable) return describeMissingPermission(error);
  if (error instanceof CacheError) {
    if (error.code === "ERR_UNSTABLE_KV") return { message: WITHOUT_KV, exitCode: EXIT.usage };
    const isUsage = error.code === "ERR_PERMISSION" || error.code === "ERR_CACHE_DIR";
    return { message: printable(error.message), exitCode: isUsage ? EXIT.usage : EXIT.problem };
  }
  if (error instanceof CacheTypeError && error.code === "ERR_CONFIG") {
    return { message: printable(error.message), exitCode: EXIT.usage };
  }
  return { message: printable(describeError(error)), exitCode: EXIT.problem };
}

const WITHOUT_KV = `Cannot open the cache: Deno.openKv is not there, since --unstable-kv was not given
Run: deno run -A --unstable-kv jsr:@bimsb/cachepy/cli COMMAND
or install with that flag: deno install -gA --unstable-kv -n cachepy jsr:@bimsb/cachepy/cli
or add "unstable": ["kv"] to deno.json`;

/** Takes the access from Deno's message: `Requires env access to "HOME", run again with the --allow-env flag`. */
function describeMissingPermission(error: Error): Failure {
  const what = /Requires (.*?), run again/.exec(error.message)?.[1] ?? error.message;
  return {
    message: `Cannot go on without ${printable(what)}; run again with --allow-read --allow-write --allow-env, ` +
      "or with -P where deno.json grants them, as that of cachepy does",
    exitCode: EXIT.usage,
  };
}
