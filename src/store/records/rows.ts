/**
 * The rows of the database: their keys, and values that may be too long for one row.
 *
 * | row | value |
 * | --- | --- |
 * | `["r", key]` | record |
 * | `["s", functionId, beganMs, page]` | summaries of entries of a function that one process stored |
 * | `["x", key, createdMs]` | tombstone: summaries of that entry do not count any more |
 * | `["p", fingerprint]` | parts of the fingerprint, once for all records that have it |
 * | `["b", blob, key]` | the record, or the parts of the fingerprint, refer to the blob |
 * | `["n", key]` | node of the graph |
 * | `["e", child, parent]` | id of the parent: an edge, read from the child's side |
 * | `["f", path, key]` | id of the node: an edge from a file |
 * | `["era"]` | written again whenever the cache is emptied, so that a commit that began before can tell |
 *
 * @module
 */
import { type BlobDigest, type CallKey, type FingerprintDigest, isDigest } from "../../words/digests.ts";
import { digestBytes } from "../../words/sha256.ts";
import type { BlobStore } from "../blobs/blob_store.ts";
import { MalformedRow } from "./shapes.ts";

/** Row of a record. */
export const recordRow = (key: CallKey): Deno.KvKey => ["r", key];
/** Row of a page of summaries. */
export const pageRow = (functionId: string, beganMs: number, page: string): Deno.KvKey => [
  "s",
  shortenKey(functionId),
  beganMs,
  page,
];
/** Row of a tombstone. */
export const tombstoneRow = (key: CallKey, createdMs: number): Deno.KvKey => ["x", key, createdMs];
/** All pages of a function. */
export const pageRowsOf = (functionId: string): Deno.KvKey => ["s", shortenKey(functionId)];
/** Row of a fingerprint's parts. */
export const partsRow = (fingerprint: FingerprintDigest): Deno.KvKey => ["p", fingerprint];
/** Row that says that a record refers to a blob, or that a fingerprint's parts are in it. */
export const blobRow = (blob: BlobDigest, key: CallKey | FingerprintDigest): Deno.KvKey => ["b", blob, key];
/** All references to a blob. */
export const blobRowsOf = (blob: BlobDigest): Deno.KvKey => ["b", blob];
/** Row of a node. */
export const nodeRow = (key: CallKey): Deno.KvKey => ["n", key];
/** Row of a call edge. */
export const edgeRow = (child: CallKey, parent: CallKey): Deno.KvKey => ["e", child, parent];
/** All callers of a call. */
export const edgeRowsOf = (child: CallKey): Deno.KvKey => ["e", child];
/** Row of an edge from a file. */
export const fileRow = (path: string, key: CallKey): Deno.KvKey => ["f", shortenKey(path), key];
/** All nodes that depend on a file. */
export const fileRowsOf = (path: string): Deno.KvKey => ["f", shortenKey(path)];

/** Row that every emptying of the cache writes again. */
export const ERA_ROW: Deno.KvKey = ["era"];

/** Keys are limited to 2 KiB, paths and names are not: a long one is its beginning and its digest. */
function shortenKey(text: string): string {
  return text.length <= 400 ? text : `${text.slice(0, 300)}…${digestBytes(text)}`;
}

/** Values over this size go into a blob; the limit of Deno.Kv is 65,536. Bytes. */
const INLINE_BYTES = 60_000;

const INLINE = 0;
const IN_BLOB = 1;

/** A value for one row, and the blob that was needed for it. */
export interface PackedValue {
  readonly value: Uint8Array;
  readonly blob: BlobDigest | null;
}

/** Makes a row's value of bytes of any length. */
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

/** The blob that a row's value needs, if any. */
export function blobOfValue(value: unknown): BlobDigest | null {
  if (!(value instanceof Uint8Array) || value[0] !== IN_BLOB || value.byteLength !== 33) return null;
  return value.subarray(1).toHex() as BlobDigest;
}

/**
 * The bytes that were packed.
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

/** The part of a row's key at `index` as a call key. @throws {MalformedRow} When it is none. */
export function callKeyIn(row: Deno.KvKey, index: number): CallKey {
  const part = row[index];
  if (!isDigest(part)) throw new MalformedRow(`part ${index} of a row's key is no call key`);
  return part as CallKey;
}
