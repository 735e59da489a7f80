/**
 * When the platform's functions are observed: while a cached call runs, and at no other time.
 *
 * Replacing them costs some microseconds, so nothing is left behind that outside code would pay for. A wrapper that was
 * taken as a value during a call goes on working: outside of calls it does what the original does. A function that was
 * taken before, an import by name from `node:fs` above all, is never observed; {@linkcode observedOriginals} tells which
 * those are.
 *
 * @module
 */
import { denoPatches } from "./deno_functions.ts";
import { nodePatches } from "./node_functions.ts";
import { applyPatches, revertPatches } from "./patches.ts";
import type { Patch } from "./patches.ts";
import type { AnyFunction } from "./wrap.ts";

export { originalOf } from "./wrap.ts";

let patches: readonly (readonly Patch[])[] | undefined;

function allPatches(): readonly (readonly Patch[])[] {
  return patches ??= [denoPatches(), nodePatches()];
}

/** Begins to observe. */
export function startObserving(): void {
  for (const each of allPatches()) applyPatches(each);
}

/** Ends it: every member is what it was. */
export function stopObserving(): void {
  for (const each of allPatches()) revertPatches(each);
}

/**
 * The functions that are observed, with their names as users write them (`node:fs.readFileSync`), by identity.
 *
 * Code that holds one of these itself, rather than asking the object that it belongs to for it each time, reads
 * unobserved.
 */
export function observedOriginals(): ReadonlyMap<AnyFunction, string> {
  const originals = new Map<AnyFunction, string>();
  for (const { original, name } of allPatches().flat()) if (!originals.has(original)) originals.set(original, name);
  return originals;
}
