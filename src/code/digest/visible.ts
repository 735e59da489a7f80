/**
 * Visibility: finds out whether the code can see the order of an object's members, and the names of functions and
 * classes. Only what the code can see counts.
 *
 * @module
 */
import { type AnyNode, childrenOf, isClassNode } from "../syntax/parse.ts";
import type { Exploration } from "../walk/explore.ts";
import type { Root, UserCode } from "../walk/reached.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { NameNode } from "../syntax/scopes.ts";
import { dottedName, staticKey, type Use } from "../syntax/uses.ts";
import { mayMakeText, pathInGlobal } from "../walk/platform.ts";
import type { FoundMember } from "../walk/members.ts";
import { digestBytes } from "../../words/sha256.ts";

/**
 * True when any of the reached code lists the members of objects, passes objects to code that may list them, or
 * returns an object that it closes over. Otherwise, the order of the members of captured objects does not count.
 */
export function seesMemberOrder(found: Exploration): boolean {
  for (const code of found.codes.values()) {
    if (code.kind === "user" && !code.user.isHelper && isLister(code.user)) return true;
  }
  return false;
}

/** Functions of the language that list members, by the global that has them; `""` stands for the global itself. */
const LISTERS: Readonly<Record<string, ReadonlySet<string>>> = {
  Object: new Set(["keys", "values", "entries", "assign", "getOwnPropertyNames", "getOwnPropertyDescriptors"]),
  JSON: new Set(["stringify"]),
  Reflect: new Set(["ownKeys"]),
  structuredClone: new Set([""]),
};

const LISTING_MODULES = /^(?:node:)?(?:util|v8|assert|querystring)#/;

function isLister({ code, unit, roots }: UserCode): boolean {
  if (code === null || unit === null) return true;
  return roots.some((root) => isListingRoot(root, unit.script.parents)) ||
    /\b(?:ForIn|Spread|Rest)/.test(code.text) && listsMembers(unit.node);
}

function isListingRoot(root: Root, parents: ReadonlyMap<AnyNode, AnyNode>): boolean {
  const { kind, slot } = root;
  switch (kind) {
    case "package":
      return true;
    case "platform":
      return LISTING_MODULES.test(root.name);
    case "global": {
      const names = Object.hasOwn(LISTERS, slot.name) ? LISTERS[slot.name] : undefined;
      return names !== undefined && slot.uses.some(({ path }) => names.has(path[0] ?? ""));
    }
    case "value":
      return slot.uses.some(({ how, node, argument }) => {
        return how === "read" && argument === undefined && isHandedOut(parents.get(node));
      });
    default:
      return false;
  }
}

/** True for a value that is returned or stored: `return config`, `() => config`, `{ config }`, `[config]`. */
function isHandedOut(parent: AnyNode | undefined): boolean {
  switch (parent?.type) {
    case "ReturnStatement":
    case "ArrowFunctionExpression":
    case "Property":
    case "ArrayExpression":
    case "AssignmentExpression":
    case "VariableDeclarator":
      return true;
    default:
      return false;
  }
}

function listsMembers(node: AnyNode): boolean {
  if (node.type === "ForInStatement") return true;
  if (node.type === "ObjectExpression" && node.properties.some(({ type }) => type === "SpreadElement")) return true;
  if (node.type === "ObjectPattern" && node.properties.some(({ type }) => type === "RestElement")) return true;
  return childrenOf(node).some(listsMembers);
}

/** True when any of the reached code names a member, so that it may read it of any value. */
export function mentionsMember(found: Exploration, member: string): boolean {
  for (const code of found.codes.values()) {
    if (code.kind === "user" && (code.user.code === null || code.user.code.text.includes(JSON.stringify(member)))) {
      return true;
    }
  }
  return false;
}

/** Functions and classes whose names or texts count. */
export interface VisibleNames {
  /** Functions and classes that code uses as values, so that it may look at them. */
  readonly escaping: ReadonlySet<object>;
  /** True when the names of the functions among these count. */
  readonly ofFunctions: boolean;
  /** True when the names of all classes count; otherwise none does. */
  readonly ofClasses: boolean;
}

