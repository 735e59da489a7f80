/**
 * Adds own properties to objects, whatever they are named.
 *
 * @module
 */

const inherited: ReadonlySet<PropertyKey> = new Set(Reflect.ownKeys(Object.prototype));

/** Whether objects inherit a property of this name, so that assigning to it may do something else than adding one. */
export function isInherited(name: string): boolean {
  return inherited.has(name);
}

/** Adds an own property. Assigning to `__proto__` would change the prototype; to `constructor`, fail where it is frozen. */
export function define(target: Record<string, unknown>, name: string, value: unknown): void {
  if (isInherited(name)) {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else target[name] = value;
}
