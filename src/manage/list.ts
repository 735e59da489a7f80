/**
 * The entries of a cache.
 *
 * @module
 */
import { cacheDefaultDir } from "../options/project.ts";
import { requireTaskOptions } from "../options/check_options.ts";
import { withCache } from "./with_cache.ts";

/** An entry in a list. */
export interface ListedEntry {
  /** Its call key, 64 hex characters. */
  readonly key: string;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** When it was stored. */
  readonly created: Date;
  /** When it was last used; when it was stored, if it never was. */
  readonly lastUsed: Date;
  /** Size of its results, bytes. */
  readonly sizeBytes: number;
  /** How long the function ran, milliseconds. */
  readonly computeMs: number;
}

/** Options of {@linkcode cacheList}. */
export interface CacheListOptions {
  /** Only entries of this function. */
  readonly fname?: string;
}

/**
 * Lists the entries of a cache.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @param options What to list.
 * @returns The entries, newest first; none when there is no cache.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` or `ERR_OPTION_TYPE` for an option that is misspelt or of the wrong type.
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
