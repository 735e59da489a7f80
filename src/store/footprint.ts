/**
 * What a stored record put into the database, so that exactly that can be taken away again.
 *
 * @module
 */
import type { BlobDigest, CallKey } from "../digests.ts";
import type { EntryRecord } from "../records.ts";
import type { BlobStore } from "./blob_store.ts";
import { edgesOf, nodeOf } from "./graph_rows.ts";
import type { Mutation } from "./kv_batch.ts";
import type { KvHandle } from "./kv_handle.ts";
import { decodeRecord, MalformedRow } from "./record_codec.ts";
import { blobOfValue, blobRow, nodeRow, recordRow, tombstoneRow, unpackValue } from "./rows.ts";

/** The rows of a stored record, and what they refer to. */
export interface Footprint {
  /** Of the record. */
  readonly versionstamp: string;
  /** The record's own row first. */
  readonly rows: readonly Deno.KvKey[];
  readonly blobs: readonly BlobDigest[];
  /** Takes its summary off the list. */
  readonly tombstones: readonly Mutation[];
}

/** Reads the footprint of a key; `null` when nothing is stored there. */
export async function readFootprint(key: CallKey, handle: KvHandle, store: BlobStore): Promise<Footprint | null> {
  const [record, node] = await handle.run((kv) => kv.getMany([recordRow(key), nodeRow(key)]));
  if (record!.versionstamp === null) return null;
  const rows = [recordRow(key), nodeRow(key)];
  const tombstones: Mutation[] = [];
  const blobs = [record!, node!].map(({ value }) => blobOfValue(value)).filter((blob) => blob !== null);
  try {
    const stored = decodeRecord(await unpackValue(record!.value, store), key);
    tombstones.push({ key: tombstoneRow(key, stored.createdMs), value: 1 });
    blobs.push(...blobsOf(stored));
    for (const { key: row } of edgesOf(nodeOf(stored))) rows.push(row);
  } catch (error) {
    // What a damaged record referred to cannot be known; verify finds what it leaves behind.
    if (!(error instanceof MalformedRow)) throw error;
  }
  for (const blob of blobs) rows.push(blobRow(blob, key));
  return { versionstamp: record!.versionstamp, rows, blobs, tombstones };
}

/** That the record of a key is as it was found. */
export function isAsFound(key: CallKey, found: Footprint | null): Deno.AtomicCheck {
  return { key: recordRow(key), versionstamp: found?.versionstamp ?? null };
}

/** Takes away what a replaced record put into the database, except for what the rows of the new one write. */
export function replacing(
  found: Footprint | null,
  rows: readonly Mutation[],
  { createdMs }: EntryRecord,
): Mutation[] {
  if (found === null) return [];
  const kept = new Set(rows.map(({ key }) => key.join("\0")));
  const gone = found.rows.filter((row) => !kept.has(row.join("\0"))).map((key) => ({ key }));
  return [...found.tombstones.filter(({ key }) => key[2] !== createdMs), ...gone];
}

/** The blobs that a record refers to: results, and arguments of inner calls. */
export function* blobsOf(record: EntryRecord): Generator<BlobDigest> {
  for (const trace of record.traces) {
    yield trace.result;
    for (const dependency of trace.dependencies) {
      if (dependency.kind === "child" && typeof dependency.args === "string") yield dependency.args;
    }
  }
}
