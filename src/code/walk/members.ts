/**
 * Members: of captured values, of classes in their source, and of functions and classes as they are at run time.
 *
 * @module
 */
import {
  type AnyNode,
  childrenOf,
  type ClassNode,
  type FunctionNode,
  isClassNode,
  isFunctionNode,
} from "../syntax/parse.ts";
import { dottedName, staticKey, usesThis } from "../syntax/uses.ts";
import type { Code, UserCode } from "./reached.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import { readAltered } from "./attributes.ts";
import { isProxy } from "../../words/type_tests.ts";
import { isKeyOfClass } from "../syntax/parse.ts";
import { isNativeFunction, isPrototypeOfFunctions } from "../../values/kinds.ts";

/** End of a chain of members, as far as the chain could be followed. */
export interface FoundMember {
  readonly value: unknown;
  /** Number of keys that were followed. Only running the code could tell the values of the remaining keys. */
  readonly followed: number;
  /** Object that the last followed member was read from; `null` when no key was followed. */
  readonly owner: object | null;
}

/**
 * Follows a chain of members while that runs no code of the user and the outcome depends on nothing but the members
 * followed: own data properties, exports of modules, and static members of classes, inherited ones included.
 *
 * Stops at a Proxy or a primitive value, and before an accessor or a method from a prototype. The value reached then
 * counts as a whole.
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

/** Value of a member that can be followed; `null` for a member that cannot be followed. */
function readMember(object: object, key: string): { readonly value: unknown } | null {
  const property = ownProperty(object, key);
  if (property === "unset") return null;
  if (property) return "value" in property ? { value: property.value } : null;
  const prototype: unknown = Object.getPrototypeOf(object);
  if (typeof object === "function" && typeof prototype === "function" && prototype !== Function.prototype) {
    return readMember(prototype, key);
  }
  // A member that a plain object neither has nor inherits is `undefined`. An inherited member is not followed.
  const isPlain = prototype === null || prototype === Object.prototype || object === globalThis;
  return isPlain && !(key in object) ? { value: undefined } : exportsOfInstance(object, key);
}

/** True for a name under which the class of an object has a member, whether or not the object has its own. */
export function inherits(object: object, key: string): boolean {
  for (let at = Object.getPrototypeOf(object) as object | null; at && !isProxy(at); at = Object.getPrototypeOf(at)) {
    if (at === Object.prototype || at === Array.prototype) return false;
    if (Object.hasOwn(at, key)) return true;
  }
  return false;
}

/** True for an instance that has a member of its own under a name under which its class has one, too. */
export function shadows(owner: object, key: string | undefined): boolean {
  return typeof owner === "object" && key !== undefined && Object.hasOwn(owner, key) && inherits(owner, key);
}

const readExports = Object.getOwnPropertyDescriptor(WebAssembly.Instance.prototype, "exports")?.get;

/** The exports of an instance of WebAssembly, behind an accessor of the platform; `null` for any other member. */
function exportsOfInstance(object: object, key: string): { readonly value: unknown } | null {
  if (key !== "exports" || readExports === undefined || !(object instanceof WebAssembly.Instance)) return null;
  return { value: readExports.call(object) };
}

function ownProperty(object: object, key: string): PropertyDescriptor | "unset" | null {
  try {
    return Object.getOwnPropertyDescriptor(object, key) ?? null;
  } catch {
    return "unset";
  }
}

/** Descriptor of an own property; `undefined` for none, and for a module's variable that is not initialized yet. */
export function ownDescriptorOf(object: object, key: string): PropertyDescriptor | undefined {
  try {
    return Object.getOwnPropertyDescriptor(object, key);
  } catch {
    return undefined;
  }
}

/** Syntax of the named method in the code of a class; `null` for a function, and for a class without such a method. */
export function methodIn(user: UserCode, name: string, isStatic: boolean): FunctionNode | null {
  const node = user.unit?.node;
  if (!node || !isClassNode(node)) return null;
  for (const member of node.body.body) {
    if (member.type !== "MethodDefinition" || member.static !== isStatic || member.computed) continue;
    if (member.key.type === "Identifier" && member.key.name === name) return member.value;
  }
  return null;
}

/**
 * Syntax of a private method, from the innermost class around a node that declares the name. No value leads to a
 * private method, but no other code can have replaced it either.
 */
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

/** Syntax of the named method of the innermost class around a node. */
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

/** Nodes of `this` that mean the receiver of a function: those in the function and in arrow functions within it. */
export function thisIn(node: AnyNode): AnyNode[] {
  return childrenOf(node).flatMap((child) => {
    if (child.type === "ThisExpression") return [child];
    if (child.type === "FunctionDeclaration" || child.type === "FunctionExpression" || isClassNode(child)) return [];
    return thisIn(child);
  });
}

/** Names that a parameter binds, with paths to their values; array elements, rests, computed keys are left out. */
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

