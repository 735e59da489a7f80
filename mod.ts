/**
 * A persistent function cache that tracks your data and code, so that you don't have to.
 *
 * Wrap a function: its result is kept on disk, and reused for as long as its code (and the code and values that it
 * reaches), its arguments, the files and variables that it reads and the packages that it uses are unchanged.
 *
 * @example
 * ```ts
 * import { cacheFile } from "@bimsb/cachepy";
 *
 * const cached = cacheFile(await Deno.makeTempDir());
 * const total = cached(function total(numbers: number[]) {
 *   return numbers.reduce((sum, x) => sum + x, 0);
 * });
 * console.log(await total([1, 2, 3])); // 6, computed
 * console.log(await total([1, 2, 3])); // 6, from the cache
 * ```
 *
 * @module
 */
export { cacheFile } from "./src/cache_file.ts";
export type { AnyFunction, CachedCall, CacheDecorator, CachedFunction, CallOptions } from "./src/cached_function.ts";
export { loadConfig } from "./src/config.ts";
export type { CallKey, Digest } from "./src/digests.ts";
export { CacheError, type CacheErrorCode, CacheTypeError, type CacheTypeErrorCode } from "./src/errors.ts";
export type { CacheEvent, CallReport, StaleReason } from "./src/events.ts";
export { cacheFileStateClear, cacheFileStateInfo, type FileStateInfo } from "./src/files/open_digests.ts";
export type { CacheOptions } from "./src/options.ts";
export { cacheDefaultDir } from "./src/report/default_dir.ts";
export { trackFile } from "./src/tracker.ts";
