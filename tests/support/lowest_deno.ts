/**
 * The lowest Deno that the package works with, from npm, where 2.7.1 is the first of 2.7.
 *
 * @module
 */

/** Version that is tried. */
export const LOWEST_DENO = "2.7.1";
/** Version before, which is refused. */
export const TOO_OLD_DENO = "2.6.8";

/** How to get what {@linkcode findDeno} looks for. */
export const LOWEST_DENO_NEEDS = `npx, and npm's deno@${LOWEST_DENO} and deno@${TOO_OLD_DENO}`;

/** Returns the path of a Deno from npm, which is loaded once into npm's cache; `null` when it cannot be got. */
export function findDeno(version: string): string | null {
  const args = ["-y", "-p", `deno@${version}`, "-c", "command -v deno"];
  // Without a network, npm would wait for minutes before it gives up.
  const env = { npm_config_fetch_retries: "0", npm_config_prefer_offline: "true" };
  try {
    const { success, stdout } = new Deno.Command("npx", { args, env, stderr: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}
