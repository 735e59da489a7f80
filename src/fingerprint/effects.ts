/**
 * What a function does to what it is given: to its receiver and to its arguments, through the functions that it calls.
 *
 * @module
 */
import type { ScriptSyntax } from "../source/scopes.ts";
import { type AnyNode, type FunctionNode, isClassNode, isFunctionNode } from "../source/syntax.ts";
import { type Use, usesOf, usesOfBinding } from "../source/uses.ts";
import type { Exploration } from "./explore.ts";
import { findMember } from "./members.ts";
import { functionOf, methodIn, namesWithPaths, privateMethod, siblingMethod, thisIn } from "./methods.ts";
import type { Root, UserCode } from "./reached.ts";

/** How something is changed. `fill`: a write to what holds nothing yet, `cache ??= load()`. */
export type Change = "write" | "mutate" | "fill";

/** A change to something that a function was given: to its receiver (-1) or to an argument. */
export interface Effect {
  readonly path: readonly string[];
  readonly how: Change | "method";
  /** The method called on what is at the path, when that has to be known. */
  readonly method?: string;
}

/** The target that stands for the receiver. */
export const RECEIVER = -1;

/** Calls within calls are followed this deep. */
export const MAX_DEPTH = 12;

/** A function or method in the user's code; `user` is its own code or that of its class. */
export interface FunctionAt {
  readonly user: UserCode;
  readonly node: FunctionNode;
}

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

/** The effects of all functions of a walk, each worked out once. */
export class Effects {
  readonly #found: Exploration;
  readonly #known = new Map<string, readonly Effect[]>();
  readonly #numbers = new Map<object, number>();
  readonly #callees = new Map<UserCode, ReadonlyMap<AnyNode, Callee>>();

  constructor(found: Exploration) {
    this.#found = found;
  }

  /** Effects on the receiver, through further methods of its class too. */
  onReceiver({ user, node }: FunctionAt, seen: Set<FunctionNode> = new Set()): Effect[] {
    if (seen.has(node)) return [];
    seen.add(node);
    return this.of({ user, node }, RECEIVER).flatMap((effect) => {
      if (effect.how !== "method" || effect.path.length > 0) return [effect];
      const inner = siblingMethod(user, node, effect.method ?? "");
      return inner ? this.onReceiver({ user, node: inner }, seen) : [];
    });
  }

  /** What a call does to one of its arguments. */
  ofCall(user: UserCode, call: AnyNode, index: number, depth = 0): readonly Effect[] {
    if ((call.type !== "CallExpression" && call.type !== "NewExpression") || index < 0 || depth > MAX_DEPTH) return [];
    if (call.arguments.slice(0, index + 1).some((argument) => argument.type === "SpreadElement")) return [];
    const callee = call.callee as AnyNode;
    const local = callee.type === "Identifier" ? user.unit?.script.bindings.get(callee) : null;
    const free = this.#calleesOf(user).get(callee);
    if (free) {
      const value = findMember(free.root.value, free.use.path).value;
      const code = typeof value === "function" ? this.#found.codes.get(value) : undefined;
      if (code?.kind !== "user" || !code.user.unit) return [];
      const { node } = code.user.unit;
      const target = isClassNode(node) ? methodIn(code.user, "constructor", false) : node;
      return target ? this.of({ user: code.user, node: target }, index, depth) : [];
    }
    const node = local && functionOf(local);
    return node ? this.of({ user, node }, index, depth) : [];
  }

  /** What a function does to one parameter or to its receiver. */
  of({ user, node }: FunctionAt, target: number, depth = 0): readonly Effect[] {
    const id = `${this.#numberOf(user)}.${this.#numberOf(node)}.${target}`;
    const known = this.#known.get(id);
    if (known || depth > MAX_DEPTH) return known ?? [];
    this.#known.set(id, []);
    const effects: Effect[] = [];
    for (const { prefix, uses } of this.#usesOfTarget(user, node, target)) {
      for (const use of uses) {
        const path = [...prefix, ...use.path];
        if (use.how === "write" && use.path.length > 0 && user.unit) {
          effects.push({ path, how: changeOf(user.unit.script, use) });
        }
        if (use.how === "mutate") effects.push({ path, how: "mutate" });
        if (use.how === "call" && use.path.length > 0) {
          const method = path.at(-1) as string;
          const own = method.startsWith("#") ? privateMethod(user, node, method.slice(1)) : null;
          if (own && path.length === 1) effects.push(...this.of({ user, node: own }, RECEIVER, depth + 1));
          else effects.push({ path: path.slice(0, -1), how: "method", method });
        }
        if (!use.argument) continue;
        for (const inner of this.ofCall(user, use.argument.call, use.argument.index, depth + 1)) {
          effects.push({ ...inner, path: [...path, ...inner.path] });
        }
      }
    }
    this.#known.set(id, effects);
    return effects;
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
