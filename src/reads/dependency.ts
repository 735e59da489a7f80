/**
 * What a dependency holds now, and whether that is what an execution found.
 *
 * The same functions make a trace and check it, so the two cannot drift apart. What cannot be looked at now is not what
 * was found then, unless it could not be looked at then either: never stale comes before never needless.
 *
 * @module
 */
import { digestBytes } from "../words/sha256.ts";
import type { ContentDigest } from "../words/digests.ts";
import { CacheError } from "../words/errors.ts";
import type { StaleReason } from "../words/events.ts";
import { type FileDigests, isAbsence } from "./files/file_digests.ts";
import { fromPortable, toPortable } from "../options/project.ts";
import type {
  ChildDependency,
  Dependency,
  EnvironmentDependency,
  LinkDependency,
  StatDependency,
} from "../words/records.ts";
import { cwdReason, environmentReason, fileReason } from "../reasons/make_reason.ts";

// Taken when this module loads: what observes the reads of cached functions replaces these later.
const { statSync, lstatSync, readLinkSync, realPathSync, cwd } = Deno;
const { get: getVariable, toObject: listVariables } = Deno.env;

/** A dependency that can be checked by looking: all but calls of other cached functions. */
export type PlainDependency = Exclude<Dependency, ChildDependency>;

/** What a check needs to know. */
export interface DependencyContext {
  /** The project root, absolute: recorded paths are relative to it. */
  readonly root: string;
  readonly files: FileDigests;
}

/** Stands for something that is there and may not be looked at. */
const DENIED: ContentDigest = reservedDigest("denied");
/** Stands for something that is there and whose content cannot be had: a pipe, a device, a damaged disk. */
const UNREADABLE: ContentDigest = reservedDigest("unreadable");

/** A digest's look without hashing, for the few states that are no content; no SHA-256 is likely to be one. */
function reservedDigest(state: string): ContentDigest {
  let hex = "";
  for (const character of state) hex += character.charCodeAt(0).toString(16).padStart(2, "0");
  return hex.padEnd(64, "0") as ContentDigest;
}

/** The names of a `stat` result's members that may differ between two states of one file, in the order of hashing. */
export const STAT_FIELDS = [
  "atime",
  "birthtime",
  "blksize",
  "blocks",
  "ctime",
  "dev",
  "gid",
  "ino",
  "mode",
  "mtime",
  "nlink",
  "rdev",
  "size",
  "uid",
] as const;

/** A member of a `stat` result other than its type. */
export type StatField = typeof STAT_FIELDS[number];

/**
 * Why what a dependency holds now is not what was found; `null` when it is the same.
 *
 * A promise only where a large file has to be read. A file that is unchanged costs one `stat`.
 *
 * @param dependency As a trace recorded it.
 * @param context Where the project is, and the memory of file digests.
 */
export function checkDependency(
  dependency: PlainDependency,
  context: DependencyContext,
): StaleReason | null | Promise<StaleReason | null> {
  switch (dependency.kind) {
    case "file": {
      const state = fileState(context.files, fromPortable(dependency.path, context.root));
      return state instanceof Promise
        ? state.then((state) => differenceOfFile(dependency, state, "content"))
        : differenceOfFile(dependency, state, "content");
    }
    case "directory":
      return differenceOfFile(
        dependency,
        listingState(context.files, fromPortable(dependency.path, context.root)),
        "listing",
      );
    case "stat": {
      const info = lookAt(fromPortable(dependency.path, context.root), dependency.followed);
      return differenceOfFile(dependency, statState(info, fieldsOf(dependency)), "metadata");
    }
    case "link": {
      const path = fromPortable(dependency.path, context.root);
      return differenceOfFile(dependency, linkState(path, dependency.aspect, context.root), "link");
    }
    case "env":
      return differenceOfVariable(dependency, environmentState(dependency.name));
    case "cwd":
      return cwdState(context.root) === dependency.digest ? null : cwdReason();
    default:
      throw unknownKind(dependency);
  }
}

/**
 * Identity of a file's bytes, or of all below a directory; `null`: nothing is there. Never throws: that something
 * cannot be read is a state too.
 */
export function fileState(files: FileDigests, path: string): ContentDigest | null | Promise<ContentDigest | null> {
  try {
    const state = files.digestPath(path);
    return state instanceof Promise ? state.catch(stateOfFailure) : state;
  } catch (error) {
    return stateOfFailure(error);
  }
}

/** As {@linkcode fileState}, for several files, using the cores where that pays. */
export function fileStates(files: FileDigests, paths: readonly string[]): Promise<(ContentDigest | null)[]> {
  return files.states(paths, stateOfFailure);
}

/** Identity of the names and types in a directory; `null`: nothing is there. */
export function listingState(files: FileDigests, path: string): ContentDigest | null {
  try {
    return files.digestListing(path);
  } catch (error) {
    return stateOfFailure(error);
  }
}

