/**
 * Members: from a captured value to the one that the code uses, from a name to the method in the code of a class, and
 * what a function or class carries besides its code.
 *
 * @module
 */
import type { Binding } from "../syntax/scopes.ts";
import {
  type AnyNode,
  childrenOf,
  type ClassNode,
  type FunctionNode,
  isClassNode,
  isFunctionNode,
} from "../syntax/parse.ts";
import type { UserCode } from "./reached.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import { isProxy } from "../../values/result/losses.ts";
import { isNativeFunction } from "../../values/kinds.ts";

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
    if (isProxy(value)) break;
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

export function ownDescriptorOf(object: object, key: string): PropertyDescriptor | undefined {
  try {
    return Object.getOwnPropertyDescriptor(object, key);
  } catch {
    return undefined;
  }
}

export function methodIn(user: UserCode, name: string, isStatic: boolean): FunctionNode | null {
  const node = user.unit?.node;
  if (!node || !isClassNode(node)) return null;
  for (const member of node.body.body) {
    if (member.type !== "MethodDefinition" || member.static !== isStatic || member.computed) continue;
    if (member.key.type === "Identifier" && member.key.name === name) return member.value;
  }
  return null;
}

/** A private method of the class around a node: no value leads to it, but no other class can have replaced it. */
export function privateMethod(user: UserCode, node: AnyNode, name: string): FunctionNode | null {
  for (let at: AnyNode | undefined = node; at; at = user.unit?.script.parents.get(at)) {
    if (!isClassNode(at)) continue;
    for (const member of at.body.body) {
      if (member.type !== "MethodDefinition" || member.key.type !== "PrivateIdentifier") continue;
      if (member.key.name === name && member.kind === "method") return member.value;
    }
  }
  return null;
}

/** Another method of the class around a node. */
export function siblingMethod(user: UserCode, node: AnyNode, name: string): FunctionNode | null {
  for (let at: AnyNode | undefined = node; at; at = user.unit?.script.parents.get(at)) {
    if (!isClassNode(at)) continue;
    const member = at.body.body.find((one) =>
      one.type === "MethodDefinition" && !one.static && one.key.type === "Identifier" && one.key.name === name
    );
    return member?.type === "MethodDefinition" ? member.value : null;
  }
  return null;
}

export function functionOf(binding: Binding): FunctionNode | null {
  const { declaration } = binding;
  if (!declaration || binding.writes.length > 0 || binding.kind === "parameter") return null;
  if (isFunctionNode(declaration)) return declaration;
  if (declaration.type !== "VariableDeclarator" || declaration.id.type !== "Identifier") return null;
  return declaration.init && isFunctionNode(declaration.init as AnyNode) ? declaration.init as FunctionNode : null;
}

/** `this` of a function: in it and in the arrow functions within. */
export function thisIn(node: AnyNode): AnyNode[] {
  return childrenOf(node).flatMap((child) => {
    if (child.type === "ThisExpression") return [child];
    if (child.type === "FunctionDeclaration" || child.type === "FunctionExpression" || isClassNode(child)) return [];
    return thisIn(child);
  });
}

export function namesWithPaths(
  pattern: AnyNode,
  path: readonly string[],
): { name: AnyNode; path: readonly string[] }[] {
  switch (pattern.type) {
    case "Identifier":
      return [{ name: pattern, path }];
    case "AssignmentPattern":
      return namesWithPaths(pattern.left, path);
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        property.type === "Property" && !property.computed && property.key.type === "Identifier"
          ? namesWithPaths(property.value, [...path, property.key.name])
          : []
      );
    default:
      return [];
  }
}

/** Findings about one function or class. */
interface Extras {
  /** By a label that tells where: `static rate`, `prototype get area`. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Methods in the code that are not what is there now, because a cached function has taken their place. */
  readonly leftOut: ReadonlySet<AnyNode>;
}

/** Properties that every function has. */
const STANDARD = new Set(["length", "name", "prototype", "arguments", "caller"]);

/**
 * Compares a live function or class with its code.
 *
 * @param fn The live one.
 * @param unit Its code.
 * @param isCached Whether a value is a cached function.
 */
export function readExtras(fn: object, unit: CodeUnit, isCached: (value: object) => boolean): Extras {
  const values = new Map<string, unknown>();
  const leftOut = new Set<AnyNode>();
  const owner = isClassNode(unit.node) ? unit.node : null;
  const read = (object: object, label: string, isStatic: boolean, skipped: ReadonlySet<string>): void => {
    for (const key of Reflect.ownKeys(object)) {
      if (typeof key === "string" && skipped.has(key)) continue;
      const property = Object.getOwnPropertyDescriptor(object, key);
      const member = owner && memberOf(owner, key, isStatic);
      for (const part of ["value", "get", "set"] as const) {
        const value: unknown = property?.[part];
        if (value === undefined && part !== "value") continue;
        if (part === "value" && property && !("value" in property)) continue;
        if (typeof value === "function" && owner && isWrittenAs(unit, owner, { key, isStatic, part }, value)) continue;
        if (typeof value === "function" && member && isCached(value)) leftOut.add(member);
        values.set(`${label} ${part === "value" ? "" : `${part} `}${String(key)}`, value);
      }
    }
  };
  read(fn, "static", true, STANDARD);
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  if (typeof prototype === "object" && prototype !== null) {
    read(prototype, "prototype", false, new Set(["constructor"]));
  }
  if (owner?.superClass) values.set("extends", Object.getPrototypeOf(fn));
  for (const [label, parent] of linkedParents(fn, unit)) values.set(label, parent);
  if (owner?.body.body.some((member) => member.type === "MethodDefinition" && member.computed)) {
    const objects = [fn, prototype].filter((one) => typeof one === "function" || (typeof one === "object" && one));
    values.set(
      "keys",
      objects.map((object) => Reflect.ownKeys(object as object).filter((key) => key !== "constructor")),
    );
  }
  return { values, leftOut };
}

