/**
 * The observation of a file whose content a call read, or may have read.
 *
 * @module
 */
import { fileState, lookAt } from "./dependency.ts";
import { digestBytes } from "../words/sha256.ts";
import type { ContentDigest } from "../words/digests.ts";
import { SYNC_BYTES } from "./files/hash_file.ts";
import type { FileDigests } from "./files/file_digests.ts";
import { type FileStamp, isSameStamp, isStampSettled, stampOf } from "./files/stamp.ts";

/**
 * A file that a call read.
 *
 * If the stamp is old enough to stand for the content, the file is digested once the call has ended, and the stamp
 * tells whether the file still has the content that was read; only bytes of a small file that are seen are digested at
 * once. If the stamp is too young, the content is digested when it is read.
 */
export class FileObservation {
  /** True when the call itself changed the file after reading it: the content that was read first counts. */
  isFrozen = false;
  /** True when two reads may have found different contents. */
  isTorn = false;
  /** Digest of the content that was read; `null`: there was no file; `undefined`: not yet known. */
  digest: ContentDigest | null | undefined;
  /** Promise of the digest of a directory with all files below it, while that digest is being computed. */
  digesting: Promise<ContentDigest | null> | undefined;
  /** Stamp before the file was read; `null` when there was no file, or the stamp cannot stand for the content. */
  readonly stamp: FileStamp | null;
  readonly #startedMs: number;

  constructor(readonly path: string, info: Deno.FileInfo | null, readonly files: FileDigests) {
    this.#startedMs = files.now();
    const stamp = info?.isFile ? stampOf(info) : null;
    this.stamp = stamp !== null && stamp.size > 0 && isStampSettled(stamp, this.#startedMs) ? stamp : null;
    this.digest = info === null ? null : files.memory.get(path, info);
  }

  /** True when the digest has to be taken now: no stamp will tell later whether the file was edited meanwhile. */
  get isUrgent(): boolean {
    return this.digest === undefined && this.stamp === null;
  }

  /** Takes note of the bytes that the call read. */
  gotBytes(bytes: Uint8Array | string): void {
    if (this.isFrozen) return;
    const isFirst = this.digest === undefined;
    if (isFirst && this.stamp !== null && bytes.length > SYNC_BYTES) return;
    if (!isFirst && this.stamp !== null) return;
    const digest = digestBytes<"content">(bytes);
    if (!isFirst) {
      if (digest !== this.digest) this.isTorn = true;
      return;
    }
    this.digest = digest;
    if (this.stamp !== null) {
      const sizeBytes = typeof bytes === "string" ? this.stamp.size : bytes.length;
      this.files.memory.set(this.path, this.stamp, { digest, sizeBytes }, this.#startedMs);
    }
  }

  /** Takes note of the text that the call read, decoded from UTF-8 with nothing left out. */
  gotText(text: string): void {
    // U+FFFD may stand for bytes that were not valid UTF-8, so the bytes cannot be recovered from such a text.
    if (text.length <= SYNC_BYTES || this.stamp === null) {
      if (!text.includes("\uFFFD")) this.gotBytes(text);
      else if (this.digest === undefined) this.takeDigest();
    }
  }

  /** Digests the file now: for a read whose bytes are not seen, or before the call itself changes the file. */
  takeDigest(): void {
    if (this.digest !== undefined) return;
    try {
      this.digest = this.files.digestFileSync(this.path);
    } catch {
      const state = fileState(this.files, this.path);
      // `fileState` returns a promise only for a large file or a directory, whose digest then stays unknown.
      this.digest = state instanceof Promise ? undefined : state;
    }
  }

  /** Fixes the digest before the call itself changes the file: the content that was read until now counts. */
  freeze(): void {
    if (this.isFrozen) return;
    if (this.digest === undefined && this.digesting === undefined) {
      this.takeDigest();
      if (!this.#hasStamp()) this.isTorn = true;
    }
    this.isFrozen = true;
  }

  /**
   * Compares the file with its state at the first read, when the call reads the file again.
   *
   * @param info Result of `stat` now; `null` when there is no file.
   * @param bytesFollow True when {@linkcode gotBytes} will be called with the bytes that are read.
   */
  readAgain(info: Deno.FileInfo | null, bytesFollow: boolean): void {
    if (this.stamp !== null) {
      if (info === null || !isSameStamp(this.stamp, stampOf(info))) this.isTorn = true;
    } else if ((info === null) !== (this.digest === null)) {
      this.isTorn = true;
    } else if (!bytesFollow && info !== null) {
      const before = this.digest;
      this.digest = undefined;
      this.takeDigest();
      if (before !== undefined && this.digest !== before) this.isTorn = true;
    }
  }

  /**
   * Compares the digest of the content that was read with the file's digest now. When no digest is known yet, takes the
   * present one.
   *
   * @param state Digest of the file now.
   * @returns True when the file is unchanged since it was read, or is frozen with a known digest.
   */
  settle(state: ContentDigest | null): boolean {
    if (this.isTorn) return false;
    if (this.isFrozen) return this.digest !== undefined;
    if (this.digest !== undefined) return this.digest === state;
    this.digest = state;
    return this.#hasStamp();
  }

  /** Returns true when the file still has the stamp that it had before it was read. */
  #hasStamp(): boolean {
    const look = lookAt(this.path, true);
    return look !== null && typeof look === "object" && this.stamp !== null && isSameStamp(this.stamp, stampOf(look));
  }
}
