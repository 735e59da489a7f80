/** Errors in words, and the exit code that each means. @module */
import { CacheError, CacheTypeError } from "../errors.ts";
import { printable } from "../report/printable.ts";
import { EXIT, UsageError } from "./command.ts";

/** What to print and how to exit. */
export interface Failure {
  readonly message: string;
  readonly exitCode: number;
}

/**
 * What an error means to the person at the command line.
 *
 * @param error What was thrown.
 * @returns A message of one or two lines, and the exit code.
 */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return { message: printable(error.message), exitCode: EXIT.usage };
  if (error instanceof Deno.errors.NotCapable) return missingPermission(error);
  if (error instanceof CacheError) {
    if (error.code === "ERR_UNSTABLE_KV") return { message: WITHOUT_KV, exitCode: EXIT.usage };
    const isUsage = error.code === "ERR_PERMISSION" || error.code === "ERR_CACHE_DIR";
    return { message: printable(error.message), exitCode: isUsage ? EXIT.usage : EXIT.problem };
  }
  if (error instanceof CacheTypeError && error.code === "ERR_CONFIG") {
    return { message: printable(error.message), exitCode: EXIT.usage };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { message: printable(message), exitCode: EXIT.problem };
}

const WITHOUT_KV = `Cannot open the cache: Deno.openKv is not there, since --unstable-kv was not given
Run: deno run -A --unstable-kv jsr:@bimsb/cachepy/cli COMMAND
or install with that flag: deno install -gA --unstable-kv -n cachepy jsr:@bimsb/cachepy/cli
or add "unstable": ["kv"] to deno.json`;

/** Deno's own message names what was asked for: `Requires env access to "HOME", run again with the --allow-env flag`. */
function missingPermission(error: Error): Failure {
  const flag = /--allow-[a-z]+/.exec(error.message)?.[0] ?? "-A";
  const what = /Requires (.*?), run again/.exec(error.message)?.[1] ?? error.message;
  return {
    message: `Cannot go on without ${printable(what)}; run again with ${flag}, or with ` +
      "--allow-read --allow-write --allow-env for all commands",
    exitCode: EXIT.usage,
  };
}
