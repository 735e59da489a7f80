/**
 * Methods of classes that no code reached can name, so that an edit of them cannot change what the code does.
 *
 * A method is looked up by its name, on an object that the text of the code does not tell. So a method counts when any
 * code reached has its name, and every method counts where names are not all in sight: where keys are computed, where the
 * program reflects, and where code is reached whose text is not looked at, of packages and most of the platform.
 *
 * @module
 */
import { isNativeFunction } from "../../values/kinds.ts";
import { isProxy } from "../../words/type_tests.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import { type MethodNode, methodsOfBody, type NamesUsed, namesUsed } from "../syntax/names_used.ts";
import { type AnyNode, isClassNode } from "../syntax/parse.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import { isPlainMember, LANGUAGE_GLOBALS, PLAIN_GLOBALS, PROTOCOL_NAMES } from "./protocol_names.ts";
import type { Code, Notes, Root } from "./reached.ts";
import { valueOfGlobal } from "./platform.ts";

/** Names by which code gets at members without their names, or at the objects that hold methods. */
const REFLECTION = new Set(
  (`getOwnPropertyNames getOwnPropertyDescriptor getOwnPropertyDescriptors ownKeys Reflect prototype getPrototypeOf
  setPrototypeOf __proto__ __lookupGetter__ __lookupSetter__ constructor eval Function showHidden groups`).split(/\s+/),
);
/** Names of functions that read or assign members by keys that are data. */
const BY_DATA = ["assign", "stringify"];
/** Names of functions that tell which members a class itself has. */
const ASKING = ["hasOwn", "hasOwnProperty", "propertyIsEnumerable"];

/** Methods and accessors with their names. */
type Methods = ReadonlyMap<AnyNode, string>;

const NONE: Methods = new Map();

/** What a walk has found, as far as it decides whether all names are in sight. */
export interface InSight {
  readonly codes: ReadonlyMap<object, Code>;
  readonly notes: Notes;
  readonly changes: { readonly found: ReadonlyMap<unknown, unknown> };
}

interface Unnamed {
  readonly unit: CodeUnit;
  readonly members: ReadonlyMap<MethodNode, string>;
}

/** Names in the code that one walk reaches, and the methods that these leave out. */
export class NamedMembers {
  readonly #names = new Set<string>(PROTOCOL_NAMES);
  readonly #classes = new Map<object, Unnamed>();
  #countsAll = false;
  #countsAccessors = false;

  /** True when a method is left out. */
  get leavesOut(): boolean {
    return this.#classes.size > 0;
  }

