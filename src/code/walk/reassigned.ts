/**
 * Assignments of variables after their declarations: those that the syntax shows, and those that it hides.
 *
 * @module
 */
import type { Binding, ScriptSyntax } from "../syntax/scopes.ts";
import { type AnyNode, isFunctionNode } from "../syntax/parse.ts";
import type { Declaration } from "./modules.ts";

/**
 * True for a variable that is assigned after its declaration, or that code given to `eval` can assign. The form in which
 * namespaces and enums are compiled, `(function (A) { … })(A || (A = {}))`, does not count, nor do assignments in static
 * blocks.
 */
export function isReassigned({ script, binding }: Declaration): boolean {
  const isSeen = binding.writes.some((write) =>
    !isOfNamespace(script, binding, write) && !isInStaticBlock(script, write)
  );
  return isSeen || isHiddenlyAssigned(script, binding);
}

/** True for the assignment in the form in which a namespace or an enum is compiled, where the variable is declared. */
function isOfNamespace(script: ScriptSyntax, binding: Binding, write: AnyNode): boolean {
  const assignment = script.parents.get(write);
  const choice = assignment && script.parents.get(assignment);
  if (assignment?.type !== "AssignmentExpression" || choice?.type !== "LogicalExpression") return false;
  const { left, right, operator } = assignment;
  const isEmpty = right.type === "ObjectExpression" && right.properties.length === 0;
  if (left !== write || operator !== "=" || !isEmpty) return false;
  if (choice.operator !== "||" || choice.left.type !== "Identifier" || choice.left.name !== binding.name) return false;
  const call = script.parents.get(choice);
  if (call?.type !== "CallExpression" || !isFunctionNode(call.callee as AnyNode)) return false;
  for (let at: AnyNode | undefined = call; at; at = script.parents.get(at)) {
    // In a function within, the assignment can be made at any time.
    if (isFunctionNode(at)) return at.start <= binding.scope.start && at.end >= binding.scope.end;
  }
  return true;
}

/**
 * True for a node in a static block, which runs once, when the class is made. Deno's compiler assigns what decorators
 * leave behind to variables there.
 */
export function isInStaticBlock(script: ScriptSyntax, node: AnyNode): boolean {
  for (let at: AnyNode | undefined = node; at && !isFunctionNode(at); at = script.parents.get(at)) {
    if (at.type === "StaticBlock") return true;
  }
  return false;
}

/** Calls of `eval` by its own name, which see the variables around them, and uses of `arguments`. */
interface Hidden {
  readonly evals: readonly AnyNode[];
  readonly arguments: readonly AnyNode[];
}

const hidden = new WeakMap<ScriptSyntax, Hidden>();

function hiddenIn(script: ScriptSyntax): Hidden {
  let found = hidden.get(script);
  if (!found) hidden.set(script, found = findHidden(script));
  return found;
}

function findHidden({ text, bindings, parents }: ScriptSyntax): Hidden {
  if (!/\b(?:eval|arguments)\b/.test(text)) return { evals: [], arguments: [] };
  const unbound = [...bindings].flatMap(([node, binding]) =>
    binding === null && node.type === "Identifier" ? [node] : []
  );
  const isCall = (node: AnyNode): boolean => {
    const call = parents.get(node);
    return call?.type === "CallExpression" && call.callee === node;
  };
  return {
    evals: unbound.filter((node) => node.name === "eval" && isCall(node)),
    arguments: unbound.filter(({ name }) => name === "arguments"),
  };
}

/** True for a variable that code given to `eval` can assign, or, for a parameter, an assignment to `arguments[0]`. */
function isHiddenlyAssigned(script: ScriptSyntax, { kind, scope, declaration }: Binding): boolean {
  if (kind === "import" || kind === "own-name" || isConstant(script, declaration)) return false;
  const { evals, arguments: lists } = hiddenIn(script);
  const isWithin = ({ start, end }: AnyNode) => start >= scope.start && end <= scope.end;
  if (evals.some(isWithin)) return true;
  return kind === "parameter" && lists.some((node) => isWithin(node) && assignsArgument(script, node));
}

function isConstant(script: ScriptSyntax, declaration: AnyNode | null): boolean {
  const parent = declaration?.type === "VariableDeclarator" ? script.parents.get(declaration) : undefined;
  return parent?.type === "VariableDeclaration" && parent.kind === "const";
}

/** True for a use of `arguments` that assigns an argument: `arguments[0] = 1`. */
function assignsArgument(script: ScriptSyntax, node: AnyNode): boolean {
  const member = script.parents.get(node);
  if (member?.type !== "MemberExpression" || member.object !== node) return false;
  const use = script.parents.get(member);
  return use?.type === "UpdateExpression" || use?.type === "AssignmentExpression" && use.left === member;
}
