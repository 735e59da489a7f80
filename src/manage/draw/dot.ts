/**
 * The graph in the language of Graphviz.
 *
 * @module
 */
import { type CacheNode, keyOfNode } from "../graph/nodes.ts";
import { printable } from "../../reasons/describe_reasons.ts";

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

/** How a call in the graph is: reusable, with a file that changed, or without its stored result. */
export type NodeState = "fresh" | "stale" | "missing";

/** Colours of a box. */
export interface BoxColors {
  readonly fill: string;
  readonly text: string;
  readonly line: string;
}

/** Colours by state; the contrast of text on fill is at least 4.5 (WCAG 2.2, 1.4.3). */
export const NODE_COLORS: Readonly<Record<NodeState, BoxColors>> = {
  fresh: { fill: "#1f5f8b", text: "#ffffff", line: "#17476a" },
  stale: { fill: "#f4b942", text: "#1d1d1d", line: "#b98316" },
  missing: { fill: "#e3e6ea", text: "#3a4149", line: "#8a94a0" },
};

/** Colours of a file. */
export const FILE_COLORS: BoxColors = { fill: "#eaf3fa", text: "#1f3b52", line: "#9dbdd6" };

/** What each state means, for a legend. */
export const STATE_WORDS: Readonly<Record<NodeState, string>> = {
  fresh: "stored",
  stale: "a file changed",
  missing: "result not stored any more",
};
