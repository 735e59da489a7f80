/**
 * State: variables and members that the code itself writes, such as a counter, a log or a memo. State is no input, so
 * its value does not count.
 *
 * @module
 */
import { digestBytes } from "../../words/sha256.ts";
import { normalizeCode, type NormalizedCode } from "../syntax/normalize.ts";
import type { Slot } from "../syntax/variable_names.ts";
import type { Binding } from "../syntax/scopes.ts";
import { type AnyNode, isClassNode, isFunctionNode } from "../syntax/parse.ts";
import { digestGraph, type GraphNode } from "../digest/graph_digest.ts";
import { type Declaration, importOf } from "../walk/modules.ts";
import type { UserCode } from "../walk/reached.ts";
import { type ValueView, writePrimitive, writeValue } from "../walk/values.ts";
import { isPrimitive } from "../../words/type_tests.ts";
import { randomId } from "../../words/random.ts";

/**
 * Code that gives a variable its first value. For state, this code counts in place of the variable's value, so that
 * another seed or another size of a memo gives another fingerprint.
 */
export interface InitialCode {
  /**
   * Digests of the code, by path joined with dots: of the whole value (empty path), and of its members where the code
   * writes an object literal.
   */
  readonly texts: ReadonlyMap<string, string>;
  /** True when the digests cover all code involved. Otherwise two values from one piece of code may differ. */
  readonly isClosed: boolean;
}

/** Variables, objects and members that are state. They are found in the code alone, so all processes agree. */
export interface StateFindings {
  /** Variables that the code assigns. */
  readonly bindings: ReadonlySet<Binding>;
  /** Objects whose content the code changes. */
  readonly objects: ReadonlySet<object>;
  /** Members of objects that the code assigns or changes, by object; private ones with their `#`. */
  readonly members: ReadonlyMap<object, ReadonlySet<string>>;
  /**
   * True for state that is only written while it holds nothing. `holder` and `name` are an object and its member, or
   * the binding of a variable and `""`.
   */
  isFilled(holder: object, name: string): boolean;
  /** Variables that hold state, with the code that gives them their first value. */
  readonly holders: ReadonlyMap<Binding, InitialCode>;
  readonly notices: readonly string[];
  /** Places that earlier runs have changed which are among these. */
  readonly observed: ReadonlySet<string>;
}

/** Notice about a variable, or a member of one, that is state. */
export function noticeOfState(name: string, module: string): string {
  return `left out: ${name} @ ${module}, state that the code writes`;
}

/**
 * Name of a place that holds a value: a path of package state, or the module and the name of a variable with the members
 * that lead to the place, as JSON. The last of them is `[]` for the contents of an array, a Map or a Set.
 */
export type StatePlace = string;

/** Makes the name of a place of the user's. */
export function placeOf(module: string, name: string, path: readonly string[]): StatePlace {
  return JSON.stringify([module, name, ...path]);
}

/** Parts of the name of a place of the user's; `null` for package state. */
export function readPlace(place: StatePlace): { module: string; name: string; path: readonly string[] } | null {
  if (!place.startsWith("[")) return null;
  const [module = "", name = "", ...path] = JSON.parse(place) as string[];
  return { module, name, path };
}

/** Words for a place. */
export function describePlace(place: StatePlace): string {
  const at = readPlace(place);
  if (at === null) return place;
  const path = at.path.filter((key) => key !== CONTENTS);
  return `${[at.name, ...path].join(".")}${at.module === "" ? "" : ` @ ${at.module}`}`;
}

/** Last member of a place that stands for the contents of a collection. */
export const CONTENTS = "[]";

/** Finder of the declarations and packages behind imported names. */
export interface DeclarationFinder {
  /** Finds the declaration of a name, through imports; `null` when it cannot be found. */
  declarationOf(at: Declaration): Promise<Declaration | null>;
  /** Identity, as text, of the package that a specifier stands for; `null` for user code. */
  packageText(specifier: string, referrer: string): string | null;
}

/** Reads the code that gives a variable its first value. */
export async function readInitialCode(
  declaration: Declaration,
  paths: Iterable<readonly string[]>,
  finder: DeclarationFinder,
): Promise<InitialCode> {
  const initial = initializerOf(declaration.binding);
  const texts = new Map<string, string>();
  if (initial === null) return { texts, isClosed: false };
  let reader = readers.get(finder);
  if (reader === undefined) readers.set(finder, reader = new InitialReader(finder));
  let isClosed = true;
  for (const path of [[], ...paths]) {
    const name = path.join(".");
    if (texts.has(name)) continue;
    const found = await reader.read(declaration, memberExpression(initial, path));
    texts.set(name, found.digest);
    isClosed &&= found.isClosed;
  }
  return { texts, isClosed };
}

