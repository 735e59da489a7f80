/**
 * The file-digest memories of this process, one for each cache directory.
 *
 * @module
 */
// Nothing of it is needed before the first file.
import defer * as fileDigests from "./file_digests.ts";
import type { FileDigests } from "./file_digests.ts";

const opened = new Map<string, FileDigests>();

/** What {@linkcode fileDigestsFor} may be told. */
export interface OpenDigestsOptions {
  /** Nothing is written to the cache directory. Counts when the directory is first used. @default false */
  readonly readOnly?: boolean;
}

/**
 * The digests of one cache directory, shared in this process. What it learned is saved when the process ends, if
 * `<cacheDir>/v1` is there by then.
 *
 * @param cacheDir An absolute path.
 */
export function fileDigestsFor(cacheDir: string, options: OpenDigestsOptions = {}): FileDigests {
  let digests = opened.get(cacheDir);
  if (digests === undefined) {
    if (opened.size === 0) globalThis.addEventListener("unload", saveFileDigests);
    opened.set(cacheDir, digests = new fileDigests.FileDigests({ cacheDir, save: options.readOnly !== true }));
  }
  return digests;
}

/** Saves what the memories of this process learned, now. */
export function saveFileDigests(): void {
  for (const digests of opened.values()) digests.memory.flush();
}

/** What the file-digest memory holds. */
export interface FileStateInfo {
  /** Number of files. */
  readonly entries: number;
  /** Their absolute paths, sorted. */
  readonly paths: string[];
}

/**
 * The files whose digests are remembered, so that they need not be read while they are unchanged: those of all cache
 * directories that this process has used, earlier processes' included.
 *
 * @param cacheDir Only of this cache directory, whether used or not; an absolute path.
 *
 * @example
 * ```ts
 * import { cacheFileStateInfo } from "@bimsb/cachepy";
 *
 * const { entries, paths } = cacheFileStateInfo();
 * console.log(entries === paths.length); // true
 * ```
 */
export function cacheFileStateInfo(cacheDir?: string): FileStateInfo {
  const paths = new Set<string>();
  for (const digests of chosen(cacheDir)) for (const path of digests.memory.paths()) paths.add(path);
  return { entries: paths.size, paths: [...paths].sort() };
}

/**
 * Forgets all digests of files: the next call reads every file that it depends on. Results stay.
 *
 * @param cacheDir Only of this cache directory, whether used or not; an absolute path.
 * @returns How many files were remembered.
 *
 * @example
 * ```ts
 * import { cacheFileStateClear, cacheFileStateInfo } from "@bimsb/cachepy";
 *
 * cacheFileStateClear();
 * console.log(cacheFileStateInfo().entries); // 0
 * ```
 */
export function cacheFileStateClear(cacheDir?: string): number {
  const { entries } = cacheFileStateInfo(cacheDir);
  for (const digests of chosen(cacheDir)) digests.memory.clear();
  return entries;
}

function chosen(cacheDir: string | undefined): Iterable<FileDigests> {
  return cacheDir === undefined ? opened.values() : [fileDigestsFor(cacheDir)];
}
