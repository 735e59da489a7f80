/** Which cache, and which project its relative paths belong to. @module */
import { findProjectRoot, setProjectRoot, toAbsolute } from "../project.ts";
import { cacheDefaultDir } from "../report/default_dir.ts";

/**
 * Settles the cache directory, and tells `project.ts` which project the recorded paths are relative to.
 *
 * A program that caches finds its project from its main module; here the main module is this command line, so the root
 * is the nearest project folder above the working directory or above the cache, whichever lies deeper; when neither
 * contains the other, the one above the cache.
 *
 * @param cacheDir What `--cache-dir` says.
 * @param root What `--root` says.
 * @returns The cache directory, as it was given.
 */
export function chooseFolders(cacheDir: string | undefined, root: string | undefined): string {
  const chosen = cacheDir ?? cacheDefaultDir();
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
