/**
 * Homes of methods: the object literal or the class in which a method is written, to whose object `super` belongs.
 *
 * @module
 */
import type { ScriptSyntax } from "./scopes.ts";
import { type AnyNode, type ClassNode, isClassNode, isFunctionNode } from "./parse.ts";

/** Object literal or class in which a method is written, with the member that the method is. */
export type MethodHome =
  | { readonly kind: "class"; readonly node: ClassNode; readonly isStatic: boolean }
  | {
    readonly kind: "literal";
    readonly node: Extract<AnyNode, { type: "ObjectExpression" }>;
    readonly member: AnyNode;
  };

/**
 * The function that `super` and `new.target` in a node belong to, or the member or static block of a class: the first one
 * outwards that is no arrow function; `null` for none.
 */
function holderOf(script: ScriptSyntax, node: AnyNode): AnyNode | null {
  for (let at = script.parents.get(node); at; at = script.parents.get(at)) {
    if (isFunctionNode(at) && at.type !== "ArrowFunctionExpression") return at;
    if (at.type === "PropertyDefinition" || at.type === "StaticBlock") return at;
  }
  return null;
}

/** True for a `super` or `new.target` in a piece of code that belongs to the code as a whole, or to what is around it. */
export function isOfSurroundings(script: ScriptSyntax, unit: AnyNode, node: AnyNode): boolean {
  if (isClassNode(unit) || unit.type === "Program") return false;
  const holder = holderOf(script, node);
  if (holder === null) return true;
  if (holder === unit) return node.type === "Super";
  return holder.start < unit.start || holder.end > unit.end;
}

/** Home of the `super` in a function; `null` when the function is written in neither a class nor an object literal. */
export function homeOf(script: ScriptSyntax, node: AnyNode): MethodHome | null {
  const isOwn = isFunctionNode(node) && node.type !== "ArrowFunctionExpression";
  const holder = isOwn ? node : holderOf(script, node);
  if (holder === null) return null;
  const member = isFunctionNode(holder) ? script.parents.get(holder) : holder;
  const around = member && script.parents.get(member);
  if (member?.type === "Property") {
    return around?.type === "ObjectExpression" ? { kind: "literal", node: around, member } : null;
  }
  const owner = around && script.parents.get(around);
  if (!member || !owner || !isClassNode(owner)) return null;
  return {
    kind: "class",
    node: owner,
    isStatic: member.type === "StaticBlock" || "static" in member && member.static === true,
  };
}
