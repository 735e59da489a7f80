/**
 * Lock that the operating system gives and takes back: held while a file is open, released at the latest when the
 * process ends, however the process ends.
 *
 * The protocol leaves no file behind and needs no guess by age: the holder deletes the file before closing it, and a
 * process that gets the lock on a file that has been deleted starts over with a new file.
 *
 * @module
 */
import { steadyMs } from "../../words/clock.ts";
import { pause } from "../../words/waiting.ts";
import { parentOf } from "../../options/paths.ts";
import {
  createOwn,
  listOwn,
  lookAtEntry,
  makeOwnFolder,
  ownFile,
  refusal,
  removeOwn,
  requireFolders,
  temporaryIn,
  writeAnew,
} from "../own_files.ts";
import { codeOf, OWN_NAMES } from "../layout.ts";
import { messageOf } from "../../words/errors.ts";

/** Lock that is held. */
export interface FileLock {
  /**
   * Writes text to a file at `path`, replacing the file of that name. Where possible, that is the lock file under a
   * second name: a hard link costs a quarter of a new file.
   */
  publish(text: string, path: string): void;
  /** Deletes the file and releases the lock; further calls do nothing. */
  release(): void;
}

/** Error of a lock that could not even be tried: the file system has no locks, or no descriptor is left. */
export class LockUnavailable extends Error {
  override readonly name: string = "LockUnavailable";
}

/**
 * Tries to get the lock, without waiting.
 *
 * @param path Path of the lock file; its folder is created when missing.
 * @returns `null` when somebody holds the lock, in this process or another.
 * @throws {LockUnavailable} When locks do not work here.
 */
export function tryFileLock(path: string): FileLock | null {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { file, isNew } = openLockFile(path);
    let isHeld = false;
    try {
      isHeld = file.tryLockSync(true);
      if (!isHeld) return null;
      // The former holder may have deleted the file after it was opened here and before it was locked here. Then others
      // lock another file of that name, and this lock would exclude nobody.
      if (isSameFile(file, path)) return held(file, path, isNew);
      isHeld = false;
    } catch (error) {
      if (isNew) removeOwn(path); // nobody can hold a lock on it
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
 * Tries to get the lock for a chore that can be done another time.
 *
 * @returns `null` when somebody holds the lock, and where locks do not work.
 *
 * @param path Path of the lock file.
 */
export function tryChoreLock(path: string): FileLock | null {
  try {
    return tryFileLock(path);
  } catch (error) {
    if (error instanceof LockUnavailable) return null;
    throw error;
  }
}

/** Wait for a lock, milliseconds, after which the user is told. */
const SILENT_MS = 3000;

/**
 * Waits for a lock that is held for short steps. A wait of some seconds is told to the user.
 *
 * @param path Path of the lock file.
 * @returns `null` where locks do not work.
 */
export async function waitForLock(path: string): Promise<FileLock | null> {
  const tellMs = steadyMs() + SILENT_MS;
  for (;;) {
    try {
      const lock = tryFileLock(path);
      if (lock !== null) return lock;
    } catch (error) {
      if (error instanceof LockUnavailable) return null;
      throw error;
    }
    const isLong = steadyMs() > tellMs;
    if (isLong) (await import("../../words/announce.ts")).warnOnce(`Waiting for the program that holds ${path}`);
    await pause((isLong ? 50 : 1) + Math.random() * 5);
  }
}

/**
 * Waits until nobody replaces files in a folder, and keeps others from it until the hold is disposed of: a program that
 * opens a database opens several files, which must belong together.
 *
 * @param folder The folder; it is locked itself, so that no file is left.
 * @param isAlone True for the one that replaces files; it waits for all others.
 * @param patienceMs Longest wait, milliseconds.
 * @returns `null` when the wait was in vain, and where locks do not work.
 */
export async function holdFolder(folder: string, isAlone: boolean, patienceMs: number): Promise<Disposable | null> {
  const giveUpMs = steadyMs() + patienceMs;
  let file: Deno.FsFile | undefined;
  try {
    file = Deno.openSync(folder);
    while (!(isAlone ? file.tryLockSync(true) : file.tryLockSync(false))) {
      if (steadyMs() > giveUpMs) {
        file.close();
        return null;
      }
      await pause(1 + Math.random() * 5);
    }
    return file;
  } catch {
    file?.close();
    return null;
  }
}

/** True when somebody holds the lock now; false where that cannot be told. */
export function isLockHeld(path: string): boolean {
  try {
    // Opening a pipe would block.
    if (ownFile(path) === null) return false;
    using file = Deno.openSync(path, { read: true });
    const isFree = file.tryLockSync(true);
    return !isFree;
  } catch {
    return false;
  }
}

/**
 * Deletes the lock files that killed processes left in a folder, and `.computing` files whose lock nobody holds.
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
        // Released in any case: a lock that stays held stops every process that wants to compute.
        lock.release();
      }
    } catch {
      // The file was removed meanwhile, or locks do not work here; then held and abandoned locks look alike.
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

/** Returns the lock on an open file. @param isNew True when this process created the file, so its bytes are its own. */
function held(file: Deno.FsFile, path: string, isNew: boolean): FileLock {
  let isOver = false;
  return {
    publish(text, second) {
      const bytes = new TextEncoder().encode(text);
      // Nothing is written into a file that existed before: it may be a second name of one of the user's files.
      if (isNew && file.statSync().size === 0) {
        file.writeSync(bytes);
        try {
          Deno.linkSync(path, second);
          return;
        } catch {
          // A killed holder left a file of that name, or the file system has no hard links.
        }
      }
      writeAnew(second, bytes, `${second}.new`);
    },
    release() {
      if (isOver) return;
      isOver = true;
      try {
        requireLockFolders(parentOf(path));
        removeOwn(path);
      } catch {
        // The folder is gone, or another one is in its place; closing the file releases the lock.
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
  /** True when the file was created now. */
  readonly isNew: boolean;
}

function openLockFile(path: string): LockFile {
  for (let attempt = 0;; attempt++) {
    try {
      requireLockFolders(parentOf(path));
      return openOrMake(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound && attempt === 0) {
        try {
          makeOwnFolder(parentOf(path), true);
          continue;
        } catch {
          // The error of the attempt to open the file is thrown below.
        }
      }
      throw new LockUnavailable(`Cannot open ${path}: ${codeOf(error) || messageOf(error)}`, { cause: error });
    }
  }
}

/** Opens a lock file. Almost always it does not exist and is created, which follows no link. */
function openOrMake(path: string): LockFile {
  for (;;) {
    try {
      const temporary = temporaryIn(`${parentOf(parentOf(path))}/tmp`);
      return { file: createOwn(path, temporary), isNew: true };
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    const info = lookAtEntry(path);
    if (info === null) continue; // its holder released the lock
    if (!info.isFile) throw refusal(path, info.isSymlink ? "a link" : "no file");
    try {
      return { file: Deno.openSync(path, { write: true }), isNew: false };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Makes sure that the folder of the locks and the folder of the format version above it are no links. */
function requireLockFolders(locks: string): void {
  requireFolders(parentOf(locks), locks);
}
