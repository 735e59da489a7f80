/**
 * A disk without room, as the system and SQLite say it.
 *
 * A file of its own, since calls and removals both need it, and a call loads nothing of a removal.
 *
 * @module
 */
import { CacheError, messageOf } from "../words/errors.ts";
import { hasNoRoom } from "./layout.ts";

/** True for an error that says, itself or by its cause, that the disk is full, or that the user may not write more to it. */
export function saysFull(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (/disk is full|no space left/i.test(messageOf(one)) || hasNoRoom(one)) return true;
  }
  return false;
}

/** Returns the error for a full disk: the cache can delete results, but nobody except the user knows which. */
export function fullDisk(root: string, cause: unknown): CacheError {
  return new CacheError(
    "ERR_CACHE_DIR",
    `The disk of ${root} is full; make room on it, or remove results by cachePrune() or cacheClear()`,
    { path: root, cause },
  );
}