interface InitialNode extends GraphNode {
  readonly references: (InitialNode | string)[];
  /** True when the code refers to something whose code is not known. */
  isOpen: boolean;
}

/** Reads initial code as a graph, each piece of code once, however many other pieces and variables refer to it. */
class InitialReader {
  readonly #finder: DeclarationFinder;
  readonly #nodes = new Map<AnyNode, InitialNode>();
  readonly #digests = new Map<GraphNode, string>();
  readonly #waiting: { readonly at: Declaration; readonly node: InitialNode; readonly code: NormalizedCode }[] = [];

  constructor(finder: DeclarationFinder) {
    this.#finder = finder;
  }

  /** Digest of a piece of code with the code of everything that it refers to, and whether all of that is known. */
  async read(at: Declaration, code: AnyNode): Promise<{ readonly digest: string; readonly isClosed: boolean }> {
    const root = this.#nodeOf(at, code);
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) {
      for (const slot of next.code.slots) next.node.references.push(await this.#readName(next.at, next.node, slot));
    }
    const reached = new Set([root]);
    for (const { references } of reached) for (const one of references) if (typeof one !== "string") reached.add(one);
    return { digest: digestGraph(root, this.#digests), isClosed: [...reached].every(({ isOpen }) => !isOpen) };
  }

  #nodeOf(at: Declaration, syntax: AnyNode): InitialNode {
    let node = this.#nodes.get(syntax);
    if (!node) {
      const code = normalizeCode(at.script, syntax);
      this.#nodes.set(syntax, node = { own: code.text, references: [], isOpen: false });
      this.#waiting.push({ at, node, code });
    }
    return node;
  }

  async #readName(from: Declaration, node: InitialNode, { name, binding }: Slot): Promise<InitialNode | string> {
    if (!binding) {
      if (name === "this") node.isOpen = true;
      return name;
    }
    const at = { ...from, binding };
    const imported = importOf(at.script, binding);
    const packageText = imported && this.#finder.packageText(imported.specifier, at.url);
    if (imported && packageText !== null) return `${packageText} ${imported.imported}`;
    const found = await this.#finder.declarationOf(at);
    const initial = found && initializerOf(found.binding);
    if (found && initial) return this.#nodeOf(found, initial);
    node.isOpen = true;
    return "_";
  }
}

/** One reader for each walk, since many variables refer to the same code. */
const readers = new WeakMap<DeclarationFinder, InitialReader>();

function initializerOf(binding: Binding): AnyNode | null {
  const { declaration } = binding;
  if (declaration?.type === "VariableDeclarator") {
    // With a pattern, the variable holds only a part of the initial value, and the text would have to tell which
    // part.
    return declaration.id.type === "Identifier" ? declaration.init ?? declaration.id : null;
  }
  const isCode = declaration && (isFunctionNode(declaration) || isClassNode(declaration));
  return isCode && binding.kind !== "parameter" ? declaration : null;
}

function memberExpression(node: AnyNode, path: readonly string[]): AnyNode {
  let at = node;
  for (const key of path) {
    if (at.type !== "ObjectExpression") return at;
    const property = at.properties.find((one) =>
      one.type === "Property" && !one.computed &&
      (one.key.type === "Identifier"
        ? one.key.name === key
        : one.key.type === "Literal" && String(one.key.value) === key)
    );
    if (property?.type !== "Property") return at;
    at = property.value;
  }
  return at;
}

/** What {@linkcode sightOfVariable} and the like need to know of state. */
export interface SightContext extends Pick<StateFindings, "isFilled" | "members"> {
  /** Makes the node of a value. */
  readonly node: (value: unknown) => GraphNode | string;
}

/** Nodes for the value of a place that holds state, as it was at the first look; none where it does not count. */
type Sight = readonly (GraphNode | string)[];

const ofModules = new Map<string, Sight>();
const ofObjects = new WeakMap<object, Map<string, Sight>>();

