/**
 * What a piece of code does with a variable: which members it reads, calls, assigns and mutates, through local aliases
 * too (`const { rate } = config`).
 *
 * @module
 */
import type { Binding, ScriptSyntax } from "./scopes.ts";
import { type AnyNode, childrenOf, isClassNode, isFunctionNode } from "./parse.ts";

/** One use of a variable or of a member of it. */
export interface Use {
  /** Names of the members from the variable on: `config.model.rate` is `["model", "rate"]`. */
  readonly path: readonly string[];
  /**
   * `read`: its value goes somewhere; `call`, `construct`: it is called; `write`: the member is assigned or deleted, or
   * the variable itself; `mutate`: something within the value is changed.
   */
  readonly how: "read" | "call" | "construct" | "write" | "mutate";
  /** The expression that the use is about. */
  readonly node: AnyNode;
  /** When the value is an argument: of which call, and the how-manieth. */
  readonly argument?: { readonly call: AnyNode; readonly index: number };
}

/** Methods of arrays, maps, sets and the like that change their receiver. */
export const MUTATORS: ReadonlySet<string> = new Set(
  ("push pop shift unshift splice sort reverse fill copyWithin set add delete clear append setTime setFullYear setMonth " +
    "setDate setHours setMinutes setSeconds setMilliseconds setUTCFullYear setUTCMonth setUTCDate setUTCHours " +
    "setUTCMinutes setUTCSeconds setUTCMilliseconds setInt8 setUint8 setInt16 setUint16 setInt32 setUint32 setFloat16 " +
    "setFloat32 setFloat64 setBigInt64 setBigUint64 transfer resize next return throw enqueue write writeSync")
    .split(" "),
);

/** Methods that hand out what the receiver holds, so that changing the outcome changes the receiver. */
const SELECTORS = new Set(["get", "at", "find", "findLast", "values", "entries", "getOrInsert", "getOrInsertComputed"]);

/** Functions of the platform that change their first argument, as they are written. */
const MUTATING_CALLS = new Set([
  "Object.assign",
  "Object.defineProperty",
  "Object.defineProperties",
  "Object.setPrototypeOf",
  "Reflect.set",
  "Reflect.deleteProperty",
  "Reflect.defineProperty",
  "Atomics.add",
  "Atomics.sub",
  "Atomics.and",
  "Atomics.or",
  "Atomics.xor",
  "Atomics.store",
  "Atomics.exchange",
  "Atomics.compareExchange",
  "crypto.getRandomValues",
]);

const LOGICAL_ASSIGNMENTS = new Set(["??=", "||=", "&&="]);

/** Aliases of aliases are followed this far; beyond, the value counts as read as a whole. */
const MAX_ALIAS_DEPTH = 8;

/**
 * What happens to the value of `node`, an expression that stands for a variable.
 *
 * @param script The script that holds it.
 * @param node A name, `this`, or a pattern's target.
 */
export function usesOf(script: ScriptSyntax, node: AnyNode): Use[] {
  const found: Use[] = [];
  if (node.type === "Identifier" && script.bindings.get(node)?.writes.includes(node)) {
    found.push({ path: [], how: "write", node });
    if (!isAlsoRead(script, node)) return found;
  }
  followValue(script, { node, path: [], isDeep: false, depth: 0, found });
  return found;
}

/** What happens to a declared name: the uses of all references to it. */
export function usesOfBinding(script: ScriptSyntax, binding: Binding): Use[] {
  return binding.references.flatMap((reference) => usesOf(script, reference));
}

/** The key of a member when it is written out: `a.b`, `a["b"]`, `a[0]`, `a.#b` with its `#`; `null` when it is computed. */
export function staticKey(node: Extract<AnyNode, { type: "MemberExpression" }>): string | null {
  const { property } = node;
  if (property.type === "PrivateIdentifier") return `#${property.name}`;
  if (!node.computed) return property.type === "Identifier" ? property.name : null;
  if (property.type === "Literal" && typeof property.value === "number") return String(property.value);
  return staticText(property);
}

/** The text of a string that is written out, as a template too; `null` for anything else. */
export function staticText(node: AnyNode): string | null {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "TemplateLiteral" && node.expressions.length === 0) return node.quasis[0]?.value.cooked ?? null;
  return null;
}