/** Members that a live function or class has besides those in its code, and methods in its code that were replaced. */
interface Extras {
  /** Values by label. The label says where the member is: `static rate`, `prototype get area`. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Methods in the code whose place a cached function has taken. */
  readonly leftOut: ReadonlySet<AnyNode>;
}

/** Names of the properties that every function has. */
const STANDARD = new Set(["length", "name", "prototype", "arguments", "caller"]);

/**
 * Compares a live function or class with its code.
 *
 * @param fn The live function or class.
 * @param unit The code of `fn`.
 * @param isCached True for a cached function.
 * @param foreign Functions that are not the class's own, although they have the text of its methods.
 */
export function readExtras(
  fn: object,
  unit: CodeUnit,
  isCached: (value: object) => boolean,
  foreign: ReadonlySet<object>,
): Extras {
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
        const isOwn = typeof value === "function" && owner !== null && !foreign.has(value) &&
          writtenAs(unit, owner, { key, isStatic, part }, value) !== null;
        if (isOwn) continue;
        if (typeof value === "function" && member && isCached(value)) leftOut.add(member);
        let name = `${label} ${part === "value" ? "" : `${part} `}${String(key)}`;
        while (values.has(name)) name += " again"; // symbols of one description
        values.set(name, value);
      }
    }
  };
  read(fn, "static", true, STANDARD);
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  if (typeof prototype === "object" && prototype !== null) {
    read(prototype, "prototype", false, new Set(["constructor"]));
  }
  for (const [name, value] of readAltered(fn, unit)) values.set(name, value);
  if (owner?.superClass) values.set("extends", Object.getPrototypeOf(fn));
  for (const [label, parent] of linkedParents(fn, unit)) values.set(label, parent);
  if (owner?.body.body.some(isKeyOfClass)) {
    const objects = [fn, prototype].filter((one) => typeof one === "function" || (typeof one === "object" && one));
    values.set(
      "keys",
      objects.map((object) => Reflect.ownKeys(object as object).filter((key) => key !== "constructor")),
    );
  }
  return { values, leftOut };
}

