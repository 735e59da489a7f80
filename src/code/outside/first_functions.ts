/**
 * Functions that stood at places of packages when these were first looked at.
 *
 * State that runs change is left out. A function that stood there is code all the same: `once(fn)` drops `fn` when it was
 * called, and what it returned depends on it for ever.
 *
 * @module
 */

const found = new WeakMap<object, Map<PropertyKey, object | null>>();

/**
 * Takes note of the value of a variable or member, unless one was noted before.
 *
 * @param holder The function that sees the variable, or the object that has the member.
 * @returns The function that stood there first; `null` for any other value.
 */
export function firstFunctionAt(holder: object, key: PropertyKey, value: unknown): object | null {
  const ofHolder = found.get(holder) ?? new Map<PropertyKey, object | null>();
  const known = ofHolder.get(key);
  if (known !== undefined) return known;
  const first = typeof value === "function" ? value : null;
  found.set(holder, ofHolder.set(key, first));
  return first;
}
