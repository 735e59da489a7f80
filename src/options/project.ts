/**
 * The project's root folder, and paths that mean the same on every machine.
 *
 * Keys and traces hold paths relative to the root, so a project that was moved, copied or checked out elsewhere finds
 * its entries again.
 *
 * @module
 */
import { exists, realPathOf } from "./manifest_files.ts";
import { isAbsolutePath, parentOf, pathOfFileUrl, resolvePath } from "./paths.ts";

/** Files and folders that mark a project's root. */
const MARKERS = ["deno.json", "deno.jsonc", "package.json", ".git"];

/** A package's file in node_modules, or in Deno's cache: `…/npm/registry.host/lodash-es/4.17.21/…`. */
const PACKAGE_FOLDER = /\/node_modules\/|\/npm\/[^/]+\/(?:@[^/]+\/)?[^/]+\/\d+\.\d+\.\d+[^/]*\//;

/** Where to look for a project's root. */
export interface ProjectOrigin {
  /** URL of the main module; only a `file:` URL outside of packages tells anything. */
  readonly mainModule?: string;
  /** The working directory; `null` when it may not be asked for. */
  readonly cwd?: string | null;
}

let currentRoot: string | undefined;
const realRoots = new Map<string, string>();
const currentDirectory = Deno.cwd;

/**
 * The root of the running program's project, found once per process.
 *
 * @returns An absolute path; see {@linkcode findProjectRoot} for the rule.
 */
export function projectRoot(): string {
  return currentRoot ??= findProjectRoot({ mainModule: mainModulePath(), cwd: workingDirectory() });
}

/**
 * Sets the root by hand, for tests and for a command line that looks at another project's cache; `null` goes back to
 * finding it.
 */
export function setProjectRoot(root: string | null): void {
  currentRoot = root === null ? undefined : resolvePath(root, workingDirectory() ?? "/");
  realRoots.clear();
}

/**
 * The root of the project that a program belongs to: the nearest folder that holds the main module, or else the working
 * directory, and in which there is a deno.json, deno.jsonc, package.json or .git. Without any, the working directory.
 *
 * What may not be read counts as absent; nothing is thrown and nothing is asked.
 *
 * @returns An absolute path.
 */
export function findProjectRoot(origin: ProjectOrigin): string {
  const main = folderOfMain(origin.mainModule ?? "");
  const cwd = origin.cwd ?? null;
  for (const start of [main, cwd]) {
    const marked = start === null ? null : nearestMarked(start);
    if (marked !== null) return marked;
  }
  return cwd ?? main ?? "/";
}

/**
 * `path` in the form that keys and records hold: relative to the root with `/` separators when it is below it (`.` for
 * the root itself), absolute otherwise.
 *
 * Works on the text alone, except that the root's symbolic links are resolved once: a path below the resolved root is
 * below the root. Links within `path` are the caller's to resolve.
 *
 * @param path An absolute path, a path relative to the working directory, or a `file:` URL.
 * @param root An absolute path.
 *
 * @example
 * ```ts
 * import { toPortable } from "./project.ts";
 *
 * console.log(toPortable("/home/ada/study/data/a.csv", "/home/ada/study")); // data/a.csv
 * ```
 */
export function toPortable(path: string | URL, root: string = projectRoot()): string {
  return portableOf(toAbsolute(path), root);
}

/** The portable form of an absolute path: relative to the project root when below it, else the path itself. */
export function portableOf(absolute: string, root: string): string {
  return pathBelow(absolute, root) ?? pathBelow(absolute, realRoot(root)) ?? absolute;
}

/** The absolute path of a portable one. Undoes {@linkcode toPortable}. */
export function fromPortable(path: string, root: string = projectRoot()): string {
  return resolvePath(path, root);
}

/** The absolute path of a path relative to the working directory, an absolute one or a `file:` URL. */
export function toAbsolute(path: string | URL): string {
  const base = typeof path === "string" && !isAbsolutePath(path) ? workingDirectory() : null;
  return resolvePath(path, base ?? currentRoot ?? "/");
}

function pathBelow(path: string, root: string): string | null {
  if (path === root) return ".";
  const length = root.endsWith("/") || root.endsWith("\\") ? root.length - 1 : root.length;
  if (path.length <= length || !path.startsWith(root) || !/[\\/]/.test(path.charAt(length))) return null;
  const relative = path.slice(length + 1);
  return Deno.build.os === "windows" ? relative.replaceAll("\\", "/") : relative;
}

function realRoot(root: string): string {
  let real = realRoots.get(root);
  if (real === undefined) realRoots.set(root, real = realPathOf(root));
  return real;
}

function nearestMarked(start: string): string | null {
  for (let folder = start;; folder = parentOf(folder)) {
    if (MARKERS.some((marker) => exists(`${folder}/${marker}`))) return folder;
    if (parentOf(folder) === folder) return null;
  }
}

/** The main module's folder, unless it is a package's: a tool that was installed is not the project it works on. */
function folderOfMain(url: string): string | null {
  if (!url.startsWith("file:") || PACKAGE_FOLDER.test(url)) return null;
  return parentOf(pathOfFileUrl(url));
}

/** The program's main module; in a worker, which is not told that, the worker's own. */
function mainModulePath(): string {
  try {
    return (Deno.mainModule as string | null) ?? globalThis.location?.href ?? "";
  } catch {
    return "";
  }
}

/** The working directory, asked for without its becoming an input of a running cached function; `null` when unknown. */
export function workingDirectory(): string | null {
  try {
    return currentDirectory();
  } catch {
    return null;
  }
}

/**
 * The cache directory that is used where none is given: the value of `CACHEPY_DIR`, else `./.cachepy`.
 *
 * Without permission to read that variable (`--allow-env=CACHEPY_DIR`) it counts as not set; no question is asked.
 *
 * @returns A path, as it is written: relative to the working directory when it does not begin at a root.
 *
 * @example
 * ```ts
 * import { cacheDefaultDir } from "./project.ts";
 *
 * console.log(cacheDefaultDir()); // ./.cachepy
 * ```
 */
export function cacheDefaultDir(): string {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "CACHEPY_DIR" });
  return (state === "granted" && Deno.env.get("CACHEPY_DIR")) || "./.cachepy";
}
