/**
 * Results of a walk through code: live functions and classes, and the meaning of the free names in their code.
 *
 * @module
 */
import type { PackageIdentity } from "../packages/packages.ts";
import { toPortable } from "../../options/project.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { NormalizedCode } from "../syntax/normalize.ts";
import type { Slot } from "../syntax/variable_names.ts";
import type { AnyNode } from "../syntax/parse.ts";
import { dottedName } from "../syntax/uses.ts";
import type { AmbientFact } from "./platform.ts";
import type { Declaration } from "./modules.ts";
import { nameOfFunction } from "./values.ts";
import type { BlindUse } from "../types.ts";
import type { HeldValues } from "../outside/package_state.ts";

/** Kind of a live function or class, with what identifies it. */
export type Code =
  | { readonly kind: "user"; readonly user: UserCode }
  | { readonly kind: "bound"; readonly parts: readonly unknown[] }
  | { readonly kind: "cached"; readonly identity: string }
  | { readonly kind: "wrapper"; readonly original: object }
  | { readonly kind: "package"; readonly identity: PackageIdentity; readonly name: string; readonly held: HeldValues }
  | {
    readonly kind: "platform";
    readonly name: string;
    readonly url: string;
    /** Values that a call made for the function: `promisify(load)` has `load`. */
    readonly made?: ReadonlyMap<string, unknown>;
    /** Facts that its result depends on. @default {[]} */
    readonly facts?: readonly AmbientFact[];
    /** Digest of the WebAssembly module that contains the function. */
    readonly wasm?: string;
    /** True for a Proxy, and for native code that the platform does not have: programs put them in the place of its own. */
    readonly isForeign?: boolean;
  }
  | { readonly kind: "ignored" };

/** True for a function of the platform that holds nothing of the program, as one does that `promisify` made. */
export function isOfPlatformAlone(code: Code | undefined): boolean {
  return code?.kind === "platform" && code.made === undefined && code.wasm === undefined && code.isForeign !== true;
}

/** Name of a package; `null` for user code and for what comes with the runtime. */
export function nameOfPackage(identity: PackageIdentity | null): string | null {
  return identity === null || identity.source === "node" || identity.source === "deno" ? null : identity.name;
}

/** True for code whose captured variables can never change again. */
export function isCodeSettled(code: Code): boolean {
  if (code.kind === "ignored") return false;
  if (code.kind === "package") return code.held.settings.length === 0;
  return code.kind !== "user" ||
    code.user.roots.every((root) =>
      root.kind !== "unset" && root.kind !== "missing" &&
      !((root.kind === "value" || root.kind === "package") && root.isDynamic)
    );
}

/** A function or class of the user, with the meaning of its free names. */
export interface UserCode {
  readonly fn: object;
  readonly name: string;
  /** Module that contains the code, relative to the project root when below it. */
  readonly module: string;
  readonly url: string;
  readonly unit: CodeUnit | null;
  readonly code: NormalizedCode | null;
  readonly text: string;
  /** One root for each slot of the code, in the order of the slots. */
  readonly roots: readonly Root[];
  /** True for a function that Deno's compiler adds for decorators: it counts, but is no symbol of the user's. */
  readonly isHelper: boolean;
  /**
   * Values, by label, that the function or class has besides its code: static members as they are now, members that
   * decorators added, and private static fields.
   */
  readonly extras: ReadonlyMap<string, unknown>;
  /** Facts about the place of the project, as far as the code does more with such a path than open it. */
  readonly places?: readonly AmbientFact[];
  /** Modules that the code loads by `require` while it runs, each with the digest by which it counts. */
  readonly required?:
    | readonly { readonly name: string; readonly digest: string; readonly isOfUser: boolean }[]
    | undefined;
  /** What stands for the modules that the code loads by `import()`, and that a module imports. */
  readonly modules?: readonly (object | string)[];
  /** What counts of these modules' files, and what a module takes in when it is loaded. */
  readonly facts?: readonly AmbientFact[];
  /** Functions that return true while the text of a module is unchanged. */
  readonly checks?: readonly (() => boolean)[];
}

/** A function of which nothing counts but its text, since its syntax cannot be read or it is not followed. */
export function codeOfText(fn: object): UserCode {
  const text = Function.prototype.toString.call(fn);
  const place = { name: nameOfFunction(fn), module: "", url: "" };
  return { ...place, fn, text, unit: null, code: null, roots: [], isHelper: false, extras: new Map() };
}

