/**
 * The report on a cache: what it saved, what it holds, where caching loses, and what is not stored.
 *
 * @module
 */
import { steadyMs } from "../words/clock.ts";
import type { Cache } from "../store/cache_dir.ts";
import type { CallKey } from "../words/digests.ts";
import type { EntryRecord } from "../words/records.ts";
import { fromPortable } from "../options/project.ts";
import { giveTurn, isTurnOver } from "../words/waiting.ts";
import { type CacheNode, cacheTreeNodes } from "./graph/nodes.ts";
import { readStoredValue } from "./info.ts";
import { cacheStats, type FunctionStats, type UnstoredStats } from "./list.ts";
import { withCache } from "./with_cache.ts";

/** Number of the newest entries of a function whose loading is timed. */
const SAMPLES = 5;
/** Largest result that is loaded to time it, bytes: decoding a larger one would stop everything else. */
const LARGEST_SAMPLE = 64 * 1024 * 1024;
/** Time in milliseconds after which no further function is timed: a report should be there soon. */
const LONGEST_MS = 10_000;

/** Figures of the whole cache. */
export interface ReportData {
  readonly entries: number;
  readonly sizeBytes: number;
  readonly hits: number;
  /** Time that hits saved: for each, the time that the function itself had run. */
  readonly savedMs: number;
  /** Times at which the oldest and the newest entry were stored, ISO 8601; `null` without entries. */
  readonly oldest: string | null;
  readonly newest: string | null;
  /** The functions, the one that saved most first. */
  readonly functions: readonly ReportedFunction[];
  readonly unstored: readonly (Omit<UnstoredStats, "last"> & { readonly last: string })[];
}

/** Figures of one function. */
export interface ReportedFunction extends FunctionStats {
  /** Median time that the function ran in its newest entries, milliseconds. */
  readonly typicalMs: number;
  /** Median time to read and decode these results, milliseconds, measured now; `null`: not measured. */
  readonly loadMs: number | null;
  /** True when that takes as long as running the function, or longer. */
  readonly loses: boolean;
}

/**
 * Reads the calls of a cache, also those that its graph does not have, such as after `cacheTreeReset()`.
 *
 * @param cacheDir The cache.
 * @returns Calls by id.
 */
export async function allCalls(cacheDir: string | URL): Promise<Map<string, CacheNode>> {
  const nodes = await cacheTreeNodes(cacheDir);
  await withCache(cacheDir, "read", async (cache) => {
    for await (const { key, fname } of cache.records.summaries()) {
      if (nodes.has(`${fname}:${key}`)) continue;
      const record = await cache.records.get(key, { parts: false });
      if (record !== null) nodes.set(`${fname}:${key}`, toUnlinkedNode(cache, record));
      if (isTurnOver()) await giveTurn();
    }
  }, undefined);
  return nodes;
}

/** Returns an entry as a call of a graph that has no arrows. */
function toUnlinkedNode(cache: Cache, record: EntryRecord): CacheNode {
  const files = record.files.map(({ path, digest }) => [fromPortable(path), digest] as const);
  return {
    id: `${record.fname}:${record.key}`,
    fname: record.fname,
    hash: record.fingerprint,
    parents: [],
    children: [],
    files: files.map(([path]) => path).sort(),
    fileHashes: Object.fromEntries(files),
    outfile: cache.blobs.pathOf(record.traces[0]!.result),
    created: new Date(record.createdMs),
  };
}

/**
 * Collects the figures of a cache. Loads a few results of each function, to time that.
 *
 * @param cacheDir The cache.
 * @returns The figures; zeros when there is no cache.
 */
export async function reportOnCache(cacheDir: string | URL): Promise<ReportData> {
  const { entries, sizeBytes, oldest, newest, byFunction, unstored = [] } = await cacheStats(cacheDir);
  const newestKeys = await newestOfFunctions(cacheDir);
  const functions: ReportedFunction[] = [];
  const endsMs = steadyMs() + LONGEST_MS;
  // What is used most is timed first.
  for (const sums of byFunction.toSorted((a, b) => b.savedMs - a.savedMs || b.hits - a.hits)) {
    const samples = newestKeys.get(sums.fname) ?? [];
    const loadMs = steadyMs() < endsMs
      ? await withCache(cacheDir, "read", (cache) => timeLoading(cache, samples.map(({ key }) => key)), null)
      : null;
    const typicalMs = median(samples.map(({ computeMs }) => computeMs)) ?? 0;
    functions.push({ ...sums, typicalMs, loadMs, loses: loadMs !== null && loadMs >= typicalMs });
  }
  return {
    entries,
    sizeBytes,
    hits: byFunction.reduce((sum, { hits }) => sum + hits, 0),
    savedMs: byFunction.reduce((sum, { savedMs }) => sum + savedMs, 0),
    oldest: oldest?.toISOString() ?? null,
    newest: newest?.toISOString() ?? null,
    functions,
    unstored: unstored.map((one) => ({ ...one, last: one.last.toISOString() })),
  };
}

/** An entry whose loading is timed. */
interface Sample {
  readonly key: CallKey;
  readonly createdMs: number;
  readonly computeMs: number;
}

async function newestOfFunctions(cacheDir: string | URL): Promise<Map<string, Sample[]>> {
  const found = new Map<string, Sample[]>();
  await withCache(cacheDir, "read", async (cache) => {
    for await (const { key, fname, createdMs, computeMs } of cache.records.summaries()) {
      const samples = found.get(fname) ?? [];
      if (samples.length === SAMPLES && samples.at(-1)!.createdMs >= createdMs) continue;
      samples.push({ key, createdMs, computeMs });
      found.set(fname, samples.sort((a, b) => b.createdMs - a.createdMs).slice(0, SAMPLES));
    }
  }, undefined);
  return found;
}

/**
 * Returns the median time to read and decode a result; `null` when none can be read. What a hit checks before comes on top,
 * so where this alone takes longer than the function, caching loses for sure.
 */
async function timeLoading(cache: Cache, keys: readonly CallKey[]): Promise<number | null> {
  const times: number[] = [];
  // The first round is not counted: in it, the code that decodes is loaded, and the disk is read.
  for (const isCounted of [false, true]) {
    for (const key of keys) {
      const startedMs = steadyMs();
      const record = await cache.records.get(key, { parts: false });
      if (record === null || (record.traces[0]?.sizeBytes ?? Infinity) > LARGEST_SAMPLE) continue;
      try {
        await readStoredValue(cache, record);
      } catch {
        continue; // damaged, which `verify` tells
      }
      if (isCounted) times.push(steadyMs() - startedMs);
      if (isTurnOver()) await giveTurn();
    }
  }
  return median(times);
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
