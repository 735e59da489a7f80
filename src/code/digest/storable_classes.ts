/**
 * Classes whose instances a result may hold: an instance that is made again from its members, without the constructor,
 * cannot be told from the first.
 *
 * @module
 */
import type { ClassTable } from "../../values/codec.ts";
import { type AnyNode, childrenOf, isClassNode } from "../syntax/parse.ts";
import type { Exploration } from "../walk/explore.ts";
import type { UserCode } from "../walk/reached.ts";

/**
 * Finds the classes of the user's own code whose instances are kept. Excluded are classes with private members, classes
 * whose code hands `this` to other code, which may register it, and all classes where the code reaches a weak collection,
 * in which state of instances may be.
 *
 * @param found The walk.
 * @param ordinals Objects that the code captures; their order is equal in every process for equal fingerprints.
 */
export function findStorableClasses(found: Exploration, ordinals: ReadonlyMap<object | symbol, number>): ClassTable {
  const names = new Map<object, string>();
  // deno-lint-ignore no-explicit-any
  const classes: (abstract new (...args: any[]) => object)[] = [];
  if (!reachesWeakCollection(found)) {
    for (const value of ordinals.keys()) {
      if (typeof value !== "function" || !isStorable(value, found)) continue;
      names.set(value, String(classes.length));
      classes.push(value as typeof classes[number]);
    }
  }
  return {
    nameOf: (constructor) => names.get(constructor) ?? null,
    classNamed: (name) => classes[Number(name)],
  };
}

/** True for a class that is whole in the walk, up to `Object` or to a class of the platform. */
function isStorable(constructor: object, found: Exploration): boolean {
  for (let at: object | null = constructor; at !== null; at = Object.getPrototypeOf(at)) {
    if (at === Function.prototype) return true;
    const code = found.codes.get(at);
    // A class of the platform that is extended: `Error`, `Map`.
    if (code?.kind === "platform" || code === undefined && isOfLanguage(at)) return at !== constructor;
    if (code?.kind !== "user" || !isOpenClass(code.user)) return false;
  }
  return true;
}

function isOfLanguage(constructor: object): boolean {
  const name: unknown = Object.getOwnPropertyDescriptor(constructor, "name")?.value;
  return typeof name === "string" && Object.getOwnPropertyDescriptor(globalThis, name)?.value === constructor;
}

/** True for a class without private members that lets no other code have `this`. */
function isOpenClass({ unit }: UserCode): boolean {
  return unit !== null && isClassNode(unit.node) && !hasPrivateName(unit.node) && !handsOutThis(unit.node);
}

function hasPrivateName(node: AnyNode): boolean {
  return node.type === "PrivateIdentifier" || childrenOf(node).some(hasPrivateName);
}

/** True when `this` stands where it is neither looked into, `this.x`, nor returned, nor returned by an arrow function. */
function handsOutThis(node: AnyNode): boolean {
  return childrenOf(node).some((child) => {
    if (child.type !== "ThisExpression") return handsOutThis(child);
    return !(node.type === "MemberExpression" && node.object === child || node.type === "ReturnStatement");
  });
}

/** True when the code captures a WeakMap, a WeakSet, a WeakRef or a FinalizationRegistry. */
function reachesWeakCollection(found: Exploration): boolean {
  for (const written of found.values.values()) if (written.handles.some((handle) => WEAK.has(handle))) return true;
  return false;
}

const WEAK: ReadonlySet<string> = new Set(["WeakMap", "WeakSet", "WeakRef", "FinalizationRegistry"]);
