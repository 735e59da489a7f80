/**
 * The graph of a cache as text and as JSON.
 *
 * @module
 */
import { cacheDefaultDir, toPortable } from "../../options/project.ts";
import { type CacheNode, cacheTreeNodes, keyOfNode } from "./nodes.ts";
import { printable } from "../../reasons/describe_reasons.ts";

/**
 * The graph as an indented text: each call below its caller, with the files that it depends on.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns Lines joined by line feeds; the first counts calls and files. Paths below the project are relative.
 */
export async function cacheTreeSummary(cacheDir: string | URL = cacheDefaultDir()): Promise<string> {
  return formatTree(await cacheTreeNodes(cacheDir), toPortable);
}

/**
 * The graph as JSON for other programs: `{ format, nodes, edges }`, see {@linkcode GraphJson}.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns JSON, two spaces to a level.
 *
 * @example
 * ```ts
 * import { cacheTreeToJson } from "./export.ts";
 *
 * const { nodes, edges } = JSON.parse(await cacheTreeToJson("./no-such-cache"));
 * console.log(nodes.length, edges.length); // 0 0
 * ```
 */
export async function cacheTreeToJson(cacheDir: string | URL = cacheDefaultDir()): Promise<string> {
  const nodes = await cacheTreeNodes(cacheDir);
  return JSON.stringify(graphToJson(nodes.values()), null, 2);
}

/** The graph as plain JSON. */
interface GraphJson {
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

/** Deepest level that is indented; what lies deeper is counted. */
const DEEPEST = 40;

/**
 * The graph as text: a heading, then each call below its caller, with the files that it depends on.
 *
 * A call that several calls made is written out once and referred to afterwards.
 *
 * @param nodes The graph, by id.
 * @param nameFile How a path is shown; as it is when not given.
 * @returns Lines joined by line feeds, with one at the end.
 */
export function formatTree(
  nodes: ReadonlyMap<string, CacheNode>,
  nameFile: (path: string) => string = (path) => path,
): string {
  const files = new Set<string>();
  let calls = 0;
  for (const node of nodes.values()) {
    for (const file of node.files) files.add(file);
    calls += node.children.length;
  }
  const lines = [`${count(nodes.size, "call")}, ${count(calls, "nested call")}, ${count(files.size, "file")}`];
  const written = new Set<string>();
  const isRoot = (node: CacheNode) => !node.parents.some((parent) => nodes.has(parent));
  for (const node of nodes.values()) if (isRoot(node)) writeBranch(node);
  // Only a damaged graph has calls without a way from a root: a cycle.
  for (const node of nodes.values()) if (!written.has(node.id)) writeBranch(node);
  return lines.join("\n") + "\n";

  function writeBranch(root: CacheNode): void {
    const stack: { text: string | CacheNode; lead: string; branch: string; depth: number }[] = [
      { text: root, lead: "", branch: "", depth: 0 },
    ];
    for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
      if (typeof item.text === "string") {
        lines.push(item.lead + item.branch + item.text);
        continue;
      }
      const node = item.text;
      const label = `${printable(node.fname)} (${printable(keyOfNode(node).slice(0, 12))})`;
      if (written.has(node.id)) {
        lines.push(`${item.lead}${item.branch}${label} see above`);
        continue;
      }
      written.add(node.id);
      lines.push(item.lead + item.branch + label);
      const lead = item.lead + (item.branch === "" ? "" : item.branch === "└─ " ? "   " : "│  ");
      const below: (string | CacheNode)[] = [
        ...node.files.map((file) => printable(nameFile(file))),
        ...node.children.map((id) => nodes.get(id) ?? `${printable(id)} is not stored any more`),
      ];
      if (item.depth >= DEEPEST && node.children.length > 0) {
        below.splice(node.files.length, Infinity, `… ${countBelow(node)} deeper`);
      }
      for (let index = below.length - 1; index >= 0; index--) {
        const branch = index === below.length - 1 ? "└─ " : "├─ ";
        stack.push({ text: below[index]!, lead, branch, depth: item.depth + 1 });
      }
    }
  }

  /** Calls below `node`, which are marked as written. */
  function countBelow(node: CacheNode): string {
    const waiting = [...node.children];
    let found = 0;
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const child = nodes.get(id);
      if (!child || written.has(id)) continue;
      written.add(id);
      found += 1;
      for (const next of child.children) waiting.push(next);
    }
    return count(found, "call");
  }
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? "" : "s"}`;
}
