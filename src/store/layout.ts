/**
 * Paths of everything in a cache directory, patterns for the names of all its files, and the creation of its folders.
 *
 * ```text
 * <cacheDir>/CACHEDIR.TAG  .gitignore  (in v1 where the folder holds something else as well)
 * <cacheDir>/v1/meta.kv               records, graph, indexes (Deno.Kv)
 * <cacheDir>/v1/blobs/ab/cd….cbor     content-addressed bytes
 * <cacheDir>/v1/locks/<key>.lock      <key>.computing
 * <cacheDir>/v1/usage/                hits and last use, batched
 * <cacheDir>/v1/tmp/                  files that are being written, and results that are being deleted
 * <cacheDir>/v1/generation            grows by a byte whenever entries are removed or replaced
 * <cacheDir>/v1/checked               sizes and times of the database when it was last known to be sound
 * ```
 *
 * On a disk that several hosts may share, `meta.kv`, `locks`, `usage` and `generation` are in a folder on a local disk,
 * with a `tmp` of its own, and `<cacheDir>/v1/host` names that folder and its host: see `shared/place_cache`.
 *
 * @module
 */
import { CacheError, messageOf } from "../words/errors.ts";
import { randomId } from "../words/random.ts";
import { giveTurn, isTurnOver } from "../words/waiting.ts";
import {
  appendOwn,
  FILE_MODE,
  FOLDER_MODE,
  isOwnAlone,
  linkIn,
  listOwn,
  lookAtEntry,
  makeOwnFolder,
  refusal,
  requireFolders,
  temporaryIn,
  writeAnew,
  writeOnce,
} from "./own_files.ts";
import { toAbsolute } from "../options/project.ts";
import { FORMAT_VERSION } from "../words/records.ts";

/** Absolute paths of one cache directory. */
export interface CacheLayout {
  /** Absolute path of the directory that the user named. */
  readonly root: string;
  /** Folder of this format version; everything in it belongs to this package. */
  readonly version: string;
  /** File that says to which host the directory belongs, on a disk that several hosts may share. */
  readonly host: string;
  /**
   * Folder of the files that processes share by memory, by locks or by appending: `version`, or a folder on a local
   * disk when the directory is on a disk that several hosts may share.
   */
  readonly metadata: string;
  readonly meta: string;
  readonly blobs: string;
  readonly locks: string;
  readonly usage: string;
  /** Folder of blobs that are being written, on the disk of `blobs`. */
  readonly tmp: string;
  /** Folder of other files that are being written, on the disk of `metadata`; `tmp` where that is the same disk. */
  readonly metadataTmp: string;
  readonly generation: string;
}

/** Suffixes to the name of the database: the database itself, and the files that SQLite keeps beside it. */
const DATABASE_SUFFIXES = ["", "-wal", "-shm", "-journal"];

const UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
/** Patterns for the names of the cache's own files: a file with another name is never deleted. */
export const OWN_NAMES = {
  /** Files in the folder of the format version, those that mark it as a cache included. */
  version: new RegExp(
    "^(meta\\.kv(\\.damaged-\\d+|\\.new)?(-wal|-shm|-journal)?|generation|checked|host(\\.claim)?|cache-dir|" +
      "verify\\.json(\\.\\d+)?|" +
      `files\\.bin(\\.${UUID}\\.tmp)?|CACHEDIR\\.TAG|\\.gitignore)$`,
  ),
  /** Damaged database that was set aside. */
  setAside: /^meta\.kv\.damaged-\d+(-wal|-shm|-journal)?$/,
  /** File that is being written; the number is the id of the writing process. */
  temporary: new RegExp(`^(\\d+|probe)-${UUID}$`),
  /** Blob that was moved aside, where no reader looks. */
  aside: new RegExp(`^[0-9a-f]{64}\\.aside-${UUID}$`),
  /** Folder of the blobs of a cache that was emptied, which are still to be deleted. */
  cleared: new RegExp(`^cleared-${UUID}$`),
  /** Folder of blobs, named after the first two characters of their digests; `blob` is a file in it. */
  blobFolder: /^[0-9a-f]{2}$/,
  blob: /^[0-9a-f]{62}\.cbor$/,
  /** Lock file, or file that says who holds the lock. */
  lock: /^(([0-9a-f]{64}|sweep|clear|usage|recovery|summaries)\.lock|[0-9a-f]{64}\.computing(\.new)?)$/,
  /** Log of usage counts, to which one process appends. */
  usageLog: new RegExp(`^(\\d+|closed)-${UUID}\\.log$`),
  usage: /^(merged\.bin|merging|inflation\.json(\.\d+)?)$/,
  /** Counts of calls whose results were not stored; one file for each process. */
  unstored: new RegExp(`^unstored-${UUID}\\.json(\\.new)?$`),
  /** Places that the runs of one function change. */
  state: /^state-[0-9a-f]{64}\.json(\.new)?$/,
  /** Mark of a function whose results were replaced, and of a graph that was removed; an empty file. */
  revision: /^(revised-[0-9a-f]{64}-[0-9a-f]{8}|graph-removed)$/,
} as const;

