/**
 * The cache's own files and folders: looked at, read, replaced and deleted, and never through a link.
 *
 * A cache directory may come from a stranger. A link in it leads to whatever its maker chose, so that a file written,
 * moved or deleted through the link would be the user's. A second name of one of the user's files (a hard link)
 * shares the bytes of that file. So a name is looked at before it is used, a file is made anew and renamed rather
 * than written into, and only a regular file is deleted. The cache directory itself, and the folders above it, may be
 * links: the user set them.
 *
 * Not promised: protection against a program that puts a link there between the look and the use.
 *
 * @module
 */
import { parentOf } from "../options/paths.ts";
import { CacheError } from "../words/errors.ts";
import { randomId } from "../words/random.ts";

// Taken when this module loads: while a cached function runs, wrappers that observe its reads replace these functions.
const {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readDirSync,
  readFileSync,
  removeSync,
  renameSync,
  writeFileSync,
} = Deno;

/** Mode of folders: private, since cached results may hold data that the permissions of the source files protect. */
export const FOLDER_MODE = 0o700;
/** Mode of files: private for the same reason as folders. */
export const FILE_MODE = 0o600;
/** Modes in a cache that a group shares: what is made in a folder belongs to the folder's group (setgid). */
export const GROUP_FOLDER_MODE = 0o2770;
export const GROUP_FILE_MODE = 0o660;

/** Folders of this process's caches that a group shares. */
const groupFolders = new Set<string>();

/** True for a folder that says by its mode that its group shares it: setgid, and all rights for the group. */
export function isOpenToGroup(folder: string): boolean {
  const info = lookAtEntry(folder);
  return info !== null && info.isDirectory && ((info.mode ?? 0) & 0o2070) === 0o2070;
}

/** Lets a group use everything that this process makes in a folder from now on. */
export function openFolderToGroup(folder: string): void {
  groupFolders.add(folder);
}

/** True for a path in a folder that a group shares. */
export function isOfGroup(path: string): boolean {
  for (const folder of groupFolders) if (path === folder || path.startsWith(`${folder}/`)) return true;
  return false;
}

/** Lets the group use a file that was just made, where a group shares its folder: the mode of a new file has no say. */
export function openToGroup(path: string): void {
  if (isOfGroup(path)) chmodSync(path, GROUP_FILE_MODE);
}

/**
 * Makes a folder.
 *
 * In a cache that a group shares, the folder gets its name when it has its mode: in between, others of the group could
 * write nothing into it.
 *
 * @param path Path of the folder.
 * @param recursive True to make the folders above as well; the folder may then exist. @default {false}
 * @throws The system's error; {@linkcode Deno.errors.AlreadyExists} unless `recursive`.
 */
export function makeOwnFolder(path: string, recursive = false): void {
  if (!isOfGroup(path)) return mkdirSync(path, { recursive, mode: FOLDER_MODE });
  if (lookAtEntry(path) !== null) return mkdirSync(path, { recursive });
  if (recursive && lookAtEntry(parentOf(path)) === null) makeOwnFolder(parentOf(path), true);
  const temporary = `${path}.${ownName()}`;
  mkdirSync(temporary, { mode: FOLDER_MODE });
  try {
    chmodSync(temporary, GROUP_FOLDER_MODE);
    renameSync(temporary, path);
  } catch (error) {
    removeSync(temporary);
    if (lookAtEntry(path) === null) throw error;
    return mkdirSync(path, { recursive }); // another process was faster
  }
}

/** Returns a name for a file or folder that no other process uses, and that tells whether its maker still lives. */
function ownName(): string {
  return `${Deno.pid}-${randomId()}`;
}

/** End of such a name. */
const OWN_NAME = /(?:^|\.)\d+-[0-9a-f-]{36}$/;

/** Returns a path in a folder for a file that gets its name when it is whole. @param folder A folder for temporary files. */
export function temporaryIn(folder: string): string {
  return `${folder}/${ownName()}`;
}

/**
 * Creates a file, which must not exist.
 *
 * In a cache that a group shares, the file gets its name when it has its mode, as a folder does.
 *
 * @param path Path of the file.
 * @param temporary Path on the same disk that nobody else uses. @default a path beside the file
 * @returns The open file.
 * @throws The system's error; {@linkcode Deno.errors.AlreadyExists} when there is something at the path.
 */
export function createOwn(path: string, temporary = `${path}.${ownName()}`): Deno.FsFile {
  const isShared = isOfGroup(path);
  const file = openSync(isShared ? temporary : path, { write: true, createNew: true, mode: FILE_MODE });
  if (!isShared) return file;
  try {
    chmodSync(temporary, GROUP_FILE_MODE);
    linkSync(temporary, path);
    return file;
  } catch (error) {
    file.close();
    throw error;
  } finally {
    removeOwn(temporary);
  }
}

/**
 * Returns the error for something in a cache directory that is refused.
 *
 * @param path Its path.
 * @param what Its kind: `a link`.
 */
