/**
 * A lock that the operating system gives and takes back: held while a file is open, released at the latest when the
 * process ends, however it ends.
 *
 * The protocol leaves no file behind and needs no guess by age: the holder deletes the file before it closes it, and who
 * gets the lock on a file that has been deleted starts over with a new one.
 *
 * @module
 */
import {
  FILE_MODE,
  FOLDER_MODE,
  listOwn,
  lookAtEntry,
  ownFile,
  refusal,
  removeOwn,
  requireFolders,
  writeAnew,
} from "../own_files.ts";
import { codeOf, OWN_NAMES } from "../layout.ts";
import { messageOf } from "../../words/errors.ts";

/** A lock that is held. */
export interface FileLock {
  /**
   * Writes text into the file and gives it a second name, replacing what had that name. A link costs a quarter of a new
   * file.
   */
  publish(text: string, path: string): void;
  /** Deletes the file and lets go; again does nothing. */
  release(): void;
}

/** Why a lock could not even be tried: the file system has none, or no descriptor is left. */
export class LockUnavailable extends Error {
  override readonly name: string = "LockUnavailable";
}

/**
 * Tries to get the lock, at once.
 *
 * @param path The file that stands for the lock; its folder is made when it is missing.
 * @returns `null` when somebody holds it, in this process or another.
 * @throws {LockUnavailable} When locks do not work here.
 */
export function tryFileLock(path: string): FileLock | null {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { file, isNew } = openLockFile(path);
    let isHeld = false;
    try {
      isHeld = file.tryLockSync(true);
      if (!isHeld) return null;
      // The holder before us may have deleted the file between our opening and our locking it: then others lock
      // another file of that name, and this lock would exclude nobody.
      if (isSameFile(file, path)) return held(file, path, isNew);
      isHeld = false;
    } catch (error) {
      throw new LockUnavailable(`Cannot lock ${path}: ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      if (!isHeld) file.close();
    }
  }
  return null;
}

/**
 * Takes a lock for a chore that can be done another time.
 *
 * @returns `null` when somebody holds it, and where locks do not work.
 *
 * @param path The file that stands for the lock.
 */
export function tryChoreLock(path: string): FileLock | null {
  try {
    return tryFileLock(path);
  } catch (error) {
    if (error instanceof LockUnavailable) return null;
    throw error;
  }
}

/**
 * Waits for a lock that is held for short steps.
 *
 * @param path The file that stands for the lock.
 * @returns `null` where locks do not work.
 */
export async function waitForLock(path: string): Promise<FileLock | null> {
  for (;;) {
    try {
      const lock = tryFileLock(path);
      if (lock !== null) return lock;
    } catch (error) {
      if (error instanceof LockUnavailable) return null;
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 5));
  }
}

/** Whether somebody holds the lock now. Where that cannot be told, the answer is no. */
export function isLockHeld(path: string): boolean {
  try {
    // A pipe would be waited for.
    if (ownFile(path) === null) return false;
    using file = Deno.openSync(path, { read: true });
    const isFree = file.tryLockSync(true);
    return !isFree;
  } catch {
    return false;
  }
}

/**
 * Deletes the lock files that killed processes left in a folder, and the files that say who computes without a lock.
 *
 * @returns Number of files.
 */
export function removeAbandonedLocks(folder: string): number {
  let count = 0;
  for (const name of abandonedLocks(folder)) {
    try {
      const path = `${folder}/${name}`;
      const lock = tryFileLock(path.replace(/\.computing(\.new)?$/, ".lock"));
      if (lock === null) continue;
      try {
        if (!name.endsWith(".lock")) removeOwn(path);
        count++;
      } finally {
        // Also when somebody else was faster: a lock that stays held stops every process that wants to compute.
        lock.release();
      }
    } catch {
      // It was removed meanwhile, or locks do not work here, and then there is nobody's lock to be told from another's.
    }
  }
  return count;
}

/** Names of the files that {@linkcode removeAbandonedLocks} would try to delete. */
export function abandonedLocks(folder: string): string[] {
  try {
    requireLockFolders(folder);
    return listOwn(folder, OWN_NAMES.lock).filter((name) =>
      !isLockHeld(`${folder}/${name.replace(/\.computing(\.new)?$/, ".lock")}`)
    );
  } catch {
    return [];
  }
}

/** @param isNew Whether this process made the file, so that nothing else has its bytes. */
function held(file: Deno.FsFile, path: string, isNew: boolean): FileLock {
  let isOver = false;
  return {
    publish(text, second) {
      const bytes = new TextEncoder().encode(text);
      // Not into a file that was found here: it may be a second name of one of the user's.
      if (isNew && file.statSync().size === 0) {
        file.writeSync(bytes);
        try {
          Deno.linkSync(path, second);
          return;
        } catch {
          // The name is taken, by a holder that was killed, or there are no links here.
        }
      }
      writeAnew(second, bytes, `${second}.new`);
    },
    release() {
      if (isOver) return;
      isOver = true;
      try {
        requireLockFolders(folderAbove(path));
        removeOwn(path);
      } catch {
        // The folder is gone, or another one; closing is what lets go.
      }
      file.close();
    },
  };
}

function isSameFile(file: Deno.FsFile, path: string): boolean {
  try {
    return file.statSync().ino === Deno.lstatSync(path).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

interface LockFile {
  readonly file: Deno.FsFile;
  /** Whether it was made now. */
  readonly isNew: boolean;
}

function openLockFile(path: string): LockFile {
  for (let attempt = 0;; attempt++) {
    try {
      requireLockFolders(folderAbove(path));
      return openOrMake(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound && attempt === 0) {
        try {
          Deno.mkdirSync(folderAbove(path), { recursive: true, mode: FOLDER_MODE });
          continue;
        } catch {
          // Reported as what it prevents.
        }
      }
      throw new LockUnavailable(`Cannot open ${path}: ${codeOf(error) || messageOf(error)}`, { cause: error });
    }
  }
}

/** Almost always the file is not there, and is made: that follows no link. */
function openOrMake(path: string): LockFile {
  for (;;) {
    try {
      return { file: Deno.openSync(path, { write: true, createNew: true, mode: FILE_MODE }), isNew: true };
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    const info = lookAtEntry(path);
    if (info === null) continue; // its holder let go
    if (!info.isFile) throw refusal(path, info.isSymlink ? "a link" : "no file");
    try {
      return { file: Deno.openSync(path, { write: true }), isNew: false };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** The locks are in a folder of the folder of the format version. */
function requireLockFolders(locks: string): void {
  requireFolders(folderAbove(locks), locks);
}

function folderAbove(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
