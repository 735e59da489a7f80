/**
 * Scripts of packages: what of their text says that a function depends on more than the package's version.
 *
 * These findings depend on the text alone, so they are made once for each script.
 *
 * @module
 */
import { isNativeFunction } from "../../values/kinds.ts";
import type { Script } from "../v8/inspector.ts";
import { readScript } from "../syntax/code_unit.ts";
import type { Binding, ScriptSyntax } from "../syntax/scopes.ts";
import { type AnyNode, isFunctionNode } from "../syntax/parse.ts";
import { isDoneOnce, isFill, isGivenByCaller } from "../syntax/fills.ts";
import { exportsUsed, mayUseExports } from "../syntax/exports_used.ts";
import { type AmbientFact, factsOfText } from "../walk/platform.ts";
import { mayBeMadeByCall, moduleVariables, runsAtLoad, textsOfCalls, variablesAround } from "./made_by_calls.ts";
import { isSimple, knowsMoments, momentaryOf } from "./moments.ts";
import { keepersIn } from "./unseen.ts";

/**
 * Use of a variable: `setting`: a function assigns it; `filled`: functions fill it once; `own`: functions count with it; `constant`: nothing assigns it.
 */
export type VariableUse = "constant" | "setting" | "filled" | "own";

/** A script of a package. */
export interface KnownScript {
  readonly url: string;
  readonly text: string;
  /** Facts of the machine that the script uses: the time zone, the locale. */
  readonly facts: readonly AmbientFact[];
  /** True for a script that may read the environment or files when it is loaded, so that its constants count. */
  readonly readsWorld: boolean;
  /** Places outside of its variables in which the script may keep something. */
  readonly keepers: readonly string[];
  /** True for a script that may use a global of that name. */
  mentions(name: string): boolean;
  /** True for the text of a function that is a part of this script. */
  has(text: string): boolean;
  /**
   * True for a function that was made when this script was loaded, by no call, and that sees nothing that can change but
   * variables of the module.
   */
  isMadeAtLoad(fn: object): boolean;
  /**
   * True for a function that sees variables of a function around it which the script changes: by a closure, one can be
   * told something.
   *
   * @param isOfModule True for a variable of that name, if it is the outermost one, that is a variable of the module.
   */
  mayBeTold(fn: object, isOfModule: (name: string) => boolean): boolean;
  /** Names of the exports of CommonJS that functions of the script use; `null` when they use all of them. */
  exportsUsed(): ReadonlySet<string> | null;
  /** True for an export of a name whose variable functions of the script assign. */
  reassignsExport(name: string): boolean;
  /** True for the name of a variable that the script seems to export. */
  isExported(name: string): boolean;
  /** True for a name that is declared at the top of the script, or of the function around the module or bundle. */
  isTopLevel(name: string): boolean;
  /**
   * What the script does, after it was loaded, with the variable of a name that is seen from a position: the innermost
   * one, or the outermost one, which is there since the script was loaded.
   */
  useOf(name: string, offset: number, which: "innermost" | "outermost"): VariableUse;
  /** Position of the scope that declares a variable which is seen from a position; `null` when it cannot be told. */
  homeOf(name: string, offset: number): number | null;
  /** True for a name of which the script assigns a variable. */
  isAssigned(name: string): boolean;
  /**
   * True for a name of variables which nothing assigns, each of which holds a function or an object that is made whenever
   * its scope is.
   */
  isMadeWithScope(name: string): boolean;
  /** True for a variable, seen from a position, that a call was given as an argument. */
  isGiven(name: string, offset: number): boolean;
  /** True for a value of a variable, seen from a position, that is of the moment: a time, a random number. */
  isOfMoment(name: string, value: unknown, offset: number, which: "innermost" | "outermost"): boolean;
  /** Names, of those given, of variables whose content the script changes. */
  changedAmong(names: Iterable<string>): readonly string[];
}

