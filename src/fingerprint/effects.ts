/**
 * What a function does to what it is given: to its receiver and to its arguments.
 *
 * @module
 */
import type { ScriptSyntax } from "../source/scopes.ts";
import { type AnyNode, type FunctionNode, isClassNode, isFunctionNode } from "../source/syntax.ts";
import { type Use, usesOf, usesOfBinding } from "../source/uses.ts";
import type { Exploration } from "./explore.ts";
import { findMember } from "./members.ts";
import { functionOf, methodIn, namesWithPaths, privateMethod, thisIn } from "./methods.ts";
import type { Root, UserCode } from "./reached.ts";

/** How something is changed. `fill`: a write to what holds nothing yet, `cache ??= load()`. */
export type Change = "write" | "mutate" | "fill";

/** The target that stands for the receiver. */
export const RECEIVER = -1;

/** A function or method in the user's code; `user` is its own code or that of its class. */
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
 * One thing that a function does, itself, to what is at `path` of something that it was given: changes it, calls a
 * method of it, or hands it on to another function.
 */
export type Effect =
  | { readonly how: Change; readonly path: readonly string[] }
  | { readonly how: "method"; readonly path: readonly string[]; readonly method: string }
  | { readonly how: "passed"; readonly path: readonly string[]; readonly to: Target };

/** The code of a function that the walk has read; `null` for a class and for code that is not the user's. */
export function functionAt(found: Exploration, fn: object): FunctionAt | null {
  const code = found.codes.get(fn);
  const node = code?.kind === "user" ? code.user.unit?.node : undefined;
  return code?.kind === "user" && node && isFunctionNode(node) ? { user: code.user, node } : null;
}

/** Whether a write is one to what holds nothing yet: `x ??= …`, `if (!x) x = …`. */
export function changeOf(script: ScriptSyntax, { how, node }: Use): Change {
  if (how !== "write") return "mutate";
  const assignment = script.parents.get(node);
  if (assignment?.type !== "AssignmentExpression" || assignment.left !== node) return "write";
  if (assignment.operator === "??=" || assignment.operator === "||=") return "fill";
  const name = script.text.slice(node.start, node.end);
  for (let at: AnyNode | undefined = assignment; at && !isFunctionNode(at); at = script.parents.get(at)) {
    if (at.type !== "IfStatement") continue;
    const test = script.text.slice(at.test.start, at.test.end);
    return test.includes(name) && /!|undefined|null/.test(test) ? "fill" : "write";
  }
  return "write";
}

/** What a call in the code calls, by way of a name from outside. */
interface Callee {
  readonly root: Extract<Root, { kind: "value" | "global" }>;
  readonly use: Use;
}

/** The effects of the functions of a walk, each function's own worked out once. */
export class Effects {
  readonly #found: Exploration;
  readonly #known = new Map<string, readonly Effect[]>();
  readonly #numbers = new Map<object, number>();
  readonly #callees = new Map<UserCode, ReadonlyMap<AnyNode, Callee>>();

  constructor(found: Exploration) {
    this.#found = found;
  }

  /** What a function does itself to one parameter or to its receiver. */
  of(target: Target): readonly Effect[] {
    const id = this.idOf(target);
    let effects = this.#known.get(id);
    if (!effects) this.#known.set(id, effects = [...this.#read(target)]);
    return effects;
  }

  /** A name for a target within this walk; two closures of one piece of code are two functions. */
  idOf({ place: { user, node }, index }: Target): string {
    return `${this.#numberOf(user)}.${this.#numberOf(node)}.${index}`;
  }

  /** The parameter of the user's code that an argument of a call becomes; `null` where that is not known. */
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
    return called ? { place: { user: code.user, node: called }, index } : null;
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
