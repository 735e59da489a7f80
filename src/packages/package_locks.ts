/**
 * The lock files of a project, read when they are needed and again when they change.
 *
 * @module
 */
import { type ManifestText, readManifest, stampOf } from "../project/manifest_files.ts";
import { parentOf } from "../project/paths.ts";
import { type DenoLock, parseDenoLock } from "./deno_lock.ts";
import type { ProjectManifests } from "./manifests.ts";
import { parseNpmLock } from "./npm_lock.ts";

/** deno.lock, or why there is none, in words. */
export type LockState =
  | { readonly lock: DenoLock; readonly problem: null }
  | { readonly lock: null; readonly problem: string };

/** Reads lock files. */
export interface PackageLocks {
  /** deno.lock as it is now. */
  denoLock(): LockState;
  /** Integrity of an installed package from the lock files of npm next to its `node_modules`; empty when unknown. */
  npmIntegrity(folder: string, name: string, version: string): string;
}

/** The lock files of the project that `manifests` describes. */
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
    const stamp = stampOf(path);
    if (last !== undefined && last.stamp === stamp) return last.result;
    last = { stamp, result: parse(readManifest(path), path) };
    return last.result;
  };
}
