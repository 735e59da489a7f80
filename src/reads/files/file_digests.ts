/**
 * Digests of files and directories, always over the whole content. A file that is unchanged since its content was last
 * digested costs one `stat`.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import type { ContentDigest } from "../../words/digests.ts";
import { FORMAT_VERSION } from "../../words/records.ts";
import { CacheError, messageOf } from "../../words/errors.ts";
import { hashFileSync, hashSmallFile, SYNC_BYTES } from "./hash_file.ts";
import {
  digestFound,
  digestListing,
  type FolderLimit,
  FolderTooLarge,
  LARGE_FOLDER_BYTES,
  listDirectory,
  listInTurns,
  UnreadableName,
  walkDirectory,
} from "./directory.ts";
import { giveTurn, inTurns, isTurnOver, STEPS, type Work } from "../../words/waiting.ts";
import { isEndless } from "./endless.ts";
import { FileMemory } from "./file_memory.ts";
import { hashSoon } from "./parallel.ts";
import { type FileStamp, isSameStamp, isStampSettled, stampOf } from "./stamp.ts";

// Taken when this module loads: while a cached function runs, a wrapper that observes its reads replaces `statSync`.
const { statSync } = Deno;

export type { FolderLimit };

/** Largest sum of the sizes of files that are hashed synchronously, bytes; beyond it, hashing is asynchronous. */
const SYNC_SUM_BYTES = 4 * 1024 * 1024;

/** Options of {@linkcode FileDigests}. */
export interface FileDigestsOptions {
  /** Absolute path of the cache directory; `null`: the memory of digests is not kept on disk. */
  readonly cacheDir?: string | null;
  /** False to leave the file that keeps the memory unchanged. @default true */
  readonly save?: boolean;
  /** Returns the present time, milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** Options of {@linkcode FileDigests.digestPath}. */
export interface DigestPathOptions {
  /** Pattern of the files that count in a directory, by name relative to it; flags `g` and `y` have no effect. */
  readonly pattern?: RegExp | string | undefined;
  /**
   * True to look at all files of a folder before anything else runs, however many there are: for code that reads them
   * next, and whose reads are not seen. Files whose stamp is old enough to stand for their content are read later, and
   * the digestion fails when one of them has changed meanwhile.
   *
   * @default false
   */
  readonly isNow?: boolean | undefined;
  /** Largest folder that is digested; see {@linkcode isTooLarge}. @default none */
  readonly limit?: FolderLimit | undefined;
}

/** True for the error of {@linkcode FileDigests.digestPath} about a folder beyond the limit. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof CacheError && error.cause instanceof FolderTooLarge;
}

/** Digests of files and directories, with a memory that outlives the process. */
export class FileDigests {
  /** Memory of digests from earlier readings. */
  readonly memory: FileMemory;
  /**
   * Absolute path of the folder with the cache's own files, which is left out of directory digests. The cache directory
   * around that folder counts, since it may hold the user's data as well.
   */
  readonly cacheFolder: string | undefined;
  readonly #now: () => number;
  /** Files that are being hashed, by path, so that several callers wait for one reading. */
  readonly #running = new Map<string, { stamp: FileStamp; digest: Promise<ContentDigest> }>();

