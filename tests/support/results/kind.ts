/**
 * Kinds of results: a function that makes one, and what becomes of it.
 *
 * @module
 */
/** A kind of result, in the words of a module of its own. */
export interface ResultKind {
  readonly name: string;
  /** Imports and declarations of the module. */
  readonly setup?: string;
  /** Expression that makes the value; it may await. */
  readonly make: string;
  /**
   * `true`: a hit gives back a value that no program can tell from it. `"named"`: each call runs, gives the very value,
   * stores nothing and says where in the result it is. `"either"`: one of both.
   */
  readonly kept: true | "named" | "either";
  /** Path of what is named, below the value. @default "" */
  readonly at?: string;
  /** Names of the module's classes and other objects that must be those very ones in a hit. */
  readonly known?: string;
  /** Expression in `value` that only the right value answers rightly; it may await. */
  readonly use?: string;
  /** Options of the cached function. */
  readonly options?: string;
}

/** A row without further parts: name, expression, and an expression in `value`. */
export type Brief = readonly [name: string, make: string, use?: string];

/** Kinds of brief rows. */
export function kindsOf(
  kept: ResultKind["kept"],
  rows: readonly Brief[],
  shared: Partial<ResultKind> = {},
): ResultKind[] {
  return rows.map(([name, make, use]) => ({ name, make, kept, ...shared, ...use === undefined ? {} : { use } }));
}
