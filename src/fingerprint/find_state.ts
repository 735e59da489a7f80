/**
 * Finds what the reached code writes: variables that it assigns, objects that it changes, directly, through methods of
 * theirs, or by handing them to a function that does.
 *
 * @module
 */
import type { CodeUnit } from "../source/code_unit.ts";
import type { Binding, ScriptSyntax } from "../source/scopes.ts";
import { type AnyNode, type FunctionNode, isClassNode, isFunctionNode } from "../source/syntax.ts";
import { MUTATORS, type Use, usesOf, usesOfBinding } from "../source/uses.ts";
import type { Exploration } from "./explore.ts";
import {
  functionOf,
  isNative,
  methodIn,
  namesWithPaths,
  privateMethod,
  readOwn,
  siblingMethod,
  thisIn,
} from "./methods.ts";
import { isOfPlatform } from "./globals.ts";
import { isInStaticBlock, nameModule, type Root, type UserCode } from "./reached.ts";
import { findMember } from "./members.ts";
import type { Declaration } from "./modules.ts";
import { type InitialCode, noticeOfState, readInitialCode, type StateFindings } from "./state.ts";

type ValueRoot = Extract<Root, { kind: "value" | "global" }>;

/** `fill`: a write to what holds nothing yet, `cache ??= load()`. */
type Change = "write" | "mutate" | "fill";

/** A change to something that a function was given: to its receiver (-1) or to an argument. */
interface Effect {
  readonly path: readonly string[];
  readonly how: Change | "method";
  /** The method called on what is at the path, when that has to be known. */
  readonly method?: string;
}

const RECEIVER = -1;

/** Calls within calls are followed this deep. */
const MAX_DEPTH = 12;

/** A method and the object that it is called on. */
export interface MethodCall {
  readonly receiver: object;
  readonly method: object;
}

/**
 * Looks through all code that a walk has reached for writes to what it shares with its surroundings.
 *
 * @param called A method whose receiver is among what it shares.
 */
export async function findState(found: Exploration, projectRoot: string, called?: MethodCall): Promise<StateFindings> {
  return await new StateFinder(found, projectRoot).run(called);
}

/** What a method does to its receiver. */
export interface ReceiverUse {
  /** What it writes, as paths, private members with their `#`: `calls`, `stats.count`, `#memo`. */
  readonly written: readonly string[];
  /** Its members that it writes or may change, by calling methods of theirs. */
  readonly touched: readonly string[];
}

/** What a method does to its receiver: `this.calls++`, `this.#memo.set(…)`, `this.stats.bump()`. */
export function findReceiverUse(found: Exploration, projectRoot: string, method: object): ReceiverUse {
  const place = methodAt(found, method);
  if (!place) return { written: [], touched: [] };
  const effects = new StateFinder(found, projectRoot).receiverEffects(place.user, place.node);
  const written = effects.filter(({ how, path, method = "" }) =>
    how !== "method" || (path.length > 0 && MUTATORS.has(method))
  );
  const touched = effects.filter(({ how, method = "" }) =>
    how !== "method" || MUTATORS.has(method) || !isHarmless(method)
  );
  const textsOf = (list: readonly Effect[], length?: number) =>
    [...new Set(list.map(({ path }) => path.slice(0, length).join(".")))].sort();
  return { written: textsOf(written), touched: textsOf(touched, 1).filter((name) => name !== "") };
}

/** A method of the language's own collections that changes nothing, as far as its name tells. */
function isHarmless(method: string): boolean {
  return [Array, Map, Set, String, Number, Date, RegExp, Promise].some(({ prototype }) => method in prototype);
}

function methodAt(found: Exploration, method: object): { user: UserCode; node: FunctionNode } | null {
  const code = found.codes.get(method);
  const node = code?.kind === "user" ? code.user.unit?.node : undefined;
  return code?.kind === "user" && node && isFunctionNode(node) ? { user: code.user, node } : null;
}

