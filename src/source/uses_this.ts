/**
 * Whether a function depends on what it is called on.
 *
 * @module
 */
import { type AnyNode, childrenOf, isClassNode } from "./syntax.ts";

/** Whether a function depends on its receiver: `this`, `super` or a private name in it or in an arrow within. */
export function usesThis(node: AnyNode): boolean {
  let known = thisUsers.get(node);
  if (known === undefined) thisUsers.set(node, known = findThis(node, true));
  return known;
}

const thisUsers = new WeakMap<AnyNode, boolean>();

function findThis(node: AnyNode, isRoot: boolean): boolean {
  if (node.type === "ThisExpression" || node.type === "Super" || node.type === "PrivateIdentifier") return true;
  if (!isRoot && (node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || isClassNode(node))) {
    return false;
  }
  if (node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "eval") return true;
  return childrenOf(node).some((child) => findThis(child, false));
}
