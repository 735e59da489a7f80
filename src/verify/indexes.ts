/**
 * Indexes and the graph against the records.
 *
 * @module
 */
import type { BlobDigest, CallKey } from "../digests.ts";
import type { Cache } from "../store/cache_dir.ts";
import { edgesOf, keyOfId, listRows } from "../store/graph_rows.ts";
import {
  decodeNode,
  decodeRecord,
  MalformedRow,
  type StoredNode,
  type StoredSummary,
  summaryOf,
} from "../store/record_codec.ts";
import { blobsOf } from "../store/record_store.ts";
import { blobOfValue, blobRow, callKeyIn, pageRowsOf, tombstoneRow, unpackValue } from "../store/rows.ts";
import { decodePage } from "../store/summary_page.ts";
import { type Expected, removeRow } from "./entries.ts";
import type { VerifyState } from "./state.ts";

/** Compares each index with what the records and nodes say it should hold, in both directions. */
export async function checkIndexes(
  cache: Cache,
  state: VerifyState,
  records: ReadonlyMap<CallKey, Expected>,
): Promise<void> {
  await checkReferences(cache, state, records);
  await checkSummaries(cache, state, records);
  const nodes = await checkNodes(cache, state, records);
  await checkEdges(cache, state, nodes);
}

async function checkReferences(
  cache: Cache,
  state: VerifyState,
  records: ReadonlyMap<CallKey, Expected>,
): Promise<void> {
  const missing = new Map<string, Deno.KvKey>();
  for (const [key, { blobs }] of records) {
    for (const blob of blobs) missing.set(`${blob} ${key}`, blobRow(blob, key));
  }
  for await (const { key: row } of listRows(cache.records.garbage.handle, { prefix: ["b"] })) {
    state.step();
    const [, blob, key] = row;
    if (missing.delete(`${String(blob)} ${String(key)}`)) continue;
    if (await holdsReference(cache, blob as BlobDigest, key as CallKey)) continue;
    const detail = `The index says that ${String(key)} refers to blob ${String(blob)}, and it does not`;
    await state.found({ key: String(key), kind: "dangling-reference", detail }, () => removeRow(cache, row));
  }
  for (const row of missing.values()) {
    const [, blob, key] = row as [string, BlobDigest, CallKey];
    if (await exists(cache, row) || !await holdsReference(cache, blob, key)) continue;
    const detail = `Its reference to blob ${blob} is not in the index`;
    await state.found({ key, kind: "missing-reference", detail }, () => addRow(cache, row, 1));
  }
}

/** Whether a record, a node or the parts of a fingerprint refer to the blob, as stored now. */
async function holdsReference(cache: Cache, blob: BlobDigest, key: CallKey): Promise<boolean> {
  const rows = await cache.records.garbage.handle.run((kv) => kv.getMany([["r", key], ["n", key], ["p", key]]));
  if (rows.some(({ value }) => blobOfValue(value) === blob)) return true;
  const record = rows[0]!.value;
  if (record === null) return false;
  try {
    return [...blobsOf(decodeRecord(await unpackValue(record, cache.blobs), key))].includes(blob);
  } catch (error) {
    if (error instanceof MalformedRow) return false;
    throw error;
  }
}

async function checkSummaries(
  cache: Cache,
  state: VerifyState,
  records: ReadonlyMap<CallKey, Expected>,
): Promise<void> {
  const listed = new Set<CallKey>();
  for await (const { key: row, value } of listRows(cache.records.garbage.handle, { prefix: ["s"] })) {
    let page: StoredSummary[];
    try {
      page = decodePage(value);
    } catch (error) {
      if (!(error instanceof MalformedRow)) throw error;
      state.step();
      if (!await exists(cache, row)) continue;
      const detail = `A page of the list cannot be read: ${error.message}`;
      await state.found({ key: String(row[1]), kind: "damaged-row", detail }, () => removeRow(cache, row));
      continue;
    }
    for (const summary of page) {
      state.step();
      const { key, createdMs } = summary;
      const expected = records.get(key)?.summary.createdMs === createdMs
        ? records.get(key)?.summary
        : await readSummary(cache, key);
      if (expected !== undefined && expected.createdMs === createdMs && expected.functionId === summary.functionId) {
        // One that was stored again is listed again, and the older summary does not count.
        if (isSame(expected, summary)) listed.add(key);
        continue;
      }
      if (await exists(cache, tombstoneRow(key, createdMs)) || !await exists(cache, row)) continue;
      const detail = "The list has an entry that is not there, or is there with other data";
      await state.found({ key, kind: "dangling-summary", detail }, async () => {
        await cache.records.writeRows([{ key: tombstoneRow(key, createdMs), value: 1 }]);
        return "it was taken off the list";
      });
    }
  }
  for (const key of records.keys()) {
    if (listed.has(key)) continue;
    const now = await readSummary(cache, key);
    if (now === undefined || await isListed(cache, now)) continue;
    await state.found({ key, kind: "missing-summary", detail: "The entry is not in the list" }, async () => {
      const record = await cache.records.get(key);
      if (record === null) return "the entry is gone meanwhile";
      await cache.records.commit(record, { overwrite: true });
      return "it was added";
    });
  }
}