  constructor(options: FileDigestsOptions = {}) {
    this.#now = options.now ?? wallMs;
    const { cacheDir } = options;
    this.cacheFolder = typeof cacheDir === "string" ? `${cacheDir}/v${FORMAT_VERSION}` : undefined;
    const path = this.cacheFolder === undefined ? null : `${this.cacheFolder}/files.bin`;
    this.memory = new FileMemory({ path, save: options.save ?? true, now: this.#now });
  }

  /** Present time, milliseconds since the epoch, from the clock by which the age of stamps is judged. */
  now(): number {
    return this.#now();
  }

  /**
   * Digests the content of a file, or of all files below a directory (see {@linkcode digestFound}). Symbolic links are
   * followed.
   *
   * @param path An absolute path.
   * @returns The digest; `null` when nothing is at `path`. A promise only when something large has to be read.
   * @throws {CacheError} `ERR_FILE` when the path exists and cannot be read, or is no file (a pipe, a device).
   */
  digestPath(
    path: string,
    options: DigestPathOptions = {},
  ): ContentDigest | null | Promise<ContentDigest | null> {
    const startedMs = this.#now();
    const info = this.stat(path);
    if (info === null) return null;
    if (info.isDirectory) return inTurns(this.#digestDirectory(path, options), options.isNow ? Infinity : undefined);
    return this.#digestFile(path, info, startedMs);
  }

  /** Digests several paths, each as {@linkcode digestPath} does; uses several cores where that saves time. */
  async digestPaths(paths: readonly string[], options: DigestPathOptions = {}): Promise<(ContentDigest | null)[]> {
    const startedMs = this.#now();
    this.memory.expect(paths.length);
    const digests: (ContentDigest | null | Promise<ContentDigest | null>)[] = [];
    const unknown: FoundFile[] = [];
    for (const [index, path] of paths.entries()) {
      if (index % STEPS === STEPS - 1 && isTurnOver()) await giveTurn();
      const info = this.stat(path);
      const known = info?.isFile ? this.memory.get(path, info) : undefined;
      if (info === null || known !== undefined) digests.push(known ?? null);
      else if (info.isFile) unknown.push({ path, info, index: digests.push(null) - 1 });
      else digests.push(watched(this.digestPath(path, options)));
    }
    await inTurns(this.#hash(unknown, digests, startedMs));
    return await together(digests);
  }

  /**
   * Digests several paths as {@linkcode digestPaths} does, but never fails: a path that cannot be read gets the digest
   * that stands for its failure.
   *
   * @param paths Absolute paths.
   * @param stateOfFailure Returns the digest that stands for a failure.
   */
  async states(
    paths: readonly string[],
    stateOfFailure: (error: unknown) => ContentDigest | null,
  ): Promise<(ContentDigest | null)[]> {
    try {
      return await this.digestPaths(paths);
    } catch {
      return Promise.all(paths.map(async (path) => {
        try {
          return await this.digestPath(path);
        } catch (error) {
          return stateOfFailure(error);
        }
      }));
    }
  }

  /**
   * Digests the content of a file synchronously, whatever the size.
   *
   * @returns The digest; `null` when nothing is at `path`.
   * @throws {CacheError} `ERR_FILE` as {@linkcode digestPath}, and for a directory.
   */
  digestFileSync(path: string): ContentDigest | null {
    const startedMs = this.#now();
    const info = this.stat(path);
    if (info === null) return null;
    if (!info.isFile) throw notReadable(path, undefined, info.isDirectory ? "it is a directory" : "it is no file");
    return this.memory.get(path, info) ?? this.#hashNow(path, info, startedMs);
  }

  /**
   * Digests the names and types of the entries of a directory, without anything below the entries.
   *
   * @returns The digest; `null` when nothing is at `path`. A promise only for a large directory.
   * @throws {CacheError} `ERR_FILE` when the directory cannot be listed.
   */
  digestListing(path: string): ContentDigest | null | Promise<ContentDigest | null> {
    const info = this.stat(path);
    if (info === null) return null;
    if (info.size < LARGE_FOLDER_BYTES) return digestListing(readOr(path, () => listDirectory(path)));
    const lines = inTurns(readable(path, listInTurns(path, info)));
    return lines instanceof Promise ? lines.then(digestListing) : digestListing(lines);
  }

  /** Metadata at `path`, links followed; `null` when absent. @throws {CacheError} `ERR_FILE` when `stat` fails. */
  stat(path: string): Deno.FileInfo | null {
    try {
      return statSync(path);
    } catch (error) {
      if (isAbsence(error)) return null;
      throw notReadable(path, error, messageOf(error));
    }
  }

  #digestFile(path: string, info: Deno.FileInfo, startedMs: number): ContentDigest | Promise<ContentDigest> {
    if (!info.isFile) throw notReadable(path, undefined, "it is a pipe or a device");
    const known = this.memory.get(path, info);
    if (known !== undefined) return known;
    return info.size <= SYNC_BYTES ? this.#hashNow(path, info, startedMs) : this.#hashSoon(path, info, startedMs);
  }

  *#digestDirectory(path: string, { pattern, limit, isNow }: DigestPathOptions): Work<ContentDigest> {
    const startedMs = this.#now();
    const exclude = this.cacheFolder;
    const walk = walkDirectory(path, { pattern: statelessPattern(pattern), exclude, limit, isNow });
    const found = yield* readable(path, walk);
    const files = found.filter((entry) => entry.kind === "file");
    this.memory.expect(files.length);
    const contents: (ContentDigest | Promise<ContentDigest>)[] = [];
    const unknown: FoundFile[] = [];
    for (const [index, { path, info }] of files.entries()) {
      // Another digestion may have read the file after this one began.
      const known = this.memory.get(path, info);
      if (known === undefined) unknown.push({ path, info, index });
      contents.push(known ?? "" as ContentDigest);
      yield;
    }
    const later = isNow === true ? this.#hashYoung(unknown, contents, startedMs) : unknown;
    if (isNow === true) yield giveTurn();
    yield* this.#hash(later, contents, startedMs);
    const all = together(contents);
    const digests = all instanceof Promise ? yield all : all;
    if (isNow === true) yield* this.#requireUnchanged(later);
    return yield* digestFound(found, digests);
  }

  /** Hashes the files whose stamps cannot stand for their content, and returns the others. */
  #hashYoung(files: readonly FoundFile[], digests: unknown[], startedMs: number): FoundFile[] {
    return files.filter(({ path, info, index }) => {
      // A file of size 0 may be made up by the kernel, as below /proc.
      if (info.size > 0 && isStampSettled(stampOf(info), startedMs)) return true;
      digests[index] = this.#hashNow(path, info, startedMs);
      return false;
    });
  }

  /** @throws {CacheError} `ERR_FILE` when a file has another stamp than before. */
  *#requireUnchanged(files: readonly FoundFile[]): Work<void> {
    for (const { path, info } of files) {
      const now = this.stat(path);
      if (now === null || !isSameStamp(stampOf(info), stampOf(now))) {
        throw notReadable(path, undefined, "it was changed while the folder was looked at");
      }
      yield;
    }
  }

