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
import { readScope, UNSET } from "../v8/connection.ts";
import { knownScript } from "./known_scripts.ts";
import { madeFor, type OriginInScript } from "./load_scopes.ts";

/** Where a closure stands. */
interface Standing extends Context {
  /** Origin at some time. Variables of the scope that is shared, and of those around it, may have other values by now. */
  readonly origin: OriginInScript;
}

/** A scope that closures share. */
interface Context {
  /** What was made with the scope, and with no other scope. */
  readonly made: object;
  /** Number of scopes within it, around the closure, whose variables have their values for ever. */
  readonly inner: number;
}

const standings = new WeakMap<object, Standing>();

/** The closures that one walk has met, by the scopes that they stand in. */
export class Contexts {
  /** Scopes that closures share, with those around them, by what was made with them. */
  readonly #scopes = new Map<object, readonly ScopeValues[]>();
  /** The same scopes, by the scopes of the closures. */
  readonly #changing = new Map<readonly ScopeValues[], readonly ScopeValues[]>();

  /** Origin of a function, with the scopes that another function in the same scope has shown. */
  shared(fn: object, origin: OriginInScript): OriginInScript {
    const context = standings.get(fn) ?? contextOf(origin);
    if (context === null) return origin;
    const { made, inner } = context;
    standings.set(fn, { made, inner, origin });
    const known = this.#scopes.get(made);
    const scopes = known ?? origin.scopes.slice(inner);
    const shared = known === undefined ? origin : withScopes(origin, inner, scopes);
    this.#scopes.set(made, scopes);
    this.#changing.set(shared.scopes, scopes);
    return shared;
  }

  /** The scopes, of all scopes of a function, whose variables may change. Functions that share them have the same list. */
  changing({ scopes }: OriginInScript): readonly ScopeValues[] {
    return this.#changing.get(scopes) ?? scopes;
  }

  /** Origin of a function that stands in a scope which another function has shown; `undefined` for any other one. */
  originOf(fn: object): OriginInScript | undefined {
    const standing = standings.get(fn);
    const scopes = standing && this.#scopes.get(standing.made);
    return scopes && withScopes(standing.origin, standing.inner, scopes);
  }

  /** The given functions without those that stand in the same scope as an earlier one. */
  firstOfEach(functions: readonly object[]): object[] {
    const seen = new Set<object>();
    return functions.filter((fn) => {
      const made = standings.get(fn)?.made;
      return made === undefined || !seen.has(made) && seen.add(made);
    });
  }
}

function withScopes(origin: OriginInScript, inner: number, scopes: readonly ScopeValues[]): OriginInScript {
  return { ...origin, scopes: inner === 0 ? scopes : [...origin.scopes.slice(0, inner), ...scopes] };
}

const contexts = new WeakMap<readonly ScopeValues[], Context | null>();

/** The scope of a function by which its variables are known; `null` when nothing tells, and when it does not matter. */
function contextOf(origin: OriginInScript): Context | null {
  let context = contexts.get(origin.scopes);
  if (context === undefined) contexts.set(origin.scopes, context = findContext(origin));
  return context;
}

function findContext(origin: OriginInScript): Context | null {
  const { scopes, variables } = madeFor(origin);
  const known = knownScript(origin.script);
  const mayChange = (name: string) => known.useOf(name, origin.offset, "innermost") !== "constant";
  if (!variables.keys().some(mayChange)) return null;
  let found: Context | null = null;
  for (const [inner, scope] of scopes.entries()) {
    const names = Object.keys(scope);
    const values = names.map((name) => readScope(scope, name));
    const made = values.find((value, index) => !isPrimitive(value) && known.isMadeWithScope(names[index]!));
    if (made !== undefined) found = { made: made as object, inner };
    if (names.some(mayChange) || values.includes(UNSET)) break;
  }
  return found;
}