  /**
   * Takes the names in code that the walk reads.
   *
   * @returns Methods and accessors of a class that no code named until now. Their own names are not taken.
   */
  read(fn: object, unit: CodeUnit): Methods {
    this.#classes.delete(fn);
    if (this.#countsAll) return NONE;
    const { script, node } = unit;
    const methods = extendsOwnClasses(fn) ? methodsOfBody(node) : new Map<MethodNode, string>();
    this.#take(usedBy(script, node, methods));
    for (let isDone = false; !isDone;) {
      isDone = true;
      for (const [member, name] of methods) {
        if (!this.#isNamed(member, name)) continue;
        methods.delete(member);
        this.#take(usedBy(script, member, NONE));
        isDone = false;
      }
    }
    if (methods.size === 0) return NONE;
    this.#classes.set(fn, { unit, members: methods });
    return methods;
  }

  /** True for a place in the code of a class that is within a method that was left out. */
  leavesOutAt(fn: object, node: AnyNode): boolean {
    const { unit, members = NONE } = this.#classes.get(fn) ?? {};
    for (let at: AnyNode | undefined = node; unit && at && at !== unit.node; at = unit.script.parents.get(at)) {
      if ((members as Methods).has(at)) return true;
    }
    return false;
  }

  /** Classes with methods that were left out, and that code named since, or that count because not all is in sight. */
  outdated(found: InSight): object[] {
    if (this.#classes.size === 0) return [];
    for (const code of found.codes.values()) {
      // A function of the language that is captured: `const { assign } = Object`.
      if (code.kind === "platform") {
        this.#take({ names: new Set(code.name.split(".")), readsAny: false, writesAny: false });
      }
    }
    if (!isAllInSight(found)) this.#countsAll = true;
    return [...this.#classes]
      .filter(([, { members }]) => members.entries().some(([member, name]) => this.#isNamed(member, name)))
      .map(([fn]) => fn);
  }

  #take({ names, readsAny, writesAny }: NamesUsed): void {
    for (const name of names) {
      this.#names.add(name);
      if (REFLECTION.has(name)) this.#countsAll = true;
    }
    if (readsAny) this.#countsAll = true;
    if (writesAny) this.#countsAccessors = true;
  }

  #isNamed({ kind, static: isStatic }: MethodNode, name: string): boolean {
    if (this.#countsAll || this.#names.has(name)) return true;
    const hasAny = (names: readonly string[]) => names.some((one) => this.#names.has(one));
    if (kind !== "method" && (this.#countsAccessors || hasAny(BY_DATA))) return true;
    return isStatic && hasAny(ASKING);
  }
}

const used = new WeakMap<AnyNode, NamesUsed>();

/** Names in a piece of code without these members of it; found once, since the members follow from the code. */
function usedBy(script: ScriptSyntax, node: AnyNode, without: Methods): NamesUsed {
  // A class that extends one of the platform is looked at with all of its members.
  if (without.size === 0 && isClassNode(node)) return namesUsed(script, node, () => false);
  let names = used.get(node);
  if (names === undefined) used.set(node, names = namesUsed(script, node, (member) => without.has(member)));
  return names;
}

/** True for a class that extends classes of the user alone: those of the platform call methods by names of their own. */
function extendsOwnClasses(fn: object): boolean {
  for (let at: unknown = Object.getPrototypeOf(fn); at !== Function.prototype; at = Object.getPrototypeOf(at)) {
    if (typeof at !== "function" || isProxy(at) || isNativeFunction(at)) return false;
  }
  return true;
}

/** True when all code that can name a method is code of the user that was read, or of the language. */
function isAllInSight({ codes, notes, changes }: InSight): boolean {
  if (changes.found.size + notes.notices.size + notes.blind.size > 0) return false;
  for (const [fn, code] of codes) {
    if (!isInSight(fn, code, codes)) return false;
  }
  return true;
}

function isInSight(fn: object, code: Code, codes: ReadonlyMap<object, Code>): boolean {
  switch (code.kind) {
    case "bound":
    case "wrapper":
      return true;
    // A cached function that is called has code of its own, which may be given instances.
    case "cached":
    case "ignored":
    case "package":
      return false;
    case "platform":
      return code.made === undefined && code.wasm === undefined && isPlainFunction(fn, code);
    case "user": {
      const { unit, roots, required = [], modules = [], code: normalized } = code.user;
      if (unit === null || !unit.isWhole || normalized === null || normalized.imports.length > 0) return false;
      return required.length + modules.length === 0 && roots.every((root) => isRootInSight(root, codes));
    }
  }
}

/** True for a function that looks up no names of its own on what it is given. */
function isPlainFunction(fn: object, { name, url }: Extract<Code, { kind: "platform" }>): boolean {
  if (url === "") {
    const [first = ""] = name.replace(/^[gs]et /, "").replace(/^globalThis\./, "").split(".");
    if (LANGUAGE_GLOBALS.has(first) || / (iterator|generator)$/.test(first)) return true;
  }
  for (const one of PLAIN_GLOBALS) if (valueOfGlobal(one) === fn) return true;
  return Object.values(console).includes(fn as () => void);
}

function isRootInSight(root: Root, codes: ReadonlyMap<object, Code>): boolean {
  switch (root.kind) {
    case "value":
    case "unset":
    case "missing":
      return true;
    case "package":
    case "ignored":
      return false;
    case "global": {
      const { slot: { name, uses }, value } = root;
      const isPlain = (one: string) => LANGUAGE_GLOBALS.has(one) || PLAIN_GLOBALS.has(one);
      if (value === globalThis) return uses.every(({ path }) => path[0] !== undefined && isPlain(path[0]));
      return isPlain(name) || typeof value !== "object" && typeof value !== "function" ||
        codes.get(value as object)?.kind === "user";
    }
    case "platform": {
      const [module = "", imported] = root.name.split("#");
      if (imported !== undefined && !["default", "*"].includes(imported)) return isPlainMember(module, imported);
      return root.slot.uses.every(({ path }) => path[0] !== undefined && isPlainMember(module, path[0]));
    }
  }
}
