/**
 * State: what the code itself writes, such as a counter, a log or a memo. It is no input, so its value does not count.
 *
 * @module
 */
import type { Binding } from "../source/scopes.ts";

/** What is state, decided from the code alone, so that it is the same in every process. */
export interface StateFindings {
  /** Variables that the code assigns. */
  readonly bindings: ReadonlySet<Binding>;
  /** Objects whose content it changes. */
  readonly objects: ReadonlySet<object>;
  /** Members of objects that it assigns. */
  readonly members: ReadonlyMap<object, ReadonlySet<string>>;
  /** The code that gives a variable its first value; this counts in place of what it holds later. */
  readonly initialTexts: ReadonlyMap<Binding, string>;
  readonly notices: readonly string[];
}
