/**
 * Private names as positions: renaming one changes nothing.
 *
 * @module
 */
import { type AnyNode, type ClassNode, isClassNode } from "./syntax.ts";

/** The private names of the classes that are open around the current node, within one piece of code. */
export class PrivateNames {
  readonly #parents: ReadonlyMap<AnyNode, AnyNode>;
  readonly #classes: ReadonlyMap<string, number>[] = [];

  constructor(parents: ReadonlyMap<AnyNode, AnyNode>) {
    this.#parents = parents;
  }

  /** Whether no class of the piece of code is around the current node. */
  get isOutermost(): boolean {
    return this.#classes.length === 0;
  }

  enter(node: ClassNode): void {
    this.#classes.push(numbersIn(node));
  }

  leave(): void {
    this.#classes.pop();
  }

  /** How many classes out, and the position among the names of that one; `null`: a class around the code declares it. */
  textOf(name: string): string | null {
    for (const [depth, numbers] of this.#classes.toReversed().entries()) {
      const number = numbers.get(name);
      if (number !== undefined) return `#${depth}.${number}`;
    }
    return null;
  }

  /** The position among the names of the class around `unit` that declares it; the name itself where none does. */
  textAround(unit: AnyNode, name: string): string {
    for (let at: AnyNode | undefined = unit; at; at = this.#parents.get(at)) {
      const number = isClassNode(at) ? numbersIn(at).get(name) : undefined;
      if (number !== undefined) return `#home.${number}`;
    }
    return `#${name}`;
  }
}

function numbersIn(node: ClassNode): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const member of node.body.body) {
    if (member.type === "StaticBlock" || member.key.type !== "PrivateIdentifier") continue;
    if (!names.has(member.key.name)) names.set(member.key.name, names.size);
  }
  return names;
}
