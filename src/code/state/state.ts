/**
 * State: what the code itself writes, such as a counter, a log or a memo. It is no input, so its value does not count.
 *
 * @module
 */
import { normalizeCode, type NormalizedCode, type Slot } from "../syntax/normalize.ts";
import type { Binding } from "../syntax/scopes.ts";
import { type AnyNode, isClassNode, isFunctionNode } from "../syntax/parse.ts";
import { digestGraph, type GraphNode } from "../digest/graph_digest.ts";
import { type Declaration, importOf } from "../walk/modules.ts";
import { type ValueView, writeValue } from "../walk/values.ts";

/**
 * The code that gives a variable its first value. It counts for state in place of what the variable holds later, so that
 * another seed or another size of a memo is another fingerprint.
 */
export interface InitialCode {
  /** Of the whole value, and of members of it where it is written out as an object; by the path joined with dots. */
  readonly texts: ReadonlyMap<string, string>;
  /** All that the code refers to is in the texts; otherwise two values from one piece of code may differ. */
  readonly isClosed: boolean;
}

/** What is state, decided from the code alone, so that it is the same in every process. */
export interface StateFindings {
  /** Variables that the code assigns. */
  readonly bindings: ReadonlySet<Binding>;
  /** Objects whose content it changes. */
  readonly objects: ReadonlySet<object>;
  /** Members of objects that it assigns or changes; private ones with their `#`. */
  readonly members: ReadonlyMap<object, ReadonlySet<string>>;
  /** Whether state, a variable (with the name "") or a member, is only written while it holds nothing. */
  isFilled(holder: object, name: string): boolean;
  /** Variables that hold any of these, with the code that gives them their first value. */
  readonly holders: ReadonlyMap<Binding, InitialCode>;
  readonly notices: readonly string[];
}

/** What is said of a variable, or a member of one, that is state. */
export function noticeOfState(name: string, module: string): string {
  return `left out: ${name} @ ${module}, state that the code writes`;
}

/** Answers where an imported name comes from. */
export interface DeclarationFinder {
  declarationOf(at: Declaration): Promise<Declaration | null>;
  /** Identity of the package that a specifier stands for; `null` for user code. */
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
  const reader = new InitialReader(finder);
  for (const path of [[], ...paths]) {
    const name = path.join(".");
    if (!texts.has(name)) texts.set(name, await reader.read(declaration, memberExpression(initial, path)));
  }
  return { texts, isClosed: reader.isClosed };
}

interface InitialNode extends GraphNode {
  readonly references: (GraphNode | string)[];
}

/** Reads initial code as a graph, each piece once: what many refer to takes no longer than what one does. */
class InitialReader {
  isClosed = true;
  readonly #finder: DeclarationFinder;
  readonly #nodes = new Map<AnyNode, InitialNode>();
  readonly #digests = new Map<GraphNode, string>();
  readonly #waiting: { readonly at: Declaration; readonly node: InitialNode; readonly code: NormalizedCode }[] = [];

  constructor(finder: DeclarationFinder) {
    this.#finder = finder;
  }

  /** Digest of a piece of code with the code of all that it refers to. */
  async read(at: Declaration, code: AnyNode): Promise<string> {
    const root = this.#nodeOf(at, code);
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) {
      for (const slot of next.code.slots) next.node.references.push(await this.#readName(next.at, slot));
    }
    return digestGraph(root, this.#digests);
  }

  #nodeOf(at: Declaration, syntax: AnyNode): InitialNode {
    let node = this.#nodes.get(syntax);
    if (!node) {
      const code = normalizeCode(at.script, syntax);
      this.#nodes.set(syntax, node = { own: code.text, references: [] });
      this.#waiting.push({ at, node, code });
    }
    return node;
  }

  async #readName(from: Declaration, { name, binding }: Slot): Promise<GraphNode | string> {
    if (!binding) {
      if (name === "this") this.isClosed = false;
      return name;
    }
    const at = { ...from, binding };
    const imported = importOf(at.script, binding);
    const packageText = imported && this.#finder.packageText(imported.specifier, at.url);
    if (imported && packageText !== null) return `${packageText} ${imported.imported}`;
    const found = await this.#finder.declarationOf(at);
    const initial = found && initializerOf(found.binding);
    if (found && initial) return this.#nodeOf(found, initial);
    this.isClosed = false;
    return "_";
  }
}

function initializerOf(binding: Binding): AnyNode | null {
  const { declaration } = binding;
  if (declaration?.type === "VariableDeclarator") {
    // A pattern takes the value apart; which part this is would have to be said as well.
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

const ofModules = new Map<string, GraphNode | string>();
const ofObjects = new WeakMap<object, Map<string, GraphNode | string>>();

/**
 * The first sight of a variable: a module's by its name, another by the function that closes over it.
 *
 * State that is filled once (`cache ??= load()`) counts by the code that fills it. What something else has put there
 * before the first look is an input like any other, and counts from then on as it was; so a singleton with what a
 * program registered in it is seen, and a table that is loaded on demand is the same before and after.
 */
export function sightOfVariable(
  declaration: Declaration | null,
  fn: object,
  name: string,
  look: () => GraphNode | string,
): GraphNode | string {
  if (declaration?.binding.scope.kind !== "module") return sightOfMember(fn, `variable ${name}`, look);
  const id = `${declaration.url}\n${declaration.binding.name}`;
  let sight = ofModules.get(id);
  if (sight === undefined) ofModules.set(id, sight = look());
  return sight;
}

/** The first sight of an object's member. */
export function sightOfMember(holder: object, name: string, look: () => GraphNode | string): GraphNode | string {
  const names = ofObjects.get(holder) ?? new Map<string, GraphNode | string>();
  ofObjects.set(holder, names);
  let sight = names.get(name);
  if (sight === undefined) names.set(name, sight = look());
  return sight;
}

/** Tells this process from others: the receiver that an arrow function closes over cannot be seen, so that two of them must not be taken for one. */
export const PROCESS = crypto.randomUUID();
const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** A number of its own for each function. */
export function numberOf(fn: object): number {
  const number = numbers.get(fn) ?? ++lastNumber;
  numbers.set(fn, number);
  return number;
}

/** What state held when it was first seen in this process: objects by identity, variables by the function's closure. */
const firstObjects = new WeakMap<object, string>();
const firstVariables = new WeakMap<object, Map<string, string>>();

/** A value as text, as it was when it was first asked for. */
export function firstValue(value: unknown, view: ValueView, name: string, fn: object): string {
  const isObject = typeof value === "object" && value !== null;
  const known = isObject ? firstObjects.get(value) : firstVariables.get(fn)?.get(name);
  if (known !== undefined) return known;
  const { text } = writeValue(value, view);
  if (isObject) firstObjects.set(value, text);
  else {
    const names = firstVariables.get(fn) ?? new Map<string, string>();
    firstVariables.set(fn, names.set(name, text));
  }
  return text;
}

/** Members of a function or class and of its prototype. */
export type MemberSnapshot = (readonly [key: string | symbol, value: unknown])[];

/** The members as they are now; accessors by their getter. */
export function snapshotOf(fn: object): MemberSnapshot {
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  const objects = typeof prototype === "object" && prototype !== null ? [fn, prototype] : [fn];
  return objects.flatMap((object) =>
    Reflect.ownKeys(object).filter((key) => key !== "prototype").map((key) => {
      const property = Object.getOwnPropertyDescriptor(object, key);
      return [key, property && "value" in property ? property.value : property?.get] as const;
    })
  );
}
