/**
 * Effects of a function on its receiver and its arguments, and the members that code assigns at all.
 *
 * @module
 */
import { type AnyNode, childrenOf, type FunctionNode, isClassNode, isFunctionNode } from "../syntax/parse.ts";
import {
  type Change,
  changeOf,
  dottedName,
  isMadeWithin,
  MUTATORS,
  nameOfKey,
  staticKey,
  staticText,
  type Use,
  usesOf,
  usesOfBinding,
} from "../syntax/uses.ts";
import type { Exploration } from "../walk/explore.ts";
import { functionOf, type ScriptSyntax } from "../syntax/scopes.ts";
import { findMember, methodIn, namesWithPaths, privateMethod, siblingMethod, thisIn } from "../walk/members.ts";
import type { Root, UserCode } from "../walk/reached.ts";

/** Index of the {@linkcode Target} that stands for the receiver. */
export const RECEIVER = -1;

/** A function or method in the user's code. `user` is the function's own code, or the code of the method's class. */
export interface FunctionAt {
  readonly user: UserCode;
  readonly node: FunctionNode;
}

/** A parameter of a function by its position, or its receiver ({@linkcode RECEIVER}). */
export interface Target {
  readonly place: FunctionAt;
  readonly index: number;
}

/**
 * An effect that a function itself has on the value at `path` of its receiver or of an argument: it changes the
 * value, calls a method of it, or passes it on to another function.
 */
export type Effect =
  | { readonly how: Change; readonly path: readonly string[] }
  | { readonly how: "method"; readonly path: readonly string[]; readonly method: string }
  | { readonly how: "passed"; readonly path: readonly string[]; readonly to: Target };

/** Code of a function that the walk has read; `null` for a class, and for code that is not the user's. */
export function functionAt(found: Exploration, fn: object): FunctionAt | null {
  const code = found.codes.get(fn);
  const node = code?.kind === "user" ? code.user.unit?.node : undefined;
  return code?.kind === "user" && node && isFunctionNode(node) ? { user: code.user, node } : null;
}

/** Function that the code calls by a free name, with the use of that name. */
interface Callee {
  readonly root: Extract<Root, { kind: "value" | "global" }>;
  readonly use: Use;
}

/** Effects of the functions of a walk. Each function's own effects are determined once. */
export class Effects {
  readonly #found: Exploration;
  readonly #known = new Map<string, readonly Effect[]>();
  readonly #numbers = new Map<object, number>();
  readonly #callees = new Map<UserCode, ReadonlyMap<AnyNode, Callee>>();

  constructor(found: Exploration) {
    this.#found = found;
  }

  /** Effects that a function itself has on one parameter or on its receiver. */
  of(target: Target): readonly Effect[] {
    const id = this.idOf(target);
    let effects = this.#known.get(id);
    if (!effects) this.#known.set(id, effects = [...this.#read(target)]);
    return effects;
  }

  /** Id of a target within this walk. Two closures of one piece of code have different ids. */
  idOf({ place: { user, node }, index }: Target): string {
    return `${this.#numberOf(user)}.${this.#numberOf(node)}.${index}`;
  }

  /** Parameter, in the user's code, that an argument of a call becomes; `null` when it is not known. */
  targetOf(user: UserCode, call: AnyNode, index: number): Target | null {
    if ((call.type !== "CallExpression" && call.type !== "NewExpression") || index < 0) return null;
    if (call.arguments.slice(0, index + 1).some((argument) => argument.type === "SpreadElement")) return null;
    const callee = call.callee as AnyNode;
    const local = callee.type === "Identifier" ? user.unit?.script.bindings.get(callee) : null;
    const free = this.#calleesOf(user).get(callee);
    if (!free) {
      const node = local && functionOf(local);
      return node ? { place: { user, node }, index } : null;
    }
    const value = findMember(free.root.value, free.use.path).value;
    const code = typeof value === "function" ? this.#found.codes.get(value) : undefined;
    if (code?.kind !== "user" || !code.user.unit) return null;
    const { node } = code.user.unit;
    const called = isClassNode(node) ? methodIn(code.user, "constructor", false) : node;
    return called && isFunctionNode(called) ? { place: { user: code.user, node: called }, index } : null;
  }

