/**
 * Sight of arguments: finds out what the code can see of the values that a call is given, besides their content.
 *
 * @module
 */
import { type ArgumentSight, EVERYTHING, joinSights, NOTHING_SEEN } from "../types.ts";
import { isNativeFunction } from "../../values/kinds.ts";
import { isProxy } from "../../words/type_tests.ts";
import type { NormalizedCode } from "../syntax/normalize.ts";
import { type AnyNode, type ClassNode, isClassNode } from "../syntax/parse.ts";
import type { BuiltInChange } from "../walk/built_ins.ts";
import type { Exploration } from "../walk/explore.ts";
import { findMember, methodIn, shadows } from "../walk/members.ts";
import { pathInGlobal } from "../walk/platform.ts";
import type { Code, Root, UserCode } from "../walk/reached.ts";
import { classOf } from "../walk/values.ts";
import type { FreeChain, SurroundingQuestion } from "./input_calls.ts";
import { isErrorClass } from "./input_levels.ts";
import { type UnitFindings, walkInputs } from "./input_walk.ts";

/**
 * Finds what the reached code can see of its inputs: arguments, receivers, results of inner calls. True wherever the
 * code is not understood.
 *
 * Functions and classes among the inputs are code as well: a call sees what its function sees, and what the code of
 * any function or instance among the inputs sees. So the answers for all of these explorations belong together, by a
 * logical or. The member `length` of an input is taken for a number, so where an object that is no array has an own
 * member `length` that holds an object, the order of the members of that object counts in any case.
 */
export function sightOfArguments(found: Exploration): ArgumentSight {
  for (const subject of found.subjects) if (!isSubjectKnown(found, subject)) return EVERYTHING;
  if ([...found.changes.found.values()].some(mayReplace)) return { ...EVERYTHING, kept: true };
  return new SightFinder(found).run();
}

/** True for a function that may have taken the place of one of the language. What is assigned anew can be listed. */
function mayReplace({ owner, key, value }: BuiltInChange): boolean {
  return typeof value === "function" && Object.getOwnPropertyDescriptor(owner, key)?.enumerable !== true;
}

/** True for a function of the user, and for an instance whose classes are all the user's or the language's. */
function isSubjectKnown(found: Exploration, subject: object): boolean {
  if (typeof subject === "function") return found.codes.get(subject)?.kind === "user";
  if (isProxy(subject)) return false;
  let prototype = Object.getPrototypeOf(subject) as object | null;
  for (
    ;
    prototype !== null && !BUILT_IN.has(prototype);
    prototype = Object.getPrototypeOf(prototype) as object | null
  ) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
    if (typeof constructor !== "function" || found.codes.get(constructor)?.kind !== "user") return false;
  }
  return true;
}

/** Prototypes whose methods find values by comparing, or hold them. */
const COLLECTIONS: ReadonlySet<object> = new Set<object>([
  Array.prototype,
  Map.prototype,
  Set.prototype,
  WeakMap.prototype,
  WeakSet.prototype,
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array].map(
    (one) => one.prototype as object,
  ),
  Float64Array.prototype,
  BigInt64Array.prototype,
  BigUint64Array.prototype,
]);

const BUILT_IN: ReadonlySet<object> = new Set<object>([
  ...COLLECTIONS,
  Object.prototype,
  Date.prototype,
  RegExp.prototype,
  Error.prototype,
  Intl.NumberFormat.prototype,
  Intl.DateTimeFormat.prototype,
  TextEncoder.prototype,
  TextDecoder.prototype,
]);

/** Rounds after which results that still change are taken for inputs everywhere. */
const MAX_ROUNDS = 6;

class SightFinder {
  readonly #found: Exploration;
  readonly #users: readonly UserCode[];
  /** Nodes of the functions and classes that were reached. */
  readonly #nodes: ReadonlySet<AnyNode | undefined>;
  /** Functions that may return an input, and classes whose instances may hold one. */
  readonly #givers = new Set<object>();
  /** Names of methods and accessors that may return an input. */
  readonly #givingNames = new Set<string>();
  /** Names of members that code assigns functions to which may come from elsewhere; `*` for any name. */
  readonly #replaced = new Set<string>();
  /** True once code gives a member from elsewhere to an object that may be an input. */
  #isMixed = false;
  readonly #hasPackages: boolean;
  /** Functions that code which is not analysed may call. */
  readonly #open = new Set<object>();

