/**
 * The graph of a cache in DOT, the language of Graphviz; and the states and colours that all drawings share.
 *
 * @module
 */
import { type CacheNode, keyOfNode } from "../graph/nodes.ts";
import { printable } from "../../words/printable.ts";
import { inTurns } from "../../words/waiting.ts";

/** States and file names that a drawing shows. */
export interface DrawOptions {
  /** State of each call, by id; a call that is not in the map is drawn as `fresh`. */
  readonly states?: ReadonlyMap<string, NodeState>;
  /** Returns the text that is shown for a path; the path itself is shown when this is not given. */
  readonly nameFile?: (path: string) => string;
}

/**
 * Writes the graph as a `digraph`. An arrow leads from a caller to the call that it made, and from a call to a file
 * that it depends on.
 *
 * @param nodes The calls of the graph.
 * @param options See {@linkcode DrawOptions}.
 * @returns Text that `dot` reads; the language is described at graphviz.org/doc/info/lang.html.
 */
export async function graphToDot(nodes: Iterable<CacheNode>, options: DrawOptions = {}): Promise<string> {
  return await inTurns(writeDot(nodes, options));
}

function* writeDot(nodes: Iterable<CacheNode>, options: DrawOptions): Generator<void, string> {
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
    yield;
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
    yield;
    const { fill, text } = FILE_COLORS;
    lines.push(
      `  ${quote(`file:${file}`)} [shape=note, style=filled, fillcolor="${fill}", fontcolor="${text}", label=${
        quote(nameFile(file))
      }];`,
    );
  }
  return [...lines, ...edges, "}", ""].join("\n");
}

/** Quotes `text` as a string of DOT. Backslashes and ampersands begin escapes in labels, so both are escaped. */
function quote(text: string): string {
  const lines = text.split("\n").map((line) =>
    printable(line).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("&", "&amp;")
  );
  return `"${lines.join("\\n")}"`;
}

/**
 * State of a call. `stale`: something that it read or declares changed; `caller`: only an inner call of it is stale;
 * `replaced`: it is stale, and a newer call with the same arguments is fresh; `missing`: its result is not stored;
 * `fresh`: none of these.
 */
export type NodeState = "fresh" | "stale" | "caller" | "replaced" | "missing";

/** Colours of a box: its inside, its text and its border. */
export interface BoxColors {
  readonly fill: string;
  readonly text: string;
  readonly line: string;
}

/** Colours of a call, by state; the contrast of text on fill is at least 4.5 (WCAG 2.2, 1.4.3). */
export const NODE_COLORS: Readonly<Record<NodeState, BoxColors>> = {
  fresh: { fill: "#1f5f8b", text: "#ffffff", line: "#17476a" },
  stale: { fill: "#f4b942", text: "#1d1d1d", line: "#b98316" },
  caller: { fill: "#fbe6b8", text: "#3d2c05", line: "#b98316" },
  replaced: { fill: "#eef1f4", text: "#4a525b", line: "#b4bcc5" },
  missing: { fill: "#e3e6ea", text: "#3a4149", line: "#8a94a0" },
};

/** Colours of a file. */
export const FILE_COLORS: BoxColors = { fill: "#eaf3fa", text: "#1f3b52", line: "#9dbdd6" };

/** Words for each state in a legend. */
export const STATE_WORDS: Readonly<Record<NodeState, string>> = {
  fresh: "stored",
  stale: "an input changed",
  caller: "an inner call is stale",
  replaced: "replaced by a newer call",
  missing: "result not stored any more",
};
