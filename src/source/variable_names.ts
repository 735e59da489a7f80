/**
 * Variables as numbers: a local one is that of its first appearance, one from outside that of a slot.
 *
 * @module
 */
import type { Slot } from "./normalized_code.ts";
import type { Binding, NameNode, ScriptSyntax } from "./scopes.ts";
import type { AnyNode } from "./syntax.ts";
import { staticKey, usesOf } from "./uses.ts";

/** The numbers of the variables of one piece of code. */
export class VariableNames {
  /** What the code takes from outside, in the order of first appearance. */
  readonly slots: Slot[] = [];
  readonly #script: ScriptSyntax;
  readonly #unit: AnyNode;
  readonly #locals = new Map<Binding, number>();
  readonly #slotNumbers = new Map<string, number>();

  constructor(script: ScriptSyntax, unit: AnyNode) {
    this.#script = script;
    this.#unit = unit;
  }

  /** @param hasArguments Whether `arguments` is that of a function within the code. */
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

  /** What the code takes from outside counts with its uses: the same name used otherwise is another slot. */
  slotOf(name: string, binding: Binding | null, node: AnyNode): string {
    const uses = usesOf(this.#script, node);
    const id = `${name}\n${JSON.stringify(uses.map((use) => [use.path, use.how]))}`;
    let number = this.#slotNumbers.get(id);
    if (number === undefined) {
      this.#slotNumbers.set(id, number = this.slots.length);
      this.slots.push({ name, binding, uses, nodes: [] });
    }
    (this.slots[number]?.nodes as AnyNode[]).push(node);
    return `@${number}`;
  }

  /** Whether an expression is a variable from outside, or a member of one that is written out. */
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
