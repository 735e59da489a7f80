/**
 * Which content a file had when it was last read, by path and stamp, across processes.
 *
 * The memory is a convenience: everything in it can be computed again, so a damaged, deleted or outdated snapshot costs
 * time and nothing else, and two processes that save at once may lose one another's rows. It is loaded when looking
 * things up has begun to pay, and saved when the process ends.
 *
 * @module
 */
import type { ContentDigest } from "../../words/digests.ts";
import {
  decodeSnapshot,
  emptySnapshot,
  encodeSnapshot,
  type FileStamp,
  isSameStamp,
  isStampSettled,
  MAX_ROWS,
  MAX_SNAPSHOT_BYTES,
  type RememberedFile,
  type Snapshot,
} from "./snapshot.ts";
import { ownFile, readOwn, removeOwn, requireFolders, writeAnew } from "../../store/own_files.ts";

/** What hashing a small file costs besides its bytes, and a byte of it, milliseconds. */
const HASH_FILE_MS = 0.01;
const HASH_BYTE_MS = 7e-7;
/** What loading and what writing a byte of a snapshot costs, milliseconds. */
const LOAD_BYTE_MS = 1e-6;
const SAVE_BYTE_MS = 4e-6;
/** New rows are written before the process ends when there are so many. */
const SAVE_ROWS = 20_000;

/** Where a memory lives, and what time it is. */
export interface FileMemoryOptions {
  /** The snapshot's file; `null`: this process only. Its folder is never created. */
  readonly path: string | null;
  /** Whether to write the snapshot. @default true */
  readonly save?: boolean;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** The file-digest memory of one cache directory. */
export class FileMemory {
  /** Where the snapshot is; `null`: nowhere. */
  readonly #path: string | null;
  readonly #save: boolean;
  readonly #now: () => number;
  readonly #recent = new Map<string, RememberedFile>();
  /** Rows of `#recent` that no snapshot has. */
  readonly #unsaved = new Set<string>();
  #snapshot: Snapshot | undefined;
  #snapshotBytes = 0;
  /** Time spent on hashing since the last save, and since the start while no snapshot was loaded, milliseconds. */
  #unsavedMs = 0;
  #missedMs = 0;

  constructor(options: FileMemoryOptions) {
    this.#path = options.path;
    this.#save = options.save ?? true;
    this.#now = options.now ?? Date.now;
  }

  /** Tells that so many files will be asked for: then it is known at once whether loading the snapshot pays. */
  expect(count: number): void {
    if (this.#snapshot === undefined) this.#missedMs += count * HASH_FILE_MS;
  }

  /**
   * The digest of the file at `path` if its content is known to be what it was, for one look at its stamp.
   *
   * @param path An absolute path.
   * @param stamp As the file has it now.
   * @param nowMs Milliseconds since the epoch.
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

  /** The clock was set back since the file was read: change times no longer tell what came later. */
  #disbelieve(path: string): undefined {
    this.forget(path);
    return undefined;
  }

  /**
   * Remembers what was read, unless the stamp is too recent to stand for a content (see {@linkcode isStampSettled}).
   *
   * @param path An absolute path.
   * @param stamp As it was before the content was read.
   * @param content The digest, and how many bytes were read: a size that differs (a file being written, one that a
   * kernel makes up, as below /proc) is not remembered.
   * @param startedMs Milliseconds since the epoch, taken before the stamp.
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
    if (this.#unsaved.size >= SAVE_ROWS) this.flush(true);
    if (this.#recent.size >= MAX_ROWS) this.#shrink();
  }

  /** Leaves to the snapshot what it holds. */
  #shrink(): void {
    this.flush(true);
    for (const [path, file] of this.#recent) if (file !== FORGOTTEN) this.#recent.delete(path);
    this.#snapshot = undefined;
  }

  /** Drops what is known of one file. */
  forget(path: string): void {
    this.#recent.delete(path);
    this.#unsaved.delete(path);
    if (this.#snapshot?.get(path) !== undefined) this.#recent.set(path, FORGOTTEN);
  }

  /**
   * Absolute paths of the files that were digested and are remembered, those of earlier processes included, or that will
   * be once they have not been written to for a moment; sorted.
   */
  paths(): string[] {
    const paths = new Set(this.#load().paths());
    for (const [path, file] of this.#recent) {
      if (file === FORGOTTEN) paths.delete(path);
      else paths.add(path);
    }
    return [...paths].sort();
  }

  /** Forgets everything, the snapshot's file included. Returns how many files were known. */
  clear(): number {
    const count = this.paths().length;
    this.#recent.clear();
    this.#unsaved.clear();
    this.#unsavedMs = 0;
    this.#snapshot = emptySnapshot();
    this.#snapshotBytes = 0;
    const path = this.#path;
    if (path !== null && this.#save) {
      attemptWrite(() => {
        requireFolders(folderOfMemory(path));
        removeOwn(path);
      });
    }
    return count;
  }

  /**
   * Writes what is new, if that will save more time than it costs. Never throws: a memory that could not be written is
   * computed again.
   *
   * @param always Write whatever it costs.
   */
  flush(always = false): void {
    if (this.#path === null || !this.#save || this.#unsaved.size === 0) return;
    if (!always && this.#unsavedMs * 10 < this.#snapshotBytes * SAVE_BYTE_MS) return;
    const path = this.#path;
    attemptWrite(() => {
      const saved = readSnapshot(path);
      const files = new Map<string, RememberedFile>();
      for (const each of saved.paths()) files.set(each, saved.get(each)!);
      for (const [each, file] of this.#recent) if (file === FORGOTTEN) files.delete(each);
      for (const each of this.#unsaved) files.set(each, this.#recent.get(each)!);
      const bytes = encodeSnapshot(files);
      const temporary = `${path}.${crypto.randomUUID()}.tmp`;
      requireFolders(folderOfMemory(path));
      try {
        writeAnew(path, bytes, temporary);
      } catch (error) {
        attemptWrite(() => removeOwn(temporary));
        throw error;
      }
      this.#snapshotBytes = bytes.length;
    });
    this.#unsaved.clear();
    this.#unsavedMs = 0;
  }

  /** Looks into the snapshot, once loading it costs less than hashing what it may know. */
  #recall(path: string, stamp: Deno.FileInfo, nowMs: number): ContentDigest | undefined {
    if (this.#snapshot === undefined && !this.#paysToLoad(stamp.size)) return undefined;
    const snapshot = this.#load();
    const row = snapshot.rowOf(path);
    if (row === undefined || !snapshot.hasStamp(row, stamp)) return undefined;
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

/** A row that no stamp is the same as. */
const NO_STAMP: RememberedFile = {
  dev: NaN,
  ino: NaN,
  size: NaN,
  mtimeMs: NaN,
  ctimeMs: NaN,
  checkedMs: NaN,
  digest: "" as ContentDigest,
};
/** Stands in `#recent` for a row of the snapshot that is no longer believed. */
const FORGOTTEN: RememberedFile = { ...NO_STAMP };
/** Stands in `#recent` for a file that was read too soon after it was written to be believed the next time. */
const UNSETTLED: RememberedFile = { ...NO_STAMP };

function readSnapshot(path: string): Snapshot {
  try {
    requireFolders(folderOfMemory(path));
    if ((ownFile(path)?.size ?? Infinity) > MAX_SNAPSHOT_BYTES) return emptySnapshot();
    return decodeSnapshot(readOwn(path));
  } catch {
    return emptySnapshot();
  }
}

function folderOfMemory(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function attemptWrite(action: () => unknown): void {
  try {
    action();
  } catch {
    // The memory is a convenience; see the top of this file.
  }
}
