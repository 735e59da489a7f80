/**
 * Helpers for waiting: a pause, and a promise that all who ask for the same thing share.
 *
 * A file of its own, since `store/`, `call/` and `manage/` import it, and no other file of `words/` fits.
 *
 * @module
 */
/** Waits. @param ms Time to wait, milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Returns the promise known under `key`. The first caller makes it with `find`; later callers share it. */
export function once<Key, Value>(
  known: Map<Key, Promise<Value>>,
  key: Key,
  find: () => Promise<Value>,
): Promise<Value> {
  let found = known.get(key);
  if (found === undefined) known.set(key, found = find());
  return found;
}
