/**
 * Sorting of long lists while the other tasks of the event loop run. A file of its own, since only those who list whole
 * caches load it.
 *
 * @module
 */
import { inTurns } from "./waiting.ts";

/** Number of items that are sorted in one go. */
const RUN = 2048;

/**
 * Sorts a list as `Array.prototype.sort` does, equal items in their order, while other tasks run.
 *
 * @param items The items, which stay as they are.
 * @param compare Order of two items, as for `sort`.
 * @returns A new list.
 */
export async function sortInTurns<Item>(
  items: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Promise<Item[]> {
  return await inTurns(mergeSort(items, compare));
}

/** Sorts short runs, then merges them by twos. Runs that are in order already are joined without a comparison each. */
function* mergeSort<Item>(
  items: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Generator<void, Item[]> {
  let runs: Item[][] = [];
  for (let at = 0; at < items.length; at += RUN) {
    runs.push(items.slice(at, at + RUN).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: Item[][] = [];
    for (let at = 0; at < runs.length; at += 2) {
      const one = runs[at]!;
      const other = runs[at + 1];
      merged.push(other === undefined ? one : yield* merge(one, other, compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<Item>(
  one: readonly Item[],
  other: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Generator<void, Item[]> {
  if (compare(one.at(-1)!, other[0]!) <= 0) return [...one, ...other];
  const merged: Item[] = [];
  let at = 0;
  let otherAt = 0;
  while (at < one.length && otherAt < other.length) {
    merged.push(compare(one[at]!, other[otherAt]!) <= 0 ? one[at++]! : other[otherAt++]!);
    if (merged.length % RUN === 0) yield;
  }
  for (; at < one.length; at++) merged.push(one[at]!);
  for (; otherAt < other.length; otherAt++) merged.push(other[otherAt]!);
  yield;
  return merged;
}
