/**
 * Calls whose results were returned and not stored: for each function how many, and why the last one. Each process keeps
 * its own counts in a file of its own, and readers add them up.
 *
 * A killed process loses the counts of its last second. They are for people; no result depends on them.
 *
 * ```text
 * usage/unstored-<id>.json     counts of one process, or merged ones
 * ```
 *
 * @module
 */
import { wallMs } from "../words/clock.ts";
import { listOwn, readOwn, removeOwn, requireFolders, writeAnew } from "./own_files.ts";
import { type CacheLayout, makeFolder, OWN_NAMES } from "./layout.ts";
import { randomId } from "../words/random.ts";
import { giveTurn, isTurnOver } from "../words/waiting.ts";

/** Calls of one function whose results were not stored. */
export interface UnstoredCalls {
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Name and module of the function. */
  readonly functionId: string;
  /** Number of calls. */
  readonly calls: number;
  /** Cause of the last one, in words, with the path and the remedy. */
  readonly detail: string;
  /** Time of the last one, milliseconds since the epoch. */
  readonly lastMs: number;
}

/** Time in milliseconds after which new counts are written. */
const FLUSH_MS = 1000;
/** Number of files above which a reader merges them. */
const MERGE_FILES = 64;

/** Counts of one cache directory. */
export class UnstoredLog {
  readonly #layout: CacheLayout;
  readonly #isReadOnly: boolean;
  readonly #name = `unstored-${randomId()}.json`;
  readonly #own = new Map<string, UnstoredCalls>();
  #isDirty = false;
  #flushedMs = -Infinity;

  /** @param layout Paths of the cache. @param isReadOnly True when nothing may be written. */
  constructor(layout: CacheLayout, isReadOnly: boolean) {
    this.#layout = layout;
    this.#isReadOnly = isReadOnly;
  }

  /** Counts one call. */
  note({ fname, functionId }: Pick<UnstoredCalls, "fname" | "functionId">, detail: string, nowMs = wallMs()): void {
    addCalls(this.#own, { fname, functionId, calls: 1, detail, lastMs: nowMs });
    this.#isDirty = true;
    if (Math.abs(nowMs - this.#flushedMs) >= FLUSH_MS) this.flush(nowMs);
  }

  /** Writes the counts of this process. A failure costs only counts, so it is silent. */
  flush(nowMs: number = wallMs()): void {
    this.#flushedMs = nowMs;
    if (!this.#isDirty || this.#isReadOnly) return;
    this.#isDirty = false;
    try {
      this.#write(this.#name, this.#own);
    } catch {
      // No space, no permission, or the cache directory is gone.
    }
  }

  /** Returns the calls of all functions by functionId, by this and all other processes. */
  async read(): Promise<ReadonlyMap<string, UnstoredCalls>> {
    this.flush();
    const all = new Map<string, UnstoredCalls>();
    const names = listOwn(this.#layout.usage, OWN_NAMES.unstored);
    for (const name of names) {
      if (isTurnOver()) await giveTurn();
      const counts = this.#isReadOnly && name === this.#name ? [] : readCounts(`${this.#layout.usage}/${name}`);
      for (const one of counts) addCalls(all, one);
    }
    if (this.#isReadOnly) { for (const one of this.#own.values()) addCalls(all, one); }
    return all;
  }

  /** Merges the files of processes that have ended into one when there are many, or removes all counts. */
  async tidy(keeps: (one: UnstoredCalls) => boolean): Promise<void> {
    if (this.#isReadOnly) return;
    const names = listOwn(this.#layout.usage, OWN_NAMES.unstored);
    const all = await this.read();
    const kept = new Map([...all].filter(([, one]) => keeps(one)));
    if (names.length <= MERGE_FILES && kept.size === all.size) return;
    try {
      for (const name of names) {
        if (isTurnOver()) await giveTurn();
        removeOwn(`${this.#layout.usage}/${name}`);
      }
      this.#own.clear();
      for (const [id, one] of kept) this.#own.set(id, one);
      if (kept.size > 0) this.#write(this.#name, this.#own);
    } catch {
      // The counts are lost, and nothing else.
    }
  }

  #write(name: string, counts: ReadonlyMap<string, UnstoredCalls>): void {
    const { metadata, usage } = this.#layout;
    requireFolders(metadata);
    makeFolder(usage);
    const bytes = new TextEncoder().encode(JSON.stringify([...counts.values()]));
    writeAnew(`${usage}/${name}`, bytes, `${usage}/${name}.new`);
  }
}

function addCalls(counts: Map<string, UnstoredCalls>, one: UnstoredCalls): void {
  const known = counts.get(one.functionId);
  const last = known !== undefined && known.lastMs > one.lastMs ? known : one;
  counts.set(one.functionId, { ...last, calls: one.calls + (known?.calls ?? 0) });
}

/** Reads the counts of a file; none of one that is damaged. */
function readCounts(path: string): UnstoredCalls[] {
  try {
    const found: unknown = JSON.parse(new TextDecoder().decode(readOwn(path)));
    return Array.isArray(found) ? found.filter(isCounts) : [];
  } catch {
    return [];
  }
}

function isCounts(one: unknown): one is UnstoredCalls {
  if (typeof one !== "object" || one === null) return false;
  const { fname, functionId, calls, detail, lastMs } = one as Record<string, unknown>;
  return typeof fname === "string" && typeof functionId === "string" && typeof detail === "string" &&
    Number.isSafeInteger(calls) && (calls as number) > 0 && typeof lastMs === "number" && lastMs >= 0;
}
