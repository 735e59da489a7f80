/**
 * Lock files of a project and installed packages. Lock files are read when they are needed, and again when they
 * change.
 *
 * @module
 */
import { manifestStampOf, type ManifestText, readManifest, realPathOf } from "../../options/manifest_files.ts";
import { parentOf } from "../../options/paths.ts";
import { type DenoLock, parseDenoLock } from "./deno_lock.ts";
import { asObject, type ProjectManifests } from "../../options/manifests.ts";

/** Content of deno.lock, or the reason, in words, for which there is none. */
export type LockState =
  | { readonly lock: DenoLock; readonly problem: null }
  | { readonly lock: null; readonly problem: string };

/** Reader of lock files. */
export interface PackageLocks {
  /** Reads deno.lock as it is now. */
  denoLock(): LockState;
  /** Integrity of an installed package, from the lock files of npm next to its `node_modules`; empty when not known. */
  npmIntegrity(folder: string, name: string, version: string): string;
}

/** Creates the reader of the lock files of the project that `manifests` describes. */
export function createPackageLocks(manifests: ProjectManifests): PackageLocks {
  const readDeno = rereadOnChange(describeDenoLock);
  const readNpm = new Map<string, () => ReadonlyMap<string, string>>();
  const npmLock = (path: string): ReadonlyMap<string, string> => {
    let read = readNpm.get(path);
    if (read === undefined) {
      const reread = rereadOnChange(integritiesOf);
      readNpm.set(path, read = () => reread(path));
    }
    return read();
  };
  return {
    denoLock() {
      if (manifests.lockPath !== null) return readDeno(manifests.lockPath);
      return { lock: null, problem: manifests.noLock };
    },
    npmIntegrity(folder, name, version) {
      const outer = folder.slice(0, folder.indexOf("/node_modules"));
      const files = ["node_modules/.package-lock.json", "package-lock.json", "npm-shrinkwrap.json"];
      for (const base of new Set([outer, manifests.workspace.folder, parentOf(outer)])) {
        for (const file of files) {
          const integrity = npmLock(`${base}/${file}`).get(`${name}@${version}`);
          if (integrity !== undefined) return integrity;
        }
      }
      return "";
    },
  };
}

function describeDenoLock(file: ManifestText, path: string): LockState {
  if (file.text === null) {
    switch (file.reason) {
      case "absent":
        return { lock: null, problem: "there is no deno.lock; run deno install" };
      case "denied":
        return { lock: null, problem: `deno.lock may not be read; run with --allow-read=${path}` };
      case "broken":
        return { lock: null, problem: "deno.lock cannot be read" };
    }
  }
  try {
    return { lock: parseDenoLock(file.text), problem: null };
  } catch {
    return { lock: null, problem: "deno.lock is in a format that is not known; update this package" };
  }
}

function integritiesOf(file: ManifestText): ReadonlyMap<string, string> {
  try {
    return file.text === null ? new Map() : parseNpmLock(file.text);
  } catch {
    return new Map();
  }
}

function rereadOnChange<Result>(parse: (file: ManifestText, path: string) => Result): (path: string) => Result {
  let last: { readonly stamp: string | null; readonly result: Result } | undefined;
  return (path) => {
    const stamp = manifestStampOf(path);
    if (last !== undefined && last.stamp === stamp) return last.result;
    last = { stamp, result: parse(readManifest(path), path) };
    return last.result;
  };
}

/** An installed package, as its package.json describes it. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** Names of the dependencies that the package needs, as the package imports them. */
  readonly required: readonly string[];
  /** Names of the optional and peer dependencies, which the package uses if they are installed. */
  readonly optional: readonly string[];
}

/** An installed package with everything that it depends on. */
interface InstalledClosure {
  /** The package itself and all its dependencies, direct or not, as far as they are installed. */
  readonly packages: readonly InstalledPackage[];
  /** Required dependencies that were not found, written as `top → absent`. */
  readonly missing: readonly string[];
}

/**
 * Reads the package in `folder`; `null` when its package.json is absent, may not be read, or has no name or version.
 *
 * @param folder Absolute path of the package's folder.
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

/** Finds an installed package and everything that it depends on. */
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

/**
 * Integrities by `name@version`, from the text of a lock file of npm (lockfileVersion 1, 2 or 3).
 *
 * The folders in the lock file are ignored: installed packages are found by their own package.json.
 *
 * @throws {SyntaxError} When the text is no JSON.
 */
export function parseNpmLock(text: string): Map<string, string> {
  const lock = asObject(JSON.parse(text));
  const integrities = new Map<string, string>();
  for (const [path, value] of Object.entries(asObject(lock.packages))) {
    const name = path.split("node_modules/").pop() ?? "";
    if (path.includes("node_modules/")) addIntegrity(integrities, name, value);
  }
  addTree(integrities, lock.dependencies);
  return integrities;
}

function addTree(integrities: Map<string, string>, tree: unknown): void {
  for (const [name, value] of Object.entries(asObject(tree))) {
    addIntegrity(integrities, name, value);
    addTree(integrities, asObject(value).dependencies);
  }
}

/** Adds the integrity of one package. The entry of an alias has the package's own name in `name`, which counts. */
function addIntegrity(integrities: Map<string, string>, key: string, value: unknown): void {
  const { name, version, integrity } = asObject(value);
  if (typeof integrity !== "string") return;
  integrities.set(`${typeof name === "string" ? name : key}@${version}`, integrity);
}
