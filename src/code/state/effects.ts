/**
 * What a function does to what it is given: to its receiver and to its arguments.
 *
 * @module
 */
import type { ScriptSyntax } from "../syntax/scopes.ts";
import { type AnyNode, type FunctionNode, isClassNode, isFunctionNode } from "../syntax/parse.ts";
import { MUTATORS, type Use, usesOf, usesOfBinding } from "../syntax/uses.ts";
import type { Exploration } from "../walk/explore.ts";
import {
  findMember,
  functionOf,
  methodIn,
  namesWithPaths,
  privateMethod,
  siblingMethod,
  thisIn,
} from "../walk/members.ts";
import type { Root, UserCode } from "../walk/reached.ts";

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

/** What a method does to its receiver. */
interface ReceiverUse {
  /** What it writes, as paths, private members with their `#`: `calls`, `stats.count`, `#memo`. */
  readonly written: readonly string[];
  /** Its members that it writes or may change, by calling methods of theirs. */
  readonly touched: readonly string[];
}

/** What a method does to its receiver: `this.calls++`, `this.#memo.set(…)`, `this.stats.bump()`. */
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

/** An effect that is not handed on to another function. */
type LastEffect = Exclude<Effect, { how: "passed" }>;

/** Calls within calls of one method that are looked into. What is beyond counts as not written: an input. */
const MAX_CALLS = 2_000;

/** Effects on the receiver, through further methods of its class and through the functions that it is handed to. */
function effectsOnReceiver(effects: Effects, place: FunctionAt): LastEffect[] {
  const found: LastEffect[] = [];
  const queue: { target: Target; at: readonly string[] }[] = [];
  const visited = new Map<string, (readonly string[])[]>();
  const visit = (target: Target, at: readonly string[]): void => {
    const id = effects.idOf(target);
    const paths = visited.get(id) ?? [];
    // Below a path that was looked at, the function is calling itself on what lies further in.
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

/** A method of the language's own collections that changes nothing, as far as its name tells. */
function isHarmless(method: string): boolean {
  return [Array, Map, Set, String, Number, Date, RegExp, Promise].some(({ prototype }) => method in prototype);
}
