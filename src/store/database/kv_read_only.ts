/**
 * Reading a database without writing to it.
 *
 * @module
 */
import { steadyMs } from "../../words/clock.ts";
import { type CheckExtent, SoundnessNote } from "./soundness.ts";
import {
  type CommitCounter,
  databaseStampOf,
  fileSizeOf,
  inodeOf,
  isDamage,
  isUndecodable,
  readableBytesOf,
} from "./sqlite_files.ts";
import { describeOpenError } from "./database_errors.ts";
import type { ReportDamage } from "./kv_repair.ts";
import { FILE_MODE, lookAtEntry } from "../own_files.ts";
import { type CacheLayout, isPermissionError } from "../layout.ts";
import { messageOf } from "../../words/errors.ts";

/** An open database. */
export interface OpenKv {
  readonly kv: Deno.Kv;
  readonly inode: number | null;
  /** True once the database, of which this is a copy or which is taken for immutable, has changed since it was opened. */
  readonly isOutdated?: () => boolean;
  /** Counter of commits, for a database that other processes may write to as well. */
  readonly commits?: CommitCounter;
  /** Note about the soundness of a database that this process may write to. */
  readonly note?: SoundnessNote;
  /** True for a database that is only read since the disk is full. */
  readonly isOnFullDisk?: true;
  /** Path at which node:sqlite can read the database; absent for one in memory, and for a copy. */
  readonly raw?: string;
  readonly close: () => void;
}

/** Time in milliseconds for which a disk counts as full. */
const FULL_MS = 1000;

/** Opens a database for reading where the disk has no room for what SQLite keeps beside it. */
export async function openWhileFull(layout: CacheLayout, report: ReportDamage): Promise<OpenKv> {
  report(
    `The disk of ${layout.meta} is full: stored results are used, no new ones kept; make room on it, or remove results by ` +
      "cachePrune() or cacheClear()",
    "full",
  );
  const open = await openReadOnly(layout, false, () => {});
  const giveUpMs = steadyMs() + FULL_MS;
  return { ...open, isOnFullDisk: true, isOutdated: () => steadyMs() > giveUpMs };
}

/**
 * Opens a database for reading only.
 *
 * SQLite in WAL mode writes beside the file even to read it, and into the file when it is closed. So the file is opened
 * as immutable. When changes are still in the write-ahead log, file and log are copied to a temporary folder instead.
 * After the file has changed, the next call opens it again. A live reader opens the file as every reader does, where
 * that is possible.
 */
export async function openReadOnly(layout: CacheLayout, isLive: boolean, report: ReportDamage): Promise<OpenKv> {
  const inode = inodeOf(layout.meta);
  const stamp = databaseStampOf(layout);
  const isOutdated = () => stamp !== databaseStampOf(layout);
  if (inode === null) return { ...await openMemory(null), isOutdated };
  const extent = new SoundnessNote(layout, true).neededCheck();
  // SQLite would play a journal back, whoever made it; a copy leaves it behind.
  if (lookAtEntry(`${layout.meta}-journal`) !== null) {
    return { ...await openCopy(layout, inode, { extent, report }), isOutdated };
  }
  if (isLive) {
    const defect = await defectOf(layout.meta, extent);
    if (defect) return { ...await openSaved(layout, inode, new Error(defect), report), isOutdated };
    try {
      const kv = await openAndTry(layout.meta);
      return { kv, inode, raw: layout.meta, close: () => kv.close() };
    } catch (error) {
      if (isPermissionError(error)) throw describeOpenError(error, layout);
    }
  }
  const hasLog = fileSizeOf(`${layout.meta}-wal`) > 0;
  if (!hasLog) {
    const address = `file:${encodeURI(layout.meta)}?immutable=1`;
    // Where it cannot be told, the copy is checked.
    if (await defectOf(address, extent) === null) {
      try {
        const kv = await openAndTry(address);
        return { kv, inode, isOutdated, raw: address, close: () => kv.close() };
      } catch {
        // Deno's permission system sees a relative path in the URI; a copy needs no URI.
      }
    }
  }
  return { ...await openCopy(layout, inode, { extent, report }), isOutdated };
}

