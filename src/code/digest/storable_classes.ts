/**
 * Classes whose instances a result may hold: an instance that is made again from its members, without the constructor,
 * cannot be told from the first.
 *
 * @module
 */
import type { ClassTable, Codec } from "../../values/codec.ts";
import { codecOfClass } from "../../values/use_codecs.ts";
import { type AnyNode, childrenOf, type ClassNode, isClassNode } from "../syntax/parse.ts";
import { staticKey } from "../syntax/uses.ts";
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
      if (typeof value !== "function" || !isStorableClass(value, found)) continue;
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
function isStorableClass(constructor: object, found: Exploration): boolean {
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

/** True for a class, or a function that is called with `new`, without private members that lets nobody have `this`. */
function isOpenClass({ unit }: UserCode): boolean {
  if (unit === null) return false;
  const { node } = unit;
  if (isClassNode(node)) return !hasPrivateName(node, namesOfClassAlone(node)) && !handsOutThis(node);
  return node.type !== "ArrowFunctionExpression" && !node.async && !node.generator && !handsOutThis(node);
}

/** Private names that the class itself has and no instance: they hold no state of an instance. */
function namesOfClassAlone(node: ClassNode): string[] {
  return node.body.body.flatMap((member) =>
    "static" in member && member.static && member.key.type === "PrivateIdentifier" ? [member.key.name] : []
  );
}

function hasPrivateName(node: AnyNode, statics: readonly string[]): boolean {
  if (node.type === "PrivateIdentifier") return !statics.includes(node.name);
  return childrenOf(node).some((child) => hasPrivateName(child, statics));
}

/**
 * True when `this` is an argument of a call that may register it: of a function, of a method of a captured object, or of
 * one that a collection has. What only the object's own members or other data refer to is kept with these.
 */
function handsOutThis(node: AnyNode): boolean {
  if (node.type === "CallExpression" || node.type === "NewExpression") {
    const isArgument = node.arguments.some((argument) => argument.type === "ThisExpression");
    if (isArgument && mayRegister(node.callee)) return true;
  }
  return childrenOf(node).some(handsOutThis);
}

function mayRegister(callee: AnyNode): boolean {
  if (callee.type !== "MemberExpression") return callee.type !== "Super";
  const method = staticKey(callee);
  if (method === null || OF_COLLECTIONS.has(method)) return true;
  const { object } = callee;
  // A name with a capital letter that is none of the language's may be a registry; so may any other captured object.
  return object.type === "Identifier" && /^[A-Z]/.test(object.name) && !OF_LANGUAGE.has(object.name);
}

const OF_COLLECTIONS: ReadonlySet<string> = new Set([
  "set",
  "add",
  "register",
  "has",
  "get",
  "delete",
  "push",
  "unshift",
]);
const OF_LANGUAGE: ReadonlySet<string> = new Set(["Object", "Reflect", "JSON", "Array", "Symbol", "Number", "String"]);

/** True when the code captures a WeakMap, a WeakSet, a WeakRef or a FinalizationRegistry. */
function reachesWeakCollection(found: Exploration): boolean {
  for (const written of found.values.values()) if (written.handles.some((handle) => WEAK.has(handle))) return true;
  return false;
}

const WEAK: ReadonlySet<string> = new Set(["WeakMap", "WeakSet", "WeakRef", "FinalizationRegistry"]);

/** Finds the codecs that the classes among the captured values declare themselves. */
export function findDeclaredCodecs(ordinals: ReadonlyMap<object | symbol, number>): readonly Codec[] {
  return [...ordinals.keys()].flatMap((value) => typeof value === "function" ? codecOfClass(value) ?? [] : []);
}
