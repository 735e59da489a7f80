/** Graphs made by hand. */
import type { CacheNode } from "../../src/manage/graph/nodes.ts";
import { digestOf } from "./records.ts";

/** A graph from who calls whom; files by call. */
export function graph(calls: Record<string, string[]>, files: Record<string, string[]> = {}): Map<string, CacheNode> {
  const id = (name: string) => `${name}:${digestOf(name)}`;
  const nodes = new Map<string, CacheNode>();
  for (const [index, name] of Object.keys(calls).entries()) {
    nodes.set(id(name), {
      id: id(name),
      fname: name,
      hash: digestOf(`code of ${name}`),
      parents: Object.keys(calls).filter((other) => calls[other]!.includes(name)).map(id),
      children: calls[name]!.map(id),
      files: files[name] ?? [],
      fileHashes: {},
      outfile: "/cache/blob",
      created: new Date(index * 1_000),
    });
  }
  return nodes;
}
