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
import { type CacheLayout, OWN_NAMES } from "./layout.ts";
import { FOLDER_MODE, listOwn, readOwn, removeOwn, requireFolders, writeAnew } from "./own_files.ts";

/** Places that runs of one function have changed, in this process and in others. */
export interface ChangedState {
  readonly places: ReadonlySet<string>;
  /** Sets the places for this process. */
  set(places: Iterable<string>): void;
  /** Keeps the places for other processes. */
  keep(): void;
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
    const places = new Set(this.#read(functionId));
    return {
      places,
      set(now) {
        const all = [...now];
        places.clear();
        for (const place of all) places.add(place);
      },
      keep: () => this.#add(functionId, places),
    };
  }

  #read(functionId: string): readonly string[] {
    try {
      const found: unknown = JSON.parse(new TextDecoder().decode(readOwn(this.#pathOf(functionId))));
      return Array.isArray(found) ? found.filter((one) => typeof one === "string").slice(0, MAX_PLACES) : [];
    } catch {
      return []; // there is none, or it is damaged
    }
  }

  /** Adds places of a function. A failure is silent: each process then finds them anew. */
  #add(functionId: string, places: Iterable<string>): void {
    if (this.#isReadOnly) return;
    const { version, usage } = this.#layout;
    const all = [...new Set([...this.#read(functionId), ...places])].sort().slice(0, MAX_PLACES);
    const path = this.#pathOf(functionId);
    try {
      try {
        requireFolders(version, usage);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        Deno.mkdirSync(usage, { mode: FOLDER_MODE });
      }
      writeAnew(path, new TextEncoder().encode(JSON.stringify(all)), `${path}.new`);
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
