/**
 * The graph in the language of Graphviz.
 *
 * @module
 */
import type { CacheNode } from "../graph/cache_node.ts";
import { keyOfNode } from "../graph/cache_node.ts";
import { printable } from "../report/printable.ts";
import type { NodeState } from "./graph_colors.ts";
import { FILE_COLORS, NODE_COLORS } from "./graph_colors.ts";

/** What a drawing shows besides calls and files. */
export interface DrawOptions {
  /** How each call is, by id; a call that is not named is `fresh`. */
  readonly states?: ReadonlyMap<string, NodeState>;
  /** How a path is shown; as it is when not given. */
  readonly nameFile?: (path: string) => string;
}

/**
 * The graph as a `digraph`. An arrow leads from what depends to what it depends on: caller to call, call to file.
 *
 * @param nodes The graph.
 * @param options What to show.
 * @returns Text that `dot` reads; the language is described at graphviz.org/doc/info/lang.html.
 */
export function graphToDot(nodes: Iterable<CacheNode>, options: DrawOptions = {}): string {
  const nameFile = options.nameFile ?? ((path: string) => path);
  const lines = [
    "digraph cachepy {",
    "  rankdir=LR;",
    '  node [fontname="sans-serif", fontsize=11];',
    '  edge [color="#8a94a0"];',
  ];
  const known = new Set<string>();
  const files = new Set<string>();
  const edges: string[] = [];
  for (const node of nodes) {
    known.add(node.id);
    const { fill, text } = NODE_COLORS[options.states?.get(node.id) ?? "fresh"];
    const label = quote(`${node.fname}\n${keyOfNode(node).slice(0, 12)}`);
    lines.push(
      `  ${
        quote(node.id)
      } [shape=box, style="rounded,filled", fillcolor="${fill}", fontcolor="${text}", label=${label}];`,
    );
    for (const child of new Set(node.children)) edges.push(`  ${quote(node.id)} -> ${quote(child)};`);
    for (const file of node.files) {
      files.add(file);
      edges.push(`  ${quote(node.id)} -> ${quote(`file:${file}`)} [style=dashed];`);
    }
  }
  for (const file of files) {
    const { fill, text } = FILE_COLORS;
    lines.push(
      `  ${quote(`file:${file}`)} [shape=note, style=filled, fillcolor="${fill}", fontcolor="${text}", label=${
        quote(nameFile(file))
      }];`,
    );
  }
  return [...lines, ...edges, "}", ""].join("\n");
}

/** A quoted string of the language. Backslashes and ampersands begin escapes in labels, so both are escaped. */
function quote(text: string): string {
  const lines = text.split("\n").map((line) =>
    printable(line).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("&", "&amp;")
  );
  return `"${lines.join("\\n")}"`;
}
