/**
 * Opening the database: it is created when missing, replaced when damaged, and waited for while it is locked.
 *
 * @module
 */
import { steadyMs } from "../../words/clock.ts";
import { CacheError, messageOf } from "../../words/errors.ts";
import { SoundnessNote } from "./soundness.ts";
import { CommitCounter, fileSizeOf, inodeOf, isBusy, isDamage } from "./sqlite_files.ts";
import type { OpenKv } from "./kv_read_only.ts";
import type { ReportDamage } from "./kv_repair.ts";
import { holdFolder, isLockHeld } from "../locks/file_lock.ts";
import { createOwn, FILE_MODE, lookAtEntry, removeOwn, temporaryIn } from "../own_files.ts";
import { type CacheLayout, findForeignDatabase, hasNoRoom, makeLayout } from "../layout.ts";
import { pause } from "../../words/waiting.ts";

/** Longest wait for another process's lock, milliseconds. SQLite itself waits up to 5 s in one attempt. */
export const BUSY_MS = 5000;
/** Largest number of repairs of one database. One should do; a second process may be repairing at the same time. */
export const DAMAGE_ATTEMPTS = 4;

/** Way in which a database is opened. */
export interface KvAccess {
  /** True when nothing is written. */
  readonly readOnly: boolean;
  /** True for a reader that sees at once what other processes write. */
  readonly isLive: boolean;
  /** True when the database is not opened: an empty one in memory takes its place, and nothing may be written. */
  readonly isRefused: boolean;
}

/**
 * Opens the database of a cache.
 *
 * @param layout Paths of the cache.
 * @param access See {@linkcode KvAccess}.
 * @param report Called when a damaged file was moved aside, or cannot be read.
 * @throws {CacheError} `ERR_UNSTABLE_KV` without `--unstable-kv`, `ERR_PERMISSION`, `ERR_CACHE_DIR` when the database
 * cannot be opened.
 */
export async function openKv(
  layout: CacheLayout,
  access: KvAccess,
  report: ReportDamage,
): Promise<OpenKv> {
  if (typeof Deno.openKv !== "function") {
    throw new CacheError(
      "ERR_UNSTABLE_KV",
      'Cannot open the cache: Deno.openKv is not there; run with --unstable-kv or add "unstable": ["kv"] to deno.json',
    );
  }
  if (access.isRefused) return await (await readOnly()).openMemory(null);
  if (access.readOnly) {
    requireOwnDatabase(layout);
    return await (await readOnly()).openReadOnly(layout, access.isLive, report);
  }
  const giveUpMs = steadyMs() + BUSY_MS;
  for (let attempt = 0;; attempt++) {
    await waitForRepair(layout, giveUpMs);
    requireOwnDatabase(layout);
    if (lookAtEntry(`${layout.meta}-journal`) !== null) await (await repair()).setJournalAside(layout, report);
    if (fileSizeOf(layout.meta) === 0) await (await repair()).replaceEmptied(layout, report);
    const before = inodeOf(layout.meta) ?? makeMeta(layout);
    try {
      return await openSound(layout, before, attempt < DAMAGE_ATTEMPTS);
    } catch (error) {
      if (error instanceof Replaced) continue;
      if (isBusy(error) && steadyMs() < giveUpMs) await pause(Math.random() * Math.min(2 ** attempt, 64));
      else if (isDamage(error) && attempt < DAMAGE_ATTEMPTS) {
        await (await repair()).setAside(layout, before, error, report);
      } else if (isDiskFull(error, layout)) return await (await readOnly()).openWhileFull(layout, report);
      else throw await putInWords(error, layout, true);
    }
  }
}

/** True for an error of opening a database on a full disk: SQLite needs room for the index of the log, and may not say so. */
function isDiskFull(error: unknown, { metadataTmp }: CacheLayout): boolean {
  if (!/disk i\/o error|disk is full|unable to open/i.test(messageOf(error))) return false;
  const path = temporaryIn(metadataTmp);
  try {
    Deno.writeFileSync(path, new Uint8Array(INDEX_BYTES), { createNew: true, mode: FILE_MODE });
    return false;
  } catch (cause) {
    return hasNoRoom(cause);
  } finally {
    removeOwn(path);
  }
}

