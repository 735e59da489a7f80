/**
 * From a captured value to the member of it that the code uses.
 *
 * @module
 */
// Loaded when first asked for: it takes longer than all of this package.
import defer * as nodeUtil from "node:util";

/** Where a chain of members led. */
export interface FoundMember {
  readonly value: unknown;
  /** How many of the keys were followed; the rest is used of `value` in ways that only running could tell. */
  readonly followed: number;
  /** What the last member was taken from; `null` when none was followed. */
  readonly owner: object | null;
}

/**
 * Follows a chain of members as far as no code of the user runs on the way and the outcome does not depend on anything
 * but the members followed: own data properties, exports of modules, static members of classes with inheritance.
 *
 * Stops at what has to count as a whole: accessors, proxies, methods from a prototype, members of primitive values.
 *
 * @param root The captured value.
 * @param path Names of members.
 */
export function findMember(root: unknown, path: readonly string[]): FoundMember {
  let value = root;
  let owner: object | null = null;
  let followed = 0;
  for (const key of path) {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) break;
    if (isProxyObject(value)) break;
    const step = readMember(value, key);
    if (!step) break;
    owner = value;
    value = step.value;
    followed++;
  }
  return { value, followed, owner };
}

/** The value of a member that can be followed; `null` for one that cannot. */
function readMember(object: object, key: string): { readonly value: unknown } | null {
  const property = ownProperty(object, key);
  if (property === "unset") return null;
  if (property) return "value" in property ? { value: property.value } : null;
  const prototype: unknown = Object.getPrototypeOf(object);
  if (typeof object === "function" && typeof prototype === "function" && prototype !== Function.prototype) {
    return readMember(prototype, key);
  }
  // A plain object without the member answers `undefined`; one that inherits it answers for its prototype.
  const isPlain = prototype === null || prototype === Object.prototype || object === globalThis;
  return isPlain && !(key in object) ? { value: undefined } : null;
}

function ownProperty(object: object, key: string): PropertyDescriptor | "unset" | null {
  try {
    return Object.getOwnPropertyDescriptor(object, key) ?? null;
  } catch {
    return "unset";
  }
}

function isProxyObject(value: object): boolean {
  return nodeUtil.types.isProxy(value);
}
