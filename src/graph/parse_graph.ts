/**
 * A saved graph, checked before anything of it is used.
 *
 * @module
 */
import type { BlobDigest, CallKey } from "../digests.ts";
import { isDigest } from "../digests.ts";
import { CacheError } from "../errors.ts";
import type { StoredNode } from "../store/cache_dir.ts";

/** Most calls that a file may hold. */
const MOST_NODES = 1_000_000;
/** Longest name or path, characters: a key of Deno.Kv holds 2 KiB. */
const LONGEST_NAME = 1_500;

/**
 * The calls of a saved graph.
 *
 * @param text JSON from anywhere.
 * @param format The mark that it must carry.
 * @param path The file, for messages.
 * @returns Calls whose fields are of the right types and sizes; fields that are not known are dropped.
 * @throws {CacheError} `ERR_FORMAT` at the first value that is not right, with its place.
 */
export function parseGraph(text: string, format: string, path: string): StoredNode[] {
  const fail = (place: string, wanted: string): never => {
    throw new CacheError(
      "ERR_FORMAT",
      `Cannot load the graph ${path}: ${place} is not ${wanted}; name a file that cacheTreeSave() wrote`,
      { path: place },
    );
  };
  let saved: unknown;
  try {
    saved = JSON.parse(text);
  } catch {
    fail("the file", "JSON");
  }
  if (!isObject(saved) || saved["format"] !== format) fail("format", `"${format}"`);
  const list = (saved as Record<string, unknown>)["nodes"];
  if (!Array.isArray(list) || list.length > MOST_NODES) return fail("nodes", `a list of at most ${MOST_NODES}`);
  return list.map((value, index) => parseNode(value, `nodes[${index}]`, fail));
}

function parseNode(value: unknown, place: string, fail: (place: string, wanted: string) => never): StoredNode {
  if (!isObject(value)) return fail(place, "an object");
  const { fname, key, hash, files, looked, children, outfile, createdMs } = value;
  if (!isName(fname)) return fail(`${place}.fname`, "a name");
  if (!isDigest(key)) return fail(`${place}.key`, "a digest");
  if (!isDigest(hash)) return fail(`${place}.hash`, "a digest");
  if (!isDigest(outfile)) return fail(`${place}.outfile`, "a digest");
  if (!Number.isSafeInteger(createdMs) || Math.abs(createdMs as number) > 8.64e15) {
    return fail(`${place}.createdMs`, "a time in milliseconds");
  }
  if (!isObject(files)) return fail(`${place}.files`, "an object");
  for (const [path, digest] of Object.entries(files)) {
    if (!isName(path) || (digest !== null && !isDigest(digest))) return fail(`${place}.files`, "digests by path");
  }
  if (!Array.isArray(looked) || !looked.every(isName)) return fail(`${place}.looked`, "a list of paths");
  if (!Array.isArray(children) || !children.every(isName)) return fail(`${place}.children`, "a list of ids");
  return {
    // Made from its parts: an id that says something else would let one call stand for another.
    id: `${fname}:${key}`,
    fname,
    key: key as CallKey,
    hash: hash as StoredNode["hash"],
    files: Object.fromEntries(Object.entries(files)) as StoredNode["files"],
    looked: [...looked],
    children: [...children],
    outfile: outfile as BlobDigest,
    createdMs: createdMs as number,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_NAME && !value.includes("\0");
}