  *#read({ place: { user, node }, index }: Target): Iterable<Effect> {
    for (const { prefix, uses } of this.#usesOfTarget(user, node, index)) {
      for (const use of uses) {
        const path = [...prefix, ...use.path];
        if (use.how === "write" && use.path.length > 0 && user.unit) {
          yield { path, how: changeOf(user.unit.script, use) };
        }
        if (use.how === "mutate") yield { path, how: "mutate" };
        if (use.how === "call" && use.path.length > 0) {
          const method = path.at(-1) as string;
          const own = method.startsWith("#") ? privateMethod(user, node, method.slice(1)) : null;
          yield own && path.length === 1
            ? { path: [], how: "passed", to: { place: { user, node: own }, index: RECEIVER } }
            : { path: path.slice(0, -1), how: "method", method };
        }
        const to = use.argument && this.targetOf(user, use.argument.call, use.argument.index);
        if (to) yield { path, how: "passed", to };
      }
    }
  }

  #usesOfTarget(user: UserCode, node: FunctionNode, target: number): { prefix: readonly string[]; uses: Use[] }[] {
    const script = user.unit?.script;
    if (!script) return [];
    if (target === RECEIVER) return thisIn(node).map((one) => ({ prefix: [], uses: usesOf(script, one) }));
    const parameter = node.params[target];
    if (!parameter || parameter.type === "RestElement") return [];
    return namesWithPaths(parameter, []).flatMap(({ name, path }) => {
      const binding = script.bindings.get(name);
      return binding ? [{ prefix: path, uses: usesOfBinding(script, binding) }] : [];
    });
  }

  #calleesOf(user: UserCode): ReadonlyMap<AnyNode, Callee> {
    let callees = this.#callees.get(user);
    if (!callees) {
      const found = new Map<AnyNode, Callee>();
      for (const root of user.roots) {
        if (root.kind !== "value" && root.kind !== "global") continue;
        for (const node of root.slot.nodes) {
          for (const use of user.unit ? usesOf(user.unit.script, node) : []) {
            if (use.how === "call" || use.how === "construct") found.set(use.node, { root, use });
          }
        }
      }
      this.#callees.set(user, callees = found);
    }
    return callees;
  }

  #numberOf(object: object): number {
    let number = this.#numbers.get(object);
    if (number === undefined) this.#numbers.set(object, number = this.#numbers.size);
    return number;
  }
}

/** Effects of a method on its receiver. */
interface ReceiverUse {
  /** Paths of the members that the method writes, private ones with their `#`: `calls`, `stats.count`, `#memo`. */
  readonly written: readonly string[];
  /** Names of the members that the method writes, or may change by calling methods of these members. */
  readonly touched: readonly string[];
}

/** Finds the effects of a method on its receiver: `this.calls++`, `this.#memo.set(…)`, `this.stats.bump()`. */
export function findReceiverUse(found: Exploration, method: object): ReceiverUse {
  const place = functionAt(found, method);
  if (!place) return { written: [], touched: [] };
  const effects = effectsOnReceiver(new Effects(found), place);
  const written = effects.filter((effect) =>
    effect.how !== "method" || (effect.path.length > 0 && MUTATORS.has(effect.method))
  );
  const touched = effects.filter((effect) =>
    effect.how !== "method" || MUTATORS.has(effect.method) || !isHarmless(effect.method)
  );
  const textsOf = (list: readonly LastEffect[], length?: number) =>
    [...new Set(list.map(({ path }) => path.slice(0, length).join(".")))].sort();
  return { written: textsOf(written), touched: textsOf(touched, 1).filter((name) => name !== "") };
}

/** An effect that is not passed on to another function. */
type LastEffect = Exclude<Effect, { how: "passed" }>;

/** Number of calls within one method that are looked into. State that only further calls write stays an input. */
const MAX_CALLS = 2_000;

/** Effects on the receiver, including those of further methods of its class and of functions that it is passed to. */
function effectsOnReceiver(effects: Effects, place: FunctionAt): LastEffect[] {
  const found: LastEffect[] = [];
  const queue: { target: Target; at: readonly string[] }[] = [];
  const visited = new Map<string, (readonly string[])[]>();
  const visit = (target: Target, at: readonly string[]): void => {
    const id = effects.idOf(target);
    const paths = visited.get(id) ?? [];
    // A path below one that was visited means that the function calls itself on a value further inside.
    if (queue.length >= MAX_CALLS || paths.some((path) => path.every((key, index) => at[index] === key))) return;
    visited.set(id, [...paths, at]);
    queue.push({ target, at });
  };
  visit({ place, index: RECEIVER }, []);
  for (const { target, at } of queue) {
    for (const effect of effects.of(target)) {
      const path = [...at, ...effect.path];
      if (effect.how === "passed") visit(effect.to, path);
      else if (effect.how !== "method" || path.length > 0) found.push({ ...effect, path });
      else {
        const inner = siblingMethod(place.user, place.node, effect.method);
        if (inner) visit({ place: { user: place.user, node: inner }, index: RECEIVER }, []);
      }
    }
  }
  return found;
}

