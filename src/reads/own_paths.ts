/**
 * Paths that a call wrote itself: reading them back is no input of the call. Also functions on paths.
 *
 * @module
 */
import { isAbsolutePath, parentOf, pathOfFileUrl, resolvePath } from "../options/paths.ts";

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
  /** Paths before a `..`: where they lead decides which file is meant. Empty for most paths. */
  readonly turns: readonly string[];
}

/** Returns the absolute path of an argument; `null` when the argument is no path (a descriptor, a mistake). */
export function observedPath(argument: unknown): ObservedPath | null {
  try {
    if (typeof argument === "string") return fromText(argument);
    if (argument instanceof URL) {
      return argument.protocol === "file:" ? { ...fromText(pathOfFileUrl(argument)), isRelative: false } : null;
    }
    if (argument instanceof Uint8Array) return fromText(new TextDecoder("utf-8", { fatal: true }).decode(argument));
  } catch {
    // There is no working directory, or the argument is no path: the platform's function will fail by itself.
  }
  return null;
}

const NO_TURNS: readonly string[] = [];

function fromText(text: string): ObservedPath {
  const isRelative = !isAbsolutePath(text);
  if (hasTurn(text)) return { ...throughLinks(text, isRelative ? cwd() : "/"), isRelative };
  return { path: resolvePath(isRelative ? `${cwd()}/${text}` : text, "/"), isRelative, turns: NO_TURNS };
}

function hasTurn(path: string): boolean {
  // Windows removes `..` from the text of a path before it follows links.
  return path.includes("..") && Deno.build.os !== "windows" && /(?:^|\/)\.\.(?:\/|$)/.test(path);
}

/** Absolute path of a file or folder as the operating system finds it: `link/..` is above the target of the link. */
export function locatePath(path: string, base: string): string {
  return hasTurn(path) ? throughLinks(path, base).path : resolvePath(path, base);
}

/**
 * Resolves a path with `..` as the operating system does.
 *
 * @param base Absolute path of the folder that a relative path begins at; it has no links when it is the working
 * directory.
 */
function throughLinks(path: string, base: string): Pick<ObservedPath, "path" | "turns"> {
  let at = isAbsolutePath(path) ? "/" : base;
  const turns: string[] = [];
  let isPlain = true;
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") {
      at = at === "/" ? `/${part}` : `${at}/${part}`;
      isPlain = false;
      continue;
    }
    if (!isPlain) {
      turns.push(at);
      try {
        at = realPathSync(at);
      } catch {
        // There is no such folder: the platform's function fails, and the turn is recorded as one that leads nowhere.
      }
    }
    at = parentOf(at);
    isPlain = true;
  }
  return { path: at, turns };
}

/** Returns true when `path` is somewhere below `folder`; both are absolute. */
export function isBelow(path: string, folder: string): boolean {
  if (!path.startsWith(folder) || path.length <= folder.length) return false;
  const next = path.charCodeAt(folder.length);
  return next === 47 || next === 92 || folder.endsWith("/");
}
