/**
 * Changes of built-in objects that reached code may read, and the check, made at each call, that there are no others.
 *
 * @module
 */
import process from "node:process";
import { isProxy } from "../../words/type_tests.ts";
import { isOurFunction } from "../../words/program.ts";
import type { NormalizedCode } from "../syntax/normalize.ts";
import { type AnyNode, childrenOf } from "../syntax/parse.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import { staticKey } from "../syntax/uses.ts";
import { type FunctionOrigin, type InspectorLease, isPlatformScript } from "../v8/inspector.ts";
import {
  type BuiltInChange,
  findChanges,
  hasListed,
  type Interest,
  isReference,
  LANGUAGE,
  MAIN_OWNERS,
  memberNow,
  type Openness,
  type Owner,
  placeLabel,
} from "./built_ins.ts";
import { pathInGlobal } from "./platform.ts";
import type { Code } from "./reached.ts";

/** Collects what the reached code may read of built-in objects, and what the program changed of that. */
export class BuiltInChanges {
  readonly found = new Map<string, BuiltInChange>();
  readonly #names = new Set<string>();
  readonly #globals = new Set<string>();
  readonly #read = new Set<object>();
  #openness: Openness = "closed";
  #awaits = false;
  #calls = false;
  /** True once a function of the platform was met that the code holds: it may be that of JSON. */
  #holdsPlatform = false;

