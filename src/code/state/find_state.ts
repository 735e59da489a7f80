/**
 * Finds state: variables that the reached code assigns, and objects that it changes directly, through their methods,
 * or by passing them to a function that changes them.
 *
 * @module
 */
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { Binding, NameNode } from "../syntax/scopes.ts";
import { type AnyNode, isClassNode } from "../syntax/parse.ts";
import { type Change, changeOf, MUTATORS, staticKey, type Use, usesOfBinding } from "../syntax/uses.ts";
import {
  assignmentsIn,
  Effects,
  type FunctionAt,
  functionAt,
  membersAssigned,
  nameOfSetter,
  RECEIVER,
  type Target,
} from "./effects.ts";
import type { Exploration } from "../walk/explore.ts";
import { findMember, methodIn, ownDescriptorOf } from "../walk/members.ts";
import { isOfPlatform } from "../walk/platform.ts";
import { nameModule, type Root, type UserCode } from "../walk/reached.ts";
import { isInStaticBlock } from "../walk/reassigned.ts";
import type { Declaration } from "../walk/modules.ts";
import {
  CONTENTS,
  type InitialCode,
  noticeOfState,
  readInitialCode,
  readPlace,
  type StateFindings,
  type StatePlace,
} from "./state.ts";
import { isNativeFunction, tagOf } from "../../values/kinds.ts";
import { isPrimitive, typeTests } from "../../words/type_tests.ts";
import type { FingerprintOptions } from "../types.ts";

type WritableRoot = Extract<Root, { kind: "value" | "global" }>;

/** A place that a variable leads to and that code may change. */
interface Spot {
  readonly user: UserCode;
  readonly root: WritableRoot;
  /** Names of the members from the variable to this place; of a long path, the first names and the last one. */
  readonly path: readonly string[];
  readonly value: unknown;
  /** Object that has the value as a member, and the member's key; `null` for the variable's own value. */
  readonly member: { readonly holder: object; readonly key: string } | null;
  /** True when there is no such member yet, or the member cannot be followed. */
  readonly isMissing: boolean;
}

/** Number of names that are kept of a path, the last one among them. */
const MAX_PATH = 16;

/** Number of names up to which a notice shows a path in full. */
const MAX_NAMED = 4;

/** Number of visits after which the search ends. A function is visited anew for each object that it is given. */
const MAX_VISITS = 200_000;

/** A method and the object that it is called on. */
export interface MethodCall {
  readonly receiver: object;
  readonly method: object;
}

/**
 * Finds, in all code that a walk has reached, the writes to values that the code shares with its surroundings.
 *
 * @param called A method whose receiver is one of the shared values.
 */
export async function findState(
  found: Exploration,
  { projectRoot, leftOut }: Pick<FingerprintOptions, "projectRoot" | "leftOut">,
  called?: MethodCall,
): Promise<StateFindings> {
  return await new StateFinder(found, projectRoot).run(leftOut ?? new Set(), called);
}

class StateFinder {
  readonly #found: Exploration;
  readonly #projectRoot: string;
  readonly #effects: Effects;
  readonly #bindings = new Set<Binding>();
  readonly #objects = new Set<object>();
  readonly #members = new Map<object, Set<string>>();
  readonly #holders = new Map<Binding, { declaration: Declaration; paths: (readonly string[])[] }>();
  readonly #notices = new Set<string>();
  readonly #observed = new Set<string>();
  /** Values passed to functions, still to be followed. A list, since calls may nest deeper than the stack allows. */
  readonly #queue: { readonly spot: Spot; readonly target: Target }[] = [];
  /** Ids of the visited functions, by variable, and then by the object at the spot or the object that holds it. */
  readonly #visited = new Map<unknown, Map<unknown, Set<string>>>();
  /** Names of members that the reached code assigns; `null` until they are asked for. */
  #assigned: Set<string> | null = null;
  /** True for state that is only written while it holds nothing, by binding or object, and then by member name. */
  readonly #filled = new Map<object, Map<string, boolean>>();

  constructor(found: Exploration, projectRoot: string) {
    this.#found = found;
    this.#projectRoot = projectRoot;
    this.#effects = new Effects(found);
  }

