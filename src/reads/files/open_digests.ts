/**
 * The file-digest memories of this process, one for each cache directory.
 *
 * @module
 */
import { FileDigests } from "./file_digests.ts";
import { markOwn } from "../../words/program.ts";

const opened = new Map<string, FileDigests>();

/** Options of {@linkcode fileDigestsFor}. */
export interface OpenDigestsOptions {
  /** True to write nothing to the cache directory. Counts only at the first use of the directory. @default false */
  readonly readOnly?: boolean;
}

/**
 * Returns the file digests of one cache directory, an object that the whole process shares. Their memory is saved when
 * the process ends, if the folder `<cacheDir>/v1` exists by then.
 *
 * @param cacheDir An absolute path.
 */
export function fileDigestsFor(cacheDir: string, options: OpenDigestsOptions = {}): FileDigests {
  let digests = opened.get(cacheDir);
  if (digests === undefined) {
    if (opened.size === 0) globalThis.addEventListener("unload", saveFileDigests);
    opened.set(cacheDir, digests = new FileDigests({ cacheDir, save: options.readOnly !== true }));
  }
  return digests;
}

/** Saves the memories of all cache directories of this process now. */
export function saveFileDigests(): void {
  for (const digests of opened.values()) digests.memory.flush();
}

/** Files whose digests are remembered. */
export interface FileStateInfo {
  /** Number of files. */
  readonly entries: number;
  /** Absolute paths of the files, sorted. */
  readonly paths: string[];
}

/**
 * Lists the files whose digests are remembered, so that they need not be read while they are unchanged: for all cache
 * directories that this process has used, also from earlier processes.
 *
 * @param cacheDir Absolute path of one cache directory, used or not, to list only its files.
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
 * Forgets all digests of files, so that the next call reads every file that it depends on. Results stay.
 *
 * @param cacheDir Absolute path of one cache directory, used or not, to forget only its digests.
 * @returns Number of files whose digests were remembered.
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

markOwn(cacheFileStateInfo, cacheFileStateClear);
