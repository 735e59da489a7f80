/**
 * Digests of a directory: over the contents of all files below it, or over the names of its entries only.
 *
 * @module
 */
import { beginDigest, digestBytes } from "../../words/sha256.ts";
import type { ContentDigest } from "../../words/digests.ts";
import { mergeSort, STEPS, type Work } from "../../words/waiting.ts";

// Taken when this module loads: while a cached function runs, wrappers that observe its reads replace these functions.
const { readDir, readDirSync, statSync } = Deno;

/** A file or folder found below a directory; `name` is relative to that directory, with `/` separators. */
export type FoundEntry =
  | { readonly kind: "file"; readonly name: string; readonly path: string; readonly info: Deno.FileInfo }
  | { readonly kind: "directory" | "loop" | "broken" | "special"; readonly name: string };

/** Options of {@linkcode walkDirectory}: entries to leave out. */
export interface WalkOptions {
  /** Pattern that the relative name of an entry must match. With a pattern, directories are not listed themselves. */
  readonly pattern?: RegExp | undefined;
  /** Absolute path that is left out with all below it: the cache's own folder. */
  readonly exclude?: string | undefined;
  /** True to look at everything before other tasks run. @default false */
  readonly isNow?: boolean | undefined;
  /** Largest folder that is walked. @default none */
  readonly limit?: FolderLimit | undefined;
}

/** Size of the largest folder that is looked at as a whole. */
export interface FolderLimit {
  /** Largest number of entries, those of the folders below included. */
  readonly entries: number;
  /** Largest sum of the sizes of the files, bytes. */
  readonly sizeBytes: number;
}

/** Thrown by {@linkcode walkDirectory} for a folder beyond its limit. */
export class FolderTooLarge extends RangeError {
  override name = "FolderTooLarge";
}

/** Thrown by {@linkcode walkDirectory} for an entry that is there and cannot be looked at by its name. */
export class UnreadableName extends TypeError {
  override name = "UnreadableName";

  /** @param path Path of the entry, with U+FFFD for the bytes that are no UTF-8. */
  constructor(readonly path: string) {
    super("its name is no UTF-8, so that Deno cannot read it");
  }
}

/**
 * Lists everything below a directory, symbolic links followed, sorted by name in code unit order.
 *
 * A link to a directory that the link lies in is listed as a `loop`, a link to nothing as `broken`.
 *
 * @throws {FolderTooLarge} When there is more below the directory than `limit` allows.
 * @throws {UnreadableName} For an entry whose name is no UTF-8: Deno lists it, and can open nothing of such a name, whereas
 * another program can.
 * @throws The errors of reading a directory.
 */
export function* walkDirectory(root: string, options: WalkOptions = {}): Work<FoundEntry[]> {
  const found: FoundEntry[] = [];
  const rootInfo = statSync(root);
  const left = { ...options.limit ?? { entries: Infinity, sizeBytes: Infinity } };
  yield* descend({ path: root, prefix: "", info: rootInfo, above: [] }, { ...options, left }, found);
  return yield* mergeSort(found, (one, other) => one.name < other.name ? -1 : one.name > other.name ? 1 : 0);
}

/** Options of a walk, with what is left of its limit. */
interface LimitedWalk extends WalkOptions {
  readonly left: { entries: number; sizeBytes: number };
}

/** Folder that is walked. */
interface WalkedFolder {
  readonly path: string;
  /** Beginning of the names of its entries. */
  readonly prefix: string;
  readonly info: Deno.FileInfo;
  /** Identities of the folders around it. */
  readonly above: readonly string[];
}