/** Looks for damage before Deno.Kv does, which would end the process; see `findDefect`. */
async function defectOf(path: string, extent: CheckExtent): Promise<string | null | undefined> {
  if (extent === "none") return null;
  const { findDefect } = await import("./check_database.ts");
  return await findDefect(path, extent);
}

interface CopyOptions {
  /** Extent of the check of the copy before it is opened. */
  readonly extent: CheckExtent;
  readonly report: ReportDamage;
}

/** Opens a copy of the database; when that is damaged, a new database with the records that can be read in it. */
async function openCopy(
  layout: CacheLayout,
  inode: number | null,
  { extent, report }: CopyOptions,
): Promise<OpenKv> {
  try {
    return await openInFolder(inode, async (folder) => {
      const copy = `${folder}/meta.kv`;
      copyWhole(layout.meta, copy);
      const defect = await defectOf(copy, extent);
      if (defect) throw new Error(defect);
      return copy;
    });
  } catch (error) {
    return await openSaved(layout, inode, error, report);
  }
}

/** Opens the records that can still be read in a damaged database. An empty one answers every question with a miss. */
export async function openSaved(
  layout: CacheLayout,
  inode: number | null,
  error: unknown,
  report: ReportDamage,
): Promise<OpenKv> {
  let kept = 0;
  try {
    if (!isDamage(error) && !isUndecodable(error)) throw error;
    const saved = await openInFolder(inode, async (folder) => {
      copyWhole(layout.meta, `${folder}/meta.kv`);
      const { salvage } = await import("./salvage.ts");
      kept = await salvage(`${folder}/meta.kv`, `${folder}/saved.kv`);
      return kept > 0 ? `${folder}/saved.kv` : ":memory:";
    });
    report(describeUnreadable(layout, error, kept));
    return saved;
  } catch {
    report(describeUnreadable(layout, error, 0));
    return await openMemory(inode);
  }
}

/** Opens the database at the path that `make` returns, in a temporary folder, which is deleted at once. */
async function openInFolder(inode: number | null, make: (folder: string) => Promise<string>): Promise<OpenKv> {
  const folder = Deno.makeTempDirSync({ prefix: "cachepy-" });
  try {
    const kv = await openAndTry(await make(folder));
    // The writing thread of Deno.Kv has work of its own when it begins, and ends the program if its file is gone by
    // then. So wait for the thread's answer: from then on the open handle keeps the bytes alive, and the names are
    // not needed.
    await kv.delete(["format"]);
    return { kv, inode, close: () => kv.close() };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Copies a database and its log; copies them again if the log was written back meanwhile, so that the two match. */
function copyWhole(from: string, to: string): void {
  for (let attempt = 0;; attempt++) {
    const before = Deno.statSync(from);
    if (readableBytesOf(before) < before.size) throw new Error("almost all of it is holes");
    for (const suffix of ["", "-wal"]) {
      if (suffix !== "" && fileSizeOf(from + suffix) === 0) continue;
      Deno.copyFileSync(from + suffix, to + suffix);
      Deno.chmodSync(to + suffix, FILE_MODE); // a copy is as read-only as its original
    }
    const after = Deno.statSync(from);
    const isSame = before.mtime?.getTime() === after.mtime?.getTime() && before.size === after.size;
    if (isSame || attempt >= COPY_ATTEMPTS) return;
  }
}

const COPY_ATTEMPTS = 5;

/** Opens an empty database in memory, in place of one that is not there or cannot be read. */
export async function openMemory(inode: number | null): Promise<OpenKv> {
  const kv = await Deno.openKv(":memory:");
  return { kv, inode, close: () => kv.close() };
}

async function openAndTry(path: string): Promise<Deno.Kv> {
  const kv = await Deno.openKv(path);
  try {
    await kv.get(["format"]);
    return kv;
  } catch (error) {
    kv.close();
    throw error;
  }
}

/** Returns the sentence that reports that a database cannot be read, or only a part of its records. */
function describeUnreadable(layout: CacheLayout, error: unknown, kept: number): string {
  const used = kept === 0
    ? "nothing in it is used"
    : kept === 1
    ? "1 stored result is used"
    : `${kept} stored results are used`;
  return `The cache's database ${layout.meta} cannot be read (${messageOf(error)}); ${used}`;
}
