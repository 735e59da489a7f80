/**
 * Resolution of the free names of a function: each stands for a variable with its value, an import, or a global.
 *
 * @module
 */
import process from "node:process";
import { isProxy } from "../../words/type_tests.ts";
import type { FunctionOrigin, InspectorLease, ScopeValues, Script } from "../v8/inspector.ts";
import { readScope, UNSET, valueInScopes } from "../v8/connection.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { Slot } from "../syntax/variable_names.ts";
import { type AnyNode, type ClassNode, isClassNode, isFunctionNode } from "../syntax/parse.ts";
import { type Binding, functionOf } from "../syntax/scopes.ts";
import { dottedName, staticKey, type Use } from "../syntax/uses.ts";
import { ambientGlobal, ambientImport, isGivenArguments, valueOfGlobal } from "./platform.ts";
import { blindGlobal, blindImport } from "../blind/blind.ts";
import { ownDescriptorOf } from "./members.ts";
import { globalOfPlatform, observedModule } from "../blind/readers.ts";
import { declarationOf, type ImportedName, importOf, moduleInPackage, resolveSpecifier } from "./modules.ts";
import { isReassigned } from "./reassigned.ts";
import { nameModule, type Notes, type Root } from "./reached.ts";
import type { FingerprintOptions } from "../types.ts";
import type { PackageIdentity } from "../packages/packages.ts";

/** A function, with the script and the scopes in which its free names are resolved. */
export interface Surroundings {
  readonly fn: object;
  readonly unit: CodeUnit;
  readonly url: string;
  /** The script as V8 has it; absent for a module that is read from its file. */
  readonly script?: Script;
  readonly scopes: readonly ScopeValues[];
  readonly name: string;
}

/** Options of a {@linkcode NameResolver}. */
export interface NameResolverOptions {
  readonly lease: InspectorLease;
  readonly fingerprint: FingerprintOptions;
  /** Names of symbols, and paths of modules, that do not count. */
  readonly ignored: ReadonlySet<string>;
  readonly notes: Notes;
  /** Object through which a function was reached, which may be the `this` of an arrow function. */
  ownerOf(fn: object): object | undefined;
  /** Home objects of methods that use `super`, with their prototypes. The resolver adds to them. */
  readonly homes: Map<object, object | null>;
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ["this", "write a method, or pass what it needs"],
  ["super", "call it through the class or the variable that it is written in, or name what it calls"],
  ["new.target", "pass what it needs"],
]);

/** Resolves the free names of functions, and notes the packages and blind uses that these names lead to. */
export class NameResolver {
  readonly #options: NameResolverOptions;

  constructor(options: NameResolverOptions) {
    this.#options = options;
  }