export function refusal(path: string, what = "a link"): CacheError {
  return new CacheError(
    "ERR_CACHE_DIR",
    `Cannot use the cache: ${path} is ${what}, which is refused, since a cache that comes from someone else could lead ` +
      "to your files with it; remove it, or name another folder in cacheDir",
    { path },
  );
}

/** Returns the metadata of the file, folder or link at a path, links not followed; `null` when there is nothing. */
export function lookAtEntry(path: string): Deno.FileInfo | null {
  try {
    return lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/**
 * Makes sure that no folder is a link. A folder that does not exist passes.
 *
 * @param folders From the folder of the format version down to the folder that is going to be used.
 * @throws {CacheError} `ERR_CACHE_DIR` with the path of the link.
 */
export function requireFolders(...folders: readonly string[]): void {
  for (const folder of folders) if (lookAtEntry(folder)?.isSymlink) throw refusal(folder);
}

/** Returns the metadata of a regular file; `null` when there is nothing at the path, or something else. */
export function ownFile(path: string): Deno.FileInfo | null {
  const info = lookAtEntry(path);
  return info?.isFile ? info : null;
}

/**
 * Reads a file.
 *
 * @param mostBytes Largest size: a sparse file takes no room on the disk and all of the memory.
 * @throws {Deno.errors.NotFound} When there is nothing at the path.
 * @throws {CacheError} `ERR_CACHE_DIR` when there is something other than a regular file, or a larger one.
 */
export function readOwn(path: string, mostBytes: number = MOST_BYTES): Uint8Array<ArrayBuffer> {
  const { isFile, size } = lstatSync(path);
  if (!isFile) throw refusal(path, "no regular file");
  if (size > mostBytes) throw refusal(path, `a file of ${size} bytes`);
  return readFileSync(path);
}

/** Largest size of most files of the cache, bytes; those that grow with the number of entries are given their own. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Returns the names in a folder, in unspecified order; none when the folder does not exist or cannot be read.
 *
 * @param folder Folder that is no link: see {@linkcode requireFolders}.
 * @param pattern Pattern for the names to return.
 * @param kind `isFile` for regular files only, `isDirectory` for folders only; links are neither.
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

/** Returns the path of the first link in a folder; `null` when there is no link or no folder. */
export function linkIn(folder: string): string | null {
  try {
    for (const { name, isSymlink } of readDirSync(folder)) if (isSymlink) return `${folder}/${name}`;
  } catch {
    // There is no folder, or it cannot be read, which the code that uses the folder reports.
  }
  return null;
}

/**
 * Deletes a regular file.
 *
 * @returns Size of the file in bytes; `null` when there is nothing, or something that is not the cache's to delete.
 * @throws The system's error when the file exists and cannot be deleted.
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
 * Creates a file in the place of whatever had its name.
 *
 * @param path Path of the file.
 * @param bytes Content of the file.
 * @param temporary Path in the cache that nobody else uses; a file that a killed process left there is deleted.
 * @throws The system's error, or {@linkcode CacheError} when something other than a file is at the temporary path.
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
  try {
    openToGroup(temporary);
    renameSync(temporary, path);
  } catch (error) {
    removeOwn(temporary);
    throw lookAtEntry(path)?.isDirectory ? refusal(path, "a folder") : error;
  }
}

/**
 * Appends to a file, which is created when it does not exist.
 *
 * @returns True when the bytes were appended; false for anything but a regular file without a second name, and for a file
 * that may not be written to.
 */
export function appendOwn(path: string, bytes: Uint8Array): boolean {
  const info = lookAtEntry(path);
  if (info !== null && !isOwnAlone(path, info)) return false;
  try {
    if (info === null) writeOnce(path, "");
    // Not by writeFileSync, which gives a mode to a file that exists as well, also to one that is another user's.
    using file = openSync(path, { append: true });
    for (let at = 0; at < bytes.byteLength;) at += file.writeSync(bytes.subarray(at));
    return true;
  } catch (error) {
    if (info !== null && error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/** Writes a file unless there is one. */
export function writeOnce(path: string, text: string): void {
  try {
    using file = createOwn(path);
    file.writeSync(new TextEncoder().encode(text));
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/**
 * True for a regular file that has no name outside of the cache.
 *
 * In a group's cache a file has a second name for a moment, under which it was made, and keeps it if its maker is killed
 * then.
 *
 * @param path Path of the file.
 * @param info What was found at the path.
 * @param temporaries Folder in which the file was made. @default the folder of the path
 */
export function isOwnAlone(path: string, info: Deno.FileInfo, temporaries: string = parentOf(path)): boolean {
  if (isOnlyName(info)) return true;
  return info.isFile && info.nlink === 2 && listOwn(temporaries, OWN_NAME).some((name) => {
    const other = ownFile(`${temporaries}/${name}`);
    return other?.ino === info.ino && other.dev === info.dev;
  });
}

/** True for a regular file without a second name. */
export function isOnlyName({ isFile, nlink }: Deno.FileInfo): boolean {
  return isFile && (nlink === null || nlink <= 1);
}
