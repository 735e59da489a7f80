/**
 * The graph of a cache: stored calls, the calls that each made, and the files that each depends on.
 *
 * @module
 */
import { cacheDirInForce } from "../../options/config.ts";
import { fromPortable, toAbsolute, toPortable } from "../../options/project.ts";
import { withCache } from "../with_cache.ts";
import type { Cache, StoredNode } from "../../store/cache_dir.ts";
import type { FileDigests } from "../../reads/files/file_digests.ts";
import { giveTurn, isTurnOver, sortInTurns, STEPS } from "../../words/waiting.ts";
import { fileDigestsFor } from "../../reads/files/open_digests.ts";
import { markOwn } from "../../words/program.ts";

/** Number of calls that are read from the database at the same time. */
const AT_ONCE = 32;

/**
 * Reads all calls in the graph of a cache.
 *
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @returns Calls by id, the oldest first; empty when there is no cache.
 *
 * @example
 * ```ts
 * import { cacheTreeNodes } from "./nodes.ts";
 *
 * for (const [id, node] of await cacheTreeNodes("./no-such-cache")) console.log(id, node.children);
 * ```
 */
export async function cacheTreeNodes(cacheDir?: string | URL): Promise<Map<string, CacheNode>> {
  return await withCache(cacheDir, "read", readGraph, new Map<string, CacheNode>());
}

/**
 * Finds the calls that depend on a file directly, declared or observed. Their callers, which `parents` names, depend on
 * the file through them and are not in the answer.
 *
 * Reads the index entries of that file, not the whole graph.
 *
 * @param path The file.
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @returns Calls by id, the oldest first; empty when none depends on the file.
 */
export async function cacheTreeForFile(
  path: string | URL,
  cacheDir?: string | URL,
): Promise<Map<string, CacheNode>> {
  return await withCache(cacheDir, "read", async (cache) => {
    const nodes: CacheNode[] = [];
    const ids = await Array.fromAsync(cache.records.nodesForFile(toPortable(path)));
    // The database answers several reads at the same time.
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const found = await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => readNode(cache, id)));
      nodes.push(...found.filter((node) => node !== null));
    }
    return await byId(nodes);
  }, new Map<string, CacheNode>());
}

/**
 * Finds the paths of all files that calls of a cache depend on.
 *
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @returns Absolute paths, sorted.
 */
export async function cacheTreeFiles(cacheDir?: string | URL): Promise<string[]> {
  return await withCache(cacheDir, "read", async (cache) => {
    const files = new Set<string>();
    for await (const { files: found } of cache.records.nodes()) for (const path of Object.keys(found)) files.add(path);
    const paths: string[] = [];
    for (const path of files) {
      if (paths.push(fromPortable(path)) % STEPS === 0 && isTurnOver()) await giveTurn();
    }
    return await sortInTurns(paths, (one, other) => one < other ? -1 : 1);
  }, []);
}

/**
 * Reads all calls in the graph of an open cache.
 *
 * @param cache The cache.
 * @returns Calls by id, the oldest first.
 */