/** Text whose first line the Cache Directory Tagging Specification fixes (https://bford.info/cachedir/). */
const TAG_TEXT = "Signature: 8a477f597d28d172789f06886806bc55\n" +
  "# This directory is a function cache made by @bimsb/cachepy; it can be deleted at any time\n";

/**
 * Returns the paths of the cache in `cacheDir`; touches nothing.
 *
 * @param cacheDir Relative to the working directory, absolute, or a `file:` URL.
 * @returns Absolute paths.
 */
export function layoutOf(cacheDir: string | URL): CacheLayout {
  const root = toAbsolute(cacheDir);
  const version = `${root}/v${FORMAT_VERSION}`;
  return withMetadata({ root, version, blobs: `${version}/blobs`, tmp: `${version}/tmp` }, version);
}

/** Returns the paths of a cache whose metadata are in the folder `metadata`. */
export function withMetadata(
  { root, version, blobs, tmp }: Pick<CacheLayout, "root" | "version" | "blobs" | "tmp">,
  metadata: string,
): CacheLayout {
  return {
    root,
    version,
    host: `${version}/host`,
    metadata,
    meta: `${metadata}/meta.kv`,
    blobs,
    locks: `${metadata}/locks`,
    usage: `${metadata}/usage`,
    tmp,
    metadataTmp: `${metadata}/tmp`,
    generation: `${metadata}/generation`,
  };
}

/** Makes the directory itself, if that is possible; {@linkcode makeLayout} reports why not. */
export function makeRoot({ root }: Pick<CacheLayout, "root">): void {
  try {
    Deno.mkdirSync(root, { recursive: true, mode: FOLDER_MODE });
  } catch {
    // Reported by the next step.
  }
}

/**
 * Creates the folders and marker files that do not exist yet.
 *
 * @param layout Paths of the cache.
 * @returns `"writable"`; `"no-locks"` when no lock can be taken in a folder that can be written to; `"closed"` when the
 * directory exists and cannot be written to, or when the system has run out of something that the creation needs.
 * @throws {CacheError} `ERR_CACHE_DIR` when the path is a file or the directory cannot be created, `ERR_PERMISSION`
 * when Deno was not given the permission.
 */
export function makeLayout(layout: CacheLayout): "writable" | "no-locks" | "closed" {
  try {
    Deno.mkdirSync(layout.root, { recursive: true, mode: FOLDER_MODE });
    const { version, metadata, blobs, locks, usage, tmp, metadataTmp } = layout;
    for (const folder of new Set([version, metadata, blobs, locks, usage, tmp, metadataTmp])) makeFolder(folder);
    markOnce(layout);
    writeOnce(layout.generation, "");
    return probe(layout);
  } catch (error) {
    if (isReadOnlyError(error) && isFolder(layout.root)) return "closed";
    // The user has made no mistake: the program goes on without storing anything.
    if (isShortage(error)) return "closed";
    throw describeFolderError(error, layout.root);
  }
}

