/**
 * Names by which a piece of code can look up members: of any object, since the text does not tell of which.
 *
 * @module
 */
import { type AnyNode, childrenOf, isClassNode } from "./parse.ts";
import type { Binding, ScriptSyntax } from "./scopes.ts";
import { dottedName, staticKey, staticText } from "./uses.ts";

/** Names that code uses, and whether it also uses names that the text does not show. */
export interface NamesUsed {
  /** Names of members as the code writes them, texts in quotes, and names of globals. */
  readonly names: ReadonlySet<string>;
  /** True when the code reads members by keys that are computed, and that may be texts. */
  readonly readsAny: boolean;
  /** True when the code assigns members by such keys. */
  readonly writesAny: boolean;
}

type MemberNode = Extract<AnyNode, { type: "MemberExpression" }>;

/**
 * Finds the names that code uses.
 *
 * A definition is no use: the name of a method in a class, and a key in an object literal. A computed key is no name
 * where it is a number by its form, or where the object is a list or a literal of the code's own.
 *
 * @param script The script that contains `node`.
 * @param node A function, a class, a member of a class or a whole script.
 * @param isLeftOut True for a member of a class that is not looked at.
 */
export function namesUsed(script: ScriptSyntax, node: AnyNode, isLeftOut: (member: AnyNode) => boolean): NamesUsed {
  const names = new Set<string>();
  let readsAny = false, writesAny = false;
  const open: AnyNode[] = [node];
  for (let at = open.pop(); at; at = open.pop()) {
    if (isLeftOut(at)) continue;
    switch (at.type) {
      case "MemberExpression": {
        const key = staticKey(at);
        if (key !== null) names.add(key);
        else if (!isIndexed(script, at, node)) {
          if (isTargetOnly(script, at)) writesAny = true;
          else readsAny = true;
        }
        break;
      }
      case "Identifier":
        if (script.bindings.get(at) === null) names.add(at.name);
        break;
      case "PrivateIdentifier":
        if (!isKeyOfDefinition(script, at)) names.add(`#${at.name}`);
        break;
      case "Literal":
        if (typeof at.value === "string" && !isKeyOfDefinition(script, at)) names.add(at.value);
        break;
      case "TemplateElement":
        names.add(at.value.cooked ?? at.value.raw);
        break;
      case "Property":
        if (script.parents.get(at)?.type !== "ObjectPattern") {
          const key = at.key.type === "Identifier" && !at.computed ? at.key.name : staticText(at.key as AnyNode);
          if (key !== null && KEYS_OF_LANGUAGE.has(key)) names.add(key);
          break;
        }
        if (!at.computed && at.key.type === "Identifier") names.add(at.key.name);
        else if (
          at.computed && at.key.type !== "Literal" && (mayEval(script) || !isNumber(script, at.key))
        ) readsAny = true;
        break;
      case "BinaryExpression":
        if (at.operator === "in" && !["Literal", "PrivateIdentifier"].includes(at.left.type)) readsAny = true;
        break;
      case "WithStatement":
      case "ForInStatement": // a method hides what is inherited under its name
        readsAny = true;
        break;
    }
    open.push(...childrenOf(at));
  }
  return { names, readsAny, writesAny };
}

/** A method or an accessor of a class. */
export type MethodNode = Extract<AnyNode, { type: "MethodDefinition" }>;

/** Name of a method or an accessor, private ones with the `#`; `null` for computed keys, numbers and constructors. */
function nameOfMethod(member: MethodNode): string | null {
  if (member.computed || member.kind === "constructor") return null;
  if (member.key.type === "PrivateIdentifier") return `#${member.key.name}`;
  if (member.key.type === "Identifier") return member.key.name;
  const key = member.key.type === "Literal" ? member.key.value : null;
  return typeof key === "string" && !/^-?\d/.test(key) ? key : null;
}

/** True for the name in the definition of a member of a class or of an object literal. */
function isKeyOfDefinition({ parents }: ScriptSyntax, node: AnyNode): boolean {
  const parent = parents.get(node);
  if (parent?.type === "MethodDefinition" || parent?.type === "PropertyDefinition") {
    return parent.key === node && !parent.computed;
  }
  return parent?.type === "Property" && parent.key === node && !parent.computed &&
    parents.get(parent)?.type !== "ObjectPattern";
}

/** True for a member that is only assigned or deleted. */
function isTargetOnly({ parents }: ScriptSyntax, node: MemberNode): boolean {
  const parent = parents.get(node);
  return parent?.type === "AssignmentExpression" && parent.left === node && parent.operator === "=" ||
    parent?.type === "UnaryExpression" && parent.operator === "delete";
}

/** True for a computed key that names no method: a number, or one in a list or a literal of the code's own. */
function isIndexed(script: ScriptSyntax, { object, property }: MemberNode, within: AnyNode): boolean {
  return !mayEval(script) && (isNumber(script, property) || isPlain(script, object, within));
}

const evals = new WeakMap<ScriptSyntax, boolean>();

/** True for a script with `eval`: what that assigns is not in the text. */
function mayEval(script: ScriptSyntax): boolean {
  let may = evals.get(script);
  if (may === undefined) evals.set(script, may = /\beval\b/.test(script.text));
  return may;
}

/** Keys of object literals by which the language does more than keep a value: a prototype, the groups of a match. */
const KEYS_OF_LANGUAGE = new Set(["__proto__", "groups"]);

const ARITHMETIC = new Set(["-", "*", "/", "%", "**", "|", "&", "^", "<<", ">>", ">>>"]);

/**
 * True for an expression that is a number, a bigint or `undefined` by its form.
 *
 * @param assumed Variables that are taken for numbers, since the question is asked because of them.
 */
