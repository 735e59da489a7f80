/**
 * What normalizing code gives: the text, and what it takes from outside.
 *
 * @module
 */
import type { Binding } from "./scopes.ts";
import type { AnyNode } from "./syntax.ts";
import type { Use } from "./uses.ts";

export interface Slot {
  /** Name in the source: metadata, not part of the normalized text. `this` for an arrow function's receiver. */
  readonly name: string;
  /** What declares it in this script; `null`: nothing does, so it is a global or the text was parsed on its own. */
  readonly binding: Binding | null;
  readonly uses: readonly Use[];
  /** Where the name stands in the code. */
  readonly nodes: readonly AnyNode[];
}

/** `import("…")` in the code; `null`: the specifier is computed. */
export interface DynamicImport {
  readonly specifier: string | null;
  readonly node: AnyNode;
}

/** Code with names hashed away, and what it takes from outside in the order of first appearance. */
export interface NormalizedCode {
  readonly text: string;
  readonly slots: readonly Slot[];
  readonly imports: readonly DynamicImport[];
  /** What of `import.meta` it uses; `*` when that cannot be told. */
  readonly meta: readonly string[];
  /** Reads `.name` of something that may be a function. */
  readonly readsName: boolean;
  /** Reads `.constructor` or `new.target`, through which the name of a class can be read. */
  readonly readsConstructor: boolean;
  /** Uses private names or `super` of a class around it. */
  readonly needsHomeClass: boolean;
}
