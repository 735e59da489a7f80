/**
 * Results of a walk through code: live functions and classes, and the meaning of the free names in their code.
 *
 * @module
 */
import type { PackageIdentity } from "../packages/packages.ts";
import { toPortable } from "../../options/project.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { NormalizedCode, Slot } from "../syntax/normalize.ts";
import type { AnyNode } from "../syntax/parse.ts";
import type { AmbientFact } from "./platform.ts";
import type { Declaration } from "./modules.ts";
import type { BlindUse } from "../types.ts";

/** Kind of a live function or class, with what identifies it. */
export type Code =
  | { readonly kind: "user"; readonly user: UserCode }
  | { readonly kind: "bound"; readonly parts: readonly unknown[] }
  | { readonly kind: "cached"; readonly identity: string }
  | { readonly kind: "wrapper"; readonly original: object }
  | { readonly kind: "package"; readonly identity: PackageIdentity; readonly name: string }
  | { readonly kind: "platform"; readonly name: string; readonly url: string }
  | { readonly kind: "ignored" };

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
    readonly imported: string;
    readonly value: unknown;
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

  /** @param url URL of the module that contains the use. */
  addBlind(use: Omit<BlindUse, "module"> | null, url: string): void {
    if (!use || this.blind.has(use.name)) return;
    this.blind.set(use.name, { ...use, module: nameModule(url, this.#projectRoot) });
  }
}
