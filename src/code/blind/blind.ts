/**
 * Blind uses: functions of the platform whose effects are not observed, and code that cannot be followed.
 *
 * @module
 */
import type { BlindUse } from "../types.ts";
import { type CodeUnit, readScript } from "../syntax/code_unit.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import { type AnyNode, childrenOf, isFunctionNode } from "../syntax/parse.ts";
import { dottedName, staticKey } from "../syntax/uses.ts";
import {
  BLIND_MODULES,
  GLOBALS,
  isHarmlessExport,
  isRequire,
  isUnobservedExport,
  kindOfDeno,
  kindOfModule,
  kindOfReader,
  PROCESS_MEMBERS,
} from "./readers.ts";
import { pathInGlobal, valueOfGlobal } from "../walk/platform.ts";
import { isNativeFunction } from "../../values/kinds.ts";
import { isProxy, typeTests } from "../../words/type_tests.ts";
import { type LoadedScript, scriptsReachedFrom } from "../packages/script_origin.ts";
import { findMember, ownDescriptorOf } from "../walk/members.ts";
import type { Root, UserCode } from "../walk/reached.ts";
import type { FunctionOrigin, InspectorLease } from "../v8/inspector.ts";
import type { PackageIdentity } from "../packages/packages.ts";

const GLOBAL_OBJECTS: ReadonlySet<string> = new Set(["globalThis", "self", "window", "global"]);

/**
 * Blind use of a global.
 *
 * @param path The global and the members used, `["Deno", "Command"]`.
 * @returns The name to show and the kind of effect; `null` when the use is not blind.
 */
export function blindGlobal(path: readonly string[]): Omit<BlindUse, "module"> | null {
  const [first = "", second] = GLOBAL_OBJECTS.has(path[0] ?? "") ? path.slice(1) : path;
  if ((first === "Deno" || first === "process") && second !== undefined) {
    const isOfProcess = first === "process" && Object.hasOwn(PROCESS_MEMBERS, second);
    const kind = isOfProcess ? PROCESS_MEMBERS[second] : first === "Deno" ? kindOfDeno(second) : null;
    return kind ? { name: `${first}.${second}`, kind } : null;
  }
  const kind = Object.hasOwn(GLOBALS, first) ? GLOBALS[first] : undefined;
  return kind ? { name: first, kind } : null;
}

/**
 * Blind use of an import from a module of Node.
 *
 * Named imports from `node:fs` and the members of its namespace are bound when the module is loaded, so they are not
 * observed. Members of its default export are looked up at each call, so they are observed.
 *
 * @param specifier Specifier of the module, with or without `node:`.
 * @param imported Name of the export, `default`, or `*` for the namespace.
 * @param path The members used.
 * @returns The name to show and the kind of effect; `null` when the use is not blind.
 */
export function blindImport(
  specifier: string,
  imported: string,
  path: readonly string[],
): Omit<BlindUse, "module"> | null {
  const module = specifier.replace(/^node:/, "");
  const members = imported === "*" || imported === "default"
    ? path[0] === "default" ? path.slice(1) : path
    : [imported];
  if (module === "process") return blindGlobal(["process", ...members]);
  const isObservable = imported === "default" || imported === "*" && path[0] === "default" || members[0] === "promises";
  if (module === "fs" || module === "fs/promises") {
    const name = members.find((one) => one !== "promises") ?? (isObservable ? "default" : "*");
    const isSeen = isObservable ? !isUnobservedExport(name) : isHarmlessExport(module, name);
    return isSeen ? null : { name: `${name} from node:${module}`, kind: "file" };
  }
  const kind = kindOfModule(module);
  const shown = members[0] ?? module;
  return !kind || isHarmlessExport(module, shown) ? null : { name: `${shown} from node:${module}`, kind };
}

