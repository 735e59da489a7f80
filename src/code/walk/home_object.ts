/**
 * Home objects of methods, at which `super` begins to look. V8 shows them of no function, so they are found through the
 * variable that holds the class or the object literal in which the method is written.
 *
 * @module
 */
import type { ScopeValues } from "../v8/inspector.ts";
import { valueInScopes } from "../v8/connection.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import type { AnyNode, ClassNode } from "../syntax/parse.ts";
import { homeOf } from "../syntax/method_home.ts";
import type { Use } from "../syntax/uses.ts";
import { isProxy } from "../../words/type_tests.ts";
import { ownDescriptorOf, receiverOf } from "./members.ts";

/** A method with the scopes that it closes over. */
export interface Method {
  readonly fn: object;
  readonly unit: CodeUnit;
  readonly scopes: readonly ScopeValues[];
}

/** A home object, and the object at which `super` looks. */
export interface FoundHome {
  readonly home: object;
  readonly parent: object | null;
}

/**
 * Finds the object that `super` stands for in a method or in an arrow function within one; `null` when it is not certain.
 *
 * @param uses Uses of `super`. A call, `super(…)`, is one of the base class.
 * @param owner Object through which the method was reached.
 */
export function findHome(
  { fn, unit, scopes }: Method,
  uses: readonly Use[],
  owner: object | undefined,
): FoundHome | null {
  const home = homeOf(unit.script, unit.node);
  if (home === null || !unit.isWhole) return null;
  if (home.kind === "literal") {
    const object = valueOfNode(unit.script, home.node, scopes);
    const isWhole = object !== null && !isProxy(object) && isHolderOf(object, home.member, { fn, unit });
    return isWhole ? found(object) : null;
  }
  const live = classIn(unit.script, home.node, scopes) ??
    classOfOwner(unit.script, home.node, { fn, owner: owner ?? receiverOf(fn) });
  if (live === null) return null;
  if (home.isStatic || uses.some(({ how, path }) => how === "call" && path.length === 0)) return found(live);
  const prototype: unknown = ownDescriptorOf(live, "prototype")?.value;
  return typeof prototype === "object" && prototype !== null ? found(prototype) : null;
}

function found(home: object): FoundHome {
  return { home, parent: Object.getPrototypeOf(home) as object | null };
}

/** True unless the method is seen to be no longer the member of the object that it was written as. */
function isHolderOf(object: object, member: AnyNode, { fn, unit }: Pick<Method, "fn" | "unit">): boolean {
  if (member.type !== "Property" || member.computed || member.value !== unit.node) return true;
  const key = member.key.type === "Identifier"
    ? member.key.name
    : member.key.type === "Literal"
    ? String(member.key.value)
    : "";
  const property = ownDescriptorOf(object, key);
  return property !== undefined && [property.value, property.get, property.set].includes(fn);
}

/** Object that an object literal made, by the variable that it was given to; members of a literal are followed. */
function valueOfNode(script: ScriptSyntax, node: AnyNode, scopes: readonly ScopeValues[]): object | null {
  const parent = script.parents.get(node);
  if (parent?.type === "VariableDeclarator" && parent.init === node && parent.id.type === "Identifier") {
    return valueOfName(script, parent.id, scopes);
  }
  if (parent?.type !== "Property" || parent.value !== node || parent.computed || parent.key.type !== "Identifier") {
    return null;
  }
  const around = script.parents.get(parent);
  const holder = around?.type === "ObjectExpression" ? valueOfNode(script, around, scopes) : null;
  const value: unknown = holder === null || isProxy(holder)
    ? undefined
    : ownDescriptorOf(holder, parent.key.name)?.value;
  return typeof value === "object" ? value : null;
}

/** Object that a variable holds which is given a value once. */
function valueOfName(script: ScriptSyntax, name: AnyNode, scopes: readonly ScopeValues[]): object | null {
  const binding = script.bindings.get(name);
  if (!binding || binding.writes.length > 0) return null;
  const value = valueInScopes(scopes, binding.name);
  return typeof value === "object" || typeof value === "function" ? value : null;
}

/** Class that a variable holds: one that the class declares itself, or one that a class expression is given to. */
function classIn(script: ScriptSyntax, node: ClassNode, scopes: readonly ScopeValues[]): object | null {
  const parent = script.parents.get(node);
  const given = parent?.type === "VariableDeclarator" && parent.init === node ? parent.id : null;
  for (const name of [node.id, given]) {
    const value = name ? valueOfName(script, name, scopes) : null;
    if (value !== null && isClass(script, node, value)) return value;
  }
  return null;
}

function isClass(script: ScriptSyntax, node: ClassNode, value: unknown): value is object {
  return typeof value === "function" && !isProxy(value) &&
    Function.prototype.toString.call(value) === script.text.slice(node.start, node.end);
}

/** Class whose method was reached through an object that inherits from it, or through the class itself. */
function classOfOwner(
  script: ScriptSyntax,
  node: ClassNode,
  { fn, owner }: { readonly fn: object; readonly owner: object | undefined },
): object | null {
  for (
    let at: object | null = owner ?? null;
    at !== null && !isProxy(at);
    at = Object.getPrototypeOf(at) as object | null
  ) {
    const live: unknown = typeof at === "function" ? at : ownDescriptorOf(at, "constructor")?.value;
    const holds = Object.values(Object.getOwnPropertyDescriptors(at)).some(({ value, get, set }) =>
      [value, get, set].some((one) => one === fn || typeof one === "function" && wrappedBy(one) === fn)
    );
    if (holds) return isClass(script, node, live) ? live : null;
  }
  return null;
}

/** Function that a wrapper of this package stands for; `undefined` for any other function. */
function wrappedBy(wrapper: object): unknown {
  return ownDescriptorOf(wrapper, "original")?.value;
}