/** What a function or class inherits from otherwise than by `extends`: `Object.setPrototypeOf`, `util.inherits`. */
function linkedParents(fn: object, { node }: CodeUnit): [label: string, parent: object][] {
  const found: [string, object][] = [];
  const base: unknown = Object.getPrototypeOf(fn);
  const isDerived = isClassNode(node) && node.superClass !== null && node.superClass !== undefined;
  if (!isDerived && typeof base === "function" && !isNativeFunction(base)) found.push(["static inherits", base]);
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  if (typeof prototype !== "object" || prototype === null) return found;
  const parent: unknown = Object.getPrototypeOf(prototype);
  if (typeof parent !== "object" || parent === null || parent === Object.prototype) return found;
  const usual: unknown = isDerived && typeof base === "function" ? Reflect.get(base, "prototype") : undefined;
  const isGenerator = !isClassNode(node) && "generator" in node && node.generator === true;
  if (parent !== usual && !isGenerator) found.push(["prototype inherits", parent]);
  return found;
}

/** Names of a class's static private fields, with the `#`, in the order of the source. */
export function staticPrivateNames(node: ClassNode): string[] {
  return node.body.body.flatMap((member) =>
    member.type === "PropertyDefinition" && member.static && member.key.type === "PrivateIdentifier"
      ? [`#${member.key.name}`]
      : []
  );
}

function memberOf(owner: ClassNode, key: string | symbol, isStatic: boolean): AnyNode | null {
  return owner.body.body.find((member) =>
    member.type === "MethodDefinition" && member.static === isStatic && memberKeyOf(member) === key
  ) ?? null;
}

interface MemberPlace {
  readonly key: string | symbol;
  readonly isStatic: boolean;
  readonly part: "value" | "get" | "set";
}

/** Whether a method is the one that the class's own text has in that place, so that it counts with it. */
function isWrittenAs(
  { script }: CodeUnit,
  owner: ClassNode,
  { key, isStatic, part }: MemberPlace,
  method: object,
): boolean {
  const text = Function.prototype.toString.call(method);
  const kind = part === "value" ? "method" : part;
  return owner.body.body.some((member) => {
    if (member.type === "StaticBlock" || member.static !== isStatic) return false;
    const written = memberKeyOf(member);
    if (written !== null && written !== key) return false;
    if (member.type === "MethodDefinition") {
      return member.kind === kind && script.text.slice(member.start, member.end).endsWith(text);
    }
    // A static field that holds a function.
    return part === "value" && member.value !== null && member.value !== undefined &&
      script.text.slice(member.value.start, member.value.end) === text;
  });
}

/** `null`: computed, so it may be any. */
function memberKeyOf(member: Extract<AnyNode, { type: "MethodDefinition" | "PropertyDefinition" }>): string | null {
  if (member.computed) return null;
  if (member.key.type === "Identifier") return member.key.name;
  return member.key.type === "Literal" ? String(member.key.value) : "";
}

const OWNERS: Readonly<Record<string, object>> = {
  Object: Object.prototype,
  Function: Function.prototype,
  Array: Array.prototype,
  String: String.prototype,
  Number: Number.prototype,
  Boolean: Boolean.prototype,
  BigInt: BigInt.prototype,
  Symbol: Symbol.prototype,
  Date: Date.prototype,
  RegExp: RegExp.prototype,
  Map: Map.prototype,
  Set: Set.prototype,
  Promise: Promise.prototype,
  Error: Error.prototype,
  TypedArray: Object.getPrototypeOf(Uint8Array.prototype),
  Iterator: Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
};

/** By the name of the member: where it is, and what is there. */
export type Patched = ReadonlyMap<string, readonly (readonly [label: string, fn: object])[]>;

/** All that is there and was not put there by the platform. */
export function findPatched(): Patched {
  const found = new Map<string, [string, object][]>();
  for (const [owner, prototype] of Object.entries(OWNERS)) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      for (const part of [property.value, property.get, property.set] as unknown[]) {
        if (typeof part !== "function" || isKnownNative(part)) continue;
        found.set(name, [...found.get(name) ?? [], [`${owner}.prototype.${name}`, part]]);
      }
    }
  }
  return found;
}

/**
 * Whether a method is where it was found.
 *
 * @param label As {@linkcode findPatched} gave it.
 */
export function isStillPatched(label: string, fn: unknown): boolean {
  const [owner = "", name = ""] = label.split(".prototype.");
  const property = Object.getOwnPropertyDescriptor(OWNERS[owner] ?? {}, name);
  return property !== undefined && [property.value, property.get, property.set].includes(fn);
}

/** Whether a label is one of {@linkcode findPatched}. */
export function isPatchLabel(label: string): boolean {
  return label.includes(".prototype.");
}

const natives = new WeakSet<object>();

function isKnownNative(fn: object): boolean {
  if (natives.has(fn)) return true;
  const isOne = isNativeFunction(fn);
  if (isOne) natives.add(fn);
  return isOne;
}