/**
 * Nodes for the value of a variable at the first look in this process; none where it does not count. A variable of a
 * module is identified by its module and name, any other by its name and its scope; see {@linkcode anchorOf}.
 *
 * State that is filled once (`cache ??= load()`) counts by the code that fills it. If other code put a value there
 * before the first look, that value is an input, and counts from then on as it was at the first look. So a singleton
 * is seen with everything that a program registered in it, and a table that is loaded on demand counts the same
 * before and after.
 *
 * Of other state, a function that stood there counts, since what it returned lives on in the results of later calls:
 * `const load = fn; fn = undefined; kept = load()`.
 */
export function sightOfVariable(
  { binding, url }: Declaration,
  user: Pick<UserCode, "fn" | "roots">,
  value: unknown,
  context: SightContext,
): Sight {
  const isFilled = context.isFilled(binding, "");
  if (binding.scope.kind === "module") {
    return firstSight(ofModules, `${url}\n${binding.name}`, isFilled, value, context);
  }
  return firstSight(sightsOf(anchorOf(binding, user)), `variable ${binding.name}`, isFilled, value, context);
}

/**
 * The function by which the scope of a variable is known: one that the code uses, and that is made anew each time the scope
 * is. So all functions that use it have one first look. Without one, each function has its own.
 */
function anchorOf({ scope }: Binding, { fn, roots }: Pick<UserCode, "fn" | "roots">): object {
  let anchor: { readonly name: string; readonly value: object } | undefined;
  for (const root of roots) {
    const binding = root.kind === "value" ? root.declaration?.binding : undefined;
    if (binding?.scope !== scope || binding.writes.length > 0 || root.kind !== "value") continue;
    const { declaration, name } = binding;
    const made = declaration?.type === "VariableDeclarator" ? declaration.init : declaration;
    const isMadeThere = made && isFunctionNode(made) && binding.kind !== "parameter";
    if (!isMadeThere || typeof root.value !== "function") continue;
    if (anchor === undefined || name < anchor.name) anchor = { name, value: root.value };
  }
  return anchor?.value ?? fn;
}

/** Nodes for the value of an object's member at the first look in this process; none where it does not count. */
export function sightOfMember(holder: object, name: string, value: unknown, context: SightContext): Sight {
  return firstSight(sightsOf(holder), name, context.isFilled(holder, name), value, context);
}

/**
 * Nodes for those members of objects that are state, as {@linkcode sightOfMember} makes them: also private ones, and
 * those that only methods of the object know.
 */
export function sightsWithin(subjects: Iterable<object | symbol>, view: ValueView, context: SightContext): Sight {
  const sights: (GraphNode | string)[] = [];
  if (context.members.size === 0) return sights;
  for (const subject of subjects) {
    if (typeof subject === "symbol") continue;
    // Those that runs were seen to change come in any order.
    for (const key of [...context.members.get(subject) ?? []].sort()) {
      sights.push(...sightOfMember(subject, key, firstMember(subject, key, view), context));
    }
  }
  return sights;
}

const nodesOfCode = new WeakMap<object, GraphNode>();

/** Keeps the node of a function for {@linkcode nodeBefore}, and returns it. */
export function keepNode(fn: object, node: GraphNode): GraphNode {
  nodesOfCode.set(fn, node);
  return node;
}

/**
 * Node that a function had when it was last reached; `undefined` for one that is reached now, or never was. A run may have
 * dropped it, and so have shown that its place is state: the next process finds it there.
 */
export function nodeBefore(fn: unknown, reached: ReadonlyMap<object, unknown>): GraphNode | undefined {
  return typeof fn !== "function" || reached.has(fn) ? undefined : nodesOfCode.get(fn);
}

function firstSight(
  known: Map<string, Sight>,
  name: string,
  isFilled: boolean,
  value: unknown,
  { node }: SightContext,
): Sight {
  const id = `${isFilled ? "value" : "function"} ${name}`;
  let sight = known.get(id);
  if (sight === undefined) known.set(id, sight = isFilled || typeof value === "function" ? [node(value)] : []);
  return sight;
}

function sightsOf(holder: object): Map<string, Sight> {
  const names = ofObjects.get(holder) ?? new Map<string, Sight>();
  ofObjects.set(holder, names);
  return names;
}

/** Random id of this process, since receivers of arrow functions that cannot be read may differ between processes. */
export const PROCESS = randomId();
const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** Number of a function, which no other function in this process has. */
export function numberOf(fn: object): number {
  const number = numbers.get(fn) ?? ++lastNumber;
  numbers.set(fn, number);
  return number;
}

/**
 * Digests of state as it was first seen in this process: of objects by identity, of other values by the function that
 * closes over the variable, and by name.
 */