  async run(observed: ReadonlySet<StatePlace>, called?: MethodCall): Promise<StateFindings> {
    if (called) this.#readReceiver(called);
    if (observed.size > 0) this.#markObserved(observed);
    for (const code of this.#found.codes.values()) {
      if (code.kind !== "user" || !code.user.unit) continue;
      for (const root of code.user.roots) {
        if (root.kind !== "value" && root.kind !== "global" && root.kind !== "unset") continue;
        for (const use of root.slot.uses) {
          if (!this.#isInIdleSetter(code.user.unit, use)) this.#readUse(code.user, root, use);
        }
      }
      this.#readOwnUses(code.user, code.user.unit);
    }
    for (const { spot, target } of this.#queue) this.#look(spot, target);
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
      observed: this.#observed,
    };
  }

  /** Marks the places that earlier runs have changed. */
  #markObserved(observed: ReadonlySet<StatePlace>): void {
    const places = [...observed].flatMap((id) => {
      const place = readPlace(id);
      return place === null ? [] : [{ ...place, id }];
    });
    for (const code of this.#found.codes.values()) {
      if (code.kind !== "user") continue;
      const { user } = code;
      const ownRoot: WritableRoot = {
        kind: "value",
        value: user.fn,
        slot: { name: user.name, binding: null, uses: [], nodes: [] },
        isDynamic: false,
        declaration: null,
        module: user.module,
      };
      for (const root of [ownRoot, ...user.roots]) {
        if (root.kind !== "value" && root.kind !== "global") continue;
        const module = root.kind === "value" ? root.module : "";
        const name = (root.kind === "value" ? root.declaration?.binding.name : undefined) ?? root.slot.name;
        for (const place of places) {
          if (place.module !== module || place.name !== name) continue;
          if (place.path.length === 0) {
            const how = this.#isOnlyFilled(place.name, true) ? "fill" : "write";
            if (root !== ownRoot && this.#markBinding(user, root, how)) this.#observed.add(place.id);
            continue;
          }
          const isOfContents = place.path.at(-1) === CONTENTS;
          const path = isOfContents ? place.path.slice(0, -1) : place.path;
          const spot = this.#spotAt(spotOf(user, root), path);
          const how = this.#isOnlyFilled(place.path.at(-1)!, false) ? "fill" : "write";
          if (this.#mark(spot, isOfContents ? "mutate" : how)) this.#observed.add(place.id);
        }
      }
    }
  }

  /** True when all that the reached code writes to variables or members of a name, it writes once. */
  #isOnlyFilled(name: string, isVariable: boolean): boolean {
    let isFilled = false;
    for (const [fn, code] of this.#found.codes) {
      const unit = code.kind === "user" ? code.user.unit : null;
      if (unit === null) continue;
      const { script, node } = unit;
      const isUnnamed = (part: AnyNode) => this.#found.members?.leavesOutAt(fn, part) === true;
      for (const target of assignmentsIn(node)) {
        const assignedName = target.type === "MemberExpression" ? staticKey(target) : (target as NameNode).name;
        const isOfName = assignedName === name && isVariable === (target.type === "Identifier");
        if (!isOfName || isUnnamed(target)) continue;
        if (changeOf(script, { how: "write", path: [], node: target }) !== "fill") return false;
        isFilled = true;
      }
    }
    return isFilled;
  }

  #readReceiver({ receiver, method }: MethodCall): void {
    const place = functionAt(this.#found, method);
    if (!place) return;
    const slot = { name: "this", binding: null, uses: [], nodes: [] };
    const root: WritableRoot = {
      kind: "value",
      value: receiver,
      slot,
      isDynamic: false,
      declaration: null,
      module: "",
    };
    this.#visit(spotOf(place.user, root), { place, index: RECEIVER });
  }

  /** Reads the uses in which a class refers to itself by name: `Counter.total++`. */
  #readOwnUses(user: UserCode, unit: CodeUnit): void {
    if (!isClassNode(unit.node)) return;
    const binding = new Set(unit.script.bindings.values()).values()
      .find((one) => one?.kind === "own-name" && one.declaration === unit.node);
    if (!binding) return;
    const isUnnamed = (node: AnyNode) => this.#found.members?.leavesOutAt(user.fn, node) === true;
    const uses = usesOfBinding(unit.script, binding)
      .filter((use) => !isUnnamed(use.node) && !this.#isInIdleSetter(unit, use));
    const slot = { name: binding.name, binding, uses, nodes: binding.references };
    const root: WritableRoot = {
      kind: "value",
      value: user.fn,
      slot,
      isDynamic: false,
      declaration: null,
      module: user.module,
    };
    for (const use of uses) this.#readUse(user, root, use);
  }

  /**
   * True for a use in a setter of a name that no reached code assigns: the code reads the member, so that its setter is
   * reached, too. What unseen code assigns all the same is found by what the run has changed.
   */
  #isInIdleSetter({ script: { parents } }: CodeUnit, { node }: Use): boolean {
    for (let at: AnyNode | undefined = node; at !== undefined; at = parents.get(at)) {
      const name = nameOfSetter(at, parents);
      if (name !== null) return !this.#assignedNames().has(name);
    }
    return false;
  }

