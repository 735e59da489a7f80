/**
 * What functions of packages hold besides their code.
 *
 * @module
 */
import type { ScopeValues } from "../v8/inspector.ts";
import type { KnownScript } from "./known_scripts.ts";
import type { Surface } from "./surface.ts";

/** A variable of a package that may be assigned again, as a function of the package sees it. */
export interface Setting {
  readonly fn: object;
  readonly name: string;
  readonly value: unknown;
  /** Name by which the variable is known in every process: `package/file.js#name`. */
  readonly path: string;
  readonly script: KnownScript;
  /** Scopes that have the variable, as all functions show them that share them. */
  readonly scopes?: readonly ScopeValues[];
  /** True for a private field of `fn`, which is then any object. */
  readonly isPrivate?: boolean;
}

/** What a function that is not the user's holds. */
export interface HeldValues {
  /** Place in which the function is written: the file and the position there. */
  readonly place: string;
  /** Values by label. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Variables among these that may be assigned again. */
  readonly settings: readonly Setting[];
  readonly surfaces: readonly Surface[];
  /** True for a function that counts by its place alone, since the package made it when it was loaded. */
  readonly isLeaf: boolean;
}