function isNumber(script: ScriptSyntax, node: AnyNode, assumed: ReadonlySet<Binding> = new Set()): boolean {
  const isSo = (one: AnyNode) => isNumber(script, one, assumed);
  switch (node.type) {
    case "Literal":
      return typeof node.value === "number";
    case "UpdateExpression":
      return true;
    case "UnaryExpression":
      return ["+", "-", "~", "void"].includes(node.operator);
    case "BinaryExpression":
      return ARITHMETIC.has(node.operator) || node.operator === "+" && isSo(node.left) && isSo(node.right);
    case "ConditionalExpression":
      return isSo(node.consequent) && isSo(node.alternate);
    case "SequenceExpression":
      return isSo(node.expressions.at(-1)!);
    case "AssignmentExpression":
      return isNumberAssigned(script, node, assumed);
    case "CallExpression":
      return isNumberOfCall(script, node.callee);
    case "Identifier": {
      const binding = script.bindings.get(node);
      return !!binding && (assumed.has(binding) || isNumberVariable(script, binding, assumed));
    }
    default:
      return false;
  }
}

function isNumberAssigned(
  script: ScriptSyntax,
  node: Extract<AnyNode, { type: "AssignmentExpression" }>,
  assumed: ReadonlySet<Binding>,
): boolean {
  if (ARITHMETIC.has(node.operator.slice(0, -1))) return true;
  const isOfNumber = isNumber(script, node.right, assumed);
  return node.operator === "="
    ? isOfNumber
    : node.operator === "+=" && isOfNumber && isNumber(script, node.left, assumed);
}

/** Functions of the language that return numbers. */
const NUMBER_CALLS = /^(Math\.(abs|ceil|floor|max|min|round|trunc|sign|sqrt|random|pow)|Number|parseInt|parseFloat)$/;

function isNumberOfCall(script: ScriptSyntax, callee: AnyNode): boolean {
  const base = callee.type === "MemberExpression" ? callee.object : callee;
  return NUMBER_CALLS.test(dottedName(callee) ?? "") && script.bindings.get(base) === null;
}

/** True for a variable that is a number wherever the script gives it a value. */
function isNumberVariable(script: ScriptSyntax, binding: Binding, assumed: ReadonlySet<Binding>): boolean {
  const { declaration, kind } = binding;
  if (kind !== "const" && kind !== "let" || declaration?.type !== "VariableDeclarator") return false;
  if (declaration.id.type !== "Identifier" || isOfLoop(script, declaration)) return false;
  const within = new Set([...assumed, binding]);
  if (declaration.init && !isNumber(script, declaration.init, within)) return false;
  return binding.writes.every((write) => {
    const parent = script.parents.get(write);
    if (parent === declaration || parent?.type === "UpdateExpression") return true;
    return parent?.type === "AssignmentExpression" && parent.left === write && isNumberAssigned(script, parent, within);
  });
}

/** True for the variable of `for (const x of …)` and `for (const x in …)`. */
function isOfLoop({ parents }: ScriptSyntax, declaration: AnyNode): boolean {
  const statement = parents.get(declaration);
  const loop = statement && parents.get(statement);
  return (loop?.type === "ForOfStatement" || loop?.type === "ForInStatement") && loop.left === statement;
}

/** Classes and functions of the language whose results have no methods of the user's. */
const PLAIN_CLASSES = /^(Array|Map|Set|Date|(Big)?(Int|Uint|Float)(8|16|32|64)Array|Uint8ClampedArray)$/;
const PLAIN_CALLS = /^(Array\.(from|of)|Object\.(keys|values|entries))$/;

/**
 * True for an expression whose value is a list, a typed array or an object literal that the code itself made.
 *
 * @param within The code that is looked at: other code may have done something to a variable from outside.
 */
function isPlain(script: ScriptSyntax, node: AnyNode, within: AnyNode): boolean {
  switch (node.type) {
    case "ArrayExpression":
      return true;
    case "ObjectExpression":
      return !node.properties.some((property) => property.type === "Property" && isPrototypeKey(property.key));
    case "NewExpression":
      return PLAIN_CLASSES.test(dottedName(node.callee) ?? "") && script.bindings.get(node.callee) === null;
    case "CallExpression": {
      const { callee } = node;
      if (callee.type !== "MemberExpression" || script.bindings.get(callee.object) !== null) return false;
      const name = dottedName(callee) ?? "", [first] = node.arguments;
      const isNull = first?.type === "Literal" && first.value === null;
      return PLAIN_CALLS.test(name) || name === "Object.create" && isNull;
    }
    case "Identifier": {
      const binding = script.bindings.get(node), declaration = binding?.declaration;
      if (binding === null) return node.name === "arguments";
      if (binding?.kind !== "const" || declaration?.type !== "VariableDeclarator") return false;
      const isOwn = declaration.start >= within.start && declaration.end <= within.end;
      return isOwn && declaration.id.type === "Identifier" && !!declaration.init && !isOfLoop(script, declaration) &&
        isPlain(script, declaration.init, within);
    }
    default:
      return false;
  }
}

/** True for the key by which an object literal gets a prototype. */
function isPrototypeKey(key: AnyNode): boolean {
  return key.type === "Identifier" && key.name === "__proto__" || key.type === "Literal" && key.value === "__proto__";
}

/** Members of a class that can be left out while no code names them, with their names; none for other code. */
export function methodsOfBody(node: AnyNode): Map<MethodNode, string> {
  const found = new Map<MethodNode, string>();
  for (const member of isClassNode(node) ? node.body.body : []) {
    const name = member.type === "MethodDefinition" ? nameOfMethod(member) : null;
    if (name !== null) found.set(member as MethodNode, name);
  }
  return found;
}
