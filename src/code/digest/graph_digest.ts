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

/** A node whose text and references are filled in later. */
export interface UnfilledNode extends GraphNode {
  own: string;
  readonly references: (GraphNode | string)[];
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
  if (known.has(root)) return known.get(root) as string;
  for (const component of componentsOf(root, (node) => unsettledIn(node, known))) settle(component, known);
  return known.get(root) as string;
}

/** The nodes that a node refers to and that have no digest yet. */
function unsettledIn({ references }: GraphNode, known: ReadonlyMap<GraphNode, string>): GraphNode[] {
  return references.filter((reference) => typeof reference !== "string" && !known.has(reference)) as GraphNode[];
}

/** Number of nodes that are refined, each once a round, until a component counts as it is met instead. */
const MAX_REFINED = 200_000;

function settle(component: readonly GraphNode[], known: Map<GraphNode, string>): void {
  const [only] = component;
  if (component.length === 1 && only && !only.references.includes(only)) {
    known.set(only, combine("node", only.own, only.references.map((one) => textOfReference(one, known))));
    return;
  }
  const key = keyOfComponent(component, known);
  const before = remembered.get(key);
  if (before !== undefined) return component.forEach((node, index) => known.set(node, before[index]!));
  settleTogether(component, known);
  remember(key, component.map((node) => known.get(node)!));
}

/** Number of digests that are remembered at once. */
const MAX_REMEMBERED = 50_000;

/** Digests of the nodes of components, in their order, by shape: functions that use one library meet its parts again. */
const remembered = new Map<string, readonly string[]>();
let countRemembered = 0;

function remember(key: string, digests: readonly string[]): void {
  if (digests.length > MAX_REMEMBERED) return;
  countRemembered += digests.length;
  if (countRemembered > MAX_REMEMBERED) {
    remembered.clear();
    countRemembered = digests.length;
  }
  remembered.set(key, digests);
}

/** Digest of everything that the digests of a component's nodes depend on. */
function keyOfComponent(component: readonly GraphNode[], known: ReadonlyMap<GraphNode, string>): string {
  const numbers = new Map(component.map((node, index) => [node, index]));
  const texts = component.map(({ own, references }) => [
    own,
    ...references.map((one) => (typeof one === "string" ? undefined : numbers.get(one)) ?? textOfReference(one, known)),
  ]);
  return digestBytes(JSON.stringify(texts));
}

/** Digests nodes that reach each other. */
function settleTogether(component: readonly GraphNode[], known: Map<GraphNode, string>): void {
  let colors = new Map(component.map((node) => [node, combine("start", node.own, [])]));
  let refined = 0;
  for (let count = 0; count < countOf(colors);) {
    count = countOf(colors);
    if ((refined += component.length) > MAX_REFINED) return settleAsMet(component, known);
    colors = refine(component, colors, known);
  }
  // One more round is made than it takes to tell the nodes of the component apart, and each digest covers all colors of
  // the component: only then do equal digests from different components mean that no further round would tell the nodes
  // apart.
  colors = refine(component, colors, known);
  const all = combine("all", "", [...new Set(colors.values())].sort());
  for (const [node, color] of colors) known.set(node, combine("cycle", color, [all]));
}

/**
 * Numbers the nodes of a component in the order in which the walk met them. That takes one round, and two components get
 * equal digests only when they are equal. They may differ for one component that is entered at two places.
 */
function settleAsMet(component: readonly GraphNode[], known: Map<GraphNode, string>): void {
  const numbers = new Map(component.map((node, index) => [node, index]));
  const texts = component.map(({ own, references }) => {
    const around = references.map((one) => {
      const number = typeof one === "string" ? undefined : numbers.get(one);
      return number === undefined ? textOfReference(one, known) : `~${number}`;
    });
    return combine("met", own, around);
  });
  const all = combine("all", "", texts);
  for (const [node, number] of numbers) known.set(node, combine("cycle as met", String(number), [all]));
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
function componentsOf<Node>(root: Node, referencesOf: (node: Node) => readonly Node[]): Node[][] {
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
