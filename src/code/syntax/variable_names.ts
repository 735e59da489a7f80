/**
 * Numbers that stand for names in normalized code: of variables, and of the private members of classes.
 *
 * @module
 */
import type { Binding, NameNode, ScriptSyntax } from "./scopes.ts";
import { type AnyNode, type ClassNode, isClassNode } from "./parse.ts";
import { staticKey, type Use, usesOf } from "./uses.ts";

/** A free name of the code, with its uses. */
export interface Slot {
  /**
   * Name in the source, to show; the normalized text does not have it. `this`, `super` and `new.target` stand for those
   * of a function around the code.
   */
  readonly name: string;
  /** Binding in this script; `null` for a global, and when the text was parsed on its own. */
  readonly binding: Binding | null;
  readonly uses: readonly Use[];
  /** Nodes of the name in the code. */
  readonly nodes: readonly AnyNode[];
}

/** Private names of the classes that are open around the current node, within one piece of code. */
export class PrivateNames {
  readonly #parents: ReadonlyMap<AnyNode, AnyNode>;
  readonly #classes: ReadonlyMap<string, number>[] = [];

  constructor(parents: ReadonlyMap<AnyNode, AnyNode>) {
    this.#parents = parents;
  }

  enter(node: ClassNode): void {
    this.#classes.push(numbersIn(node));
  }

  leave(): void {
    this.#classes.pop();
  }

  /**
   * Text of a private name: the number of classes outwards to the one that declares the name, and the name's position
   * there; `null` when a class around the code declares it.
   */
  textOf(name: string): string | null {
    for (const [depth, numbers] of this.#classes.toReversed().entries()) {
      const number = numbers.get(name);
      if (number !== undefined) return `#${depth}.${number}`;
    }
    return null;
  }

  /**
   * Text of a private name: its position in the class around `unit` that declares it; the name itself when none does.
   */
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

/** Numbers of the variables of one piece of code. */
export class VariableNames {
  /** Free names of the code, in the order of first appearance. */
  readonly slots: Slot[] = [];
  readonly #script: ScriptSyntax;
  readonly #unit: AnyNode;
  readonly #locals = new Map<Binding, number>();
  readonly #slotNumbers = new Map<string, number>();

  constructor(script: ScriptSyntax, unit: AnyNode) {
    this.#script = script;
    this.#unit = unit;
  }

  /** @param hasArguments True where `arguments` belongs to a function within the code. */
  textOf(node: NameNode, hasArguments: boolean): string {
    const { name } = node;
    const binding = this.#script.bindings.get(node) ?? null;
    if (binding && (this.#isLocal(binding) || this.#unit.type === "Program" && binding.kind !== "import")) {
      let number = this.#locals.get(binding);
      if (number === undefined) this.#locals.set(binding, number = this.#locals.size);
      return `$${number}`;
    }
    if (!binding && (name === "undefined" || name === "arguments" && hasArguments)) return name;
    return this.slotOf(name, binding, node);
  }

  /** Text of a free name: the number of its slot. A name that is used in different ways has a slot for each of them. */
  slotOf(name: string, binding: Binding | null, node: AnyNode): string {
    const uses = usesOf(this.#script, node);
    const id = `${name}\n${JSON.stringify(uses.map((use) => [use.path, use.how]))}`;
    let number = this.#slotNumbers.get(id);
    if (number === undefined) {
      this.#slotNumbers.set(id, number = this.slots.length);
      this.slots.push({ name, binding, uses: [], nodes: [] });
    }
    const slot = this.slots[number]!;
    (slot.nodes as AnyNode[]).push(node);
    // Of each place in the code: where a value is passed on, what it is passed to matters.
    (slot.uses as Use[]).push(...uses);
    return `@${number}`;
  }

  /** True for a free variable, and for a member of one when the key is written out. */
  isOutside(node: AnyNode): boolean {
    if (node.type === "MemberExpression") return staticKey(node) !== null && this.isOutside(node.object);
    if (node.type !== "Identifier") return false;
    const binding = this.#script.bindings.get(node);
    return !binding || !this.#isLocal(binding);
  }

  #isLocal(binding: Binding): boolean {
    return binding.scope.start >= this.#unit.start && binding.scope.end <= this.#unit.end;
  }
}
