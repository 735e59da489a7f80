/**
 * Removing entries: those that were not used for long, and those that are cheapest to lose when the cache is too large.
 *
 * @module
 */
import type { BlobDigest, CallKey } from "../../words/digests.ts";
import { chooseCheapest, Inflation } from "./cheapest.ts";
import type { Cache } from "../cache_dir.ts";
import { listOwn } from "../own_files.ts";
import { isLockHeld, removeAbandonedLocks } from "../locks/file_lock.ts";
import { OWN_NAMES } from "../layout.ts";
import type { StoredSummary } from "../records/record_codec.ts";
import type { Removal } from "../records/record_store.ts";
import { collectGarbage, readReferences, recoverAside } from "../blobs/blob_garbage.ts";

/** Options of {@linkcode prune}. */
export interface PruneOptions {
  /**
   * Remove entries that were not used for so many days.
   *
   * @default {30, or no limit when only `maxBytes` is given}
   */
  readonly daysOld?: number;
  /** Then remove what is cheapest to lose until the results take at most so many bytes. */
  readonly maxBytes?: number;
  /** Only entries of this function; `maxBytes` then counts these alone. */
  readonly fname?: string;
  /**
   * Count what would be removed, and remove nothing.
   *
   * @default {false}
   */
  readonly dryRun?: boolean;
  /** Told how much is done, and of how much, in entries; 0 while that is not known. */
  readonly onProgress?: (done: number, total: number) => void;
  /**
   * Whether to remove what killed processes left behind as well, which takes a look at everything.
   *
   * @default {true}
   */
  readonly sweep?: boolean;
  /** The time that counts as now, milliseconds since the epoch. */
  readonly now?: number;
}

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
/** Entries looked at between two reports of progress. */
const STEP = 1000;

/**
 * Removes entries that were not used for long, and, when a size is given, what is cheapest to lose until the results are
 * below it; then what killed processes left behind.
 *
 * An entry that is being computed stays. A process that is reading a removed result reads it to its end; one that comes
 * later computes it again.
 *
 * @param cache The cache.
 * @param options What to remove.
 * @returns What was removed, or with `dryRun` would be. With `dryRun`, results that entries share count for each.
 */
export async function prune(cache: Cache, options: PruneOptions = {}): Promise<Removal> {
  const release = cache.use();
  try {
    const nowMs = options.now ?? Date.now();
    const daysOld = options.daysOld ?? (options.maxBytes === undefined ? DEFAULT_DAYS : Infinity);
    const usage = cache.usage.read();
    const old: StoredSummary[] = [];
    const rest: StoredSummary[] = [];
    let scanned = 0;
    for await (const page of cache.records.summaryPages(options.fname === undefined ? {} : { fname: options.fname })) {
      for (const entry of page) {
        const lastUsedMs = Math.max(usage.get(entry.key)?.lastUsedMs ?? 0, entry.createdMs);
        if (nowMs - lastUsedMs > daysOld * DAY_MS) old.push(entry);
        else rest.push(entry);
        if (++scanned % STEP === 0) options.onProgress?.(scanned, 0);
      }
    }
    const inflation = new Inflation(cache.layout, cache.readOnly || options.dryRun === true);
    const cheapest = options.maxBytes === undefined
      ? { entries: [], value: null }
      : chooseCheapest(rest, { maxBytes: options.maxBytes, usage, inflation });
    const isBeingComputed = runningCalls(cache);
    const victims = [...old, ...cheapest.entries].filter(({ key }) => !isBeingComputed(key));
    if (options.dryRun === true) return { removed: victims.length, freedBytes: totalBytesOf(victims) };
    if (cheapest.value !== null) inflation.raise(cheapest.value, nowMs);
    const removal = await cache.records.remove(
      victims.map(({ key }) => key),
      (done) => options.onProgress?.(done, victims.length),
    );
    if (options.sweep !== false) await sweep(cache, nowMs);
    return removal;
  } finally {
    release();
  }
}

/** Tells which calls are being computed: there are few lock files at any time, and many entries. */
function runningCalls(cache: Cache): (key: CallKey) => boolean {
  const names = new Set(listOwn(cache.layout.locks, OWN_NAMES.lock));
  return (key) => names.has(`${key}.lock`) && isLockHeld(`${cache.layout.locks}/${key}.lock`);
}

function totalBytesOf(entries: readonly StoredSummary[]): number {
  return entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** What was cleaned up. */
interface Swept {
  readonly temporaryFiles: number;
  readonly locks: number;
  readonly freedBytes: number;
}

/** A blob that was written within this time may belong to a record that is about to be committed. Milliseconds. */
const GRACE_MS = 60_000;

/**
 * Removes everything that nobody can use any more. What another process is about to use stays.
 *
 * @param cache The cache.
 * @param nowMs Milliseconds since the epoch.
 */
async function sweep(cache: Cache, nowMs: number): Promise<Swept> {
  const temporaryFiles = await recoverAside(cache.records.garbage) + cache.blobs.removeAbandoned(nowMs);
  const locks = removeAbandonedLocks(cache.layout.locks);
  const references = await readReferences(cache.records.garbage.handle);
  const orphans = new Set<BlobDigest>();
  for (const { digest, modifiedMs } of cache.blobs.list((digest) => !references.has(digest))) {
    if (nowMs - modifiedMs > GRACE_MS) orphans.add(digest);
  }
  const freedBytes = await collectGarbage(orphans, cache.records.garbage);
  await cache.records.compactSummaries();
  const { keys, codes } = await readLive(cache);
  await cache.records.removeUnusedParts(codes, nowMs);
  cache.usage.merge((key) => keys.has(key));
  return { temporaryFiles, locks, freedBytes };
}

async function readLive(cache: Cache): Promise<{ keys: Set<string>; codes: Set<string> }> {
  const keys = new Set<string>();
  const codes = new Set<string>();
  for await (const page of cache.records.summaryPages()) {
    for (const { key, code } of page) {
      keys.add(key);
      codes.add(code);
    }
  }
  return { keys, codes };
}
