/**
 * Emptying a cache: its rows in one transaction, its blobs by moving their folders.
 *
 * @module
 */
import { steadyMs, wallMs } from "../words/clock.ts";
import { type CallKey, isDigest } from "../words/digests.ts";
import { runsTests } from "../words/program.ts";
import { pause } from "../words/waiting.ts";
import { removeWithRoom } from "./bound/make_room.ts";
import { recoverAside } from "./blobs/blob_garbage.ts";
import { moveBlobsAside, removeCleared, removeClearedLater } from "./blobs/cleared.ts";
import type { Cache } from "./cache_dir.ts";
import { emptyRows, type RowsToEmpty } from "./database/empty_rows.ts";
import { inPieces, listRows } from "./database/kv_rows.ts";
import { askSqliteThread, QUICK_BYTES } from "./database/sqlite_thread.ts";
import { fileSizeOf, isBusy } from "./database/sqlite_files.ts";
import { type CacheLayout, findForeignDatabase, OWN_NAMES } from "./layout.ts";
import { listOwn, removeOwn } from "./own_files.ts";
import { isLockHeld, removeAbandonedLocks, waitForLock } from "./locks/file_lock.ts";
import type { StoredSummary } from "./records/record_codec.ts";
import type { Removal } from "./records/record_store.ts";

export type { Removal } from "./records/record_store.ts";

/**
 * Removes all entries, the graph, the usage counts, and files that killed processes left behind. Entries that other
 * processes store meanwhile may stay or go.
 *
 * The results are deleted from the disk while the process goes on; what is left when it ends, the next process deletes
 * that writes to the cache. {@linkcode finishClearing} deletes them at once.
 *
 * @param cache The cache.
 * @returns Number of entries removed, and bytes of the results that are deleted.
 */
export async function clear(cache: Cache): Promise<Removal> {
  const release = cache.use();
  try {
    return await removeWithRoom(cache, {
      isVictim: () => true,
      remove: () => clearOnce(cache),
      removeOtherwise: () => dropDatabase(cache),
    });
  } finally {
    release();
  }
}

/**
 * Removes the entries that are chosen, and no others.
 *
 * @param cache The cache.
 * @param isChosen True for an entry to remove.
 * @param fname Name of a function: only its entries are asked about.
 */
export async function removeChosen(
  cache: Cache,
  isChosen: (entry: StoredSummary) => boolean,
  fname?: string,
): Promise<Removal> {
  const release = cache.use();
  try {
    const keys = new Set<CallKey>();
    const functions = new Map<string, readonly [functionId: string, code: string]>();
    for await (const page of cache.records.summaryPages(fname === undefined ? {} : { fname })) {
      for (const entry of page) {
        if (!isChosen(entry)) continue;
        keys.add(entry.key);
        functions.set(`${entry.functionId}\0${entry.code}`, [entry.functionId, entry.code]);
      }
    }
    if (keys.size === 0) return { removed: 0, freedBytes: 0 };
    // Who removes the results of a function wants calls of it, made by others too, to run again.
    cache.revisions.revise(functions.values());
    const removal = await removeWithRoom(cache, {
      isVictim: (key) => keys.has(key),
      count: keys.size,
      remove: () => cache.records.remove(keys),
    });
    cache.revisions.revise(functions.values());
    return removal;
  } finally {
    release();
  }
}

async function clearOnce(cache: Cache): Promise<Removal> {
  const lock = await waitForLock(lockOf(cache));
  try {
    const { layout, records } = cache;
    await recoverAside(records.garbage);
    await records.beginEra();
    // Rows go first, so that no record is ever without its result.
    const removed = await emptyTable(cache) ?? await removeRows(cache);
    records.forget();
    // Other processes drop entries from memory before the results are gone.
    cache.bumpGeneration();
    const freedBytes = await moveBlobsAside(layout, records.garbage);
    cache.blobs.removeAbandoned(wallMs());
    removeAbandonedLocks(layout.locks);
    removeSetAside(layout);
    await cache.usage.merge(() => false);
    await cache.unstored.tidy(() => false);
    cache.changedPlaces.clear();
    cache.revisions.clear();
    // A check that began in between has seen blobs without their records.
    await records.beginEra();
    return { removed, freedBytes };
  } finally {
    lock?.release();
    // A timer at the end of a test counts as a leak.
    if (runsTests()) await removeCleared(cache.layout, cache.records.garbage);
    else void removeClearedLater(cache.layout, cache.records.garbage);
  }
}

