/**
 * The list of the entries of a cache.
 *
 * @module
 */
import { cacheDefaultDir } from "../options/project.ts";
import { requireTaskOptions } from "../options/check_options.ts";
import { withCache } from "./with_cache.ts";

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
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
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
  cacheDir: string | URL = cacheDefaultDir(),
  options: CacheListOptions = {},
): Promise<ListedEntry[]> {
  requireTaskOptions(options, ["fname"]);
  return await withCache(cacheDir, "read", async (cache) => {
    const usage = cache.usage.read();
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
    return entries.sort((a, b) => b.created.getTime() - a.created.getTime() || (a.key < b.key ? -1 : 1));
  }, []);
}
