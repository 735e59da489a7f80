/**
 * The digest of a dependency now, and its comparison with the digest that an execution recorded.
 *
 * One set of functions both records the dependencies of a trace and checks them, so that recording and checking agree.
 * A dependency that cannot be looked at now counts as changed, unless the execution could not look at it either: a
 * needless run is better than a stale result.
 *
 * @module
 */
import { digestBytes } from "../words/sha256.ts";
import type { ContentDigest } from "../words/digests.ts";
import { CacheError } from "../words/errors.ts";
import type { StaleReason } from "../words/events.ts";
import { type DigestPathOptions, type FileDigests, isAbsence } from "./files/file_digests.ts";
import { realPathOf } from "../options/manifest_files.ts";
import { fromPortable, toPortable } from "../options/project.ts";
import type { EnvironmentDependency, FlatDependency, LinkDependency, StatDependency } from "../words/records.ts";
import { cwdReason, environmentReason, fileReason } from "../reasons/make_reason.ts";

// Taken when this module loads: while a cached function runs, wrappers that observe its reads replace these functions.
const { statSync, lstatSync, readLinkSync, realPathSync, cwd } = Deno;
const { get: getVariable, toObject: listVariables } = Deno.env;

/** Project root and file digests, which a check needs. */
export interface DependencyContext {
  /** Absolute path of the project root, to which recorded paths are relative. */
  readonly root: string;
  readonly files: FileDigests;
}

/** Digest that stands for a file, variable or other dependency that the program has no permission to read. */
const DENIED: ContentDigest = reservedDigest("denied");
/** Digest that stands for a path whose content cannot be read: a pipe, a device, a damaged disk. */
const UNREADABLE: ContentDigest = reservedDigest("unreadable");

/** Makes a text in the form of a digest for a dependency without content; no SHA-256 is likely to be equal to it. */
function reservedDigest(state: string): ContentDigest {
  let hex = "";
  for (const character of state) hex += character.charCodeAt(0).toString(16).padStart(2, "0");
  return hex.padEnd(64, "0") as ContentDigest;
}

/** Names of the members of a `stat` result, without the type, that may change; in the order of hashing. */
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
 * Checks a dependency against its present digest. A file that is unchanged costs one `stat`.
 *
 * @param dependency The dependency as a trace recorded it.
 * @param context Project root and file digests.
 * @returns The reason to be stale; `null` when the dependency is unchanged. A promise only for a large file to be read.
 */
