/**
 * Finding methods and parameters in code: by name in a class, private ones, those that stand for `this`.
 *
 * @module
 */
import type { Binding } from "../source/scopes.ts";
import { type AnyNode, childrenOf, type FunctionNode, isClassNode, isFunctionNode } from "../source/syntax.ts";
import type { UserCode } from "./reached.ts";

export function readOwn(object: object, key: string): PropertyDescriptor | undefined {
  try {
    return Object.getOwnPropertyDescriptor(object, key);
  } catch {
    return undefined;
  }
}

export function isNative(fn: object): boolean {
  return Function.prototype.toString.call(fn).endsWith("{ [native code] }");
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
