/**
 * Globals of the program that code of packages uses: `globalThis.RATE = 2` before a call of a package that reads it.
 *
 * @module
 */
import { memberNow } from "../walk/built_ins.ts";
import { isNameOfPlatform } from "../walk/global_names.ts";
import type { KnownScript } from "./known_scripts.ts";

/**
 * Keys of the globals that the program made. Symbols are those of the registry, by which copies of a package share what
 * they keep.
 */
function keysOfProgram(): (string | symbol)[] {
  return Reflect.ownKeys(globalThis).filter((key) =>
    typeof key === "symbol" ? Symbol.keyFor(key) !== undefined : !isNameOfPlatform(key)
  );
}

/** Globals of the program that scripts may use, by key; of an accessor, its getter. */
export function globalsIn(scripts: readonly KnownScript[]): ReadonlyMap<string | symbol, unknown> {
  const mayUse = (key: string | symbol): boolean =>
    scripts.some((script) => typeof key === "symbol" ? script.text.includes(beginningOf(key)) : script.mentions(key));
  return new Map(keysOfProgram().filter(mayUse).map((key) => [key, memberNow(globalThis, key)]));
}

/** Text of a registered symbol up to what code may compute: `opentelemetry.js.api.` of `opentelemetry.js.api.1`. */
function beginningOf(symbol: symbol): string {
  const key = Symbol.keyFor(symbol) ?? "";
  return /^.{4,}[./:@-](?=[\d.]+$)/.exec(key)?.[0] ?? key;
}

/** Returns a function that returns true while these globals are as they were, and no other ones were made. */
export function watchGlobals(globals: ReadonlyMap<string | symbol, unknown>): () => boolean {
  const keys = keysOfProgram();
  return () => {
    const now = keysOfProgram();
    if (now.length !== keys.length || now.some((key, index) => key !== keys[index])) return false;
    for (const [key, value] of globals) {
      if (!Object.is(memberNow(globalThis, key), value)) return false;
    }
    return true;
  };
}
