/**
 * Small text files that say what a project is (deno.json, lock files, cachepy.yml), and the environment variables that
 * say where packages are, read without ever throwing.
 *
 * A library must not ask for permissions that the user did not think of: a file that may not be read is answered like
 * one that is not there, and no prompt is shown.
 *
 * @module
 */
// Taken when this module loads: what observes the reads of cached functions replaces these later, and the files that
// are read here are not inputs of whichever cached function happens to be running.
const { readDirSync, readTextFileSync, realPathSync, statSync } = Deno;
const querySync = Deno.permissions.querySync.bind(Deno.permissions);
const readVariable = Deno.env.get.bind(Deno.env);

/** Why a file's text is not to be had. */
export type Unreadable = "absent" | "denied" | "broken";

/** A file's text, or why there is none. */
export type ManifestText =
  | { readonly text: string; readonly stamp: string }
  | { readonly text: null; readonly reason: Unreadable };

/** Whether reading `path` is allowed already; never prompts. */
export function mayRead(path: string): boolean {
  try {
    return querySync({ name: "read", path }).state === "granted";
  } catch {
    return false;
  }
}

/**
 * What tells one state of a file from another without reading it; `null` when there is no such file or it may not be
 * looked at.
 */
export function manifestStampOf(path: string): string | null {
  if (!mayRead(path)) return null;
  try {
    const info = statSync(path);
    if (!info.isFile) return null;
    return `${info.dev}:${info.ino}:${info.size}:${info.mtime?.getTime()}:${info.ctime?.getTime()}`;
  } catch {
    return null;
  }
}

/** Whether something is at `path`, file or folder, and may be looked at. */
export function exists(path: string): boolean {
  if (!mayRead(path)) return false;
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * The text of a file, with the stamp that it had before it was read.
 *
 * @param path An absolute path.
 * @param maxBytes What is larger is `broken`: none of the files that are meant here is.
 */
export function readManifest(path: string, maxBytes = 256 * 2 ** 20): ManifestText {
  if (!mayRead(path)) return { text: null, reason: "denied" };
  const stamp = manifestStampOf(path);
  if (stamp === null) return { text: null, reason: exists(path) ? "broken" : "absent" };
  if (Number(stamp.split(":")[2]) > maxBytes) return { text: null, reason: "broken" };
  try {
    return { text: readTextFileSync(path), stamp };
  } catch (error) {
    return { text: null, reason: error instanceof Deno.errors.NotFound ? "absent" : "broken" };
  }
}

/** `path` with its symbolic links resolved; `path` itself where that cannot be found out. */
export function realPathOf(path: string): string {
  if (!mayRead(path)) return path;
  try {
    return realPathSync(path);
  } catch {
    return path;
  }
}

/** Names of the folders in a folder, sorted; none where it may not be listed. */
export function listFolders(path: string): string[] {
  if (!mayRead(path)) return [];
  try {
    return [...readDirSync(path)].filter((entry) => entry.isDirectory).map((entry) => entry.name).sort();
  } catch {
    return [];
  }
}

/** An environment variable; `undefined` when it is not set or may not be read. */
export function variableOf(name: string): string | undefined {
  try {
    return querySync({ name: "env", variable: name }).state === "granted" ? readVariable(name) : undefined;
  } catch {
    return undefined;
  }
}
