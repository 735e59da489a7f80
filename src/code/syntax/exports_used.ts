/**
 * Exports of a module of CommonJS that its own functions use: `exports.level`. They are variables of the module.
 *
 * @module
 */
import { type AnyNode, isFunctionNode } from "./parse.ts";
import type { ScriptSyntax } from "./scopes.ts";
import { staticKey } from "./uses.ts";

/** Uses of exports that do not stand at the beginning of a line. */
const MAY_USE = /\S.*(?:\bmodule\.exports|(?<!\bmodule\.|\bdefineProperty\()\bexports)\s*[.[]/;

/** True for a text that may use exports in a function. */
export function mayUseExports(text: string): boolean {
  return MAY_USE.test(text);
}

/**
 * Names of the exports that functions of a script use after it was loaded.
 *
 * @param runsAtLoad True for a function that runs once, when the script is loaded.
 * @returns `null` when a function uses all of them.
 */
export function exportsUsed(script: ScriptSyntax, runsAtLoad: (fn: AnyNode) => boolean): ReadonlySet<string> | null {
  const names = new Set<string>();
  for (const node of script.bindings.keys()) {
    if (node.type !== "Identifier" || node.name !== "exports" && node.name !== "module") continue;
    const exports = node.name === "exports" ? node : memberNamed(script, node, "exports");
    if (exports === null || !isInCall(script, exports, runsAtLoad)) continue;
    const member = script.parents.get(exports);
    const name = member?.type === "MemberExpression" && member.object === exports ? staticKey(member) : null;
    if (name === null) return null;
    names.add(name);
  }
  return names;
}

function memberNamed({ parents }: ScriptSyntax, node: AnyNode, key: string): AnyNode | null {
  const member = parents.get(node);
  return member?.type === "MemberExpression" && member.object === node && staticKey(member) === key ? member : null;
}

function isInCall({ parents }: ScriptSyntax, node: AnyNode, runsAtLoad: (fn: AnyNode) => boolean): boolean {
  for (let at = parents.get(node); at !== undefined; at = parents.get(at)) {
    if (isFunctionNode(at) && !runsAtLoad(at)) return true;
  }
  return false;
}
