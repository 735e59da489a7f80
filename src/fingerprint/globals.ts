/**
 * Which names of the global scope belong to the platform, and which are the program's own.
 *
 * @module
 */

/** Objects of the global scope that belong to the platform. */
const PLATFORM_OBJECTS: ReadonlySet<string> = new Set(
  ("Deno process globalThis window self global console Math JSON Reflect Atomics Intl WebAssembly Temporal crypto " +
    "performance navigator location caches localStorage sessionStorage Iterator Buffer clientInformation gpu " +
    "undefined NaN Infinity")
    .split(" "),
);

/** Names of the global object. */
const GLOBAL_OBJECTS: ReadonlySet<string> = new Set(["globalThis", "window", "self", "global"]);

/** What a global holds; `undefined` for what is not there or is behind a getter. */
export function valueOfGlobal(name: string): unknown {
  if (isGlobalObject(name)) return globalThis;
  // Not through a getter: asking for `localStorage` would open it.
  return Object.getOwnPropertyDescriptor(globalThis, name)?.value;
}

/** A chain of names from the global object on: `RATE`, `globalThis.RATE` and `self.RATE` are one. */
export function pathInGlobal(name: string, path: readonly string[]): readonly string[] {
  return isGlobalObject(name) ? path : [name, ...path];
}

/**
 * Whether a chain of names leads into the platform.
 *
 * A name that is not there is the program's: it may be set before the next call. Functions have to be told apart by
 * their code.
 */
export function isOfPlatform(name: string, path: readonly string[]): boolean {
  const [first] = pathInGlobal(name, path);
  if (first === undefined || PLATFORM_OBJECTS.has(first)) return true;
  const property = Object.getOwnPropertyDescriptor(globalThis, first);
  return property ? property.get !== undefined : first in globalThis;
}

function isGlobalObject(name: string): boolean {
  return GLOBAL_OBJECTS.has(name) && name in globalThis;
}
