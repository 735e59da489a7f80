/**
 * A lock that the operating system gives and takes back: held while a file is open, released at the latest when the
 * process ends, however it ends.
 *
 * The protocol leaves no file behind and needs no guess by age: the holder deletes the file before it closes it, and who
 * gets the lock on a file that has been deleted starts over with a new one.
 *
 * @module
 */
import { codeOf, FILE_MODE, FOLDER_MODE } from "./layout.ts";

/** A lock that is held. */
export interface FileLock {
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
    const file = openLockFile(path);
    let isHeld = false;
    try {
      isHeld = file.tryLockSync(true);
      // The holder before us may have deleted the file between our opening and our locking it: then others lock
      // another file of that name, and this lock would exclude nobody.
      if (!isHeld) return null;
      const info = file.statSync();
      if (info.nlink !== 0) return held(file, path, info.ino);
      isHeld = false;
    } catch (error) {
      throw new LockUnavailable(`Cannot lock ${path}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    } finally {
      if (!isHeld) file.close();
    }
  }
  return null;
}

function held(file: Deno.FsFile, path: string, inode: number | null): FileLock {
  let isOver = false;
  return {
    release() {
      if (isOver) return;
      isOver = true;
      try {
        // Where the folder was deleted and made again meanwhile, the name belongs to somebody else's lock.
        if (Deno.statSync(path).ino === inode) Deno.removeSync(path);
      } catch {
        // The folder is gone; closing is what lets go.
      }
      file.close();
    },
  };
}

function openLockFile(path: string): Deno.FsFile {
  for (let attempt = 0;; attempt++) {
    try {
      return Deno.openSync(path, { write: true, create: true, mode: FILE_MODE });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound && attempt === 0) {
        try {
          Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: FOLDER_MODE });
          continue;
        } catch {
          // Reported as what it prevents.
        }
      }
      throw new LockUnavailable(`Cannot open ${path}: ${codeOf(error) || String(error)}`, { cause: error });
    }
  }
}
