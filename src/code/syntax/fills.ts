/**
 * Writes to places that hold nothing yet, which are how code keeps what it makes once.
 *
 * @module
 */
import { type AnyNode, childrenOf, isFunctionNode } from "./parse.ts";
import type { Binding, NameNode, Scope, ScriptSyntax } from "./scopes.ts";

/**
 * True for a write to a place that holds nothing yet: `x ??= …`, `x = x ?? …`, `if (!x) x = …`, `if (x === undefined) x = …`. No other
 * value of the program may stand in the condition: `if (options.x !== undefined) x = options.x` sets it.
 *
 * @param node The variable or member that is written.
 */
export function isFill(script: ScriptSyntax, node: AnyNode): boolean {
  const assignment = script.parents.get(node);
  if (assignment?.type !== "AssignmentExpression" || assignment.left !== node) return false;
  if (assignment.operator !== "=") return assignment.operator === "??=" || assignment.operator === "||=";
  const place = sourceOf(script, node);
  if (keepsWhatIsThere(script, assignment.right, place)) return true;
  for (const { test, isTrue, isBranch } of conditionsOf(script, assignment)) {
    if (isBranch && tellsEmpty(script, test, place, isTrue)) return true;
  }
  return false;
}

/** True for `x ?? …`, `x || …` and `x ? x : …`, which is what is there already, or something made. */
function keepsWhatIsThere(script: ScriptSyntax, value: AnyNode, place: string): boolean {
  const isPlace = (node: AnyNode) => sourceOf(script, node) === place;
  if (value.type === "LogicalExpression") return value.operator !== "&&" && isPlace(value.left);
  return value.type === "ConditionalExpression" &&
    (isPlace(value.consequent) && !tellsEmpty(script, value.test, place, true) &&
        tellsEmpty(script, value.test, place, false) ||
      isPlace(value.alternate) && tellsEmpty(script, value.test, place, true));
}

/** True for a write under a condition that the same branch takes away: `if (isNew) { value = make(); isNew = false; }`. */
export function isDoneOnce(script: ScriptSyntax, node: AnyNode): boolean {
  for (const { test, branch } of conditionsOf(script, node)) {
    const text = sourceOf(script, branch);
    if (placesAsked(script, test).some((place) => assignmentOf(place).test(text))) return true;
  }
  return false;
}

function assignmentOf(place: string): RegExp {
  return new RegExp(`(?<![.\\w$#])${place.replaceAll(/[^\w\s]/g, "\\$&")}\\s*(?:\\|\\||&&|\\?\\?)?=(?!=)`);
}

/**
 * True for a write of `true`, a number or a text that the code writes out: a mark that something was done, and nothing
 * that depends on what was done.
 *
 * @param node The variable or member that is written.
 */
export function isMarked(script: ScriptSyntax, node: AnyNode): boolean {
  const assignment = script.parents.get(node);
  if (assignment?.type !== "AssignmentExpression" || assignment.left !== node) return false;
  return assignment.right.type === "Literal" && assignment.right.value !== null;
}

/**
 * True for a write of something that the caller gave: `if (!options) options = given`. It depends on the program, and not
 * on the script alone.
 *
 * @param variable The variable that is written.
 */
export function isGivenByCaller(script: ScriptSyntax, node: AnyNode, variable: Binding): boolean {
  return isWriteOfGiven(script, node, variable.scope, new Set());
}

function isWriteOfGiven(script: ScriptSyntax, node: AnyNode, around: Scope, seen: Set<Binding>): boolean {
  const assignment = script.parents.get(node);
  if (assignment?.type !== "AssignmentExpression" || assignment.left !== node) return true;
  return isOfCaller(script, assignment.right, around, seen);
}

/** True for an expression in which a parameter, `this` or `arguments` has a part, of a function within a scope. */
function isOfCaller(script: ScriptSyntax, expression: AnyNode, around: Scope, seen: Set<Binding>): boolean {
  const isInside = (outer: { start: number; end: number }, inner: { start: number; end: number }) =>
    outer.start <= inner.start && inner.end <= outer.end;
  const isGivenName = (name: NameNode): boolean => {
    if (name.name === "arguments") return true;
    const binding = script.bindings.get(name);
    // What surrounds the variable was there before; what the expression itself declares is its own.
    if (!binding || isInside(binding.scope, around) || isInside(expression, binding.scope) || seen.has(binding)) {
      return false;
    }
    seen.add(binding);
    const { kind, declaration, writes } = binding;
    if (kind === "function" || kind === "class" || kind === "own-name") return false;
    if (kind === "parameter" || declaration?.type !== "VariableDeclarator" || !declaration.init) return true;
    return isOfCaller(script, declaration.init, around, seen) ||
      writes.some((write) => isWriteOfGiven(script, write, around, seen));
  };
  const open = [expression];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type === "ThisExpression" || node.type === "Identifier" && isGivenName(node)) return true;
    open.push(...childrenOf(node));
  }
  return false;
}

