/**
 * Variables of packages that hold values of the moment: random ones, times, the id of the process. They are others in each
 * process, and so they cannot count.
 *
 * @module
 */
import { type AnyNode, childrenOf, isClassNode, isFunctionNode } from "../syntax/parse.ts";
import { type Binding, functionOf, type ScriptSyntax } from "../syntax/scopes.ts";
import { dottedName } from "../syntax/uses.ts";

/** What a script has that knows a value of the moment. */
const MOMENT =
  /new Date\b|Date\.now\b|\.random\b|performance\.now\b|\bhrtime\b|\brandom\w*\(|getRandomValues|process\.pid\b|randomUUID/;
/** Functions whose results are of the moment. */
const MAKERS = /(?:^|\.)(?:random\w*|getRandomValues|hrtime|hrtime\.bigint)$|^(?:Date|performance)\.now$|^Date$/;
const RANDOM = /Math\.random|randomUUID|getRandomValues/;
/** A text that `crypto.randomUUID` gives, or a function like it: version 4 of RFC 9562. */
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i;

const known = new Map<string, boolean>();

/** True for the text of a script that may know a value of the moment. */
export function knowsMoments(text: string): boolean {
  let is = known.get(text);
  if (is === undefined) known.set(text, is = MOMENT.test(text));
  return is;
}

/** How a variable comes to hold a value of the moment: always, or until it is told another one. */
export type Momentary = "always" | "at first" | "never";

const answers = new WeakMap<Binding, Momentary>();

/** Tells whether a variable holds a value of the moment. */
export function momentaryOf(script: ScriptSyntax, binding: Binding): Momentary {
  if (!knowsMoments(script.text)) return "never";
  let answer = answers.get(binding);
  if (answer === undefined) {
    answers.set(binding, "never"); // for a variable that has a part in itself
    const values = valuesOf(script, binding);
    const moments = values.filter((value) => isMoment(script, value));
    answer = moments.length === 0
      ? "never"
      : values.every((one) => isFixed(one) || moments.includes(one))
      ? "always"
      : "at first";
    answers.set(binding, answer);
  }
  return answer;
}

/** Expressions whose values a variable gets. */
function valuesOf({ parents }: ScriptSyntax, { declaration, writes, kind }: Binding): AnyNode[] {
  const isDeclared = declaration?.type === "VariableDeclarator" && declaration.id.type === "Identifier" &&
    declaration.init;
  const found: AnyNode[] = isDeclared ? [isDeclared] : kind === "parameter" && declaration ? [declaration] : [];
  for (const write of writes) {
    const parent = parents.get(write);
    if (parent?.type === "AssignmentExpression" && parent.left === write) found.push(parent.right);
  }
  return found;
}

function isFixed(value: AnyNode): boolean {
  return value.type === "Literal" || value.type === "UpdateExpression" ||
    value.type === "UnaryExpression" && value.operator === "void";
}

/** True for an expression in which a value of the moment has a part. */
function isMoment(script: ScriptSyntax, expression: AnyNode): boolean {
  const open = [expression];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (isFunctionNode(node) || isClassNode(node)) continue;
    if (node.type === "CallExpression" && MAKERS.test(dottedName(node.callee as AnyNode) ?? "")) return true;
    if (node.type === "NewExpression" && node.arguments.length === 0 && dottedName(node.callee as AnyNode) === "Date") {
      return true;
    }
    if (node.type === "MemberExpression" && dottedName(node) === "process.pid") return true;
    if (node.type === "Identifier") {
      const binding = script.bindings.get(node);
      if (binding && isOfMoment(script, node, binding)) return true;
      continue;
    }
    open.push(...childrenOf(node));
  }
  return false;
}

/** True for the name of a variable that is of the moment, and for that of a function that is called and makes something random. */
function isOfMoment(script: ScriptSyntax, node: AnyNode, binding: Binding): boolean {
  const parent = script.parents.get(node);
  const isCalled = parent?.type === "CallExpression" && parent.callee === node;
  const made = functionOf(binding);
  if (made !== null) return isCalled && RANDOM.test(script.text.slice(made.start, made.end));
  return momentaryOf(script, binding) !== "never";
}

/** True for a value that was not made at random: a small number, a short text, an object. */
export function isSimple(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 1e6;
  return typeof value === "string" ? value.length < 10 : true;
}

/** True for a text that was made at random. */
export function isRandomText(value: unknown): boolean {
  return typeof value === "string" && UUID.test(value);
}