/** A variable that a function sees, as far as the text of the script tells of it. */
export interface SeenVariable {
  readonly use: VariableUse;
  /** Name by which the variable is known in every process. */
  readonly path: string;
  /** True for a variable that functions count with, and that a call was given as an argument. */
  readonly isGiven: boolean;
  /** True for a variable that is filled once, and whose content the script changes. */
  readonly isChanged: boolean;
}

const seen = new WeakMap<object, { readonly place: string; readonly variables: Map<string, SeenVariable> }>();

/**
 * Finds the variables that a function sees, each once in the life of the process.
 *
 * @param offset Position of the function.
 * @param placeOf Name of a position in the script, which is the same in every process.
 */
export function variablesSeenBy(
  fn: object,
  script: KnownScript,
  offset: number,
  placeOf: (offset: number) => string,
): (name: string) => SeenVariable {
  const place = placeOf(offset);
  const known = seen.get(fn);
  const variables = known?.place === place ? known.variables : new Map<string, SeenVariable>();
  if (known?.variables !== variables) seen.set(fn, { place, variables });
  return (name) => {
    let found = variables.get(name);
    if (found === undefined) {
      const use = script.useOf(name, offset, "innermost");
      // Several functions may change one variable.
      const home = use === "constant" ? null : script.homeOf(name, offset);
      found = {
        use,
        path: `${home === null ? place : placeOf(home)}#${name}`,
        isGiven: use === "own" && script.isGiven(name, offset),
        isChanged: use === "filled" && script.changedAmong([name]).length > 0,
      };
      variables.set(name, found);
    }
    return found;
  };
}

const scripts = new Map<string, KnownScript>();

/** Reads a script of a package. */
export function knownScript({ url, text }: Pick<Script, "url" | "text">): KnownScript {
  let known = scripts.get(url);
  if (known === undefined) scripts.set(url, known = readKnown(url, text));
  return known;
}

const NONE: ReadonlySet<string> = new Set();

const READS_WORLD =
  /\bprocess\s*(?:\?\.|\.)\s*(?:env|argv|platform|cwd)\b|\bDeno\.(?:env|args|cwd|build)\b|\b(?:read(?:File|TextFile|dir)(?:Sync)?)\b|\{[^{}]*\benv\b[^{}]*\}\s*=/;
/** Assignments, declarations aside. Whether they are to a variable of the module is asked of the parser. */
const ASSIGNED =
  /(?<![.\w$]|\b(?:const|let|var)\s+)([\w$]+)\s*(?:\/\*[^*]*\*\/\s*)?(?:=(?![=>])|\+\+|--|(?:[-+*/%&|^]|\*\*|<<|>>>?|&&|\|\||\?\?)=)|(?:\+\+|--)\s*([\w$]+)|\(\s*([\w$]+)\s*\)\s*=(?![=>])/g;
