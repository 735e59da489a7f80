/**
 * Parameter list of a function, read from the function's text.
 *
 * @module
 */
import { type NameNode, resolveNames, type ScriptSyntax } from "./scopes.ts";
import { type AnyNode, type CallableSyntax, type FunctionNode, isFunctionNode, parseCallable } from "./parse.ts";
import { usesThis } from "./uses.ts";

/** A name that a parameter list binds, with the place of its value in the arguments. */
export interface BoundName {
  readonly name: string;
  /** Position of the argument. */
  readonly index: number;
  /** Property names and element numbers from the argument inwards; empty for a parameter without a pattern. */
  readonly path: readonly string[];
  /** True for a rest, which collects the values that the names beside it leave over. */
  readonly isRest: boolean;
}

/** A function's parameters. */
export interface ParameterList {
  /** Number of positions, the rest parameter included. */
  readonly count: number;
  /** True when the last position is a rest parameter. */
  readonly rest: boolean;
  /** Labels to show, one per position: the name, or `{a, b}` for a pattern. */
  readonly labels: readonly string[];
  /** All names that the list binds. */
  readonly names: readonly BoundName[];
  /** True when the function can see arguments beyond the list, or their number: it uses `arguments` or `eval`. */
  readonly usesArguments: boolean;
  /**
   * True when the outcome can depend on a receiver: the function has one and uses `this`, `super` or a private name.
   */
  readonly usesThis: boolean;
  /** True when {@linkcode fillDefaults} may have something to do. */
  readonly hasDefaults: boolean;
  /**
   * Plans by which {@linkcode fillDefaults} fills in defaults, one per position; `null` where nothing is to be done.
   */
  readonly plan: readonly (DefaultPlan | null)[];
  /** Defaults made of earlier parameters, in order: what hides a value must hide what is made of it. */
  readonly made: readonly MadeDefault[];
}

/** Place of a default that {@linkcode fillDefaults} makes of earlier parameters. */
export interface MadeDefault {
  /** Position of the argument. */
  readonly index: number;
  /** Property names and element numbers from the argument inwards; empty for the argument itself. */
  readonly path: readonly string[];
  /** Positions of the parameters that the default is made of. */
  readonly uses: readonly number[];
}

/**
 * Reads the parameter list of a function: declared, arrow, asynchronous, method or accessor.
 *
 * @returns `null` when the list cannot be known: for a bound or native function, a class, or syntax newer than the
 * parser.
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
  const made: MadeDefault[] = [];
  const plan = compileDefaults(node.params, made);
  return {
    count: node.params.length,
    rest: node.params.at(-1)?.type === "RestElement",
    labels: node.params.map(labelOf),
    names,
    usesArguments: mentions(script, isArrow ? ["eval"] : ["arguments", "eval"]),
    usesThis: !isArrow && usesThis(node),
    hasDefaults: plan.some((one) => one !== null),
    plan,
    made,
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
        else collectNames(property.value, index, [...path, propertyKeyOf(property) ?? "*"], false, into);
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

/** Key of a property that is written out; `null` for a computed key. */
export function propertyKeyOf(property: Extract<AnyNode, { type: "Property" }>): string | null {
  if (property.key.type === "Identifier") return property.computed ? null : property.key.name;
  return property.key.type === "Literal" ? String(property.key.value) : null;
}

function mentions(script: ScriptSyntax, names: readonly string[]): boolean {
  for (const [node, binding] of script.bindings) {
    if (binding === null && names.includes((node as NameNode).name)) return true;
  }
  return false;
}

/** Plan by which one parameter, or one part of a destructured parameter, is brought into its full form. */
interface DefaultPlan {
  /** Makes the default value; `null` when there is no default, or only running the function could tell its value. */
  readonly make: Maker | null;
  /** Plans for the members of a destructured object, by key; `null` for anything else and for computed keys. */
  readonly members: readonly (readonly [key: string, plan: DefaultPlan | null])[] | null;
  /** Plans for the elements of a destructured array, `null` for a hole; `null` for anything else. */
  readonly elements: readonly (DefaultPlan | null)[] | null;
  /** True when the pattern has a rest, so that members or elements beyond those named stay. */
  readonly hasRest: boolean;
}

/** Makes a value from the arguments for the parameters before it; {@linkcode UNKNOWN} when the value cannot be told. */
type Maker = (args: readonly unknown[]) => unknown;

/** Objects of the platform whose numbers count as constants: `Math.PI`, `Number.EPSILON`. */
const CONSTANT_OWNERS: Readonly<Record<string, object>> = { Math, Number };

/** Marks a value that only running the function could tell. */
const UNKNOWN = Symbol("unknown");

