/**
 * Opens a cache for one task.
 *
 * @module
 */
import { warnOnce } from "../words/announce.ts";
import { cacheDirInForce } from "../options/config.ts";
import type { Cache } from "../store/cache_dir.ts";
import { findLink, layoutOf, requireAccess } from "../store/layout.ts";
import { requireDeno } from "../words/program.ts";
import { CacheError, messageOf } from "../words/errors.ts";
import { toAbsolute } from "../options/project.ts";

/** Kind of access that a task needs. */
export type Access =
  /** Read, through the handle that calls in this program use too, so that a program sees its own latest hits. */
  | "read"
  /** Read and change nothing on disk: not even a damaged database is moved aside. */
  | "inspect"
  /** Write to a cache that exists. */
  | "write"
  /** Write, and make the cache when there is none. */
  | "create";

/**
 * Runs `task` on a cache. When there is no cache and `access` is not `create`, returns `otherwise` and makes nothing.
 *
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @param access Kind of access that the task needs.
 * @param task Function that does the task.
 * @param otherwise Value to return when there is no cache.
 * @returns The value that `task` returns, or `otherwise`.
 * @throws {CacheError} `ERR_CACHE_DIR` when a link is in the cache, when it is another host's, or when it is to be changed
 * and cannot be written to, `ERR_PERMISSION` with the flags that are missing, `ERR_DENO_VERSION`, and the errors of `openCache`.
 */
export async function withCache<Answer>(
  cacheDir: string | URL | undefined,
  access: Access,
  task: (cache: Cache) => Promise<Answer>,
  otherwise: Answer,
): Promise<Answer> {
  requireDeno();
  const dir = await cacheDirInForce(cacheDir);
  requireAccess(dir);
  const isWriting = access === "write" || access === "create";
  const refused = findLink(layoutOf(dir), isWriting);
  if (refused !== null) throw refused;
  if (access !== "create" && !isCache(dir)) return otherwise;
  // The store is loaded when a cache is opened, not when this package is imported.
  const { openCache } = await import("../store/cache_dir.ts");
  const cache = await openCache(dir, access === "inspect" ? { readOnly: true, isLive: true } : {});
  const foreign = cache.refused ?? findLink(cache.layout, isWriting);
  if (foreign !== null) throw foreign;
  if (isWriting && cache.readOnly) throw notWritable(dir);
  const stopListening = cache.onReport(({ detail }) => void warnOnce(detail));
  const release = cache.use();
  try {
    return await task(cache);
  } finally {
    release();
    stopListening();
  }
}

function notWritable(dir: string): CacheError {
  return new CacheError(
    "ERR_CACHE_DIR",
    `Cannot change the cache ${dir}: this program may not write there, or the disk is full; run it as the owner of the ` +
      "folder, or make room",
    { path: dir },
  );
}

/**
 * Writes a graph or a picture of a cache to a file.
 *
 * @param path The file; relative to the working directory.
 * @param text Its text.
 * @returns The absolute path.
 * @throws {CacheError} `ERR_FILE` when it cannot be written.
 */
export async function writeGraphFile(path: string | URL, text: string): Promise<string> {
  const file = toAbsolute(path);
  try {
    await Deno.writeTextFile(file, text);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const message = `Cannot write ${file}: ${messageOf(cause)}; name a file in a folder that is there`;
    throw new CacheError("ERR_FILE", message, { path: file, cause });
  }
  return file;
}

function isCache(dir: string): boolean {
  try {
    return Deno.statSync(`${dir}/v1`).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
