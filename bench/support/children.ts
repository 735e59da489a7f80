/**
 * Deno processes that a bench starts.
 *
 * @module
 */
const ROOT = new URL("../../", import.meta.url);

/**
 * Runs a script to its end.
 *
 * @param script Relative to the project root.
 * @param args Its arguments.
 * @returns What it wrote to its standard output.
 * @throws {Error} When it fails, with what it wrote to standard error.
 */
export async function runScript(script: string, args: readonly string[] = []): Promise<string> {
  const { success, stdout, stderr } = await command(script, args, "null").output();
  if (!success) throw new Error(`${script} failed:\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/**
 * Starts a script that waits for a line on its standard input.
 *
 * @param script Relative to the project root.
 * @param args Its arguments.
 * @returns The running process, its streams piped.
 */
export function startScript(script: string, args: readonly string[] = []): Deno.ChildProcess {
  return command(script, args, "piped").spawn();
}

function command(script: string, args: readonly string[], stdin: "piped" | "null"): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL(script, ROOT).pathname, ...args],
    cwd: ROOT,
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}
