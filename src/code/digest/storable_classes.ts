/**
 * Classes whose instances a result may hold: an instance that is made again from its members, without the constructor,
 * cannot be told from the first.
 *
 * @module
 */
import type { ClassTable, Codec } from "../../values/codec.ts";
import { ownValue } from "../../values/brands.ts";
import { codecOfClass } from "../../values/use_codecs.ts";
import { isProxy } from "../../words/type_tests.ts";
import { type AnyNode, childrenOf, type ClassNode, isClassNode } from "../syntax/parse.ts";
import { staticKey } from "../syntax/uses.ts";
import type { StateFindings } from "../state/state.ts";
import type { Ordinals } from "./ordinals.ts";
import { nameOfFunction } from "../walk/values.ts";
import type { Exploration } from "../walk/explore.ts";
import type { UserCode } from "../walk/reached.ts";

/** Table of a function whose code is not followed. */
export const NO_CLASSES: ClassTable = {
  nameOf: () => null,
  classNamed: () => undefined,
  refusalOf: () => null,
  referenceTo: () => null,
  capturedAt: () => undefined,
};

/** Findings about the code of a function, for its table of classes. */
export interface TableSource {
  readonly found: Exploration;
  /** State that the code writes. */
  readonly state: StateFindings;
  /** Captured objects; their order is equal in every process for equal fingerprints. */
  readonly ordinals: Ordinals;
  /** Digest of a class with everything that it reaches. */
  digestOf(constructor: object): string;
  /** Digest of what a captured object holds; `null` for a handle, and for an object with state that the code writes. */
  contentOf(object: object): string | null;
}

/**
 * Makes the table of the classes of the user's own code whose instances are kept, and of the captured objects that a hit
 * gives back themselves.
 *
 * Excluded are classes with private members, classes whose code hands `this` to other code, which may register it,
 * classes whose code uses state that the code writes, and all classes where the code reaches a weak collection: there,
 * state of instances may be.
 */
export function makeClassTable(source: TableSource): ClassTable {
  const { found, ordinals } = source;
  const names = new Map<object, string>();
  // deno-lint-ignore no-explicit-any
  const classes = new Map<string, abstract new (...args: any[]) => object>();
  const usesWeak = reachesWeakCollection(found);
  const known: Refusals = new Map();
  if (!usesWeak) {
    for (const value of ordinals.subjects()) {
      if (typeof value !== "function" || refusalOf(value, source, known) !== null) continue;
      const name = `${classes.size} ${source.digestOf(value)}`;
      names.set(value, name);
      classes.set(name, value as never);
    }
  }
  return {
    nameOf: (constructor) => names.get(constructor) ?? null,
    classNamed: (name) => classes.get(name),
    refusalOf: (constructor) => {
      if (!ordinals.has(constructor)) return NOT_REACHED;
      return usesWeak ? "of which a WeakMap or the like may hold more" : refusalOf(constructor, source, known);
    },
    referenceTo: (object) => {
      const number = ordinals.get(object);
      const digest = number === undefined ? null : source.contentOf(object);
      return digest === null ? null : { number: number!, digest };
    },
    capturedAt: (number) => ordinals.objectAt(number),
  };
}

/** A table that takes note of being asked for a class, or for a captured object: a result hands out instances. */
export function watchClasses(table: ClassTable): { readonly classes: ClassTable; handsOut(): boolean } {
  let isAsked = false;
  const noted = <T>(answer: T): T => {
    if (answer !== null && answer !== undefined) isAsked = true;
    return answer;
  };
  return {
    handsOut: () => isAsked,
    classes: {
      nameOf: (constructor) => noted(table.nameOf(constructor)),
      classNamed: (name) => table.classNamed(name),
      refusalOf: (constructor) => noted(table.refusalOf(constructor)),
      referenceTo: (object) => noted(table.referenceTo(object)),
      capturedAt: (number) => table.capturedAt(number),
    },
  };
}

/** Why instances are not kept by the code of a class without that of its base classes, by class. */
type Refusals = Map<object, string | null>;