export function checkDependency(
  dependency: FlatDependency,
  context: DependencyContext,
): StaleReason | null | Promise<StaleReason | null> {
  switch (dependency.kind) {
    case "file": {
      const state = fileState(context.files, fromPortable(dependency.path, context.root));
      return state instanceof Promise
        ? state.then((state) => differenceOfFile(dependency, state, "content"))
        : differenceOfFile(dependency, state, "content");
    }
    case "directory": {
      const state = listingState(context.files, fromPortable(dependency.path, context.root));
      return state instanceof Promise
        ? state.then((state) => differenceOfFile(dependency, state, "listing"))
        : differenceOfFile(dependency, state, "listing");
    }
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
 * Digest of the bytes of a file, or of all files below a directory; `null` when nothing is at the path. Never throws: a
 * path that cannot be read has a digest of its own.
 */
export function fileState(
  files: FileDigests,
  path: string,
  options: DigestPathOptions = {},
): ContentDigest | null | Promise<ContentDigest | null> {
  try {
    const state = files.digestPath(path, options);
    return state instanceof Promise ? state.catch(stateOfFailure) : state;
  } catch (error) {
    return stateOfFailure(error);
  }
}

/** True for the digest that stands for a failure: of a folder, it would not tell that other files in it changed. */
export function isStateOfFailure(digest: ContentDigest | null | undefined): boolean {
  return digest === DENIED || digest === UNREADABLE;
}

/** Digests of several paths, each as {@linkcode fileState} makes it; uses several cores where that saves time. */
export function fileStates(files: FileDigests, paths: readonly string[]): Promise<(ContentDigest | null)[]> {
  return files.states(paths, stateOfFailure);
}

/** Digest of the names and types of the entries of a directory; `null` when nothing is at the path. */
export function listingState(
  files: FileDigests,
  path: string,
): ContentDigest | null | Promise<ContentDigest | null> {
  try {
    const state = files.digestListing(path);
    return state instanceof Promise ? state.catch(stateOfFailure) : state;
  } catch (error) {
    return stateOfFailure(error);
  }
}

/** Result of `stat` or `lstat`; `null`: nothing is at the path; `"denied"`, `"unreadable"`: the function failed. */
export type Look = Deno.FileInfo | null | "denied" | "unreadable";

/** Looks at a path. @param followed True to follow symbolic links. */
export function lookAt(path: string, followed: boolean): Look {
  try {
    return followed ? statSync(path) : lstatSync(path);
  } catch (error) {
    return lookOfFailure(error);
  }
}

/** Returns the look that an error of `stat` or `lstat` stands for. */
export function lookOfFailure(error: unknown): Exclude<Look, Deno.FileInfo> {
  if (isAbsence(error)) return null;
  return isDenial(error) ? "denied" : "unreadable";
}

/** Digest of the type of a path and of the members `fields` of its metadata; `null` when nothing is at the path. */
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

/**
 * Digest of the target of a symbolic link, of a path with all links resolved, or of the place of the project; `null`:
 * nothing is at the path.
 */
export function linkState(path: string, aspect: LinkDependency["aspect"], root: string): ContentDigest | null {
  if (aspect === "place") return digestBytes(["place", ...namesOfPlace(root)].join("\0"));
  try {
    return digestLink(aspect === "target" ? readLinkSync(path) : realPathSync(path), aspect, root);
  } catch (error) {
    return stateOfFailure(error);
  }
}

/** Texts by which a result may name the project's folder: its path, also with links resolved, and both in a URL. */
export function namesOfPlace(root: string): readonly string[] {
  const paths = [root, realPathOf(root)];
  return [...new Set([...paths, ...paths.map((path) => new URL(`file:${encodePath(path)}`).pathname)])];
}

function encodePath(path: string): string {
  return path.replaceAll("\\", "/").replaceAll("%", "%25").replaceAll("?", "%3F").replaceAll("#", "%23");
}

/** Digest of a result of `readLink` or `realPath`. */
function digestLink(answer: string, aspect: "target" | "real", root: string): ContentDigest {
  return digestBytes(`${aspect}\0${aspect === "target" ? answer : toPortable(answer, root)}`);
}

/** Digest of the value of an environment variable, or of all variables for `*`; `null` when the variable is not set. */
export function environmentState(name: string): ContentDigest | null {
  try {
    if (name === "*") return digestVariables(listVariables());
    const value = getVariable(name);
    return value === undefined ? null : digestBytes(`env\0${value}`);
  } catch (error) {
    return stateOfFailure(error);
  }
}

/**
 * Digest of a variable that the option `envVars` names, which is part of the key; `null` when the variable is not set,
 * `undefined` when it may not be read.
 */
export function declaredVariableState(name: string): ContentDigest | null | undefined {
  // Asking must never prompt.
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return undefined;
  const value = getVariable(name);
  return value === undefined ? null : digestBytes(value);
}

/** Digest of the names and values of all environment variables. */
function digestVariables(variables: Readonly<Record<string, string>>): ContentDigest {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`).sort();
  return digestBytes(["environment", ...lines].join("\0"));
}

/** Digest of the path of the working directory, which is relative to the project root when below it. */
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

/** Digest that stands for a dependency whose reading failed; `null` when nothing is there. */
export function stateOfFailure(error: unknown): ContentDigest | null {
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