function isSame(expected: StoredSummary | undefined, found: StoredSummary): boolean {
  return expected !== undefined && expected.fname === found.fname &&
    expected.functionId === found.functionId && expected.createdMs === found.createdMs &&
    expected.sizeBytes === found.sizeBytes && expected.computeMs === found.computeMs && expected.code === found.code;
}

/** What the list should say about an entry, as stored now. */
async function readSummary(cache: Cache, key: CallKey): Promise<StoredSummary | undefined> {
  const { value } = await cache.records.garbage.handle.run((kv) => kv.get(["r", key]));
  if (value === null) return undefined;
  try {
    return summaryOf(decodeRecord(await unpackValue(value, cache.blobs), key));
  } catch (error) {
    if (error instanceof MalformedRow) return undefined;
    throw error;
  }
}

/** Whether a page lists it now. */
async function isListed(cache: Cache, expected: StoredSummary): Promise<boolean> {
  const selector = { prefix: pageRowsOf(expected.functionId) };
  for await (const { value } of listRows(cache.records.garbage.handle, selector, { reverse: true })) {
    try {
      if (decodePage(value).some((found) => isSame(expected, found))) return true;
    } catch (error) {
      if (!(error instanceof MalformedRow)) throw error;
    }
  }
  return false;
}

async function checkNodes(
  cache: Cache,
  state: VerifyState,
  records: ReadonlyMap<CallKey, Expected>,
): Promise<StoredNode[]> {
  const nodes: StoredNode[] = [];
  for await (const { key: row, value } of listRows(cache.records.garbage.handle, { prefix: ["n"] })) {
    state.step();
    try {
      const node = decodeNode(await unpackValue(value, cache.blobs), callKeyIn(row, 1));
      if (node.isLoaded || records.has(node.key) || await exists(cache, ["r", node.key])) {
        nodes.push(node);
      } else if (await exists(cache, row)) {
        const detail = "The graph has a call whose entry is gone";
        await state.found({ key: node.key, kind: "orphan-node", detail }, () => removeRow(cache, row));
      }
    } catch (error) {
      if (!(error instanceof MalformedRow)) throw error;
      if (!await exists(cache, row)) continue;
      const detail = `A node of the graph cannot be read: ${error.message}`;
      await state.found({ key: String(row[1]), kind: "damaged-row", detail }, () => removeRow(cache, row));
    }
  }
  return nodes;
}

async function checkEdges(cache: Cache, state: VerifyState, nodes: readonly StoredNode[]): Promise<void> {
  const missing = new Map<string, { readonly row: Deno.KvKey; readonly id: string }>();
  for (const node of nodes) {
    for (const { key } of edgesOf(node)) missing.set(key.join("\0"), { row: key, id: node.id });
  }
  for (const prefix of ["e", "f"]) {
    for await (const { key: row, value } of listRows(cache.records.garbage.handle, { prefix: [prefix] })) {
      state.step();
      if (missing.delete(row.join("\0"))) continue;
      if (await hasEdge(cache, row, value) || !await exists(cache, row)) continue;
      const detail = prefix === "e" ? `An edge to ${String(row[1])} belongs to no call` : `An edge from the file ` +
        `${String(row[1])} belongs to no call`;
      await state.found({ key: String(row[2]), kind: "dangling-edge", detail }, () => removeRow(cache, row));
    }
  }
  for (const { row, id } of missing.values()) {
    if (await exists(cache, row) || !await hasEdge(cache, row, id)) continue;
    const detail = `Its edge to ${String(row[1])} can be found from one end only`;
    await state.found({ key: keyOfId(id) ?? id, kind: "missing-edge", detail }, () => addRow(cache, row, id));
  }
}

/** Whether the node that an edge belongs to has it now. */
async function hasEdge(cache: Cache, row: Deno.KvKey, id: unknown): Promise<boolean> {
  const node = typeof id === "string" ? await cache.records.node(id) : null;
  return node !== null && node.key === row[2] && edgesOf(node).some(({ key }) => sameRow(key, row));
}

async function exists(cache: Cache, row: Deno.KvKey): Promise<boolean> {
  return (await cache.records.garbage.handle.run((kv) => kv.get(row))).value !== null;
}

async function addRow(cache: Cache, row: Deno.KvKey, value: unknown): Promise<string> {
  await cache.records.writeRows([{ key: row, value }]);
  return "it was added";
}

function sameRow(a: Deno.KvKey, b: Deno.KvKey): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}
