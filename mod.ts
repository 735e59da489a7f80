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
export type {
  AnyFunction,
  CachedAsyncFunction,
  CachedCall,
  CacheDecorator,
  CachedFunction,
  CachedMembers,
  CallOptions,
  OwnCall,
} from "./src/call/cached_function.ts";
export { loadConfig } from "./src/options/config.ts";
export type {
  BlobDigest,
  CallKey,
  ContentDigest,
  Digest,
  FingerprintDigest,
  ValueDigest,
} from "./src/words/digests.ts";
export {
  CacheError,
  type CacheErrorCode,
  CacheTypeError,
  type CacheTypeErrorCode,
  type ErrorDetails,
} from "./src/words/errors.ts";
export type { CacheEvent, CallReport, StaleReason } from "./src/words/events.ts";
export { cacheFileStateClear, cacheFileStateInfo, type FileStateInfo } from "./src/reads/files/open_digests.ts";
export type { CacheNode } from "./src/manage/graph/nodes.ts";
export { cacheTreeChangedFiles, type ChangedNode } from "./src/manage/graph/nodes.ts";
export { cacheTreeSummary, cacheTreeToJson } from "./src/manage/graph/export.ts";
export { cacheTreeFiles, cacheTreeForFile, cacheTreeNodes } from "./src/manage/graph/nodes.ts";
export {
  cacheTreeLoad,
  type CacheTreeLoadOptions,
  cacheTreeReset,
  cacheTreeSave,
  cacheTreeSync,
} from "./src/manage/graph/transfer.ts";
export { type ClassLike, ofClass } from "./src/codecs/of_class.ts";
export type { Codec } from "./src/values/codec.ts";
export type { CacheOptions, StoredMeta } from "./src/options/check_options.ts";
export type {
  ChildDependency,
  Dependency,
  DirectoryDependency,
  EnvironmentDependency,
  FileDependency,
  FingerprintPart,
  FlatTrace,
  InnerFunction,
  LinkDependency,
  StatDependency,
  Trace,
  ValuePart,
  WorkingDirectoryDependency,
} from "./src/words/records.ts";
export { cacheTreeToDot, plotCacheGraph, type PlotFormat, type PlotOptions } from "./src/manage/draw/plot.ts";
export { cacheClear, type CacheClearOptions } from "./src/manage/tasks.ts";
export { cacheDefaultDir } from "./src/options/project.ts";
export { type CacheInfo, cacheInfo, type EntryMeta, type UsedPackage } from "./src/manage/info.ts";
export { cacheList, type CacheListOptions, type ListedEntry } from "./src/manage/list.ts";
export { cachePrune, type CachePruneOptions } from "./src/manage/tasks.ts";
export type { OnProgress, Removed } from "./src/manage/tasks.ts";
export {
  type CacheStats,
  cacheStats,
  type CacheStatsOptions,
  type FunctionStats,
  type UnstoredStats,
} from "./src/manage/list.ts";
export { cacheVerify, type CacheVerifyOptions, type VerifyReport } from "./src/manage/tasks.ts";
export { trackFile } from "./src/reads/context.ts";
