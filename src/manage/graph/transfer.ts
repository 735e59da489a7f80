/**
 * Saves the graph of a cache to a file, loads it from a file, adds it to another cache, and removes it.
 *
 * @module
 */
import { CacheError, messageOf } from "../../words/errors.ts";
import { cacheDefaultDir, toAbsolute } from "../../options/project.ts";
import { withCache } from "../with_cache.ts";
import type { StoredNode } from "../../store/cache_dir.ts";
import {
  digestOf,
  listOf,
  MalformedRow,
  type Members,
  refuse,
  requireObject,
  shapeOf,
  unpackMembers,
} from "../../store/inspect.ts";
import { isDigest } from "../../words/digests.ts";

/** Mark of a saved graph, with the version of the format. */
const SAVED_FORMAT = "cachepy-saved-graph-1";

/**
 * Writes the graph of a cache to a file. Paths below the project stay relative, so that the file can be loaded in a
 * copy of the project in another place.
 *
 * @param path The file, which is written as JSON whatever its name.
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
 * Replaces the graph of a cache with one that {@linkcode cacheTreeSave} wrote. Results are not touched: a loaded call
 * whose result is not in the cache is drawn as missing, and `cacheVerify()` does not report it.
 *
 * @param path The file. Every value in it is checked, so the file may come from a stranger.
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given. A cache that does not exist is made.
 * @returns Number of calls in the loaded graph.
 * @throws {CacheError} `ERR_FILE` when the file cannot be read, `ERR_FORMAT` when it is no saved graph; the graph stays
 * as it was.
 */
export async function cacheTreeLoad(path: string | URL, cacheDir: string | URL = cacheDefaultDir()): Promise<number> {
  const nodes = parseGraph(await readGraphText(path), SAVED_FORMAT, String(path));
  return await withCache(cacheDir, "create", async (cache) => {
    await cache.records.resetGraph();
    await cache.records.putNodes(nodes);
    return nodes.length;
  }, 0);
}

/**
 * Adds the graph of one cache to the graph of another. A call that is in both graphs stays as it is in the second.
 *
 * @param cacheDir The cache to take calls from.
 * @param into The cache to add calls to; {@linkcode cacheDefaultDir} when not given. It is made when there are calls to
 * add and it does not exist.
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
 * Removes the graph of a cache: all calls, and the names of the files that they depend on. Results stay and can be hit;
 * a call is in the graph again when it is computed again.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 */
export async function cacheTreeReset(cacheDir: string | URL = cacheDefaultDir()): Promise<void> {
  await withCache(cacheDir, "write", (cache) => cache.records.resetGraph(), undefined);
}

async function storedNodes(cacheDir: string | URL): Promise<StoredNode[]> {
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

/** Largest number of calls in a saved graph. */
const MOST_NODES = 1_000_000;
/** Length of the longest name or path that is accepted, characters: a key of Deno.Kv holds 2 KiB. */
const LONGEST_NAME = 1_500;

/** Members of a call in a saved graph. Names and times are bounded: the file may come from a stranger. */
const SAVED_NODE: Members<Omit<StoredNode, "id" | "isLoaded">> = {
  fname: shapeOf("a name", isName),
  key: digestOf(),
  hash: digestOf(),
  files: shapeOf("digests by path", (value) => Object.entries(requireObject(value, "files")).every(isDigestOfPath)),
  looked: listOf(shapeOf("a list of paths", isName)),
  children: listOf(shapeOf("a list of ids", isName)),
  outfile: digestOf(),
  createdMs: shapeOf("a time in milliseconds", isTime),
};

/**
 * Reads the calls of a saved graph.
 *
 * @param text JSON that is not trusted.
 * @param format The mark that the graph must have.
 * @param path The file, for messages.
 * @returns Calls whose members have the right types and sizes; unknown members are dropped.
 * @throws {CacheError} `ERR_FORMAT` at the first wrong value, with its place in the file.
 */
function parseGraph(text: string, format: string, path: string): StoredNode[] {
  try {
    const saved = parseObject(text);
    if (saved["format"] !== format) refuse("format", `"${format}"`);
    const list = saved["nodes"];
    if (!Array.isArray(list) || list.length > MOST_NODES) refuse("nodes", `a list of at most ${MOST_NODES}`);
    return list.map((value, index) => {
      const node = unpackMembers(SAVED_NODE, value, `nodes[${index}]`);
      // Made from its parts: an id that says something else would let one call stand for another.
      return { ...node, id: `${node.fname}:${node.key}` };
    });
  } catch (error) {
    if (!(error instanceof MalformedRow)) throw error;
    throw new CacheError(
      "ERR_FORMAT",
      `Cannot load the graph ${path}: ${error.message}; name a file that cacheTreeSave() wrote`,
      error.mismatch === undefined ? {} : { path: error.mismatch.place },
    );
  }
}

function parseObject(text: string): Record<string, unknown> {
  let saved: unknown;
  try {
    saved = JSON.parse(text);
  } catch {
    refuse("the file", "JSON");
  }
  return requireObject(saved, "format");
}

function isDigestOfPath([path, digest]: [string, unknown]): boolean {
  return isName(path) && (digest === null || isDigest(digest));
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_NAME && !value.includes("\0");
}

function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && Math.abs(value as number) <= 8.64e15;
}
