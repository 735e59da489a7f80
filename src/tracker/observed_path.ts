/**
 * Absolute paths from what a program passes to the filesystem's functions.
 *
 * @module
 */
import { isAbsolutePath, parentOf, pathOfFileUrl, resolvePath } from "../project/paths.ts";

// Taken when this module loads: what observes the reads of cached functions replaces these later.
const { realPathSync, cwd } = Deno;

/** A path as it was passed. */
export interface ObservedPath {
  /** Absolute, without `.` and `..`. */
  readonly path: string;
  /** Whether it was relative to the working directory, which then is an input too. */
  readonly isRelative: boolean;
}

/** The absolute path of an argument; `null` when the argument names none (a descriptor, a mistake). */
export function observedPath(argument: unknown): ObservedPath | null {
  try {
    if (typeof argument === "string") return fromText(argument);
    if (argument instanceof URL) {
      return argument.protocol === "file:" ? { path: fromText(pathOfFileUrl(argument)).path, isRelative: false } : null;
    }
    if (argument instanceof Uint8Array) return fromText(new TextDecoder("utf-8", { fatal: true }).decode(argument));
  } catch {
    // No working directory, or no path: whatever is asked for will fail by itself.
  }
  return null;
}

function fromText(text: string): ObservedPath {
  const isRelative = !isAbsolutePath(text);
  const joined = isRelative ? `${cwd()}/${text}` : text;
  return { path: joined.includes("..") ? throughLinks(joined) : resolvePath(joined, "/"), isRelative };
}

/** `a/link/../b` is beside what the link leads to, not beside the link. */
function throughLinks(path: string): string {
  if (!/[\\/]\.\.(?=[\\/]|$)/.test(path)) return resolvePath(path, "/");
  const last = /[\\/]([^\\/]+)[\\/]*$/.exec(path);
  if (last === null) return resolvePath(path, "/");
  try {
    if (last[1] === "..") return realPathSync(path);
    return resolvePath(`${realPathSync(path.slice(0, last.index + 1))}/${last[1]}`, "/");
  } catch {
    return resolvePath(path, "/");
  }
}

/** Whether `path` lies somewhere below `folder`; both absolute. */
export function isBelow(path: string, folder: string): boolean {
  if (!path.startsWith(folder) || path.length <= folder.length) return false;
  const next = path.charCodeAt(folder.length);
  return next === 47 || next === 92 || folder.endsWith("/");
}

/** The folder that holds `path`. */
export function folderOf(path: string): string {
  return parentOf(path);
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