/**
 * Returns the error for a link among the cache's own files, for something else in the place of one of its folders, or for
 * a database that is not the cache's alone. Checked are the folders that every opening uses; blobs, and locks that are
 * made later, are checked when they are used.
 *
 * @param layout Paths of the cache.
 * @param isThorough True to check the files of usage counts as well, which only management writes. @default {false}
 * @returns Error that names the path, also of a directory that this user may not enter; `null` when nothing is wrong, or
 * when there is no cache.
 */
export function findLink(layout: CacheLayout, isThorough = false): CacheError | null {
  try {
    return firstLink(layout, isThorough);
  } catch (error) {
    if (isPermissionError(error)) throw error;
    return describeFolderError(error, layout.root); // one that may not be entered, or leads in a circle
  }
}

function firstLink(layout: CacheLayout, isThorough: boolean): CacheError | null {
  const { version, metadata, blobs, locks, tmp, metadataTmp, usage, generation } = layout;
  if (lookAtEntry(version) === null) return null;
  for (const folder of new Set([version, metadata, blobs, locks, tmp, metadataTmp, usage])) {
    const info = lookAtEntry(folder);
    if (info !== null && !info.isDirectory) return refusal(folder, info.isSymlink ? "a link" : "no folder");
    const link = folder === usage && !isThorough ? null : linkIn(folder);
    if (link !== null) return refusal(link);
  }
  const info = lookAtEntry(generation);
  return info !== null && !info.isFile ? refusal(generation, "no file") : findForeignDatabase(layout);
}

/**
 * Returns the error for a database file that is a link, is no regular file, or has a second name: SQLite would follow
 * the link, or write into the file that has the other name.
 *
 * @returns Error that names the path; `null` when nothing is wrong.
 */
export function findForeignDatabase({ metadata, metadataTmp, meta }: CacheLayout): CacheError | null {
  if (lookAtEntry(metadata)?.isSymlink) return refusal(metadata);
  for (const suffix of DATABASE_SUFFIXES) {
    const info = lookAtEntry(meta + suffix);
    if (info === null || isOwnAlone(meta + suffix, info, metadataTmp)) continue;
    const what = info.isSymlink ? "a link" : info.isFile ? "a file with a second name (a hard link)" : "no file";
    return refusal(meta + suffix, what);
  }
  return null;
}

/**
 * Yields the paths in the cache's own folders that are not the cache's: other names, links, folders. They are never
 * touched.
 *
 * @param layout Paths of the cache.
 * @returns Absolute paths.
 */
export async function* listForeign(layout: CacheLayout): AsyncGenerator<string> {
  const { version, metadata, blobs, locks, usage, tmp, metadataTmp } = layout;
  const isUsage = (name: string) =>
    OWN_NAMES.usage.test(name) || OWN_NAMES.usageLog.test(name) ||
    OWN_NAMES.unstored.test(name) || OWN_NAMES.state.test(name) || OWN_NAMES.revision.test(name);
  const isTemporary = (name: string) => OWN_NAMES.temporary.test(name) || OWN_NAMES.aside.test(name);
  const places: [folder: string, isOwn: (name: string) => boolean, folders: RegExp][] = [
    [version, (name) => OWN_NAMES.version.test(name), /^(blobs|locks|usage|tmp)$/],
    [blobs, () => false, OWN_NAMES.blobFolder],
    [locks, (name) => OWN_NAMES.lock.test(name), NONE],
    [usage, isUsage, NONE],
    [tmp, isTemporary, OWN_NAMES.cleared],
  ];
  if (metadata !== version) {
    places.push([metadata, (name) => OWN_NAMES.version.test(name), /^(locks|usage|tmp)$/]);
    places.push([metadataTmp, isTemporary, NONE]);
  }
  for (const name of listOwn(blobs, OWN_NAMES.blobFolder, "isDirectory")) {
    places.push([`${blobs}/${name}`, (file) => OWN_NAMES.blob.test(file), NONE]);
  }
  for (const [folder, isOwn, folders] of places) {
    if (isTurnOver()) await giveTurn();
    for (const { name, isFile, isDirectory } of entriesOf(folder)) {
      const isOurs = isFile ? isOwn(name) : isDirectory && folders.test(name);
      if (!isOurs) yield `${folder}/${name}`;
    }
  }
}

/** Pattern that matches no name. */
const NONE = /^(?!)/;

