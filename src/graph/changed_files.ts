/**
 * Calls whose files are not what they were.
 *
 * @module
 */
import type { FileDigests } from "../files/file_digests.ts";
import { fileDigestsFor } from "../files/open_digests.ts";
import { toAbsolute } from "../project.ts";
import { cacheDefaultDir } from "../project/default_dir.ts";
import type { CacheNode } from "./cache_node.ts";
import { cacheTreeNodes } from "./nodes.ts";

/** A call and which of its files changed. */
export interface ChangedNode {
  /** The call. */
  readonly node: CacheNode;
  /** Absolute paths of its files that have other content now, appeared or vanished; sorted, never empty. */
  readonly changedFiles: readonly string[];
}

/**
 * The calls whose own files are not what they were when the call ran: other content, gone, or there now. What called
 * them may be stale through them: see `parents`.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns Calls by id, with the files that changed; empty when all files are the same.
 */
export async function cacheTreeChangedFiles(
  cacheDir: string | URL = cacheDefaultDir(),
): Promise<Map<string, ChangedNode>> {
  const nodes = await cacheTreeNodes(cacheDir);
  const changed = new Map<string, ChangedNode>();
  for (const [id, changedFiles] of await findChangedFiles(nodes.values(), cacheDir)) {
    changed.set(id, { node: nodes.get(id)!, changedFiles });
  }
  return changed;
}

/**
 * Which files of which calls changed. Each file is looked at once; one that is unchanged since it was last read costs a
 * `stat`.
 *
 * @param nodes The calls.
 * @param cacheDir Their cache, which remembers the digests of files.
 * @returns Paths of changed files by id; calls without one are left out.
 */
export async function findChangedFiles(
  nodes: Iterable<CacheNode>,
  cacheDir: string | URL,
): Promise<Map<string, string[]>> {
  const digests = fileDigestsFor(toAbsolute(cacheDir), { readOnly: true });
  const found = new Map<string, FileState>();
  const changed = new Map<string, string[]>();
  for (const node of nodes) {
    for (const path of node.files) {
      if (!found.has(path)) found.set(path, await stateOf(path, digests));
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

/** What is at a path now. */
interface FileState {
  /** The digests by which it may have been recorded. */
  readonly states: readonly (string | null)[];
  /** Whether it cannot be told what was recorded: then it is not known to have changed. */
  readonly isUnknown: boolean;
}

async function stateOf(path: string, digests: FileDigests): Promise<FileState> {
  try {
    const digest = await digests.digestPath(path);
    if (!digests.stat(path)?.isDirectory) return { states: [digest], isUnknown: false };
    // A directory is recorded by its listing when it was listed, by its contents when it was declared.
    return { states: [digest, digests.digestListing(path)], isUnknown: false };
  } catch {
    return { states: [], isUnknown: true };
  }
}