/** Deletes the database and begins a new one: on a full disk, where even emptying it takes room. */
async function dropDatabase(cache: Cache): Promise<Removal> {
  const { layout, records } = cache;
  let removed = 0;
  for await (const { key: [, key] } of listRows(records.garbage.handle, { prefix: ["r"] })) {
    if (isDigest(key)) removed++;
  }
  await records.garbage.handle.drop();
  removeSetAside(layout);
  const rest = await clearOnce(cache);
  return { ...rest, removed: removed + rest.removed };
}

/** Deletes databases that were damaged and set aside: they hold the entries that were in them. */
function removeSetAside({ metadata }: CacheLayout): void {
  for (const name of listOwn(metadata, OWN_NAMES.setAside)) removeOwn(`${metadata}/${name}`);
}

/** Deletes from the disk what {@linkcode clear} has moved aside, and waits for it. */
export async function finishClearing(cache: Cache): Promise<void> {
  await removeCleared(cache.layout, cache.records.garbage);
}

/** True while some process is emptying the cache. */
export function isBeingCleared(cache: Cache): boolean {
  return isLockHeld(lockOf(cache));
}

function lockOf({ layout }: Cache): string {
  return `${layout.locks}/clear.lock`;
}

/** Longest wait for other processes that write, milliseconds. */
const PATIENCE_MS = 5000;

/** Deletes all rows by SQLite. @returns Number of entries; `null` when that is not possible here. */
async function emptyTable({ layout, records }: Cache): Promise<number | null> {
  const era = await records.era();
  // A link in its place would be followed, and a file that is gone would be made.
  if (era === null || fileSizeOf(layout.meta) === 0 || findForeignDatabase(layout) !== null) return null;
  const rows: RowsToEmpty = { path: layout.meta, era, patienceMs: 0 };
  if (fileSizeOf(layout.meta) + fileSizeOf(`${layout.meta}-wal`) > QUICK_BYTES) {
    return (await askSqliteThread<number>({ do: "empty", ...rows, patienceMs: PATIENCE_MS }))?.answer ?? null;
  }
  for (const giveUpMs = steadyMs() + PATIENCE_MS;;) {
    try {
      return emptyRows(rows);
    } catch (error) {
      if (!isBusy(error) || steadyMs() > giveUpMs) return null;
      await pause(1 + Math.random() * 5);
    }
  }
}

/** Deletes all rows by Deno.Kv, without reading the entries. @returns Number of entries. */
async function removeRows(cache: Cache): Promise<number> {
  const { handle } = cache.records.garbage;
  let removed = 0;
  for await (const piece of inPieces(listRows(handle, { prefix: ["r"] }), 800)) {
    removed += piece.filter(({ key: [, key] }) => isDigest(key)).length;
    await cache.records.writeRows(piece.map(({ key }) => ({ key })));
  }
  await cache.records.beginEra();
  await cache.records.resetGraph();
  await cache.records.removeRest();
  // An entry stored meanwhile may have lost its rows in the indexes, and its result would then be taken for garbage.
  const stored: CallKey[] = [];
  for await (const { key: [, key] } of listRows(handle, { prefix: ["r"] })) {
    if (isDigest(key)) stored.push(key as CallKey);
  }
  removed += (await cache.records.remove(stored)).removed;
  await cache.records.compactSummaries();
  await tidyDatabase(cache);
  return removed;
}

/** Deletes the rows that Deno.Kv cannot decode, and therefore does not list, and gives back the space of all rows. */
async function tidyDatabase({ layout, records: { garbage: { handle } } }: Cache): Promise<void> {
  const path = await handle.rawPath();
  if (path === null) return;
  // Loaded here, since a database that SQLite empties needs none of it.
  const [{ findUnreadable, removeUnreadable }, { giveBackSpace }] = await Promise.all([
    import("./database/unreadable_rows.ts"),
    import("./database/free_space.ts"),
  ]);
  const rows = await findUnreadable(path);
  if (rows.length > 0) removeUnreadable(path, rows.map(({ k }) => k));
  await giveBackSpace(layout);
}
