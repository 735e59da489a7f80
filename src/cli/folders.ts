/** Which cache, and which project its relative paths belong to. @module */
import { loadDefaultConfig } from "../config.ts";
import { findProjectRoot, setProjectRoot, toAbsolute } from "../project.ts";
import { cacheDefaultDir } from "../project/default_dir.ts";

/**
 * Settles the cache directory, and tells `project.ts` which project the recorded paths are relative to.
 *
 * A program that caches finds its project from its main module; here the main module is this command line, so the root
 * is the nearest project folder above the working directory or above the cache, whichever lies deeper; when neither
 * contains the other, the one above the cache.
 *
 * @param cacheDir What `--cache-dir` says; when nothing, the cache is where a program in this folder would keep it.
 * @param root What `--root` says.
 * @returns The cache directory, as it was given.
 * @throws {CacheTypeError} `ERR_CONFIG` for a mistake in a configuration file, as {@linkcode loadDefaultConfig}.
 */
export async function chooseFolders(cacheDir: string | undefined, root: string | undefined): Promise<string> {
  const chosen = cacheDir ?? String((await loadDefaultConfig(Deno.cwd())).cacheDir ?? cacheDefaultDir());
  setProjectRoot(root === undefined ? findRoot(toAbsolute(chosen)) : toAbsolute(root));
  return chosen;
}

function findRoot(cacheDir: string): string {
  const fromHere = findProjectRoot({ cwd: Deno.cwd() });
  const fromCache = findProjectRoot({ cwd: cacheDir });
  // Without a project above it, the folder itself is the answer: a cache is no project.
  if (fromCache === cacheDir) return fromHere;
  return `${fromHere}/`.startsWith(`${fromCache}/`) ? fromHere : fromCache;
}
