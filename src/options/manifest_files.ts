/**
 * Reads the small text files that describe a project (deno.json, lock files, cachepy.yml) and the environment variables
 * that say where packages are. Nothing here throws.
 *
 * A library must not ask for permissions that the user does not expect. So no prompt is shown, and a file that may not
 * be read counts as absent, or as `denied` where its text is read.
 *
 * @module
 */
// Taken when this module loads. Later these functions are replaced by ones that observe the reads of cached functions,
// but files that are read here are not dependencies of the cached function that happens to be running.
const { readDirSync, readTextFileSync, realPathSync, statSync } = Deno;
const querySync = Deno.permissions.querySync.bind(Deno.permissions);
const readVariable = Deno.env.get.bind(Deno.env);

/** Reason for which a file's text cannot be read. `broken`: too large, no regular file, or reading failed. */
export type Unreadable = "absent" | "denied" | "broken";

/** A file's text with the stamp of {@linkcode manifestStampOf}, or the reason for which there is no text. */
export type ManifestText =
  | { readonly text: string; readonly stamp: string }
  | { readonly text: null; readonly reason: Unreadable };

/** True when a permission is granted already; no prompt is shown. */
export function isGranted(permission: Deno.PermissionDescriptor): boolean {
  try {
    return querySync(permission).state === "granted";
  } catch {
    return false;
  }
}

/** True when reading `path` is allowed already; no prompt is shown. */
export function mayRead(path: string): boolean {
  return isGranted({ name: "read", path });
}

/**
 * Stamp of a file: device, inode, size and times, which differ between two states of the file. `null` when there is no
 * such file or it may not be read.
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

/** True when there is a file or folder at `path` and it may be read. */
export function exists(path: string): boolean {
  if (!mayRead(path)) return false;
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** True when there is a file at `path` and it may be read. */
export function isReadable(path: string): boolean {
  return manifestStampOf(path) !== null;
}

/**
 * Reads the text of a file. The stamp is taken before the text is read.
 *
 * @param path An absolute path.
 * @param maxBytes Largest size; a larger file is `broken`, since none of the files that describe a project is larger.
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

/** `path` with its symbolic links resolved; `path` itself where they cannot be read. */
export function realPathOf(path: string): string {
  if (!mayRead(path)) return path;
  try {
    return realPathSync(path);
  } catch {
    return path;
  }
}

/** Names of the folders in a folder, sorted; an empty list where the folder may not be read. */
export function listFolders(path: string): string[] {
  if (!mayRead(path)) return [];
  try {
    return [...readDirSync(path)].filter((entry) => entry.isDirectory).map((entry) => entry.name).sort();
  } catch {
    return [];
  }
}

/** Entries of a folder, in any order; an empty list where the folder is absent or may not be read. */
export function listFolder(path: string): readonly Deno.DirEntry[] {
  if (!mayRead(path)) return [];
  try {
    return [...readDirSync(path)];
  } catch {
    return [];
  }
}

/** Value of an environment variable; `undefined` when it is not set or may not be read. */
export function variableOf(name: string): string | undefined {
  try {
    return querySync({ name: "env", variable: name }).state === "granted" ? readVariable(name) : undefined;
  } catch {
    return undefined;
  }
}
