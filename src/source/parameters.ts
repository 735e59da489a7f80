/**
 * The parameter list of a function, from its text.
 *
 * @module
 */
import { compileDefaults, type DefaultPlan } from "./defaults.ts";
import { type NameNode, resolveNames, type ScriptSyntax } from "./scopes.ts";
import { type AnyNode, type CallableSyntax, type FunctionNode, isFunctionNode, parseCallable } from "./syntax.ts";
import { usesThis } from "./uses_this.ts";

/** A name that a parameter list binds, and where its value is in the arguments. */
export interface BoundName {
  readonly name: string;
  /** Position of the argument. */
  readonly index: number;
  /** Property names and element numbers from the argument inwards; empty for a parameter without a pattern. */
  readonly path: readonly string[];
  /** Collects what the names beside it leave over. */
  readonly isRest: boolean;
}

/** A function's parameters. */
export interface ParameterList {
  /** How many positions there are, the rest parameter counted. */
  readonly count: number;
  /** The last position is a rest parameter. */
  readonly rest: boolean;
  /** One label per position, for showing: the name, or `{a, b}` for a pattern. */
  readonly labels: readonly string[];
  /** All names that are bound. */
  readonly names: readonly BoundName[];
  /** The body can see arguments beyond the list, and which were passed: `arguments`, or `eval`. */
  readonly usesArguments: boolean;
  /** The outcome can depend on the receiver: `this`, `super` or a private name in a function that has a receiver. */
  readonly usesThis: boolean;
  /** Whether there is anything to fill in. */
  readonly hasDefaults: boolean;
  /** How defaults are filled in; see {@linkcode fillDefaults}. */
  readonly plan: readonly (DefaultPlan | null)[];
}

/**
 * Reads the parameter list of a function: declared, arrow, asynchronous, method or accessor.
 *
 * @returns `null` when it cannot be known: a bound or native function, a class, or syntax newer than the parser.
 *
 * @example
 * ```ts
 * import { parseParameters } from "./parameters.ts";
 *
 * const list = parseParameters((x: number, { a = 1 } = {}, ...rest: number[]) => x + a + rest.length);
 * console.log(list?.labels, list?.names.map((bound) => bound.name)); // [ "x", "{a}", "rest" ] [ "x", "a", "rest" ]
 * ```
 */
export function parseParameters(fn: object): ParameterList | null {
  const syntax = parseCallable(Function.prototype.toString.call(fn));
  if (!syntax || !isFunctionNode(syntax.node)) return null;
  return readParameters(syntax, syntax.node);
}

function readParameters(syntax: CallableSyntax, node: FunctionNode): ParameterList {
  const script = resolveNames(syntax.text, syntax.program);
  const names: BoundName[] = [];
  node.params.forEach((parameter, index) => collectNames(parameter, index, [], false, names));
  const isArrow = node.type === "ArrowFunctionExpression";
  const plan = compileDefaults(node.params);
  return {
    count: node.params.length,
    rest: node.params.at(-1)?.type === "RestElement",
    labels: node.params.map(labelOf),
    names,
    usesArguments: mentions(script, isArrow ? ["eval"] : ["arguments", "eval"]),
    usesThis: !isArrow && usesThis(node),
    hasDefaults: plan.some((one) => one !== null),
    plan,
  };
}

function collectNames(node: AnyNode, index: number, path: readonly string[], isRest: boolean, into: BoundName[]): void {
  switch (node.type) {
    case "Identifier":
      return void into.push({ name: node.name, index, path, isRest });
    case "AssignmentPattern":
      return collectNames(node.left, index, path, isRest, into);
    case "RestElement":
      return collectNames(node.argument, index, path, true, into);
    case "ArrayPattern":
      return node.elements.forEach((element, at) => {
        if (element) {
          collectNames(element, index, element.type === "RestElement" ? path : [...path, String(at)], false, into);
        }
      });
    case "ObjectPattern":
      for (const property of node.properties) {
        if (property.type === "RestElement") collectNames(property.argument, index, path, true, into);
        else collectNames(property.value, index, [...path, keyOf(property) ?? "*"], false, into);
      }
  }
}

function labelOf(node: AnyNode): string {
  if (node.type === "Identifier") return node.name;
  if (node.type === "AssignmentPattern") return labelOf(node.left);
  if (node.type === "RestElement") return labelOf(node.argument);
  const names: BoundName[] = [];
  collectNames(node, 0, [], false, names);
  const list = names.map((bound) => bound.name).join(", ");
  return node.type === "ArrayPattern" ? `[${list}]` : `{${list}}`;
}

/** The key of a property that is written out; `null` when it is computed. */
export function keyOf(property: Extract<AnyNode, { type: "Property" }>): string | null {
  if (property.key.type === "Identifier") return property.computed ? null : property.key.name;
  return property.key.type === "Literal" ? String(property.key.value) : null;
}

function mentions(script: ScriptSyntax, names: readonly string[]): boolean {
  for (const [node, binding] of script.bindings) {
    if (binding === null && names.includes((node as NameNode).name)) return true;
  }
  return false;
}
