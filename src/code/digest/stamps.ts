/**
 * Classes that add private members to objects of others: their base class returns another object from its constructor.
 * Nothing shows such members of an object, and a copy of the object does not have them.
 *
 * A file of its own, since it is about one way to write classes that is rarely used.
 *
 * @module
 */
import { type AnyNode, childrenOf, isClassNode, isFunctionNode } from "../syntax/parse.ts";
import type { Exploration } from "../walk/explore.ts";
import type { UserCode } from "../walk/reached.ts";

/** Finds the classes among the reached code that add private members to objects of others. */
export function findStampers(found: Exploration): UserCode[] {
  return [...found.codes.values()].flatMap((code) =>
    code.kind === "user" && hasPrivates(code.user) && mayReturnOther(found, code.user.extras.get("extends"))
      ? [code.user]
      : []
  );
}

function hasPrivates({ unit }: UserCode): boolean {
  return unit !== null && isClassNode(unit.node) && unit.node.superClass !== null &&
    unit.node.body.body.some((member) =>
      member.type !== "StaticBlock" && !member.static && member.key.type === "PrivateIdentifier"
    );
}

/** True for a base class, or one that it extends, whose constructor returns a value. */
function mayReturnOther(found: Exploration, base: unknown): boolean {
  const code = typeof base === "function" ? found.codes.get(base) : undefined;
  if (code?.kind !== "user" || code.user.unit === null) return false;
  const { node } = code.user.unit;
  if (!isClassNode(node)) return returnsValue(node.body as AnyNode);
  const made = node.body.body.find((one) => one.type === "MethodDefinition" && one.kind === "constructor");
  if (made?.type === "MethodDefinition" && returnsValue(made.value.body as AnyNode)) return true;
  return mayReturnOther(found, code.user.extras.get("extends"));
}

function returnsValue(node: AnyNode): boolean {
  if (node.type === "ReturnStatement") return node.argument !== null && node.argument !== undefined;
  if (isFunctionNode(node) || isClassNode(node)) return false;
  return childrenOf(node).some(returnsValue);
}

/** Notice about a class that adds private members to objects of others. */
export function noticeOfStamper({ name, module }: UserCode): string {
  return `not tracked: private members that ${name || "a class"} @ ${module} adds to objects of others`;
}