/** What `stat` or `lstat` says; `null`: nothing is there; `"denied"`, `"unreadable"`: it says nothing. */
export type Look = Deno.FileInfo | null | "denied" | "unreadable";

/** Looks at a path. @param followed Whether symbolic links are followed. */
export function lookAt(path: string, followed: boolean): Look {
  try {
    return followed ? statSync(path) : lstatSync(path);
  } catch (error) {
    return lookOfFailure(error);
  }
}

/** What a failure to look at a path says about it. */
export function lookOfFailure(error: unknown): Exclude<Look, Deno.FileInfo> {
  if (isAbsence(error)) return null;
  return isDenial(error) ? "denied" : "unreadable";
}

/** Identity of a path's type and of the named metadata. */
export function statState(look: Look, fields: readonly StatField[]): ContentDigest | null {
  if (look === null) return null;
  if (look === "denied") return DENIED;
  if (look === "unreadable") return UNREADABLE;
  const type = look.isFile ? "file" : look.isDirectory ? "directory" : look.isSymlink ? "link" : specialType(look);
  let text = `stat\0${type}`;
  for (const field of STAT_FIELDS) {
    if (!fields.includes(field)) continue;
    const value = look[field];
    text += `\0${field}=${value instanceof Date ? value.getTime() : value}`;
  }
  return digestBytes(text);
}

function specialType(info: Deno.FileInfo): string {
  if (info.isFifo) return "fifo";
  if (info.isSocket) return "socket";
  return info.isCharDevice ? "character device" : info.isBlockDevice ? "block device" : "other";
}

/** Identity of where a symbolic link leads, or a path in the end; `null`: nothing is there. */
export function linkState(path: string, aspect: LinkDependency["aspect"], root: string): ContentDigest | null {
  try {
    return digestLink(aspect === "target" ? readLinkSync(path) : realPathSync(path), aspect, root);
  } catch (error) {
    return stateOfFailure(error);
  }
}

/** Identity of what `readLink` or `realPath` answered. */
function digestLink(answer: string, aspect: LinkDependency["aspect"], root: string): ContentDigest {
  return digestBytes(`${aspect}\0${aspect === "target" ? answer : toPortable(answer, root)}`);
}

/** Identity of a variable's value, of all variables for `*`; `null`: it is not set. */
export function environmentState(name: string): ContentDigest | null {
  try {
    if (name === "*") return digestVariables(listVariables());
    const value = getVariable(name);
    return value === undefined ? null : digestBytes(`env\0${value}`);
  } catch (error) {
    return stateOfFailure(error);
  }
}

/** Identity of all variables. */
function digestVariables(variables: Readonly<Record<string, string>>): ContentDigest {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`).sort();
  return digestBytes(["environment", ...lines].join("\0"));
}

/** Identity of the working directory, relative to the project root when below it. */
export function cwdState(root: string): ContentDigest {
  try {
    return digestBytes(`cwd\0${toPortable(cwd(), root)}`);
  } catch (error) {
    return stateOfFailure(error) ?? UNREADABLE;
  }
}

function fieldsOf(dependency: StatDependency): readonly StatField[] {
  switch (dependency.aspects) {
    case "existence":
      return [];
    case "size":
      return ["size"];
    case "times":
      return (dependency.fields ?? ["birthtime", "ctime", "mtime", "size"]) as readonly StatField[];
    default:
      throw unknownKind(dependency.aspects);
  }
}

function differenceOfFile(
  { path, digest }: { readonly path: string; readonly digest: ContentDigest | null },
  now: ContentDigest | null,
  change: "content" | "listing" | "metadata" | "link",
): StaleReason | null {
  if (now === digest) return null;
  const detail = now === DENIED
    ? "may not be read; run with --allow-read"
    : now === UNREADABLE
    ? "cannot be read"
    : undefined;
  return fileReason(path, digest !== null, now !== null, change, detail);
}

function differenceOfVariable(
  { name, digest }: EnvironmentDependency,
  now: ContentDigest | null,
): StaleReason | null {
  if (now === digest) return null;
  const flag = name === "*" ? "--allow-env" : `--allow-env=${name}`;
  const detail = now === DENIED ? `may not be read; run with ${flag}` : undefined;
  return environmentReason(name, digest !== null, now !== null, detail);
}

function stateOfFailure(error: unknown): ContentDigest | null {
  const cause = error instanceof CacheError ? error.cause : error;
  if (isAbsence(cause)) return null;
  return isDenial(cause) ? DENIED : UNREADABLE;
}

function isDenial(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied;
}

function unknownKind(value: never): CacheError {
  return new CacheError("ERR_FORMAT", `Cannot check ${JSON.stringify(value)}: it is no dependency of this version`);
}
