/**
 * Waiting for a while, and waiting once for what many ask for.
 *
 * @module
 */
/** Waits. @param ms Milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The promise that is known under a key; made by `find` for the first who asks. */
export function once<Key, Value>(
  known: Map<Key, Promise<Value>>,
  key: Key,
  find: () => Promise<Value>,
): Promise<Value> {
  let found = known.get(key);
  if (found === undefined) known.set(key, found = find());
  return found;
}
