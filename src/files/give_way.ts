/**
 * Lets other tasks run. A file of its own, since the first use of a timer takes 6 ms: it is loaded when it is needed.
 *
 * @module
 */

// Taken when this module loads: a test that fakes the time must not stop the hashing.
const { setTimeout } = globalThis;

/** Waits until timers and finished operations had their turn; an operation of one's own may come back before others. */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
