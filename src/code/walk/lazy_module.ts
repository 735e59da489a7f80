/**
 * Modules that a bundler puts into a function, to run them when code imports them: `import("./a.ts")` in a bundle of one
 * file becomes a call of `init_a`, which `var init_a = __esm({ "a.ts"() { … } })` makes. `init_a` drops the function within
 * after the first call, so what counts is found in the text.
 *
 * A file of its own, since only the code of bundles has it.
 *
 * @module
 */
import { readScope } from "../v8/connection.ts";
import type { FunctionOrigin } from "../v8/inspector.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import { type AnyNode, type FunctionNode, isFunctionNode } from "../syntax/parse.ts";

type ScriptPlace = Extract<FunctionOrigin, { kind: "script" }>;

/** Text of the function that esbuild's helper `__esm` returns, minified or not, under any names. */
const RUNS_ONCE =
  /^(?:function\s*[\w$]*\s*\(\)|\(\)\s*=>)\s*\{?\s*(?:return\b)?\s*\(?([\w$]+)\s*&&\s*\(([\w$]+)\s*=\s*\(0,\s*\1\[[^\]]*\[0\]\]\)\(\1\s*=\s*0\)\),\s*\2\)?\s*;?\s*\}?$/;

/**
 * Returns the code that a function of a bundler runs once, with its place; `null` for any other function.
 *
 * @param fn The function.
 * @param unit Code of the function.
 * @param origin Place of the function.
 */
export function lazyModuleOf(
  fn: object,
  { script, node, isWhole }: CodeUnit,
  origin: ScriptPlace,
): { readonly unit: CodeUnit; readonly origin: ScriptPlace } | null {
  if (!isWhole || !RUNS_ONCE.test(script.text.slice(node.start, node.end))) return null;
  for (const statement of script.program.body) {
    if (statement.type !== "VariableDeclaration") continue;
    for (const { id, init } of statement.declarations) {
      const body = init && bodyOf(init as AnyNode);
      if (!body || id.type !== "Identifier") continue;
      const home = origin.scopes.findLastIndex((scope) =>
        Object.hasOwn(scope, id.name) && readScope(scope, id.name) === fn
      );
      if (home < 0) continue;
      // The variables of the helper around the function have nothing to do with the names in the module.
      const [scopes, scopeKinds] = [origin.scopes.slice(home), origin.scopeKinds.slice(home)];
      return { unit: { script, node: body, isWhole }, origin: { ...origin, offset: body.start, scopes, scopeKinds } };
    }
  }
  return null;
}

/** The method in a call such as `__esm({ "a.ts"() { … } })`. */
function bodyOf(node: AnyNode): FunctionNode | null {
  const [argument] = node.type === "CallExpression" && node.callee.type === "Identifier" ? node.arguments : [];
  if (argument?.type !== "ObjectExpression" || argument.properties.length !== 1) return null;
  const [property] = argument.properties;
  const value = property?.type === "Property" ? property.value as AnyNode : null;
  return value !== null && isFunctionNode(value) ? value : null;
}
