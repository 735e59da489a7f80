/**
 * The lowest version of Deno that the package works with.
 *
 * A file of its own, since the wrapping of functions and the command line both ask, and `errors` is loaded by everything.
 *
 * @module
 */
import { CacheError } from "./errors.ts";

/** Deno 2.7 brought `FsFile.tryLock`, without which two processes compute one call at the same time. */
const LOWEST = [2, 7] as const;

/**
 * Refuses a Deno that the package does not work with.
 *
 * @param version Version of the running Deno.
 * @throws {CacheError} `ERR_DENO_VERSION` below 2.7.
 */
export function requireDeno(version: string = Deno.version.deno): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > LOWEST[0] || major === LOWEST[0] && minor >= LOWEST[1]) return;
  throw new CacheError(
    "ERR_DENO_VERSION",
    `Cannot cache with Deno ${version}: want ${LOWEST.join(".")} or later; run deno upgrade`,
  );
}
