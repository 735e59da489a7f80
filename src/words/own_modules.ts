/**
 * The modules of this package, told from those of a user: a boundary like that of any package.
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
