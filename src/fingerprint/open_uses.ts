/**
 * Uses of names from which nobody can tell what code reads or runs: they are named to the user.
 *
 * @module
 */
import type { CodeUnit } from "../source/code_unit.ts";
import { type AnyNode, childrenOf } from "../source/syntax.ts";
import { staticKey } from "../source/uses.ts";
import { valueOfGlobal } from "./globals.ts";
import { findMember } from "./members.ts";
import type { Root, UserCode } from "./reached.ts";

/** What of a function's code is open, in words that follow "not tracked:". */
export function openUses(unit: CodeUnit, code: NonNullable<UserCode["code"]>, roots: readonly Root[]): string[] {
  const found: string[] = [];
  for (const root of roots) {
    if (root.kind === "global" || root.kind === "value") found.push(...compiledCode(root));
    if (isWhole(root, unit)) found.push(`what is read of ${root.slot.name} as a whole or by a computed name`);
  }
  // `fn.constructor("…")`; after `new` it makes another object of the class.
  if (code.readsConstructor && callsConstructor(unit.node)) found.push("code given to .constructor()");
  if (code.imports.some(({ specifier }) => specifier === null)) found.push("import() with a computed specifier");
  return found;
}

function* compiledCode({ slot, value }: Extract<Root, { kind: "global" | "value" }>): Iterable<string> {
  for (const { how, path } of slot.uses) {
    const called = findMember(value, path).value;
    // `(0, eval)("…")` and `run(eval)` as well.
    if (called === globalThis.eval) yield "code given to eval";
    if (how !== "call" && how !== "construct") continue;
    if (isCompiler(called)) yield "code given to new Function";
  }
}

/** `Function`, and its kin for asynchronous functions and generators, which have no name in the global scope. */
function isCompiler(value: unknown): boolean {
  return [() => {}, async () => {}, function* () {}, async function* () {}].some((one) => value === one.constructor);
}

/** `Deno[name]`, `read(Deno)`, `Object.keys(globalThis)`. */
function isWhole({ kind, slot }: Root, { script }: CodeUnit): boolean {
  const isOpen = kind === "platform"
    ? slot.name === "Deno" || slot.name === "process"
    : kind === "global" && (slot.name === "navigator" || valueOfGlobal(slot.name) === globalThis);
  return isOpen && slot.uses.some(({ how, path, node }) => {
    return how === "read" && path.length === 0 && isPassedOn(script.parents.get(node), node);
  });
}

/** Whether more is done with a value than asking: `typeof Deno`, `"args" in Deno`, `if (Deno)` only ask. */
function isPassedOn(parent: AnyNode | undefined, node: AnyNode): boolean {
  switch (parent?.type) {
    case "UnaryExpression":
    case "BinaryExpression":
    case "IfStatement":
    case "ExpressionStatement":
      return false;
    case "ConditionalExpression":
      return parent.test !== node;
    case "LogicalExpression":
      return parent.left !== node || parent.operator !== "&&";
    default:
      return true;
  }
}

function callsConstructor(node: AnyNode): boolean {
  const isOne = node.type === "CallExpression" && node.callee.type === "MemberExpression" &&
    staticKey(node.callee) === "constructor";
  return isOne || childrenOf(node).some(callsConstructor);
}
