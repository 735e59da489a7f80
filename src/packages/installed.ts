/**
 * Packages as another package manager installed them in `node_modules`: what their package.json files say, found the
 * way that a `require` would find them.
 *
 * @module
 */
import { mayRead, readManifest, realPathOf } from "../project/manifest_files.ts";
import { parentOf } from "../project/paths.ts";
import { asObject } from "./jsonc.ts";

/** A package in a folder. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** Names of what it depends on, as it imports them; optional and peer dependencies included. */
  readonly dependencies: readonly string[];
}

/**
 * The package in `folder`; `null` when its package.json is absent, may not be read or has no version.
 *
 * @param folder An absolute path.
 */
export function readInstalled(folder: string): InstalledPackage | null {
  const { text } = readManifest(`${folder}/package.json`);
  if (text === null) return null;
  try {
    const manifest = asObject(JSON.parse(text));
    const { name, version } = manifest;
    if (typeof name !== "string" || typeof version !== "string") return null;
    const dependencies = ["dependencies", "optionalDependencies", "peerDependencies"]
      .flatMap((section) => Object.keys(asObject(manifest[section])));
    return { name, version, folder, dependencies };
  } catch {
    return null;
  }
}

/**
 * All that a package needs, itself included, as far as it is installed.
 *
 * An optional or peer dependency that is not installed is none.
 */
export function installedClosure(start: InstalledPackage): InstalledPackage[] {
  const found = new Map([[start.folder, start]]);
  for (const one of found.values()) {
    for (const name of one.dependencies) {
      const next = resolveInstalled(name, one.folder, found);
      if (next !== null) found.set(next.folder, next);
    }
  }
  return [...found.values()];
}

function resolveInstalled(
  name: string,
  from: string,
  known: ReadonlyMap<string, InstalledPackage>,
): InstalledPackage | null {
  for (let folder = from;; folder = parentOf(folder)) {
    const candidate = `${folder}/node_modules/${name}`;
    if (!mayRead(candidate)) return null;
    const real = realPathOf(candidate);
    const found = known.get(real) ?? readInstalled(real);
    if (found !== null) return found;
    if (parentOf(folder) === folder) return null;
  }
}
