/**
 * Where everything is on disk, and making it: the only place that knows the names of files and folders.
 *
 * ```text
 * <cacheDir>/CACHEDIR.TAG  .gitignore  (in v1 where the folder holds something else as well)
 * <cacheDir>/v1/meta.kv               records, graph, indexes (Deno.Kv)
 * <cacheDir>/v1/blobs/ab/cd….cbor     content-addressed bytes
 * <cacheDir>/v1/locks/<key>.lock      <key>.computing
 * <cacheDir>/v1/usage/                hits and last use, batched
 * <cacheDir>/v1/tmp/                  files that are being written
 * <cacheDir>/v1/generation            grows by a byte whenever entries are removed or replaced
 * ```
 *
 * @module
 */
import { CacheError } from "../errors.ts";
import { resolvePath } from "../project/paths.ts";
import { FORMAT_VERSION } from "../records.ts";

/** Absolute paths of one cache directory. */
export interface Layout {
  /** The directory that the user named, absolute. */
  readonly root: string;
  /** The folder of this format version; everything below belongs to this package. */
  readonly version: string;
  readonly meta: string;
  readonly blobs: string;
  readonly locks: string;
  readonly usage: string;
  readonly tmp: string;
  readonly generation: string;
}

/** Folders are private: cached results may hold what the source files' permissions protect. */
export const FOLDER_MODE = 0o700;
/** Files are private for the same reason. */
export const FILE_MODE = 0o600;

/** First line fixed by the Cache Directory Tagging Specification (https://bford.info/cachedir/). */
const TAG_TEXT = "Signature: 8a477f597d28d172789f06886806bc55\n" +
  "# This directory is a function cache made by @bimsb/cachepy; it can be deleted at any time\n";

/**
 * Paths of the cache in `cacheDir`; touches nothing.
 *
 * @param cacheDir Relative to the working directory, absolute, or a `file:` URL.
 * @returns Absolute paths.
 */
export function layoutOf(cacheDir: string | URL): Layout {
  const root = resolvePath(cacheDir, Deno.cwd());
  const version = `${root}/v${FORMAT_VERSION}`;
  return {
    root,
    version,
    meta: `${version}/meta.kv`,
    blobs: `${version}/blobs`,
    locks: `${version}/locks`,
    usage: `${version}/usage`,
    tmp: `${version}/tmp`,
    generation: `${version}/generation`,
  };
}

/**
 * Makes the folders and marker files that are not there yet.
 *
 * @param layout What to make.
 * @returns `true` when the directory can be written to, `false` when it exists and cannot, or when the system has run
 * out of what making it takes.
 * @throws {CacheError} `ERR_CACHE_DIR` when it is a file or cannot be made, `ERR_PERMISSION` when Deno was not given the
 * permission.
 */
export function makeLayout(layout: Layout): boolean {
  try {
    Deno.mkdirSync(layout.root, { recursive: true, mode: FOLDER_MODE });
    for (const folder of [layout.version, layout.blobs, layout.locks, layout.usage, layout.tmp]) makeFolder(folder);
    markOnce(layout);
    writeOnce(layout.generation, "");
    return isWritable(layout);
  } catch (error) {
    if (isReadOnlyError(error) && isFolder(layout.root)) return false;
    // No fault of the user's: the program goes on without storing anything.
    if (isShortage(error)) return false;
    throw describeFolderError(error, layout.root);
  }
}

/** Whether the system ran out of something that may come back: space, descriptors, memory, the disk's answer. */
function isShortage(error: unknown): boolean {
  return /^E(NOSPC|DQUOT|MFILE|NFILE|NOMEM|IO|STALE)$/.test(codeOf(error));
}

/** Whether `error` says that a file system refused a write, as opposed to Deno's permission system. */
export function isReadOnlyError(error: unknown): boolean {
  return error instanceof Deno.errors.PermissionDenied || codeOf(error) === "EROFS" ||
    (error instanceof Error && /read-?only (file system|database)|readonly database/i.test(error.message));
}

/** Whether `error` says that Deno's permission system refused. */
export function isPermissionError(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable;
}

/** The system's error code, such as `ENOSPC`; empty when there is none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/**
 * Turns what the system threw about the cache directory into an error that says the remedy.
 *
 * @param error What was thrown.
 * @param root The cache directory.
 */
export function describeFolderError(error: unknown, root: string): CacheError {
  if (error instanceof CacheError) return error;
  if (isPermissionError(error)) return missingPermission(root, missingAccess(root), error);
  const details = { path: root, cause: error };
  const why = error instanceof Error ? error.message : String(error);
  if (isFile(root)) {
    return new CacheError(
      "ERR_CACHE_DIR",
      `Cannot use ${root} as a cache directory: it is a file; name a folder, or a path where one can be made`,
      details,
    );
  }
  return new CacheError(
    "ERR_CACHE_DIR",
    `Cannot make the cache directory ${root}: ${why}; name a folder that can be written to in cacheDir`,
    details,
  );
}

/**
 * Refuses a cache directory that the program may not use, before anything of it is touched: Deno would ask on a
 * terminal, and a question stops a program that nobody watches. Deno.Kv opens its file for writing even to read it.
 *
 * @param root The cache directory, absolute.
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

/** Whether nothing else is there, which a mark would hide from version control and backups: a project's own folder. */
function holdsOnlyCache(root: string): boolean {
  for (const { name } of Deno.readDirSync(root)) {
    if (name !== "CACHEDIR.TAG" && name !== ".gitignore" && !/^v\d+$/.test(name)) return false;
  }
  return true;
}

/** What was marked stays so, whatever else comes into the folder later. */
function markOnce({ root, version }: Layout): void {
  if (isFile(`${root}/CACHEDIR.TAG`) || isFile(`${version}/CACHEDIR.TAG`)) return;
  const marked = holdsOnlyCache(root) ? root : version;
  writeOnce(`${marked}/.gitignore`, "*\n");
  writeOnce(`${marked}/CACHEDIR.TAG`, TAG_TEXT);
}

function makeFolder(path: string): void {
  try {
    Deno.mkdirSync(path, { mode: FOLDER_MODE });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists) || !isFolder(path)) throw error;
  }
}

function writeOnce(path: string, text: string): void {
  try {
    Deno.writeTextFileSync(path, text, { createNew: true, mode: FILE_MODE });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/** The mode bits do not tell (file systems mounted read-only, access lists), so it is tried. */
function isWritable(layout: Layout): boolean {
  const probe = `${layout.tmp}/probe-${crypto.randomUUID()}`;
  try {
    Deno.writeFileSync(probe, new Uint8Array(0), { createNew: true, mode: FILE_MODE });
  } catch (error) {
    if (isReadOnlyError(error)) return false;
    // A full disk can still be read from, and space may come back: writes fail one by one, with a reason each.
    if (codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT") return true;
    throw error;
  }
  try {
    Deno.removeSync(probe);
  } catch {
    // A prune in another process took it for what a killed writer left; it was written, and that is the answer.
  }
  return true;
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