  /** Hashes `files` and puts their digests into `digests`; when much has to be read, puts promises there. */
  *#hash(
    files: readonly FoundFile[],
    digests: (null | ContentDigest | Promise<unknown>)[],
    startedMs: number,
  ): Work<void> {
    const sizeBytes = files.reduce((sum, { info }) => sum + info.size, 0);
    const isMuch = sizeBytes > SYNC_SUM_BYTES || files.some(({ info }) => info.size > SYNC_BYTES);
    for (const { path, info, index } of files) {
      digests[index] = isMuch ? watched(this.#hashSoon(path, info, startedMs)) : this.#hashNow(path, info, startedMs);
      if (!isMuch) yield; // what is hashed soon is hashed together when it is asked for in one go
    }
  }

  #hashNow(path: string, info: Deno.FileInfo, startedMs: number): ContentDigest {
    requireEnd(path, info);
    const content = readOr(path, () => info.size <= SYNC_BYTES ? hashSmallFile(path, info.size) : hashFileSync(path));
    this.memory.set(path, stampOf(info), content, startedMs);
    return content.digest;
  }

  #hashSoon(path: string, info: Deno.FileInfo, startedMs: number): Promise<ContentDigest> {
    requireEnd(path, info);
    const stamp = stampOf(info);
    // A file so young that an edit may leave its stamp unchanged is read anew for each caller: a reading that another
    // caller began may have missed the edit.
    const running = this.#running.get(path);
    if (running !== undefined && isSameStamp(running.stamp, stamp) && isStampSettled(stamp, startedMs)) {
      return running.digest;
    }
    const digest = hashSoon(path, info.size).then((content) => {
      this.memory.set(path, stamp, content, startedMs);
      return content.digest;
    }, (error) => {
      throw notReadable(path, error, messageOf(error));
    });
    const entry = { stamp, digest };
    this.#running.set(path, entry);
    const done = () => void (this.#running.get(path) === entry && this.#running.delete(path));
    digest.then(done, done);
    return digest;
  }
}

/** A regular file, and the index of its digest in a list. */
interface FoundFile {
  readonly path: string;
  readonly info: Deno.FileInfo;
  readonly index: number;
}

/** Returns all values; as a promise only when one of them is a promise. */
function together<T>(values: (T | Promise<T>)[]): T[] | Promise<T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : values as T[];
}

/** Makes a pattern without flags `g` and `y`: with these, `test` would begin at the end of the last match. */
function statelessPattern(pattern: RegExp | string | undefined): RegExp | undefined {
  if (pattern === undefined) return undefined;
  return typeof pattern === "string"
    ? new RegExp(pattern)
    : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
}

/** Returns true for errors that mean that nothing is at a path: no such name, or a file in the place of a folder. */
export function isAbsence(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** Returns `value`. A promise is marked as handled, since it may reject before it is awaited. */
function watched<T>(value: T | Promise<T>): T | Promise<T> {
  if (value instanceof Promise) value.catch(() => {});
  return value;
}

/** Does work that reads at `path`. @throws {CacheError} `ERR_FILE` when that fails. */
function* readable<Result>(path: string, work: Work<Result>): Work<Result> {
  try {
    return yield* work;
  } catch (error) {
    if (error instanceof CacheError) throw error;
    throw notReadable(error instanceof UnreadableName ? error.path : path, error, messageOf(error));
  }
}

function readOr<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof CacheError ? error : notReadable(path, error, messageOf(error));
  }
}

function requireEnd(path: string, info: Deno.FileInfo): void {
  if (isEndless(path, info)) throw notReadable(path, undefined, "it is a pipe or a device");
}

function notReadable(path: string, cause: unknown, why: string): CacheError {
  const remedy = cause instanceof Deno.errors.NotCapable
    ? `run with --allow-read=${path}`
    : cause instanceof UnreadableName
    ? "rename it, or take it out of what the call depends on"
    : "make it readable, or take it out of what the call depends on";
  return new CacheError("ERR_FILE", `Cannot digest ${path}: ${why}; ${remedy}`, { path, cause });
}
