/**
 * The graph of a cache as text and as JSON.
 *
 * @module
 */
import { toPortable } from "../../options/project.ts";
import { writeGraphFile } from "../with_cache.ts";
import { CacheTypeError } from "../../words/errors.ts";
import { previewOf } from "../../values/preview.ts";
import { type CacheNode, cacheTreeNodes, keyOfNode } from "./nodes.ts";
import { printable } from "../../words/printable.ts";
import { inTurns } from "../../words/waiting.ts";
import { markOwn } from "../../words/program.ts";

/**
 * Writes the graph as an indented text: each call below its caller, with the files that the call depends on.
 *
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @returns Lines joined by line feeds; the first line counts calls and files. Paths below the project are relative.
 */
export async function cacheTreeSummary(cacheDir?: string | URL): Promise<string> {
  return await formatTree(await cacheTreeNodes(cacheDir), toPortable);
}

/**
 * Writes the graph as JSON for other programs: `{ format, nodes, edges }`, see {@linkcode GraphJson}.
 *
 * @param pathOrDir A path that ends in `.json`: the file to write; any other: the cache, and no file is written.
 * @param cacheDir The cache, beside a file; the one that wrapped functions use when not given.
 * @returns JSON, indented by two spaces a level. With a file, the file holds it too.
 *
 * @example
 * ```ts
 * import { cacheTreeToJson } from "./export.ts";
 *
 * const { nodes, edges } = JSON.parse(await cacheTreeToJson("./no-such-cache"));
 * console.log(nodes.length, edges.length); // 0 0
 * ```
 */
export async function cacheTreeToJson(pathOrDir?: string | URL, cacheDir?: string | URL): Promise<string> {
  return await exportGraph(
    { pathOrDir, cacheDir, names: /\.json$/i },
    async (dir) => await stringifyGraph((await cacheTreeNodes(dir)).values()),
  );
}

/** Arguments of an export. */
interface ExportArguments {
  /** A file to write, or a cache. */
  readonly pathOrDir: string | URL | undefined;
  readonly cacheDir: string | URL | undefined;
  /** Pattern of the paths that are files to write. */
  readonly names: RegExp;
}

/**
 * Makes a text of the graph of a cache, and writes it to a file if the first argument names one, as in the sister tools,
 * whose exports take a path.
 *
 * @param write Makes the text of the graph of a cache.
 * @throws {CacheTypeError} `ERR_OPTION_TYPE` for two caches.
 * @throws {CacheError} `ERR_FILE` when the file cannot be written.
 */
export async function exportGraph(
  { pathOrDir, cacheDir, names }: ExportArguments,
  write: (cacheDir: string | URL | undefined) => Promise<string>,
): Promise<string> {
  const isFile = pathOrDir !== undefined && names.test(String(pathOrDir));
  if (!isFile && pathOrDir !== undefined && cacheDir !== undefined) {
    throw new CacheTypeError(
      "ERR_OPTION_TYPE",
      `Cannot use ${previewOf(pathOrDir)} as a file to write: want a name that matches ${names}`,
      { path: "path" },
    );
  }
  const text = await write(isFile ? cacheDir : pathOrDir);
  if (isFile) await writeGraphFile(pathOrDir, text);
  return text;
}

/** Returns the text that `JSON.stringify(graphToJson(nodes), null, 2)` makes, which is made call by call. */
export async function stringifyGraph(nodes: Iterable<CacheNode>): Promise<string> {
  return await inTurns(writeGraph(nodes));
}

function* writeGraph(nodes: Iterable<CacheNode>): Generator<void, string> {
  const parts: string[] = [];
  const edges: string[] = [];
  let format = "";
  for (const node of nodes) {
    const one = graphToJson([node]);
    format = one.format;
    for (const plain of one.nodes) parts.push(indented(plain));
    for (const edge of one.edges) edges.push(indented(edge));
    yield;
  }
  if (parts.length === 0) return JSON.stringify(graphToJson([]), null, 2);
  const list = (items: readonly string[]) => items.length === 0 ? "[]" : `[\n${items.join(",\n")}\n  ]`;
  return `{\n  "format": ${JSON.stringify(format)},\n  "nodes": ${list(parts)},\n  "edges": ${list(edges)}\n}`;
}

