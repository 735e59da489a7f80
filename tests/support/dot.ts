/** Reads the part of the language of Graphviz that we write, strictly by its grammar (graphviz.org/doc/info/lang.html). */

/** What {@linkcode readDot} found. */
export interface DotGraph {
  /** Attributes by node. */
  readonly nodes: Map<string, Record<string, string>>;
  readonly edges: [from: string, to: string][];
}

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|([A-Za-z_][\w]*|-?\d+(?:\.\d+)?)|(->|[{}\[\];=,]))/sy;

/**
 * Nodes and edges of a `digraph`.
 *
 * @throws {Error} Where the text does not follow the grammar.
 */
export function readDot(text: string): DotGraph {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const source = text.trimEnd();
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (!match) throw new Error(`not DOT at ${at}: ${source.slice(at, at + 60)}`);
    tokens.push(match[1] ?? match[2] ?? match[3]!);
  }
  let next = 0;
  const take = (wanted: string) => {
    if (tokens[next] !== wanted) throw new Error(`wanted ${wanted}, got ${tokens[next]}`);
    next += 1;
  };
  const id = () => {
    const token = tokens[next++];
    if (token === undefined || /^(?:->|[{}\[\];=,])$/.test(token)) throw new Error(`wanted an id, got ${token}`);
    // Only \" is an escape in a quoted id; the other backslashes belong to labels.
    return token.startsWith('"') ? token.slice(1, -1).replaceAll('\\"', '"') : token;
  };
  const attributes = () => {
    const found: Record<string, string> = {};
    if (tokens[next] !== "[") return found;
    take("[");
    while (tokens[next] !== "]") {
      const name = id();
      take("=");
      found[name] = id();
      if (tokens[next] === ",") take(",");
    }
    take("]");
    return found;
  };
  const graph: DotGraph = { nodes: new Map(), edges: [] };
  take("digraph");
  id();
  take("{");
  while (tokens[next] !== "}") {
    const name = id();
    if (tokens[next] === "=") {
      take("=");
      id();
    } else if (tokens[next] === "->") {
      take("->");
      graph.edges.push([name, id()]);
      attributes();
    } else {
      const found = attributes();
      if (!["node", "edge", "graph"].includes(name)) graph.nodes.set(name, found);
    }
    take(";");
  }
  take("}");
  if (next !== tokens.length) throw new Error(`text after the graph: ${tokens[next]}`);
  return graph;
}
