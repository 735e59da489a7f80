/**
 * Digests of nodes that refer to each other, in cycles too.
 *
 * @module
 */
import { digestBytes } from "../../words/sha256.ts";

/** Node with a text of its own and with ordered references to other nodes. */
export interface GraphNode {
  /** Text that identifies the node without its references. */
  readonly own: string;
  /**
   * References, in an order that the node's own text determines. A reference is another node, or the text of
   * something that needs no node.
   */
  readonly references: readonly (GraphNode | string)[];
}

/**
 * Digest of a node with everything that it reaches.
 *
 * Nodes that reach each other are told apart by refining: in each round, a node takes up the digests of its
 * neighbours, until a round tells no more nodes apart. The outcome does not depend on where the walk began or which
 * names were met first. Two nodes with equal digests have equal unfoldings, so nothing that they refer to tells them
 * apart.
 *
 * @param root Node to digest.
 * @param known Digests from earlier calls. This call adds to them.
 * @returns 64 lowercase hex characters.
 */
export function digestGraph(root: GraphNode, known: Map<GraphNode, string> = new Map()): string {
  for (const component of componentsOf(root, known)) settle(component, known);
  return known.get(root) as string;
}

/** Strongly connected components; a component comes after those that it refers to (Tarjan 1972, without recursion). */
function componentsOf(root: GraphNode, known: ReadonlyMap<GraphNode, string>): GraphNode[][] {
  const components: GraphNode[][] = [];
  if (known.has(root)) return components;
  const order = new Map<GraphNode, number>();
  const low = new Map<GraphNode, number>();
  const stack: GraphNode[] = [];
  const onStack = new Set<GraphNode>();
  const work: { node: GraphNode; next: number }[] = [{ node: root, next: 0 }];
  const lower = (node: GraphNode, value: number) => low.set(node, Math.min(low.get(node) as number, value));
  while (work.length > 0) {
    const top = work[work.length - 1] as { node: GraphNode; next: number };
    const { node } = top;
    if (top.next === 0) {
      order.set(node, order.size);
      low.set(node, order.get(node) as number);
      stack.push(node);
      onStack.add(node);
    }
    const reference = node.references[top.next++];
    if (reference !== undefined) {
      if (typeof reference === "string" || known.has(reference)) continue;
      if (!order.has(reference)) work.push({ node: reference, next: 0 });
      else if (onStack.has(reference)) lower(node, order.get(reference) as number);
      continue;
    }
    work.pop();
    const above = work.at(-1);
    if (above) lower(above.node, low.get(node) as number);
    if (low.get(node) !== order.get(node)) continue;
    const component: GraphNode[] = [];
    while (component.at(-1) !== node) {
      const member = stack.pop() as GraphNode;
      onStack.delete(member);
      component.push(member);
    }
    components.push(component);
  }
  return components;
}

function settle(component: readonly GraphNode[], known: Map<GraphNode, string>): void {
  const [only] = component;
  if (component.length === 1 && only && !only.references.includes(only)) {
    known.set(only, combine("node", only.own, only.references.map((one) => textOfReference(one, known))));
    return;
  }
  let colors = new Map(component.map((node) => [node, combine("start", node.own, [])]));
  for (let count = 0; count < countOf(colors);) {
    count = countOf(colors);
    colors = refine(component, colors, known);
  }
  // One round more than it takes to tell the nodes of the component apart, and all colors of the component in each
  // digest: only then do equal digests from different components mean that no further round would tell the nodes
  // apart.
  colors = refine(component, colors, known);
  const all = [...new Set(colors.values())].sort();
  for (const [node, color] of colors) known.set(node, combine("cycle", color, all));
}

function refine(
  component: readonly GraphNode[],
  colors: ReadonlyMap<GraphNode, string>,
  known: ReadonlyMap<GraphNode, string>,
): Map<GraphNode, string> {
  return new Map(component.map((node) => {
    const around = node.references.map((one) =>
      typeof one !== "string" && colors.has(one) ? `~${colors.get(one)}` : textOfReference(one, known)
    );
    return [node, combine("round", colors.get(node) as string, around)];
  }));
}

function textOfReference(reference: GraphNode | string, known: ReadonlyMap<GraphNode, string>): string {
  return typeof reference === "string" ? `=${reference}` : `>${known.get(reference)}`;
}

function countOf(colors: ReadonlyMap<GraphNode, string>): number {
  return new Set(colors.values()).size;
}

function combine(kind: string, own: string, references: readonly string[]): string {
  return digestBytes(JSON.stringify([kind, own, references]));
}
