/**
 * Reads and checks a saved graph, which may come from a stranger.
 *
 * A file of its own beside `transfer`, so that the import of the package does not load the shapes of stored rows.
 *
 * @module
 */
import { CacheError } from "../../words/errors.ts";
import type { StoredNode } from "../../store/cache_dir.ts";
import {
  digestShape,
  isObject,
  MalformedRow,
  type Members,
  refuse,
  shapeOf,
  unpackMembers,
} from "../../store/inspect.ts";
import { isDigest } from "../../words/digests.ts";
import { inTurns, type Work } from "../../words/waiting.ts";

/** Largest number of calls in a saved graph. */
const MOST_NODES = 1_000_000;
/** Length of the longest name or path that is accepted, characters: a key of Deno.Kv holds 2 KiB. */
const LONGEST_NAME = 1_500;

/** Shapes of the members of a call in a saved graph. Names and times are bounded: the file may come from a stranger. */
const SAVED_NODE: Members<Omit<StoredNode, "id" | "isLoaded">> = {
  fname: shapeOf("a name", isName),
  key: digestShape(),
  hash: digestShape(),
  files: shapeOf("digests by path", (value) => isObject(value) && Object.entries(value).every(isDigestOfPath)),
  looked: shapeOf("a list of paths", isListOfNames),
  children: shapeOf("a list of ids", isListOfNames),
  outfile: digestShape(),
  createdMs: shapeOf("a time in milliseconds", isTime),
};

/**
 * Reads the calls of a saved graph.
 *
 * @param text JSON that is not trusted.
 * @param format Mark that the graph must have.
 * @param path Path of the file, for messages.
 * @returns A promise of the calls, whose members have the right types and sizes; unknown members are dropped.
 * @throws {CacheError} `ERR_FORMAT` at the first wrong value, with its place in the file.
 */
export async function parseGraph(text: string, format: string, path: string): Promise<StoredNode[]> {
  try {
    const saved = parseObject(text);
    if (saved["format"] !== format) refuse("format", `"${format}"`);
    const list = saved["nodes"];
    if (!Array.isArray(list) || list.length > MOST_NODES) refuse("nodes", `a list of at most ${MOST_NODES}`);
    return await inTurns(readNodes(list));
  } catch (error) {
    if (!(error instanceof MalformedRow)) throw error;
    throw new CacheError(
      "ERR_FORMAT",
      `Cannot load the graph ${path}: ${error.message}; name a file that cacheTreeSave() wrote`,
      error.mismatch === undefined ? {} : { path: error.mismatch.place },
    );
  }
}

function* readNodes(list: readonly unknown[]): Work<StoredNode[]> {
  const nodes: StoredNode[] = [];
  for (const [index, value] of list.entries()) {
    yield;
    const node = unpackMembers(SAVED_NODE, value, `nodes[${index}]`);
    // The id is made from name and key: an id from the file that differs would let one call stand for another.
    nodes.push({ ...node, id: `${node.fname}:${node.key}` });
  }
  return nodes;
}

function parseObject(text: string): Record<string, unknown> {
  let saved: unknown;
  try {
    saved = JSON.parse(text);
  } catch {
    refuse("the file", "JSON");
  }
  return isObject(saved) ? saved : {};
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.every(isName);
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
