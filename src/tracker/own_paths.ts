/**
 * What a call wrote itself: reading it back tells nothing about the world before the call.
 *
 * @module
 */
import { isBelow } from "./observed_path.ts";

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
