/**
 * Blobs: bytes in files that are named after the SHA-256 of the bytes. The store does not know what the bytes mean.
 *
 * A blob is written to a temporary file and renamed, so the blob exists whole or not at all. Its digest is checked on
 * every read, so a flipped bit, a truncated copy or a swapped file is noticed and never returned.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import { type BlobDigest, isDigest } from "../../words/digests.ts";
import { randomId } from "../../words/random.ts";
import { giveTurn, isTurnOver, Slots } from "../../words/waiting.ts";
import { beginDigest, digestBytes, digestChunks } from "../../words/sha256.ts";
import {
  FILE_MODE,
  listOwn,
  lookAtEntry,
  makeOwnFolder,
  openToGroup,
  ownFile,
  refusal,
  removeOwn,
  requireFolders,
  temporaryIn,
} from "../own_files.ts";
import { type CacheLayout, codeOf, OWN_NAMES } from "../layout.ts";
import { lastPartOf } from "../../options/paths.ts";
import { messageOf } from "../../words/errors.ts";

/** Size in bytes up to which synchronous calls are faster than the round trip of an asynchronous one. */
export const SYNC_LIMIT_BYTES = 65_536;

/** Limit on the large blobs that are open at the same time: each takes a descriptor, and more of them are no faster. */
const largeFiles = new Slots(8);

/** Largest number of digests of written blobs that are remembered. */
const MAX_WRITTEN = 1024;

/** Result of reading a blob. */
export type BlobRead =
  | { readonly status: "ok"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly status: "missing" }
  | { readonly status: "corrupt"; readonly detail: string }
  /** The bytes could not be read, and may well be whole: no descriptor left, no permission. */
  | { readonly status: "unreadable"; readonly detail: string };

/** Result of writing a blob. */
export interface BlobWritten {
  readonly digest: BlobDigest;
  /** Size of the blob in bytes. */
  readonly sizeBytes: number;
}

/** File in the folder of blobs. */
export interface BlobFile {
  readonly digest: BlobDigest;
  readonly sizeBytes: number;
  /** Time when the file was last written, milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/** Blob that was moved aside. */
export interface MovedBlob {
  /** Moves the blob back to its place. */
  putBack(): void;
  /** Deletes the blob and returns its size in bytes. */
  remove(): number;
}

/** Options of {@linkcode BlobStore}. */
export interface BlobStoreOptions {
  /**
   * True to wait for the disk before a blob counts as written. If false, a power failure can leave a damaged blob. The
   * damage is noticed, and the result is computed again.
   *
   * @default {false}
   */
  readonly durable?: boolean;
}

/** Blobs of one cache directory. */
export class BlobStore {
  readonly #version: string;
  readonly #blobs: string;
  readonly #tmp: string;
  readonly #metadataTmp: string;
  /** False on a disk that several hosts share, where a lock may reach no other process, or wait for another host. */
  readonly #hasLocks: boolean;
  readonly #durable: boolean;
  /** Small blobs that this process wrote, so that they probably exist. */
  readonly #written = new Set<BlobDigest>();

  /** @param layout Paths of the cache. @param options See {@linkcode BlobStoreOptions}. */
  constructor(layout: CacheLayout, options: BlobStoreOptions = {}) {
    this.#version = layout.version;
    this.#blobs = layout.blobs;
    this.#tmp = layout.tmp;
    this.#metadataTmp = layout.metadataTmp;
    this.#hasLocks = layout.metadata === layout.version;
    this.#durable = options.durable ?? false;
  }

  /** Returns the path of a blob, whether or not the blob exists. */
  pathOf(digest: BlobDigest): string {
    if (!isDigest(digest)) throw new TypeError(`Not a digest: ${String(digest).slice(0, 80)}`);
    return `${this.#blobs}/${digest.slice(0, 2)}/${digest.slice(2)}.cbor`;
  }

  /** Returns the time since a blob was last written, milliseconds; `null` when there is no such blob. */
  ageOf(digest: BlobDigest): number | null {
    try {
      return wallMs() - (Deno.lstatSync(this.pathOf(digest)).mtime?.getTime() ?? 0);
    } catch {
      return null;
    }
  }

  /** True when there is a file for the blob; its bytes are not checked. */
  has(digest: BlobDigest): boolean {
    try {
      return Deno.lstatSync(this.pathOf(digest)).isFile;
    } catch {
      return false;
    }
  }

  /**
   * Stores bytes, given in pieces. The pieces of a large result are never joined, so the result is not copied.
   *
   * An equal blob that exists is replaced, unless it is found to be whole.
   *
   * @param chunks Pieces of the bytes, in order.
   * @returns Digest and total size of the bytes.
   * @throws The system's error when they cannot be written: the disk is full, or the folder cannot be made again.
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
        // A clean-up can delete a temporary file in the instant before the file is locked.
        if (!(error instanceof Deno.errors.NotFound) || attempt > 0) throw error;
      }
    }
  }

  /**
   * Reads a small blob at once, without the round trip of an asynchronous call.
   *
   * @param digest Digest of the blob.
   */
  readSync(digest: BlobDigest, sizeBytes?: number): BlobRead {
    try {
      const path = this.pathOf(digest);
      return notAFile(path, sizeBytes) ?? check(digest, Deno.readFileSync(path));
    } catch (error) {
      return failedRead(error);
    }
  }

