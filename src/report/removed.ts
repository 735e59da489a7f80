/**
 * What the tasks that remove something answer and tell.
 *
 * @module
 */

/** Told how far a task is: how much is done, and of how much, 0 while that is not known. */
export type OnProgress = (done: number, total: number) => void;

/** What was removed. */
export interface Removed {
  /** Number of entries. */
  readonly removed: number;
  /** Bytes of results that are gone from the disk. */
  readonly freedBytes: number;
}

/** What is removed where there is no cache. */
export const NOTHING_REMOVED: Removed = { removed: 0, freedBytes: 0 };
