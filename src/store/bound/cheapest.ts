/**
 * Choice of the entries that are cheapest to lose: the algorithm GreedyDual-Size with frequency.
 *
 * Pei Cao and Sandy Irani, "Cost-Aware WWW Proxy Caching Algorithms" (USITS 1997): the worth of an entry is its cost
 * per byte, plus the worth of the last entry that was evicted before the entry was last used. The entry of least
 * worth is evicted first. Ludmila Cherkasova (HP Labs HPL-98-69, 1998) multiplies the cost by the number of uses. The
 * cost here is the time that the function ran.
 *
 * @module
 */
import type { CallKey } from "../../words/digests.ts";
import type { EntrySummary, EntryUsage } from "../../words/records.ts";
import { giveTurn, isTurnOver, sortInTurns, STEPS } from "../../words/waiting.ts";
import { readOwn, requireFolders, writeAnew } from "../own_files.ts";
import type { CacheLayout } from "../layout.ts";

/** Options of {@linkcode chooseCheapest}. */
export interface CheapestOptions {
  /** Largest sum of the sizes of the entries that stay, bytes. */
  readonly maxBytes: number;
  readonly usage: ReadonlyMap<CallKey, EntryUsage>;
  /** Gives the worth of the last entry that was evicted before a time. */
  readonly inflation: { at(timeMs: number): number };
}

/** Bytes that an entry takes beside its result: its rows in the database. Keeps the worth of an empty result finite. */
const ROW_BYTES = 1024;

/**
 * Returns the entries to remove, cheapest first, so that the others take at most `maxBytes`.
 *
 * @param entries All entries.
 * @param options See {@linkcode CheapestOptions}.
 * @returns The entries, and the highest worth among them (`null` when there are none), by which later uses are raised.
 */
export async function chooseCheapest<Entry extends EntrySummary>(
  entries: readonly Entry[],
  { maxBytes, usage, inflation }: CheapestOptions,
): Promise<{ entries: Entry[]; value: number | null }> {
  let sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  if (sizeBytes <= maxBytes) return { entries: [], value: null };
  const ranked: { entry: Entry; worth: number; lastUsedMs: number }[] = [];
  for (const [index, entry] of entries.entries()) {
    if (index % STEPS === 0 && isTurnOver()) await giveTurn();
    const used = usage.get(entry.key);
    const lastUsedMs = Math.max(used?.lastUsedMs ?? 0, entry.createdMs);
    const uses = 1 + (used?.hits ?? 0);
    const worth = inflation.at(lastUsedMs) + uses * entry.computeMs / (entry.sizeBytes + ROW_BYTES);
    ranked.push({ entry, worth, lastUsedMs });
  }
  const sorted = await sortInTurns(ranked, (a, b) => a.worth - b.worth || a.lastUsedMs - b.lastUsedMs);
  const chosen: Entry[] = [];
  let value: number | null = null;
  for (const { entry, worth } of sorted) {
    if (sizeBytes <= maxBytes) break;
    // Removing an entry whose result has no bytes gains nothing.
    if (entry.sizeBytes === 0) continue;
    sizeBytes -= entry.sizeBytes;
    chosen.push(entry);
    value = worth;
  }
  return { entries: chosen, value };
}

/** Largest number of evictions that are stored; an entry that was last used before the oldest of them is not raised. */
const MAX_STEPS = 500;

type InflationStep = readonly [timeMs: number, worth: number];

/**
 * Inflation of one cache directory.
 *
 * The "L" of GreedyDual-Size: the worth of evicted entries, over time. An entry that is used after an eviction is
 * raised by the worth of the evicted entry, so that old uses lose against new ones.
 */
export class Inflation {
  readonly #path: string;
  readonly #folders: readonly string[];
  readonly #isReadOnly: boolean;
  readonly #steps: InflationStep[];

  /** @param layout Paths of the cache. @param isReadOnly True when {@linkcode raise} keeps nothing. */
  constructor(layout: CacheLayout, isReadOnly: boolean) {
    this.#path = `${layout.usage}/inflation.json`;
    this.#isReadOnly = isReadOnly;
    this.#folders = [layout.metadata, layout.usage];
    this.#steps = readSteps(this.#path);
  }

  /** Returns the worth of the last entry that was evicted before this time; 0 when none was. */
  at(timeMs: number): number {
    let low = 0;
    let high = this.#steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#steps[middle]![0] <= timeMs) low = middle + 1;
      else high = middle;
    }
    return this.#steps[low - 1]?.[1] ?? 0;
  }

  /** Notes the worth of an evicted entry, and the time of the eviction, milliseconds since the epoch. */
  raise(worth: number, timeMs: number): void {
    const last = this.#steps.at(-1);
    // The inflation never falls. A clock that went backwards must not put steps out of order.
    if (this.#isReadOnly || !(worth > (last?.[1] ?? 0))) return;
    this.#steps.push([Math.max(timeMs, last?.[0] ?? 0), worth]);
    try {
      requireFolders(...this.#folders);
      const text = JSON.stringify(this.#steps.slice(-MAX_STEPS));
      writeAnew(this.#path, new TextEncoder().encode(text), `${this.#path}.${Deno.pid}`);
    } catch {
      // The order of later prunes is a little worse; nothing else depends on the file.
    }
  }
}

function readSteps(path: string): InflationStep[] {
  try {
    const steps: unknown = JSON.parse(new TextDecoder().decode(readOwn(path)));
    if (!Array.isArray(steps)) return [];
    const isStep = (step: unknown): step is InflationStep =>
      Array.isArray(step) && Number.isFinite(step[0]) && Number.isFinite(step[1]);
    return steps.filter(isStep).sort(([a], [b]) => a - b);
  } catch {
    return [];
  }
}