/** Assignments to a pattern, as far as their ends tell, and loops that assign. */
const PATTERN_END = /[\]}]\s*(?:\/\*[^*]*\*\/\s*)?=(?![=>])/g;
const LOOP = /\bfor\s*(?:await\s*)?\(\s*(?!(?:const|let|var|using|await)\b)([^;()]{1,300}?)\s+(?:of|in)\b/g;
/** Longest pattern, characters. */
const MAX_PATTERN = 4000;
/** Exports of variables: by declarations and assignments, and lists of names. */
const EXPORTED = /\bexport\s+(?:const|let|var|default)\s+([\w$]+)|\bexports\b[^;\n=]{0,100}=\s*([\w$]+)/g;
const EXPORT_LIST = /\bexports?\s*(?:=\s*)?\{([^}]*)\}/g;
const CHANGED =
  /(?<![.\w$])([\w$]+)(?:(?:\.[\w$]+|\[[^\]\n]{1,80}\])+\s*(?:=(?![=>])|\+\+|--|(?:[-+*/%&|^]|&&|\|\||\?\?)=)|(?:\.[\w$]+)?\.(?:push|pop|shift|unshift|splice|set\w*|add|delete|clear|assign|on|register)\()|\(\s*([\w$]+)\s*,/g;

function readKnown(url: string, text: string): KnownScript {
  let searchedFrom = 0;
  let assigned: ReadonlySet<string> | undefined;
  let changed: ReadonlySet<string> | undefined;
  let exported: ReadonlySet<string> | undefined;
  const ofLoad = new WeakMap<object, boolean>();
  const mentioned = new Map<string, boolean>();
  const has = (part: string): boolean => {
    // Functions that are listed one after another are often written one after another.
    let at = text.indexOf(part, searchedFrom);
    if (at < 0) at = text.indexOf(part);
    if (at >= 0) searchedFrom = at;
    return at >= 0;
  };
  const changesContent = (name: string) => (changed ??= namesMatched(text, CHANGED)).has(name);
  const changing = new Map<string, readonly Binding[]>();
  const changingAround = (script: ScriptSyntax, part: string): readonly Binding[] => {
    let found = changing.get(part);
    if (found === undefined) {
      const isChanging = (one: Binding) => {
        const use = useOf(script, one);
        return use === "setting" || (use === "constant" || use === "filled") && changesContent(one.name);
      };
      changing.set(part, found = variablesAround(script, part).filter(isChanging));
    }
    return found;
  };
  const isAssigned = (name: string) => (assigned ??= assignedIn(text)).has(name);
  return {
    url,
    text,
    facts: factsOfText(text, () => {
      const script = readScript(text);
      return script === null ? [text] : textsOfCalls(script);
    }),
    keepers: keepersIn(text),
    mentions(name) {
      let is = mentioned.get(name);
      if (is === undefined) mentioned.set(name, is = mayHaveName(text, name));
      return is;
    },
    readsWorld: READS_WORLD.test(text),
    has,
    isMadeAtLoad(fn) {
      let is = ofLoad.get(fn);
      if (is === undefined) {
        const part = Function.prototype.toString.call(fn);
        const script = !isNativeFunction(fn) && has(part) ? readScript(text) : null;
        is = script !== null && !mayBeMadeByCall(script, part) && changingAround(script, part).length === 0;
        ofLoad.set(fn, is);
      }
      return is;
    },
    mayBeTold(fn, isOfModule) {
      const script = readScript(text);
      return script !== null && changingAround(script, Function.prototype.toString.call(fn)).some(({ name, scope }) => {
        const isHandled = isOfModule(name) && bindingAt(script, name, scope.start, "outermost")?.scope === scope;
        return !isHandled;
      });
    },
    exportsUsed() {
      const script = mayUseExports(text) ? readScript(text) : null;
      return script === null ? NONE : exportsUsed(script, (fn) => runsAtLoad(script, fn));
    },
    reassignsExport(name) {
      const locals = [...localsOf(text, name)].filter(isAssigned);
      const script = locals.length === 0 ? null : readScript(text);
      return script !== null && locals.some((local) => {
        const binding = script.root.bindings.get(local);
        return binding?.writes.some((write) => isWithinFunctionOf(script, write, binding)) === true;
      });
    },
    isExported: (name) => (exported ??= exportedNames(text)).has(name),
    isTopLevel: (name) => {
      const script = readScript(text);
      return script !== null && moduleVariables(script).has(name);
    },
    useOf(name, offset, which) {
      return isAssigned(name) ? readUse(readScript(text), name, offset, which) : "constant";
    },
    homeOf(name, offset) {
      const script = readScript(text);
      return script && (bindingAt(script, name, offset, "innermost")?.scope.start ?? null);
    },
    isAssigned,
    isMadeWithScope(name) {
      const script = isAssigned(name) ? null : readScript(text);
      return script !== null && bindingsByName(script).get(name)?.every(isMadeAtDeclaration) === true;
    },
    isGiven(name, offset) {
      const script = readScript(text);
      return script !== null && bindingAt(script, name, offset, "innermost")?.kind === "parameter";
    },
    isOfMoment(name, value, offset, which) {
      const script = typeof value === "function" || !knowsMoments(text) ? null : readScript(text);
      const binding = script === null ? undefined : bindingAt(script, name, offset, which);
      if (script === null || binding === undefined) return false;
      const momentary = momentaryOf(script, binding);
      return momentary === "always" || momentary === "at first" && !isSimple(value);
    },
    changedAmong(names) {
      return [...names].filter(changesContent);
    },
  };
}

function mayHaveName(text: string, name: string): boolean {
  return text.includes(name) && new RegExp(`(?<![\\w$])${RegExp.escape(name)}(?![\\w$])`).test(text);
}

/** Variables that a module may export under a name. */
function localsOf(text: string, name: string): ReadonlySet<string> {
  const renamed = new RegExp(`(?<![\\w$])([\\w$]+)\\s+as\\s+${RegExp.escape(name)}(?![\\w$])`, "g");
  return namesMatched(text, renamed).union(new Set([name]));
}

function exportedNames(text: string): ReadonlySet<string> {
  const lists = Array.from(text.matchAll(EXPORT_LIST), ([, list]) => list!);
  return new Set([...namesMatched(text, EXPORTED), ...lists.flatMap((list) => [...namesMatched(list, /([\w$]+)/g)])]);
}

/** Names of variables that a text may assign. */
function assignedIn(text: string): ReadonlySet<string> {
  const names = namesMatched(text, ASSIGNED);
  const add = (pattern: string) => pattern.match(/[\w$]+/g)?.forEach((name) => names.add(name));
  for (const [, pattern = ""] of text.matchAll(LOOP)) add(pattern);
  for (const { index } of text.matchAll(PATTERN_END)) {
    const start = startOfBrackets(text, index);
    const before = text.slice(Math.max(0, start - 10), start).trimEnd();
    // An index, `list[i] = …`, and the pattern of a declaration, are no patterns that assign.
    const isIndex = /[\w$)\]"'`]$/.test(before) &&
      !/(?:^|[^\w$.])(?:return|of|in|else|do|yield|await|case)$/.test(before);
    if (!isIndex && !/\b(?:const|let|var)$/.test(before)) add(text.slice(start, index));
  }
  return names;
}