  #assignedNames(): ReadonlySet<string> {
    if (this.#assigned !== null) return this.#assigned;
    const names = this.#assigned = new Set<string>();
    for (const code of this.#found.codes.values()) {
      const unit = code.kind === "user" ? code.user.unit : null;
      if (unit === null) continue;
      for (const name of membersAssigned(unit.script, unit.node)) names.add(name);
    }
    return names;
  }

  #readUse(user: UserCode, root: WritableRoot | Extract<Root, { kind: "unset" }>, use: Use): void {
    if (use.how === "write" && use.path.length === 0) {
      if (!user.unit || isInStaticBlock(user.unit.script, use.node)) return;
      const change = changeOf(user.unit.script, use);
      if (root.kind === "global") this.#markGlobal(user, root, change);
      else this.#markBinding(user, root, change);
      return;
    }
    if (root.kind === "unset" || (root.kind === "global" && isOfPlatform(root.slot.name, use.path))) return;
    const start = spotOf(user, root);
    if ((use.how === "write" || use.how === "mutate") && user.unit) {
      this.#mark(this.#spotAt(start, use.path), changeOf(user.unit.script, use));
      return;
    }
    if (use.how === "call" && use.path.length > 0) {
      this.#call(this.#spotAt(start, use.path.slice(0, -1)), use.path.at(-1) as string);
    }
    const target = use.argument && this.#effects.targetOf(user, use.argument.call, use.argument.index);
    const given = target ? this.#spotAt(start, use.path) : null;
    if (target && given) this.#visit(given, target);
  }

  /** Queues a visit to a function that is given the value at a spot, once for each object. */
  #visit(spot: Spot, target: Target): void {
    const { root, value, member } = spot;
    const variable = root.kind === "value" ? root.declaration?.binding ?? root : root.slot.name;
    const isObject = typeof value === "object" || typeof value === "function";
    const subject = isObject && value !== null ? value : member?.holder;
    const objects = this.#visited.get(variable) ?? new Map<unknown, Set<string>>();
    const targets = objects.get(subject) ?? new Set<string>();
    const id = `${this.#effects.idOf(target)} ${subject === value ? "" : member?.key}`;
    if (targets.has(id)) return;
    if (this.#queue.length >= MAX_VISITS) {
      this.#notices.add("partly looked through: what the code changes; it makes too many calls to follow");
      return;
    }
    this.#visited.set(variable, objects.set(subject, targets.add(id)));
    this.#queue.push({ spot, target });
  }

  #look(spot: Spot, target: Target): void {
    for (const effect of this.#effects.of(target)) {
      const at = this.#spotAt(spot, effect.path);
      if (!at) continue;
      if (effect.how === "passed") this.#visit(at, effect.to);
      else if (effect.how === "method") this.#call(at, effect.method);
      else this.#mark(at, effect.how);
    }
  }

  /** Marks what the call of a method changes in the value at a spot. */
  #call(spot: Spot | null, method: string): void {
    if (!spot) return;
    const receiver = spot.value;
    if (typeof receiver !== "object" && typeof receiver !== "function" || receiver === null) {
      // The value is not known: it is a private field, or a member that is made later. So the method's name alone
      // decides.
      if (MUTATORS.has(method) && receiver === undefined) this.#mark(spot, "mutate");
      return;
    }
    const place = this.#methodOf(receiver, method);
    if (place === "platform") {
      if (
        typeTests().isRegExp(receiver) && /[gy]/.test(String(Reflect.get(RegExp.prototype, "flags", receiver))) &&
        (method === "test" || method === "exec")
      ) {
        this.#mark(this.#spotAt(spot, ["lastIndex"]), "write");
        return;
      }
      // The exports of a module stay as they are, also those of WebAssembly.
      const isFixed = typeTests().isModuleNamespaceObject(receiver);
      if (MUTATORS.has(method) && !isFixed && !tagOf(receiver).startsWith("Temporal.")) this.#mark(spot, "mutate");
    } else if (place) this.#visit(spot, { place, index: RECEIVER });
  }

  /** Spot that a chain of members leads to; `null` when a member before the last one cannot be followed. */
  #spotAt(from: Spot, path: readonly string[]): Spot | null {
    if (path.length === 0) return from;
    if (from.isMissing) return null;
    const key = path[path.length - 1] as string;
    const { value: holder, followed } = this.#follow(from.value, path.slice(0, -1));
    if (followed < path.length - 1) return null;
    const last = this.#follow(holder, [key]);
    const isMissing = last.followed === 0;
    const isHolder = typeof holder === "object" && holder !== null || typeof holder === "function";
    return {
      ...from,
      path: shortenPath([...from.path, ...path]),
      value: isMissing ? undefined : last.value,
      member: isHolder ? { holder, key } : null,
      isMissing,
    };
  }

  /** Follows members, private ones included as far as they are known. */
  #follow(value: unknown, path: readonly string[]): { readonly value: unknown; readonly followed: number } {
    const found = findMember(value, path);
    const key = path[found.followed];
    if (key?.startsWith("#") !== true || isPrimitive(found.value)) return found;
    const fields = this.#found.view.privateFieldsOf(found.value as object);
    if (!fields?.has(key)) return found;
    const inner = this.#follow(fields.get(key), path.slice(found.followed + 1));
    return { value: inner.value, followed: found.followed + 1 + inner.followed };
  }

  /** Method that a receiver has or inherits: `platform` for a native one, `null` when it is not known. */
  #methodOf(receiver: object, name: string): "platform" | FunctionAt | null {
    for (let at: object | null = receiver; at; at = Object.getPrototypeOf(at) as object | null) {
      const property = ownDescriptorOf(at, name);
      if (!property) continue;
      const value: unknown = property.value;
      if (typeof value !== "function") return null;
      const own = functionAt(this.#found, value);
      if (own) return own;
      const owner: unknown = typeof at === "function" ? at : ownDescriptorOf(at, "constructor")?.value;
      const classCode = typeof owner === "function" ? this.#found.codes.get(owner) : undefined;
      if (classCode?.kind !== "user") {
        return this.#found.codes.get(value)?.kind === "platform" || isNativeFunction(value) ? "platform" : null;
      }
      const node = methodIn(classCode.user, name, typeof at === "function");
      return node && { user: classCode.user, node };
    }
    return null;
  }

  #noteChange(holder: object, name: string, how: Change): void {
    const names = this.#filled.get(holder) ?? new Map<string, boolean>();
    this.#filled.set(holder, names.set(name, how === "fill" && names.get(name) !== false));
  }

  /** @returns True when the variable is known. */
  #markBinding(user: UserCode, root: Root, how: Change): boolean {
    const binding = root.kind === "value" ? root.declaration?.binding ?? root.slot.binding : root.slot.binding;
    if (!binding || user.isHelper) return false;
    this.#bindings.add(binding);
    this.#noteChange(binding, "", how);
    this.#addHolder(user, root, binding, []);
    this.#note(user, root, []);
    return root.kind === "value" && root.declaration !== null;
  }

  /** Marks a variable that no module declares, which is a member of the global object. */
  #markGlobal(user: UserCode, root: Root, how: Change): void {
    this.#addMember(globalThis, root.slot.name, how);
    this.#note(user, root, []);
  }

  #addMember(holder: object, name: string, how: Change): void {
    const members = this.#members.get(holder) ?? new Set();
    this.#members.set(holder, members.add(name));
    this.#noteChange(holder, name, how);
  }

  /** @returns True when there is such a place. */
  #mark(spot: Spot | null, how: Change): boolean {
    if (!spot) return false;
    const { user, root, path, value, member } = spot;
    const held = how === "mutate" ? this.#heldBy(value) : [];
    if (held.length > 0) { for (const one of held) this.#objects.add(one); }
    else if (member) this.#addMember(member.holder, member.key, how);
    else return false;
    if (root.kind === "value" && root.declaration) this.#addHolder(user, root, root.declaration.binding, path);
    this.#note(user, root, path);
    return true;
  }

  /** Objects whose content changes when that of a value does: the value itself, or what a bound function is bound to. */
  #heldBy(value: unknown): object[] {
    if (typeof value === "object" && value !== null) return [value];
    const code = typeof value === "function" ? this.#found.codes.get(value) : undefined;
    return code?.kind === "bound" ? code.parts.flatMap((part) => typeof part === "object" && part ? [part] : []) : [];
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
    const members = path.length <= MAX_NAMED ? path : [...path.slice(0, MAX_NAMED), "…", ...path.slice(-1)];
    const name = [declaration?.binding.name ?? root.slot.name, ...members].join(".");
    this.#notices.add(noticeOfState(name, nameModule(declaration?.url ?? user.url, this.#projectRoot)));
  }
}

function spotOf(user: UserCode, root: WritableRoot): Spot {
  return { user, root, path: [], value: root.value, member: null, isMissing: false };
}

function shortenPath(path: readonly string[]): readonly string[] {
  return path.length <= MAX_PATH ? path : [...path.slice(0, MAX_PATH - 1), path[path.length - 1] as string];
}
