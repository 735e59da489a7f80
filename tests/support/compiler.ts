/**
 * The C compiler of the machine, for tests that stand in for an operating system that refuses something.
 *
 * @module
 */

/** Way to get what {@linkcode findCompiler} looks for. */
export const COMPILER_NEEDS = "a C compiler on Linux: apt-get install gcc libc6-dev";

/** Returns the command of the C compiler; `null` where there is none, or where libraries cannot be loaded before others. */
export function findCompiler(): string | null {
  if (Deno.build.os !== "linux") return null;
  for (const command of ["cc", "gcc", "clang"]) {
    try {
      if (new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success) {
        return command;
      }
    } catch {
      // There is none of this name.
    }
  }
  return null;
}
