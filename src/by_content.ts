/**
 * With `hashFilePaths: false`, a file argument counts by its content alone, wherever it lies: what the function sees of
 * it is in the call key, and looking for it again at the old place would make a renamed file another one.
 *
 * @module
 */
import type { Call } from "./call.ts";
import type { Dependency } from "./records.ts";
import { isBelow } from "./tracker.ts";

/**
 * What an execution observed, but for what the call's key says already.
 *
 * Times are not in the key, and of a folder of which a `filePattern` chooses the files, neither is the rest.
 *
 * @param call The call.
 * @param dependencies What it observed; none of it changed while it ran.
 */
export function besidesFileArguments(call: Call, dependencies: readonly Dependency[]): readonly Dependency[] {
  if (call.prepared.options.hashFilePaths) return dependencies;
  const known = call.files.filter(({ isFiltered }) => isFiltered !== true);
  return dependencies.filter((one) => !(isOfContent(one) && known.some(({ path }) => isAtOrBelow(one.path, path))));
}

function isOfContent(one: Dependency): one is Extract<Dependency, { kind: "file" | "directory" | "stat" }> {
  return one.kind === "file" || one.kind === "directory" ||
    one.kind === "stat" && one.followed && one.aspects !== "times";
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || isBelow(path, folder);
}
