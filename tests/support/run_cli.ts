/** Runs the real command line in a process of its own. */
import { coverageOfProgram } from "./cover_less.ts";

const CLI = new URL("../../cli.ts", import.meta.url).pathname;

/** What a run of the command line gave. */
export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Options of {@linkcode runCli}. */
export interface RunCliOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Permission flags; the documented ones when not given. */
  readonly flags?: readonly string[];
  /** Another script instead of the command line. */
  readonly script?: string;
}

/** The flags that the help names. */
export const FLAGS: readonly string[] = ["--unstable-kv", "--allow-read", "--allow-write", "--allow-env"];

/** Runs the command line and waits for its end. Standard input is empty and no terminal. */
export async function runCli(args: readonly string[], options: RunCliOptions = {}): Promise<CliResult> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...options.flags ?? FLAGS, options.script ?? CLI, ...args],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { NO_COLOR: "", CACHEPY_DIR: "", ...coverageOfProgram(), ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** The command of a shell that runs the command line. */
export function cliCommand(args: string): string {
  return `${Deno.execPath()} run --quiet --no-prompt ${FLAGS.join(" ")} ${CLI} ${args}`;
}