/** Returns an item of a list that is a member of the outermost object. */
function indented(item: unknown): string {
  return "    " + JSON.stringify(item, null, 2).replaceAll("\n", "\n    ");
}

/** The graph as plain JSON. */
interface GraphJson {
  /** Mark of a graph of this package, with the version of the format. */
  readonly format: "cachepy-graph-1";
  /** The calls; `created` in ISO 8601. */
  readonly nodes: readonly (Omit<CacheNode, "created"> & { readonly created: string })[];
  /** Edges from each call to the calls that it made and to the files that it depends on (absolute paths). */
  readonly edges: readonly { readonly from: string; readonly to: string; readonly kind: "call" | "file" }[];
}

/**
 * Converts the graph to plain JSON.
 *
 * @param nodes The calls of the graph.
 * @returns Nodes and edges; an edge leads from a call to a call or file that it depends on.
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

/** Deepest level of calls that is written out; the calls below that level are only counted. */
const DEEPEST = 40;

/**
 * Writes the graph as text: a heading, then each call below its caller, with the files that the call depends on.
 *
 * A call that several calls made is written out once; later lines say `see above`.
 *
 * @param nodes The calls to show, by id.
 * @param nameFile Returns the text that is shown for a path; the path itself is shown when this is not given.
 * @param all All calls of the graph, by id; those that are shown when this is not given.
 * @returns Lines joined by line feeds, with a line feed at the end.
 */
export async function formatTree(
  nodes: ReadonlyMap<string, CacheNode>,
  nameFile: (path: string) => string = (path) => path,
  all: ReadonlyMap<string, CacheNode> = nodes,
): Promise<string> {
  return await inTurns(writeTree(nodes, nameFile, all));
}

function* writeTree(
  nodes: ReadonlyMap<string, CacheNode>,
  nameFile: (path: string) => string,
  all: ReadonlyMap<string, CacheNode>,
): Generator<void, string> {
  const files = new Set<string>();
  let calls = 0;
  for (const node of nodes.values()) {
    for (const file of node.files) files.add(file);
    calls += node.children.length;
    yield;
  }
  const lines = [`${count(nodes.size, "call")}, ${count(calls, "nested call")}, ${count(files.size, "file")}`];
  const written = new Set<string>();
  const isRoot = (node: CacheNode) => !node.parents.some((parent) => nodes.has(parent));
  for (const node of nodes.values()) {
    if (isRoot(node)) yield* writeBranch(node);
    else yield;
  }
  // Calls that no root leads to lie on a cycle or below one. Only a damaged graph has a cycle.
  for (const node of nodes.values()) if (!written.has(node.id)) yield* writeBranch(node);
  return lines.join("\n") + "\n";

  function* writeBranch(root: CacheNode): Generator<void, void> {
    const stack: { text: string | CacheNode; lead: string; branch: string; depth: number }[] = [
      { text: root, lead: "", branch: "", depth: 0 },
    ];
    for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
      yield;
      if (typeof item.text === "string") {
        lines.push(item.lead + item.branch + item.text);
        continue;
      }
      const node = item.text;
      const label = nodeLabel(node);
      if (written.has(node.id)) {
        lines.push(`${item.lead}${item.branch}${label} see above`);
        continue;
      }
      written.add(node.id);
      lines.push(item.lead + item.branch + label);
      const lead = item.lead + (item.branch === "" ? "" : item.branch === "└─ " ? "   " : "│  ");
      const below: (string | CacheNode)[] = [
        ...node.files.map((file) => printable(nameFile(file))),
        ...node.children.map((id) => nodes.get(id) ?? absent(id)),
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

  /** Returns the line for a call that is not shown. A node that was loaded from a file may have any text as a child. */
  function absent(id: string): string {
    const node = all.get(id);
    if (node !== undefined) return `${nodeLabel(node)} not shown`;
    const isWhole = /:[0-9a-f]{64}$/.test(id);
    return `${isWhole ? nodeLabel({ id, fname: id.slice(0, -65) }) : printable(id)} is not stored any more`;
  }

  /** Counts the calls below `node` that are not written yet, and marks them as written. @returns Such as `3 calls`. */
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

function nodeLabel(node: Pick<CacheNode, "id" | "fname">): string {
  return `${printable(node.fname)} (${printable(keyOfNode(node).slice(0, 12))})`;
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? "" : "s"}`;
}

markOwn(cacheTreeSummary, cacheTreeToJson);
