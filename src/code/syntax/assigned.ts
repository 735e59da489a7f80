/**
 * Assignments to members: which names code assigns, and which functions are setters.
 *
 * @module
 */
import { type AnyNode, childrenOf, isClassNode } from "./parse.ts";
import type { ScriptSyntax } from "./scopes.ts";
import { dottedName, isMadeWithin, nameOfKey, staticKey, staticText } from "./uses.ts";

/** Name of the member that a node is the setter of, also in a descriptor; `null` for any other node. */
export function nameOfSetter(node: AnyNode, parents: ReadonlyMap<AnyNode, AnyNode>): string | null {
  if (node.type !== "Property" && node.type !== "MethodDefinition" || node.computed) return null;
  if (node.kind === "set") return nameOfKey(node.key);
  const descriptor = node.type === "Property" && nameOfKey(node.key) === "set" ? parents.get(node) : undefined;
  const above = descriptor && parents.get(descriptor);
  if (above?.type === "CallExpression" && /\.defineProperty$/.test(dottedName(above.callee as AnyNode) ?? "")) {
    return above.arguments[2] === descriptor ? staticText(above.arguments[1] as AnyNode) : null;
  }
  const list = above?.type === "Property" && !above.computed ? parents.get(above) : undefined;
  const call = list && parents.get(list);
  if (above?.type !== "Property" || call?.type !== "CallExpression") return null;
  return /^Object\.(?:defineProperties|create)$/.test(dottedName(call.callee as AnyNode) ?? "")
    ? nameOfKey(above.key)
    : null;
}

/**
 * Names of the members that code assigns, as far as it writes them out; private ones with their `#`. Not of objects that it
 * makes itself; and that a setter assigns a member of its own name elsewhere does not count.
 */
export function membersAssigned(script: ScriptSyntax, unit: AnyNode, part: AnyNode): Set<string> {
  const { parents } = script;
  const names = new Set<string>();
  const target = (node: AnyNode): void => {
    if (node.type === "MemberExpression") {
      const isOwn = isMadeWithin(script, node.object as AnyNode, unit) || isOfPlainClass(node, parents);
      if (!isOwn) names.add(staticKey(node) ?? "");
    } else if (node.type !== "Identifier") childrenOf(node).forEach(target);
  };
  const nodes = [part];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    const setter = nameOfSetter(node, parents);
    if (setter !== null) {
      for (const name of childrenOf(node).flatMap((child) => [...membersAssigned(script, unit, child)])) {
        if (name !== setter) names.add(name);
      }
      continue;
    }
    if (node.type === "AssignmentExpression") target(node.left);
    else if (node.type === "UpdateExpression") target(node.argument);
    else if (node.type === "ForOfStatement" || node.type === "ForInStatement") target(node.left);
    nodes.push(...childrenOf(node));
  }
  return names;
}

/** True for a member of `this` in a class that inherits nothing and has no setter of that name. */
function isOfPlainClass(
  node: Extract<AnyNode, { type: "MemberExpression" }>,
  parents: ReadonlyMap<AnyNode, AnyNode>,
): boolean {
  if (node.object.type !== "ThisExpression") return false;
  for (let at: AnyNode | undefined = node; at !== undefined; at = parents.get(at)) {
    if (at.type === "FunctionExpression" && parents.get(at)?.type !== "MethodDefinition") return false;
    if (at.type === "FunctionDeclaration") return false;
    if (!isClassNode(at)) continue;
    const name = staticKey(node);
    return !at.superClass && !at.body.body.some((member) => nameOfSetter(member as AnyNode, parents) === name);
  }
  return false;
}

/** Variables or members of a name that code assigns, by whatever form of assignment. */
export function targetsNamed(unit: AnyNode, name: string, isVariable: boolean): AnyNode[] {
  const found: AnyNode[] = [];
  const nodes = [unit];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    const target = node.type === "AssignmentExpression"
      ? node.left
      : node.type === "UpdateExpression"
      ? node.argument
      : null;
    const isNamed = isVariable
      ? target?.type === "Identifier" && target.name === name
      : target?.type === "MemberExpression" && staticKey(target) === name;
    if (isNamed) found.push(target as AnyNode);
    nodes.push(...childrenOf(node));
  }
  return found;
}
