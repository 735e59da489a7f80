/**
 * Digests of files and directories: the whole content, always, at the price of one `stat` while it is unchanged.
 *
 * @module
 */
import type { ContentDigest } from "../../words/digests.ts";
import { FORMAT_VERSION } from "../../words/records.ts";
import { CacheError, messageOf } from "../../words/errors.ts";
import { hashFileSync, hashSmallFile, SYNC_BYTES } from "./hash_file.ts";
import { digestFound, digestListing, listDirectory, walkDirectory } from "./directory.ts";
import { FileMemory } from "./file_memory.ts";
import { hashSoon } from "./parallel.ts";
import { type FileStamp, isSameStamp, isStampSettled, stampOf } from "./snapshot.ts";

// Taken when this module loads: what observes the reads of cached functions replaces these later.
const { statSync } = Deno;

/** Files of a directory that are not remembered are hashed at once up to this sum, bytes; beyond it, asynchronously. */
const SYNC_SUM_BYTES = 4 * 1024 * 1024;

/** Options of {@linkcode FileDigests}. */
export interface FileDigestsOptions {
  /** The cache directory, absolute; `null`: none. */
  readonly cacheDir?: string | null;
  /** Whether to write the memory. @default true */
  readonly save?: boolean;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** Options of {@linkcode FileDigests.digestPath}. */
export interface DigestPathOptions {
  /** In a directory, only files whose name relative to it matches; flags `g` and `y` change nothing. */
  readonly pattern?: RegExp | string | undefined;
}

/** Digests of files and directories, with a memory that outlives the process. */
export class FileDigests {
  /** What was read before. */
  readonly memory: FileMemory;
  /**
   * Where the cache keeps what is its own, absolute; left out of directory digests. The folder around it may be one that
   * holds the user's data as well.
   */
  readonly cacheFolder: string | undefined;
  readonly #now: () => number;
  /** Files that are being hashed, so that several callers wait for one. */
  readonly #running = new Map<string, { stamp: FileStamp; digest: Promise<ContentDigest> }>();

