/**
 * Scopes of functions that are not the user's: those that a module had when it was loaded, and those that a later call
 * made.
 *
 * Code of a package or of the platform counts by an identity. What a function of it was made with does not follow from
 * that: `flow([clean, scale])` and `promisify(load)` return functions that hold the user's own in their scopes.
 *
 * @module
 */
import type { FunctionOrigin, ScopeValues } from "../v8/inspector.ts";
import { readScope, UNSET } from "../v8/connection.ts";
import { knownScript } from "./known_scripts.ts";

/** Origin of a function that is written in a script. */
export type OriginInScript = Extract<FunctionOrigin, { kind: "script" }>;

/** Scopes of a function, innermost first. */
export interface SplitScopes {
  /** Scopes that a call made, after the module was loaded. */
  readonly made: readonly ScopeValues[];
  /** Scopes that the module made when it was loaded. */
  readonly loaded: readonly ScopeValues[];
}

/** Splits the scopes of a function of a package. */
export function splitPackageScopes({ scopes, scopeKinds, script }: OriginInScript): SplitScopes {
  let count = scopes.length;
  const exported = new Set<unknown>();
  for (let at = scopes.length - 1; at >= 0; at--) {
    const scope = scopes[at] as ScopeValues;
    const kind = scopeKinds[at];
    const isClosure = kind?.startsWith("Closure") === true;
    const isOfModule = kind === "Module" || kind === "Script" || isModuleWrapper(scope) ||
      isClosure && at === scopes.length - 1 && isOfTopLevel(scope, script);
    if (isOfModule) { for (const value of exportsIn(scope)) exported.add(value); }
    // A scope around the export itself was there when the module was loaded: that of the factory of a bundle.
    if (isOfModule || holdsOneOf(scope, exported)) count = at;
    else if (isClosure) break;
  }
  return { made: scopes.slice(0, count), loaded: scopes.slice(count) };
}

/**
 * Splits the scopes of a function of the platform. Its scripts are modules, or functions without a name; the functions
 * that make others have one.
 */
export function splitPlatformScopes({ scopes, scopeKinds }: OriginInScript): SplitScopes {
  const isOfCall = (kind: string) => /^(?:Closure|Block|Local|Catch) \(/.test(kind);
  const count = scopeKinds.findLastIndex(isOfCall) + 1;
  return { made: scopes.slice(0, count), loaded: scopes.slice(count) };
}

/** Variables of scopes by name, the innermost of each name. A variable that is not initialized yet is left out. */
export function variablesOf(scopes: readonly ScopeValues[]): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const scope of scopes) {
    for (const name of Object.keys(scope)) {
      if (found.has(name)) continue;
      const value = readScope(scope, name);
      if (value !== UNSET) found.set(name, value);
    }
  }
  return found;
}

/** What a call made for a function of a package. */
export interface Made {
  /** Scopes that the call made, innermost first. */
  readonly scopes: readonly ScopeValues[];
  /** Variables by name. */
  readonly variables: ReadonlyMap<string, unknown>;
}

const known = new WeakMap<readonly ScopeValues[], Made>();

/** Finds what a call made for a function of a package. Functions that share their scopes share it. */
export function madeFor(origin: OriginInScript): Made {
  let made = known.get(origin.scopes);
  if (made === undefined) {
    const scopes = splitPackageScopes(origin).made;
    known.set(origin.scopes, made = { scopes, variables: variablesOf(scopes) });
  }
  return made;
}

/** True for the scope of the function that CommonJS puts around a module, also within a bundle. */
function isModuleWrapper(scope: ScopeValues): boolean {
  return ["exports", "module", "require"].some((name) => Object.hasOwn(scope, name));
}

/** What a module of CommonJS has of its own, by scopes: its exports, and the object `module`. */
export function moduleExportsOf(scopes: readonly ScopeValues[]): ReadonlySet<unknown> {
  const found = new Set<unknown>();
  for (const scope of scopes) {
    if (!isModuleWrapper(scope)) continue;
    for (const one of exportsIn(scope)) found.add(one);
    if (Object.hasOwn(scope, "module")) found.add(readScope(scope, "module"));
  }
  return found;
}

function exportsIn(scope: ScopeValues): object[] {
  const module = Object.hasOwn(scope, "module") ? readScope(scope, "module") : undefined;
  const given = [
    typeof module === "object" && module !== null
      ? Object.getOwnPropertyDescriptor(module, "exports")?.value
      : undefined,
    Object.hasOwn(scope, "exports") ? readScope(scope, "exports") : undefined,
  ];
  const objects = given.filter(isObjectOrFunction);
  return [
    ...objects,
    ...objects.map((one) => Object.getOwnPropertyDescriptor(one, "default")?.value).filter(isObjectOrFunction),
  ];
}

function isObjectOrFunction(value: unknown): value is object {
  return typeof value === "object" && value !== null || typeof value === "function";
}

/** True for a scope that has nothing but what the script declares outside of its functions. */
function isOfTopLevel(scope: ScopeValues, script: OriginInScript["script"]): boolean {
  const { isTopLevel } = knownScript(script);
  return Object.keys(scope).every((name) => isTopLevel(name));
}

function holdsOneOf(scope: ScopeValues, values: ReadonlySet<unknown>): boolean {
  return values.size > 0 && Object.keys(scope).some((name) => values.has(readScope(scope, name)));
}
