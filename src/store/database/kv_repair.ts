/**
 * Moving a damaged database aside and saving what can be read of it, by one process at a time.
 *
 * @module
 */
import { steadyMs, wallMs } from "../../words/clock.ts";
import { fileSizeOf, inodeOf } from "./sqlite_files.ts";
import { type FileLock, holdFolder, LockUnavailable, tryFileLock } from "../locks/file_lock.ts";
import { listOwn, lookAtEntry, removeOwn } from "../own_files.ts";
import { type CacheLayout, OWN_NAMES } from "../layout.ts";
import { pause } from "../../words/waiting.ts";
import { messageOf } from "../../words/errors.ts";

/** Called with one sentence about damage that was found, or about a full disk, which is none. */
export type ReportDamage = (detail: string, kind?: "damaged" | "full") => void;

/**
 * Moves aside the remains of a database that is gone or empty although there are results or a log: SQLite can neither
 * use that log nor write beside it while another process has it open.
 */
export async function replaceEmptied(layout: CacheLayout, report: ReportDamage): Promise<void> {
  if (fileSizeOf(layout.meta) > 0 || !(fileSizeOf(`${layout.meta}-wal`) > 0 || hasOldBlobs(layout))) return;
  const inode = inodeOf(layout.meta);
  // Another process may be creating the database at this moment.
  await pause(EMPTY_MS);
  if (fileSizeOf(layout.meta) > 0 || inodeOf(layout.meta) !== inode) return;
  await setAside(layout, inode, new Error(`${layout.meta} is gone or empty`), report);
}

/** Time in milliseconds after which an empty database counts as emptied; creating one takes a few milliseconds. */
const EMPTY_MS = 250;

/** Age in milliseconds above which a result shows that there was a database; a newer one may have no record yet. */
const OLD_MS = 10_000;

function hasOldBlobs({ blobs }: CacheLayout): boolean {
  try {
    for (const name of listOwn(blobs, OWN_NAMES.blobFolder, "isDirectory")) {
      for (const file of listOwn(`${blobs}/${name}`, OWN_NAMES.blob)) {
        const { mtime } = Deno.lstatSync(`${blobs}/${name}/${file}`);
        if (mtime !== null && Math.abs(wallMs() - mtime.getTime()) > OLD_MS) return true;
      }
    }
  } catch {
    // There is no folder of blobs, or it cannot be read.
  }
  return false;
}

/** Time in milliseconds after which a journal is no trace of a process that makes the database at this moment. */
const JOURNAL_MS = 2000;

/** The same where the header is written already, which is the last step before the journal goes. */
const LAST_STEP_MS = 200;

/**
 * Takes away a rollback journal. SQLite plays back one that it finds beside a database, into the database and into what the
 * journal names, and deletes a file whose name is in it; a stranger may have chosen the name. A database with a write-ahead
 * log has no journal, except for the moment in which SQLite makes it. A process that is killed in that moment leaves one
 * that has nothing to play back; any other is moved aside.
 */
export async function setJournalAside({ meta }: CacheLayout, report: ReportDamage): Promise<void> {
  const journal = `${meta}-journal`;
  const begunMs = steadyMs();
  while (steadyMs() < begunMs + (hasLog(meta) ? LAST_STEP_MS : JOURNAL_MS)) {
    if (lookAtEntry(journal) === null) return;
    await pause(20);
  }
  if (isOfNewDatabase(journal)) return void removeOwn(journal);
  const aside = `${freeNameFor(meta)}-journal`;
  try {
    Deno.renameSync(journal, aside);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return; // the other process has made the database
    throw error;
  }
  report(`${journal} is a journal, which the cache does not keep; it was moved to ${aside}, and nothing in it is used`);
}

const JOURNAL_MAGIC = "d9d505f920a163d7";