/**
 * Returns the arguments as the function's parameters see them, as far as that can be told without running the
 * function.
 *
 * A default is filled in where the argument, or the member of a destructured argument, is absent or `undefined`, and
 * where the default is one of these: a literal other than a regular expression; a template without expressions; an
 * array or plain object of such defaults; `undefined`, `NaN`, `Infinity` and the constants of `Math` and `Number`;
 * signs, negations and arithmetic of such defaults; and earlier parameters that have a plain name. Any other default
 * (a call, `new Date(0)`, a captured variable) is left as `undefined` in its place: its expression is part of the
 * function's code and counts through the fingerprint.
 *
 * A plain object that is destructured without a rest comes out with exactly the members that the pattern names, so
 * that members that the function cannot see do not count. Objects with a class or with accessors are left as they
 * are.
 *
 * @param parameters Parameter list from {@linkcode parseParameters}.
 * @param args Arguments of a call. They are not changed; this array itself is returned when there is nothing to fill
 * in.
 * @returns As many values as were passed, or as there are parameters with a default, whichever is more.
 */
export function fillDefaults(parameters: ParameterList, args: readonly unknown[]): unknown[] {
  if (!parameters.hasDefaults) return args as unknown[];
  const filled = [...args];
  parameters.plan.forEach((plan, index) => {
    // No holes: the function cannot tell an absent argument from `undefined`.
    while (plan && filled.length < index) filled.push(undefined);
    if (plan) filled[index] = fill(plan, filled[index], filled);
  });
  return filled;
}

/** Compiles the defaults of a parameter list; `null` for a parameter that has none. Lists those made of parameters. */
function compileDefaults(parameters: readonly AnyNode[], made: MadeDefault[]): (DefaultPlan | null)[] {
  const earlier = new Map<string, number>();
  return parameters.map((parameter, index) => {
    if (parameter.type === "RestElement") return null;
    const plan = compile(parameter, new Map(earlier));
    if (plan !== null) collectMade(parameter, { index, path: [], earlier }, made);
    const name = parameter.type === "AssignmentPattern" ? parameter.left : parameter;
    if (name.type === "Identifier") earlier.set(name.name, index);
    return plan;
  });
}

/** Collects the defaults in a parameter that are made of earlier ones: those that cannot be made without one of these. */
function collectMade(
  node: AnyNode,
  place: { index: number; path: readonly string[]; earlier: ReadonlyMap<string, number> },
  into: MadeDefault[],
): void {
  const { index, path, earlier } = place;
  const collectIn = (child: AnyNode, name: string) => collectMade(child, { ...place, path: [...path, name] }, into);
  switch (node.type) {
    case "AssignmentPattern": {
      if (compileExpression(node.right, earlier) !== null) {
        const canDoWithout = (name: string) =>
          compileExpression(node.right, new Map([...earlier].filter(([one]) => one !== name))) !== null;
        const uses = [...earlier].filter(([name]) => !canDoWithout(name)).map(([, used]) => used);
        if (uses.length > 0) into.push({ index, path, uses });
      }
      return collectMade(node.left, place, into);
    }
    case "ObjectPattern":
      for (const property of node.properties) {
        const key = property.type === "Property" ? propertyKeyOf(property) : null;
        if (property.type === "Property" && key !== null) collectIn(property.value, key);
      }
      return;
    case "ArrayPattern":
      return node.elements.forEach((element, at) => element && collectIn(element, String(at)));
  }
}

function compile(node: AnyNode, earlier: ReadonlyMap<string, number>): DefaultPlan | null {
  switch (node.type) {
    case "AssignmentPattern": {
      const inner = compile(node.left, earlier);
      const make = compileExpression(node.right, earlier);
      if (!make && !inner) return null;
      return { members: null, elements: null, hasRest: false, ...inner, make };
    }
    case "ObjectPattern": {
      const hasRest = node.properties.some((property) => property.type === "RestElement");
      const members: [string, DefaultPlan | null][] = [];
      for (const property of node.properties) {
        if (property.type !== "Property") continue;
        if (property.computed && property.key.type !== "Literal") return null;
        const key = property.key.type === "Identifier"
          ? property.key.name
          : String((property.key as { value?: unknown }).value);
        members.push([key, compile(property.value, earlier)]);
      }
      return { make: null, members, elements: null, hasRest };
    }
    case "ArrayPattern": {
      const hasRest = node.elements.at(-1)?.type === "RestElement";
      const elements = node.elements.filter((element) => element?.type !== "RestElement")
        .map((element) => element ? compile(element, earlier) : null);
      return { make: null, members: null, elements, hasRest };
    }
    default:
      return null;
  }
}

function fill(plan: DefaultPlan, given: unknown, args: readonly unknown[]): unknown {
  let value = given;
  if (value === undefined && plan.make) {
    const made = plan.make(args);
    value = made === UNKNOWN ? undefined : made;
  }
  if (plan.members && isPlainData(value)) return fillMembers(plan, plan.members, value, args);
  if (plan.elements && isPlainArray(value)) return fillElements(plan, plan.elements, value, args);
  return value;
}

