/**
 * The index of references to blobs against the records.
 *
 * @module
 */
import type { BlobDigest, CallKey } from "../digests.ts";
import type { Cache } from "../store/cache_dir.ts";
import { blobsOf } from "../store/footprint.ts";
import { listRows } from "../store/graph_rows.ts";
import { decodeRecord, MalformedRow } from "../store/record_codec.ts";
import { blobOfValue, blobRow, unpackValue } from "../store/rows.ts";
import type { Expected } from "./entries.ts";
import type { VerifyState } from "./state.ts";
import { type Row, Suspicions } from "./suspicions.ts";

/** Looks for references that no record has, and for those that are not in the index. */
export async function checkReferences(
  cache: Cache,
  state: VerifyState,
  records: ReadonlyMap<CallKey, Expected>,
): Promise<void> {
  const suspicions = new Suspicions();
  const missing = new Map<string, [BlobDigest, CallKey]>();
  for (const [key, { blobs }] of records) {
    for (const blob of blobs) missing.set(`${blob} ${key}`, [blob, key]);
  }
  for await (const { key: row } of listRows(cache.records.garbage.handle, { prefix: ["b"] })) {
    state.step();
    const [, blob, key] = row as [string, BlobDigest, CallKey];
    if (missing.delete(`${String(blob)} ${String(key)}`)) continue;
    const detail = `The index says that ${String(key)} refers to blob ${String(blob)}, and it does not`;
    suspicions.add({
      problem: { key: String(key), kind: "dangling-reference", detail },
      rows: [row, ...holdersOf(key)],
      isWrong: async (listed, ...holders) => listed.value !== null && !await refers(cache, blob, holders),
      mend: () => [[{ key: row }], "the row was deleted"],
    });
  }
  for (const [blob, key] of missing.values()) {
    const row = blobRow(blob, key);
    suspicions.add({
      problem: { key, kind: "missing-reference", detail: `Its reference to blob ${blob} is not in the index` },
      rows: [row, ...holdersOf(key)],
      isWrong: async (listed, ...holders) => listed.value === null && await refers(cache, blob, holders),
      mend: () => [[{ key: row, value: 1 }], "it was added"],
    });
  }
  await suspicions.settle(cache, state);
}

/** Rows that may refer to a blob under that key: a record, a node, the parts of a fingerprint. */
function holdersOf(key: CallKey): Deno.KvKey[] {
  return [["r", key], ["n", key], ["p", key]];
}

async function refers(cache: Cache, blob: BlobDigest, holders: readonly Row[]): Promise<boolean> {
  if (holders.some(({ value }) => blobOfValue(value) === blob)) return true;
  const { key: [, key], value } = holders[0]!;
  if (value === null) return false;
  try {
    return [...blobsOf(decodeRecord(await unpackValue(value, cache.blobs), key as CallKey))].includes(blob);
  } catch (error) {
    if (error instanceof MalformedRow) return false;
    throw error;
  }
}
