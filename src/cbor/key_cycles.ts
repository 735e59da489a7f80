/**
 * Finds the objects of a value that are on a cycle.
 *
 * @module
 */
import { classify } from "./kinds.ts";

interface Visit {
  readonly subject: object;
  readonly children: readonly object[];
  next: number;
  readonly index: number;
  low: number;
}

/** The objects that can be reached from themselves (Tarjan's strongly connected components, without recursion). */
export function findCyclic(
  root: object,
  privatesOf: (instance: object) => ReadonlyMap<string, unknown> | undefined = () => undefined,
): Set<object> {
  const cyclic = new Set<object>();
  const indexOf = new Map<object, number>();
  const inComponent = new Set<object>();
  const component: object[] = [];
  const path: Visit[] = [];
  const enter = (subject: object) => {
    const index = indexOf.size;
    indexOf.set(subject, index);
    inComponent.add(subject);
    component.push(subject);
    path.push({ subject, children: childrenOf(subject, privatesOf(subject)), next: 0, index, low: index });
  };
  enter(root);
  while (path.length > 0) {
    const visit = path[path.length - 1]!;
    const child = visit.children[visit.next++];
    if (child !== undefined) {
      const known = indexOf.get(child);
      if (known === undefined) enter(child);
      else if (inComponent.has(child)) visit.low = Math.min(visit.low, known);
      if (child === visit.subject) cyclic.add(child);
      continue;
    }
    path.pop();
    const parent = path[path.length - 1];
    if (parent !== undefined) parent.low = Math.min(parent.low, visit.low);
    if (visit.low < visit.index) continue;
    const isAlone = component[component.length - 1] === visit.subject;
    let member: object;
    do {
      member = component.pop()!;
      inComponent.delete(member);
      if (!isAlone) cyclic.add(member);
    } while (member !== visit.subject);
  }
  return cyclic;
}

/** The objects that an object holds, as far as keys are concerned. */
function childrenOf(subject: object, privates: ReadonlyMap<string, unknown> = NONE): object[] {
  const children: object[] = [];
  const add = (value: unknown) => {
    if (typeof value === "object" && value !== null) children.push(value);
  };
  for (const value of privates.values()) add(value);
  const { kind } = classify(subject);
  if (kind === "view" || kind === "buffer" || kind === "sharedBuffer") return children;
  if (kind === "map") {
    Map.prototype.forEach.call(subject, (value, key) => {
      add(key);
      add(value);
    });
  } else if (kind === "set") Set.prototype.forEach.call(subject, add);
  else if (kind === "error") {
    add((subject as Error).message);
    if (Object.hasOwn(subject, "cause")) add((subject as Error).cause);
    if (Object.hasOwn(subject, "errors")) add((subject as AggregateError).errors);
  }
  for (const name of Reflect.ownKeys(subject)) {
    if (Object.prototype.propertyIsEnumerable.call(subject, name)) add(subject[name as never]);
    else if (kind === "instance") add(Object.getOwnPropertyDescriptor(subject, name)?.value);
  }
  return children;
}

const NONE: ReadonlyMap<string, unknown> = new Map();