/** Objects that a function or class inherits from without `extends`: `Object.setPrototypeOf`, `util.inherits`. */
function linkedParents(fn: object, { node }: CodeUnit): [label: string, parent: unknown][] {
  const found: [string, unknown][] = [];
  const base: unknown = Object.getPrototypeOf(fn);
  const isDerived = isClassNode(node) && node.superClass !== null && node.superClass !== undefined;
  const isLinked = typeof base === "function" ? !isNativeFunction(base) : !isPrototypeOfFunctions(base);
  if (!isDerived && isLinked) found.push(["static inherits", base]);
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

/** A method that a live class has under the name and with the text that the class's code gives it. */
export interface WrittenMethod {
  readonly method: object;
  /** Name of the method; empty for a symbol. */
  readonly name: string;
  readonly node: AnyNode;
  readonly text: string;
}

/** Finds the methods, accessors and functions in static fields that stand where the class's code puts them. */
export function methodsWrittenIn(fn: object, unit: CodeUnit): WrittenMethod[] {
  if (!isClassNode(unit.node)) return [];
  const found: WrittenMethod[] = [];
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  for (const object of [fn, prototype]) {
    if (typeof object !== "function" && typeof object !== "object" || object === null) continue;
    for (const key of Reflect.ownKeys(object)) {
      if (key === (object === fn ? "prototype" : "constructor")) continue;
      const property = Object.getOwnPropertyDescriptor(object, key);
      for (const part of ["value", "get", "set"] as const) {
        const method: unknown = property?.[part];
        if (typeof method !== "function") continue;
        const node = writtenAs(unit, unit.node, { key, isStatic: object === fn, part }, method);
        const text = Function.prototype.toString.call(method);
        if (node) found.push({ method, name: typeof key === "string" ? key : "", node, text });
      }
    }
  }
  return found;
}

/** Syntax of a method in the class's own text at that place, so that the method counts with the class; else `null`. */
function writtenAs(
  { script }: CodeUnit,
  owner: ClassNode,
  { key, isStatic, part }: MemberPlace,
  method: object,
): AnyNode | null {
  const text = Function.prototype.toString.call(method);
  const kind = part === "value" ? "method" : part;
  for (const member of owner.body.body) {
    if (member.type === "StaticBlock" || member.static !== isStatic) continue;
    const written = memberKeyOf(member);
    if (written !== null && written !== key) continue;
    if (member.type === "MethodDefinition") {
      if (member.kind === kind && script.text.slice(member.start, member.end).endsWith(text)) return member.value;
    } else if (part === "value" && member.value && script.text.slice(member.value.start, member.value.end) === text) {
      return member.value as AnyNode; // a field that holds a function
    }
  }
  return null;
}

/** Key of a member of a class; `null` for a computed key, which can be any; empty for a private name. */
function memberKeyOf(member: Extract<AnyNode, { type: "MethodDefinition" | "PropertyDefinition" }>): string | null {
  if (member.computed) return null;
  if (member.key.type === "Identifier") return member.key.name;
  return member.key.type === "Literal" ? String(member.key.value) : "";
}

/**
 * Tells, for the functions that a walk has found, which of them use the object before the dot.
 *
 * Many functions only hand `this` on, `fn.apply(this, arguments)`, to functions none of which reads it. Libraries that
 * curry are full of them; called as members of a namespace, they would make all of the namespace count.
 */
export class ReceivedUse {
  readonly #codes: ReadonlyMap<object, Code>;
  readonly #handedTo = new Map<UserCode, readonly object[] | null>();
  readonly #users = new Set<object>();
  /** Functions that do not use their receivers, as far as is known with so many codes. */
  readonly #others = new Set<object>();
  #size = 0;

  constructor(codes: ReadonlyMap<object, Code>) {
    this.#codes = codes;
  }

  /**
   * True when a function, or a function to which it hands its receiver, uses the receiver. What is not read yet counts as
   * no use, so the answer may change from false to true while the walk goes on.
   */
  isUsed(fn: object): boolean {
    if (this.#size !== this.#codes.size) this.#others.clear();
    this.#size = this.#codes.size;
    if (this.#others.has(fn)) return false;
    const seen = new Set([fn]);
    for (const one of seen) {
      if (this.#users.has(one)) return this.#noteUser(fn);
      const to = this.#receiversOf(one);
      if (to === null) {
        this.#users.add(one);
        return this.#noteUser(fn);
      }
      for (const next of to) if (!this.#others.has(next)) seen.add(next);
    }
    for (const one of seen) this.#others.add(one);
    return false;
  }

  #noteUser(fn: object): true {
    this.#users.add(fn);
    return true;
  }

  /** Functions to which a function hands its receiver; `null` when it uses the receiver in another way. */
  #receiversOf(fn: object): readonly object[] | null {
    const code = this.#codes.get(fn);
    if (code === undefined || code.kind === "bound") return [];
    if (code.kind !== "user" || code.user.unit === null) return null;
    const { node } = code.user.unit;
    // A class is called with `new`, which makes its receiver, and an arrow function takes the receiver around it.
    if (isClassNode(node) || node.type === "ArrowFunctionExpression" || !usesThis(node)) return [];
    let known = this.#handedTo.get(code.user);
    if (known === undefined) this.#handedTo.set(code.user, known = findHandedTo(code.user, node));
    return known;
  }
}

function findHandedTo(user: UserCode, root: AnyNode): readonly object[] | null {
  const found: object[] = [];
  const nodes = childrenOf(root);
  for (let node = nodes.pop(); node; node = nodes.pop()) {
    if (node.type === "ThisExpression") {
      const callee = calleeOf(user, node);
      if (callee === null) return null;
      found.push(callee);
    } else if (isClassNode(node) || isFunctionNode(node) && node.type !== "ArrowFunctionExpression") continue;
    else if (node.type === "Super" || node.type === "PrivateIdentifier") return null;
    else if (node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "eval") {
      return null;
    }
    nodes.push(...childrenOf(node));
  }
  return found;
}

/** Function that a `this` is handed to as the receiver: `fn.apply(this, …)`, `lib.fn.call(this, …)`. */
function calleeOf({ unit, roots }: UserCode, node: AnyNode): object | null {
  const call = unit?.script.parents.get(node);
  if (call?.type !== "CallExpression" || call.arguments[0] !== node) return null;
  const { callee } = call;
  if (callee.type !== "MemberExpression" || !isNativeFunction(Function.prototype.apply)) return null;
  const way = staticKey(callee);
  if (way !== "apply" && way !== "call") return null;
  let base: AnyNode = callee.object;
  while (base.type === "MemberExpression") base = base.object;
  const root = roots.find(({ slot }) => slot.nodes.includes(base));
  const path = dottedName(callee.object)?.split(".").slice(1);
  if (root?.kind !== "value" || root.isDynamic || path === undefined) return null;
  const { value, followed } = findMember(root.value, path);
  const isOwn = typeof value !== "function" || Object.hasOwn(value, way);
  return followed < path.length || isOwn ? null : value as object;
}

/** Receivers that methods were called on. The first one of each, since a method has one home. */
const receivers = new WeakMap<object, object>();

/** Takes note of a receiver, by which the class of a method can be found that a decorator took out of it. */
export function noteReceiver(fn: object, receiver: unknown): void {
  const isObject = typeof receiver === "object" || typeof receiver === "function";
  if (isObject && receiver !== null && !receivers.has(fn)) receivers.set(fn, receiver);
}

/** Receiver that a method was called on; `undefined` for a function that was called on none. */
export function receiverOf(fn: object): object | undefined {
  return receivers.get(fn);
}
