/**
 * Resolution of the free names of a function: each stands for a variable with its value, an import, or a global.
 *
 * @module
 */
import type { InspectorLease, ScopeValues } from "../v8/inspector.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { Slot } from "../syntax/normalize.ts";
import type { Binding } from "../syntax/scopes.ts";
import { dottedName, staticKey, type Use } from "../syntax/uses.ts";
import { ambientGlobal, ambientImport, valueOfGlobal } from "./platform.ts";
import { blindGlobal, blindImport } from "../blind/blind.ts";
import { declarationOf, importOf, resolveSpecifier } from "./modules.ts";
import { isReassigned } from "./reassigned.ts";
import { nameModule, type Notes, type Root } from "./reached.ts";
import type { FingerprintOptions } from "../types.ts";

/** A function, with the script and the scopes in which its free names are resolved. */
export interface Surroundings {
  readonly fn: object;
  readonly unit: CodeUnit;
  readonly url: string;
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
  /** Object through which a function was reached. It is taken for the `this` that an arrow function closes over. */
  ownerOf(fn: object): object | undefined;
  /** Home objects of methods that use `super`, with their prototypes. The resolver adds to them. */
  readonly homes: Map<object, object | null>;
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ["this", "write a method, or pass what it needs"],
  ["super", "call it through the class or the variable that it is written in, or name what it calls"],
  ["new.target", "pass what it needs"],
]);

/** Marks a variable that is not initialized yet. */
const UNSET = Symbol("unset");

/** Resolves the free names of functions, and notes the packages and blind uses that these names lead to. */
export class NameResolver {
  readonly #options: NameResolverOptions;

  constructor(options: NameResolverOptions) {
    this.#options = options;
  }

  /** Resolves one free name of a function. */
  async resolve(slot: Slot, { fn, unit, url, scopes, name: user }: Surroundings): Promise<Root> {
    const { name, binding } = slot;
    if (this.#options.ignored.has(name)) return { kind: "ignored", slot };
    const imported = binding && importOf(unit.script, binding);
    const value = readVariable(scopes, name);
    if (imported) {
      const identity = this.#options.fingerprint.packageOf(imported.specifier, url);
      if (identity?.source === "node" || identity?.source === "deno") {
        this.#options.notes.addPackage(identity);
        for (const use of slot.uses) {
          this.#options.notes.addBlind(blindImport(imported.specifier, imported.imported, use.path), url);
        }
        const factOf = (path: readonly string[]) => ambientImport(imported.specifier, imported.imported, path);
        return { kind: "platform", slot, identity, name: `${imported.specifier}#${imported.imported}`, factOf };
      }
      if (identity) {
        this.#options.notes.addPackage(identity);
        return {
          kind: "package",
          slot,
          identity,
          imported: imported.imported,
          value: value === UNSET ? undefined : value,
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
      const owner = name === "this" ? this.#options.ownerOf(fn) : home?.parent;
      const module = nameModule(url, this.#options.fingerprint.projectRoot);
      if (owner) return { kind: "value", slot, value: owner, isDynamic: false, declaration: null, module };
      this.#options.notes.notices.add(
        `not tracked: ${name} in ${user || "a function"} @ ${module}${
          remedy === undefined ? "" : `, so it counts as another function in each process; ${remedy}`
        }`,
      );
      return { kind: "missing", slot };
    }
    if (value === UNSET) return { kind: "unset", slot };
    const declaration = binding && unit.isWhole
      ? await declarationOf(this.#options.lease, { url, script: unit.script, binding })
      : null;
    if (declaration && this.#options.ignored.has(nameModule(declaration.url, this.#options.fingerprint.projectRoot))) {
      return { kind: "ignored", slot };
    }
    const isShared = declaration !== null && isSharedByScripts(declaration.binding, declaration.url);
    // A namespace import is bound once, and so is a file that is imported as JSON or text, which declares nothing.
    const isBoundOnce = imported !== null && (imported.imported === "*" || imported.isData);
    const isSettled = isBoundOnce ||
      (declaration !== null && !isReassigned(declaration) && value.value !== undefined && !isShared);
    const home = declaration?.url ?? (imported && resolveSpecifier(imported.specifier, url)) ?? url;
    const module = nameModule(home, this.#options.fingerprint.projectRoot);
    if (this.#options.ignored.has(module)) return { kind: "ignored", slot };
    return { kind: "value", slot, value: value.value, declaration, isDynamic: !isSettled, module };
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
  try {
    return { value: scope[name] };
  } catch {
    return UNSET;
  }
}