function fillMembers(
  plan: DefaultPlan,
  members: NonNullable<DefaultPlan["members"]>,
  value: Record<string, unknown>,
  args: readonly unknown[],
): unknown {
  const filled: Record<string, unknown> = plan.hasRest ? { ...value } : {};
  for (const [key, inner] of members) {
    const member = Object.hasOwn(value, key) ? value[key] : inheritedMember(key);
    Object.defineProperty(filled, key, {
      value: inner ? fill(inner, member, args) : member,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return filled;
}

/** Value that a plain object without an own member of that key inherits. */
function inheritedMember(key: string): unknown {
  return (Object.prototype as unknown as Record<string, unknown>)[key];
}

function fillElements(
  plan: DefaultPlan,
  elements: NonNullable<DefaultPlan["elements"]>,
  value: readonly unknown[],
  args: readonly unknown[],
): unknown[] {
  const filled = elements.map((inner, index) => inner ? fill(inner, value[index], args) : value[index]);
  return plan.hasRest ? [...filled, ...value.slice(elements.length)] : filled;
}

function isPlainData(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every((property) => "value" in property);
}

function isPlainArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype;
}

function compileExpression(node: AnyNode, earlier: ReadonlyMap<string, number>): Maker | null {
  try {
    return expressionMaker(node, earlier);
  } catch (error) {
    if (error === UNKNOWN) return null;
    throw error;
  }
}

/**
 * Compiles an expression.
 *
 * @throws {symbol} {@linkcode UNKNOWN} for an expression whose value only running the function could tell.
 */
function expressionMaker(node: AnyNode, earlier: ReadonlyMap<string, number>): Maker {
  const inner = (child: AnyNode): Maker => expressionMaker(child, earlier);
  switch (node.type) {
    case "Literal": {
      if (node.regex) throw UNKNOWN;
      const { value } = node;
      return () => value;
    }
    case "TemplateLiteral": {
      const text = node.quasis[0]?.value.cooked;
      if (node.expressions.length > 0 || text === undefined) throw UNKNOWN;
      return () => text;
    }
    case "Identifier":
      return nameMaker(node.name, earlier);
    case "MemberExpression": {
      const owner = node.object.type === "Identifier" ? CONSTANT_OWNERS[node.object.name] : undefined;
      if (!owner || node.computed || node.property.type !== "Identifier") throw UNKNOWN;
      const value: unknown = Object.getOwnPropertyDescriptor(owner, node.property.name)?.value;
      if (typeof value !== "number") throw UNKNOWN;
      return () => value;
    }
    case "UnaryExpression": {
      const argument = inner(node.argument), { operator } = node;
      if (!["-", "+", "!", "~", "void"].includes(operator)) throw UNKNOWN;
      return (args) => applyUnary(operator, argument(args));
    }
    case "BinaryExpression": {
      const left = inner(node.left), right = inner(node.right), { operator } = node;
      if (!["+", "-", "*", "/", "%", "**"].includes(operator)) throw UNKNOWN;
      return (args) => applyBinary(operator, left(args), right(args));
    }
    case "ArrayExpression": {
      const elements = node.elements.map((element) => {
        if (!element || element.type === "SpreadElement") throw UNKNOWN;
        return inner(element);
      });
      return (args) => {
        const values = elements.map((element) => element(args));
        return values.includes(UNKNOWN) ? UNKNOWN : values;
      };
    }
    case "ObjectExpression":
      return objectMaker(node, inner);
    default:
      throw UNKNOWN;
  }
}

function nameMaker(name: string, earlier: ReadonlyMap<string, number>): Maker {
  const index = earlier.get(name);
  if (index !== undefined) return (args) => args[index];
  if (name === "undefined") return () => undefined;
  if (name === "NaN") return () => NaN;
  if (name === "Infinity") return () => Infinity;
  throw UNKNOWN;
}

function objectMaker(node: Extract<AnyNode, { type: "ObjectExpression" }>, inner: (child: AnyNode) => Maker): Maker {
  const members = node.properties.map((property) => {
    if (property.type !== "Property" || property.kind !== "init" || property.method) throw UNKNOWN;
    if (property.computed && property.key.type !== "Literal") throw UNKNOWN;
    const key = property.key.type === "Identifier"
      ? property.key.name
      : String((property.key as { value?: unknown }).value);
    if (key === "__proto__") throw UNKNOWN;
    return [key, inner(property.value)] as const;
  });
  return (args) => {
    const entries = members.map(([key, make]) => [key, make(args)] as const);
    return entries.some(([, value]) => value === UNKNOWN) ? UNKNOWN : Object.fromEntries(entries);
  };
}

function applyUnary(operator: string, value: unknown): unknown {
  if (operator === "void") return undefined;
  if (operator === "!") return typeof value === "object" || typeof value === "function" ? UNKNOWN : !value;
  if (typeof value === "bigint") return operator === "-" ? -value : operator === "~" ? ~value : UNKNOWN;
  if (typeof value !== "number") return UNKNOWN;
  return operator === "-" ? -value : operator === "~" ? ~value : value;
}

function applyBinary(operator: string, left: unknown, right: unknown): unknown {
  if (operator === "+" && typeof left === "string" && typeof right === "string") return left + right;
  if (typeof left !== "number" || typeof right !== "number") return UNKNOWN;
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    default:
      return left ** right;
  }
}
