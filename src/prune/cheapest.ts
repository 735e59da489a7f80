/**
 * Which entries are cheapest to lose: GreedyDual-Size with frequency.
 *
 * Pei Cao and Sandy Irani, "Cost-Aware WWW Proxy Caching Algorithms" (USITS 1997): an entry is worth its cost per byte,
 * raised by the worth of the last entry that was evicted before it was last used; the least worth goes first. Ludmila
 * Cherkasova (HP Labs HPL-98-69, 1998) multiplies the cost by the number of uses. The cost here is the time that the
 * function ran.
 *
 * @module
 */
import type { CallKey } from "../digests.ts";
import type { EntrySummary, EntryUsage } from "../records.ts";

/** Options of {@linkcode chooseCheapest}. */
export interface CheapestOptions {
  /** What the entries that stay may take in all, bytes. */
  readonly maxBytes: number;
  readonly usage: ReadonlyMap<CallKey, EntryUsage>;
  /** Tells what the last evicted entry before a time was worth. */
  readonly inflation: { at(timeMs: number): number };
}

/** What an entry takes beyond its result: its rows in the database. Keeps a result of no bytes from being priceless. */
const ROW_BYTES = 1024;

/**
 * The entries to remove, cheapest first, so that the others take at most `maxBytes`.
 *
 * @param entries All entries.
 * @param options See there.
 * @returns The entries, and the worth of the dearest of them (`null` when there is none), by which later uses are raised.
 */
export function chooseCheapest<Entry extends EntrySummary>(
  entries: readonly Entry[],
  { maxBytes, usage, inflation }: CheapestOptions,
): { entries: Entry[]; value: number | null } {
  let sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  if (sizeBytes <= maxBytes) return { entries: [], value: null };
  const ranked = entries.map((entry) => {
    const used = usage.get(entry.key);
    const lastUsedMs = Math.max(used?.lastUsedMs ?? 0, entry.createdMs);
    const uses = 1 + (used?.hits ?? 0);
    const worth = inflation.at(lastUsedMs) + uses * entry.computeMs / (entry.sizeBytes + ROW_BYTES);
    return { entry, worth, lastUsedMs };
  });
  ranked.sort((a, b) => a.worth - b.worth || a.lastUsedMs - b.lastUsedMs);
  const chosen: Entry[] = [];
  let value: number | null = null;
  for (const { entry, worth } of ranked) {
    if (sizeBytes <= maxBytes) break;
    // Losing an entry without a result of its own gains nothing.
    if (entry.sizeBytes === 0) continue;
    sizeBytes -= entry.sizeBytes;
    chosen.push(entry);
    value = worth;
  }
  return { entries: chosen, value };
}
