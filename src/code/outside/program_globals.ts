/**
 * Globals of the program that code of packages uses: `globalThis.RATE = 2` before a call of a package that reads it.
 *
 * @module
 */
import { memberNow } from "../walk/built_ins.ts";
import { isNameOfPlatform } from "../walk/global_names.ts";
import type { KnownScript } from "./known_scripts.ts";

/** Names of the globals that the program made. */
function namesOfProgram(): string[] {
  return Object.getOwnPropertyNames(globalThis).filter((name) => !isNameOfPlatform(name));
}

/** Globals that the program made, by name; of an accessor, its getter. */
function programGlobals(): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const name of namesOfProgram()) {
    found.set(name, memberNow(globalThis, name));
  }
  return found;
}

/** Globals of the program that scripts may use, by name. */
export function globalsIn(scripts: readonly KnownScript[]): ReadonlyMap<string, unknown> {
  const found = programGlobals();
  for (const name of found.keys()) if (!scripts.some((script) => script.mentions(name))) found.delete(name);
  return found;
}

/** Returns a function that returns true while these globals are as they were, and no other ones were made. */
export function watchGlobals(globals: ReadonlyMap<string, unknown>): () => boolean {
  const names = namesOfProgram();
  return () => {
    const now = namesOfProgram();
    if (now.length !== names.length || now.some((name, index) => name !== names[index])) return false;
    for (const [name, value] of globals) {
      if (!Object.is(memberNow(globalThis, name), value)) return false;
    }
    return true;
  };
}
