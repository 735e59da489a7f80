/**
 * The place of an inner call among what a call depends on.
 *
 * @module
 */
import type { ChildDependency } from "../records.ts";

/**
 * Keeps the place of an inner call from when it begins until its outcome is known: inner calls that run at the same
 * time end in any order, but are verified in the order in which they were made.
 */
export class ChildSlot {
  #dependency: ChildDependency | undefined;

  /** What the inner call came to; `undefined` while it runs, and for good when it does not count. */
  get dependency(): ChildDependency | undefined {
    return this.#dependency;
  }

  /** The inner call has ended, by returning or by throwing. */
  fill(dependency: ChildDependency): void {
    this.#dependency = dependency;
  }

  /** The inner call does not count. */
  drop(): void {
    this.#dependency = undefined;
  }
}
