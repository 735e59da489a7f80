/**
 * Functions of a script that calls make: closures, which hold what the call was given.
 *
 * All others were made when the script was loaded, so they depend on the script alone.
 *
 * @module
 */
import { type AnyNode, isClassNode, isFunctionNode } from "../syntax/parse.ts";
import type { Binding, Scope, ScriptSyntax } from "../syntax/scopes.ts";

/** A region of a script, from the first position in it to the one after the last. */
type Region = readonly [start: number, end: number];

const regions = new WeakMap<ScriptSyntax, readonly Region[]>();

/** Texts of the parts of a script that run when functions are called. */
export function textsOfCalls(script: ScriptSyntax): readonly string[] {
  return regionsIn(script).map(([start, end]) => script.text.slice(start, end));
}

/** True for the text of a function that stands, at least in one place of a script, where calls make functions. */
export function mayBeMadeByCall(script: ScriptSyntax, text: string): boolean {
  const found = regionsIn(script);
  const places = endsLike(script, text).filter((end) => script.text.startsWith(text, end - text.length));
  return places.length === 0 ||
    places.some((end) => found.some(([from, to]) => from <= end - text.length && end <= to));
}

/**
 * Variables of the functions around the text of a function, at each place of a script at which it stands, except those of
 * the function around a whole module or bundle: they are variables of the module.
 */
export function variablesAround(script: ScriptSyntax, text: string): readonly Binding[] {
  const starts = endsLike(script, text).map((end) => end - text.length)
    .filter((start) => script.text.startsWith(text, start));
  const found = new Set<Binding>();
  for (const scope of new Set(starts.flatMap((start) => [...scopesAround(script, start, start + text.length)]))) {
    for (const binding of scope.bindings.values()) found.add(binding);
  }
  return [...found];
}

/** Scopes within functions, except those of the functions around modules, that have a part of a script in them. */
function* scopesAround(script: ScriptSyntax, start: number, end: number): Iterable<Scope> {
  for (const scope of splitScopes(script).others) {
    if (scope.start <= start && end <= scope.end && !(scope.start === start && scope.end === end)) yield scope;
  }
}

interface SplitOfScript {
  /** Scopes of the module: its own, and those of the functions around it. */
  readonly ofModule: readonly Scope[];
  readonly others: readonly Scope[];
}

const splits = new WeakMap<ScriptSyntax, SplitOfScript>();

function splitScopes(script: ScriptSyntax): SplitOfScript {
  let found = splits.get(script);
  if (found === undefined) {
    const wrappers = script.callables.filter((node) => isFunctionNode(node) && isAroundModule(script, node));
    const all = new Set<Scope>();
    for (const binding of script.bindings.values()) if (binding) all.add(binding.scope);
    const isOfModule = ({ parent, start, end, kind }: Scope) =>
      parent === null || kind !== "block" && wrappers.some((one) => start >= one.start && end === one.end);
    const { true: ofModule = [], false: others = [] } = Object.groupBy(all, (one) => `${isOfModule(one)}`);
    splits.set(script, found = { ofModule, others });
  }
  return found;
}

const namesOf = new WeakMap<ScriptSyntax, ReadonlySet<string>>();

/** Names of the variables of a module, those of the functions around it included. */
export function moduleVariables(script: ScriptSyntax): ReadonlySet<string> {
  let names = namesOf.get(script);
  if (names === undefined) {
    names = new Set(splitScopes(script).ofModule.flatMap(({ bindings }) => [...bindings.keys()]));
    namesOf.set(script, names);
  }
  return names;
}

/** True for the function around a module: of CommonJS, a factory, or one that is called at once and sets exports. */
function isAroundModule(script: ScriptSyntax, node: AnyNode): boolean {
  if (!runsAtLoad(script, node)) return false;
  const call = script.parents.get(node);
  const isCalled = call?.type === "CallExpression" && call.callee === node;
  return !isCalled || /\bexports\b/.test(script.text.slice(node.start, node.end));
}

/** Number of characters at the end of a function by which its places are found. */
const END = 16;

/** Positions at which functions and classes end that may have a text. */
function endsLike(script: ScriptSyntax, text: string): readonly number[] {
  const byEnd = endsOf(script);
  return text.length < END ? [...byEnd.values()].flat() : byEnd.get(text.slice(-END)) ?? [];
}

const ends = new WeakMap<ScriptSyntax, ReadonlyMap<string, readonly number[]>>();

/** Positions at which functions and classes end, by the characters before. */
function endsOf(script: ScriptSyntax): ReadonlyMap<string, readonly number[]> {
  let found = ends.get(script);
  if (found === undefined) {
    const all = [...new Set(script.callables.map(({ end }) => end))];
    ends.set(script, found = Map.groupBy(all, (end) => script.text.slice(Math.max(0, end - END), end)));
  }
  return found;
}

function regionsIn(script: ScriptSyntax): readonly Region[] {
  let found = regions.get(script);
  if (found === undefined) regions.set(script, found = regionsOfCalls(script));
  return found;
}

/** The outermost regions in which calls make functions: the insides of functions, and fields of instances. */
function regionsOfCalls(script: ScriptSyntax): Region[] {
  const found: Region[] = [];
  for (const node of script.callables) {
    if (found.length > 0 && node.start < found.at(-1)![1]) continue;
    if (isInField(script, node)) found.push([node.start, node.end]);
    else if (isFunctionNode(node) && !runsAtLoad(script, node)) found.push([node.start + 1, node.end]);
  }
  return found;
}

/** True for code that makes the value of a field of each instance. */
function isInField({ parents }: ScriptSyntax, node: AnyNode): boolean {
  for (let at: AnyNode | undefined = node; at !== undefined; at = parents.get(at)) {
    if (at.type === "PropertyDefinition") return !at.static;
    if (at !== node && (isClassNode(at) || isFunctionNode(at))) return false;
  }
  return false;
}

/**
 * True for a function that runs once, when the script is loaded: one that is called where it stands, the factory that it
 * is given, and the function around a module of CommonJS.
 */
export function runsAtLoad({ parents }: ScriptSyntax, node: AnyNode): boolean {
  const parent = parents.get(node);
  if (parent?.type === "CallExpression" && (parent.callee === node || isFunctionNode(parent.callee))) return true;
  if (parent?.type === "MemberExpression" && parent.object === node) {
    const call = parents.get(parent);
    return call?.type === "CallExpression" && call.callee === parent;
  }
  return isFunctionNode(node) &&
    node.params.some((one) => one.type === "Identifier" && /^(?:exports|module|require)$/.test(one.name));
}
