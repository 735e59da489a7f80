/**
 * Exports that a package assigns again after it was loaded: `export let locale; export function set(l) { locale = l; }`.
 * The module that imports one sees the value that it has now.
 *
 * A file of its own, since its answers are kept for all functions of the process.
 *
 * @module
 */
import { isOfPackages } from "../blind/blind.ts";
import type { InspectorLease } from "../v8/inspector.ts";
import { knownScript } from "./known_scripts.ts";

/** Answers by package and name, each with the number of scripts that were loaded then. */
const answers = new Map<string, { readonly count: number; readonly isLive: boolean }>();

/**
 * True for an export of a name that a script of a package seems to assign again. No re-export is resolved.
 *
 * @param packageNameOf Name of the package that a script belongs to; `null` for other code.
 */
export async function isLiveExport(
  packageName: string,
  name: string,
  lease: InspectorLease,
  packageNameOf: (url: string) => string | null,
): Promise<boolean> {
  const urls = lease.scriptUrls();
  const id = `${packageName}\n${name}`;
  const known = answers.get(id);
  if (known !== undefined && (known.isLive || known.count === urls.length)) return known.isLive;
  let isLive = false;
  for (const url of urls) {
    if (isLive || !isOfPackages(url) || packageNameOf(url) !== packageName) continue;
    const text = (await lease.scriptOf(url))?.text ?? "";
    // The default export has no name in most modules.
    isLive = text.includes("export") && (name === "default" || text.includes(name)) &&
      knownScript({ url, text }).reassignsExport(name);
  }
  answers.set(id, { count: urls.length, isLive });
  return isLive;
}