  /**
   * Reads a blob and checks its digest.
   *
   * @param digest Digest of the blob.
   * @param sizeBytes Size that the record says; it only serves to choose the faster way to read.
   */
  async read(digest: BlobDigest, sizeBytes?: number): Promise<BlobRead> {
    if (sizeBytes !== undefined && sizeBytes <= SYNC_LIMIT_BYTES) return this.readSync(digest, sizeBytes);
    try {
      return await largeFiles.run(() => this.#readLarge(digest, sizeBytes));
    } catch (error) {
      return failedRead(error);
    }
  }

  /**
   * Deletes a blob.
   *
   * @returns Number of bytes freed; 0 when there was no blob.
   */
  remove(digest: BlobDigest): number {
    this.#requireFolderOf(digest);
    const path = this.pathOf(digest);
    const sizeBytes = removeOwn(path);
    if (sizeBytes === null) removeEmptyFolder(path);
    return sizeBytes ?? 0;
  }

  /**
   * Moves a blob aside, where no reader looks, to be deleted or put back.
   *
   * @returns `null` when there is no such blob.
   */
  moveAside(digest: BlobDigest): MovedBlob | null {
    const path = this.pathOf(digest);
    const aside = `${this.#tmp}/${digest}.aside-${randomId()}`;
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

  /** Yields the blobs that are aside now: those of a running clean-up, and those that a killed clean-up left. */
  *listAside(): Generator<{ readonly digest: BlobDigest; readonly path: string; readonly moved: MovedBlob }> {
    requireFolders(this.#version, this.#tmp);
    for (const name of listOwn(this.#tmp, OWN_NAMES.aside)) {
      const digest = name.split(".")[0] as BlobDigest;
      const path = `${this.#tmp}/${name}`;
      yield { digest, path, moved: this.#moved(path, digest) };
    }
  }

  /**
   * Yields the temporary files that no process is writing any more. Each is locked until the next one is asked for, so that
   * a process which has just made it sees that it is about to be deleted.
   *
   * @param nowMs Time that counts as now, milliseconds since the epoch. Where locks do not work, a file is taken for
   * abandoned when it was not written to in the hour before.
   */
  *listAbandoned(nowMs: number): Generator<string> {
    requireFolders(this.#version, this.#tmp, this.#metadataTmp);
    for (const folder of new Set([this.#tmp, this.#metadataTmp])) {
      for (const name of listOwn(folder, OWN_NAMES.temporary)) {
        const path = `${folder}/${name}`;
        using file = openExisting(path);
        if (file !== null && isAbandoned(file, this.#hasLocks, nowMs)) yield path;
      }
    }
  }

  /**
   * Deletes the files that {@linkcode listAbandoned} yields.
   *
   * @returns Sizes of the files, bytes.
   */
  removeAbandoned(nowMs: number): number[] {
    const sizes: number[] = [];
    for (const path of this.listAbandoned(nowMs)) {
      // Another process may be cleaning up at the same time.
      const size = removeQuietly(path);
      if (size !== null) sizes.push(size);
    }
    return sizes;
  }

  /**
   * Yields all blobs, in unspecified order. Files with other names, and links, are passed over.
   *
   * @param isWanted True for a blob to yield; asked before the file is looked at.
   */
  async *list(isWanted: (digest: BlobDigest) => boolean = () => true): AsyncGenerator<BlobFile> {
    requireFolders(this.#version, this.#blobs);
    for (const folder of listOwn(this.#blobs, OWN_NAMES.blobFolder, "isDirectory")) {
      if (isTurnOver()) await giveTurn();
      for (const name of listOwn(`${this.#blobs}/${folder}`, OWN_NAMES.blob)) {
        const digest = folder + name.replace(/\.cbor$/, "") as BlobDigest;
        if (!isWanted(digest)) continue;
        const info = lookAtEntry(`${this.#blobs}/${folder}/${name}`);
        // The blob may have been removed since the folder was listed.
        if (info !== null) yield { digest, sizeBytes: info.size, modifiedMs: info.mtime?.getTime() ?? 0 };
      }
    }
  }

  #writeSmall(chunks: readonly Uint8Array[], sizeBytes: number): BlobWritten {
    const digest: BlobDigest = digestChunks(chunks);
    // Many calls return the same small value. Replacing a file is slow, reading a small one is not.
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
          // The disk writes the piece while the next line digests it.
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

  async #readLarge(digest: BlobDigest, sizeBytes?: number): Promise<BlobRead> {
    const path = this.pathOf(digest);
    const refused = notAFile(path, sizeBytes);
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
   * Creates a temporary file. The file is locked while it is being written, so that a clean-up can tell it from files
   * that killed processes left.
   */
  #begin(): [file: Deno.FsFile, path: string] {
    const path = temporaryIn(this.#tmp);
    requireFolders(this.#version, this.#tmp);
    const file = this.#inFolder(
      this.#tmp,
      () => Deno.openSync(path, { write: true, createNew: true, mode: FILE_MODE }),
    );
    openToGroup(path);
    if (!this.#hasLocks) return [file, path];
    try {
      if (file.tryLockSync(true)) return [file, path];
    } catch {
      return [file, path]; // locks do not work here: clean-ups go by age
    }
    // A clean-up was faster, and is about to delete the file.
    file.close();
    return this.#begin();
  }

  #publish(temporary: string, digest: BlobDigest): void {
    const path = this.pathOf(digest);
    this.#requireFolderOf(digest);
    const move = () => Deno.renameSync(temporary, path);
    try {
      this.#inFolder(`${this.#blobs}/${digest.slice(0, 2)}`, move);
    } catch (error) {
      if (!lookAtEntry(path)?.isDirectory) throw error;
      removeEmptyFolder(path); // somebody's, in the place of the file
      move();
    }
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

  /** @throws {CacheError} `ERR_CACHE_DIR` when a folder on the path of the blob is a link. */
  #requireFolderOf(digest: BlobDigest): void {
    requireFolders(this.#version, this.#blobs, `${this.#blobs}/${digest.slice(0, 2)}`);
  }

  /** Runs `effect`. Creates the folder only when it turns out to be missing: almost always it exists. */
  #inFolder<T>(folder: string, effect: () => T): T {
    try {
      return effect();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      makeOwnFolder(folder, true);
      return effect();
    }
  }
}

/** Bytes digested at once: few enough to overlap with the disk, many enough that the cost of calls does not matter. */
const PIECE_BYTES = 2 * 1024 * 1024;

function check(digest: BlobDigest, bytes: Uint8Array<ArrayBuffer>): BlobRead {
  return compare(digest, digestBytes(bytes), bytes, bytes.byteLength);
}

/** Compares digests. @param filled Number of bytes read: fewer than `bytes` has if the file was cut off meanwhile. */
function compare(digest: BlobDigest, found: BlobDigest, bytes: Uint8Array<ArrayBuffer>, filled: number): BlobRead {
  if (found === digest && filled === bytes.byteLength) return { status: "ok", bytes };
  return { status: "corrupt", detail: `Blob ${digest} holds ${filled} bytes of another digest, ${found}` };
}

/**
 * Returns the result for a link or a pipe, which is not opened: it may lead anywhere, or block; and for a file of another
 * size, which may take all of the memory. Otherwise `null`.
 */
function notAFile(path: string, sizeBytes?: number): BlobRead | null {
  const info = Deno.lstatSync(path);
  if (info.isFile && sizeBytes !== undefined && info.size !== sizeBytes) {
    return { status: "corrupt", detail: `Blob ${lastPartOf(path)} has ${info.size} bytes instead of ${sizeBytes}` };
  }
  if (info.isFile || info.isDirectory) return null;
  return { status: "corrupt", detail: refusal(path, info.isSymlink ? "a link" : "no file").message };
}

function failedRead(error: unknown): BlobRead {
  if (error instanceof Deno.errors.NotFound) return { status: "missing" };
  const isFolder = codeOf(error) === "EISDIR" || error instanceof Deno.errors.IsADirectory;
  const detail = messageOf(error);
  return { status: isFolder ? "corrupt" : "unreadable", detail };
}

/** Copies the pieces of a result into one array. */
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

/** Opens a file that exists; `null` when it does not any more. */
function openExisting(path: string): Deno.FsFile | null {
  try {
    return Deno.openSync(path, { read: true });
  } catch {
    return null;
  }
}

/** True for a file that nobody writes, which is locked from then on where locks work. */
function isAbandoned(file: Deno.FsFile, hasLocks: boolean, nowMs: number): boolean {
  try {
    if (hasLocks) return file.tryLockSync(true);
  } catch {
    // Locks do not work here.
  }
  return nowMs - (file.statSync().mtime?.getTime() ?? nowMs) > ABANDONED_MS;
}

/** Deletes an empty folder in the place of a blob, where it keeps the blob from being written. Other folders stay. */
function removeEmptyFolder(path: string): void {
  if (!lookAtEntry(path)?.isDirectory) return;
  try {
    Deno.removeSync(path);
  } catch {
    // The folder is not empty, so it is not the cache's.
  }
}

/** Deletes a file and returns its size, bytes; `null` when it is gone or cannot be deleted. */
function removeQuietly(path: string): number | null {
  try {
    return removeOwn(path);
  } catch {
    return null; // the file was never created, or another process deleted it
  }
}
