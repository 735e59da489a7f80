/**
 * Bytes under the name of their own SHA-256, on the filesystem. Knows nothing of what they mean.
 *
 * A blob is written to a temporary file and renamed, so it is there whole or not at all; its digest is checked on every
 * read, so a flipped bit, a truncated copy or a swapped file is noticed and never returned.
 *
 * @module
 */
import { type BlobDigest, isDigest } from "../../words/digests.ts";
import { beginDigest, digestBytes, digestChunks } from "../../words/sha256.ts";
import {
  FILE_MODE,
  FOLDER_MODE,
  listOwn,
  lookAtEntry,
  ownFile,
  refusal,
  removeOwn,
  requireFolders,
} from "../own_files.ts";
import { type CacheLayout, codeOf, OWN_NAMES } from "../layout.ts";
import { messageOf } from "../../words/errors.ts";

/** Places for work; who finds none free waits, in order. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count How much may be done at a time. */
  constructor(count: number) {
    this.#free = count;
  }

  /** Does the work when there is a place for it. @throws Whatever the work throws. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next(); // the place goes on
    }
  }
}

/** Up to this size, synchronous calls are faster than the round trip of an asynchronous one. Bytes. */
export const SYNC_LIMIT_BYTES = 65_536;

/** Large blobs that are open at a time: they take descriptors, and more of them are no faster. */
const largeFiles = new Slots(8);

/** Number of digests of written blobs that are remembered. */
const MAX_WRITTEN = 1024;

/** What reading a blob gave. */
export type BlobRead =
  | { readonly status: "ok"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly status: "missing" }
  | { readonly status: "corrupt"; readonly detail: string }
  /** Its bytes could not be looked at, and may well be whole: no descriptor left, no permission. */
  | { readonly status: "unreadable"; readonly detail: string };

/** What writing a blob gave. */
export interface BlobWritten {
  readonly digest: BlobDigest;
  /** Number of bytes of the blob. */
  readonly sizeBytes: number;
}

/** A file of the blob folder. */
export interface BlobFile {
  readonly digest: BlobDigest;
  readonly sizeBytes: number;
  /** When it was last written, milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/** A blob that was moved aside. */
export interface MovedBlob {
  /** Puts it where it was. */
  putBack(): void;
  /** Deletes it and returns its size in bytes. */
  remove(): number;
}

/** Options of {@linkcode BlobStore}. */
export interface BlobStoreOptions {
  /**
   * Wait for the disk before a blob counts as written. Without it a power failure can leave a damaged blob, which is
   * noticed and computed again.
   *
   * @default {false}
   */
  readonly durable?: boolean;
}

/** The blobs of one cache directory. */
export class BlobStore {
  readonly #version: string;
  readonly #blobs: string;
  readonly #tmp: string;
  readonly #durable: boolean;
  /** Small blobs that this process wrote, so that probably they are there. */
  readonly #written = new Set<BlobDigest>();

  /** @param layout Where the folders are. @param options See there. */
  constructor(layout: CacheLayout, options: BlobStoreOptions = {}) {
    this.#version = layout.version;
    this.#blobs = layout.blobs;
    this.#tmp = layout.tmp;
    this.#durable = options.durable ?? false;
  }

  /** The file of a blob, whether or not it exists. */
  pathOf(digest: BlobDigest): string {
    if (!isDigest(digest)) throw new TypeError(`Not a digest: ${String(digest).slice(0, 80)}`);
    return `${this.#blobs}/${digest.slice(0, 2)}/${digest.slice(2)}.cbor`;
  }

  /** Time since a blob was last written, milliseconds; `null` when there is none. */
  ageOf(digest: BlobDigest): number | null {
    try {
      return Date.now() - (Deno.lstatSync(this.pathOf(digest)).mtime?.getTime() ?? 0);
    } catch {
      return null;
    }
  }

