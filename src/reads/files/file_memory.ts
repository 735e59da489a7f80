/**
 * Memory of the digest that each file had when last read, by path and stamp, kept across processes in a snapshot.
 *
 * The memory only saves time: everything in it can be computed again. So a damaged, deleted or outdated snapshot does
 * no harm, and two processes that save at the same time may lose each other's rows. The snapshot is loaded as soon as
 * loading costs less than the hashing that it may save, and saved when the process ends.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import { parentOf } from "../../options/paths.ts";
import type { ContentDigest } from "../../words/digests.ts";
import { randomId } from "../../words/random.ts";
import {
  decodeSnapshot,
  emptySnapshot,
  encodeInSteps,
  MAX_ROWS,
  MAX_SNAPSHOT_BYTES,
  type RememberedFile,
  type Snapshot,
} from "./snapshot.ts";
import { type FileStamp, hasChangeTime, isSameStamp, isStampSettled, stampOf } from "./stamp.ts";
import { atOnce, inTurns } from "../../words/waiting.ts";
import { ownFile, readOwn, removeOwn, requireFolders, writeAnew } from "../../store/own_files.ts";

/** Time in milliseconds to hash a file: for the file itself, and for each byte. */
const HASH_FILE_MS = 0.01;
const HASH_BYTE_MS = 7e-7;
/** Time in milliseconds to load, and to write, one byte of a snapshot. */
const LOAD_BYTE_MS = 1e-6;
const SAVE_BYTE_MS = 4e-6;
/** Number of new rows from which the snapshot is written before the process ends. */
const SAVE_ROWS = 20_000;

/** Options of {@linkcode FileMemory}. */
export interface FileMemoryOptions {
  /** File of the snapshot, whose folder is never created; `null`: the memory ends with this process. */
  readonly path: string | null;
  /** False to leave the snapshot unchanged. @default true */
  readonly save?: boolean;
  /** Returns the present time, milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** The file-digest memory of one cache directory. */
export class FileMemory {
  /** File of the snapshot; `null`: none. */
  readonly #path: string | null;
  readonly #saves: boolean;
  #isSaving = false;
  readonly #now: () => number;
  readonly #recent = new Map<string, RememberedFile>();
  /** Paths of the rows of `#recent` that are in no snapshot. */
  readonly #unsaved = new Set<string>();
  #snapshot: Snapshot | undefined;
  #snapshotBytes = 0;
  /** Estimated time, milliseconds, of hashing unsaved rows, and of hashing files before the snapshot is loaded. */
  #unsavedMs = 0;
  #missedMs = 0;

  constructor(options: FileMemoryOptions) {
    this.#path = options.path;
    this.#saves = options.save ?? true;
    this.#now = options.now ?? wallMs;
  }

  /** Announces that `count` files will be looked up, so that the snapshot is loaded at once if that saves time. */
  expect(count: number): void {
    if (this.#snapshot === undefined) this.#missedMs += count * HASH_FILE_MS;
  }

  /**
   * Looks up the digest of the file at `path`; `undefined` when the file is not remembered or its stamp has changed.
   *
   * @param path An absolute path.
   * @param stamp Result of `stat` for the file now.
   * @param nowMs Present time, milliseconds since the epoch.
   */
  get(path: string, stamp: Deno.FileInfo, nowMs: number = this.#now()): ContentDigest | undefined {
    const known = this.#recent.size === 0 ? undefined : this.#recent.get(path);
    if (known === undefined) return this.#recall(path, stamp, nowMs);
    if (
      known.ctimeMs !== stamp.ctime?.getTime() || known.mtimeMs !== stamp.mtime?.getTime() ||
      known.size !== stamp.size || known.ino !== (stamp.ino ?? 0) || known.dev !== stamp.dev
    ) return undefined;
    return known.checkedMs <= nowMs ? known.digest : this.#disbelieve(path);
  }

  /** Forgets a file that was read at a later time than now. The clock was set back, so change times mean nothing. */
  #disbelieve(path: string): undefined {
    this.forget(path);
    return undefined;
  }

