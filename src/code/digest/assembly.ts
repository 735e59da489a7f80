/**
 * Types of the assembly of a fingerprint, apart from the code that makes it.
 *
 * @module
 */
import type { FingerprintPart } from "../../words/records.ts";
import type { StateFindings } from "../state/state.ts";
import type { ArgumentSight } from "../types.ts";
import type { Resolve } from "../walk/modules.ts";
import type { ChangingVariable } from "./changing_variables.ts";
import type { GraphNode } from "./graph_digest.ts";
import type { Ordinals } from "./ordinals.ts";
import type { OutsideNodes } from "./outside_nodes.ts";

/** A fact of the process or the machine: its name, and a function that returns true while it is as it was. */
export interface FactCheck {
  readonly name: string;
  readonly isUnchanged: () => boolean;
}

/** Graph of everything that was reached, and everything that has to be looked at again at the next call. */
export interface Assembly {
  readonly root: GraphNode;
  /** Parts of the fingerprint. The part that stands for the subject itself comes first. */
  readonly parts: FingerprintPart[];
  readonly notices: string[];
  /** Functions that return true while a value is unchanged. */
  readonly checks: (() => boolean)[];
  /** Those of these functions that look at facts of the process and the machine. */
  readonly factChecks: FactCheck[];
  /** Returns true while functions have the members and prototypes that they had. */
  readonly areFunctionsSame: () => boolean;
  /** Variables to read again through the inspector. */
  readonly variables: ChangingVariable[];
  /** Private fields to read again through the inspector. Fields that are state are left out. */
  readonly privates: ReadonlyMap<object, ReadonlyMap<string, unknown>>;
  /** Objects, functions and unregistered symbols that the code captures, in the order in which they are met. */
  readonly ordinals: Ordinals;
  /**
   * Digest of what a captured object holds, with the code in it; `null` for a handle, and for an object with state in it.
   *
   * @param digests Digests of nodes. This call adds to them.
   */
  contentOf(object: object, digests: Map<GraphNode, string>): string | null;
  /** Node of a function, a class or an object; `undefined` when there is none. */
  nodeOf(value: object): GraphNode | undefined;
}

/** Inputs of the assembly besides the findings of the walk. */
export interface AssemblyOptions {
  readonly projectRoot: string;
  readonly packageOf: (
    urlOrSpecifier: string,
    referrer?: string,
  ) => { readonly digest: string; readonly name: string } | null;
  readonly resolve?: Resolve | undefined;
  readonly state: StateFindings;
  /** What the code can see of the values that it is given. */
  readonly sight: ArgumentSight;
  /** Class of what makes the nodes of code that is not the user's; `null` when there is no such code. */
  readonly OutsideNodes: typeof OutsideNodes | null;
}
