/**
 * Finds what the reached code writes.
 *
 * @module
 */
import type { Exploration } from "./explore.ts";
import type { StateFindings } from "./state.ts";

/** Looks through all code that a walk has reached for writes to what it shares with its surroundings. */
export function findState(_found: Exploration): Promise<StateFindings> {
  return Promise.resolve({
    bindings: new Set(),
    objects: new Set(),
    members: new Map(),
    initialTexts: new Map(),
    notices: [],
  });
}