/** Why instances of a class are not kept, in words that follow the class's name; `null` for a class that is kept. */
function refusalOf(constructor: object, { found, state }: TableSource, known: Refusals): string | null {
  for (let at: object | null = constructor; at !== null; at = Object.getPrototypeOf(at)) {
    if (at === Function.prototype) return null;
    const code = found.codes.get(at);
    // A class of the platform that is extended: `Error`, `Map`.
    if (code?.kind === "platform" || code === undefined && isOfLanguage(at)) {
      return at === constructor ? "which is of the platform" : null;
    }
    if (code?.kind === "package") return "which is of a package";
    if (code?.kind !== "user") return NOT_REACHED;
    let refusal = known.get(at);
    if (refusal === undefined) known.set(at, refusal = refusalOfClass(at, code.user, { found, state }));
    if (refusal !== null) return refusal;
  }
  return null;
}

function refusalOfClass(
  constructor: object,
  user: UserCode,
  { found, state }: Pick<TableSource, "found" | "state">,
): string | null {
  const refusal = refusalOfCode(user);
  if (refusal !== null) return refusal;
  const later = methodsOf(constructor, found).map((user) => ({ user, nodes: null }));
  return methodsUseState([{ user, nodes: methodNodesOf(user) }, ...later], found, state)
    ? "whose methods use state that the code writes"
    : null;
}

const NOT_REACHED = "whose class is of a package or is not named in the code of the function";

/** Methods and accessors that were put on a class or a function afterwards; those of a class's body are its own code. */
function methodsOf(constructor: object, found: Exploration): UserCode[] {
  const prototype = ownValue(constructor, "prototype");
  if (typeof prototype !== "object" || prototype === null) return [];
  return Object.values(Object.getOwnPropertyDescriptors(prototype)).flatMap(({ value, get, set }) =>
    [value, get, set].flatMap((one) => {
      const code = found.codes.get(one);
      return code?.kind === "user" && one !== constructor ? [code.user] : [];
    })
  );
}

/**
 * True when methods of a class use state, also by the functions that they call: what an instance says may be there, and a
 * hit does not write it. What the constructor does with state, such as counting, is over when the instance is there.
 */
function methodsUseState(methods: readonly MethodCode[], found: Exploration, state: StateFindings): boolean {
  const isState = (value: unknown) => state.objects.has(value as object) || state.members.has(value as object);
  const all = [...methods];
  const known = new Set<unknown>();
  for (const { user, nodes } of all) {
    // The class's own name in its body stands for its static members.
    const ownState = isState(user.fn) || holdsAny([...user.extras.values()], isState);
    if (ownState && nodes?.some((node) => mentionsClass(node, nameOfFunction(user.fn)))) return true;
    for (const root of user.roots) {
      if (root.kind !== "value" || nodes?.some((node) => mentionsName(node, root.slot.name)) === false) continue;
      if (root.declaration !== null && state.bindings.has(root.declaration.binding)) return true;
      const values = [root.value, ...root.slot.uses.map((use) => found.memberOf(root, use)?.value)];
      if (values.some(isState)) return true;
      for (const value of values) {
        const code = found.codes.get(value as object);
        const isFunction = code?.kind === "user" && code.user.unit !== null && !isClassNode(code.user.unit.node);
        if (isFunction && !known.has(value)) all.push({ user: code.user, nodes: null });
        known.add(value);
      }
    }
  }
  return false;
}

/** Code that runs when an instance is there: parts of the code of a class, or all that a function is. */
interface MethodCode {
  readonly user: UserCode;
  readonly nodes: readonly AnyNode[] | null;
}

function mentionsName(node: AnyNode, name: string): boolean {
  return node.type === "Identifier" && node.name === name ||
    childrenOf(node).some((child) => mentionsName(child, name));
}

/** Code of a class's body that runs when an instance is there: its methods and accessors. */
function methodNodesOf({ unit }: UserCode): readonly AnyNode[] {
  if (unit === null || !isClassNode(unit.node)) return [];
  return unit.node.body.body.filter((member) =>
    member.type === "MethodDefinition" && !member.static && member.kind !== "constructor"
  );
}

/** True for code that may mean its class: by its name, or as `this.constructor`. */
function mentionsClass(node: AnyNode, name: string): boolean {
  const isComputed = node.type === "MemberExpression" && node.computed && node.property.type !== "Literal";
  return isComputed || node.type === "Identifier" && (node.name === name || node.name === "constructor") ||
    childrenOf(node).some((child) => mentionsClass(child, name));
}