  /**
   * Remembers the digest of a file, unless the stamp is too recent to stand for a content ({@linkcode isStampSettled}).
   *
   * @param path An absolute path.
   * @param stamp Stamp of the file, taken before the content was read.
   * @param content The digest, and the number of bytes that were read. When that is not the size in the stamp (the file
   * is being written, or made up by the kernel as below /proc), the digest is not remembered.
   * @param startedMs Time before the stamp was taken, milliseconds since the epoch.
   */
  set(path: string, stamp: FileStamp, content: { digest: ContentDigest; sizeBytes: number }, startedMs: number): void {
    if (content.sizeBytes !== stamp.size || stamp.size === 0) return;
    const known = this.#recent.get(path);
    if (!isStampSettled(stamp, startedMs)) {
      if (known !== FORGOTTEN) this.#recent.set(path, UNSETTLED);
      return;
    }
    if (known !== undefined && known.digest === content.digest && isSameStamp(known, stamp)) return;
    this.#recent.set(path, { ...stamp, digest: content.digest, checkedMs: startedMs });
    this.#unsaved.add(path);
    this.#unsavedMs += HASH_FILE_MS + content.sizeBytes * HASH_BYTE_MS;
    if (this.#unsaved.size >= SAVE_ROWS) this.#flushInTurns();
    if (this.#recent.size >= MAX_ROWS) this.#shrink();
  }

  /** Saves the memory, and drops the rows that the snapshot has. */
  #shrink(): void {
    this.flush(true);
    for (const [path, file] of this.#recent) if (file !== FORGOTTEN) this.#recent.delete(path);
    this.#snapshot = undefined;
  }

  /** Forgets the digest of one file. */
  forget(path: string): void {
    this.#recent.delete(path);
    this.#unsaved.delete(path);
    if (this.#snapshot?.get(path) !== undefined) this.#recent.set(path, FORGOTTEN);
  }

  /**
   * Lists the absolute paths, sorted, of the files whose digests are remembered, also from earlier processes. Files
   * that were digested too soon after they were written are listed too; their digest is remembered at a later reading.
   */
  paths(): string[] {
    const paths = new Set(this.#load().paths());
    for (const [path, file] of this.#recent) {
      if (file === FORGOTTEN) paths.delete(path);
      else paths.add(path);
    }
    return [...paths].sort();
  }

  /** Forgets all digests and deletes the snapshot's file. @returns Number of files whose digests were remembered. */
  clear(): number {
    const count = this.paths().length;
    this.#recent.clear();
    this.#unsaved.clear();
    this.#unsavedMs = 0;
    this.#snapshot = emptySnapshot();
    this.#snapshotBytes = 0;
    const path = this.#path;
    if (path !== null && this.#saves) {
      attemptWrite(() => {
        requireFolders(parentOf(path));
        removeOwn(path);
      });
    }
    return count;
  }

  /**
   * Writes new rows to the snapshot, if that will save more time than the writing takes. Never throws: digests that
   * could not be written are computed again.
   *
   * @param always True to write whatever the cost.
   */
  flush(always = false): void {
    if (this.#path === null || !this.#saves || this.#unsaved.size === 0) return;
    if (!always && this.#unsavedMs * 10 < this.#snapshotBytes * SAVE_BYTE_MS) return;
    const path = this.#path;
    attemptWrite(() => atOnce(this.#saveInSteps(path)));
  }

  /** Writes new rows to the snapshot while other tasks run, since a program goes on that reads so many files. */
  #flushInTurns(): void {
    if (this.#path === null || !this.#saves || this.#isSaving) return;
    this.#isSaving = true;
    const path = this.#path;
    void Promise.try(() => inTurns(this.#saveInSteps(path))).catch(() => {}).finally(() => this.#isSaving = false);
  }

  *#saveInSteps(path: string): Generator<void, void> {
    const unsaved = [...this.#unsaved];
    this.#unsaved.clear();
    this.#unsavedMs = 0;
    const saved = readSnapshot(path);
    const files = new Map<string, RememberedFile>();
    for (const each of saved.paths()) {
      files.set(each, saved.get(each)!);
      yield;
    }
    for (const [each, file] of this.#recent) if (file === FORGOTTEN) files.delete(each);
    for (const each of unsaved) {
      const file = this.#recent.get(each);
      if (file !== undefined && !Number.isNaN(file.size)) files.set(each, file); // else forgotten meanwhile
      yield;
    }
    const bytes = yield* encodeInSteps(files);
    const temporary = `${path}.${randomId()}.tmp`;
    requireFolders(parentOf(path));
    try {
      writeAnew(path, bytes, temporary);
    } catch (error) {
      attemptWrite(() => removeOwn(temporary));
      throw error;
    }
    this.#snapshotBytes = bytes.length;
  }

  /** Looks up a file in the snapshot, once loading the snapshot costs less than the hashing that it may save. */
  #recall(path: string, stamp: Deno.FileInfo, nowMs: number): ContentDigest | undefined {
    if (this.#snapshot === undefined && !this.#paysToLoad(stamp.size)) return undefined;
    const snapshot = this.#load();
    const row = snapshot.rowOf(path);
    if (row === undefined || !snapshot.hasStamp(row, stamp) || !hasChangeTime(stampOf(stamp))) return undefined;
    return snapshot.checkedMs(row) <= nowMs ? snapshot.digest(row) : this.#disbelieve(path);
  }

  #paysToLoad(sizeBytes: number): boolean {
    if (this.#path === null) return false;
    this.#missedMs += HASH_FILE_MS + sizeBytes * HASH_BYTE_MS;
    if (this.#snapshotBytes === 0) {
      attemptWrite(() => this.#snapshotBytes = ownFile(this.#path!)?.size ?? 0);
      if (this.#snapshotBytes === 0) this.#snapshot = emptySnapshot();
    }
    return this.#missedMs * 4 >= this.#snapshotBytes * LOAD_BYTE_MS;
  }

  #load(): Snapshot {
    return this.#snapshot ??= this.#path === null ? emptySnapshot() : readSnapshot(this.#path);
  }
}

/** A row that no stamp is equal to, since `NaN` is not equal to itself. */
const NO_STAMP: RememberedFile = {
  dev: NaN,
  ino: NaN,
  size: NaN,
  mtimeMs: NaN,
  ctimeMs: NaN,
  checkedMs: NaN,
  digest: "" as ContentDigest,
};
/** Mark in `#recent` for a row of the snapshot that was forgotten. */
const FORGOTTEN: RememberedFile = { ...NO_STAMP };
/** Mark in `#recent` for a file that was read so soon after it was written that its digest is not remembered. */
const UNSETTLED: RememberedFile = { ...NO_STAMP };

function readSnapshot(path: string): Snapshot {
  try {
    requireFolders(parentOf(path));
    return decodeSnapshot(readOwn(path, MAX_SNAPSHOT_BYTES));
  } catch {
    return emptySnapshot();
  }
}

function attemptWrite(action: () => unknown): void {
  try {
    action();
  } catch {
    // The memory only saves time, so a failure does no harm: the header of this file says why.
  }
}
