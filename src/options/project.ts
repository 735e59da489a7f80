/**
 * The project's root folder, and portable paths, which name a file of the project in every copy of the project.
 *
 * Keys and traces hold paths relative to the root, so a project that was moved, copied or checked out elsewhere finds
 * its entries again.
 *
 * @module
 */
import { exists, realPathOf, variableOf } from "./manifest_files.ts";
import { workspaceOf } from "./manifests.ts";
import { isAbsolutePath, parentOf, pathOfFileUrl, resolvePath } from "./paths.ts";
import { markOwn } from "../words/program.ts";

/** Files and folders that mark a project's root. */
const MARKERS = ["deno.json", "deno.jsonc", "package.json", ".git"];

/** A package's file in node_modules, or in Deno's cache: `…/npm/registry.host/lodash-es/4.17.21/…`. */
const PACKAGE_FOLDER = /\/node_modules\/|\/npm\/[^/]+\/(?:@[^/]+\/)?[^/]+\/\d+\.\d+\.\d+[^/]*\//;

/** The main module and the working directory, from which a project's root is looked for. */
export interface ProjectOrigin {
  /** URL of the main module. Only a `file:` URL outside of packages is used. */
  readonly mainModule?: string;
  /** The working directory; `null` when it is not known. */
  readonly cwd?: string | null;
}

let currentRoot: string | undefined;
let currentFolder: string | undefined;
const realRoots = new Map<string, string>();
const currentDirectory = Deno.cwd;

/**
 * The root of the running program's project, looked for once per process.
 *
 * @returns An absolute path; see {@linkcode findProjectRoot} for the rule.
 */
export function projectRoot(): string {
  return currentRoot ??= findProjectRoot({ mainModule: mainModulePath(), cwd: workingDirectory() });
}

/**
 * The folder whose manifest counts for the running program: that of the member in a workspace, else the project's root.
 *
 * @returns An absolute path.
 */
export function manifestFolder(): string {
  return currentFolder ??= nearestOf({ mainModule: mainModulePath(), cwd: workingDirectory() });
}

/**
 * Sets the root of the running program's project, for tests and for a command line about another project's cache. After
 * `null`, the root is looked for again.
 */
export function setProjectRoot(root: string | null): void {
  currentFolder = currentRoot = root === null ? undefined : resolvePath(root, workingDirectory() ?? "/");
  realRoots.clear();
}

/**
 * Finds the root of the project that a program belongs to: the nearest folder upwards from the main module, or else
 * from the working directory, that contains a deno.json, deno.jsonc, package.json or .git; for a member of a workspace, the
 * workspace, whose members import each other. Without such a folder, the root is the working directory; when that is not
 * known, the folder of the main module.
 *
 * A file that may not be read counts as absent. Nothing is thrown, and no permission is prompted for.
 *
 * @returns An absolute path.
 */
export function findProjectRoot(origin: ProjectOrigin): string {
  const folder = nearestOf(origin);
  return workspaceOf(folder) ?? folder;
}

function nearestOf(origin: ProjectOrigin): string {
  const main = folderOfMain(origin.mainModule ?? "");
  const cwd = origin.cwd ?? null;
  for (const start of [main, cwd]) {
    const marked = start === null ? null : nearestMarked(start);
    if (marked !== null) return marked;
  }
  return cwd ?? main ?? "/";
}

/**
 * Returns `path` in the form that keys and records hold: relative to the root with `/` separators when it is below the
 * root (`.` for the root itself), absolute otherwise.
 *
 * Works on the text alone, except that the root's symbolic links are resolved once: a path below the resolved root is
 * below the root too. The caller resolves links within `path`.
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

/** The portable form of an absolute path; {@linkcode toPortable} describes it. */
export function portableOf(absolute: string, root: string): string {
  return pathBelow(absolute, root) ?? pathBelow(absolute, realRoot(root)) ?? absolute;
}

/** The absolute path for a portable one: the inverse of {@linkcode toPortable}. */
export function fromPortable(path: string, root: string = projectRoot()): string {
  return resolvePath(path, root);
}

/**
 * The absolute path for a path relative to the working directory, an absolute path or a `file:` URL. While there is no
 * working directory, as when it was removed, a path is relative to the project root.
 */
export function toAbsolute(path: string | URL): string {
  const isRelative = typeof path === "string" && !isAbsolutePath(path) && !/^file:/i.test(path);
  return resolvePath(path, isRelative ? workingDirectory() ?? projectRoot() : "/");
}

/**
 * The absolute path of a folder that the user names, where `~` and a path that begins with `~/` mean the home folder, as a
 * shell takes them.
 */
export function toAbsoluteFolder(path: string | URL): string {
  return toAbsolute(typeof path === "string" ? homePathOf(path) ?? path : path);
}

/** A path that begins with `~`, with the home folder in its place; `null` for another path, or if no home is known. */
export function homePathOf(path: string): string | null {
  if (!/^~(?:[\\/]|$)/.test(path)) return null;
  const home = variableOf("HOME") ?? variableOf("USERPROFILE");
  return home ? home + path.slice(1) : null;
}

/** A path relative to a folder, with `/`; `null` when it is not below the folder. Both are absolute. */
export function pathBelow(path: string, root: string): string | null {
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

/** The main module's folder; `null` for a module of a package, since an installed tool is not the user's project. */
function folderOfMain(url: string): string | null {
  if (!url.startsWith("file:") || PACKAGE_FOLDER.test(url)) return null;
  return parentOf(pathOfFileUrl(url));
}

/** Folder of the program's main module; `null` when it is no file of the user's. */
export function mainModuleFolder(): string | null {
  return folderOfMain(mainModulePath());
}

/** URL of the program's main module; in a worker, which does not know it, URL of the worker's own module. */
function mainModulePath(): string {
  try {
    return (Deno.mainModule as string | null) ?? globalThis.location?.href ?? "";
  } catch {
    return "";
  }
}

/** The working directory; `null` when unknown. It does not become a dependency of a running cached function. */
export function workingDirectory(): string | null {
  try {
    return currentDirectory();
  } catch {
    return null;
  }
}

/**
 * The cache directory that is used where none is given: the value of the environment variable `CACHEPY_DIR`, else
 * `./.cachepy`.
 *
 * Without permission to read the variable (`--allow-env=CACHEPY_DIR`), it counts as not set; no permission is prompted
 * for.
 *
 * @returns The path as it is written in the variable. One that is not absolute is relative to the working directory.
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

markOwn(cacheDefaultDir);