/** Size of the index of a log, bytes. */
const INDEX_BYTES = 32_768;

/** Another process moved the file aside while it was being opened. */
class Replaced extends Error {}

/**
 * Opens the database after a check, if it needs one. Meanwhile no other process puts another database in its place: an
 * open database would otherwise go on with the log of the other one.
 *
 * @param layout Paths of the cache.
 * @param inode Inode of the file that is to be opened.
 * @param isStrict True to refuse another file than that one, and a damaged one.
 * @throws {Replaced} When it is another file by now.
 * @throws The error of SQLite; one that says that the file is malformed when the check found damage.
 */
async function openSound(layout: CacheLayout, inode: number | null, isStrict: boolean): Promise<OpenKv> {
  using _hold = await holdFolder(layout.metadata, false, BUSY_MS);
  requireOwnDatabase(layout);
  const note = new SoundnessNote(layout, false);
  const extent = isStrict ? note.neededCheck() : "none";
  if (extent !== "none") {
    const { findDefect } = await import("./check_database.ts"); // most programs find a fitting note
    const defect = await findDefect(layout.meta, extent);
    if (defect) throw new Error(defect);
    if (defect === null) note.checked(extent);
  }
  let kv: Deno.Kv | undefined;
  try {
    note.opening();
    kv = await Deno.openKv(layout.meta);
    // Damage shows at the first read, not when the file is opened.
    await kv.get(["format"]);
    const now = inodeOf(layout.meta);
    if (isStrict && now !== inode) throw new Replaced();
    return withCounter(kv, now, layout, note);
  } catch (error) {
    kv?.close();
    if (!isDamage(error)) note.ended();
    throw error;
  }
}

/**
 * Turns an error of the database into one in words.
 *
 * @param error The error.
 * @param layout Paths of the cache.
 * @param isOpening True for an error of opening the database, which always gets words.
 * @returns The error itself when it needs none, or when nothing more can be loaded.
 */
export async function putInWords(error: unknown, layout: CacheLayout, isOpening: boolean): Promise<unknown> {
  try {
    const { describeDatabaseError, describeOpenError } = await import("./database_errors.ts");
    return isOpening ? describeOpenError(error, layout) : describeDatabaseError(error, layout);
  } catch {
    return error;
  }
}

/** Waits while another process copies the rows of a damaged database into a new one. */
async function waitForRepair({ meta, locks }: CacheLayout, giveUpMs: number): Promise<void> {
  while (inodeOf(meta) === null && isLockHeld(`${locks}/recovery.lock`)) {
    if (steadyMs() > giveUpMs) throw new Error("database is locked by a process that repairs it");
    await pause(10);
  }
}

// Loaded by those who need them: most programs open a sound database, and may write to it.
const readOnly = () => import("./kv_read_only.ts");
const repair = () => import("./kv_repair.ts");

/** @throws {CacheError} `ERR_CACHE_DIR` for a link or a second name, which SQLite would follow or write into. */
function requireOwnDatabase(layout: CacheLayout): void {
  const foreign = findForeignDatabase(layout);
  if (foreign !== null) throw foreign;
}

function withCounter(kv: Deno.Kv, inode: number | null, { meta }: CacheLayout, note: SoundnessNote): OpenKv {
  const commits = new CommitCounter(meta);
  const close = () => {
    note.ended();
    commits.close();
    kv.close();
  };
  return { kv, inode, commits, note, raw: meta, close };
}

/**
 * Creates the file of the database and returns its inode. SQLite gives its files the mode of the database, and a new
 * database the default mode; so the file is created before SQLite does. The folders are created too, since they may
 * have been deleted after the cache was opened.
 */
function makeMeta(layout: CacheLayout): number | null {
  try {
    makeLayout(layout);
    createOwn(layout.meta, temporaryIn(layout.metadataTmp)).close();
  } catch {
    // Another process was first, or the file cannot be created, which the opening reports.
  }
  return inodeOf(layout.meta);
}
