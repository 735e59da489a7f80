/**
 * Where the cache is when nobody says.
 *
 * @module
 */

/**
 * The cache directory that is used where none is given: the value of `CACHEPY_DIR`, else `./.cachepy`.
 *
 * Without permission to read that variable (`--allow-env=CACHEPY_DIR`) it counts as not set; no question is asked.
 *
 * @returns A path, as it is written: relative to the working directory when it does not begin at a root.
 *
 * @example
 * ```ts
 * import { cacheDefaultDir } from "./default_dir.ts";
 *
 * console.log(cacheDefaultDir()); // ./.cachepy
 * ```
 */
export function cacheDefaultDir(): string {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "CACHEPY_DIR" });
  return (state === "granted" && Deno.env.get("CACHEPY_DIR")) || "./.cachepy";
}