/** Position of the bracket that the one at `end` closes, or one before that: a bracket in a text or a comment may mislead. */
function startOfBrackets(text: string, end: number): number {
  const least = Math.max(0, end - MAX_PATTERN);
  let depth = 0;
  for (let at = end; at > least; at--) {
    const char = text[at]!;
    if ("])}".includes(char)) depth++;
    else if ("[({".includes(char) && --depth === 0) return at;
  }
  return least;
}

function namesMatched(text: string, pattern: RegExp): Set<string> {
  return new Set(Array.from(text.matchAll(pattern), ([, ...groups]) => groups.find((one) => one !== undefined) ?? ""));
}

const bindingsOf = new WeakMap<ScriptSyntax, ReadonlyMap<string, readonly Binding[]>>();

/** Declarations by name, of all scopes in which functions are written. */
function bindingsByName(script: ScriptSyntax): ReadonlyMap<string, readonly Binding[]> {
  let found = bindingsOf.get(script);
  if (found === undefined) {
    const byName = new Map<string, Set<Binding>>();
    for (const binding of script.bindings.values()) {
      if (binding) byName.set(binding.name, (byName.get(binding.name) ?? new Set()).add(binding));
    }
    bindingsOf.set(script, found = new Map([...byName].map(([name, set]) => [name, [...set]])));
  }
  return found;
}

const innermost = new WeakMap<ScriptSyntax, Map<number, Map<string, Binding | undefined>>>();

/** Variable of a name that is seen from a position. Functions are asked for their variables again in each walk. */
function bindingAt(
  script: ScriptSyntax,
  name: string,
  offset: number,
  which: "innermost" | "outermost",
): Binding | undefined {
  if (which === "outermost") return findBinding(script, name, offset, which);
  const ofScript = innermost.get(script) ?? new Map<number, Map<string, Binding | undefined>>();
  const known = ofScript.get(offset) ?? new Map<string, Binding | undefined>();
  if (!known.has(name)) {
    innermost.set(script, ofScript.set(offset, known.set(name, findBinding(script, name, offset, which))));
  }
  return known.get(name);
}