/** The text of a plain chain of names, `Object.assign`; `null` for anything else. */
export function dottedName(node: AnyNode): string | null {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression") return null;
  const key = staticKey(node), object = dottedName(node.object);
  return key === null || object === null ? null : `${object}.${key}`;
}

interface FollowStep {
  readonly node: AnyNode;
  readonly path: readonly string[];
  /** Past a computed member or a selecting call: only changes matter from here on. */
  readonly isDeep: boolean;
  readonly depth: number;
  readonly found: Use[];
}

function followValue(script: ScriptSyntax, step: FollowStep): void {
  const { node, path, isDeep, depth, found } = step;
  const parent = script.parents.get(node);
  const report = (how: Use["how"], argument?: Use["argument"]): void => {
    if (isDeep && how !== "mutate" && !argument) return;
    if (isDeep && argument && how === "read") return;
    found.push({ path, how, node, ...(argument ? { argument } : {}) });
  };
  switch (parent?.type) {
    case "ChainExpression":
    case "AwaitExpression":
      return parent.type === "ChainExpression" ? followValue(script, { ...step, node: parent }) : report("read");
    case "MemberExpression": {
      if (parent.object !== node) return report("read");
      const key = staticKey(parent);
      if (isDeep) return followValue(script, { ...step, node: parent });
      if (key !== null) return followValue(script, { ...step, node: parent, path: [...path, key] });
      report("read");
      return followValue(script, { ...step, node: parent, isDeep: true });
    }
    case "CallExpression":
    case "NewExpression": {
      if (parent.callee !== node) {
        const index = parent.arguments.findIndex((argument) => argument === node);
        if (index === 0 && parent.type === "CallExpression" && MUTATING_CALLS.has(dottedName(parent.callee) ?? "")) {
          report("mutate");
        }
        if (isObjectLister(parent.callee) && index === 0) {
          followContents(script, { ...step, node: parent, isDeep: true });
        }
        return report("read", { call: parent, index });
      }
      if (parent.type === "NewExpression") return report("construct");
      if (isDeep) {
        const method = node.type === "MemberExpression" ? staticKey(node) : null;
        if (method !== null && MUTATORS.has(method)) return report("mutate");
        if (method !== null && SELECTORS.has(method)) return followValue(script, { ...step, node: parent });
        return;
      }
      report("call");
      const last = path.at(-1);
      if (last !== undefined && SELECTORS.has(last)) {
        return followValue(script, { ...step, node: parent, path: path.slice(0, -1), isDeep: true });
      }
      if (last === "forEach") return followCallback(script, { ...step, node: parent, path: path.slice(0, -1) });
      return;
    }
    case "TaggedTemplateExpression":
      return report(parent.tag === node ? "call" : "read");
    case "AssignmentExpression":
      if (parent.left !== node) return report("read");
      // `x.kept ??= …` answers with what is there.
      if (LOGICAL_ASSIGNMENTS.has(parent.operator) && node.type === "MemberExpression" && !isDeep) report("read");
      return report(isDeep ? "mutate" : "write");
    case "UpdateExpression":
      return report(isDeep ? "mutate" : "write");
    case "UnaryExpression":
      return report(parent.operator === "delete" ? (isDeep ? "mutate" : "write") : "read");
    case "ForOfStatement":
    case "ForInStatement":
      if (parent.left === node) return report(isDeep ? "mutate" : "write");
      if (parent.right === node) {
        report("read");
        if (parent.type === "ForOfStatement") followContents(script, { ...step, isDeep: true });
      }
      return;
    case "ObjectPattern":
    case "ArrayPattern":
    case "RestElement":
      return report(isDeep ? "mutate" : "write");
    case "AssignmentPattern":
      return report(parent.left === node ? (isDeep ? "mutate" : "write") : "read");
    case "Property": {
      const above = script.parents.get(parent);
      return report(above?.type === "ObjectPattern" && parent.value === node ? (isDeep ? "mutate" : "write") : "read");
    }
    case "VariableDeclarator":
      if (parent.init !== node) return;
      if (depth >= MAX_ALIAS_DEPTH || !followPattern(script, parent.id, { ...step, depth: depth + 1 })) report("read");
      return;
    default:
      return report("read");
  }
}