/**
 * Finds the functions and classes whose names count, because the code can read `.name` of a value that it is given, or
 * has the value written as text.
 *
 * @param readsTexts True when the code asks for the texts of functions.
 */
export function findVisibleNames(found: Exploration, readsTexts: boolean): VisibleNames {
  const escaping = new Set<object>();
  let readsName = readsTexts, readsConstructor = readsTexts, classEscapes = false;
  for (const code of found.codes.values()) {
    if (code.kind !== "user") continue;
    // Decorators get the name of the class.
    if (code.user.isHelper) readsConstructor = true;
    else readsName ||= code.user.code?.readsName ?? false;
    readsConstructor ||= code.user.code?.readsConstructor ?? false;
    for (const root of code.user.roots) {
      if (isInspector(root)) readsName = readsConstructor = true;
      for (const use of root.slot.uses) {
        if (isInspecting(found, root, use)) readsName = readsConstructor = true;
        if (use.how !== "read" || isCallback(use)) continue;
        const member = found.memberOf(root, use);
        if (typeof member?.value !== "function") continue;
        escaping.add(member.value);
        const escaped = found.codes.get(member.value);
        classEscapes ||= escaped?.kind === "user" && !!escaped.user.unit && isClassNode(escaped.user.unit.node);
      }
    }
  }
  for (const written of found.values.values()) written.references.forEach((one) => escaping.add(one));
  return { escaping, ofFunctions: readsName, ofClasses: readsName && (readsConstructor || classEscapes) };
}