function entriesOf(folder: string): Deno.DirEntry[] {
  try {
    return Array.from(Deno.readDirSync(folder));
  } catch {
    return [];
  }
}

/** True when the system lacked something that may come back: space, descriptors, memory, access to the disk. */
function isShortage(error: unknown): boolean {
  return /^E(NOSPC|DQUOT|MFILE|NFILE|NOMEM|IO|STALE)$/.test(codeOf(error));
}

/** True for a folder on the disk of `/` when that is one of this host alone: most caches are there. */
export function isOnRootDisk(folder: string): boolean {
  try {
    const info = Deno.statSync(folder);
    return info.dev === deviceOfRoot() && (isBlockDevice(info.dev) || looksLocal(info));
  } catch {
    return false;
  }
}

/** Returns the number of the device of `/`; `null` when that may not be read. */
export function deviceOfRoot(): number | null {
  const { state } = Deno.permissions.querySync({ name: "read", path: "/" });
  return state === "granted" ? Deno.statSync("/").dev : null;
}

/**
 * True for a folder that looks as those of overlayfs and tmpfs do, the file systems without a block device in most
 * containers. NFS, SMB, Lustre and Ceph give larger blocks, sshfs does not count the links of folders.
 */
export function looksLocal({ blksize, nlink }: Deno.FileInfo): boolean {
  return blksize === 4096 && nlink !== null && nlink > 1;
}

/** True for the number of a block device. Linux gives file systems without one a number with the major part 0. */
export function isBlockDevice(device: number): boolean {
  return Math.floor(device / 256) % 4096 !== 0;
}

/** True when `error` says that a file system refused a write, as opposed to Deno's permission system. */
export function isReadOnlyError(error: unknown): boolean {
  return error instanceof Deno.errors.PermissionDenied || codeOf(error) === "EROFS" ||
    (error instanceof Error && /read-?only (file system|database)|readonly database/i.test(error.message));
}

/** True when `error` says that Deno's permission system refused. */
export function isPermissionError(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable;
}

/** True for the system's error that the disk is full, or that the user may not write more to it. */
export function hasNoRoom(error: unknown): boolean {
  return /^E(NOSPC|DQUOT)$/.test(codeOf(error));
}

/** Returns the system's error code, such as `ENOSPC`; empty when there is none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/**
 * Turns an error about the cache directory into one that names the remedy.
 *
 * @param error Error that the system threw.
 * @param root The cache directory.
 */
export function describeFolderError(error: unknown, root: string): CacheError {
  if (error instanceof CacheError) return error;
  if (isPermissionError(error)) return missingPermission(root, missingAccess(root), error);
  const details = { path: root, cause: error };
  const why = messageOf(error);
  if (isFile(root)) {
    return new CacheError(
      "ERR_CACHE_DIR",
      `Cannot use ${root} as a cache directory: it is a file; name a folder, or a path where one can be made`,
      details,
    );
  }
  return new CacheError(
    "ERR_CACHE_DIR",
    `Cannot ${
      isFolder(root) ? "use" : "make"
    } the cache directory ${root}: ${why}; name a folder that can be written to in cacheDir`,
    details,
  );
}

/**
 * Refuses a cache directory that the program may not use, before anything in it is touched: Deno would ask on a
 * terminal, and the question stops a program that nobody watches. Write access is needed in any case, since Deno.Kv
 * opens its file for writing even to read it.
 *
 * @param root Absolute path of the cache directory.
 * @throws {CacheError} `ERR_PERMISSION`, with the flags that are missing.
 */
export function requireAccess(root: string): void {
  const missing = missingAccess(root);
  if (missing.length > 0) throw missingPermission(root, missing);
}

function missingAccess(root: string): ("read" | "write")[] {
  return (["read", "write"] as const).filter((name) =>
    Deno.permissions.querySync({ name, path: root }).state !== "granted"
  );
}

function missingPermission(root: string, missing: readonly string[], cause?: unknown): CacheError {
  const names = missing.length > 0 ? missing : ["read", "write"];
  return new CacheError(
    "ERR_PERMISSION",
    `Cannot use the cache directory ${root}: no permission to ${names.join(" and ")}; ` +
      `run with ${names.map((name) => `--allow-${name}=${root}`).join(" ")}`,
    cause === undefined ? { path: root } : { path: root, cause },
  );
}

