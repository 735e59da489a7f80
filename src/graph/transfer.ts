/**
 * The graph to and from a file, from one cache into another, and away.
 *
 * @module
 */
import { CacheError } from "../errors.ts";
import { toAbsolute } from "../project.ts";
import { cacheDefaultDir } from "../project/default_dir.ts";
import { withCache } from "../report/with_cache.ts";
import type { StoredNode } from "../store/cache_dir.ts";

/** What marks a saved graph, and its version. */
const SAVED_FORMAT = "cachepy-saved-graph-1";

/**
 * Writes the graph of a cache to a file. Paths below the project stay relative, so that the file can be loaded where the
 * project lies elsewhere.
 *
 * @param path The file; JSON, whatever its name.
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns The absolute path of the file.
 */
export async function cacheTreeSave(path: string | URL, cacheDir: string | URL = cacheDefaultDir()): Promise<string> {
  const file = toAbsolute(path);
  const nodes = await storedNodes(cacheDir);
  await Deno.writeTextFile(file, JSON.stringify({ format: SAVED_FORMAT, nodes }, null, 1) + "\n");
  return file;
}

/**
 * Replaces the graph of a cache with one that {@linkcode cacheTreeSave} wrote. Results are not touched: a call whose
 * result is not in the cache is drawn as missing, and `cacheVerify()` reports it as an orphan.
 *
 * @param path The file. It is checked throughout, so it may come from a stranger.
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given. It is made when there is none.
 * @returns Number of calls.
 * @throws {CacheError} `ERR_FILE` when the file cannot be read, `ERR_FORMAT` when it is no saved graph; the graph stays
 * as it was.
 */
export async function cacheTreeLoad(path: string | URL, cacheDir: string | URL = cacheDefaultDir()): Promise<number> {
  const { parseGraph } = await import("./parse_graph.ts");
  const nodes = parseGraph(await readText(path), SAVED_FORMAT, String(path));
  return await withCache(cacheDir, "create", async (cache) => {
    await cache.records.resetGraph();
    await cache.records.putNodes(nodes);
    return nodes.length;
  }, 0);
}

/**
 * Adds the graph of one cache to that of another. Calls that both have stay as they are in the second.
 *
 * @param cacheDir The cache to take from.
 * @param into The cache to add to; {@linkcode cacheDefaultDir} when not given. It is made when there is none.
 * @returns Number of calls that were added.
 */
export async function cacheTreeSync(
  cacheDir: string | URL,
  into: string | URL = cacheDefaultDir(),
): Promise<number> {
  if (toAbsolute(cacheDir) === toAbsolute(into)) return 0;
  const nodes = await storedNodes(cacheDir);
  if (nodes.length === 0) return 0;
  return await withCache(into, "create", async (cache) => {
    const added: StoredNode[] = [];
    for (const node of nodes) if (await cache.records.node(node.id) === null) added.push(node);
    await cache.records.putNodes(added);
    return added.length;
  }, 0);
}

/**
 * Removes the graph of a cache: all calls and the files that they depend on. Results stay, and so do hits; a call is in
 * the graph again when it is computed again.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 */
export async function cacheTreeReset(cacheDir: string | URL = cacheDefaultDir()): Promise<void> {
  await withCache(cacheDir, "write", (cache) => cache.records.resetGraph(), undefined);
}

async function storedNodes(cacheDir: string | URL): Promise<StoredNode[]> {
  return await withCache(cacheDir, "read", (cache) => Array.fromAsync(cache.records.nodes()), []);
}

async function readText(path: string | URL): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CacheError("ERR_FILE", `Cannot read the graph ${path}: ${why}; name a file that cacheTreeSave() wrote`, {
      path: String(path),
      cause,
    });
  }
}
