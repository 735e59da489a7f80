/**
 * The graph as an indented text: callers above what they call.
 *
 * @module
 */
import { printable } from "../report/printable.ts";
import type { CacheNode } from "./cache_node.ts";
import { keyOfNode } from "./cache_node.ts";

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
