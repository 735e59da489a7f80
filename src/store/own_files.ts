/**
 * Files and folders of our own below a cache directory: looked at, read, replaced and deleted, and never through a link.
 *
 * A cache directory may come from a stranger. A link in it leads to whatever its maker chose, so that what is written,
 * moved or deleted below it would be the user's; and a second name of a file of the user's (a hard link) shares its bytes.
 * So a name is looked at before it is used, a file is made anew and renamed rather than written into, and a file is
 * deleted only when it is a regular one. The cache directory itself, and what is above it, may be links: the user set
 * them.
 *
 * Not promised: anything against a program that puts a link there between the look and the use.
 *
 * @module
 */
import { CacheError } from "../words/errors.ts";

// Taken when this module loads: what observes the reads of cached functions replaces these later.
const { lstatSync, readDirSync, readFileSync, removeSync, renameSync, writeFileSync } = Deno;

/** Folders are private: cached results may hold what the source files' permissions protect. */
export const FOLDER_MODE = 0o700;
/** Files are private for the same reason. */
export const FILE_MODE = 0o600;

/**
 * The error for something in a cache directory that is not used.
 *
 * @param path What.
 * @param what What it is: `a link`.
 */
export function refusal(path: string, what = "a link"): CacheError {
  return new CacheError(
    "ERR_CACHE_DIR",
    `Cannot use the cache: ${path} is ${what}, which is refused, since a cache that comes from someone else could lead ` +
      "to your files with it; remove it, or name another folder in cacheDir",
    { path },
  );
}

/** What a name stands for, links not followed; `null` when there is nothing. */
export function lookAtEntry(path: string): Deno.FileInfo | null {
  try {
    return lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/**
 * Makes sure that no folder is a link. One that is missing is none.
 *
 * @param folders From the folder of the format version down to the one that is going to be used.
 * @throws {CacheError} `ERR_CACHE_DIR` with the path of the link.
 */
export function requireFolders(...folders: readonly string[]): void {
  for (const folder of folders) if (lookAtEntry(folder)?.isSymlink) throw refusal(folder);
}

/** The regular file of this name; `null` when there is none, or something else. */
export function ownFile(path: string): Deno.FileInfo | null {
  const info = lookAtEntry(path);
  return info?.isFile ? info : null;
}

/**
 * The content of a file.
 *
 * @throws {Deno.errors.NotFound} When there is none.
 * @throws {CacheError} `ERR_CACHE_DIR` when it is no regular file.
 */
export function readOwn(path: string): Uint8Array<ArrayBuffer> {
  if (!lstatSync(path).isFile) throw refusal(path, "no regular file");
  return readFileSync(path);
}

/**
 * Names in a folder, in no order; none when there is no folder.
 *
 * @param folder Itself no link: see {@linkcode requireFolders}.
 * @param pattern What the whole name must be.
 * @param kind Only regular files, or only folders; links are neither.
 */
export function listOwn(folder: string, pattern: RegExp, kind: "isFile" | "isDirectory" = "isFile"): string[] {
  const names: string[] = [];
  try {
    for (const entry of readDirSync(folder)) if (entry[kind] && pattern.test(entry.name)) names.push(entry.name);
  } catch {
    // There is no folder, or it cannot be read.
  }
  return names;
}

/** The first link in a folder; `null` when there is none, or no folder. */
export function linkIn(folder: string): string | null {
  try {
    for (const { name, isSymlink } of readDirSync(folder)) if (isSymlink) return `${folder}/${name}`;
  } catch {
    // There is no folder, or it cannot be read, which is told by what uses it.
  }
  return null;
}

/**
 * Deletes a regular file.
 *
 * @returns The bytes of it; `null` when there is none, or something that is not ours to delete.
 * @throws The system's error when it is there and cannot be deleted.
 */
export function removeOwn(path: string): number | null {
  const info = ownFile(path);
  if (info === null) return null;
  try {
    removeSync(path);
    return info.size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null; // another process was faster
    throw error;
  }
}

/**
 * Puts a new file in the place of whatever had its name.
 *
 * @param path The file.
 * @param bytes What it holds.
 * @param temporary A name in the same folder that nobody else uses; a file that a killed process left there is deleted.
 * @throws The system's error, or {@linkcode CacheError} when the temporary name is taken by what is not ours.
 */
export function writeAnew(path: string, bytes: Uint8Array, temporary: string): void {
  for (let attempt = 0;; attempt++) {
    try {
      writeFileSync(temporary, bytes, { createNew: true, mode: FILE_MODE });
      break;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      if (attempt > 0 || removeOwn(temporary) === null) throw refusal(temporary, "no file of the cache");
    }
  }
  renameSync(temporary, path);
}

/**
 * Appends to a file, which is made when there is none.
 *
 * @returns Whether it was: not to a link, nor to a file that has a second name.
 */
export function appendOwn(path: string, bytes: Uint8Array): boolean {
  const info = lookAtEntry(path);
  if (info !== null && !isOnlyName(info)) return false;
  writeFileSync(path, bytes, { append: true, create: true, mode: FILE_MODE });
  return true;
}

/** Whether it is a regular file without a second name. */
export function isOnlyName({ isFile, nlink }: Deno.FileInfo): boolean {
  return isFile && (nlink === null || nlink <= 1);
}
