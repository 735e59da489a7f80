/**
 * The identity of a directory: what its files hold, or only what they are called.
 *
 * @module
 */
import { digestBytes } from "../../words/sha256.ts";
import type { ContentDigest } from "../../words/digests.ts";

// Taken when this module loads: what observes the reads of cached functions replaces these later.
const { readDirSync, statSync } = Deno;

/** Something found below a directory; `name` is relative to it, with `/` separators. */
export type FoundEntry =
  | { readonly kind: "file"; readonly name: string; readonly path: string; readonly info: Deno.FileInfo }
  | { readonly kind: "directory" | "loop" | "broken" | "special"; readonly name: string };

/** What to leave out. */
export interface WalkOptions {
  /** Only files whose relative name matches; directories as such do not count then. */
  readonly pattern?: RegExp | undefined;
  /** An absolute path to leave out with all below it: the cache's own directory. */
  readonly exclude?: string | undefined;
}

/**
 * Everything below a directory, symbolic links followed, sorted by name in code unit order.
 *
 * A link to a directory that it lies in is reported as a `loop`, a link to nothing as `broken`.
 *
 * @throws Whatever reading a directory throws.
 */
export function walkDirectory(root: string, options: WalkOptions = {}): FoundEntry[] {
  const found: FoundEntry[] = [];
  const rootInfo = statSync(root);
  descend(root, "", [identityOfEntry(rootInfo)], options, found);
  return found.sort((one, other) => one.name < other.name ? -1 : one.name > other.name ? 1 : 0);
}

function descend(folder: string, prefix: string, above: readonly string[], options: WalkOptions, found: FoundEntry[]) {
  for (const entry of readDirSync(folder)) {
    const name = prefix + entry.name;
    const path = `${folder}/${entry.name}`;
    if (path === options.exclude) continue;
    const matches = options.pattern === undefined || options.pattern.test(name);
    const info = statOrNull(path, entry.isSymlink);
    if (info === null) {
      if (matches) found.push({ kind: "broken", name });
    } else if (info.isDirectory) {
      const identity = identityOfEntry(info);
      if (above.includes(identity)) {
        if (matches) found.push({ kind: "loop", name });
        continue;
      }
      if (options.pattern === undefined) found.push({ kind: "directory", name });
      descend(path, `${name}/`, [...above, identity], options, found);
    } else if (matches) {
      found.push(info.isFile ? { kind: "file", name, path, info } : { kind: "special", name });
    }
  }
}

/** `null` for a link to nothing, or to itself, and for what vanished meanwhile. */
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
 * Digest over what {@linkcode walkDirectory} found.
 *
 * @param found Sorted by name.
 * @param contents The digests of the files, in the same order.
 */
export function digestFound(found: readonly FoundEntry[], contents: readonly ContentDigest[]): ContentDigest {
  // No name contains a zero byte, so nothing but the same tree gives the same text.
  const parts: string[] = ["directory"];
  let next = 0;
  for (const entry of found) {
    parts.push(entry.kind, entry.name);
    if (entry.kind === "file") parts.push(contents[next++]!);
  }
  return digestBytes(parts.join("\0"));
}

/** One line of a listing: the type and the name. */
function listingLine(
  entry: { name: string; isDirectory: boolean; isSymlink: boolean; isFile: boolean },
): string {
  const type = entry.isSymlink ? "l" : entry.isDirectory ? "d" : entry.isFile ? "f" : "s";
  return `${type}${entry.name}`;
}

/** What a directory holds itself, by name and type, sorted. @throws Whatever reading a directory throws. */
export function listDirectory(path: string): string[] {
  const lines: string[] = [];
  for (const entry of readDirSync(path)) lines.push(listingLine(entry));
  return lines.sort();
}

/** Digest over the lines of a listing, sorted. */
export function digestListing(lines: readonly string[]): ContentDigest {
  return digestBytes(["listing", ...lines].join("\0"));
}