/** True for a method of the language's own classes, by name: outside of {@linkcode MUTATORS} it changes nothing. */
function isHarmless(method: string): boolean {
  return [Array, Map, Set, String, Number, Date, RegExp, Promise].some(({ prototype }) => method in prototype);
}

/** Name of the member that a node is the setter of, also in a descriptor; `null` for any other node. */
export function nameOfSetter(node: AnyNode, parents: ReadonlyMap<AnyNode, AnyNode>): string | null {
  if (node.type !== "Property" && node.type !== "MethodDefinition" || node.computed) return null;
  if (node.kind === "set") return nameOfKey(node.key);
  const descriptor = node.type === "Property" && nameOfKey(node.key) === "set" ? parents.get(node) : undefined;
  const above = descriptor && parents.get(descriptor);
  if (above?.type === "CallExpression" && /\.defineProperty$/.test(dottedName(above.callee as AnyNode) ?? "")) {
    return above.arguments[2] === descriptor ? staticText(above.arguments[1] as AnyNode) : null;
  }
  const list = above?.type === "Property" && !above.computed ? parents.get(above) : undefined;
  const call = list && parents.get(list);
  if (above?.type !== "Property" || call?.type !== "CallExpression") return null;
  return /^Object\.(?:defineProperties|create)$/.test(dottedName(call.callee as AnyNode) ?? "")
    ? nameOfKey(above.key)
    : null;
}

/**
 * Names of the members that code assigns, as far as it writes them out; private ones with their `#`. Not of objects that it
 * makes itself; and that a setter assigns a member of its own name elsewhere does not count.
 */
export function membersAssigned(script: ScriptSyntax, unit: AnyNode): Set<string> {
  const names = new Set<string>();
  for (const node of assignmentsIn(unit)) {
    if (node.type !== "MemberExpression") continue;
    const name = staticKey(node) ?? "";
    const isOwn = isMadeWithin(script, node.object as AnyNode, unit) || isOfPlainClass(node, script.parents);
    if (!isOwn && !isInSetterOf(name, node, script.parents)) names.add(name);
  }
  return names;
}

function isInSetterOf(name: string, node: AnyNode, parents: ReadonlyMap<AnyNode, AnyNode>): boolean {
  for (let at: AnyNode | undefined = node; at !== undefined; at = parents.get(at)) {
    if (nameOfSetter(at, parents) === name) return true;
  }
  return false;
}

const assigned = new WeakMap<AnyNode, readonly AnyNode[]>();

/** Variables and members that code assigns, by whatever form of assignment; looked for once in each piece of code. */
export function assignmentsIn(unit: AnyNode): readonly AnyNode[] {
  const known = assigned.get(unit);
  if (known !== undefined) return known;
  const found: AnyNode[] = [];
  const take = (target: AnyNode): void => {
    if (target.type === "Identifier" || target.type === "MemberExpression") found.push(target);
    else childrenOf(target).forEach(take);
  };
  const nodes = [unit];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    if (node.type === "AssignmentExpression") take(node.left);
    else if (node.type === "UpdateExpression") take(node.argument);
    else if (node.type === "ForOfStatement" || node.type === "ForInStatement") take(node.left);
    nodes.push(...childrenOf(node));
  }
  assigned.set(unit, found);
  return found;
}

/** True for a member of `this` in a class that inherits nothing and has no setter of that name. */
function isOfPlainClass(
  node: Extract<AnyNode, { type: "MemberExpression" }>,
  parents: ReadonlyMap<AnyNode, AnyNode>,
): boolean {
  if (node.object.type !== "ThisExpression") return false;
  for (let at: AnyNode | undefined = node; at !== undefined; at = parents.get(at)) {
    if (at.type === "FunctionExpression" && parents.get(at)?.type !== "MethodDefinition") return false;
    if (at.type === "FunctionDeclaration") return false;
    if (!isClassNode(at)) continue;
    const name = staticKey(node);
    return !at.superClass && !at.body.body.some((member) => nameOfSetter(member as AnyNode, parents) === name);
  }
  return false;
}