const firstObjects = new WeakMap<object, { readonly keys: string; readonly digest: string }>();
const firstVariables = new WeakMap<object, Map<string, string>>();

/** Views on values for {@linkcode firstValue}. */
export interface FirstViews {
  /** View in which state counts. */
  readonly whole: ValueView;
  /** View in which state does not count. */
  readonly withoutState: ValueView;
}

/**
 * Digest of a value as it was when first asked for.
 *
 * Of an object, the members that are state count as they were before a run was seen to change them. So a process that
 * learns of them by a run digests what the next process finds.
 */
export function firstValue(value: unknown, views: FirstViews, name: string, fn: object): string {
  if (typeof value !== "object" || value === null) {
    const names = firstVariables.get(fn) ?? new Map<string, string>();
    firstVariables.set(fn, names);
    const digest = names.get(name) ?? writeValue(value, views.whole).digest;
    names.set(name, digest);
    return digest;
  }
  const { withoutState } = views;
  const keys = keysOfState(value, withoutState).join();
  const known = firstObjects.get(value);
  if (known?.keys === keys) return known.digest;
  const { digest, met } = writeValue(value, withoutState.isState(value) ? views.whole : withoutState);
  const lines = [digest];
  for (const [index, subject] of [...met.subjects()].entries()) {
    if (typeof subject === "symbol") continue;
    for (const key of keysOfState(subject, withoutState)) {
      lines.push(`${index} ${key} ${textOfFirst(firstMember(subject, key, withoutState))}`);
    }
  }
  const first = { keys, digest: lines.length === 1 ? digest : digestBytes(lines.join("\n")) };
  firstObjects.set(value, first);
  return first.digest;
}

/** Names of the members of an object that are state, sorted. */
function keysOfState(object: object, view: ValueView): string[] {
  return [...view.stateKeysOf(object) ?? []].filter((key) => typeof key === "string").sort();
}

/** Text of what a member held at first; of an object or function, its type. */
function textOfFirst(value: unknown): string {
  return isPrimitive(value) && typeof value !== "symbol" ? writePrimitive(value) : typeof value;
}

/**
 * Text that counts in place of state: a digest of the code that creates the state and, unless that code determines the
 * first value, of the first value as well.
 *
 * @param code Code that creates the state, if it is known.
 * @param path Members from the variable to the state.
 * @param first Finds the first value. That of a global does not count, since it depends on the code that ran before in
 * this process: it is `""`.
 */
export function initialText(
  code: InitialCode | undefined,
  path: readonly string[],
  first: "" | (() => string),
): string {
  const text = code?.texts.get(path.join(".")) ?? code?.texts.get("") ?? "";
  return `state ${digestBytes(JSON.stringify([text, code?.isClosed || first === "" ? "" : first()]))}`;
}

const firstMembers = new WeakMap<object, Map<string, unknown>>();

/** Takes note of the value that a member had before a run changed it: of an accessor, its getter. */
export function noteFirstMember(holder: object, key: string, value: unknown): void {
  const known = firstMembers.get(holder) ?? new Map<string, unknown>();
  if (!known.has(key)) firstMembers.set(holder, known.set(key, value));
}

/**
 * Value that a member had before a run was seen to change it, or else the value that it has: of an accessor, its getter.
 *
 * @param view Knows the private fields.
 */
export function firstMember(holder: object, key: string, view?: ValueView): unknown {
  const known = firstMembers.get(holder);
  if (known?.has(key)) return known.get(key);
  if (key.startsWith("#")) return view?.privateFieldsOf(holder)?.get(key);
  return valueOrGetter(Object.getOwnPropertyDescriptor(holder, key));
}

/** Value of a member, or its getter. */
export function valueOrGetter(property: PropertyDescriptor | undefined): unknown {
  return property && "value" in property ? property.value : property?.get;
}

/** Members of a function or class and of its prototype. The value of an accessor is its getter. */
export type MemberSnapshot = (readonly [key: string | symbol, value: unknown])[];

/** Takes a snapshot of the members as they are now. */
export function snapshotOf(fn: object): MemberSnapshot {
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  const objects = typeof prototype === "object" && prototype !== null ? [fn, prototype] : [fn];
  return objects.flatMap((object) =>
    Reflect.ownKeys(object).filter((key) => key !== "prototype")
      .map((key) => [key, valueOrGetter(Object.getOwnPropertyDescriptor(object, key))] as const)
  );
}