/** Follows the names that a declaration gives to the value; `false` when some part of it is not followed. */
function followPattern(script: ScriptSyntax, pattern: AnyNode, step: FollowStep): boolean {
  if (pattern.type === "Identifier") return followAlias(script, pattern, step);
  if (pattern.type === "AssignmentPattern") {
    // The member may be absent, then the default stands in its place: read it, and follow the name.
    step.found.push(...(step.isDeep ? [] : [{ path: step.path, how: "read" as const, node: step.node }]));
    return followPattern(script, pattern.left, { ...step, isDeep: true });
  }
  if (pattern.type !== "ObjectPattern") return false;
  const isPlain = pattern.properties.every((property) =>
    property.type === "Property" && (!property.computed || property.key.type === "Literal")
  );
  if (!isPlain) return false;
  return pattern.properties.every((property) => {
    if (property.type !== "Property") return false;
    const key = property.key.type === "Identifier"
      ? property.key.name
      : property.key.type === "Literal"
      ? String(property.key.value)
      : "";
    const inner = { ...step, path: step.isDeep ? step.path : [...step.path, key] };
    if (!followPattern(script, property.value, inner)) {
      inner.found.push({ path: inner.path, how: "read", node: step.node });
    }
    return true;
  });
}

function followAlias(script: ScriptSyntax, name: AnyNode, step: FollowStep): boolean {
  const binding = script.bindings.get(name);
  if (!binding || binding.writes.length > 0 || binding.scope.kind === "module") return false;
  for (const reference of binding.references) followValue(script, { ...step, node: reference });
  return true;
}

/** `for (const item of value)`: changes to the items are changes within the value. */
function followContents(script: ScriptSyntax, step: FollowStep): void {
  let parent = script.parents.get(step.node);
  let node = step.node;
  while (parent?.type === "ChainExpression" || parent?.type === "SpreadElement") {
    node = parent;
    parent = script.parents.get(parent);
  }
  if (parent?.type !== "ForOfStatement" || parent.right !== node || parent.left.type !== "VariableDeclaration") return;
  const pattern = parent.left.declarations[0]?.id;
  for (const name of pattern ? namesIn(pattern) : []) {
    const binding = script.bindings.get(name);
    for (const reference of binding?.references ?? []) {
      followValue(script, { ...step, node: reference, isDeep: true, depth: step.depth + 1 });
    }
  }
}

/** `value.forEach((item) => …)`, likewise. */
function followCallback(script: ScriptSyntax, step: FollowStep): void {
  const callback = step.node.type === "CallExpression" ? step.node.arguments[0] : undefined;
  if (!callback || !isFunctionNode(callback as AnyNode)) return;
  const first = (callback as Extract<AnyNode, { type: "ArrowFunctionExpression" }>).params[0];
  for (const name of first ? namesIn(first) : []) {
    for (const reference of script.bindings.get(name)?.references ?? []) {
      followValue(script, { ...step, node: reference, isDeep: true, depth: step.depth + 1 });
    }
  }
}

function namesIn(pattern: AnyNode): AnyNode[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern];
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => element ? namesIn(element) : []);
    case "ObjectPattern":
      return pattern.properties.flatMap((property) => property.type === "Property" ? namesIn(property.value) : []);
    case "AssignmentPattern":
      return namesIn(pattern.left);
    default:
      return [];
  }
}

function isObjectLister(callee: AnyNode): boolean {
  const name = dottedName(callee);
  return name === "Object.values" || name === "Object.entries";
}

/** `x += 1` and `x ??= {}` use the old value, `x = 1` does not; the outcome of an assignment may be used as well. */
function isAlsoRead(script: ScriptSyntax, node: AnyNode): boolean {
  const parent = script.parents.get(node);
  return parent?.type === "AssignmentExpression" ? parent.operator !== "=" : parent?.type === "UpdateExpression";
}

/** Whether a function depends on its receiver: `this`, `super` or a private name in it or in an arrow within. */
export function usesThis(node: AnyNode): boolean {
  let known = thisUsers.get(node);
  if (known === undefined) thisUsers.set(node, known = findThis(node, true));
  return known;
}

const thisUsers = new WeakMap<AnyNode, boolean>();

function findThis(node: AnyNode, isRoot: boolean): boolean {
  if (node.type === "ThisExpression" || node.type === "Super" || node.type === "PrivateIdentifier") return true;
  if (!isRoot && (node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || isClassNode(node))) {
    return false;
  }
  if (node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "eval") return true;
  return childrenOf(node).some((child) => findThis(child, false));
}
