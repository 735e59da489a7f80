/**
 * Opens a cache for one question or task.
 *
 * @module
 */
import { warnOnce } from "../words/announce.ts";
import { toAbsolute } from "../options/project.ts";
import type { Cache } from "../store/cache_dir.ts";
import { findLink, layoutOf, requireAccess } from "../store/layout.ts";

/** What a task does to a cache. */
export type Access =
  /** Reads. A program that uses the cache reads through the same handle, so that it sees its own latest hits. */
  | "read"
  /** Reads without changing anything on disk, a damaged database included. */
  | "inspect"
  /** Writes. */
  | "write"
  /** Writes, and makes the cache when there is none. */
  | "create";

/**
 * Runs `task` on a cache. Where there is none, `otherwise` is the answer and nothing is made.
 *
 * @param cacheDir The cache.
 * @param access What the task does.
 * @param task What to do.
 * @param otherwise The answer without a cache.
 * @returns What `task` returned, or `otherwise`.
 * @throws {CacheError} `ERR_CACHE_DIR` when a link is in the cache, `ERR_PERMISSION` with the flags that are missing; see `openCache` for others.
 */
export async function withCache<Answer>(
  cacheDir: string | URL,
  access: Access,
  task: (cache: Cache) => Promise<Answer>,
  otherwise: Answer,
): Promise<Answer> {
  const dir = toAbsolute(cacheDir);
  requireAccess(dir);
  const refused = findLink(layoutOf(dir), true);
  if (refused !== null) throw refused;
  if (access !== "create" && !isCache(dir)) return otherwise;
  // The store is loaded by what looks into a cache, not by the import of this package.
  const { openCache } = await import("../store/cache_dir.ts");
  const cache = await openCache(dir, access === "inspect" ? { readOnly: true, isLive: true } : {});
  const stopListening = cache.onReport(({ detail }) => void warnOnce(detail));
  const release = cache.use();
  try {
    return await task(cache);
  } finally {
    release();
    stopListening();
  }
}

function isCache(dir: string): boolean {
  try {
    return Deno.statSync(`${dir}/v1`).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
