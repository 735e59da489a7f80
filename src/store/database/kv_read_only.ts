/**
 * Reading a database without writing to it.
 *
 * @module
 */
import { type CommitCounter, describeOpenError, fileSizeOf, inodeOf } from "./sqlite_files.ts";
import type { ReportDamage } from "./kv_repair.ts";
import { FILE_MODE } from "../own_files.ts";
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
  readonly close: () => void;
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
  if (isLive) {
    try {
      const kv = await openAndTry(layout.meta);
      return { kv, inode, close: () => kv.close() };
    } catch (error) {
      if (isPermissionError(error)) throw describeOpenError(error, layout);
    }
  }
  const hasLog = fileSizeOf(`${layout.meta}-wal`) > 0;
  if (!hasLog) {
    try {
      const kv = await openAndTry(`file:${encodeURI(layout.meta)}?immutable=1`);
      return { kv, inode, isOutdated, close: () => kv.close() };
    } catch {
      // Deno's permission system sees a relative path in the URI; a copy needs no URI.
    }
  }
  return { ...await openCopy(layout, inode, report), isOutdated };
}

/** Returns a text that differs after the database or its log has changed. */
function databaseStampOf({ meta }: CacheLayout): string {
  return ["", "-wal"].map((suffix) => {
    try {
      const { ino, size, mtime } = Deno.lstatSync(meta + suffix);
      return `${ino} ${size} ${mtime?.getTime()}`;
    } catch {
      return "";
    }
  }).join(" ");
}

async function openCopy(layout: CacheLayout, inode: number | null, report: ReportDamage): Promise<OpenKv> {
  let folder: string | undefined;
  try {
    folder = Deno.makeTempDirSync({ prefix: "cachepy-" });
    const copy = `${folder}/meta.kv`;
    copyWhole(layout.meta, copy);
    const kv = await openAndTry(copy);
    // The writing thread of Deno.Kv has work of its own when it begins, and ends the program if its file is gone by
    // then. So wait for the thread's answer: from then on the open handle keeps the bytes alive, and the names are
    // not needed.
    await kv.delete(["format"]);
    return { kv, inode, close: () => kv.close() };
  } catch (error) {
    // Not even a copy can be read. An empty cache answers every question with a miss.
    report(describeUnreadable(layout, error));
    return await openMemory(inode);
  } finally {
    if (folder !== undefined) Deno.removeSync(folder, { recursive: true });
  }
}

/** Copies a database and its log; copies them again if the log was written back meanwhile, so that the two match. */
function copyWhole(from: string, to: string): void {
  for (let attempt = 0;; attempt++) {
    const before = Deno.statSync(from);
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

/** Returns the sentence that reports that a database is not used because it cannot be read. */
export function describeUnreadable(layout: CacheLayout, error: unknown): string {
  return `The cache's database ${layout.meta} cannot be read (${messageOf(error)}); nothing in it is used`;
}