/** True for a journal of a database that had no page before, or without a header (SQLite file format, section 3). */
function isOfNewDatabase(journal: string): boolean {
  try {
    using file = Deno.openSync(journal);
    const header = new Uint8Array(20);
    if (file.readSync(header) !== header.byteLength) return true;
    return header.subarray(0, 8).toHex() !== JOURNAL_MAGIC || new DataView(header.buffer).getUint32(16) === 0;
  } catch {
    return false;
  }
}

/** True for a database whose header says that its changes are in a write-ahead log (SQLite file format, section 1.3.3). */
function hasLog(meta: string): boolean {
  try {
    using file = Deno.openSync(meta);
    const header = new Uint8Array(20);
    return file.readSync(header) === header.byteLength && header[18] === 2 && header[19] === 2;
  } catch {
    return false;
  }
}

/**
 * Moves a damaged database aside and begins a new one with all records that can still be read, unless another process
 * has done so since the database was opened.
 */
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
    const aside = freeNameFor(layout.meta);
    const hasMoved = await moveAside(layout, aside);
    const outcome = hasMoved
      ? `it was moved to ${aside} and ${await saveRecords(layout, aside)}`
      : "an empty one was begun; results are computed again when they are next asked for";
    report(`The cache's database ${layout.meta} was damaged (${messageOf(error)}); ${outcome}`);
  } finally {
    lock.release();
  }
}

/** Moves a database aside, unless another process has done so since it was opened. */
export async function moveAway(layout: CacheLayout, inode: number | null): Promise<void> {
  const lock = tryRecovery(layout);
  try {
    if (lock !== null && inodeOf(layout.meta) === inode) await moveAside(layout, freeNameFor(layout.meta));
  } finally {
    lock?.release();
  }
}

function freeNameFor(meta: string): string {
  for (let n = 1;; n++) {
    const aside = `${meta}.damaged-${n}`;
    if (["", "-wal", "-shm", "-journal"].every((suffix) => inodeOf(aside + suffix) === null)) return aside;
  }
}

/** Moves a database and its log while nobody is opening it. @returns True when there was something to move. */
async function moveAside({ meta, metadata }: CacheLayout, aside: string): Promise<boolean> {
  using _hold = await holdFolder(metadata, true, HOLD_MS);
  let hasMoved = false;
  // The database itself goes last, because SQLite discards a log that it finds beside an empty database. If it went
  // first, another process could begin a new database in between, and the log of that one would be taken away.
  for (const suffix of ["-wal", "-shm", ""]) {
    try {
      Deno.renameSync(meta + suffix, aside + suffix);
      hasMoved = true;
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    }
  }
  return hasMoved;
}

/** Longest wait in milliseconds for those who are opening the database, which takes them a few. */
const HOLD_MS = 2000;

/**
 * Begins the new database with the records of the old one, in one step: no process sees a part of them.
 *
 * @returns Words for what was saved.
 */
async function saveRecords({ meta }: CacheLayout, aside: string): Promise<string> {
  const made = `${meta}.new`;
  let kept = 0;
  let why = "";
  try {
    removeOwn(made); // a killed process may have left it
    const { salvage } = await import("./salvage.ts");
    kept = await salvage(aside, made);
    if (kept > 0 && inodeOf(meta) === null) Deno.renameSync(made, meta);
    else if (kept > 0) kept = Deno.removeSync(made) ?? 0; // where locks do not work, another process began one
  } catch (error) {
    kept = 0;
    why = ` (its records could not be copied: ${messageOf(error)})`;
  }
  const records = kept === 1 ? "1 stored result was" : `${kept} stored results were`;
  return kept > 0
    ? `${records} kept; others are computed again when they are next asked for`
    : `an empty one was begun${why}; results are computed again when they are next asked for`;
}

/** Takes the lock of repairs; `null` while another process repairs. Without locks, the check of the inode must do. */
function tryRecovery(layout: CacheLayout): Pick<FileLock, "release"> | null {
  try {
    return tryFileLock(`${layout.locks}/recovery.lock`);
  } catch (error) {
    if (error instanceof LockUnavailable) return { release() {} };
    throw error;
  }
}