function findBinding(
  script: ScriptSyntax,
  name: string,
  offset: number,
  which: "innermost" | "outermost",
): Binding | undefined {
  return (bindingsByName(script).get(name) ?? [])
    .filter(({ scope }) => scope.start <= offset && offset < scope.end)
    .sort((one, other) => one.scope.start - other.scope.start)
    .at(which === "innermost" ? -1 : 0);
}

/** True for a variable that holds what its declaration makes, each time that it is run. */
function isMadeAtDeclaration({ kind, writes, declaration, scope }: Binding): boolean {
  if (writes.length > 0 || declaration === null) return false;
  // Outside of strict mode, a function that is declared in a block is in a variable of the function around, too.
  if (kind === "function") return scope.kind !== "block";
  if (kind === "class") return true;
  const value = kind === "const" && declaration.type === "VariableDeclarator" ? declaration.init : null;
  return value !== null && value !== undefined &&
    /^(?:Object|Array|Class|Function|ArrowFunction)Expression$/.test(value.type);
}

const uses = new WeakMap<Binding, VariableUse>();

function readUse(
  script: ScriptSyntax | null,
  name: string,
  offset: number,
  which: "innermost" | "outermost",
): VariableUse {
  if (script === null) return "setting";
  const binding = bindingAt(script, name, offset, which);
  return binding === undefined ? "constant" : useOf(script, binding);
}

function useOf(script: ScriptSyntax, binding: Binding): VariableUse {
  let use = uses.get(binding);
  if (use === undefined) uses.set(binding, use = useOfBinding(script, binding));
  return use;
}

function useOfBinding(script: ScriptSyntax, binding: Binding): VariableUse {
  const writes = binding.writes.filter((write) => isWithinFunctionOf(script, write, binding));
  if (writes.length === 0) return "constant";
  const counting = writes.filter((write) => isCounting(script, write));
  const others = writes.filter((write) => !counting.includes(write));
  // A counter that begins anew is still a counter.
  if (counting.length > 0 && others.every((write) => isAssignedLiteral(script, write))) return "own";
  const isOwn = (write: AnyNode) =>
    (isFill(script, write) || isDoneOnce(script, write)) && !isGivenByCaller(script, write, binding);
  // What is emptied is filled anew with the same.
  const told = others.filter((write) => !isOwn(write));
  const isFilled = told.length < others.length && told.every((write) => isEmptied(script, write));
  return told.length === 0 || isFilled ? "filled" : "setting";
}

function isEmptied(script: ScriptSyntax, write: AnyNode): boolean {
  const parent = script.parents.get(write);
  return parent?.type === "AssignmentExpression" && parent.operator === "=" &&
    /^(?:null|undefined|void 0)$/.test(script.text.slice(parent.right.start, parent.right.end));
}

function isAssignedLiteral(script: ScriptSyntax, write: AnyNode): boolean {
  const parent = script.parents.get(write);
  return parent?.type === "AssignmentExpression" && parent.operator === "=" && parent.right.type === "Literal";
}

function isWithinFunctionOf(script: ScriptSyntax, write: AnyNode, { scope }: Binding): boolean {
  for (let at: AnyNode | undefined = write; at; at = script.parents.get(at)) {
    if (at.start <= scope.start && at.end >= scope.end) return false;
    if (isFunctionNode(at) && !runsAtLoad(script, at)) return true;
  }
  return false;
}

/** True for `n++` and `n += 1`: what is added to or taken away is no setting when it is always the same. */
function isCounting(script: ScriptSyntax, write: AnyNode): boolean {
  const parent = script.parents.get(write);
  return parent?.type === "UpdateExpression" ||
    parent?.type === "AssignmentExpression" && /^[-+]=$/.test(parent.operator) && parent.right.type === "Literal";
}
