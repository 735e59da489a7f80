/**
 * Places that the runs of functions change: state that was recognized by what happened. One file for each function, so
 * that every process leaves out the same places.
 *
 * A file that is lost or damaged costs one run, by which it is made again.
 *
 * ```text
 * usage/state-<digest of the function's id>.json
 * ```
 *
 * @module
 */
import { digestBytes } from "../words/sha256.ts";
import { type CacheLayout, makeFolder, OWN_NAMES } from "./layout.ts";
import { listOwn, readOwn, removeOwn, requireFolders, temporaryIn, writeAnew } from "./own_files.ts";

/** Places that runs of one function have changed, in this process and in others. */
export interface ChangedState {
  readonly places: ReadonlySet<string>;
  /** Sets the places for this process. */
  set(places: Iterable<string>): void;
  /** Keeps the places for other processes. */
  keep(): void;
  /** Places that changed while the function ran, perhaps by other code. */
  readonly suspects: ReadonlySet<string>;
  /** Keeps such places, for this process and for others. */
  suspect(places: readonly string[]): void;
}

/** What is kept of one function. */
interface Kept {
  readonly places: readonly string[];
  readonly suspects: readonly string[];
}

/** Number of places that are kept for one function. */
const MAX_PLACES = 500;

/** Places by function, of one cache directory. */
export class ChangedPlaces {
  readonly #layout: CacheLayout;
  readonly #isReadOnly: boolean;

  /** @param layout Paths of the cache. @param isReadOnly True when nothing may be written. */
  constructor(layout: CacheLayout, isReadOnly: boolean) {
    this.#layout = layout;
    this.#isReadOnly = isReadOnly;
  }

  /** Returns the places of a function. */
  of(functionId: string): ChangedState {
    const kept = this.#read(functionId);
    const places = new Set(kept.places), suspects = new Set(kept.suspects);
    return {
      places,
      suspects,
      set(now) {
        const all = [...now];
        places.clear();
        for (const place of all) places.add(place);
      },
      keep: () => this.#add(functionId, { places: [...places], suspects: [] }),
      suspect: (now) => {
        if (now.every((place) => suspects.has(place))) return;
        for (const place of now) suspects.add(place);
        this.#add(functionId, { places: [], suspects: now });
      },
    };
  }

  #read(functionId: string): Kept {
    try {
      const found = JSON.parse(new TextDecoder().decode(readOwn(this.#pathOf(functionId)))) as Partial<Kept> | null;
      return { places: textsOf(found?.places), suspects: textsOf(found?.suspects) };
    } catch {
      return { places: [], suspects: [] }; // there is none, or it is damaged
    }
  }

  /** Adds places of a function. A failure is silent: each process then finds them anew. */
  #add(functionId: string, added: Kept): void {
    if (this.#isReadOnly) return;
    const { metadata, metadataTmp, usage } = this.#layout;
    const before = this.#read(functionId);
    const union = (list: keyof Kept) => [...new Set([...before[list], ...added[list]])].sort().slice(0, MAX_PLACES);
    const all: Kept = { places: union("places"), suspects: union("suspects") };
    const path = this.#pathOf(functionId);
    try {
      requireFolders(metadata);
      makeFolder(usage);
      const temporary = temporaryIn(metadataTmp);
      writeAnew(path, new TextEncoder().encode(JSON.stringify(all)), temporary);
    } catch {
      // No space, no permission, or the cache directory is gone.
    }
  }

  /** Removes the places of all functions. */
  clear(): void {
    if (this.#isReadOnly) return;
    for (const name of listOwn(this.#layout.usage, OWN_NAMES.state)) removeOwn(`${this.#layout.usage}/${name}`);
  }

  #pathOf(functionId: string): string {
    return `${this.#layout.usage}/state-${digestBytes(functionId)}.json`;
  }
}

function textsOf(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === "string").slice(0, MAX_PLACES) : [];
}
