/**
 * Removing entries: those not used for long, and, when the cache is too large, those that are cheapest to lose.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import type { BlobDigest, CallKey } from "../../words/digests.ts";
import { GRACE_MS, removeWithRoom } from "./make_room.ts";
import { chooseCheapest, Inflation } from "./cheapest.ts";
import type { Cache } from "../cache_dir.ts";
import { listOwn } from "../own_files.ts";
import { isLockHeld, removeAbandonedLocks } from "../locks/file_lock.ts";
import { OWN_NAMES } from "../layout.ts";
import { giveBackSpace } from "../database/free_space.ts";
import { mendIndexes } from "../records/mend_indexes.ts";
import type { StoredSummary } from "../records/record_codec.ts";
import type { Removal } from "../records/record_store.ts";
import { collectGarbage, readReferences, recoverAside } from "../blobs/blob_garbage.ts";
import { removeCleared } from "../blobs/cleared.ts";

/** Options of {@linkcode prune}. */
export interface PruneOptions {
  /**
   * Number of days after which an entry that was not used is removed.
   *
   * @default {30, or no limit when only `maxBytes` is given}
   */
  readonly daysOld?: number;
  /** Largest size of all results, bytes. After the removal by age, the entries cheapest to lose go until they fit. */
  readonly maxBytes?: number;
  /** Name of the function whose entries are removed; `maxBytes` then counts these alone. */
  readonly fname?: string;
  /**
   * True to count the entries that would be removed, and remove nothing.
   *
   * @default {false}
   */
  readonly dryRun?: boolean;
  /** Called with the number of entries done, and of all entries; the latter is 0 while it is not known. */
  readonly onProgress?: (done: number, total: number) => void;
  /**
   * True to remove files and rows that killed processes left behind as well, which takes a look at everything.
   *
   * @default {true}
   */
  readonly sweep?: boolean;
  /** Called with what was swept, if anything was looked for. */
  readonly onSwept?: (swept: Swept) => void;
  /** Time that counts as now, milliseconds since the epoch. */
  readonly now?: number;
}

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
/** Number of entries looked at between two reports of progress. */
const STEP = 1000;

/**
 * Removes entries that were not used for long; when a size is given, also those that are cheapest to lose, until the
 * results are below the size; then files and rows that killed processes left behind.
 *
 * An entry that is being computed stays. A process that is reading a removed result reads it to its end; a process that
 * comes later computes it again.
 *
 * @param cache The cache.
 * @param options See {@linkcode PruneOptions}.
 * @returns Entries and bytes removed, or with `dryRun` to be removed. With `dryRun`, a result that several entries
 * share counts for each.
 */
export async function prune(cache: Cache, options: PruneOptions = {}): Promise<Removal> {
  const release = cache.use();
  try {
    if (!cache.readOnly && options.dryRun !== true) await mendIndexes(cache.records);
    const nowMs = options.now ?? wallMs();
    const daysOld = options.daysOld ?? (options.maxBytes === undefined ? DEFAULT_DAYS : Infinity);
    const usage = await cache.usage.read();
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
      : await chooseCheapest(rest, { maxBytes: options.maxBytes, usage, inflation });
    const isBeingComputed = runningCalls(cache);
    const victims = [...old, ...cheapest.entries].filter(({ key }) => !isBeingComputed(key));
    if (options.dryRun === true) return { removed: victims.length, freedBytes: totalBytesOf(victims) };
    if (cheapest.value !== null) inflation.raise(cheapest.value, nowMs);
    const keys = victims.map(({ key }) => key);
    const chosen = new Set(keys);
    const removal = await removeWithRoom(cache, {
      isVictim: (key) => chosen.has(key),
      count: keys.length,
      remove: () => cache.records.remove(keys, (done) => options.onProgress?.(done, keys.length)),
    });
    if (options.sweep !== false) {
      const swept = await sweep(cache, nowMs);
      options.onSwept?.(swept);
    }
    return removal;
  } finally {
    release();
  }
}

/** Returns a test for calls that are being computed. It lists the locks once: they are few, and the entries many. */
function runningCalls(cache: Cache): (key: CallKey) => boolean {
  const names = new Set(listOwn(cache.layout.locks, OWN_NAMES.lock));
  if (names.size === 0) return () => false;
  return (key) => names.has(`${key}.lock`) && isLockHeld(`${cache.layout.locks}/${key}.lock`);
}

function totalBytesOf(entries: readonly StoredSummary[]): number {
  return entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Files of killed processes that a sweep deleted, locks aside: half-written results, and results without an entry. */
export interface Swept {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Removes files and rows that nobody can use any more. Those that another process is about to use stay.
 *
 * @param cache The cache.
 * @param nowMs Time that counts as now, milliseconds since the epoch.
 */
async function sweep(cache: Cache, nowMs: number): Promise<Swept> {
  await removeCleared(cache.layout, cache.records.garbage);
  const sizes = [...await recoverAside(cache.records.garbage), ...cache.blobs.removeAbandoned(nowMs)];
  removeAbandonedLocks(cache.layout.locks);
  const references = await readReferences(cache.records.garbage.handle);
  const orphans = new Set<BlobDigest>();
  for await (const { digest, modifiedMs } of cache.blobs.list((digest) => !references.has(digest))) {
    if (nowMs - modifiedMs > GRACE_MS) orphans.add(digest);
  }
  const orphanBytes = await collectGarbage(orphans, cache.records.garbage);
  const deleted = [...orphans].filter((digest) => !cache.blobs.has(digest));
  await cache.records.compactSummaries();
  const { keys, codes } = await readLive(cache);
  await cache.records.removeUnusedParts(codes, nowMs);
  await cache.usage.merge((key) => keys.has(key));
  await cache.unstored.tidy(() => true);
  await giveBackSpace(cache.layout);
  return { files: sizes.length + deleted.length, bytes: sizes.reduce((sum, size) => sum + size, orphanBytes) };
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
