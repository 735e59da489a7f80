/**
 * Lists the entries of a cache, and counts them.
 *
 * @module
 */
import { sortInTurns } from "../words/waiting.ts";
import { requireTaskOptions } from "../options/check_options.ts";
import { withCache } from "./with_cache.ts";
import { markOwn } from "../words/program.ts";

/** An entry in a list. */
export interface ListedEntry {
  /** Call key, 64 hex characters. */
  readonly key: string;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Time at which the entry was stored. */
  readonly created: Date;
  /** Time of the last use of the entry; `created` when it was never used. */
  readonly lastUsed: Date;
  /** Size of the results of the entry, bytes. */
  readonly sizeBytes: number;
  /** Run time of the function in the newest execution, milliseconds. */
  readonly computeMs: number;
}

/** Options of {@linkcode cacheList}. */
export interface CacheListOptions {
  /** Name of a function: only its entries are listed. */
  readonly fname?: string;
}

/**
 * Lists the entries of a cache.
 *
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @param options See {@linkcode CacheListOptions}.
 * @returns The entries, newest first; none when there is no cache.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` or `ERR_OPTION_TYPE` for an option that is misspelt or of the wrong
 * type.
 *
 * @example
 * ```ts
 * import { cacheList } from "./list.ts";
 *
 * for (const { fname, created } of await cacheList("./no-such-cache")) console.log(fname, created);
 * ```
 */
export async function cacheList(
  cacheDir?: string | URL,
  options: CacheListOptions = {},
): Promise<ListedEntry[]> {
  requireTaskOptions(options, ["fname"]);
  return await withCache(cacheDir, "read", async (cache) => {
    const usage = await cache.usage.read();
    const entries: ListedEntry[] = [];
    for await (const page of cache.records.summaryPages(options)) {
      for (const { key, fname, createdMs, sizeBytes, computeMs } of page) {
        const lastUsedMs = usage.get(key)?.lastUsedMs ?? createdMs;
        entries.push({
          key,
          fname,
          created: new Date(createdMs),
          lastUsed: new Date(lastUsedMs),
          sizeBytes,
          computeMs,
        });
      }
    }
    return await sortInTurns(
      entries,
      (a, b) => b.created.getTime() - a.created.getTime() || (a.key < b.key ? -1 : 1),
    );
  }, []);
}

/** Statistics of the entries of one function. */
export interface FunctionStats {
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Number of entries. */
  readonly entries: number;
  /** Size of the results of the entries, bytes. */
  readonly sizeBytes: number;
  /** Number of times that the entries were used. */
  readonly hits: number;
  /** Sum of the compute times of the entries, milliseconds. */
  readonly computeMs: number;
  /**
   * Compute time that hits saved, milliseconds: the sum, over the entries, of hits times compute time. Both times are those
   * of the functions: what the cache does besides, such as following code and storing results, is in neither.
   */
  readonly savedMs: number;
}

/** Statistics of a cache. */
export interface CacheStats {
  /** Number of entries. */
  readonly entries: number;
  /** Size of all results, bytes; a result that several entries share counts for each of them. */
  readonly sizeBytes: number;
  /** Time at which the oldest entry was stored; `null` when there is no entry. */
  readonly oldest: Date | null;
  /** Time at which the newest entry was stored; `null` when there is no entry. */
  readonly newest: Date | null;
  /** Statistics of each function, the largest size first. */
  readonly byFunction: readonly FunctionStats[];
  /**
   * Functions of which calls were not stored, the one with the most calls first. Left out is a function of which a later
   * call was stored. Absent when there is none.
   */
  readonly unstored?: readonly UnstoredStats[];
}

/** Calls of one function whose results were returned and not stored. */
export interface UnstoredStats {
  /** Name of the function. */
  readonly fname: string;
  /** Number of calls. */
  readonly calls: number;
  /** Cause of the last one in words, with the path of the value and the remedy. */
  readonly detail: string;
  /** Time of the last one. */
  readonly last: Date;
}

/** Options of {@linkcode cacheStats}. */
export interface CacheStatsOptions {
  /** Name of a function: only its entries are counted. */
  readonly fname?: string;
}

/**
 * Counts the entries of a cache, their sizes, hits and times.
 *
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @param options See {@linkcode CacheStatsOptions}.
 * @returns The statistics; zeros when there is no cache.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` or `ERR_OPTION_TYPE` for an option that is misspelt or of the wrong
 * type.
 *
 * @example
 * ```ts
 * import { cacheStats } from "./list.ts";
 *
 * const { entries, oldest } = await cacheStats("./no-such-cache");
 * console.log(entries, oldest); // 0 null
 * ```
 */
export async function cacheStats(
  cacheDir?: string | URL,
  options: CacheStatsOptions = {},
): Promise<CacheStats> {
  requireTaskOptions(options, ["fname"]);
  const empty: CacheStats = { entries: 0, sizeBytes: 0, oldest: null, newest: null, byFunction: [] };
  return await withCache(cacheDir, "read", async (cache) => {
    const usage = await cache.usage.read();
    const byFunction = new Map<string, { -readonly [Name in keyof FunctionStats]: FunctionStats[Name] }>();
    const total = { entries: 0, sizeBytes: 0 };
    const newestOf = new Map<string, number>();
    let [oldestMs, newestMs] = [Infinity, -Infinity];
    for await (const page of cache.records.summaryPages(options)) {
      for (const { key, fname, sizeBytes, computeMs, createdMs } of page) {
        const hits = usage.get(key)?.hits ?? 0;
        let sums = byFunction.get(fname);
        if (!sums) {
          byFunction.set(fname, sums = { fname, entries: 0, sizeBytes: 0, hits: 0, computeMs: 0, savedMs: 0 });
        }
        sums.entries += 1;
        sums.sizeBytes += sizeBytes;
        sums.hits += hits;
        sums.computeMs += computeMs;
        sums.savedMs += hits * computeMs;
        total.entries += 1;
        total.sizeBytes += sizeBytes;
        oldestMs = Math.min(oldestMs, createdMs);
        newestMs = Math.max(newestMs, createdMs);
        newestOf.set(fname, Math.max(newestOf.get(fname) ?? -Infinity, createdMs));
      }
    }
    const unstored = [...(await cache.unstored.read()).values()]
      .filter(({ fname, lastMs }) => (options.fname ?? fname) === fname && !(newestOf.get(fname)! > lastMs))
      .map(({ fname, calls, detail, lastMs }) => ({ fname, calls, detail, last: new Date(lastMs) }))
      .sort((a, b) => b.calls - a.calls || (a.fname < b.fname ? -1 : 1));
    return {
      ...total,
      oldest: total.entries === 0 ? null : new Date(oldestMs),
      newest: total.entries === 0 ? null : new Date(newestMs),
      byFunction: [...byFunction.values()].sort((a, b) => b.sizeBytes - a.sizeBytes || (a.fname < b.fname ? -1 : 1)),
      ...unstored.length === 0 ? {} : { unstored },
    };
  }, empty);
}

markOwn(cacheList, cacheStats);
