/**
 * What a call wrote itself: reading it back tells nothing about the world before the call.
 *
 * @module
 */
import { isAbsolutePath, parentOf, pathOfFileUrl, resolvePath } from "../options/paths.ts";

/** Paths that a call created, overwrote, moved or removed. */
export class OwnPaths {
  readonly #paths = new Set<string>();
  readonly #trees = new Set<string>();
  /** Paths that an inner call wrote afterwards: what is there is that call's doing. */
  readonly #foreign = new Set<string>();

  /** Links that the call made: what lies behind them is not its doing. */
  readonly #links = new Map<string, string>();

  /** Adds one path. */
  add(path: string): void {
    this.#links.delete(path);
    this.#foreign.delete(path);
    this.#paths.add(path);
  }

  /** Adds a path with everything below it, now and later. */
  addTree(path: string): void {
    this.#links.delete(path);
    for (const foreign of this.#foreign) if (foreign === path || isBelow(foreign, path)) this.#foreign.delete(foreign);
    this.#trees.add(path);
  }

  /** Adds a link, symbolic or hard, to a file or directory. */
  addLink(path: string, target: string): void {
    this.#links.set(path, target);
  }

  /** The path without links that the call made itself: where what is read through them comes from. */
  behindLinks(path: string): string {
    for (const [link, target] of this.#links) {
      if (path === link) return target;
      if (isBelow(path, link)) return target + path.slice(link.length);
    }
    return path;
  }

  /** What is at this path now comes from elsewhere: another call wrote it, or it was moved there. */
  disown(path: string): void {
    this.#links.delete(path);
    if (this.has(path)) this.#foreign.add(path);
  }

  /** Whether the state of `path` is the call's own doing. */
  has(path: string): boolean {
    if (this.#paths.size === 0 && this.#trees.size === 0 || this.#foreign.has(path)) return false;
    if (this.#paths.has(path)) return true;
    for (const tree of this.#trees) if (path === tree || isBelow(path, tree)) return true;
    return false;
  }
}

// Taken when this module loads: what observes the reads of cached functions replaces these later.
const { realPathSync, cwd } = Deno;

/** A path as it was passed. */
interface ObservedPath {
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
export function lastPartOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