  /** Resolves one free name of a function. */
  async resolve(slot: Slot, { fn, unit, url, script, scopes, name: user }: Surroundings): Promise<Root> {
    const { name, binding } = slot;
    if (this.#options.ignored.has(name)) return { kind: "ignored", slot };
    const imported = binding && importOf(unit.script, binding);
    const value = readVariable(scopes, name);
    if (imported) {
      const identity = this.#options.fingerprint.packageOf(imported.specifier, url);
      if (identity?.source === "node" || identity?.source === "deno") {
        this.#noteModule(slot, imported, identity, url);
        const isRead = !/\butil$/.test(imported.specifier) ||
          slot.uses.some((use) => !isGivenArguments(unit.script, use));
        const factOf = (path: readonly string[]) =>
          isRead ? ambientImport(imported.specifier, imported.imported, path) : null;
        return { kind: "platform", slot, identity, name: `${imported.specifier}#${imported.imported}`, factOf };
      }
      if (identity) {
        this.#options.notes.addPackage(identity);
        const address = resolveSpecifier(imported.specifier, url, this.#options.fingerprint.resolve);
        return {
          kind: "package",
          slot,
          identity,
          imported: `${imported.imported}${moduleInPackage(address ?? imported.specifier)}`,
          value: value === null || value === UNSET ? undefined : value.value,
          isDynamic: false,
        };
      }
    }
    if (value === null) {
      const remedy = binding ? undefined : REMEDIES.get(name);
      if (remedy === undefined && (!binding || isSharedByScripts(binding, url))) return this.#global(slot, unit, url);
      const home = name === "super"
        ? (await import("./home_object.ts")).findHome({ fn, unit, scopes }, slot.uses, this.#options.ownerOf(fn))
        : null;
      if (home) this.#options.homes.set(home.home, home.parent);
      const owner = name === "this" && script !== undefined
        ? receiverOfArrow({ unit, script, scopes, owner: this.#options.ownerOf(fn) })
        : home && { value: home.parent };
      const module = nameModule(url, this.#options.fingerprint.projectRoot);
      if (owner) return { kind: "value", slot, value: owner.value, isDynamic: false, declaration: null, module };
      this.#options.notes.notices.add(
        `not tracked: ${name} in ${user || "a function"} @ ${module}${
          remedy === undefined ? "" : `, so it counts as another function in each process; ${remedy}`
        }`,
      );
      return { kind: "missing", slot };
    }
    if (value === UNSET) return { kind: "unset", slot };
    const platform = globalOfPlatform(value.value);
    if (platform !== null) return this.#global({ ...slot, name: platform }, unit, url);
    const specifier = observedModule(value.value);
    const ofNode = specifier && this.#options.fingerprint.packageOf(specifier);
    if (specifier && ofNode) {
      this.#noteModule(slot, { specifier, imported: "default" }, ofNode, url);
      return { kind: "platform", slot, identity: ofNode, name: `${specifier}#default`, factOf: () => null };
    }
    const declaration = binding && unit.isWhole
      ? await declarationOf(
        this.#options.lease,
        { url, script: unit.script, binding },
        this.#options.fingerprint.resolve,
      )
      : null;
    if (declaration && this.#options.ignored.has(nameModule(declaration.url, this.#options.fingerprint.projectRoot))) {
      return { kind: "ignored", slot };
    }
    const isShared = declaration !== null && isSharedByScripts(declaration.binding, declaration.url);
    // A namespace import is bound once, and so is a file that is imported as JSON or text, which declares nothing.
    const isBoundOnce = imported !== null && (imported.imported === "*" || imported.isData);
    const isSettled = isBoundOnce ||
      (declaration !== null && !isReassigned(declaration) && value.value !== undefined && !isShared);
    // Another name of the global object, which nobody can give to something else: its members are globals.
    if (isSettled && value.value === globalThis) return this.#global({ ...slot, name: "globalThis" }, unit, url);
    const home = declaration?.url ??
      (imported && resolveSpecifier(imported.specifier, url, this.#options.fingerprint.resolve)) ?? url;
    const module = nameModule(home, this.#options.fingerprint.projectRoot);
    if (this.#options.ignored.has(module)) return { kind: "ignored", slot };
    return { kind: "value", slot, value: value.value, declaration, isDynamic: !isSettled, module };
  }

  /** Notes the blind uses of a module of Node. */
  #noteModule(
    slot: Slot,
    { specifier, imported }: Pick<ImportedName, "specifier" | "imported">,
    identity: PackageIdentity,
    url: string,
  ): void {
    this.#options.notes.addPackage(identity);
    for (const use of slot.uses) this.#options.notes.addBlind(blindImport(specifier, imported, use.path), url);
  }

  #global(slot: Slot, unit: CodeUnit, url: string): Root {
    const { name } = slot;
    for (const use of slot.uses) {
      if (!isFileFetch(name, use, unit)) this.#options.notes.addBlind(blindGlobal([name, ...use.path]), url);
    }
    if (name === "Deno" || name === "process" || name === "Buffer") {
      const identity = this.#options.fingerprint.packageOf(name === "Deno" ? "Deno" : "node:process");
      if (identity) this.#options.notes.addPackage(identity);
      return { kind: "platform", slot, identity, name, factOf: (path) => ambientGlobal([name, ...path]) };
    }
    return { kind: "global", slot, value: valueOfGlobal(name) };
  }
}

/**
 * True for a variable that other scripts can assign or declare anew: one at the top level of a script that is no
 * module, such as a line of a REPL or a cell of a notebook. There, a function or `var` is a member of the global
 * object.
 */
function isSharedByScripts({ scope }: Binding, url: string): boolean {
  return url === "" && scope.parent === null;
}

/**
 * True for a call of `fetch` that reads a file, which is observed: `fetch("file:…")` and
 * `fetch(new URL("…", import.meta.url))`.
 */
function isFileFetch(name: string, use: Use, { script }: CodeUnit): boolean {
  const call = name === "fetch" && use.how === "call" ? script.parents.get(use.node) : undefined;
  const request = call?.type === "CallExpression" ? call.arguments[0] : undefined;
  if (request?.type === "Literal") return String(request.value).startsWith("file:");
  if (request?.type !== "NewExpression" || dottedName(request.callee) !== "URL") return false;
  const [path, base] = request.arguments;
  const isBesideModule = base?.type === "MemberExpression" && base.object.type === "MetaProperty" &&
    staticKey(base) === "url";
  const text = path?.type === "Literal" ? String(path.value) : "";
  return isBesideModule ? !/^[a-z]+:/i.test(text) : text.startsWith("file:");
}

/** Value of the innermost variable of a name; `null` when there is none, `UNSET` when it is not initialized yet. */
function readVariable(scopes: readonly ScopeValues[], name: string): { readonly value: unknown } | typeof UNSET | null {
  const scope = scopes.find((one) => Object.hasOwn(one, name));
  if (!scope) return null;
  const value = readScope(scope, name);
  return value === UNSET ? UNSET : { value };
}

/**
 * Origin of a function that a module declares and never replaces, from a function of the same module that refers to it.
 * Both see the scope of the module, which V8 would copy once more for each function that it is asked about.
 *
 * @param root Meaning of the name in the code of `unit`.
 * @param origin Origin of the function that `unit` is the code of.
 * @returns `null` for anything else that a name may stand for.
 */
export function originBeside(
  root: Root,
  unit: CodeUnit,
  origin: Extract<FunctionOrigin, { kind: "script" }>,
): { readonly fn: object; readonly origin: FunctionOrigin } | null {
  if (root.kind !== "value" || typeof root.value !== "function" || root.declaration === null) return null;
  const { script, binding } = root.declaration;
  if (!unit.isWhole || script !== unit.script || binding.scope.kind !== "module") return null;
  const node = functionOf(binding);
  const home = origin.scopes.findIndex((scope) => Object.hasOwn(scope, binding.name));
  if (node === null || home < 0) return null;
  if (Function.prototype.toString.call(root.value) !== script.text.slice(node.start, node.end)) return null;
  return { fn: root.value, origin: { ...origin, offset: node.start, scopes: origin.scopes.slice(home) } };
}

/** An arrow function, with what may tell its `this`. */
interface ArrowPlace {
  readonly unit: CodeUnit;
  readonly script: Script;
  readonly scopes: readonly ScopeValues[];
  /** Object through which the function was reached. */
  readonly owner: object | undefined;
}

/** Number of members that are compared with the surrounding function, for each object of a chain of prototypes. */
const MAX_MEMBERS = 1000;

/**
 * Object that `this` stands for in an arrow function; `null` when that cannot be told.
 *
 * At the top level, `this` is `undefined` in a module, and the exports in CommonJS. In a class and in a function, it is
 * the object through which the arrow function was reached, when that object has the class or the function; in the static
 * part of a class it is the class.
 */
function receiverOfArrow({ unit, script, scopes, owner }: ArrowPlace): { readonly value: unknown } | null {
  // Without its surroundings, which the user is told, nothing is known but the way to the function.
  if (!unit.isWhole) return owner === undefined ? null : { value: owner };
  const { node, isStatic } = surroundingsOf(unit);
  if (node === null) return script.isModule ? { value: undefined } : exportsOfScript(script, unit, scopes);
  const text = (one: AnyNode) => unit.script.text.slice(one.start, one.end);
  const around = isClassNode(node) ? node : classOfMethod(unit, node);
  if (isStatic && around !== null && around === node) {
    const found = owner !== undefined && isWritten(owner, text(around)) ? owner : classOnce(unit, around, scopes);
    return found === null ? null : { value: found };
  }
  return owner !== undefined && hasCode(owner, around === null ? text(node) : text(around)) ? { value: owner } : null;
}

/** The function, or the class, that gives an arrow function its `this`; `null` at the top level of the script. */
function surroundingsOf({ script, node }: CodeUnit): { readonly node: AnyNode | null; readonly isStatic: boolean } {
  let below: AnyNode = node;
  for (let at = script.parents.get(node); at; below = at, at = script.parents.get(at)) {
    if (isFunctionNode(at) && at.type !== "ArrowFunctionExpression") return { node: at, isStatic: false };
    if (at.type !== "StaticBlock" && (at.type !== "PropertyDefinition" || at.value !== below)) continue;
    const owner = script.parents.get(script.parents.get(at) as AnyNode) as AnyNode;
    return { node: owner, isStatic: at.type === "StaticBlock" || at.static };
  }
  return { node: null, isStatic: false };
}

function classOfMethod({ script }: CodeUnit, node: AnyNode): ClassNode | null {
  const member = script.parents.get(node);
  if (member?.type !== "MethodDefinition") return null;
  const owner = script.parents.get(script.parents.get(member) as AnyNode);
  return owner && isClassNode(owner) ? owner : null;
}

function isWritten(fn: unknown, text: string): boolean {
  return typeof fn === "function" && Function.prototype.toString.call(fn).endsWith(text);
}

/** True for an object that has a function or class of that text, itself or by its prototypes. */
function hasCode(owner: object, text: string): boolean {
  for (let at: object | null = owner; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (at === Object.prototype || at === Function.prototype) return false;
    if (isProxy(at)) return false;
    if (isWritten(at, text)) return true;
    for (const key of Object.getOwnPropertyNames(at).slice(0, MAX_MEMBERS)) {
      const member = ownDescriptorOf(at, key);
      if ([member?.value, member?.get, member?.set].some((one) => isWritten(one, text))) return true;
    }
  }
  return false;
}

/** Class that is made once, and that a variable in scope holds; `null` when there is none. */
function classOnce(unit: CodeUnit, node: ClassNode, scopes: readonly ScopeValues[]): object | null {
  for (let at = unit.script.parents.get(node); at; at = unit.script.parents.get(at)) {
    if (isFunctionNode(at) || isClassNode(at) || /^(?:For|While|DoWhile)/.test(at.type)) return null;
  }
  const text = unit.script.text.slice(node.start, node.end);
  for (const scope of scopes) {
    for (const name of Object.keys(scope)) {
      const value = readScope(scope, name);
      if (isWritten(value, text)) return value as object;
    }
  }
  return null;
}

/** The exports that a CommonJS script begins with; `null` when the script may have replaced them. */
function exportsOfScript(
  { url }: Script,
  { script }: CodeUnit,
  scopes: readonly ScopeValues[],
): { value: unknown } | null {
  if (scopes.some((one) => Object.hasOwn(one, "exports"))) return { value: valueInScopes(scopes, "exports") };
  if (!url.startsWith("file:") || /\bmodule\b/.test(script.text)) return null;
  const path = process.getBuiltinModule("node:url").fileURLToPath(url);
  const cached: unknown = Reflect.get(process.getBuiltinModule("node:module"), "_cache");
  const module: unknown = typeof cached === "object" && cached !== null ? Reflect.get(cached, path) : undefined;
  if (typeof module !== "object" || module === null) return null;
  return { value: Reflect.get(module, "exports") };
}