function* descend(walked: WalkedFolder, options: LimitedWalk, found: FoundEntry[]): Work<void> {
  const { left } = options;
  const { path: folder, prefix } = walked;
  const around = [...walked.above, identityOfEntry(walked.info)];
  for (const entry of options.isNow ? readDirSync(folder) : yield* entriesOfFolder(folder, walked.info)) {
    yield;
    if (--left.entries < 0) throw new FolderTooLarge(`${folder}: too many entries`);
    const name = prefix + entry.name;
    const path = `${folder}/${entry.name}`;
    if (path === options.exclude) continue;
    const matches = options.pattern === undefined || options.pattern.test(name);
    const info = statOrNull(path, entry.isSymlink);
    if (info === null) {
      if (matches && !entry.isSymlink && entry.name.includes("\ufffd") && hasEntry(folder, entry.name)) {
        throw new UnreadableName(path);
      }
      if (matches) found.push({ kind: "broken", name });
    } else if (info.isDirectory) {
      const identity = identityOfEntry(info);
      if (around.includes(identity)) {
        if (matches) found.push({ kind: "loop", name });
        continue;
      }
      if (options.pattern === undefined) found.push({ kind: "directory", name });
      yield* descend({ path, prefix: `${name}/`, info, above: around }, options, found);
    } else if (matches) {
      if ((left.sizeBytes -= info.size) < 0) throw new FolderTooLarge(`${folder}: too many bytes`);
      found.push(info.isFile ? { kind: "file", name, path, info } : { kind: "special", name });
    }
  }
}

/** True when a folder still has an entry of this name: one that vanished meanwhile can have any name. */
function hasEntry(folder: string, name: string): boolean {
  return readDirSync(folder).some((entry) => entry.name === name);
}

/**
 * Size of a folder itself, bytes, from which its entries are read in another thread: it grows with their number, and
 * reading thousands of names in one go would stop the event loop.
 */
export const LARGE_FOLDER_BYTES = 128 * 1024;

/** Reads the entries of a folder. */
function* entriesOfFolder(path: string, info: Deno.FileInfo): Work<Iterable<Deno.DirEntry>> {
  return info.size < LARGE_FOLDER_BYTES ? readDirSync(path) : yield collectEntries(path);
}

async function collectEntries(path: string): Promise<Deno.DirEntry[]> {
  const entries: Deno.DirEntry[] = [];
  for await (const entry of readDir(path)) entries.push(entry);
  return entries;
}

/** Looks at a path. @returns `null` for a link to nothing or to itself, and for a file that vanished meanwhile. */
function statOrNull(path: string, isLink: boolean): Deno.FileInfo | null {
  try {
    return statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || isLink && error instanceof Deno.errors.FilesystemLoop) return null;
    throw error;
  }
}

function identityOfEntry(info: Deno.FileInfo): string {
  return `${info.dev}:${info.ino}`;
}

/**
 * Digests the entries that {@linkcode walkDirectory} found.
 *
 * @param found The entries, sorted by name.
 * @param contents The digests of the entries that are files, in the order of `found`.
 */
export function* digestFound(found: readonly FoundEntry[], contents: readonly ContentDigest[]): Work<ContentDigest> {
  const hash = beginDigest();
  // No name contains a zero byte, so two different trees never give the same text.
  let text = "directory";
  let next = 0;
  for (const [index, entry] of found.entries()) {
    text += `\0${entry.kind}\0${entry.name}`;
    if (entry.kind === "file") text += `\0${contents[next++]!}`;
    if (index % STEPS !== 0) continue;
    hash.update(text);
    text = "";
    yield;
  }
  hash.update(text);
  return hash.end();
}

/** Returns the line of an entry in a listing: a letter for the type, and the name. */
function listingLine(
  entry: { name: string; isDirectory: boolean; isSymlink: boolean; isFile: boolean },
): string {
  const type = entry.isSymlink ? "l" : entry.isDirectory ? "d" : entry.isFile ? "f" : "s";
  return `${type}${entry.name}`;
}

/** Lists types and names of the entries of a directory itself, sorted. @throws The errors of reading a directory. */
export function listDirectory(path: string): string[] {
  const lines: string[] = [];
  for (const entry of readDirSync(path)) lines.push(listingLine(entry));
  return lines.sort();
}

/** Lists a directory as {@linkcode listDirectory} does, in turns. @param info Result of `stat` for the directory. */
export function* listInTurns(path: string, info: Deno.FileInfo): Work<readonly string[]> {
  const lines: string[] = [];
  for (const entry of yield* entriesOfFolder(path, info)) {
    if (lines.push(listingLine(entry)) % STEPS === 0) yield;
  }
  return yield* mergeSort(lines, (one, other) => one < other ? -1 : one > other ? 1 : 0);
}

/** Digests the lines of a listing. @param lines Sorted, as {@linkcode listDirectory} returns them. */
export function digestListing(lines: readonly string[]): ContentDigest {
  return digestBytes(["listing", ...lines].join("\0"));
}
