/**
 * Uses of what a promise gives, as an `import()` makes one.
 *
 * @module
 */
import { type AnyNode, isFunctionNode } from "./parse.ts";
import type { ScriptSyntax } from "./scopes.ts";
import { type Use, usesOf, usesOfBinding } from "./uses.ts";

/** Number of variables and functions through which a promise is followed. */
const MAX_STEPS = 4;

/**
 * Uses of what an expression gives when it is awaited: `(await promise).run()`, `promise.then(({ run }) => …)`, also through
 * a constant that holds the promise, and a constant function that returns it.
 *
 * @returns Nothing when it is used in another way, or cannot be told.
 */
export function usesOfAwaited(script: ScriptSyntax, node: AnyNode): Use[] {
  return follow(script, node, MAX_STEPS) ?? [];
}

function follow(script: ScriptSyntax, node: AnyNode, steps: number): Use[] | null {
  const parent = script.parents.get(node);
  if (steps === 0 || parent === undefined) return null;
  switch (parent.type) {
    case "AwaitExpression":
      return usesOf(script, parent);
    case "MemberExpression":
      return parent.object === node ? usesOfThen(script, parent) : null;
    case "VariableDeclarator":
      return parent.init === node
        ? followConstant(script, parent.id as AnyNode, (one) => follow(script, one, steps - 1))
        : null;
    case "ArrowFunctionExpression": {
      const declarator = script.parents.get(parent);
      if (parent.body !== node || parent.async || declarator?.type !== "VariableDeclarator") return null;
      return followConstant(script, declarator.id as AnyNode, (one) => {
        const call = script.parents.get(one);
        return call?.type === "CallExpression" && call.callee === one ? follow(script, call, steps - 1) : null;
      });
    }
    default:
      return null;
  }
}

/** Uses at all references to a constant; `null` when one of them is of another kind. */
function followConstant(script: ScriptSyntax, name: AnyNode, at: (reference: AnyNode) => Use[] | null): Use[] | null {
  if (name.type !== "Identifier") return null;
  const binding = script.bindings.get(name);
  if (binding?.kind !== "const") return null;
  const isExported = script.program.body.some((one) =>
    one.type.startsWith("Export") && one.start <= name.start && name.end <= one.end
  );
  const { references } = binding;
  if (isExported || references.length === 0) return null;
  const uses = references.map(at);
  return uses.includes(null) ? null : uses.flatMap((one) => one ?? []);
}

/** Uses of the parameter of a function that is given to `then`. */
function usesOfThen(script: ScriptSyntax, member: Extract<AnyNode, { type: "MemberExpression" }>): Use[] | null {
  const call = script.parents.get(member);
  const isThen = member.property.type === "Identifier" && member.property.name === "then" && !member.computed;
  if (!isThen || call?.type !== "CallExpression" || call.callee !== member) return null;
  const callback = call.arguments[0] as AnyNode | undefined;
  if (callback === undefined || !isFunctionNode(callback)) return null;
  const given = callback.params[0] as AnyNode | undefined;
  if (given?.type === "Identifier") {
    const binding = script.bindings.get(given);
    return binding ? usesOfBinding(script, binding) : null;
  }
  if (given?.type !== "ObjectPattern") return null;
  const uses: Use[] = [];
  for (const property of given.properties) {
    if (property.type !== "Property" || property.computed || property.key.type !== "Identifier") return null;
    uses.push({ path: [property.key.name], how: "read", node: property.key });
  }
  return uses;
}