  constructor(found: Exploration) {
    this.#found = found;
    this.#users = [...found.codes.values()].flatMap((code) =>
      code.kind === "user" && !code.user.isHelper ? [code.user] : []
    );
    this.#hasPackages = [...found.codes.values()].some(({ kind }) => kind === "package") ||
      this.#users.some(({ roots }) => roots.some(({ kind }) => kind === "package"));
    this.#nodes = new Set(this.#users.map(({ unit }) => unit?.node));
  }

  run(): ArgumentSight {
    this.#findOpen();
    let sight = NOTHING_SEEN;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const known = this.#size();
      for (const user of this.#users) {
        const findings = this.#findingsOf(user);
        if (!findings) return EVERYTHING;
        sight = joinSights(sight, findings.seen);
        this.#note(user, findings);
      }
      if (this.#size() === known) {
        const { texts, capturedTexts, kept } = sight;
        return this.#leaks() ? { ...EVERYTHING, texts, capturedTexts, kept } : sight;
      }
    }
    return EVERYTHING;
  }

  /** Size of what is known, which grows until nothing new is found. */
  #size(): number {
    return this.#givers.size + this.#givingNames.size + this.#replaced.size + Number(this.#isMixed);
  }

  #isReplaced(method: string): boolean {
    return this.#replaced.has(method) || this.#replaced.has("*") && !method.startsWith("#");
  }

  /** Functions that are not only called by their names: subjects, members of objects, parts of bound functions. */
  #findOpen(): void {
    for (const subject of this.#found.subjects) this.#open.add(subject);
    for (const { value } of this.#found.changes.found.values()) this.#addOpen(value);
    for (const { references } of this.#found.values.values()) references.forEach((one) => this.#open.add(one));
    for (const code of this.#found.codes.values()) {
      if (code.kind === "bound") code.parts.forEach((part) => this.#addOpen(part));
      if (code.kind === "user") code.user.extras.forEach((extra) => this.#addOpen(extra));
    }
  }

  #addOpen(value: unknown): void {
    if (typeof value === "function") this.#open.add(value);
  }

  #note(user: UserCode, { gives, givers, replaced, mixes, handedOut }: UnitFindings): void {
    this.#isMixed ||= mixes;
    if (gives) this.#givers.add(user.fn);
    for (const name of replaced) this.#replaced.add(name);
    for (const name of givers) this.#givingNames.add(name);
    for (const { slot, path } of handedOut) {
      const root = user.roots[slot];
      if (root) this.#addOpen(valueOfChain(root, path)?.value);
    }
  }

  /** True when code that is not analysed may get an input from a function. */
  #leaks(): boolean {
    for (const fn of this.#givers) {
      const code = this.#found.codes.get(fn);
      const isClass = code?.kind === "user" && code.user.unit !== null && isClassNode(code.user.unit.node);
      if (!isClass && this.#open.has(fn)) return true;
    }
    return false;
  }

  #findingsOf(user: UserCode): UnitFindings | null {
    const { unit, code } = user;
    if (!unit || !code) return null;
    const known = walked.get(code);
    if (known?.asked.every(([question, answer]) => this.#answer(user, question) === answer)) return known.findings;
    const asked = new Map<string, readonly [SurroundingQuestion, string]>();
    const findings = walkInputs(unit, code, (question) => {
      const id = idOf(question);
      let entry = asked.get(id);
      if (!entry) asked.set(id, entry = [question, this.#answer(user, question)]);
      return entry[1];
    });
    walked.set(code, { asked: [...asked.values()], findings });
    return findings;
  }

  #answer(user: UserCode, question: SurroundingQuestion): string {
    switch (question.about) {
      case "meaning":
        return this.#meaning(user.roots[question.chain.slot], question.chain);
      case "receiver":
        return this.#receiver(user.roots[question.chain.slot], question.chain, question.method);
      case "method":
        return this.#hasMethod(user.roots[question.chain.slot], question.chain, question.method) ? "yes" : "";
      case "replaced":
        return this.#isReplaced(question.name) ? "yes" : "";
      case "mixed":
        return this.#isMixed && this.#hasPackages ? "yes" : "";
      case "gives":
        return this.#givingNames.has(question.name) ? "yes" : "";
      case "parent":
        return this.#meaningOfFunction(user.extras.get("extends"));
      case "home":
        return this.#nodes.has(question.node) && !this.#isReplaced(question.method) ? "yes" : "";
    }
  }

  #meaning(root: Root | undefined, { path }: FreeChain): string {
    if (!root) return "input";
    switch (root.kind) {
      case "missing":
        return "input";
      case "package":
        return "package";
      case "platform":
        return `platform ${platformPath(root.name, path)}`;
      case "unset":
      case "ignored":
        return "other";
      case "global": {
        const code = this.#codeOf(valueOfChain(root, path)?.value);
        if (root.slot.name === "console" && (!code || code.kind === "platform")) return "platform console";
        const [first = "", ...others] = pathInGlobal(root.slot.name, path);
        const property = Object.getOwnPropertyDescriptor(globalThis, first);
        // Deno makes some of its globals when they are first used. No getter is called here.
        if (property?.get) return `platform ${[first, ...others].join(".")}`;
        if (!property) return first === "undefined" ? "bare" : "other";
      }
    }
    const found = valueOfChain(root, path);
    if (!found) return "other";
    if (typeof found.value === "function") {
      const code = root.kind === "global" ? this.#codeOf(found.value) : undefined;
      // The platform's functions that are written in JavaScript have no path, but no other name leads to them either.
      if (code?.kind === "platform" && code.url !== "") {
        return `platform ${pathInGlobal(root.slot.name, path).join(".")}`;
      }
      return this.#meaningOfFunction(found.value);
    }
    if (root.kind === "value" && root.isDynamic) return "other";
    switch (typeof found.value) {
      case "string":
      case "symbol":
        return "text";
      case "object":
        return found.value === null ? "bare" : "other";
      default:
        return "bare";
    }
  }

  #codeOf(value: unknown): Code | undefined {
    return typeof value === "function" ? this.#found.codes.get(value) : undefined;
  }

  #meaningOfFunction(fn: unknown): string {
    const code = this.#codeOf(fn);
    switch (code?.kind) {
      case "package":
        return "package";
      case "platform":
        return `platform ${code.name.replace(/^globalThis\./, "")}`;
      case "wrapper":
        return "user gives";
      case "user":
        return this.#meaningOfUser(code.user);
      default:
        return typeof fn === "function" && isNativeFunction(fn) ? "native" : "other";
    }
  }

  #meaningOfUser({ fn, unit, extras }: UserCode): string {
    const gives = this.#givers.has(fn) ? " gives" : "";
    if (!unit || !isClassNode(unit.node)) return `user${gives}`;
    const hasOwn = unit.node.body.body.some((one) => one.type === "MethodDefinition" && one.kind === "constructor");
    if (gives !== "" || hasOwn || !unit.node.superClass) return `class${gives}`;
    const parent = this.#meaningOfFunction(extras.get("extends"));
    if (parent.startsWith("class")) return parent;
    if (!parent.startsWith("platform ")) return "class hands";
    return isErrorClass(parent.slice("platform ".length)) ? "class passes Error" : "class passes";
  }

  /** True when instances of a class have the method, in the code of the class or of a class that it extends. */
  #hasMethod(root: Root | undefined, { path }: FreeChain, method: string): boolean {
    if (this.#isReplaced(method)) return false;
    let code = root && this.#codeOf(valueOfChain(root, path)?.value);
    while (code?.kind === "user" && code.user.unit && isClassNode(code.user.unit.node)) {
      const { unit, extras } = code.user;
      // A constructor that returns something else makes no instance.
      const constructor = (unit.node as ClassNode).body.body.find((one) =>
        one.type === "MethodDefinition" && one.kind === "constructor"
      );
      if (constructor && /\breturn\b/.test(unit.script.text.slice(constructor.start, constructor.end))) return false;
      if (extras.has(`prototype ${method}`)) return false;
      if (methodIn(code.user, method, false)) return true;
      code = this.#codeOf(extras.get("extends"));
    }
    return false;
  }

  #receiver(root: Root | undefined, { path }: FreeChain, method: string): string {
    if (root?.kind !== "value" && root?.kind !== "global") return "other";
    const value = valueOfChain(root, path)?.value;
    if (typeof value !== "object" || value === null || isProxy(value) || Object.hasOwn(value, method)) return "other";
    const prototype: unknown = Object.getPrototypeOf(value);
    if (COLLECTIONS.has(prototype as object)) return "collection";
    if (prototype === null || BUILT_IN.has(prototype as object)) return "platform";
    const constructor = classOf(value);
    const code = constructor ? this.#found.codes.get(constructor) : undefined;
    return code?.kind === "user" && methodIn(code.user, method, false) && !this.#isReplaced(method)
      ? "instance"
      : "other";
  }
}