/** A condition under which code runs, and that code. */
interface Condition {
  readonly test: AnyNode;
  readonly branch: Range;
  /** True for code that runs when the test holds, false for code that runs when it does not. */
  readonly isTrue: boolean;
  /** True for a branch of an `if`. */
  readonly isBranch: boolean;
}

type Range = Pick<AnyNode, "start" | "end">;

/** Conditions under which a part of a function runs, inner ones first. */
function* conditionsOf({ parents }: ScriptSyntax, node: AnyNode): Iterable<Condition> {
  for (let at = node, above = parents.get(at); above && !isFunctionNode(at); at = above, above = parents.get(at)) {
    if ((above.type === "IfStatement" || above.type === "ConditionalExpression") && above.test !== at) {
      const isBranch = above.type === "IfStatement";
      yield { test: above.test, branch: at, isTrue: above.consequent === at, isBranch };
    } else if (above.type === "LogicalExpression" && above.right === at && above.operator !== "??") {
      yield { test: above.left, branch: at, isTrue: above.operator === "&&", isBranch: false };
    } else if (above.type === "BlockStatement") yield* earlyExits(above.body, at);
  }
}

/** Conditions under which what stands before a statement leaves the block: `if (isDone) return kept;`. */
function* earlyExits(statements: readonly AnyNode[], at: AnyNode): Iterable<Condition> {
  const end = statements.at(-1)!.end;
  for (const statement of statements.slice(0, statements.indexOf(at)).reverse()) {
    if (statement.type !== "IfStatement" || statement.alternate || !leaves(statement.consequent)) continue;
    yield { test: statement.test, branch: { start: statement.end, end }, isTrue: false, isBranch: false };
  }
}

function leaves(statement: AnyNode | undefined): boolean {
  if (statement?.type === "BlockStatement") return leaves(statement.body.at(-1));
  return statement?.type === "ReturnStatement" || statement?.type === "ThrowStatement";
}

/** True for a condition that, when it is true or false as said, tells that a place holds nothing. */
function tellsEmpty(script: ScriptSyntax, test: AnyNode, place: string, isTrue: boolean): boolean {
  const isPlace = (node: AnyNode) => sourceOf(script, node) === place;
  if (test.type === "UnaryExpression" && test.operator === "!") {
    return tellsEmpty(script, test.argument, place, !isTrue);
  }
  if (test.type === "LogicalExpression") {
    const sides = [test.left, test.right].map((side) => tellsEmpty(script, side, place, isTrue));
    // Of what must be true together one side is enough; of what may be true, each has to tell it.
    return (test.operator === "&&") === isTrue ? sides.includes(true) : !sides.includes(false);
  }
  if (test.type === "BinaryExpression" && /^[!=]==?$/.test(test.operator)) {
    if ((test.operator[0] === "=") !== isTrue) return false;
    const sides = [test.left, test.right] as AnyNode[];
    return sides.some((side, at) => isPlace(typeofArgument(side) ?? side) && isNothing(script, sides[1 - at]!));
  }
  return !isTrue && isPlace(test);
}

function typeofArgument(node: AnyNode): AnyNode | null {
  return node.type === "UnaryExpression" && node.operator === "typeof" ? node.argument : null;
}

function isNothing(script: ScriptSyntax, node: AnyNode): boolean {
  return ["null", "undefined", "void 0", '"undefined"', "'undefined'"].includes(sourceOf(script, node));
}

/** Variables and members whose own truth or value a condition asks for, as the code writes them. */
function placesAsked(script: ScriptSyntax, test: AnyNode): string[] {
  switch (test.type) {
    case "Identifier":
      return [test.name];
    case "MemberExpression":
      return test.computed ? [] : [sourceOf(script, test)];
    case "UnaryExpression":
      return placesAsked(script, test.argument);
    case "LogicalExpression":
      return [...placesAsked(script, test.left), ...placesAsked(script, test.right)];
    case "BinaryExpression": {
      const sides = [test.left, test.right] as AnyNode[];
      const isConstant = sides.some((side) => side.type === "Literal" || isNothing(script, side));
      return isConstant ? sides.flatMap((side) => isNothing(script, side) ? [] : placesAsked(script, side)) : [];
    }
    default:
      return [];
  }
}

function sourceOf({ text }: ScriptSyntax, { start, end }: Range): string {
  return text.slice(start, end);
}
