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
export type { BlobDigest, CallKey, ContentDigest, Digest, FingerprintDigest, ValueDigest } from "./src/digests.ts";
export {
  CacheError,
  type CacheErrorCode,
  CacheTypeError,
  type CacheTypeErrorCode,
  type ErrorDetails,
} from "./src/errors.ts";
export type { CacheEvent, CallReport, StaleReason } from "./src/events.ts";
export { cacheFileStateClear, cacheFileStateInfo, type FileStateInfo } from "./src/files/open_digests.ts";
export type { CacheNode } from "./src/graph/cache_node.ts";
export { cacheTreeChangedFiles, type ChangedNode } from "./src/graph/changed_files.ts";
export { cacheTreeSummary, cacheTreeToJson } from "./src/graph/export.ts";
export { cacheTreeFiles, cacheTreeForFile, cacheTreeNodes } from "./src/graph/nodes.ts";
export { cacheTreeLoad, cacheTreeReset, cacheTreeSave, cacheTreeSync } from "./src/graph/transfer.ts";
export type { CacheOptions } from "./src/options.ts";
export type {
  ChildDependency,
  Dependency,
  DirectoryDependency,
  EnvironmentDependency,
  FileDependency,
  FingerprintPart,
  LinkDependency,
  StatDependency,
  Support,
  Trace,
  ValuePart,
  WorkingDirectoryDependency,
} from "./src/records.ts";
export { cacheTreeToDot, plotCacheGraph, type PlotFormat, type PlotOptions } from "./src/render/plot.ts";
export { cacheClear } from "./src/report/clear_cache.ts";
export { cacheDefaultDir } from "./src/project/default_dir.ts";
export { type CacheInfo, cacheInfo, type EntryMeta, type UsedPackage } from "./src/report/info.ts";
export { cacheList, type CacheListOptions, type ListedEntry } from "./src/report/list.ts";
export { cachePrune, type CachePruneOptions } from "./src/report/prune_cache.ts";
export type { OnProgress, Removed } from "./src/report/removed.ts";
export { type CacheStats, cacheStats, type CacheStatsOptions, type FunctionStats } from "./src/report/stats.ts";
export { cacheVerify, type CacheVerifyOptions, type VerifyReport } from "./src/report/verify_cache.ts";
export { trackFile } from "./src/tracker/track_file.ts";
