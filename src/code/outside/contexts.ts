/**
 * Closures that one call made together, such as the methods of an object. They see the same variables, so one of them
 * shows those of all.
 *
 * V8 shows copies of scopes, so nothing tells whether two closures stand in the same scope, unless that holds a function
 * or an object that is made anew whenever such a scope is.
 *
 * @module
 */
import { isPrimitive } from "../../words/type_tests.ts";
import type { ScopeValues } from "../v8/inspector.ts";
import { readScope } from "../v8/scope_values.ts";
import { knownScript } from "./known_scripts.ts";
import { madeFor, type OriginInScript } from "./load_scopes.ts";

/** Where a closure stands. */
interface Standing {
  /** What was made with the scope of the closure, and with no other scope. */
  readonly context: object;
  /** Origin at some time. Its variables may have other values by now. */
  readonly origin: OriginInScript;
}

const standings = new WeakMap<object, Standing>();

/** The closures that one walk has met, by the scopes that they stand in. */
export class Contexts {
  readonly #scopes = new Map<object, readonly ScopeValues[]>();

  /** Origin of a function, with the scopes that another function in the same scope has shown. */
  shared(fn: object, origin: OriginInScript): OriginInScript {
    const context = standings.get(fn)?.context ?? contextOf(origin);
    if (context === null) return origin;
    standings.set(fn, { context, origin });
    const scopes = this.#scopes.get(context);
    if (scopes === undefined) this.#scopes.set(context, origin.scopes);
    return scopes === undefined ? origin : { ...origin, scopes };
  }

  /** Origin of a function that stands in a scope which another function has shown; `undefined` for any other one. */
  originOf(fn: object): OriginInScript | undefined {
    const standing = standings.get(fn);
    const scopes = standing && this.#scopes.get(standing.context);
    return scopes && { ...standing.origin, scopes };
  }

  /** The given functions without those that stand in the same scope as an earlier one. */
  firstOfEach(functions: readonly object[]): object[] {
    const seen = new Set<object>();
    return functions.filter((fn) => {
      const context = standings.get(fn)?.context;
      return context === undefined || !seen.has(context) && seen.add(context);
    });
  }
}

/** What was made with the innermost scope of a function; `null` when nothing tells, and when it does not matter. */
function contextOf(origin: OriginInScript): object | null {
  const { innermost, variables } = madeFor(origin);
  const known = knownScript(origin.script);
  if (innermost === undefined || !variables.keys().some(known.isAssigned)) return null;
  for (const name of Object.keys(innermost)) {
    const value = known.isMadeWithScope(name) ? readScope(innermost, name) : null;
    if (!isPrimitive(value)) return value as object;
  }
  return null;
}
