/**
 * Moving a damaged database away, by one process at a time.
 *
 * @module
 */
import { fileSizeOf, inodeOf } from "./sqlite_files.ts";
import { type FileLock, LockUnavailable, tryFileLock } from "../locks/file_lock.ts";
import { listOwn } from "../own_files.ts";
import { type CacheLayout, OWN_NAMES } from "../layout.ts";
import { pause } from "../../words/waiting.ts";
import { messageOf } from "../../words/errors.ts";

/** Called with what was found wrong and mended, one sentence. */
export type ReportDamage = (detail: string) => void;

/**
 * Moves away a database that is gone or empty while there are results, with the log that it left: SQLite can neither
 * use that log nor write beside it while another process has it open.
 */
export async function replaceEmptied(layout: CacheLayout, report: ReportDamage): Promise<void> {
  if (fileSizeOf(layout.meta) > 0 || !(fileSizeOf(`${layout.meta}-wal`) > 0 || hasOldBlobs(layout))) return;
  const inode = inodeOf(layout.meta);
  // Another process may be making it at this moment.
  await pause(EMPTY_MS);
  if (fileSizeOf(layout.meta) > 0 || inodeOf(layout.meta) !== inode) return;
  await setAside(layout, inode, new Error(`${layout.meta} is gone or empty`), report);
}

/** Making a database takes a few milliseconds; one that is empty for longer was emptied. */
const EMPTY_MS = 250;

/** A result that was written just now may be the first one, whose record is on its way. Milliseconds. */
const OLD_MS = 10_000;

function hasOldBlobs({ blobs }: CacheLayout): boolean {
  try {
    for (const name of listOwn(blobs, OWN_NAMES.blobFolder, "isDirectory")) {
      for (const file of listOwn(`${blobs}/${name}`, OWN_NAMES.blob)) {
        const { mtime } = Deno.lstatSync(`${blobs}/${name}/${file}`);
        if (mtime !== null && Math.abs(Date.now() - mtime.getTime()) > OLD_MS) return true;
      }
    }
  } catch {
    // There is no folder of blobs, or it cannot be read.
  }
  return false;
}

/** Moves a damaged database away, unless another process has done so since it was opened. */
export async function setAside(
  layout: CacheLayout,
  inode: number | null,
  error: unknown,
  report: ReportDamage,
): Promise<void> {
  const lock = tryRecovery(layout);
  if (lock === null) return await pause(20);
  try {
    if (inodeOf(layout.meta) !== inode) return;
    for (let n = 1;; n++) {
      const aside = `${layout.meta}.damaged-${n}`;
      if (inodeOf(aside) !== null) continue;
      // The database itself last: SQLite discards a log that it finds beside an empty database, whereas the log of a
      // new database, begun by another process in between, must not be taken away.
      let hasMoved = false;
      for (const suffix of ["-wal", "-shm", ""]) {
        try {
          Deno.renameSync(layout.meta + suffix, aside + suffix);
          hasMoved = true;
        } catch (cause) {
          if (!(cause instanceof Deno.errors.NotFound)) throw cause;
        }
      }
      report(
        `The cache's database ${layout.meta} was damaged (${messageOf(error)}); ${
          hasMoved ? `it was moved to ${aside} and ` : ""
        }an empty ` +
          "one was begun; results are computed again when they are next asked for",
      );
      return;
    }
  } finally {
    lock.release();
  }
}

/** One process repairs at a time; where locks do not work, the look at the inode must do. */
function tryRecovery(layout: CacheLayout): Pick<FileLock, "release"> | null {
  try {
    return tryFileLock(`${layout.locks}/recovery.lock`);
  } catch (error) {
    if (error instanceof LockUnavailable) return { release() {} };
    throw error;
  }
}