  /** Looks at the code that was not looked at before. @returns The changes that are new. */
  async find(codes: ReadonlyMap<object, Code>, lease: InspectorLease): Promise<BuiltInChange[]> {
    if (codes.size === this.#read.size) return [];
    for (const [fn, code] of codes) if (!this.#read.has(fn)) this.#add(fn, code);
    const changes = [...findChanges(this.#interest()), ...await findOfPlatform(this.#interest(), lease)];
    const isNew = changes.filter(({ label }) => !this.found.has(label));
    for (const change of isNew) this.found.set(change.label, change);
    return isNew;
  }

  /** Returns a function that returns true while the program changes nothing more that the code may read. */
  guard(): () => boolean {
    return guardOf(this.#interest(), [...this.found.values()], { awaits: this.#awaits, calls: this.#calls });
  }

  #interest(): Interest {
    const names = this.#names;
    const writesJson = this.#holdsPlatform || names.has("stringify") || names.has("json");
    return { names, globals: this.#globals, openness: this.#openness, writesJson };
  }

  #add(fn: object, code: Code): void {
    this.#read.add(fn);
    if (code.kind === "package") this.#openness = "all";
    if (code.kind === "platform" || code.kind === "bound") this.#holdsPlatform = true;
    if (code.kind !== "user" || code.user.isHelper) return;
    const { code: normalized, unit, roots } = code.user;
    if (normalized === null || roots.some(({ kind }) => kind === "package")) this.#openness = "all";
    if (normalized !== null && unit !== null) this.read(fn, normalized, unit);
    for (const root of roots) {
      const [, module, name] = root.kind === "platform" ? /^(?:node:)?(.+)#(.+)$/.exec(root.name) ?? [] : [];
      if (module === undefined) continue;
      if (name === "*" || name === "default") this.#globals.add(module === "process" ? module : `node:${module}`);
      else if (/^[A-Z]/.test(name!)) this.#globals.add(`node:${module}#${name}`);
    }
  }

  /** Adds a piece of code. */
  read(fn: object, code: NormalizedCode, { script, node }: Pick<CodeUnit, "script" | "node">): void {
    const { text, slots } = code;
    this.#read.add(fn);
    for (const name of memberNamesIn(code)) this.#names.add(name);
    if (this.#names.has("stack")) { for (const name of OF_STACKS) this.#names.add(name); }
    this.#awaits ||= text.includes(" async");
    this.#calls ||= CALLS.test(text);
    const openness = opennessOf(script, node);
    if (this.#openness !== "all" && openness !== "closed") this.#openness = openness;
    for (const { name, binding, uses } of slots) {
      if (binding !== null) continue;
      for (const { path } of uses) {
        const [first] = pathInGlobal(name, path);
        if (first !== undefined) this.#globals.add(first);
      }
    }
  }

  /** Names of what the program has changed since, of built-in objects, and as far as the code may read it. */
  async changedSince(lease: InspectorLease): Promise<string[]> {
    const now = [...this.found.values()].filter(({ owner, key, value }) => !Object.is(memberNow(owner, key), value));
    const added = [...this.ofLanguage(), ...await findOfPlatform(this.#interest(), lease)]
      .filter(({ label }) => !this.found.has(label));
    return [...new Set([...now, ...added].map(({ label }) => label.replace(/^[gs]et /, "")))];
  }

  /** What the program changed of the objects of the language. */
  ofLanguage(): BuiltInChange[] {
    return findChanges(this.#interest());
  }
}

/** Members of `Error` that V8 reads for the stack of an error. */
const OF_STACKS = ["stackTraceLimit", "prepareStackTrace"];

/** Code that calls something, or goes through the items of something. */
const CALLS =
  /\((?:CallExpression|NewExpression|SpreadElement|ForOfStatement|ArrayPattern|YieldExpression|tagged|class) /;

const known = new WeakMap<NormalizedCode, readonly string[]>();

/** Names in a piece of code that members can have, in whatever place they stand. */
function memberNamesIn(code: NormalizedCode): readonly string[] {
  let names = known.get(code);
  if (names === undefined) {
    const texts = code.text.match(/"[A-Za-z_$][\w$]*"/g) ?? [];
    known.set(code, names = [...new Set(texts)].map((text) => text.slice(1, -1)));
  }
  return names;
}

const open = new WeakMap<AnyNode, Openness>();

/** What a piece of code may read under names that it computes. */
function opennessOf(script: ScriptSyntax, node: AnyNode): Openness {
  let found = open.get(node);
  if (found === undefined) open.set(node, found = findOpenness(script, node));
  return found;
}

function findOpenness(script: ScriptSyntax, node: AnyNode): Openness {
  let found: Openness = "closed";
  const visit = (at: AnyNode): boolean => {
    if (at.type === "ForInStatement" || at.type === "BinaryExpression" && at.operator === "in") return true;
    if (at.type === "Property" && at.computed && script.parents.get(at)?.type === "ObjectPattern") return true;
    if (at.type === "MemberExpression" && staticKey(at) === null) {
      if (isCalled(script, at)) return true;
      found = "data";
    }
    return childrenOf(at).some(visit);
  };
  return visit(node) ? "all" : found;
}

/** True for a member whose value is called: `x[name]()`, `x[name].call(x)`, `const method = x[name]` with `method()`. */
function isCalled(script: ScriptSyntax, node: AnyNode): boolean {
  const parent = script.parents.get(node);
  switch (parent?.type) {
    case "CallExpression":
    case "NewExpression":
      return parent.callee === node;
    case "TaggedTemplateExpression":
      return parent.tag === node;
    case "ChainExpression":
      return isCalled(script, parent);
    case "MemberExpression":
      return parent.object === node && ["call", "apply", "bind"].includes(staticKey(parent) ?? "");
    case "VariableDeclarator": {
      const binding = parent.init === node ? script.bindings.get(parent.id) : undefined;
      return binding?.references.some((one) => isCalled(script, one)) === true;
    }
    default:
      return false;
  }
}

/** Functions that are known to be the platform's. */
const ofPlatform = new WeakSet<object>();

/** Members of objects of the platform that hold no function and may be written by the platform itself. */
const DATA: ReadonlyMap<string, ReadonlySet<string>> = new Map(Object.entries({
  Deno: new Set(
    ("internal version build errors env SeekMode stdin stdout stderr permissions telemetry pid ppid noColor args " +
      "mainModule exitCode jupyter customInspect unsafe brand webgpu bundle lint test bench").split(" "),
  ),
  process: new Set(
    ("_events _eventsCount _maxListeners release arch report title argv argv0 debugPort config env execArgv _exiting " +
      "exitCode mainModule pid ppid platform sourceMapsEnabled stderr stdin stdout version versions features " +
      "allowedNodeEnvironmentFlags noDeprecation moduleLoadList domain throwDeprecation traceDeprecation").split(" "),
  ),
  console: new Set(["indentLevel"]),
}));

/** Objects of the platform that its own JavaScript made, and those of their members that code names. */
async function findOfPlatform({ names, globals }: Interest, lease: InspectorLease): Promise<BuiltInChange[]> {
  const candidates: BuiltInChange[] = [];
  const changes: BuiltInChange[] = [];
  for (const owner of platformOwners(globals, names)) {
    const own = DATA.get(owner.label);
    // A module of Node has data under names that nothing tells from the program's; functions are told apart.
    const hasData = !owner.label.startsWith("node:") || owner.label === "node:buffer#Buffer.prototype";
    const keys: (string | symbol)[] = Object.getOwnPropertyNames(owner.object).filter((key) =>
      names.has(key) || key === "toJSON" && names.has("stringify")
    );
    if (isOfNamed(globals, owner.label)) keys.push(Symbol.iterator, Symbol.asyncIterator);
    for (const key of keys) {
      const property = Object.getOwnPropertyDescriptor(owner.object, key);
      if (property === undefined || key === "constructor" || key === "prototype") continue;
      for (const part of ["value", "get", "set"] as const) {
        const value: unknown = property[part];
        const change: BuiltInChange = { label: placeLabel(owner.label, key, part), owner: owner.object, key, value };
        if (typeof value === "function") { if (!ofPlatform.has(value)) candidates.push(change); }
        else if (
          part === "value" && hasData && property.writable === true && !(typeof key === "string" && own?.has(key))
        ) {
          changes.push(change);
        }
      }
    }
  }
  if (candidates.length === 0) return changes;
  const origins = await lease.locate(candidates.map(({ value }) => value as object));
  const targets = origins.map((origin) =>
    origin.kind === "bound" && typeof origin.target === "function" ? origin.target : null
  );
  const ofTargets = await lease.locate(targets.filter((one) => one !== null));
  let next = 0;
  for (const [index, change] of candidates.entries()) {
    const origin = targets[index] === null ? origins[index]! : ofTargets[next++]!;
    if (isPlatformOrigin(origin, change)) ofPlatform.add(change.value as object);
    else changes.push(change);
  }
  return changes;
}

/** True for a function of the platform's scripts, and for a native one under its own name. */
function isPlatformOrigin(origin: FunctionOrigin, { label, value }: BuiltInChange): boolean {
  if (origin.kind === "script") return isPlatformScript(origin.script.url) || isOurFunction(value, origin.script.url);
  if (typeof value !== "function") return false;
  const name = String(Object.getOwnPropertyDescriptor(value, "name")?.value).replace(
    /^(?:bound |get |set )+/,
    "",
  );
  return origin.kind === "native" && !isProxy(value) &&
    (/^console\b/.test(label) || name === "" || label.endsWith(name));
}

/** The objects of the platform's own JavaScript: those that code names, and the prototypes of its classes. */
function platformOwners(globals: ReadonlySet<string>, names: ReadonlySet<string>): Owner[] {
  const owners: Owner[] = [];
  if (globals.has("Deno")) owners.push({ label: "Deno", object: Deno }, { label: "Deno.env", object: Deno.env });
  if (globals.has("process")) owners.push({ label: "process", object: process });
  for (const label of globals) {
    const [module, name] = label.split("#");
    if (!module?.startsWith("node:")) continue;
    const exports: unknown = process.getBuiltinModule(module);
    if (name === undefined && typeof exports === "object" && exports !== null) {
      owners.push({ label, object: exports });
      for (const [key, value] of Object.entries(Object.getOwnPropertyDescriptors(exports))) {
        const isClass = /^[A-Z]/.test(key) && names.has(key) && typeof value.value === "function";
        if (isClass) owners.push(...prototypeOf(`${label}#${key}`, value.value as object));
      }
    }
    const one: unknown = name === undefined || !isReference(exports) ? exports : Reflect.get(exports, name);
    if (typeof one === "function") owners.push({ label, object: one }, ...prototypeOf(label, one));
  }
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const isUsed = globals.has(name) || globals.has("fetch") && OF_FETCH.has(name);
    const property = Object.getOwnPropertyDescriptor(globalThis, name);
    const value: unknown = isUsed && property?.get && isLazy(property.get)
      ? property.get.call(globalThis)
      : property?.value;
    // On the global object, the program's properties are enumerable, the platform's are not.
    if (property === undefined || NAMES.has(name) || "value" in property && property.enumerable) continue;
    if (name === "crypto" && isReference(value)) {
      owners.push({ label: name, object: value }, { label: "crypto.subtle", object: globalThis.crypto.subtle });
    } else if (globals.has(name) && (typeof value === "function" || name === "console")) {
      owners.push({ label: name, object: value as object });
    }
    if (typeof value === "function" && /^[A-Z]/.test(name)) owners.push(...prototypeOf(name, value));
  }
  return owners;
}

/** True for an object of a global, or of a module of Node, that code names. */
function isOfNamed(globals: ReadonlySet<string>, label: string): boolean {
  return [label.replace(/\.prototype$/, ""), /^node:\w+/.exec(label)?.[0], /^\w+/.exec(label)?.[0]].some((one) =>
    one !== undefined && globals.has(one)
  );
}

function prototypeOf(label: string, maker: object): Owner[] {
  const object: unknown = Object.getOwnPropertyDescriptor(maker, "prototype")?.value;
  return typeof object === "object" && object !== null ? [{ label: `${label}.prototype`, object }] : [];
}

/** Classes of what `fetch` gives. */
const OF_FETCH: ReadonlySet<string> = new Set(["Headers", "Request", "Response"]);

/** True for a getter of the platform that loads a global which it makes when code asks for it. */
function isLazy(get: object): boolean {
  const text = Function.prototype.toString.call(get).replace(/\s/g, "");
  return text === "get(){returngetter(loadFn());}" || /^\(\)=>\w+\.crypto$/.test(text);
}

const NAMES: ReadonlySet<string> = new Set(LANGUAGE.map(({ label }) => label));

/** Number of members of the platform's other classes that are looked at again, since instances may come as arguments. */
const MAX_UNNAMED = 16;

/** Number of names from which on the members of the usual prototypes are counted instead of being looked for. */
const MANY_NAMES = 24;

type OwnMember = readonly [owner: object, key: string | symbol];

/** Members that the language reads to make a primitive of an object. */
const FOR_PRIMITIVES: readonly OwnMember[] = [
  [Object.prototype, "toString"],
  [Object.prototype, "valueOf"],
  [Array.prototype, "toString"],
  [Array.prototype, "join"],
  [Date.prototype, Symbol.toPrimitive],
  [Object.prototype, Symbol.toPrimitive],
];

/** Members that the language or the platform reads for code that has one of these names, in any place. */
const FOR_NAMES: readonly (readonly [names: RegExp, members: readonly OwnMember[]])[] = [
  [
    /^(?:split|replace|replaceAll|match|matchAll|search|test|exec)$/,
    [Symbol.split, Symbol.replace, Symbol.match, Symbol.matchAll, Symbol.search, "exec", "flags"].map((key) =>
      [RegExp.prototype, key] as const
    ),
  ],
  [
    /^(?:union|intersection|difference|symmetricDifference|is(?:Subset|Superset)Of|isDisjointFrom)$/,
    ["keys", "has", "size"].map((key) => [Set.prototype, key] as const),
  ],
  [/^(?:stringify|json)$/, [[Date.prototype, "toISOString"]]],
  [/^(?:Map|groupBy)$/, [[Map.prototype, "set"]]],
  [/^Set$/, [[Set.prototype, "add"]]],
  [/^(?:Promise|all|race|any|allSettled)$/, [[Promise.prototype, "then"], [Promise, "resolve"]]],
  [
    /Error$|^(?:message|cause|stack)$/,
    ["name", "message", "toString"].map((key) => [Error.prototype, key] as const),
  ],
  [
    /^(?:map|filter|slice|splice|concat|flat|flatMap|of|from|subarray)$/,
    [[Array, Symbol.species], [Array.prototype, "constructor"]],
  ],
];

/** Members that the language reads for code that calls something. */
const FOR_CALLS: readonly OwnMember[] = [
  [Array.prototype, Symbol.iterator],
  [Object.getPrototypeOf([][Symbol.iterator]()) as object, "next"],
  [String.prototype, Symbol.iterator],
  [Map.prototype, Symbol.iterator],
  [Set.prototype, Symbol.iterator],
  [Promise.prototype, "then"],
  [Date.prototype, "toJSON"],
  [RegExp.prototype, "exec"],
  [RegExp.prototype, Symbol.replace],
  [Function.prototype, Symbol.hasInstance],
  [Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.iterator],
  [Object.getPrototypeOf(Object.getPrototypeOf((function* () {})())) as object, "return"],
];

interface PlaceOfChange {
  readonly owner: object;
  readonly key: string | symbol;
  readonly value: unknown;
  readonly isData: boolean;
}

function placeInOwner(owner: object, key: string | symbol): PlaceOfChange {
  const property = Object.getOwnPropertyDescriptor(owner, key);
  return { owner, key, value: memberNow(owner, key), isData: property !== undefined && "value" in property };
}

/** True while a place holds what it held. Data is read without asking for its attributes, which takes four times as long. */
function isUnchanged({ owner, key, value, isData }: PlaceOfChange): boolean {
  return isData ? (owner as Record<string | symbol, unknown>)[key] === value : memberNow(owner, key) === value;
}

function guardOf(
  { names, globals }: Interest,
  changes: readonly BuiltInChange[],
  { awaits, calls }: { readonly awaits: boolean; readonly calls: boolean },
): () => boolean {
  const places: PlaceOfChange[] = [];
  const addPlace = (owner: object, key: string | symbol) => places.push(placeInOwner(owner, key));
  const main = MAIN_OWNERS.map(({ object }) => object);
  const isCounted = names.size > MANY_NAMES;
  // Members that the language looks for on objects that do not have them.
  const implicit = [...names.has("stringify") ? ["toJSON"] : [], ...awaits ? ["then"] : []];
  const absent: { readonly owner: object; readonly name: string }[] = [];
  const listed: object[] = [];
  for (const [index, { label, object }] of LANGUAGE.entries()) {
    const isNamed = globals.has(/^\w+/.exec(label)![0]);
    const isUsual = label.endsWith("prototype") && !/^(?:Intl|Temporal|WebAssembly)/.test(label);
    if (!isNamed && !isUsual) continue;
    for (const name of names) {
      if (Object.hasOwn(object, name)) addPlace(object, name);
      else if ((isNamed || index < main.length) && !isCounted) absent.push({ owner: object, name });
    }
    for (const name of implicit) {
      if (index < main.length && !Object.hasOwn(object, name)) absent.push({ owner: object, name });
    }
    if (!hasListed(label)) listed.push(object);
  }
  const ofLanguage = places.length;
  for (const { label, object } of platformOwners(globals, names)) {
    const isNamed = isOfNamed(globals, label);
    if (isNamed && Object.hasOwn(object, Symbol.iterator)) addPlace(object, Symbol.iterator);
    for (const name of names) {
      if (!Object.hasOwn(object, name)) { if (isNamed) absent.push({ owner: object, name }); }
      else if (isNamed || places.length < ofLanguage + MAX_UNNAMED) addPlace(object, name);
    }
  }
  for (const [owner, key] of FOR_PRIMITIVES) addPlace(owner, key);
  if (calls || awaits) { for (const [owner, key] of FOR_CALLS) addPlace(owner, key); }
  for (const [pattern, members] of FOR_NAMES) {
    const isAsked = [...names, ...globals].some((name) => pattern.test(name));
    if (isAsked) { for (const [owner, key] of members) addPlace(owner, key); }
  }
  for (const { owner, key } of changes) addPlace(owner, key);
  const parents = main.map((owner) => ({ owner, parent: Object.getPrototypeOf(owner) as object | null }));
  const counts = isCounted ? main.map((owner) => ({ owner, count: Reflect.ownKeys(owner).length })) : [];
  const listable = new Set(listed.flatMap((owner) => Object.keys(owner)));
  return () => {
    try {
      for (const owner of listed) {
        // Members that an assignment added can be listed, and those of the platform cannot.
        for (const key in owner) if (!listable.has(key)) return false;
      }
      for (const { owner, name } of absent) if (Object.hasOwn(owner, name)) return false;
      for (const { owner, count } of counts) if (Reflect.ownKeys(owner).length !== count) return false;
      for (const { owner, parent } of parents) if (Object.getPrototypeOf(owner) !== parent) return false;
      return places.every(isUnchanged);
    } catch {
      return false; // an accessor took the place of data
    }
  };
}
