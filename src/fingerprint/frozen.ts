/**
 * Which captured values cannot change any more.
 *
 * @module
 */

/** Whether a plain object or array is frozen with all plain data in it, so that it never has to be looked at again. */
export function isDeeplyFixed(value: unknown, seen: Set<object> = new Set()): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function";
  if (seen.has(value)) return true;
  seen.add(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || prototype === Object.prototype || prototype === Array.prototype;
  if (!isPlain || !Object.isFrozen(value)) return false;
  return Reflect.ownKeys(value).every((key) => {
    const property = Object.getOwnPropertyDescriptor(value, key);
    return property !== undefined && "value" in property && isDeeplyFixed(property.value, seen);
  });
}
