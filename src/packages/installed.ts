/**
 * Packages as another package manager installed them in `node_modules`: what their package.json files say, found the
 * way that a `require` would find them.
 *
 * @module
 */
import { readManifest, realPathOf } from "../project/manifest_files.ts";
import { parentOf } from "../project/paths.ts";
import { asObject } from "./jsonc.ts";

/** A package in a folder. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** Names of what it depends on, as it imports them. */
  readonly required: readonly string[];
  /** Names of what it uses if it is there: optional and peer dependencies. */
  readonly optional: readonly string[];
}

/** A package with all that it needs. */
export interface InstalledClosure {
  /** The package itself and all that it depends on, as far as it is installed. */
  readonly packages: readonly InstalledPackage[];
  /** Dependencies that were not found: `top → absent`. */
  readonly missing: readonly string[];
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
    const names = (section: string) => Object.keys(asObject(manifest[section]));
    const optional = [...names("optionalDependencies"), ...names("peerDependencies")];
    const required = names("dependencies").filter((name) => !optional.includes(name));
    return { name, version, folder, required, optional };
  } catch {
    return null;
  }
}

/** All that a package needs, itself included. */
export function installedClosure(start: InstalledPackage): InstalledClosure {
  const found = new Map([[start.folder, start]]);
  const missing: string[] = [];
  for (const one of found.values()) {
    for (const name of [...one.required, ...one.optional]) {
      const next = resolveInstalled(name, one.folder, found);
      if (next !== null) found.set(next.folder, next);
      else if (one.required.includes(name)) missing.push(`${one.name} → ${name}`);
    }
  }
  return { packages: [...found.values()], missing };
}

function resolveInstalled(
  name: string,
  from: string,
  known: ReadonlyMap<string, InstalledPackage>,
): InstalledPackage | null {
  for (let folder = from;; folder = parentOf(folder)) {
    const real = realPathOf(`${folder}/node_modules/${name}`);
    const found = known.get(real) ?? readInstalled(real);
    if (found !== null || parentOf(folder) === folder) return found;
  }
}
