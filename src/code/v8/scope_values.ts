/**
 * Variables in the scopes that V8 shows of a function. Reading one that is not initialized yet throws.
 *
 * @module
 */
import type { ScopeValues } from "./connection.ts";

/** Stands for a variable that is not initialized yet. */
export const UNSET = Symbol("unset");

/** Value of a variable of a scope, or {@linkcode UNSET}. */
export function readScope(scope: ScopeValues, name: string): unknown {
  try {
    return scope[name];
  } catch {
    return UNSET;
  }
}

/** Value of the innermost variable of a name; `undefined` when there is none, and when it is not initialized yet. */
export function valueInScopes(scopes: readonly ScopeValues[], name: string): unknown {
  const scope = scopes.find((one) => Object.hasOwn(one, name));
  const value = scope && readScope(scope, name);
  return value === UNSET ? undefined : value;
}
