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

  /** Whether nothing was written at all. */
  get isEmpty(): boolean {
    return this.#paths.size === 0 && this.#trees.size === 0;
  }

  /** Adds one path. */
  add(path: string): void {
    this.#foreign.delete(path);
    this.#paths.add(path);
  }

  /** Adds a path with everything below it, now and later. */
  addTree(path: string): void {
    for (const foreign of this.#foreign) if (foreign === path || isBelow(foreign, path)) this.#foreign.delete(foreign);
    this.#trees.add(path);
  }

  /** Another call wrote this path. */
  disown(path: string): void {
    if (this.has(path)) this.#foreign.add(path);
  }

  /** Whether the state of `path` is the call's own doing. */
  has(path: string): boolean {
    if (this.isEmpty || this.#foreign.has(path)) return false;
    if (this.#paths.has(path)) return true;
    for (const tree of this.#trees) if (path === tree || isBelow(path, tree)) return true;
    return false;
  }
}