/** Whether a write is one to what holds nothing yet: `x ??= …`, `if (!x) x = …`. */
function changeOf(script: ScriptSyntax, { how, node }: Use): Change {
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

class StateFinder {
  readonly #found: Exploration;
  readonly #projectRoot: string;
  readonly #bindings = new Set<Binding>();
  readonly #objects = new Set<object>();
  readonly #members = new Map<object, Set<string>>();
  readonly #holders = new Map<Binding, { declaration: Declaration; paths: (readonly string[])[] }>();
  readonly #notices = new Set<string>();
  /** By binding, or by object and member: whether it is only ever filled. */
  readonly #filled = new Map<object, Map<string, boolean>>();
  readonly #effects = new Map<string, readonly Effect[]>();
  readonly #numbers = new Map<object, number>();
  readonly #callees = new Map<UserCode, ReadonlyMap<AnyNode, { root: ValueRoot; use: Use }>>();

  constructor(found: Exploration, projectRoot: string) {
    this.#found = found;
    this.#projectRoot = projectRoot;
  }

  async run(called?: MethodCall): Promise<StateFindings> {
    if (called) this.#readReceiver(called);
    for (const code of this.#found.codes.values()) {
      if (code.kind !== "user" || !code.user.unit) continue;
      for (const root of code.user.roots) {
        if (root.kind !== "value" && root.kind !== "global" && root.kind !== "unset") continue;
        for (const use of root.slot.uses) this.#readUse(code.user, root, use);
      }
      this.#readOwnUses(code.user, code.user.unit);
    }
    const holders = new Map<Binding, InitialCode>();
    for (const [binding, { declaration, paths }] of this.#holders) {
      holders.set(binding, await readInitialCode(declaration, paths, this.#found));
    }
    return {
      bindings: this.#bindings,
      objects: this.#objects,
      members: this.#members,
      holders,
      isFilled: (holder, name) => this.#filled.get(holder)?.get(name) === true,
      notices: [...this.#notices],
    };
  }

  /** Effects on the receiver, through further methods of its class too. */
  receiverEffects(user: UserCode, node: FunctionNode, seen: Set<FunctionNode> = new Set()): Effect[] {
    if (seen.has(node)) return [];
    seen.add(node);
    return this.#effectsOf(user, node, RECEIVER, 0).flatMap((effect) => {
      if (effect.how !== "method" || effect.path.length > 0) return [effect];
      const inner = siblingMethod(user, node, effect.method ?? "");
      return inner ? this.receiverEffects(user, inner, seen) : [];
    });
  }

  #readReceiver({ receiver, method }: MethodCall): void {
    const place = methodAt(this.#found, method);
    if (!place) return;
    const slot = { name: "this", binding: null, uses: [], nodes: [] };
    const root: ValueRoot = { kind: "value", value: receiver, slot, isDynamic: false, declaration: null, module: "" };
    for (const effect of this.#effectsOf(place.user, place.node, RECEIVER, 0)) {
      this.#apply(place.user, root, [], effect, 0);
    }
  }

  /** A class that refers to itself by name: `Counter.total++`. */
  #readOwnUses(user: UserCode, unit: CodeUnit): void {
    if (!isClassNode(unit.node)) return;
    const binding = new Set(unit.script.bindings.values()).values()
      .find((one) => one?.kind === "own-name" && one.declaration === unit.node);
    if (!binding) return;
    const uses = usesOfBinding(unit.script, binding);
    const slot = { name: binding.name, binding, uses, nodes: binding.references };
    const root: ValueRoot = {
      kind: "value",
      value: user.fn,
      slot,
      isDynamic: false,
      declaration: null,
      module: user.module,
    };
    for (const use of uses) this.#readUse(user, root, use);
  }

  #readUse(user: UserCode, root: ValueRoot | Extract<Root, { kind: "unset" }>, use: Use): void {
    if (use.how === "write" && use.path.length === 0) {
      if (!user.unit || isInStaticBlock(user.unit.script, use.node)) return;
      const change = changeOf(user.unit.script, use);
      return root.kind === "global" ? this.#markGlobal(user, root, change) : this.#markBinding(user, root, change);
    }
    if (root.kind === "unset" || (root.kind === "global" && isOfPlatform(root.slot.name, use.path))) return;
    if ((use.how === "write" || use.how === "mutate") && user.unit) {
      return this.#mark(user, root, use.path, changeOf(user.unit.script, use));
    }
    if (use.how === "call" && use.path.length > 0) {
      this.#applyMethod(user, root, use.path.slice(0, -1), use.path.at(-1) as string, 0);
    }
    if (!use.argument) return;
    for (const effect of this.#effectsOfCall(user, use.argument.call, use.argument.index, 0)) {
      this.#apply(user, root, use.path, effect, 0);
    }
  }

  #apply(user: UserCode, root: ValueRoot, at: readonly string[], effect: Effect, depth: number): void {
    const path = [...at, ...effect.path];
    if (effect.how !== "method") return this.#mark(user, root, path, effect.how);
    this.#applyMethod(user, root, path, effect.method as string, depth + 1);
  }

  #applyMethod(user: UserCode, root: ValueRoot, path: readonly string[], method: string, depth: number): void {
    if (depth > MAX_DEPTH) return;
    const member = this.#follow(root.value, path);
    const missing = path.slice(member.followed);
    const receiver: unknown = missing.length === 0 ? member.value : undefined;
    if (typeof receiver !== "object" && typeof receiver !== "function" || receiver === null) {
      // A private field, or a member that is made later: nothing but the name of the method tells what it does.
      const isOnlyLast = missing.length === 1 || missing.length === 0;
      if (MUTATORS.has(method) && isOnlyLast && (receiver === undefined)) this.#mark(user, root, path, "mutate");
      return;
    }
    const place = this.#methodOf(receiver, method);
    if (place === "platform") {
      if (
        receiver instanceof RegExp && (receiver.global || receiver.sticky) && (method === "test" || method === "exec")
      ) {
        return this.#mark(user, root, [...path, "lastIndex"], "write");
      }
      const tag = Object.prototype.toString.call(receiver);
      if (MUTATORS.has(method) && !tag.startsWith("[object Temporal.")) this.#mark(user, root, path, "mutate");
    } else if (place) {
      for (const effect of this.#effectsOf(place.user, place.node, RECEIVER, depth)) {
        this.#apply(user, root, path, effect, depth);
      }
    }
  }

  /** Follows members, private ones too as far as they are known. */
  #follow(value: unknown, path: readonly string[]): { readonly value: unknown; readonly followed: number } {
    const found = findMember(value, path);
    const key = path[found.followed];
    if (key?.startsWith("#") !== true || typeof found.value !== "object" || found.value === null) return found;
    const fields = this.#found.view.privateFieldsOf(found.value);
    if (!fields?.has(key)) return found;
    const inner = this.#follow(fields.get(key), path.slice(found.followed + 1));
    return { value: inner.value, followed: found.followed + 1 + inner.followed };
  }

  /** The code of a method as a receiver has it: its own, or its class's. */
  #methodOf(receiver: object, name: string): "platform" | { user: UserCode; node: FunctionNode } | null {
    for (let at: object | null = receiver; at; at = Object.getPrototypeOf(at) as object | null) {
      const property = readOwn(at, name);
      if (!property) continue;
      const value: unknown = property.value;
      if (typeof value !== "function") return null;
      const code = this.#found.codes.get(value);
      if (code?.kind === "user" && code.user.unit && isFunctionNode(code.user.unit.node)) {
        return { user: code.user, node: code.user.unit.node };
      }
      const owner: unknown = typeof at === "function" ? at : readOwn(at, "constructor")?.value;
      const classCode = typeof owner === "function" ? this.#found.codes.get(owner) : undefined;
      if (classCode?.kind !== "user") return code?.kind === "platform" || isNative(value) ? "platform" : null;
      const node = methodIn(classCode.user, name, typeof at === "function");
      return node && { user: classCode.user, node };
    }
    return null;
  }

  /** What a call does to one of its arguments. */
  #effectsOfCall(user: UserCode, call: AnyNode, index: number, depth: number): readonly Effect[] {
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
      return target ? this.#effectsOf(code.user, target, index, depth) : [];
    }
    const node = local && functionOf(local);
    return node ? this.#effectsOf(user, node, index, depth) : [];
  }

  /** What a function does to one parameter or to its receiver. */
  #effectsOf(user: UserCode, node: FunctionNode, target: number, depth: number): readonly Effect[] {
    const id = `${this.#numberOf(user)}.${this.#numberOf(node)}.${target}`;
    const known = this.#effects.get(id);
    if (known || depth > MAX_DEPTH) return known ?? [];
    this.#effects.set(id, []);
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
          if (own && path.length === 1) effects.push(...this.#effectsOf(user, own, RECEIVER, depth + 1));
          else effects.push({ path: path.slice(0, -1), how: "method", method });
        }
        if (!use.argument) continue;
        for (const inner of this.#effectsOfCall(user, use.argument.call, use.argument.index, depth + 1)) {
          effects.push({ ...inner, path: [...path, ...inner.path] });
        }
      }
    }
    this.#effects.set(id, effects);
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

  #calleesOf(user: UserCode): ReadonlyMap<AnyNode, { root: ValueRoot; use: Use }> {
    let callees = this.#callees.get(user);
    if (!callees) {
      const found = new Map<AnyNode, { root: ValueRoot; use: Use }>();
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

  #noteChange(holder: object, name: string, how: Change): void {
    const names = this.#filled.get(holder) ?? new Map<string, boolean>();
    this.#filled.set(holder, names.set(name, how === "fill" && names.get(name) !== false));
  }

  #markBinding(user: UserCode, root: Root, how: Change): void {
    const binding = root.kind === "value" ? root.declaration?.binding ?? root.slot.binding : root.slot.binding;
    if (!binding || user.isHelper) return;
    this.#bindings.add(binding);
    this.#noteChange(binding, "", how);
    this.#addHolder(user, root, binding, []);
    this.#note(user, root, []);
  }

  /** A variable that no module declares is a member of the global object. */
  #markGlobal(user: UserCode, root: Root, how: Change): void {
    this.#addMember(globalThis, root.slot.name, how);
    this.#note(user, root, []);
  }

  #addMember(holder: object, name: string, how: Change): void {
    const members = this.#members.get(holder) ?? new Set();
    this.#members.set(holder, members.add(name));
    this.#noteChange(holder, name, how);
  }

  #mark(user: UserCode, root: ValueRoot, path: readonly string[], how: Change): void {
    const last = path.at(-1);
    const whole = this.#follow(root.value, path);
    if (how === "mutate" && whole.followed === path.length && typeof whole.value === "object" && whole.value !== null) {
      this.#objects.add(whole.value);
    } else {
      const holder = this.#follow(root.value, path.slice(0, -1));
      if (last === undefined || holder.followed < path.length - 1) return;
      if (typeof holder.value !== "object" && typeof holder.value !== "function" || holder.value === null) return;
      this.#addMember(holder.value, last, how);
    }
    if (root.kind === "value" && root.declaration) this.#addHolder(user, root, root.declaration.binding, path);
    this.#note(user, root, path);
  }

  #addHolder(user: UserCode, root: Root, binding: Binding, path: readonly string[]): void {
    const script = user.unit?.script;
    const declaration = root.kind === "value" ? root.declaration : script ? { url: user.url, script, binding } : null;
    if (!declaration) return;
    const holder = this.#holders.get(binding) ?? { declaration, paths: [] };
    this.#holders.set(binding, holder);
    if (path.length > 0) holder.paths.push(path);
  }

  #note(user: UserCode, root: Root, path: readonly string[]): void {
    const declaration = root.kind === "value" ? root.declaration : null;
    const name = [declaration?.binding.name ?? root.slot.name, ...path].join(".");
    this.#notices.add(noticeOfState(name, nameModule(declaration?.url ?? user.url, this.#projectRoot)));
  }
}