/** True when one of the values, or of what they hold in members, is sought. No accessor is called. */
function holdsAny(values: readonly unknown[], isSought: (value: unknown) => boolean): boolean {
  const seen = new Set<unknown>(values);
  for (const value of seen) {
    if (isSought(value)) return true;
    if (typeof value !== "object" || value === null || isProxy(value) || ArrayBuffer.isView(value)) continue;
    for (const { value: member } of Object.values(Object.getOwnPropertyDescriptors(value))) seen.add(member);
  }
  return false;
}

function isOfLanguage(constructor: object): boolean {
  const name = ownValue(constructor, "name");
  return typeof name === "string" && ownValue(globalThis, name) === constructor;
}

/** Why instances of a class by its own code are not kept; `null` when they are. */
function refusalOfCode({ unit }: UserCode): string | null {
  if (unit === null) return "whose code cannot be read";
  const { node } = unit;
  if (isClassNode(node) && hasPrivateName(node, namesOfClassAlone(node))) return "which has private members";
  const isMaker = isClassNode(node) || node.type === "FunctionDeclaration" || node.type === "FunctionExpression";
  if (!isMaker || !isClassNode(node) && (node.async || node.generator)) return "which is no constructor";
  if (handsOutThis(node) || isClassNode(node) && goesOnLater(node)) {
    return "whose code hands its instances on, or goes on with them later";
  }
  return null;
}

/** Private names that the class itself has and no instance: they hold no state of an instance. */
function namesOfClassAlone(node: ClassNode): string[] {
  return node.body.body.flatMap((member) =>
    "static" in member && member.static && member.key.type === "PrivateIdentifier" ? [member.key.name] : []
  );
}

function hasPrivateName(node: AnyNode, statics: readonly string[]): boolean {
  if (node.type === "PrivateIdentifier") return !statics.includes(node.name);
  return childrenOf(node).some((child) => hasPrivateName(child, statics));
}

/**
 * True when `this`, or a function that holds it, is an argument of a call that may register it: of a function, of a method
 * of a captured object, or of one that a collection has. What only the object's own members or other data refer to is
 * kept with these.
 */
function handsOutThis(node: AnyNode, aliases: ReadonlySet<string> = aliasesOfThis(node)): boolean {
  if (node.type === "CallExpression" || node.type === "NewExpression") {
    const isArgument = node.arguments.some((argument) => holdsThis(argument, aliases));
    if (isArgument && mayRegister(node.callee)) return true;
    const isClosure = node.arguments.some((argument) => closesOverThis(argument, aliases));
    if (isClosure && mayKeepFunction(node.callee)) return true;
  }
  // `button.onclick = () => this.count++`
  const isOfOther = node.type === "AssignmentExpression" && node.left.type === "MemberExpression" &&
    !holdsThis(node.left.object, aliases);
  if (isOfOther && closesOverThis(node.right, aliases)) return true;
  return childrenOf(node).some((child) => handsOutThis(child, aliases));
}

/** True for a function that is written in place and has `this` of the code around it: an arrow function, `.bind(this)`. */
function closesOverThis(node: AnyNode, aliases: ReadonlySet<string>): boolean {
  if (node.type === "ArrowFunctionExpression") return mentionsThis(node.body, aliases);
  if (node.type === "FunctionExpression") return aliases.size > 0 && mentionsAlias(node.body, aliases);
  const isBound = node.type === "CallExpression" && node.callee.type === "MemberExpression" &&
    staticKey(node.callee) === "bind";
  return isBound && node.arguments.some((argument) => holdsThis(argument, aliases));
}

function mentionsThis(node: AnyNode, aliases: ReadonlySet<string>): boolean {
  if (node.type === "ThisExpression") return true;
  if (node.type === "FunctionExpression" || isClassNode(node)) return mentionsAlias(node, aliases);
  return mentionsAlias(node, aliases, false) || childrenOf(node).some((child) => mentionsThis(child, aliases));
}

function mentionsAlias(node: AnyNode, aliases: ReadonlySet<string>, isDeep = true): boolean {
  return node.type === "Identifier" && aliases.has(node.name) ||
    isDeep && childrenOf(node).some((child) => mentionsAlias(child, aliases));
}

