/**
 * State of a module behind `import()`: variables and objects that are made when it is loaded and that its functions
 * change later. Their values do not count, so they are named.
 *
 * @module
 */
import { type AnyNode, isClassNode, isFunctionNode } from "../syntax/parse.ts";
import type { Binding, ScriptSyntax } from "../syntax/scopes.ts";
import { changedMembers, usesOf, usesOfBinding } from "../syntax/uses.ts";
import type { LivePart } from "./module_live.ts";

/** A module, with what of it matters. */
export interface StateQuestion {
  readonly script: ScriptSyntax;
  readonly live: LivePart;
  /** Functions that run when the module is loaded. */
  readonly ran: ReadonlySet<AnyNode>;
}

/**
 * Names of the state of a module, with members: variables at its top level, those of functions that run when it is
 * loaded, and members that methods change of objects that are made then. Functions that change a variable may be called
 * by other code alone.
 */
export function stateOfModule({ script, live, ran }: StateQuestion): ReadonlySet<string> {
  const found = new Set<string>();
  const outlives = (node: AnyNode): boolean => {
    const home = functionAround(script, node);
    return home === null || ran.has(home);
  };
  for (const binding of new Set(script.bindings.values())) {
    if (!binding || !isKept(binding, { script, live, ran })) continue;
    const home = homeOfState(script, binding);
    const isLater = (node: AnyNode) => functionAround(script, node) !== home;
    if (binding.writes.some(isLater)) found.add(binding.name);
    for (const use of usesOfBinding(script, binding)) {
      const members = isLater(use.node) ? changedMembers(use) : null;
      if (members) found.add([binding.name, ...members].join("."));
    }
  }
  for (const node of script.parents.keys()) {
    if (node.type !== "ThisExpression") continue;
    const owner = ownerOfMethod(script, node, ran);
    if (owner === null || !live.has(node) || !outlives(owner.node)) continue;
    for (const use of usesOf(script, node)) {
      const members = changedMembers(use);
      if (members && members.length > 0) found.add([owner.name, ...members].join("."));
    }
  }
  return found;
}

/** True for a variable that lives on after the module was loaded, and that the code uses. */
function isKept(binding: Binding, { script, live, ran }: StateQuestion): boolean {
  if (binding.scope.parent === null) return live.uses(binding.name);
  const { declaration } = binding;
  if (!declaration || !live.has(declaration)) return false;
  const home = homeOfState(script, binding);
  return home === null ? binding.kind !== "own-name" || isClassNode(declaration) : ran.has(home);
}

/** Function that a variable belongs to; `null` for one outside of all functions. */
function homeOfState(script: ScriptSyntax, { kind, declaration, references }: Binding): AnyNode | null {
  if (declaration && kind === "parameter" && isFunctionNode(declaration)) return declaration;
  const first = declaration ?? references[0];
  return first ? functionAround(script, first) : null;
}

/** Innermost function around a node, the node itself left out. */
function functionAround(script: ScriptSyntax, node: AnyNode): AnyNode | null {
  for (let at = script.parents.get(node); at; at = script.parents.get(at)) if (isFunctionNode(at)) return at;
  return null;
}

/**
 * Class or object whose method contains a `this`: a class by its static methods, and by all once code that runs at the
 * start makes an instance. `null` for any other `this`, and for a constructor's.
 */
function ownerOfMethod(
  script: ScriptSyntax,
  node: AnyNode,
  ran: ReadonlySet<AnyNode>,
): { readonly node: AnyNode; readonly name: string } | null {
  let method = functionAround(script, node);
  while (method?.type === "ArrowFunctionExpression") method = functionAround(script, method);
  const member = method && script.parents.get(method);
  if (!method || !member) return null;
  if (member.type === "Property") {
    const object = script.parents.get(member);
    return object ? { node: object, name: nameOfState(script, object) } : null;
  }
  if (member.type !== "MethodDefinition" || member.kind === "constructor") return null;
  const owner = script.parents.get(script.parents.get(member)!);
  if (!owner || !member.static && !ran.has(method)) return null;
  return { node: owner, name: nameOfState(script, owner) };
}

/** Name of the variable that a class or an object is given to. */
function nameOfState(script: ScriptSyntax, node: AnyNode): string {
  if (isClassNode(node) && node.id) return node.id.name;
  const parent = script.parents.get(node);
  return parent?.type === "VariableDeclarator" && parent.id.type === "Identifier" ? parent.id.name : "(anonymous)";
}
