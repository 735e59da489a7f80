/**
 * The running program: which of its modules belong to this package, and whether the program is a test.
 *
 * A file of its own, since `code/`, `store/`, `reads/` and `call/` import it, and no other file of `words/` fits.
 *
 * @module
 */
/** URL of the folder with the sources, with a slash at its end. */
export const OWN_SOURCES: string = new URL("../", import.meta.url).href;
const OWN_MODULES = ["mod.ts", "codecs.ts"].map((name) => new URL(`../../${name}`, import.meta.url).href);

/** True for a module of this package. @param url URL of the module, as V8 shows it. */
export function isOwnModule(url: string): boolean {
  return url.startsWith(OWN_SOURCES) || OWN_MODULES.includes(url);
}

/**
 * True when `deno test` or `deno bench` is running. Their sanitizers report a leak for a resource that a program keeps
 * open for its next call. `Deno.test` does something only under these two commands. When Deno does not tell, the answer
 * is true, which costs time and never leaks.
 */
export function runsTests(): boolean {
  return Deno.test?.name !== "noopTest";
}

/** Names of the members that the platform gave `Deno`; a program may add others. */
export const NAMES_OF_DENO: ReadonlySet<string> = new Set(Object.keys(Deno));