/** Meaning of a free name in the code. */
export type Root =
  | {
    readonly kind: "value";
    readonly value: unknown;
    readonly slot: Slot;
    /** True when the variable may hold another value at the next call. */
    readonly isDynamic: boolean;
    /** Declaration of the variable; `null` when it could not be found. */
    readonly declaration: Declaration | null;
    /** Module under which the variable is shown. */
    readonly module: string;
  }
  | {
    readonly kind: "package";
    readonly slot: Slot;
    readonly identity: PackageIdentity;
    /** Name of the export, and the module of the package where it is not the main one. */
    readonly imported: string;
    readonly value: unknown;
    /** True when the package may assign the variable again. */
    readonly isDynamic: boolean;
  }
  | {
    readonly kind: "platform";
    readonly slot: Slot;
    readonly identity: PackageIdentity | null;
    readonly name: string;
    /** Fact of the process or the machine that a chain of members reads; `null` when the chain reads no fact. */
    factOf(path: readonly string[]): AmbientFact | null;
  }
  | { readonly kind: "global"; readonly slot: Slot; readonly value: unknown }
  | { readonly kind: "unset"; readonly slot: Slot }
  | { readonly kind: "missing"; readonly slot: Slot }
  | { readonly kind: "ignored"; readonly slot: Slot };

/** Longest name of a module, in UTF-16 code units: a `data:` URL contains the whole text of its module. */
const MAX_NAME = 120;

/**
 * Name of a module for users: its path relative to the project root for a file, `(eval)` without a URL, else the URL,
 * cut after {@linkcode MAX_NAME} code units.
 */
export function nameModule(url: string, root: string): string {
  if (url.startsWith("file:")) return toPortable(new URL(url), root);
  return url === "" ? "(eval)" : url.length > MAX_NAME ? `${url.slice(0, MAX_NAME)}…` : url;
}

/**
 * Name of a function that has none, by the place that the code puts it in: `Parser.prototype.parse` for what is assigned
 * there, also by way of `const pp = Parser.prototype`; empty for any other function.
 */
export function nameByPlace({ script, node }: CodeUnit): string {
  const parent = script.parents.get(node);
  const target = parent?.type === "AssignmentExpression" && parent.right === node ? parent.left : null;
  const path = target === null ? null : dottedName(target);
  if (path === null || target?.type !== "MemberExpression") return path ?? "";
  let base: AnyNode = target;
  while (base.type === "MemberExpression") base = base.object;
  const declaration = script.bindings.get(base)?.declaration;
  const alias = declaration?.type === "VariableDeclarator" && declaration.init ? declaration.init : null;
  const above = alias?.type === "MemberExpression" ? dottedName(alias) : null;
  return above === null ? path : [above, ...path.split(".").slice(1)].join(".");
}

/** True for the function that makes Deno's decorator helper, and for every function within it, the helper included. */
export function isCompilerHelper({ script, node }: CodeUnit): boolean {
  for (let at: AnyNode | undefined = node; at; at = script.parents.get(at)) {
    if (at.type === "FunctionDeclaration" && /^_?apply_?[dD]ecs_?2203_?[rR]/.test(at.id?.name ?? "")) return true;
  }
  return false;
}

/** Notices for the user, blind uses, and packages that code was taken from, as a walk finds them. */
export class Notes {
  readonly notices = new Set<string>();
  /** Blind uses by the name of what is used; of several uses, the first is kept. */
  readonly blind = new Map<string, BlindUse>();
  readonly packages = new Map<string, PackageIdentity>();
  readonly #projectRoot: string;

  constructor(projectRoot: string) {
    this.#projectRoot = projectRoot;
  }

  addPackage(identity: PackageIdentity): void {
    this.packages.set(`${identity.source}:${identity.name}@${identity.version}`, identity);
    for (const notice of identity.notices) this.notices.add(notice);
  }

  /** Adds a blind use in a package. */
  addBlindOf(use: BlindUse): void {
    this.blind.set(`${use.name} ${use.module}`, use);
  }

  /** @param url URL of the module that contains the use. */
  addBlind(use: Omit<BlindUse, "module"> | null, url: string): void {
    if (!use || this.blind.has(use.name)) return;
    this.blind.set(use.name, { ...use, module: nameModule(url, this.#projectRoot) });
  }
}
