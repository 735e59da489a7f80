/**
 * The rows of the database: their keys, and values that may be too long for one row.
 *
 * | row | value |
 * | --- | --- |
 * | `["r", key]` | record |
 * | `["s", functionId, beganMs, page]` | summaries of entries of a function that one process stored |
 * | `["x", key, createdMs]` | tombstone: summaries of that entry do not count any more |
 * | `["p", fingerprint]` | parts of the fingerprint, once for all records that have it |
 * | `["b", blob, key]` | reference to the blob by a record, a node or parts of a fingerprint |
 * | `["n", key]` | node of the graph |
 * | `["e", child, parent]` | id of the parent: an edge, read from the child's side |
 * | `["f", path, key]` | id of the node: an edge from a file |
 * | `["era"]` | written again whenever the cache is emptied, so that a commit that began before can tell |
 * | `["mend"]` | there after rows were copied from a damaged database, until the indexes were completed |
 *
 * @module
 */
import { type BlobDigest, type CallKey, type FingerprintDigest, isDigest } from "../../words/digests.ts";
import { digestBytes } from "../../words/sha256.ts";
import type { BlobStore } from "../blobs/blob_store.ts";
import { MalformedRow } from "./shapes.ts";

/** Key of the row of a record. */
export const recordRow = (key: CallKey): Deno.KvKey => ["r", key];
/** Key of the row of a page of summaries. */
export const pageRow = (functionId: string, beganMs: number, page: string): Deno.KvKey => [
  "s",
  shortenKey(functionId),
  beganMs,
  page,
];
/** Key of the row of a tombstone. */
export const tombstoneRow = (key: CallKey, createdMs: number): Deno.KvKey => ["x", key, createdMs];
/** Prefix of the keys of all pages of a function. */
export const pageRowsOf = (functionId: string): Deno.KvKey => ["s", shortenKey(functionId)];
/** Key of the row of a fingerprint's parts. */
export const partsRow = (fingerprint: FingerprintDigest): Deno.KvKey => ["p", fingerprint];
/** Key of the row that says that a record, a node or the parts of a fingerprint refer to a blob. */
export const blobRow = (blob: BlobDigest, key: CallKey | FingerprintDigest): Deno.KvKey => ["b", blob, key];
/** Prefix of the keys of all references to a blob. */
export const blobRowsOf = (blob: BlobDigest): Deno.KvKey => ["b", blob];
/** Key of the row of a node. */
export const nodeRow = (key: CallKey): Deno.KvKey => ["n", key];
/** Key of the row of an edge from a child to its parent. */
export const edgeRow = (child: CallKey, parent: CallKey): Deno.KvKey => ["e", child, parent];
/** Prefix of the keys of all edges from a child. */
export const edgeRowsOf = (child: CallKey): Deno.KvKey => ["e", child];
/** Key of the row of an edge from a file to a node. */
export const fileRow = (path: string, key: CallKey): Deno.KvKey => ["f", shortenKey(path), key];
/** Prefix of the keys of all edges from a file. */
export const fileRowsOf = (path: string): Deno.KvKey => ["f", shortenKey(path)];

/** Key of the row that every emptying of the cache writes again. */
export const ERA_ROW: Deno.KvKey = ["era"];

/** Key of the row in a database made from what was readable in a damaged one: its indexes may lack rows. */
export const MEND_ROW: Deno.KvKey = ["mend"];

/** Returns a text that fits into a key, which is limited to 2 KiB: a long one as its beginning and its digest. */
function shortenKey(text: string): string {
  return text.length <= 400 ? text : `${text.slice(0, 300)}…${digestBytes(text)}`;
}

/** Size in bytes over which a value goes into a blob; the limit of Deno.Kv is 65,536. */
const INLINE_BYTES = 60_000;

const INLINE = 0;
const IN_BLOB = 1;

/** Value for one row, and the blob that holds its bytes when they are too many for a row. */
export interface PackedValue {
  readonly value: Uint8Array;
  readonly blob: BlobDigest | null;
}

/** Packs bytes of any length into the value of a row. */
export async function packValue(bytes: Uint8Array, blobs: BlobStore): Promise<PackedValue> {
  if (bytes.byteLength <= INLINE_BYTES) {
    const value = new Uint8Array(bytes.byteLength + 1);
    value[0] = INLINE;
    value.set(bytes, 1);
    return { value, blob: null };
  }
  const { digest } = await blobs.write([bytes]);
  const value = new Uint8Array(33);
  value[0] = IN_BLOB;
  value.set(Uint8Array.fromHex(digest), 1);
  return { value, blob: digest };
}

/** Returns the blob that holds the bytes of a row's value; `null` when the value itself holds them. */
export function blobOfValue(value: unknown): BlobDigest | null {
  if (!(value instanceof Uint8Array) || value[0] !== IN_BLOB || value.byteLength !== 33) return null;
  return value.subarray(1).toHex() as BlobDigest;
}

/**
 * Returns the bytes that were packed.
 *
 * @throws {MalformedRow} When the row holds something else, or its blob is missing or damaged.
 */
export async function unpackValue(value: unknown, blobs: BlobStore): Promise<Uint8Array> {
  if (value instanceof Uint8Array && value[0] === INLINE) return value.subarray(1);
  const blob = blobOfValue(value);
  if (blob === null) throw new MalformedRow("the row holds no bytes of this format");
  const read = await blobs.read(blob);
  if (read.status === "ok") return read.bytes;
  throw new MalformedRow(read.status === "missing" ? `blob ${blob} is missing` : read.detail);
}

/** Returns the part of a row's key at `index` as a call key. @throws {MalformedRow} When the part is no digest. */
export function callKeyIn(row: Deno.KvKey, index: number): CallKey {
  const part = row[index];
  if (!isDigest(part)) throw new MalformedRow(`part ${index} of a row's key is no call key`);
  return part as CallKey;
}