  constructor(options: FileDigestsOptions = {}) {
    this.#now = options.now ?? Date.now;
    const { cacheDir } = options;
    this.cacheFolder = typeof cacheDir === "string" ? `${cacheDir}/v${FORMAT_VERSION}` : undefined;
    const path = this.cacheFolder === undefined ? null : `${this.cacheFolder}/files.bin`;
    this.memory = new FileMemory({ path, save: options.save ?? true, now: this.#now });
  }

  /** Milliseconds since the epoch, by the clock that stamps are judged with. */
  now(): number {
    return this.#now();
  }

  /**
   * The digest of a file's content or of a directory's (see {@linkcode digestFound}); `null` when there is nothing.
   * Symbolic links are followed. A promise only where something large has to be read.
   *
   * @param path An absolute path.
   * @throws {CacheError} `ERR_FILE` when it is there and cannot be read, or is no file (a pipe, a device).
   */
  digestPath(
    path: string,
    options: DigestPathOptions = {},
  ): ContentDigest | null | Promise<ContentDigest | null> {
    const startedMs = this.#now();
    const info = this.stat(path);
    if (info === null) return null;
    if (info.isDirectory) return this.#digestDirectory(path, options.pattern);
    return this.#digestFile(path, info, startedMs);
  }

  /** As {@linkcode digestPath}, for several, using the cores where that pays. */
  async digestPaths(paths: readonly string[], options: DigestPathOptions = {}): Promise<(ContentDigest | null)[]> {
    const startedMs = this.#now();
    this.memory.expect(paths.length);
    const digests: (ContentDigest | null | Promise<ContentDigest | null>)[] = [];
    const unknown: FoundFile[] = [];
    for (const path of paths) {
      const info = this.stat(path);
      const known = info?.isFile ? this.memory.get(path, info, startedMs) : undefined;
      if (info === null || known !== undefined) digests.push(known ?? null);
      else if (info.isFile) unknown.push({ path, info, index: digests.push(null) - 1 });
      else digests.push(watched(this.digestPath(path, options)));
    }
    this.#hash(unknown, digests, startedMs);
    return await together(digests);
  }

  /**
   * As {@linkcode digestPaths}, with a digest of its own for "there, but cannot be read": never fails.
   *
   * @param paths Absolute paths.
   * @param stateOfFailure The digest that stands for a failure.
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
   * The digest of a file's content, hashed without giving way whatever its size; `null` when there is nothing.
   *
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
   * Digest over the names and types of a directory's entries, not of what is below them; `null` when there is nothing.
   *
   * @throws {CacheError} `ERR_FILE` when it cannot be listed.
   */
  digestListing(path: string): ContentDigest | null {
    if (this.stat(path) === null) return null;
    return digestListing(readOr(path, () => listDirectory(path)));
  }

  /** What is at `path`, links followed; `null` when there is nothing. @throws {CacheError} `ERR_FILE` when it may not be looked at. */
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

  #digestDirectory(path: string, pattern: RegExp | string | undefined): ContentDigest | Promise<ContentDigest> {
    const startedMs = this.#now();
    const found = readOr(
      path,
      () => walkDirectory(path, { pattern: statelessPattern(pattern), exclude: this.cacheFolder }),
    );
    const files = found.filter((entry) => entry.kind === "file");
    this.memory.expect(files.length);
    const contents: (ContentDigest | Promise<ContentDigest>)[] = [];
    const unknown: FoundFile[] = [];
    for (const [index, { path, info }] of files.entries()) {
      const known = this.memory.get(path, info, startedMs);
      if (known === undefined) unknown.push({ path, info, index });
      contents.push(known ?? "" as ContentDigest);
    }
    this.#hash(unknown, contents, startedMs);
    const all = together(contents);
    return all instanceof Promise ? all.then((all) => digestFound(found, all)) : digestFound(found, all);
  }

  /** Puts the digests of files that are not remembered in their places; promises where much has to be read. */
  #hash(files: readonly FoundFile[], digests: (null | ContentDigest | Promise<unknown>)[], startedMs: number): void {
    const sizeBytes = files.reduce((sum, { info }) => sum + info.size, 0);
    const isMuch = sizeBytes > SYNC_SUM_BYTES || files.some(({ info }) => info.size > SYNC_BYTES);
    for (const { path, info, index } of files) {
      digests[index] = isMuch ? watched(this.#hashSoon(path, info, startedMs)) : this.#hashNow(path, info, startedMs);
    }
  }

  #hashNow(path: string, info: Deno.FileInfo, startedMs: number): ContentDigest {
    const content = readOr(path, () => info.size <= SYNC_BYTES ? hashSmallFile(path) : hashFileSync(path));
    this.memory.set(path, stampOf(info), content, startedMs);
    return content.digest;
  }

  #hashSoon(path: string, info: Deno.FileInfo, startedMs: number): Promise<ContentDigest> {
    const stamp = stampOf(info);
    // A file that may be edited without a new stamp is read anew for each caller: another's reading began earlier.
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

/** A regular file, and the place of its digest in a list. */
interface FoundFile {
  readonly path: string;
  readonly info: Deno.FileInfo;
  readonly index: number;
}

/** All values; at once when none of them is a promise. */
function together<T>(values: (T | Promise<T>)[]): T[] | Promise<T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : values as T[];
}

/** A pattern whose `test` keeps no place: with `g` or `y`, every other name would be tested from the middle. */
function statelessPattern(pattern: RegExp | string | undefined): RegExp | undefined {
  if (pattern === undefined) return undefined;
  return typeof pattern === "string"
    ? new RegExp(pattern)
    : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
}

/** Whether a look at a path failed because nothing is there: no such name, or a file where a folder should be. */
export function isAbsence(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** A promise that is awaited later, and must not count as abandoned until then. */
function watched<T>(value: T | Promise<T>): T | Promise<T> {
  if (value instanceof Promise) value.catch(() => {});
  return value;
}

function readOr<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof CacheError ? error : notReadable(path, error, messageOf(error));
  }
}

function notReadable(path: string, cause: unknown, why: string): CacheError {
  const remedy = cause instanceof Deno.errors.NotCapable
    ? `run with --allow-read=${path}`
    : "make it readable, or take it out of what the call depends on";
  return new CacheError("ERR_FILE", `Cannot digest ${path}: ${why}; ${remedy}`, { path, cause });
}
