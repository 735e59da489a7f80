/**
 * Names of functions that a person mistyped. A file of its own, since only commands that are given a name load it.
 *
 * @module
 */
import { cacheStats } from "../manage/list.ts";
import { nearestWord } from "../options/check_options.ts";
import { printable } from "../words/printable.ts";

/**
 * Tells that no function of a name has an entry, with the name that may be meant.
 *
 * @param cacheDir The cache.
 * @param fname The name that was given.
 * @returns The words; `null` when there is such a function, or nothing at all.
 */
export async function noteOfUnknown(cacheDir: string, fname: string): Promise<string | null> {
  if ((await cacheStats(cacheDir, { fname })).entries > 0) return null; // most are right, and reading all takes long
  const { byFunction, unstored = [] } = await cacheStats(cacheDir);
  const names = [...byFunction, ...unstored].map((one) => one.fname);
  return names.length === 0 || names.includes(fname)
    ? null
    : `no entry is of a function ${JSON.stringify(printable(fname))}${hintOf(fname, names)}`;
}

/** Asks whether the nearest of the names is meant; `""` when none is near. */
function hintOf(name: string, names: readonly string[]): string {
  const nearest = nearestWord(name, [...new Set(names)]);
  return nearest === null ? "" : `; did you mean ${printable(nearest)}?`;
}

/**
 * Says that an argument is neither a key nor the name of a function of a cache.
 *
 * @param cacheDir The cache, as the user named it.
 * @param wanted The argument.
 * @returns The words, with a line feed at the end.
 */
export async function describeUnknown(cacheDir: string, wanted: string): Promise<string> {
  const hint = hintOf(wanted, (await cacheStats(cacheDir)).byFunction.map(({ fname }) => fname));
  const named = `No entry or function ${JSON.stringify(printable(wanted))} in ${printable(cacheDir)}`;
  return `${named}${hint === "" ? "; the command list names both" : hint}\n`;
}
