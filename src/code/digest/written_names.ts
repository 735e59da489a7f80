/**
 * Written names: the variables whose values an expression is made of, so that what is done with the expression is done
 * with them. `[fn]` and `{ fn }` are made of `fn`, as is the result of `() => fn`.
 *
 * @module
 */
import { type AnyNode, isFunctionNode } from "../syntax/parse.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";

/** Literals within variables within literals: names are looked up this many times. */
const MAX_DEPTH = 8;

/** Identifiers, and `this`, that stand for a value as a whole in an expression, or for a part of a literal. */
export function writtenNames(script: ScriptSyntax, node: AnyNode, depth: number = MAX_DEPTH): AnyNode[] {
  const within = (nodes: readonly (AnyNode | null)[]): AnyNode[] =>
    nodes.flatMap((one) => one === null ? [] : writtenNames(script, one, depth));
  switch (node.type) {
    case "Identifier":
      return [node, ...depth === 0 ? [] : namesInLiteral(script, node, depth - 1)];
    case "ThisExpression":
      return [node];
    case "ArrayExpression":
      return within(node.elements);
    case "ObjectExpression":
      return within(node.properties);
    case "Property":
      return within(node.computed ? [node.key, node.value] : [node.value]);
    case "SpreadElement":
    case "AwaitExpression":
      return within([node.argument]);
    case "ConditionalExpression":
      return within([node.consequent, node.alternate]);
    case "LogicalExpression":
      return within([node.left, node.right]);
    case "SequenceExpression":
      return within(node.expressions.slice(-1));
    case "ParenthesizedExpression":
    case "ChainExpression":
      return within([node.expression]);
    default:
      return isFunctionNode(node) ? within(resultsOf(node.body)) : [];
  }
}

/** Names in the literal that a variable holds from its declaration on. */
function namesInLiteral(script: ScriptSyntax, node: AnyNode, depth: number): AnyNode[] {
  const declaration = script.bindings.get(node)?.declaration;
  if (declaration?.type !== "VariableDeclarator" || declaration.id.type !== "Identifier") return [];
  const { init } = declaration;
  return init?.type === "ArrayExpression" || init?.type === "ObjectExpression"
    ? writtenNames(script, init as AnyNode, depth)
    : [];
}

/** Results of a function: its expression, or what its own statements return. */
function resultsOf(body: AnyNode): AnyNode[] {
  if (body.type !== "BlockStatement") return [body];
  return body.body.flatMap((one) => one.type === "ReturnStatement" && one.argument ? [one.argument] : []);
}