/** Findings about functions and classes by their code, with the answers that they depend on. */
const walked = new WeakMap<NormalizedCode, {
  readonly asked: readonly (readonly [SurroundingQuestion, string])[];
  readonly findings: UnitFindings;
}>();

function idOf(question: SurroundingQuestion): string {
  switch (question.about) {
    case "meaning":
      return `meaning ${question.chain.slot} ${question.chain.path.join(".")}`;
    case "receiver":
      return `receiver ${question.chain.slot} ${question.chain.path.join(".")} ${question.method}`;
    case "method":
      return `method ${question.chain.slot} ${question.chain.path.join(".")} ${question.method}`;
    case "gives":
    case "replaced":
      return `${question.about} ${question.name}`;
    case "home":
      return `home ${question.node.start} ${question.method}`;
    case "parent":
    case "mixed":
      return question.about;
  }
}

/** Value at the end of a chain of members; `null` when the chain could not be followed to its end. */
function valueOfChain(root: Root, path: readonly string[]): { readonly value: unknown } | null {
  if (root.kind !== "value" && root.kind !== "global") return null;
  const found = findMember(root.value, path);
  // What stands in the place of a member of the class may have been put there by the first run.
  const isOfClass = found.owner === null || !shadows(found.owner, path.at(-1));
  return found.followed === path.length && isOfClass ? found : null;
}

/** Path of a member of the platform's: `Deno.env.get`, `node:path#join`. */
function platformPath(name: string, path: readonly string[]): string {
  const [module, imported] = name.split("#");
  if (imported === undefined) return [name, ...path].join(".");
  const members = imported === "*" || imported === "default" ? path : [imported, ...path];
  return `${module}#${members.filter((one) => one !== "default").join(".")}`;
}
