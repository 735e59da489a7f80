/**
 * Packs an array of arrays: all their items as one array, and their lengths.
 *
 * @module
 */
import { isElementsAlone } from "./array_names.ts";
import { isProxy, lossOfElements } from "./losses.ts";

/** Items of a block of arrays, beyond which they are written one by one. */
const MAX_ITEMS = 1 << 20;

/** Arrays as one. */
export interface Lists {
  readonly lengths: Uint32Array;
  readonly longest: number;
  readonly items: readonly unknown[];
}

/**
 * The arrays as one.
 *
 * @param arrays What may be arrays.
 * @param seen All arrays that were met before, to which these are added.
 * @returns `null` when something is no bare array, has holes, or was met before; then `seen` is as it was.
 */
export function collectLists(arrays: readonly unknown[], seen: Set<object>): Lists | null {
  const lengths = new Uint32Array(arrays.length);
  const items: unknown[] = [];
  let longest = 0;
  for (let index = 0; index < arrays.length; index++) {
    const array = arrays[index];
    const length = Array.isArray(array) ? takeList(array, items, seen) : -1;
    if (length < 0) {
      for (let taken = 0; taken < index; taken++) seen.delete(arrays[taken] as object);
      return null;
    }
    lengths[index] = length;
    if (length > longest) longest = length;
  }
  return { lengths, longest, items };
}

/** Adds the items of an array; returns its length, -1 when it cannot be packed. */
function takeList(array: readonly unknown[], items: unknown[], seen: Set<object>): number {
  if (isProxy(array)) return -1;
  const { length } = array;
  if (Object.getPrototypeOf(array) !== Array.prototype || items.length + length > MAX_ITEMS) return -1;
  if (!isElementsAlone(array) || lossOfElements(array) !== null) return -1;
  for (let at = 0; at < length; at++) items.push(array[at]);
  const { size } = seen;
  return seen.add(array).size > size ? length : -1;
}
