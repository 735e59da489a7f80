/**
 * Uses of a variable in a piece of code: the members that the code reads, calls, assigns and mutates, also through
 * local aliases (`const { rate } = config`).
 *
 * @module
 */
import type { Binding, NameNode, ScriptSyntax } from "./scopes.ts";
import { isDoneOnce, isFill, isMarked } from "./fills.ts";
import { type AnyNode, childrenOf, isClassNode, isFunctionNode } from "./parse.ts";

/** One use of a variable or of a member of it. */
export interface Use {
  /** Names of the members from the variable on: `config.model.rate` is `["model", "rate"]`. */
  readonly path: readonly string[];
  /**
   * Kind of the use. `read`: the value goes somewhere. `call`, `construct`: the value is called. `write`: the member,
   * or the variable itself, is assigned or deleted. `mutate`: something within the value is changed.
   */
  readonly how: "read" | "call" | "construct" | "write" | "mutate";
  /** Expression that stands for the used value. */
  readonly node: AnyNode;
  /** Call that the value is passed to, and the position among its arguments; absent when the value is no argument. */
  readonly argument?: { readonly call: AnyNode; readonly index: number };
}

/**
 * Kind of a change. `fill` is a write that is made once: to a variable or member that holds nothing yet, `cache ??= load()`,
 * or under a condition that is taken away with it, `if (!isLoaded) { cache = load(); isLoaded = true; }`.
 */
export type Change = "write" | "mutate" | "fill";

/** Methods of arrays, maps, sets and the like that change their receiver. */
export const MUTATORS: ReadonlySet<string> = new Set(
  ("push pop shift unshift splice sort reverse fill copyWithin set add delete clear append setTime setFullYear setMonth " +
    "setDate setHours setMinutes setSeconds setMilliseconds setUTCFullYear setUTCMonth setUTCDate setUTCHours " +
    "setUTCMinutes setUTCSeconds setUTCMilliseconds setInt8 setUint8 setInt16 setUint16 setInt32 setUint32 setFloat16 " +
    "setFloat32 setFloat64 setBigInt64 setBigUint64 transfer resize next return throw enqueue write writeSync")
    .split(" "),
);

/** Methods that return something that the receiver holds, so that a change of the result changes the receiver. */
const SELECTORS = new Set(["get", "at", "find", "findLast", "values", "entries", "getOrInsert", "getOrInsertComputed"]);

/** Functions of the platform that change their first argument, by the names that code calls them by. */
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

/** Longest chain of aliases that is followed. Beyond it, the value counts as read as a whole. */
const MAX_ALIAS_DEPTH = 8;

/**
 * Finds the uses of the value of `node`, an expression that stands for a variable.
 *
 * @param script The script that contains `node`.
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

/** Finds the uses of a declared name, at all references to the name. */
export function usesOfBinding(script: ScriptSyntax, binding: Binding): Use[] {
  return binding.references.flatMap((reference) => usesOf(script, reference));
}

/** Key of a member that is written out: `a.b`, `a["b"]`, `a[0]`, `a.#b` with its `#`; `null` for a computed key. */
export function staticKey(node: Extract<AnyNode, { type: "MemberExpression" }>): string | null {
  const { property } = node;
  if (property.type === "PrivateIdentifier") return `#${property.name}`;
  if (!node.computed) return property.type === "Identifier" ? property.name : null;
  if (property.type === "Literal" && typeof property.value === "number") return String(property.value);
  return staticText(property);
}

/** True for a name of a variable that is declared within a piece of code, which nothing else can see. */
export function isDeclaredWithin(script: ScriptSyntax, node: AnyNode, unit: AnyNode): boolean {
  const binding = node.type === "Identifier" ? script.bindings.get(node) : null;
  return binding ? binding.scope.start >= unit.start && binding.scope.end <= unit.end : false;
}

/** True for a variable within a piece of code that always holds an object which that code has made itself. */
export function isMadeWithin(script: ScriptSyntax, node: AnyNode, unit: AnyNode): boolean {
  if (!isDeclaredWithin(script, node, unit)) return false;
  const { declaration, writes } = script.bindings.get(node as NameNode)!;
  return writes.length === 0 && declaration?.type === "VariableDeclarator" && declaration.id.type === "Identifier" &&
    ["ArrayExpression", "ObjectExpression", "NewExpression"].includes(declaration.init?.type ?? "");
}

/** Name of a member by its key, with the `#` of a private one. */
export function nameOfKey(key: AnyNode): string {
  if (key.type === "PrivateIdentifier") return `#${key.name}`;
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : "";
}

/** Text of a string literal, or of a template without expressions; `null` for anything else. */
export function staticText(node: AnyNode): string | null {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "TemplateLiteral" && node.expressions.length === 0) return node.quasis[0]?.value.cooked ?? null;
  return null;
}

/** Text of a plain chain of names, such as `Object.assign`; `null` for anything else. */
export function dottedName(node: AnyNode): string | null {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression") return null;
  const key = staticKey(node), object = dottedName(node.object);
  return key === null || object === null ? null : `${object}.${key}`;
}

interface FollowStep {
  readonly node: AnyNode;
  readonly path: readonly string[];
  /** True behind a computed member, or behind a call that returns a part of its receiver: only changes matter there. */
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
        // `map.values().next()` changes the iterator that `values` made, and not the Map.
        if (method !== null && MUTATORS.has(method) && method !== "next") return report("mutate");
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
      // `x.kept ??= …` evaluates to the current value of the member, if there is one, so the member is read.
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

/** Follows the names that a declaration gives to a value; `false` when a part of the pattern cannot be followed. */
function followPattern(script: ScriptSyntax, pattern: AnyNode, step: FollowStep): boolean {
  if (pattern.type === "Identifier") return followAlias(script, pattern, step);
  if (pattern.type === "AssignmentPattern") {
    // The default takes the place of an absent member. So the member counts as read, and the name is followed.
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

/** Follows the items in `for (const item of value)`: a change of an item is a change within the value. */
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

/** Follows the items in `value.forEach((item) => …)`: a change of an item is a change within the value. */
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

/** Kind of the change that a use makes. */
export function changeOf(script: ScriptSyntax, { how, node }: Use): Change {
  if (how !== "write") return "mutate";
  return isFill(script, node) || isDoneOnce(script, node) && !isMarked(script, node) ? "fill" : "write";
}

/** Members that a use changes; `null` for a use that changes none. */
export function changedMembers({ how, path }: Use): readonly string[] | null {
  if (how === "mutate" || how === "write" && path.length > 0) return path;
  return how === "call" && path.length > 0 && MUTATORS.has(path.at(-1)!) ? path.slice(0, -1) : null;
}

/** True for an assignment that uses the old value: `x += 1`, `x++` and `x ??= {}` do, `x = 1` does not. */
function isAlsoRead(script: ScriptSyntax, node: AnyNode): boolean {
  const parent = script.parents.get(node);
  return parent?.type === "AssignmentExpression" ? parent.operator !== "=" : parent?.type === "UpdateExpression";
}

/** True for a function that uses `this`, `super`, a private name or `eval`, itself or in an arrow function within. */
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