/** True for functions that write values with the names of their classes and functions: `Deno.inspect`, `util.format`. */
function isInspector({ kind, slot, ...root }: Root): boolean {
  const names = slot.name === "Deno" && slot.uses.some(({ path }) => path[0] === "inspect");
  const isOfUtil = kind === "platform" &&
    /^(?:node:)?util(?:#(?:inspect|format|default)|$)/.test((root as { name: string }).name);
  return isOfUtil || names && (kind === "platform" || kind === "global");
}

/** Properties of a function or class that code can read, when it has the function as a value. */
export interface Shown {
  /** Names that count, its own and those of functions within it; empty when none does. */
  readonly names: string;
  /** Texts that count. */
  readonly texts: readonly string[];
  /** What else can be told of it. */
  readonly form: string;
}

/** Finds what other code, or its own, can see of a function or class besides what it does. */
export function shownOf(
  { fn, unit, code, text }: UserCode,
  { escaping, ofFunctions, ofClasses }: VisibleNames,
  reads: { readonly texts: boolean; readonly stacks: boolean },
): Shown {
  const isClass = unit !== null && isClassNode(unit.node);
  const isSeen = escaping.has(fn);
  const inner = unit === null || !(reads.stacks || ofFunctions || mayMakeText(code)) ? [] : innerCallables(unit);
  const isSelf = inner.some(({ node, isShown }) => node === unit?.node && isShown);
  const isNamed = reads.stacks || (isClass ? ofClasses : ofFunctions && isSeen) || ofFunctions && isSelf;
  const own = isNamed ? ` named ${JSON.stringify(Object.getOwnPropertyDescriptor(fn, "name")?.value)}` : "";
  const names = inner.filter(({ node, isShown }) =>
    node !== unit?.node && (reads.stacks || ofFunctions && isShown || ofClasses && isClassNode(node))
  );
  const isText = isSeen && reads.texts || inner.some(({ isText }) => isText);
  return {
    names: names.length === 0 ? own : `${own} with ${JSON.stringify(names.map(({ name }) => name))}`,
    texts: isText ? [typeof fn === "function" ? textOf(fn) : `text ${digestBytes(text)}`] : [],
    form: isSeen || !Object.isExtensible(fn) ? functionForm(fn) : "",
  };
}

/** A function or class with the name by which the code that it stands in may use it. */
interface InnerCallable {
  readonly node: AnyNode;
  readonly name: string;
  /** True when it is used as a value, so that its name can be read. */
  readonly isShown: boolean;
  /** True when it is turned into text where it is used. */
  readonly isText: boolean;
}

/** Functions and classes with names within a piece of code, itself included, in the order in which they stand there. */
function innerCallables(unit: CodeUnit): readonly InnerCallable[] {
  let found = callables.get(unit.node);
  if (found === undefined) callables.set(unit.node, found = findInnerCallables(unit));
  return found;
}

const callables = new WeakMap<AnyNode, readonly InnerCallable[]>();

function findInnerCallables({ script, node: unit }: CodeUnit): InnerCallable[] {
  return script.callables.flatMap((node) => {
    if (node.start < unit.start || node.end > unit.end) return [];
    const name = node.id ?? (node === unit ? null : namedBy(script.parents.get(node), node));
    if (name === null) return [];
    const binding = script.bindings.get(name);
    const isOwn = binding?.kind === "own-name";
    if (node === unit && !isOwn) return [];
    const uses = binding?.references.filter((one) => one !== name && !isWriteOf(script.parents.get(one), one)) ?? [];
    // A function or class with a name, in the place of a value, is one.
    const isShown = isOwn && node !== unit || uses.some((one) => isLookedAt(script.parents, one));
    return [{ node, name: name.name, isShown, isText: uses.some((one) => becomesText(one, script.parents)) }];
  });
}

/** Variable that a function or class without a name of its own is named after; `null` for none. */
function namedBy(parent: AnyNode | undefined, node: AnyNode): NameNode | null {
  const target = parent?.type === "VariableDeclarator" && parent.init === node
    ? parent.id
    : (parent?.type === "AssignmentExpression" || parent?.type === "AssignmentPattern") && parent.right === node
    ? parent.left
    : null;
  return target?.type === "Identifier" ? target : null;
}

function isWriteOf(parent: AnyNode | undefined, node: AnyNode): boolean {
  return parent?.type === "AssignmentExpression" && parent.left === node;
}

/** True for a use of a function or class in which more can be done with it than to call it. */
function isLookedAt(parents: ReadonlyMap<AnyNode, AnyNode>, node: AnyNode): boolean {
  const parent = parents.get(node);
  if (parent?.type !== "CallExpression") return parent?.type !== "NewExpression" || parent.callee !== node;
  if (parent.callee === node) return false;
  return !callsBack(parent.callee as AnyNode);
}

/** True for a use that reads the text of a function, comments included: `fn.toString()`, `String(fn)`, `${fn}`. */
export function usesText(
  { path, how, argument, node }: Use,
  { value, followed }: FoundMember,
  parents: ReadonlyMap<AnyNode, AnyNode> | undefined,
): boolean {
  if (typeof value !== "function") return false;
  if (/^to(?:Locale)?String$/.test(path[followed] ?? "")) return true;
  if (parents !== undefined && becomesText(node, parents)) return true;
  return how === "read" && argument?.call.type === "CallExpression" && dottedName(argument.call.callee) === "String";
}

/** Functions that turn what they are given into text. */
const TEXT_MAKERS: ReadonlySet<string> = new Set(
  ("String Symbol Symbol.for Error TypeError RangeError SyntaxError encodeURI encodeURIComponent escape btoa Blob File " +
    "parseInt parseFloat Number String.raw Function.prototype.toString.call").split(" "),
);

/** True for a value that is turned into text where it stands: `${fn}`, `fn.toString()`, `[fn].join()`, `{ [fn]: 1 }`. */
function becomesText(node: AnyNode, parents: ReadonlyMap<AnyNode, AnyNode>): boolean {
  const parent = parents.get(node);
  switch (parent?.type) {
    case "TemplateLiteral":
      return parents.get(parent)?.type !== "TaggedTemplateExpression";
    case "BinaryExpression":
      return parent.operator === "+";
    case "AssignmentExpression":
      return parent.right === node && parent.operator === "+=";
    case "MemberExpression":
      return parent.object === node ? /^to(?:Locale)?String$/.test(staticKey(parent) ?? "") : parent.computed;
    case "Property":
      return parent.computed && parent.key === node;
    case "ArrayExpression": {
      const above = parents.get(parent);
      const isText = above?.type === "MemberExpression" && ["join", "toString"].includes(staticKey(above) ?? "");
      return isText || above !== undefined && becomesText(parent, parents);
    }
    case "CallExpression":
    case "NewExpression": {
      if (parent.callee === node) return false;
      const { callee } = parent;
      const key = callee.type === "MemberExpression" ? staticKey(callee) : null;
      return TEXT_MAKERS.has(dottedName(callee as AnyNode) ?? "") || key === "concat" || key === "encode";
    }
    default:
      return false;
  }
}

/** Notice for code that may put the place of a line into its result. */
export const NOTICE_OF_PLACES = "not tracked: the lines and files that the stacks of errors tell";

/** True when reached code does something with the stack of an error but printing it. */
export function showsPlaces(found: Exploration): boolean {
  return found.codes.values().some((code) => {
    if (code.kind !== "user" || code.user.isHelper) return false;
    const { unit } = code.user;
    return unit !== null && code.user.code?.text.includes('"stack"') === true && readsStack(unit.script, unit.node);
  });
}

function readsStack(script: CodeUnit["script"], node: AnyNode): boolean {
  if (node.type === "MemberExpression" && staticKey(node) === "stack") {
    const parent = script.parents.get(node);
    // `d3.stack()` is a function.
    const isCalled = parent?.type === "CallExpression" && parent.callee === node;
    const isOfImport = node.object.type === "Identifier" && script.bindings.get(node.object)?.kind === "import";
    if (!isCalled && !isOfImport && !isPrinted(script, node)) return true;
  }
  if (node.type === "Property" && script.parents.get(node)?.type === "ObjectPattern" && !node.computed) {
    if (node.key.type === "Identifier" && node.key.name === "stack") return true;
  }
  return childrenOf(node).some((child) => readsStack(script, child));
}

/** True for a value that goes to a method of the console, alone or within a text. */
function isPrinted({ parents }: CodeUnit["script"], node: AnyNode): boolean {
  let at = node, above = parents.get(node);
  while (above && /^(?:Template|Binary|Logical|Conditional|Chain)/.test(above.type)) {
    at = above;
    above = parents.get(above);
  }
  return above?.type === "CallExpression" && above.callee !== at &&
    /^(?:globalThis\.)?console\./.test(dottedName(above.callee as AnyNode) ?? "");
}

/** Text of a function, as code can read it. */
export function textOf(fn: object): string {
  return `text ${digestBytes(Function.prototype.toString.call(fn).replaceAll("\r\n", "\n"))}`;
}

/** True for a use of such a function by another name, or through the global object. */
function isInspecting(found: Exploration, root: Root, use: Use): boolean {
  if (root.kind !== "value" && root.kind !== "global") return false;
  if (root.kind === "global" && pathInGlobal(root.slot.name, use.path).slice(0, 2).join(".") === "Deno.inspect") {
    return true;
  }
  const value = found.memberOf(root, use)?.value;
  const code = typeof value === "function" ? found.codes.get(value) : undefined;
  return code?.kind === "platform" && /^(?:inspect|format|formatWithOptions|formatLog) in /.test(code.name);
}

/** Functions of the platform that call a function passed to them, and pass it to no other code. */
const CALLERS = new Set(
  ("map filter forEach reduce reduceRight some every find findIndex findLast findLastIndex flatMap sort toSorted then " +
    "catch finally from fromAsync replace replaceAll groupBy setTimeout setInterval queueMicrotask").split(" "),
);

function isCallback({ argument }: Use): boolean {
  return argument?.call.type === "CallExpression" && callsBack(argument.call.callee as AnyNode);
}

function callsBack(callee: AnyNode): boolean {
  const name = callee.type === "MemberExpression"
    ? staticKey(callee)
    : callee.type === "Identifier"
    ? callee.name
    : null;
  return name !== null && CALLERS.has(name);
}

/** Properties of a function that its code does not tell: a method has no prototype, and any function may be frozen. */
export function functionForm(fn: object): string {
  return `${Object.hasOwn(fn, "prototype") ? " with prototype" : ""}${Object.isExtensible(fn) ? "" : " fixed"} of ${
    String(Object.getOwnPropertyDescriptor(fn, "length")?.value)
  }`;
}
