/**
 * Paths that a call wrote itself: reading them back is no input of the call. Also functions on paths.
 *
 * @module
 */
import { isAbsolutePath, pathOfFileUrl, resolvePath } from "../options/paths.ts";

/** Paths that a call created, overwrote, moved or removed. */
export class OwnPaths {
  readonly #paths = new Set<string>();
  readonly #trees = new Set<string>();
  /** Own paths that have a content from elsewhere since: an inner call wrote it, or it was moved there. */
  readonly #foreign = new Set<string>();

  /** Targets of links that the call made, by the path of the link: files behind these links are not its own. */
  readonly #links = new Map<string, string>();

  /** Adds one path. */
  add(path: string): void {
    this.#links.delete(path);
    this.#foreign.delete(path);
    this.#paths.add(path);
  }

  /** Adds a path with everything that is below it now or later. */
  addTree(path: string): void {
    this.#links.delete(path);
    for (const foreign of this.#foreign) if (foreign === path || isBelow(foreign, path)) this.#foreign.delete(foreign);
    this.#trees.add(path);
  }

  /** Adds a link, symbolic or hard, to a file or directory. */
  addLink(path: string, target: string): void {
    this.#links.set(path, target);
  }

  /** Replaces a link that the call made itself by its target, where a file that is read through the link comes from. */
  behindLinks(path: string): string {
    for (const [link, target] of this.#links) {
      if (path === link) return target;
      if (isBelow(path, link)) return target + path.slice(link.length);
    }
    return path;
  }

  /** Marks a path as no longer own: another call wrote its content, or the content was moved there. */
  disown(path: string): void {
    this.#links.delete(path);
    if (this.has(path)) this.#foreign.add(path);
  }

  /** Returns true when the content of `path` is the call's own. */
  has(path: string): boolean {
    if (this.#paths.size === 0 && this.#trees.size === 0 || this.#foreign.has(path)) return false;
    if (this.#paths.has(path)) return true;
    for (const tree of this.#trees) if (path === tree || isBelow(path, tree)) return true;
    return false;
  }
}

// Taken when this module loads: while a cached function runs, wrappers that observe its reads replace these functions.
const { realPathSync, cwd } = Deno;

/** A path that was passed to a function of the platform. */
interface ObservedPath {
  /** Absolute path, without `.` and `..`. */
  readonly path: string;
  /** True when the path was passed relative to the working directory, which then is an input too. */
  readonly isRelative: boolean;
}

/** Returns the absolute path of an argument; `null` when the argument is no path (a descriptor, a mistake). */
export function observedPath(argument: unknown): ObservedPath | null {
  try {
    if (typeof argument === "string") return fromText(argument);
    if (argument instanceof URL) {
      return argument.protocol === "file:" ? { path: fromText(pathOfFileUrl(argument)).path, isRelative: false } : null;
    }
    if (argument instanceof Uint8Array) return fromText(new TextDecoder("utf-8", { fatal: true }).decode(argument));
  } catch {
    // There is no working directory, or the argument is no path: the platform's function will fail by itself.
  }
  return null;
}

function fromText(text: string): ObservedPath {
  const isRelative = !isAbsolutePath(text);
  const joined = isRelative ? `${cwd()}/${text}` : text;
  return { path: joined.includes("..") ? throughLinks(joined) : resolvePath(joined, "/"), isRelative };
}

/** Resolves a path with `..` through links: `a/link/../b` is beside the target of the link, not beside the link. */
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

/** Returns true when `path` is somewhere below `folder`; both are absolute. */
export function isBelow(path: string, folder: string): boolean {
  if (!path.startsWith(folder) || path.length <= folder.length) return false;
  const next = path.charCodeAt(folder.length);
  return next === 47 || next === 92 || folder.endsWith("/");
}
