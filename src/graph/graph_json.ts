/**
 * The graph as JSON: for other programs, and to load it again.
 *
 * @module
 */
import type { CacheNode } from "./cache_node.ts";

/** The graph as plain JSON. */
export interface GraphJson {
  /** What marks it as a graph of this package, and its version. */
  readonly format: "cachepy-graph-1";
  /** The calls; `created` in ISO 8601. */
  readonly nodes: readonly (Omit<CacheNode, "created"> & { readonly created: string })[];
  /** Who called whom, and which call depends on which file (an absolute path). */
  readonly edges: readonly { readonly from: string; readonly to: string; readonly kind: "call" | "file" }[];
}

/**
 * The graph as plain JSON.
 *
 * @param nodes The graph.
 * @returns Nodes and edges; an edge leads from what depends to what it depends on.
 */
export function graphToJson(nodes: Iterable<CacheNode>): GraphJson {
  const plain: GraphJson["nodes"][number][] = [];
  const edges: GraphJson["edges"][number][] = [];
  for (const node of nodes) {
    plain.push({ ...node, created: node.created.toISOString() });
    for (const child of new Set(node.children)) edges.push({ from: node.id, to: child, kind: "call" });
    for (const file of node.files) edges.push({ from: node.id, to: file, kind: "file" });
  }
  return { format: "cachepy-graph-1", nodes: plain, edges };
}