/** True when the folder holds only the cache. A mark in a project's own folder would hide it from git and backups. */
export function holdsOnlyCache(root: string): boolean {
  for (const { name } of Deno.readDirSync(root)) {
    if (name !== "CACHEDIR.TAG" && name !== ".gitignore" && !/^v\d+$/.test(name)) return false;
  }
  return true;
}

/** Marks the cache as such, once: a folder that was marked stays so, whatever else comes into it later. */
function markOnce({ root, version }: CacheLayout): void {
  if (isFile(`${root}/CACHEDIR.TAG`) || isFile(`${version}/CACHEDIR.TAG`)) return;
  const marked = holdsOnlyCache(root) ? root : version;
  writeOnce(`${marked}/.gitignore`, "*\n");
  writeOnce(`${marked}/CACHEDIR.TAG`, TAG_TEXT);
}

/** Makes a folder of the cache unless there is one. @throws {CacheError} `ERR_CACHE_DIR` when there is a link. */
export function makeFolder(path: string): void {
  try {
    makeOwnFolder(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    const info = lookAtEntry(path);
    if (info?.isSymlink) throw refusal(path);
    if (!info?.isDirectory) throw error;
  }
}

/** Creates files and locks them. Mode bits do not tell: the file system may be read-only, or have access lists. */
function probe({ tmp, metadataTmp }: CacheLayout): "writable" | "no-locks" | "closed" {
  const found = probeIn(metadataTmp);
  return tmp === metadataTmp || found === "closed" || probeIn(tmp) !== "closed" ? found : "closed";
}

function probeIn(folder: string): "writable" | "no-locks" | "closed" {
  const path = `${folder}/probe-${randomId()}`;
  let hasLocks = true;
  try {
    using file = Deno.openSync(path, { write: true, createNew: true, mode: FILE_MODE });
    try {
      file.tryLockSync(true);
    } catch {
      hasLocks = false;
    }
  } catch (error) {
    if (isReadOnlyError(error)) return "closed";
    // A full disk can still be read, and space may come back: writes fail one by one, with a reason each.
    if (hasNoRoom(error)) return "writable";
    throw error;
  }
  try {
    Deno.removeSync(path);
  } catch {
    // A prune in another process took the file for one that a killed process left. The folder is writable all the same.
  }
  return hasLocks ? "writable" : "no-locks";
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function isFile(path: string): boolean {
  try {
    return !Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

const ONE_BYTE = new Uint8Array([0x2e]);

/**
 * Generation of one cache directory: a counter that every process can read with one `stat`.
 *
 * It changes when entries are removed or replaced, so that copies in memory can be dropped. The file grows by one byte
 * each time. Appending is atomic between processes, so no change is ever lost, and a file that was deleted and made
 * again has another inode.
 */
export class Generation {
  readonly #path: string;
  readonly #metadata: string;
  readonly #tmp: string;

  /** @param layout Paths of the cache. */
  constructor({ generation, metadata, metadataTmp }: Pick<CacheLayout, "generation" | "metadata" | "metadataTmp">) {
    this.#path = generation;
    this.#metadata = metadata;
    this.#tmp = metadataTmp;
  }

  /**
   * Returns a text that differs from every earlier one after a removal or replacement by any process.
   *
   * Read it *before* reading the store and keep it with the data that was read: a removal in between then shows.
   */
  current(): string {
    try {
      const info = Deno.lstatSync(this.#path);
      return `${info.ino}:${info.size}`;
    } catch {
      return "gone";
    }
  }

  /** Changes the generation. Call it *after* the store has committed a removal or replacement, never before. */
  bump(): void {
    requireFolders(this.#metadata);
    if (appendOwn(this.#path, ONE_BYTE)) return;
    // The file may not be appended to. A new file has another inode, which changes the generation as well.
    requireFolders(this.#tmp);
    writeAnew(this.#path, ONE_BYTE, temporaryIn(this.#tmp));
  }
}
