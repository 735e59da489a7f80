/**
 * State: what the code itself writes, such as a counter, a log or a memo. It is no input, so its value does not count.
 *
 * @module
 */
import { normalizeCode } from "../source/normalize.ts";
import type { NormalizedCode, Slot } from "../source/normalized_code.ts";
import type { Binding } from "../source/scopes.ts";
import { type AnyNode, isClassNode, isFunctionNode } from "../source/syntax.ts";
import { digestGraph, type GraphNode } from "./graph.ts";
import { type Declaration, importOf } from "./modules.ts";

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

interface OpenNode extends GraphNode {
  readonly references: (GraphNode | string)[];
}

/** Reads initial code as a graph, each piece once: what many refer to takes no longer than what one does. */
class InitialReader {
  isClosed = true;
  readonly #finder: DeclarationFinder;
  readonly #nodes = new Map<AnyNode, OpenNode>();
  readonly #digests = new Map<GraphNode, string>();
  readonly #waiting: { readonly at: Declaration; readonly node: OpenNode; readonly code: NormalizedCode }[] = [];

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

  #nodeOf(at: Declaration, syntax: AnyNode): OpenNode {
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