async function readGraph(cache: Cache): Promise<Map<string, CacheNode>> {
  const stored: StoredNode[] = [];
  // The parents of all calls follow from the children of all calls: one pass, and no look-up for each call.
  const parents = new Map<string, Set<string>>();
  for await (const node of cache.records.nodes()) {
    stored.push(node);
    for (const child of node.children) {
      const known = parents.get(child);
      if (known) known.add(node.id);
      else parents.set(child, new Set([node.id]));
    }
  }
  const nodes: CacheNode[] = [];
  for (const node of stored) {
    if (nodes.push(toCacheNode(cache, node, parents.get(node.id) ?? [])) % STEPS === 0 && isTurnOver()) {
      await giveTurn();
    }
  }
  return await byId(nodes);
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

async function byId(nodes: readonly CacheNode[]): Promise<Map<string, CacheNode>> {
  const found = new Map<string, CacheNode>();
  const sorted = await sortInTurns(
    nodes,
    (a, b) => a.created.getTime() - b.created.getTime() || (a.id < b.id ? -1 : 1),
  );
  for (const node of sorted) {
    if (found.set(node.id, node).size % STEPS === 0 && isTurnOver()) await giveTurn();
  }
  return found;
}

/** One stored call in the graph of calls and files. */
export interface CacheNode {
  /** Name of the function and call key: `fname:callkey`. */
  readonly id: string;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Fingerprint: digest of the function's code with everything that the code reaches, 64 hex characters. */
  readonly hash: string;
  /** Ids of the calls that made this call, sorted. */
  readonly parents: readonly string[];
  /** Ids of the cached calls that this call made, in the order in which each was first made. */
  readonly children: readonly string[];
  /** Absolute paths of the files that the call depends on, declared or observed, sorted. */
  readonly files: readonly string[];
  /** SHA-256 of each file in `files` when the call ran, by absolute path; `null`: there was no such file. */
  readonly fileHashes: Readonly<Record<string, string | null>>;
  /** Absolute path of the file that holds the result. */
  readonly outfile: string;
  /** Time at which the call was stored. */
  readonly created: Date;
}

/**
 * Returns the call key, which the id of a node ends with.
 *
 * @param node The call.
 * @returns 64 hex characters.
 */
export function keyOfNode(node: Pick<CacheNode, "id">): string {
  return node.id.slice(-64);
}

/** A call and those of its files that changed. */
export interface ChangedNode {
  /** The call. */
  readonly node: CacheNode;
  /** Absolute paths of files of the call that have other content now, appeared or vanished; sorted, never empty. */
  readonly changedFiles: readonly string[];
}

/**
 * Finds the calls whose own files changed since the calls ran: other content, appeared or vanished. Their callers,
 * which `parents` names, may be stale because of them and are not in the answer.
 *
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @returns Calls by id, with the files that changed; empty when no file changed.
 */
export async function cacheTreeChangedFiles(
  cacheDir?: string | URL,
): Promise<Map<string, ChangedNode>> {
  const dir = await cacheDirInForce(cacheDir);
  const nodes = await cacheTreeNodes(dir);
  const changed = new Map<string, ChangedNode>();
  for (const [id, changedFiles] of await findChangedFiles(nodes.values(), dir)) {
    changed.set(id, { node: nodes.get(id)!, changedFiles });
  }
  return changed;
}

/**
 * Finds the changed files of each call. Each file is looked at once; a file that is unchanged since it was last read
 * costs a `stat`.
 *
 * @param nodes The calls.
 * @param cacheDir The cache of the calls, which remembers the digests of files.
 * @returns Paths of changed files, by the ids of the calls; calls without a changed file are left out.
 */
export async function findChangedFiles(
  nodes: Iterable<CacheNode>,
  cacheDir: string | URL,
): Promise<Map<string, string[]>> {
  const digests = fileDigestsFor(toAbsolute(cacheDir), { readOnly: true });
  const found = new Map<string, FileState>();
  const changed = new Map<string, string[]>();
  let steps = 0;
  for (const node of nodes) {
    for (const path of node.files) {
      if (++steps % STEPS === 0 && isTurnOver()) await giveTurn();
      if (!found.has(path)) found.set(path, await fileStateOf(path, digests));
      const now = found.get(path)!;
      const recorded = node.fileHashes[path] ?? null;
      if (now.isUnknown || now.states.includes(recorded)) continue;
      const paths = changed.get(node.id);
      if (paths) paths.push(path);
      else changed.set(node.id, [path]);
    }
  }
  return changed;
}

/** Digests of the file or directory at a path now. */
interface FileState {
  /** The path is unchanged when the recorded digest is one of these; `null`: nothing is at the path. */
  readonly states: readonly (string | null)[];
  /** True when the path cannot be digested: then it does not count as changed. */
  readonly isUnknown: boolean;
}

async function fileStateOf(path: string, digests: FileDigests): Promise<FileState> {
  try {
    const digest = await digests.digestPath(path);
    if (!digests.stat(path)?.isDirectory) return { states: [digest], isUnknown: false };
    // A directory is recorded by its listing when it was listed, by its contents when it was declared.
    return { states: [digest, await digests.digestListing(path)], isUnknown: false };
  } catch {
    return { states: [], isUnknown: true };
  }
}

markOwn(cacheTreeChangedFiles, cacheTreeFiles, cacheTreeForFile, cacheTreeNodes);
