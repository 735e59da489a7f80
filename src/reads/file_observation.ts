/**
 * A file's content was read, or may have been.
 *
 * @module
 */
import { fileState, lookAt } from "./dependency.ts";
import { digestBytes } from "../words/sha256.ts";
import type { ContentDigest } from "../words/digests.ts";
import { SYNC_BYTES } from "./files/hash_file.ts";
import type { FileDigests } from "./files/file_digests.ts";
import { type FileStamp, isSameStamp, isStampSettled, stampOf } from "./files/snapshot.ts";

/**
 * A file that a call read.
 *
 * Where the stamp is old enough to stand for the content, the content is digested once the call has ended, and the stamp
 * tells whether it is still the one that was read. Where it is not, the bytes themselves are digested at once.
 */
export class FileObservation {
  /** The call itself changed the file after it had read it. */
  isFrozen = false;
  /** Two reads found different contents. */
  isTorn = false;
  /** Digest of what was read; `null`: nothing was there; `undefined`: what the stamp stands for. */
  digest: ContentDigest | null | undefined;
  /** The digest of a directory with all below it, while it is being made. */
  digesting: Promise<ContentDigest | null> | undefined;
  /** As the file had it before it was read; `null` when nothing was there, or no stamp can stand for the content. */
  readonly stamp: FileStamp | null;
  readonly #startedMs: number;

  constructor(readonly path: string, info: Deno.FileInfo | null, readonly files: FileDigests) {
    this.#startedMs = files.now();
    const stamp = info?.isFile ? stampOf(info) : null;
    this.stamp = stamp !== null && stamp.size > 0 && isStampSettled(stamp, this.#startedMs) ? stamp : null;
    this.digest = info === null ? null : files.memory.get(path, info);
  }

  /** Whether the digest has to be taken now, since nothing will tell later whether the file was edited meanwhile. */
  get isUrgent(): boolean {
    return this.digest === undefined && this.stamp === null;
  }

  /** The bytes that the call got. */
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

  /** The text that the call got, decoded from UTF-8 with nothing left out. */
  gotText(text: string): void {
    // What was no UTF-8 cannot be told from the text any more.
    if (text.length <= SYNC_BYTES || this.stamp === null) {
      if (!text.includes("\uFFFD")) this.gotBytes(text);
      else if (this.digest === undefined) this.takeDigest();
    }
  }

  /** The call reads in a way that shows no bytes, or before the call itself changes the file. */
  takeDigest(): void {
    if (this.digest !== undefined) return;
    try {
      this.digest = this.files.digestFileSync(this.path);
    } catch {
      const state = fileState(this.files, this.path);
      // A promise only for a large file, which the line above has digested.
      this.digest = state instanceof Promise ? undefined : state;
    }
  }

  /** The call itself is about to change the file: from now on, what it read is what counts. */
  freeze(): void {
    if (this.isFrozen) return;
    if (this.digest === undefined && this.digesting === undefined) {
      this.takeDigest();
      if (!this.#hasStamp()) this.isTorn = true;
    }
    this.isFrozen = true;
  }

  /**
   * Compares with another read of the file.
   *
   * @param info As it is now; `null`: nothing is there.
   * @param bytesFollow Whether {@linkcode gotBytes} will be told what was read.
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

  /** Whether `state`, which the file has now, is what was read. Takes it for the digest where none is known yet. */
  settle(state: ContentDigest | null): boolean {
    if (this.isTorn) return false;
    if (this.isFrozen) return this.digest !== undefined;
    if (this.digest !== undefined) return this.digest === state;
    this.digest = state;
    return this.#hasStamp();
  }

  /** Whether the file still has the stamp that it was read with. */
  #hasStamp(): boolean {
    const look = lookAt(this.path, true);
    return look !== null && typeof look === "object" && this.stamp !== null && isSameStamp(this.stamp, stampOf(look));
  }
}
