/**
 * Strongly connected components of a graph (Tarjan 1972), without recursion, so that depth costs no stack.
 *
 * A file of its own, since `values/` and `code/` import it: both values and code are graphs with cycles.
 *
 * @module
 */
/** A node on the path from the root to the node that is being visited. */
interface Visited<Node> {
  readonly node: Node;
  readonly references: readonly Node[];
  /** Index of the reference to follow next. */
  next: number;
  /** Number of nodes that were met before this one. */
  readonly order: number;
  /** Smallest order of the nodes of its component that were reached from this node so far. */
  low: number;
}

/**
 * Finds the strongly connected components: the sets of nodes that reach each other.
 *
 * @param root Node from which all others are reached.
 * @param referencesOf Returns the nodes that a node refers to.
 * @returns The components; each one after the components that it refers to.
 */
export function componentsOf<Node>(root: Node, referencesOf: (node: Node) => readonly Node[]): Node[][] {
  const components: Node[][] = [];
  const orders = new Map<Node, number>();
  const unassigned: Node[] = [];
  const isUnassigned = new Set<Node>();
  const path: Visited<Node>[] = [];
  const enter = (node: Node) => {
    const order = orders.size;
    orders.set(node, order);
    unassigned.push(node);
    isUnassigned.add(node);
    path.push({ node, references: referencesOf(node), next: 0, order, low: order });
  };
  enter(root);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    if (top.next < top.references.length) {
      const reference = top.references[top.next++]!;
      const order = orders.get(reference);
      if (order === undefined) enter(reference);
      else if (isUnassigned.has(reference)) top.low = Math.min(top.low, order);
      continue;
    }
    path.pop();
    const above = path.at(-1);
    if (above !== undefined) above.low = Math.min(above.low, top.low);
    if (top.low < top.order) continue;
    const component = unassigned.splice(unassigned.lastIndexOf(top.node));
    for (const member of component) isUnassigned.delete(member);
    components.push(component);
  }
  return components;
}
