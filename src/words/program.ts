/**
 * The program that runs: which of its modules are this package's, and whether it is a test.
 *
 * @module
 */
/** URL of the folder with the sources, with a slash at its end. */
export const OWN_SOURCES: string = new URL("../", import.meta.url).href;
const OWN_MODULE = new URL("../../mod.ts", import.meta.url).href;

/** Whether a module is one of this package's. @param url As V8 shows it. */
export function isOwnModule(url: string): boolean {
  return url.startsWith(OWN_SOURCES) || url === OWN_MODULE;
}

/**
 * Whether `deno test` or `deno bench` is running: their sanitizers take for a leak what a program keeps ready for its
 * next call. `Deno.test` does something only under
 * `deno test` and `deno bench`. Where this cannot be told the answer is yes, which costs time and never leaks.
 */
export function runsTests(): boolean {
  return Deno.test?.name !== "noopTest";
}
