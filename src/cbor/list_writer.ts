/**
 * Packs an array of arrays: all their items as one array, and their lengths.
 *
 * @module
 */
import { isJustElements } from "./array_names.ts";
import type { IdentityMap } from "./identity_map.ts";

/** Items of a block of arrays, beyond which they are written one by one. */
const MAX_ITEMS = 1 << 20;

/** Arrays as one. */
export interface Lists {
  readonly lengths: Uint32Array;
  readonly longest: number;
  readonly items: readonly unknown[];
}

/** The arrays as one; `null` when something is no bare array, has holes, or was met before. */
export function collectLists(arrays: readonly unknown[], seen: IdentityMap): Lists | null {
  const lengths = new Uint32Array(arrays.length);
  const items: unknown[] = [];
  let longest = 0;
  for (let index = 0; index < arrays.length; index++) {
    const array = arrays[index];
    if (!Array.isArray(array) || Object.getPrototypeOf(array) !== Array.prototype) return null;
    if (seen.get(array) !== undefined || !isJustElements(array) || items.length + array.length > MAX_ITEMS) return null;
    const { length } = array;
    lengths[index] = length;
    if (length > longest) longest = length;
    for (let at = 0; at < length; at++) items.push(array[at]);
  }
  return new Set(arrays).size === arrays.length ? { lengths, longest, items } : null;
}
