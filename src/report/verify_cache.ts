/**
 * Checks a cache, and mends it.
 *
 * @module
 */
import { cacheDefaultDir } from "../project/default_dir.ts";
import type { OnProgress } from "./removed.ts";
import { requireTaskOptions } from "./task_options.ts";
import { withCache } from "./with_cache.ts";

/** Options of {@linkcode cacheVerify}. */
export interface CacheVerifyOptions {
  /**
   * Mend what can be mended and remove what cannot.
   *
   * @default {false}
   */
  readonly repair?: boolean;
  /** Told how far it is. */
  readonly onProgress?: OnProgress;
}

/** What {@linkcode cacheVerify} found. */
export interface VerifyReport {
  /** Number of things that were checked. */
  readonly checked: number;
  /** What is wrong. */
  readonly problems: readonly { readonly key: string; readonly kind: string; readonly detail: string }[];
  /** How many of them were mended. */
  readonly repaired: number;
}

/**
 * Checks records, results and graph against each other, and each result against its digest.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @param options Whether to mend.
 * @returns What was found; nothing when there is no cache.
 * @throws {CacheError} `ERR_CACHE_DIR` when a link is in the cache, which is not followed.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` or `ERR_OPTION_TYPE` for an option that is misspelt or of the wrong type.
 */
export async function cacheVerify(
  cacheDir: string | URL = cacheDefaultDir(),
  options: CacheVerifyOptions = {},
): Promise<VerifyReport> {
  requireTaskOptions(options, ["repair", "onProgress"]);
  const { verify } = await import("../verify.ts"); // loaded when asked for, as all that programs seldom do
  const nothing: VerifyReport = { checked: 0, problems: [], repaired: 0 };
  return await withCache(
    cacheDir,
    options.repair === true ? "write" : "inspect",
    (cache) => verify(cache, options),
    nothing,
  );
}
