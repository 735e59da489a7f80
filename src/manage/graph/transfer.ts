/**
 * Saves the graph of a cache to a file, loads it from a file, adds it to another cache, and removes it.
 *
 * @module
 */
import { CacheError, messageOf } from "../../words/errors.ts";
import { requireTaskOptions } from "../../options/check_options.ts";
import { cacheDirInForce } from "../../options/config.ts";
import { inTurns, type Work } from "../../words/waiting.ts";
import { withCache, writeGraphFile } from "../with_cache.ts";
import type { Cache, StoredNode } from "../../store/cache_dir.ts";
import { markOwn } from "../../words/program.ts";

/** Mark of a saved graph, with the version of the format. */
const SAVED_FORMAT = "cachepy-saved-graph-1";

/**
 * Writes the graph of a cache to a file. Paths below the project stay relative, so that the file can be loaded in a
 * copy of the project in another place.
 *
 * @param path The file, which is written as JSON whatever its name.
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 * @returns The absolute path of the file.
 * @throws {CacheError} `ERR_FILE` when it cannot be written.
 */
export async function cacheTreeSave(path: string | URL, cacheDir?: string | URL): Promise<string> {
  const nodes = await storedNodes(cacheDir);
  return await writeGraphFile(path, await inTurns(writeSaved(nodes)));
}

/** Options of {@linkcode cacheTreeLoad}. */
export interface CacheTreeLoadOptions {
  /**
   * True to remove the graph of the cache before.
   *
   * @default {false}
   */
  readonly replace?: boolean;
}

/**
 * Adds a graph that {@linkcode cacheTreeSave} wrote to the graph of a cache. A call that is in both stays as it is in the
 * cache. Results are not touched: a loaded call whose result is not in the cache is drawn as missing, and `cacheVerify()`
 * does not report it.
 *
 * @param path The file. Every value in it is checked, so the file may come from a stranger.
 * @param cacheDir The cache; the one that wrapped functions use when not given. A cache that does not exist is made.
 * @param options See {@linkcode CacheTreeLoadOptions}.
 * @returns Number of calls in the loaded graph.
 * @throws {CacheError} `ERR_FILE` when the file cannot be read, `ERR_FORMAT` when it is no saved graph; the graph stays
 * as it was.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` or `ERR_OPTION_TYPE` for an option that is misspelt or of the wrong
 * type.
 */
export async function cacheTreeLoad(
  path: string | URL,
  cacheDir?: string | URL,
  options: CacheTreeLoadOptions = {},
): Promise<number> {
  requireTaskOptions(options, ["replace"]);
  const { parseGraph } = await import("./parse_graph.ts");
  const nodes = await parseGraph(await readGraphText(path), SAVED_FORMAT, String(path));
  return await withCache(cacheDir, "create", async (cache) => {
    if (options.replace === true) await cache.records.resetGraph();
    await addMissing(cache, nodes);
    return nodes.length;
  }, 0);
}

/** Adds those of the calls that are not in the graph. @returns Number of calls that were added. */
async function addMissing({ records }: Cache, nodes: readonly StoredNode[]): Promise<number> {
  const added: StoredNode[] = [];
  for (const node of nodes) if (await records.node(node.id) === null) added.push(node);
  await records.putNodes(added);
  return added.length;
}

/**
 * Adds the graph of one cache to the graph of another. A call that is in both graphs stays as it is in the second.
 *
 * @param cacheDir The cache to take calls from.
 * @param into The cache to add calls to; the one that wrapped functions use when not given. It is made when there are calls to
 * add and it does not exist.
 * @returns Number of calls that were added.
 */
export async function cacheTreeSync(
  cacheDir: string | URL,
  into?: string | URL,
): Promise<number> {
  if (await cacheDirInForce(cacheDir) === await cacheDirInForce(into)) return 0;
  const nodes = await storedNodes(cacheDir);
  if (nodes.length === 0) return 0;
  return await withCache(into, "create", (cache) => addMissing(cache, nodes), 0);
}

/**
 * Removes the graph of a cache: all calls, and the names of the files that they depend on. Results stay and can be hit;
 * a call is in the graph again when it is made again, be it a hit.
 *
 * @param cacheDir The cache; the one that wrapped functions use when not given.
 */
export async function cacheTreeReset(cacheDir?: string | URL): Promise<void> {
  await withCache(cacheDir, "write", async (cache) => {
    cache.revisions.noteGraphRemoved();
    await cache.records.resetGraph();
    cache.revisions.noteGraphRemoved(); // a call in between may have found its node in place
  }, undefined);
}

/** Returns the text that `JSON.stringify({ format, nodes }, null, 1)` makes, which is made node by node. */
function* writeSaved(nodes: readonly StoredNode[]): Work<string> {
  const items: string[] = [];
  for (const node of nodes) {
    items.push("\n  " + JSON.stringify(node, null, 1).replaceAll("\n", "\n  "));
    yield;
  }
  const list = items.length === 0 ? "[]" : `[${items.join()}\n ]`;
  return `{\n "format": ${JSON.stringify(SAVED_FORMAT)},\n "nodes": ${list}\n}\n`;
}

async function storedNodes(cacheDir: string | URL | undefined): Promise<StoredNode[]> {
  return await withCache(cacheDir, "read", (cache) => Array.fromAsync(cache.records.nodes()), []);
}

async function readGraphText(path: string | URL): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    const why = messageOf(cause);
    throw new CacheError("ERR_FILE", `Cannot read the graph ${path}: ${why}; name a file that cacheTreeSave() wrote`, {
      path: String(path),
      cause,
    });
  }
}

markOwn(cacheTreeLoad, cacheTreeReset, cacheTreeSave, cacheTreeSync);