/** False for methods that call a function at once and then forget it: `map`, `sort`. */
function mayKeepFunction(callee: AnyNode): boolean {
  if (callee.type === "Super") return true;
  const method = callee.type === "MemberExpression" ? staticKey(callee) : null;
  return method === null || !FORGETTING.has(method);
}

const FORGETTING: ReadonlySet<string> = new Set(
  ("map filter forEach reduce reduceRight some every find findIndex findLast findLastIndex flatMap sort toSorted from " +
    "replace replaceAll groupBy fromAsync").split(" "),
);

/** True for a class whose constructor or fields begin something that goes on later: `this.load()`, which is async. */
function goesOnLater({ body }: ClassNode): boolean {
  const later = new Set(
    body.body.flatMap((member) =>
      member.type === "MethodDefinition" && member.value.async && member.key.type === "Identifier"
        ? [member.key.name]
        : []
    ),
  );
  return body.body.some((member) => {
    const isFirst = member.type === "MethodDefinition" && member.kind === "constructor" ||
      member.type === "PropertyDefinition" && !member.static;
    return isFirst && callsOwn(member, later);
  });
}

function callsOwn(node: AnyNode, names: ReadonlySet<string>): boolean {
  const isCall = node.type === "CallExpression" && node.callee.type === "MemberExpression" &&
    node.callee.object.type === "ThisExpression" && names.has(staticKey(node.callee) ?? "");
  return isCall || childrenOf(node).some((child) => callsOwn(child, names));
}

/** True for `this`, another name of it, and a list or object that is written with it: `[this]`, `{ self }`, `...[this]`. */
function holdsThis(node: AnyNode, aliases: ReadonlySet<string>): boolean {
  switch (node.type) {
    case "ThisExpression":
      return true;
    case "Identifier":
      return aliases.has(node.name);
    case "ArrayExpression":
    case "ObjectExpression":
    case "Property":
    case "SpreadElement":
    case "ConditionalExpression":
    case "LogicalExpression":
    case "SequenceExpression":
      return childrenOf(node).some((child) => holdsThis(child, aliases));
    default:
      return false;
  }
}

/** Names that the code gives to `this`: `const self = this`. */
function aliasesOfThis(node: AnyNode, found = new Set<string>()): Set<string> {
  const [target, value] = node.type === "VariableDeclarator"
    ? [node.id, node.init]
    : node.type === "AssignmentExpression"
    ? [node.left, node.right]
    : [null, null];
  if (target?.type === "Identifier" && value?.type === "ThisExpression") found.add(target.name);
  for (const child of childrenOf(node)) aliasesOfThis(child, found);
  return found;
}

function mayRegister(callee: AnyNode): boolean {
  if (callee.type !== "MemberExpression") return callee.type !== "Super";
  const method = staticKey(callee);
  if (method === null || OF_COLLECTIONS.has(method)) return true;
  const { object } = callee;
  // A name with a capital letter that is none of the language's may be a registry; so may any other captured object.
  return object.type === "Identifier" && /^[A-Z]/.test(object.name) && !OF_LANGUAGE.has(object.name);
}

const OF_COLLECTIONS: ReadonlySet<string> = new Set([
  "set",
  "add",
  "register",
  "has",
  "get",
  "delete",
  "push",
  "unshift",
]);
const OF_LANGUAGE: ReadonlySet<string> = new Set(["Object", "Reflect", "JSON", "Array", "Symbol", "Number", "String"]);

/** True when the code captures a WeakMap, a WeakSet, a WeakRef or a FinalizationRegistry. */
function reachesWeakCollection(found: Exploration): boolean {
  for (const written of found.values.values()) if (written.handles.some((handle) => WEAK.has(handle))) return true;
  return false;
}

const WEAK: ReadonlySet<string> = new Set(["WeakMap", "WeakSet", "WeakRef", "FinalizationRegistry"]);

/** Finds the codecs that the classes among the captured values declare themselves, each with the digest of its class. */
export function findDeclaredCodecs({ ordinals, digestOf }: TableSource): ReadonlyMap<Codec, string> {
  const found = new Map<Codec, string>();
  for (const value of ordinals.subjects()) {
    const codec = typeof value === "function" ? codecOfClass(value) : null;
    if (codec !== null) found.set(codec, digestOf(value as object));
  }
  return found;
}