  /** Whether there is a file of that name; its bytes are not looked at. */
  has(digest: BlobDigest): boolean {
    try {
      return Deno.lstatSync(this.pathOf(digest)).isFile;
    } catch {
      return false;
    }
  }

  /**
   * Stores bytes, given in pieces that are never joined, so a large result is not copied.
   *
   * An equal blob that is there already is replaced, unless it is found to be whole.
   *
   * @param chunks The bytes, in order.
   * @returns Their digest and total size.
   * @throws The system's error when they cannot be written (disk full, folder gone and not to be made again).
   */
  async write(chunks: readonly Uint8Array[]): Promise<BlobWritten> {
    let sizeBytes = 0;
    for (const chunk of chunks) sizeBytes += chunk.byteLength;
    for (let attempt = 0;; attempt++) {
      try {
        return sizeBytes > SYNC_LIMIT_BYTES
          ? await largeFiles.run(() => this.#writeLarge(chunks, sizeBytes))
          : this.#writeSmall(chunks, sizeBytes);
      } catch (error) {
        // A clean-up can take a temporary file in the instant before it is locked.
        if (!(error instanceof Deno.errors.NotFound) || attempt > 0) throw error;
      }
    }
  }

  /**
   * Reads a small blob at once, without the round trip of an asynchronous call.
   *
   * @param digest Which.
   */
  readSync(digest: BlobDigest): BlobRead {
    try {
      const path = this.pathOf(digest);
      return notAFile(path) ?? check(digest, Deno.readFileSync(path));
    } catch (error) {
      return failedRead(error);
    }
  }

  /**
   * Reads a blob and checks its digest.
   *
   * @param digest Which.
   * @param sizeBytes What the record says; only chooses the faster way to read.
   */
  async read(digest: BlobDigest, sizeBytes?: number): Promise<BlobRead> {
    if (sizeBytes !== undefined && sizeBytes <= SYNC_LIMIT_BYTES) return this.readSync(digest);
    try {
      return await largeFiles.run(() => this.#readLarge(digest));
    } catch (error) {
      return failedRead(error);
    }
  }

  /**
   * Deletes a blob.
   *
   * @returns The number of bytes freed; 0 when there was none.
   */
  remove(digest: BlobDigest): number {
    this.#requireFolderOf(digest);
    const path = this.pathOf(digest);
    const sizeBytes = removeOwn(path);
    if (sizeBytes === null) removeEmptyFolder(path);
    return sizeBytes ?? 0;
  }

  /**
   * Moves a blob out of its readers' sight, to be deleted or put back.
   *
   * @returns `null` when there is none.
   */
  moveAside(digest: BlobDigest): MovedBlob | null {
    const path = this.pathOf(digest);
    const aside = `${this.#tmp}/${digest}.aside-${crypto.randomUUID()}`;
    this.#requireFolderOf(digest);
    requireFolders(this.#tmp);
    if (ownFile(path) === null) return null;
    try {
      Deno.renameSync(path, aside);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
    return this.#moved(aside, digest);
  }

  /** Blobs that are aside now: those of a running clean-up, and what killed ones left. */
  *listAside(): Generator<{ readonly digest: BlobDigest; readonly path: string; readonly moved: MovedBlob }> {
    requireFolders(this.#version, this.#tmp);
    for (const name of listOwn(this.#tmp, OWN_NAMES.aside)) {
      const digest = name.split(".")[0] as BlobDigest;
      const path = `${this.#tmp}/${name}`;
      yield { digest, path, moved: this.#moved(path, digest) };
    }
  }

  /**
   * Temporary files that no process is writing any more.
   *
   * @param nowMs Where locks do not work, those count that were not written to for an hour before this.
   */
  *listAbandoned(nowMs: number): Generator<string> {
    requireFolders(this.#version, this.#tmp);
    for (const name of listOwn(this.#tmp, OWN_NAMES.temporary)) {
      const path = `${this.#tmp}/${name}`;
      if (isAbandoned(path, nowMs)) yield path;
    }
  }

  /**
   * Deletes what {@linkcode listAbandoned} lists.
   *
   * @returns Number of files.
   */
  removeAbandoned(nowMs: number): number {
    let count = 0;
    for (const path of this.listAbandoned(nowMs)) {
      // Another process may be cleaning up, too.
      if (removeQuietly(path)) count++;
    }
    return count;
  }

  /**
   * All blobs, in no order. Files with other names, and links, are passed over.
   *
   * @param isWanted Asked before the file is looked at.
   */
  *list(isWanted: (digest: BlobDigest) => boolean = () => true): Generator<BlobFile> {
    requireFolders(this.#version, this.#blobs);
    for (const folder of listOwn(this.#blobs, OWN_NAMES.blobFolder, "isDirectory")) {
      for (const name of listOwn(`${this.#blobs}/${folder}`, OWN_NAMES.blob)) {
        const digest = folder + name.replace(/\.cbor$/, "") as BlobDigest;
        if (!isWanted(digest)) continue;
        const info = lookAtEntry(`${this.#blobs}/${folder}/${name}`);
        // It may have been removed since the folder was listed.
        if (info !== null) yield { digest, sizeBytes: info.size, modifiedMs: info.mtime?.getTime() ?? 0 };
      }
    }
  }

  #writeSmall(chunks: readonly Uint8Array[], sizeBytes: number): BlobWritten {
    const digest: BlobDigest = digestChunks(chunks);
    // Many calls return the same little thing. Replacing a file is slow, reading a little one is not.
    if (this.#written.has(digest) && this.readSync(digest).status === "ok") return { digest, sizeBytes };
    const bytes = chunks.length === 1 ? chunks[0]! : joinChunks(chunks);
    const [file, temporary] = this.#begin();
    try {
      writeAllSync(file, bytes);
      if (this.#durable) file.syncDataSync();
      this.#publish(temporary, digest);
      if (this.#written.size >= MAX_WRITTEN) this.#written.clear();
      this.#written.add(digest);
      return { digest, sizeBytes };
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    } finally {
      file.close();
    }
  }

  async #writeLarge(chunks: readonly Uint8Array[], sizeBytes: number): Promise<BlobWritten> {
    const [file, temporary] = this.#begin();
    try {
      const hash = beginDigest();
      for (const chunk of chunks) {
        for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) {
          const piece = chunk.subarray(at, at + PIECE_BYTES);
          // The disk works on one piece while the next line digests it.
          const writing = writeAll(file, piece);
          hash.update(piece);
          await writing;
        }
      }
      if (this.#durable) await file.syncData();
      const digest = hash.end<"blob">();
      this.#publish(temporary, digest);
      return { digest, sizeBytes };
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    } finally {
      file.close();
    }
  }

  async #readLarge(digest: BlobDigest): Promise<BlobRead> {
    const path = this.pathOf(digest);
    const refused = notAFile(path);
    if (refused !== null) return refused;
    using file = await Deno.open(path);
    const bytes = new Uint8Array((await file.stat()).size);
    const hash = beginDigest();
    let filled = 0;
    for (let digested = 0;;) {
      // The disk fills one piece while the next lines digest the one before.
      const reading = file.read(bytes.subarray(filled, filled + PIECE_BYTES));
      hash.update(bytes.subarray(digested, filled));
      digested = filled;
      const count = await reading;
      if (!count) break;
      filled += count;
    }
    return compare(digest, hash.end<"blob">(), bytes, filled);
  }

  /**
   * A new temporary file. It is locked while it is being written, so that a clean-up can tell it from what a killed
   * process left.
   */
  #begin(): [file: Deno.FsFile, path: string] {
    const path = `${this.#tmp}/${Deno.pid}-${crypto.randomUUID()}`;
    requireFolders(this.#version, this.#tmp);
    const file = this.#inFolder(
      this.#tmp,
      () => Deno.openSync(path, { write: true, createNew: true, mode: FILE_MODE }),
    );
    try {
      file.tryLockSync(true);
    } catch {
      // No locks here: clean-ups go by age.
    }
    return [file, path];
  }

  #publish(temporary: string, digest: BlobDigest): void {
    const path = this.pathOf(digest);
    this.#requireFolderOf(digest);
    this.#inFolder(`${this.#blobs}/${digest.slice(0, 2)}`, () => Deno.renameSync(temporary, path));
  }

  #moved(aside: string, digest: BlobDigest): MovedBlob {
    return {
      putBack: () => {
        this.#requireFolderOf(digest);
        Deno.renameSync(aside, this.pathOf(digest));
      },
      remove: () => removeOwn(aside) ?? 0,
    };
  }

  /** @throws {CacheError} `ERR_CACHE_DIR` when a folder that the blob is in is a link. */
  #requireFolderOf(digest: BlobDigest): void {
    requireFolders(this.#version, this.#blobs, `${this.#blobs}/${digest.slice(0, 2)}`);
  }

  /** Makes the folder only when it turns out to be missing: almost always it is there. */
  #inFolder<T>(folder: string, effect: () => T): T {
    try {
      return effect();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      Deno.mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
      return effect();
    }
  }
}

/** Small enough that digesting one piece overlaps with writing or reading another, large enough that calls do not count. */
const PIECE_BYTES = 2 * 1024 * 1024;

function check(digest: BlobDigest, bytes: Uint8Array<ArrayBuffer>): BlobRead {
  return compare(digest, digestBytes(bytes), bytes, bytes.byteLength);
}

/** @param filled Fewer than there are bytes when the file was cut off while it was read. */
function compare(digest: BlobDigest, found: BlobDigest, bytes: Uint8Array<ArrayBuffer>, filled: number): BlobRead {
  if (found === digest && filled === bytes.byteLength) return { status: "ok", bytes };
  return { status: "corrupt", detail: `Blob ${digest} holds ${filled} bytes of another digest, ${found}` };
}

/** What reading something else than a regular file gives: a link leads anywhere, a pipe is waited for. */
function notAFile(path: string): BlobRead | null {
  const info = Deno.lstatSync(path);
  if (info.isFile || info.isDirectory) return null;
  return { status: "corrupt", detail: refusal(path, info.isSymlink ? "a link" : "no file").message };
}

function failedRead(error: unknown): BlobRead {
  if (error instanceof Deno.errors.NotFound) return { status: "missing" };
  const isFolder = codeOf(error) === "EISDIR" || error instanceof Deno.errors.IsADirectory;
  const detail = messageOf(error);
  return { status: isFolder ? "corrupt" : "unreadable", detail };
}

/** Joins the pieces of a result, copied. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const chunk of chunks) size += chunk.byteLength;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await file.write(bytes.subarray(at));
}

function writeAllSync(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength;) at += file.writeSync(bytes.subarray(at));
}

const ABANDONED_MS = 3_600_000;

function isAbandoned(path: string, nowMs: number): boolean {
  try {
    using file = Deno.openSync(path, { read: true });
    try {
      return file.tryLockSync(true);
    } catch {
      return nowMs - (file.statSync().mtime?.getTime() ?? nowMs) > ABANDONED_MS;
    }
  } catch {
    return false;
  }
}

/** A folder in the place of a blob keeps it from being written again; one that holds something is left alone. */
function removeEmptyFolder(path: string): void {
  if (!lookAtEntry(path)?.isDirectory) return;
  try {
    Deno.removeSync(path);
  } catch {
    // It is not empty, and then not ours.
  }
}

function removeQuietly(path: string): boolean {
  try {
    return removeOwn(path) !== null;
  } catch {
    return false; // it was never made, or somebody cleaned up: either way there is nothing left over
  }
}
