/**
 * What a variable held when it was first seen in this process, for state that is filled once: `cache ??= load()`.
 *
 * Before it is filled, only the code that fills it counts. What something else has put there before the first look is an
 * input like any other, and counts from then on as it was; so a singleton with what a program registered in it is seen,
 * and a table that is loaded on demand is the same before and after.
 *
 * @module
 */
import type { GraphNode } from "./graph.ts";
import type { Declaration } from "./modules.ts";

const ofModules = new Map<string, GraphNode | string>();
const ofObjects = new WeakMap<object, Map<string, GraphNode | string>>();

/** The first sight of a variable: a module's by its name, another by the function that closes over it. */
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
