/**
 * The graph of a cache, as users see it.
 *
 * @module
 */
import { fromPortable, toPortable } from "../project.ts";
import { cacheDefaultDir } from "../project/default_dir.ts";
import { withCache } from "../report/with_cache.ts";
import type { Cache, StoredNode } from "../store/cache_dir.ts";
import type { CacheNode } from "./cache_node.ts";

/** Calls that are read at the same time. */
const AT_ONCE = 32;

/**
 * All calls in the graph of a cache.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns Calls by id, the oldest first; empty when there is no cache.
 *
 * @example
 * ```ts
 * import { cacheTreeNodes } from "./nodes.ts";
 *
 * for (const [id, node] of await cacheTreeNodes("./no-such-cache")) console.log(id, node.children);
 * ```
 */
export async function cacheTreeNodes(cacheDir: string | URL = cacheDefaultDir()): Promise<Map<string, CacheNode>> {
  return await withCache(cacheDir, "read", readGraph, new Map<string, CacheNode>());
}

/**
 * The calls that depend on a file themselves, declared or observed. What calls them depends on it too, through them:
 * see `parents`.
 *
 * Reads the index of that file, not the graph.
 *
 * @param path The file.
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns Calls by id, the oldest first; empty when none depends on the file.
 */
export async function cacheTreeForFile(
  path: string | URL,
  cacheDir: string | URL = cacheDefaultDir(),
): Promise<Map<string, CacheNode>> {
  return await withCache(cacheDir, "read", async (cache) => {
    const nodes: CacheNode[] = [];
    const ids = await Array.fromAsync(cache.records.nodesForFile(toPortable(path)));
    // The database answers several questions at a time.
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const found = await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => readNode(cache, id)));
      nodes.push(...found.filter((node) => node !== null));
    }
    return byId(nodes);
  }, new Map<string, CacheNode>());
}

/**
 * Paths of all files that calls depend on.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns Absolute paths, sorted.
 */
export async function cacheTreeFiles(cacheDir: string | URL = cacheDefaultDir()): Promise<string[]> {
  return await withCache(cacheDir, "read", async (cache) => {
    const files = new Set<string>();
    for await (const { files: found } of cache.records.nodes()) for (const path of Object.keys(found)) files.add(path);
    return Array.from(files, (path) => fromPortable(path)).sort();
  }, []);
}

/**
 * All calls of an open cache.
 *
 * @param cache The cache.
 * @returns Calls by id, the oldest first.
 */
async function readGraph(cache: Cache): Promise<Map<string, CacheNode>> {
  const stored: StoredNode[] = [];
  // Parents are the children read backwards: one pass, no look-up per call.
  const parents = new Map<string, Set<string>>();
  for await (const node of cache.records.nodes()) {
    stored.push(node);
    for (const child of node.children) {
      const known = parents.get(child);
      if (known) known.add(node.id);
      else parents.set(child, new Set([node.id]));
    }
  }
  return byId(stored.map((node) => toCacheNode(cache, node, parents.get(node.id) ?? [])));
}

async function readNode(cache: Cache, id: string): Promise<CacheNode | null> {
  const [stored, parents] = await Promise.all([cache.records.node(id), cache.records.parentsOf(id)]);
  return stored === null ? null : toCacheNode(cache, stored, parents);
}

function toCacheNode(cache: Cache, node: StoredNode, parents: Iterable<string>): CacheNode {
  const files = Object.entries(node.files).map(([path, digest]) => [fromPortable(path), digest] as const);
  files.sort(([a], [b]) => a < b ? -1 : 1);
  return {
    id: node.id,
    fname: node.fname,
    hash: node.hash,
    parents: [...parents].sort(),
    children: node.children,
    files: files.map(([path]) => path),
    fileHashes: Object.fromEntries(files),
    outfile: cache.blobs.pathOf(node.outfile),
    created: new Date(node.createdMs),
  };
}

function byId(nodes: CacheNode[]): Map<string, CacheNode> {
  nodes.sort((a, b) => a.created.getTime() - b.created.getTime() || (a.id < b.id ? -1 : 1));
  return new Map(nodes.map((node) => [node.id, node]));
}
