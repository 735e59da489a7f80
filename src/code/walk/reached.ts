/**
 * What a walk through code finds: live functions, and what the names in them stand for.
 *
 * @module
 */
import type { PackageIdentity } from "../packages/packages.ts";
import { toPortable } from "../../options/project.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { NormalizedCode, Slot } from "../syntax/normalize.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import { type AnyNode, isFunctionNode } from "../syntax/parse.ts";
import type { AmbientFact } from "./platform.ts";
import type { Declaration } from "./modules.ts";
import type { BlindUse } from "../types.ts";

/** What a live function or class is. */
export type Code =
  | { readonly kind: "user"; readonly user: UserCode }
  | { readonly kind: "bound"; readonly parts: readonly unknown[] }
  | { readonly kind: "cached"; readonly identity: string }
  | { readonly kind: "wrapper"; readonly original: object }
  | { readonly kind: "package"; readonly identity: PackageIdentity; readonly name: string }
  | { readonly kind: "platform"; readonly name: string; readonly url: string }
  | { readonly kind: "ignored" };

/** A function or class of the user, with what it takes from outside. */
export interface UserCode {
  readonly fn: object;
  readonly name: string;
  /** Relative to the project root when below it. */
  readonly module: string;
  readonly url: string;
  readonly unit: CodeUnit | null;
  readonly code: NormalizedCode | null;
  readonly text: string;
  /** One per slot of the code. */
  readonly roots: readonly Root[];
  /** What Deno's compiler adds to carry out decorators: it counts, but is no symbol of the user's. */
  readonly isHelper: boolean;
  /** Properties that it carries besides its code: static members as they are now, what decorators put there. */
  readonly extras: ReadonlyMap<string, unknown>;
}

/** What a name in the code stands for. */
export type Root =
  | {
    readonly kind: "value";
    readonly value: unknown;
    readonly slot: Slot;
    /** The variable may hold something else at the next call. */
    readonly isDynamic: boolean;
    /** Where it is declared, when that could be found. */
    readonly declaration: Declaration | null;
    /** The module to name it by. */
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
    /** The fact of the process or the machine that members of it are. */
    factOf(path: readonly string[]): AmbientFact | null;
  }
  | { readonly kind: "global"; readonly slot: Slot; readonly value: unknown }
  | { readonly kind: "unset"; readonly slot: Slot }
  | { readonly kind: "missing"; readonly slot: Slot }
  | { readonly kind: "ignored"; readonly slot: Slot };

/** A module may be written out in its own URL. */
const MAX_NAME = 120;

/** A module's name for users: its path relative to the project root when it is a file. */
export function nameModule(url: string, root: string): string {
  if (url.startsWith("file:")) return toPortable(new URL(url), root);
  return url === "" ? "(eval)" : url.length > MAX_NAME ? `${url.slice(0, MAX_NAME)}…` : url;
}

/** Within the function that makes Deno's decorator helper, or the helper itself. */
export function isCompilerHelper({ script, node }: CodeUnit): boolean {
  for (let at: AnyNode | undefined = node; at; at = script.parents.get(at)) {
    if (at.type === "FunctionDeclaration" && /^_?apply_?[dD]ecs_?2203_?[rR]/.test(at.id?.name ?? "")) return true;
  }
  return false;
}

/** Assigned after its declaration, other than by the form in which namespaces are written: `A || (A = {})`. */
export function isReassigned({ script, binding }: Declaration): boolean {
  return binding.writes.some((write) => {
    const assignment = script.parents.get(write);
    const choice = assignment && script.parents.get(assignment);
    const isNamespaceForm = assignment?.type === "AssignmentExpression" && choice?.type === "LogicalExpression" &&
      choice.operator === "||" && choice.left.type === "Identifier" && choice.left.name === binding.name;
    return !isNamespaceForm && !isInStaticBlock(script, write);
  });
}

/** Runs once, when the class is made; Deno's compiler keeps what decorators leave behind in such variables. */
export function isInStaticBlock(script: ScriptSyntax, node: AnyNode): boolean {
  for (let at: AnyNode | undefined = node; at && !isFunctionNode(at); at = script.parents.get(at)) {
    if (at.type === "StaticBlock") return true;
  }
  return false;
}

/** Notices for the user, uses of what is not seen, and the packages that code was taken from. */
export class Notes {
  readonly notices = new Set<string>();
  /** By the name of what is used; the first use counts. */
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

  /** @param url The module with the use. */
  addBlind(use: Omit<BlindUse, "module"> | null, url: string): void {
    if (!use || this.blind.has(use.name)) return;
    this.blind.set(use.name, { ...use, module: nameModule(url, this.#projectRoot) });
  }
}