/** Parts of a function's code that cannot be followed, each in words that continue "not tracked:". */
export function openUses(unit: CodeUnit, code: NonNullable<UserCode["code"]>, roots: readonly Root[]): string[] {
  const found: string[] = [];
  for (const root of roots) {
    if (root.kind === "global" || root.kind === "value") found.push(...compiledCode(root, unit));
    found.push(...askedBeside(root));
    if (isUsedAsWhole(root, unit)) found.push(`what is read of ${root.slot.name} as a whole or by a computed name`);
  }
  // A call of `fn.constructor("…")` may compile code; after `new` it makes another object of the class.
  if (code.readsConstructor && callsConstructor(unit.node)) found.push("code given to .constructor()");
  for (const member of code.meta) if (!OF_META.has(member)) found.push(`import.meta.${member}`);
  if (code.imports.some(({ specifier }) => specifier === null)) found.push("import() with a computed specifier");
  return found;
}

/** What code asks for that the program keeps outside of all variables. */
function* askedBeside(root: Root): Iterable<string> {
  const { kind, slot } = root;
  if (kind === "platform" && /^(?:node:)?diagnostics_channel\b/.test(root.name)) yield "the listeners of channels";
  const isProcess = kind === "platform" &&
    (slot.name === "process" || /^(?:node:)?process#(?:\*|default)$/.test(root.name));
  const isDeno = kind === "platform" && slot.name === "Deno";
  for (const { path, how } of slot.uses) {
    if (kind === "value" && isRequire(root.value) && path[0] === "resolve") {
      yield "the files that require.resolve finds";
    }
    if (kind !== "global" && !isProcess && !isDeno) continue;
    const [first, second = "", third = ""] = isProcess ? ["process", ...path] : pathInGlobal(slot.name, path);
    if (first === "dispatchEvent" && how === "call") yield "the listeners of the global object";
    if (first === "process" && /^(?:emit|emitWarning|listeners|rawListeners|listenerCount|eventNames)$/.test(second)) {
      yield "the listeners of process";
    }
    if (first === "RegExp" && LAST_MATCH.test(second)) yield "the last match of a regular expression";
    if (first === "performance" && /^getEntries/.test(second)) yield "the marks of performance";
    if (first === "Deno" && second === "permissions") yield "the permissions of the process";
    const isOfStream = /^std(?:in|out|err)$/.test(second) && OF_TERMINAL.test(third);
    if (isOfStream || first === "Deno" && second === "isatty") yield TERMINAL;
  }
  if (kind === "platform" && /^(?:node:)?tty\b/.test(root.name)) yield TERMINAL;
}

const TERMINAL = "whether there is a terminal, and its size";
const OF_TERMINAL = /^(?:isTTY|isTerminal|columns|rows|getWindowSize|getColorDepth|hasColors)$/;

/** Members of `import.meta` that the platform gives it. */
const OF_META = new Set(["url", "filename", "dirname", "main", "resolve", "*"]);

/** Members of `RegExp` that tell of the last match that any code has made. */
const LAST_MATCH = /^(?:\$[\d&_`'+*]|lastMatch|lastParen|leftContext|rightContext|input)$/;

function* compiledCode(
  { slot, value }: Extract<Root, { kind: "global" | "value" }>,
  { script }: CodeUnit,
): Iterable<string> {
  for (const { how, path, node } of slot.uses) {
    const called = findMember(value, path).value;
    // Every use of `eval` counts, not only a direct call: `(0, eval)("…")`, `run(eval)`.
    if (called === globalThis.eval) yield "code given to eval";
    const parent = script.parents.get(node);
    const isReflected = how === "read" && parent?.type === "CallExpression" && parent.arguments[0] === node &&
      /^Reflect\.(?:construct|apply)$/.test(dottedName(parent.callee as AnyNode) ?? "");
    if (how !== "call" && how !== "construct" && !isReflected) continue;
    if (isCompiler(called)) yield "code given to new Function";
  }
}

/** True for `Function`, and for the constructors of async functions and of generators, which are no globals. */
function isCompiler(value: unknown): boolean {
  return [() => {}, async () => {}, function* () {}, async function* () {}].some((one) => value === one.constructor);
}

/** True for a use that can reach any member of a global: `Deno[name]`, `read(Deno)`, `Object.keys(globalThis)`. */
function isUsedAsWhole({ kind, slot }: Root, { script }: CodeUnit): boolean {
  const isOpen = kind === "platform"
    ? slot.name === "Deno" || slot.name === "process"
    : kind === "global" && (slot.name === "navigator" || valueOfGlobal(slot.name) === globalThis);
  return isOpen && slot.uses.some(({ how, path, node }) => {
    return how === "read" && path.length === 0 && isPassedOn(script, node);
  });
}

/** True unless the code only tests the value, as in `typeof Deno`, `"args" in Deno` and `if (Deno)`. */
function isPassedOn(script: ScriptSyntax, node: AnyNode): boolean {
  const parent = script.parents.get(node);
  switch (parent?.type) {
    case "UnaryExpression":
    case "BinaryExpression":
    case "IfStatement":
    case "ExpressionStatement":
      return false;
    case "ConditionalExpression":
      return parent.test !== node;
    case "LogicalExpression":
      return (parent.left !== node || parent.operator !== "&&") && isPassedOn(script, parent);
    default:
      return true;
  }
}

function callsConstructor(node: AnyNode): boolean {
  const isCall = node.type === "CallExpression" || node.type === "NewExpression";
  // After `new`, only the class of something that is a function for sure.
  const isOne = isCall && node.callee.type === "MemberExpression" && staticKey(node.callee) === "constructor" &&
    (node.type === "CallExpression" || isFunctionForSure(node.callee.object as AnyNode));
  return isOne || childrenOf(node).some(callsConstructor);
}

/** True for a function that is written out, and for the prototype of one. */
function isFunctionForSure(node: AnyNode): boolean {
  if (node.type !== "CallExpression") return isFunctionNode(node);
  const isAsked = /^(?:Object|Reflect)\.getPrototypeOf$/.test(dottedName(node.callee as AnyNode) ?? "");
  return isAsked && node.arguments.some((one) => isFunctionNode(one as AnyNode));
}

type FoundUses = Omit<BlindUse, "module">;

/** Texts of scripts, and their blind uses, by URL. The script at a URL keeps its text for the life of the process. */
const known = new Map<string, { readonly text: string; readonly uses: readonly FoundUses[] }>();

/** What code reaches of packages. */
export interface ReachedOfPackages {
  /** Functions of packages; `null` when there are too many to name. */
  readonly functions: ReadonlySet<object> | null;
  /** Names of packages of which it is not known what the code reaches. */
  readonly unknown: ReadonlySet<string>;
  /** Origin of a function, if the walk knows it. */
  originOf(fn: object): FunctionOrigin | undefined;
}

/** Number of functions of packages that are located; where code reaches more, all scripts of their packages count. */
const MAX_LOCATED = 2000;

/**
 * Finds the blind uses in the scripts of packages that code can get at: the scripts of the functions that it reaches, and
 * what these import, among the loaded scripts of the packages and of everything that they depend on.
 *
 * @param lease Gives the list of loaded scripts and their texts.
 * @param packages The packages that the code reaches.
 * @param packageOf Returns the package that a script belongs to; `null` for user code.
 * @param reachedOf Finds what the code reaches of these packages. It is asked only when one of their scripts has blind uses.
 */
export async function findBlindPackages(
  lease: InspectorLease,
  packages: Iterable<PackageIdentity>,
  packageOf: (url: string) => PackageIdentity | null,
  reachedOf: () => ReachedOfPackages,
): Promise<BlindUse[]> {
  const reached = new Set<string>();
  for (const { source, name, version, dependencies = [] } of packages) {
    if (source === "node" || source === "deno") continue;
    for (const one of [`${name}@${version}`, ...dependencies]) reached.add(one);
  }
  if (reached.size === 0) return [];
  const scripts = new Map<string, LoadedScript>();
  for (const url of lease.scriptUrls()) {
    if (!isOfPackages(url)) continue;
    const owner = packageOf(url);
    if (!owner || !reached.has(`${owner.name}@${owner.version}`)) continue;
    let script = known.get(url);
    if (script === undefined) {
      const text = (await lease.scriptOf(url))?.text ?? "";
      known.set(url, script = { text, uses: findBlindUses(text) });
    }
    scripts.set(url, { url, owner: owner.name, text: script.text });
  }
  // Most packages have no blind uses at all.
  if (![...scripts.keys()].some((url) => known.get(url)!.uses.length > 0)) return [];
  const of = reachedOf();
  const begin = await scriptsOfFunctions(lease, of);
  const all = begin === null ? scripts.keys() : [
    ...begin,
    ...[...scripts.values()].filter(({ owner }) => of.unknown.has(owner)).map(({ url }) => url),
  ];
  const uses = new Map<string, BlindUse>();
  const urls = scriptsReachedFrom(all, scripts);
  for (const { url, owner } of scripts.values()) {
    if (!urls.has(url)) continue;
    for (const use of known.get(url)!.uses) uses.set(`${use.name}\n${owner}`, { ...use, module: `package ${owner}` });
  }
  return [...uses.values()];
}

/** True for a script that may be of a package or of the user, and not of the platform or of no place. */
export function isOfPackages(url: string): boolean {
  return /^(?:file|https?):/.test(url);
}

/**
 * URLs of the scripts of functions, and of the functions that these close over; `null` when there are too many, or when
 * one of them has no script that tells what it may do.
 */
async function scriptsOfFunctions(
  lease: InspectorLease,
  { functions, originOf }: ReachedOfPackages,
): Promise<ReadonlySet<string> | null> {
  if (functions === null) return null;
  const locate = async (fns: readonly object[]): Promise<FunctionOrigin[]> => {
    const known = fns.map((fn) => fixedOrigins.get(fn) ?? originOf(fn));
    const asked = fns.filter((_, index) => known[index] === undefined);
    const located = await lease.locate(asked);
    for (const [index, origin] of located.entries()) {
      if (origin.kind === "native") fixedOrigins.set(asked[index]!, origin);
      else if (origin.kind === "script" && origin.scopes.length <= 1) {
        fixedOrigins.set(asked[index]!, { ...origin, scopes: [] });
      }
    }
    return known.map((origin) => origin ?? located.shift()!);
  };
  const seen = new Set(functions);
  const urls = new Set<string>();
  for (let waiting = [...seen]; waiting.length > 0;) {
    if (seen.size > MAX_LOCATED) return null;
    const held: unknown[] = [];
    for (const origin of await locate(waiting)) {
      if (origin.kind === "bound") held.push(origin.target, origin.receiver, ...origin.args);
      if (origin.kind !== "script") continue;
      // What a package keeps of the platform is found as a captured reader is: by what it is.
      if (/^(?:ext|node):/.test(origin.script.url)) continue;
      // Code made from text: nobody can tell who made it.
      if (!isOfPackages(origin.script.url)) return null;
      urls.add(origin.script.url);
      // The last scope is that of the module, whose imports are followed instead.
      for (const scope of origin.scopes.slice(0, -1)) {
        for (const { value } of Object.values(Object.getOwnPropertyDescriptors(scope))) held.push(value);
      }
    }
    const inside = functionsIn(held);
    if (inside === null) return null;
    waiting = [...inside].filter((fn) => !seen.has(fn));
    for (const fn of waiting) seen.add(fn);
  }
  return urls;
}

/** Origins of functions that close over their modules alone, and of native ones. Only their places are looked at. */
const fixedOrigins = new WeakMap<object, FunctionOrigin>();

/** Number of objects that are searched for functions. */
const MAX_SEARCHED = 5000;

/**
 * Functions among values, and in what the values hold, also inherited ones. No accessor is called.
 *
 * @returns `null` when not all of it can be looked at.
 */
export function functionsIn(values: Iterable<unknown>): ReadonlySet<object> | null {
  const found = new Set<object>();
  const seen = new Set<unknown>(values);
  const { isMap, isSet } = typeTests();
  let searched = 0;
  for (const value of seen) {
    if (typeof value !== "function" && typeof value !== "object" || value === null) continue;
    if (value === Object.prototype || value === Function.prototype || value === globalThis) continue;
    if (isProxy(value) || ++searched > MAX_SEARCHED) return null;
    if (typeof value === "function") found.add(value);
    // A native function has no members of its own to tell of.
    if (ArrayBuffer.isView(value) || typeof value === "function" && isNativeFunction(value)) continue;
    if (isMap(value)) Map.prototype.forEach.call(value, (one, key) => void seen.add(key).add(one));
    if (isSet(value)) Set.prototype.forEach.call(value, (one) => void seen.add(one));
    for (const key of Object.getOwnPropertyNames(value)) {
      const member = ownDescriptorOf(value, key);
      for (const one of [member?.value, member?.get, member?.set]) seen.add(one);
    }
    seen.add(Object.getPrototypeOf(value));
  }
  return found;
}

const FS = String.raw`["'](?:node:)?(fs|fs/promises)["']`;
const NAMED_IMPORT = new RegExp(String.raw`\bimport\s*(?:[\w$]+\s*,\s*)?\{([^}]*)\}\s*from\s*${FS}`, "g");
const NAMESPACE_IMPORT = new RegExp(
  String.raw`\bimport\s*(?:[\w$]+\s*,\s*)?\*\s*as\s+([\w$]+)\s+from\s*${FS}`,
  "g",
);
/** The namespace of a module, or a copy of its object: nothing tells what becomes of it. */
const TAKEN = new RegExp(
  String.raw`\bimport\(\s*${FS}|\.\.\.\s*(?:[\w$.]+\.)?(?:require|getBuiltinModule)\(\s*${FS}`,
  "g",
);
const COPIED_DENO =
  /\.\.\.\s*Deno\b(?!\.)|\bObject\.(?:assign|entries|values|getOwnPropertyDescriptors)\([^()]*\bDeno\s*[,)]/;
/** A member of `Deno` that is not called where it stands; a test whether it is there reads nothing. */
const TAKEN_FROM_DENO = /(?<![.\w$]|typeof\s+)Deno\.(\w+)(?!\s*[\w$.(!=])/g;
const COMPUTED = /["'`]node:["'`]\s*\+|`node:\$\{|["'`]node:["'`]\s*\.concat\(/;
const REEXPORT = new RegExp(String.raw`\bexport\s*(?:\{([^}]*)\}|\*)\s*from\s*${FS}`, "g");
const DESTRUCTURED = new RegExp(
  String.raw`\{([^{}]*)\}\s*=\s*(?:[\w$.]+\.)?(?:require|getBuiltinModule)\(\s*${FS}\s*\)`,
  "g",
);
const MEMBER = new RegExp(String.raw`\b(?:require|getBuiltinModule)\(\s*${FS}\s*\)\.([\w$]+)(?!\s*[\w$.(])`, "g");
const ALIAS = new RegExp(
  String
    .raw`([\w$]+)\s*=\s*(?:[\w$]+\(\s*)?(?:[\w$.]+\.)?(?:require|getBuiltinModule)\(\s*${FS}\s*\)|\bimport\s+([\w$]+)[^;{]*?\bfrom\s*${FS}`,
  "g",
);
const MODULE = /(?:\bfrom\s*|\brequire\(\s*|\bimport\(?\s*)["'](?:node:)?([\w/]+)["']/g;
const NATIVE = /\bprocess\.dlopen\b|require\([^)]*\.node["'`]\s*\)|["'](?:node-gyp-build|bindings|node-pre-gyp)["']/;
const GLOBAL = /(?<![.\w$])(Deno\.\w+|fetch(?=\s*\()|WebSocket|localStorage|Worker(?=\s*\())/g;

/** Finds the blind uses that the text of a script shows. */
export function findBlindUses(text: string): FoundUses[] {
  const found = new Map<string, FoundUses>();
  const add = (use: FoundUses | null) => void (use && found.set(use.name, use));
  const addFs = (module: string, name: string) => add(blindImport(module, name, []));
  const addNames = (module: string, names: string) => {
    for (const one of names.split(",")) {
      const name = /^\s*(?:type\s+)?([\w$]+)/.exec(one)?.[1];
      if (name !== undefined) addFs(module, name);
    }
  };
  if (/\bfs\b/.test(text)) {
    for (const [, names = "", module = ""] of text.matchAll(NAMED_IMPORT)) addNames(module, names);
    for (const [, names, module = ""] of text.matchAll(REEXPORT)) addNames(module, names ?? "all");
    for (const [, names = "", module = ""] of text.matchAll(DESTRUCTURED)) addNames(module, names);
    for (const [, module = "", name = ""] of text.matchAll(MEMBER)) addFs(module, name);
    for (const [, alias = "", module = ""] of text.matchAll(NAMESPACE_IMPORT)) {
      for (const name of membersOfNamespace(text, alias)) addFs(module, name);
    }
    for (const [, one, other] of text.matchAll(TAKEN)) addFs(one ?? other ?? "fs", "all");
    for (const [, required, requiredModule, imported, importedModule] of text.matchAll(ALIAS)) {
      const alias = required ?? imported ?? "", module = requiredModule ?? importedModule ?? "";
      for (const name of takenFrom(text, alias)) addFs(module, name);
    }
  }
  for (const [, name = ""] of text.matchAll(TAKEN_FROM_DENO)) {
    const kind = kindOfReader(name);
    if (kind !== null) found.set(`Deno.${name}`, { name: `Deno.${name}`, kind });
  }
  if (COPIED_DENO.test(text)) found.set("Deno", { name: "Deno as a whole", kind: "file" });
  if (COMPUTED.test(text)) addFs("fs", "all");
  for (const [, module = ""] of text.matchAll(MODULE)) {
    if (BLIND_MODULES.has(module)) add(blindImport(module, module, []));
  }
  if (NATIVE.test(text)) found.set("native code", { name: "native code", kind: "ffi" });
  const globals = new Set(Array.from(text.matchAll(GLOBAL), ([use]) => use));
  // Comments, and methods that are called `fetch`, read nothing.
  const free = globals.size === 0 ? null : freeNamesOf(readScript(text));
  for (const use of globals) if (free?.has(use.split(".")[0]!) !== false) add(blindGlobal(use.split(".")));
  return [...found.values()];
}

/** Names that a script uses and does not declare; `null` for one that cannot be read. */
function freeNamesOf(script: ScriptSyntax | null): ReadonlySet<string> | null {
  if (script === null) return null;
  const free = new Set<string>();
  for (const [node, binding] of script.bindings) {
    if (binding === null && node.type === "Identifier") free.add(node.name);
  }
  return free;
}

/** Members of an imported namespace that a script uses; `all` when it does anything else with the namespace. */
function membersOfNamespace(text: string, alias: string): string[] {
  const script = readScript(text);
  const binding = script?.root.bindings.get(alias);
  if (!script || !binding) return ["all"];
  return binding.references.flatMap((node) => {
    const parent = script.parents.get(node);
    if (parent?.type.startsWith("Import")) return [];
    const key = parent?.type === "MemberExpression" && parent.object === node ? staticKey(parent) : null;
    return [key ?? "all"];
  });
}

/**
 * Names of the members that a script takes out of a module's object for later: members that it does not call at once,
 * and `all` when it copies the object or passes the object to a function.
 */
function takenFrom(text: string, alias: string): string[] {
  const name = escape(alias);
  const destructured = [...text.matchAll(new RegExp(String.raw`\{([^{}]*)\}\s*=\s*${name}\b(?!\s*[.(\[])`, "g"))]
    .flatMap(([, names = ""]) => names.split(",").map((one) => /^\s*([\w$]+)/.exec(one)?.[1] ?? "").filter(Boolean));
  const members = [...text.matchAll(new RegExp(String.raw`[=(,:]\s*${name}\.([\w$]+)\s*[;,)\n}]`, "g"))]
    .map(([, member]) => member!);
  const isCopied = new RegExp(String.raw`\.\.\.${name}\b|[\w$]\(\s*(?:\{\s*\}\s*,\s*)?${name}\s*[,)]`).test(text);
  return [...destructured, ...members, ...isCopied ? ["all"] : []];
}

function escape(name: string): string {
  return name.replaceAll("$", String.raw`\$`);
}
