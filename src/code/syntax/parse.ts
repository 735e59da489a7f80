/**
 * Syntax trees. Only this file runs acorn.
 *
 * The parsed text is the JavaScript that V8 runs, types already stripped, so a JavaScript parser is enough.
 *
 * @module
 */
import { type AnyNode, type Options, parse, type Program } from "acorn";

export type { AnyNode, Program };

/** A function in any of its syntactic forms. */
export type FunctionNode = Extract<
  AnyNode,
  { type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression" }
>;

/** A class in either of its syntactic forms. */
export type ClassNode = Extract<AnyNode, { type: "ClassDeclaration" | "ClassExpression" }>;

const OPTIONS: Options = {
  ecmaVersion: "latest",
  sourceType: "module",
  allowAwaitOutsideFunction: true,
  allowReturnOutsideFunction: true,
  allowSuperOutsideMethod: true,
  checkPrivateFields: false,
  allowHashBang: true,
};

/** Imports that acorn does not know yet, `import defer * as x` and `import source x`; blanks replace the phase. */
const PHASE_IMPORT = /\bimport([ \t]+)(defer|source)(?=[ \t]+(?:\*|[\w$]+[ \t]+from\b))/g;
const PHASE_CALL = /\bimport(\.(?:defer|source))(?=[ \t]*\()/g;

/**
 * Parses a whole script; `null` when its syntax is newer than the parser, or nested too deep for it. Positions in the
 * tree refer to `text`.
 *
 * @param text A module, or a script such as CommonJS.
 */
export function parseScript(text: string): Program | null {
  return parseAs(text, "module") ?? parseAs(blankPhases(text), "module") ?? parseAs(text, "script");
}

/**
 * Parses the text of one function or class, as `toString` gives it: a declaration, an expression, an arrow function,
 * a method, an accessor or a class.
 *
 * @returns The node and the text that its positions refer to; `null` for native code, and for syntax that is newer
 * than the parser or nested too deep for it.
 */
export function parseCallable(text: string): CallableSyntax | null {
  for (const [before, after] of WRAPPERS) {
    const whole = before + text + after;
    const program = parseAs(whole, "module") ?? parseAs(whole, "script");
    const node = program && callableIn(program);
    if (node) return { text: whole, program: program as Program, node };
  }
  return null;
}

/** A function or class, parsed on its own. */
export interface CallableSyntax {
  /** The parsed text: the callable's own text in a wrapping that makes it an expression. */
  readonly text: string;
  readonly program: Program;
  /** The callable itself. */
  readonly node: FunctionNode | ClassNode;
}

/** True for a script with imports or exports. */
export function isModule({ body }: Program): boolean {
  return body.some(({ type }) => type.startsWith("Import") || type.startsWith("Export"));
}

/** True for a function in any form. */
export function isFunctionNode(node: AnyNode): node is FunctionNode {
  return node.type === "FunctionDeclaration" || node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression";
}

/** True for a class in either form. */
export function isClassNode(node: AnyNode): node is ClassNode {
  return node.type === "ClassDeclaration" || node.type === "ClassExpression";
}

const childKeys = new Map<string, readonly string[]>();
const NOT_CHILDREN = new Set(["type", "start", "end", "loc", "range", "value", "raw", "regex", "bigint", "directive"]);

/** Nodes directly below `node`, in the order of the source where the tree keeps that order. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const record = node as unknown as Record<string, unknown>;
  const found: AnyNode[] = [];
  for (const key of keysOf(node)) {
    const value = record[key];
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) found.push(item);
    } else if (isNode(value)) found.push(value);
  }
  return found;
}

function keysOf(node: AnyNode): readonly string[] {
  let keys = childKeys.get(node.type);
  if (!keys) {
    const all = Object.keys(node);
    keys = all.filter((key) => !NOT_CHILDREN.has(key) || (key === "value" && HAS_VALUE_NODE.has(node.type)));
    childKeys.set(node.type, keys);
  }
  return keys;
}

const HAS_VALUE_NODE = new Set(["Property", "MethodDefinition", "PropertyDefinition"]);

/** True for a value of a field that is a node. */
export function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && typeof (value as AnyNode).type === "string";
}

const WRAPPERS = [["(", "\n)"], ["({", "\n})"], ["(class{", "\n})"], ["(class extends Object{", "\n})"]] as const;

function callableIn(program: Program): FunctionNode | ClassNode | null {
  const statement = program.body[0];
  if (program.body.length !== 1 || statement?.type !== "ExpressionStatement") return null;
  const expression = statement.expression;
  if (isFunctionNode(expression)) return expression;
  if (expression.type === "ObjectExpression") {
    const property = expression.properties[0];
    if (expression.properties.length !== 1 || property?.type !== "Property") return null;
    return isFunctionNode(property.value) ? property.value : null;
  }
  if (expression.type !== "ClassExpression") return null;
  const member = expression.body.body[0];
  const isWrapper = expression.start === 1 && program.end - expression.end <= 1 && expression.id === null;
  if (
    isWrapper && expression.body.body.length === 1 && member?.type === "MethodDefinition" &&
    member.kind !== "constructor"
  ) {
    return member.value;
  }
  return expression;
}

function parseAs(text: string, sourceType: "module" | "script"): Program | null {
  try {
    return parse(text, { ...OPTIONS, sourceType });
  } catch (error) {
    // A `RangeError` means code that is nested too deep for the parser's recursion, such as a sum of 10,000 terms.
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}

function blankPhases(text: string): string {
  return text.replace(PHASE_IMPORT, (_, space: string, phase: string) => `import${space}${" ".repeat(phase.length)}`)
    .replace(PHASE_CALL, (_, phase: string) => `import${" ".repeat(phase.length)}`);
}

/** True for a member whose computed key the class itself shows, or its prototype: a method or a static field. */
export function isKeyOfClass(member: AnyNode): boolean {
  if (member.type === "MethodDefinition") return member.computed;
  return member.type === "PropertyDefinition" && member.computed && member.static;
}
