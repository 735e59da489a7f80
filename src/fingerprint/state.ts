/**
 * State: what the code itself writes, such as a counter, a log or a memo. It is no input, so its value does not count.
 *
 * @module
 */
import { normalizeCode } from "../source/normalize.ts";
import type { Binding, ScriptSyntax } from "../source/scopes.ts";
import { type AnyNode, isClassNode, isFunctionNode } from "../source/syntax.ts";
import type { Declaration } from "./modules.ts";

/** What is state, decided from the code alone, so that it is the same in every process. */
export interface StateFindings {
  /** Variables that the code assigns. */
  readonly bindings: ReadonlySet<Binding>;
  /** Objects whose content it changes. */
  readonly objects: ReadonlySet<object>;
  /** Members of objects that it assigns or changes; private ones with their `#`. */
  readonly members: ReadonlyMap<object, ReadonlySet<string>>;
  /** Variables that hold any of these. */
  readonly holders: ReadonlySet<Binding>;
  readonly notices: readonly string[];
}

/** How far the code that creates a value is followed through other variables. */
const MAX_DEPTH = 6;

/**
 * The code that gives a variable its first value, as text: this counts for state in place of what it holds later, so that
 * another seed or another size of a memo is another fingerprint.
 *
 * @param path The member that is meant, where the value is written out as an object.
 * @returns Empty when the declaration has no such code.
 */
export function initialText({ script, binding }: Declaration, path: readonly string[]): string {
  const initial = initializerOf(binding);
  return initial === null ? "" : textOf(script, memberExpression(initial, path), new Set([binding]), 0);
}

function initializerOf(binding: Binding): AnyNode | null {
  const { declaration } = binding;
  if (declaration?.type === "VariableDeclarator") return declaration.init ?? null;
  return declaration && (isFunctionNode(declaration) || isClassNode(declaration)) && binding.kind !== "parameter"
    ? declaration
    : null;
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

function textOf(script: ScriptSyntax, node: AnyNode, seen: Set<Binding>, depth: number): string {
  const code = normalizeCode(script, node);
  const inner = code.slots.map(({ name, binding }) => {
    if (!binding) return name;
    const initial = seen.has(binding) || depth >= MAX_DEPTH ? null : initializerOf(binding);
    seen.add(binding);
    return initial === null ? "_" : textOf(script, initial, seen, depth + 1);
  });
  return JSON.stringify([code.text, inner]);
}
