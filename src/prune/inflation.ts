/**
 * What evicted entries were worth, over time: the "L" of GreedyDual-Size. An entry that is used after an eviction is
 * raised by what that eviction was worth, so that old uses lose against new ones.
 *
 * @module
 */
import { readOwn, requireFolders, writeAnew } from "../own_files.ts";
import type { Layout } from "../store/layout.ts";

/** Steps that are kept; what was used before the oldest of them counts as used at its time. */
const MAX_STEPS = 500;

type Step = readonly [timeMs: number, worth: number];

/** The inflation of one cache directory. */
export class Inflation {
  readonly #path: string;
  readonly #folders: readonly string[];
  readonly #isReadOnly: boolean;
  readonly #steps: Step[];

  /** @param layout Where. @param isReadOnly Whether {@linkcode raise} keeps nothing. */
  constructor(layout: Layout, isReadOnly: boolean) {
    this.#path = `${layout.usage}/inflation.json`;
    this.#isReadOnly = isReadOnly;
    this.#folders = [layout.version, layout.usage];
    this.#steps = readSteps(this.#path);
  }

  /** What the last entry that was evicted before this time was worth; 0 when none was. */
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

  /** Notes an eviction. */
  raise(worth: number, timeMs: number): void {
    const last = this.#steps.at(-1);
    // It never falls. A clock that went backwards must not put steps out of order.
    if (this.#isReadOnly || !(worth > (last?.[1] ?? 0))) return;
    this.#steps.push([Math.max(timeMs, last?.[0] ?? 0), worth]);
    try {
      requireFolders(...this.#folders);
      const text = JSON.stringify(this.#steps.slice(-MAX_STEPS));
      writeAnew(this.#path, new TextEncoder().encode(text), `${this.#path}.${Deno.pid}`);
    } catch {
      // The order of later prunes is a little worse; nothing depends on it.
    }
  }
}

function readSteps(path: string): Step[] {
  try {
    const steps: unknown = JSON.parse(new TextDecoder().decode(readOwn(path)));
    if (!Array.isArray(steps)) return [];
    const isStep = (step: unknown): step is Step =>
      Array.isArray(step) && Number.isFinite(step[0]) && Number.isFinite(step[1]);
    return steps.filter(isStep).sort(([a], [b]) => a - b);
  } catch {
    return [];
  }
}
