/**
 * The tasks that tend a cache: prune, clear and verify.
 *
 * @module
 */
import { requireTaskOptions } from "../options/check_options.ts";
import { withCache } from "./with_cache.ts";
import { callListener, warnOnce } from "../words/announce.ts";
import type { Swept } from "../store/bound/prune.ts";
import type { Cache } from "../store/cache_dir.ts";
import { listForeign } from "../store/layout.ts";
import { markOwn } from "../words/program.ts";

/** Options of {@linkcode cachePrune}. */
export interface CachePruneOptions {
  /**
   * Number of days: entries that were not used for longer are removed.
   *
   * @default {30, or no limit when only `maxBytes` is given}
   */
  readonly daysOld?: number;
  /**
   * Largest size of all results, bytes or with a unit: `"2GiB"`. The entries that are cheapest to lose are removed until no
   * more is left.
   */
  readonly maxBytes?: number | string;
  /** Name of a function: only its entries are removed, and `maxBytes` is the size of its results alone. */
  readonly fname?: string;
  /**
   * Count the entries that would be removed, and remove nothing.
   *
   * @default {false}
   */
  readonly dryRun?: boolean;
  /** Called with the progress. */
  readonly onProgress?: OnProgress;
}

/**
 * Removes entries that were not used for long. When `maxBytes` is given, then removes the entries that are cheapest to
 * lose until the results take at most so many bytes.
 *
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @param options See {@linkcode CachePruneOptions}.
 * @returns Numbers of removed entries and bytes, or with `dryRun` of those to remove; zeros when there is no cache.
 * @throws {CacheError} `ERR_CACHE_DIR` when a link is in the cache, which is not followed.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` or `ERR_OPTION_TYPE` for an option that is misspelt or of the wrong
 * type.
 */
export async function cachePrune(
  cacheDir?: string | URL,
  options: CachePruneOptions = {},
): Promise<Removed> {
  return await pruneAndTell(cacheDir, options, () => {});
}

/** Does what {@linkcode cachePrune} does, and tells of the files of killed processes that it deleted besides. */
export async function pruneAndTell(
  cacheDir: string | URL | undefined,
  options: CachePruneOptions,
  onSwept: (swept: Swept) => void,
): Promise<Removed> {
  const checked = requireTaskOptions(options, ["daysOld", "maxBytes", "fname", "dryRun", "onProgress"]);
  const { prune } = await import("../store/bound/prune.ts"); // loaded here, since programs seldom prune
  const access = options.dryRun === true ? "read" : "write";
  return await withCache(cacheDir, access, (cache) => prune(cache, { ...guarded(checked), onSwept }), NOTHING_REMOVED);
}

/** Options of {@linkcode cacheClear}. */
export interface CacheClearOptions {
  /** Name of a function: only its entries are removed. */
  readonly fname?: string;
}

/**
 * Removes all entries and the graph, or those of one function. Files that the cache did not make stay, and a warning names
 * them.
 *
 * The cache is empty when this returns. The results are then deleted from the disk in small steps, which do not keep the
 * program alive; what is left when the program ends, the next program deletes that writes to the cache.
 *
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @param options See {@linkcode CacheClearOptions}.
 * @returns Numbers of removed entries and bytes; zeros when there is no cache.
 * @throws {CacheError} `ERR_CACHE_DIR` when a link is in the cache, which is not followed.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` or `ERR_OPTION_TYPE` for an option that is misspelt or of the wrong
 * type: nothing is removed.
 */
export async function cacheClear(
  cacheDir?: string | URL,
  options: CacheClearOptions = {},
): Promise<Removed> {
  const { fname } = requireTaskOptions(options, ["fname"]) as CacheClearOptions;
  const { clear, removeChosen } = await import("../store/clear.ts"); // loaded here, since programs seldom clear a cache
  return await withCache(cacheDir, "write", async (cache) => {
    if (fname !== undefined) return await removeChosen(cache, () => true, fname);
    const removed = await clear(cache);
    await tellLeft(cache);
    return removed;
  }, NOTHING_REMOVED);
}

/** Waits until the results of a cache that was cleared are deleted from the disk: for a program that ends afterwards. */
export async function finishClear(cacheDir: string | URL): Promise<void> {
  const { finishClearing } = await import("../store/clear.ts");
  await withCache(cacheDir, "write", finishClearing, undefined);
}

/** Largest number of files that the warning names. */
const MAX_SHOWN = 5;

async function tellLeft({ layout }: Cache): Promise<void> {
  const left = await Array.fromAsync(listForeign(layout));
  if (left.length === 0) return;
  const more = left.length > MAX_SHOWN ? ` and ${left.length - MAX_SHOWN} more` : "";
  warnOnce(`The cache did not make ${left.slice(0, MAX_SHOWN).join(", ")}${more}; left in place`);
}

/** Called with the progress of a task: the amount that is done, and the total, which is 0 while it is not known. */
export type OnProgress = (done: number, total: number) => void;

/** Numbers of entries and bytes that a task removed. */
export interface Removed {
  /** Number of entries. */
  readonly removed: number;
  /** Size of the results that were deleted from the disk, bytes. */
  readonly freedBytes: number;
}

/** Answer of a task that removes, when there is no cache. */
const NOTHING_REMOVED: Removed = { removed: 0, freedBytes: 0 };

/** Options of {@linkcode cacheVerify}. */
export interface CacheVerifyOptions {
  /**
   * Mend the problems that can be mended, and remove entries and files that cannot.
   *
   * @default {false}
   */
  readonly repair?: boolean;
  /** Called with the progress. */
  readonly onProgress?: OnProgress;
}

/** Findings of {@linkcode cacheVerify}. */
export interface VerifyReport {
  /** Number of records, blobs, rows and files that were checked. */
  readonly checked: number;
  /** Problems that were found, each with the key of its entry, its kind and a sentence. */
  readonly problems: readonly { readonly key: string; readonly kind: string; readonly detail: string }[];
  /** Number of problems that were mended. */
  readonly repaired: number;
}

/**
 * Checks records, results and graph against each other, and each result against its digest.
 *
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @param options See {@linkcode CacheVerifyOptions}.
 * @returns The findings; no problems when there is no cache.
 * @throws {CacheError} `ERR_CACHE_DIR` when a link is in the cache, which is not followed.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` or `ERR_OPTION_TYPE` for an option that is misspelt or of the wrong
 * type.
 */
export async function cacheVerify(
  cacheDir?: string | URL,
  options: CacheVerifyOptions = {},
): Promise<VerifyReport> {
  requireTaskOptions(options, ["repair", "onProgress"]);
  const { verify } = await import("./verify/verify.ts"); // loaded here, since programs seldom verify a cache
  const nothing: VerifyReport = { checked: 0, problems: [], repaired: 0 };
  return await withCache(
    cacheDir,
    options.repair === true ? "write" : "inspect",
    (cache) => verify(cache, guarded(options)),
    nothing,
  );
}

/** Returns options whose `onProgress` never throws: half a removal would be the price. */
function guarded<Options extends { readonly onProgress?: OnProgress }>(options: Options): Options {
  const { onProgress } = options;
  if (onProgress === undefined) return options;
  return { ...options, onProgress: (...told: [number, number]) => callListener("onProgress", onProgress, ...told) };
}

markOwn(cacheClear, cachePrune, cacheVerify);
