/**
 * The list of entries against the records.
 *
 * @module
 */
import type { CallKey } from "../digests.ts";
import type { Cache } from "../store/cache_dir.ts";
import { listRows } from "../store/graph_rows.ts";
import { decodeRecord, MalformedRow, type StoredSummary, summaryOf } from "../store/record_codec.ts";
import { pageRowsOf, tombstoneRow, unpackValue } from "../store/rows.ts";
import { decodePage } from "../store/summary_page.ts";
import type { Expected } from "./entries.ts";
import type { VerifyState } from "./state.ts";
import { pause, type Row, Suspicions } from "./suspicions.ts";

/** Looks for summaries that no record has, and for records that are not listed. */
export async function checkSummaries(
  cache: Cache,
  state: VerifyState,
  records: ReadonlyMap<CallKey, Expected>,
): Promise<void> {
  const suspicions = new Suspicions();
  const listed = new Set<CallKey>();
  for await (const { key: row, value } of listRows(cache.records.garbage.handle, { prefix: ["s"] })) {
    const page = summariesIn(value);
    if (page === null) {
      state.step();
      suspicions.add({
        problem: { key: String(row[1]), kind: "damaged-row", detail: "A page of the list cannot be read" },
        rows: [row],
        isWrong: ({ value }) => value !== null && summariesIn(value) === null,
        mend: () => [[{ key: row }], "the row was deleted"],
      });
      continue;
    }
    for (const summary of page) {
      state.step();
      const expected = records.get(summary.key)?.summary;
      if (isSame(expected, summary)) listed.add(summary.key);
      // One that was stored again is listed again, and the older summary does not count.
      if (!isSameEntry(expected, summary)) suspicions.add(dangling(cache, row, summary));
    }
  }
  await suspicions.settle(cache, state);
  await checkUnlisted(cache, state, [...records.keys()].filter((key) => !listed.has(key)));
}

function dangling(cache: Cache, row: Deno.KvKey, summary: StoredSummary) {
  const { key, createdMs } = summary;
  const tombstone = tombstoneRow(key, createdMs);
  return {
    problem: {
      key,
      kind: "dangling-summary" as const,
      detail: "The list has an entry that is not there, or is there with other data",
    },
    rows: [row, tombstone, ["r", key]],
    isWrong: async (page: Row, tombstone: Row, record: Row) =>
      tombstone.value === null && (summariesIn(page.value) ?? []).some((listed) => isSame(listed, summary)) &&
      !isSameEntry(await summaryIn(cache, key, record.value), summary),
    mend: () => [[{ key: tombstone, value: 1 }], "it was taken off the list"] as const,
  };
}

/** An entry and its place in the list are written at once, so one that is still not listed later on is not listed. */
async function checkUnlisted(cache: Cache, state: VerifyState, keys: readonly CallKey[]): Promise<void> {
  if (keys.length === 0) return;
  await pause();
  for (const key of keys) {
    const { value } = await cache.records.garbage.handle.run((kv) => kv.get(["r", key]));
    const expected = await summaryIn(cache, key, value);
    if (expected === undefined || await isListed(cache, expected)) continue;
    await state.found({ key, kind: "missing-summary", detail: "The entry is not in the list" }, async () => {
      const record = await cache.records.get(key);
      if (record === null) return "the entry is gone meanwhile";
      await cache.records.commit(record, { overwrite: true });
      return "it was added";
    });
  }
}

async function isListed(cache: Cache, expected: StoredSummary): Promise<boolean> {
  const selector = { prefix: pageRowsOf(expected.functionId) };
  for await (const { value } of listRows(cache.records.garbage.handle, selector, { reverse: true })) {
    if (summariesIn(value)?.some((found) => isSame(expected, found))) return true;
  }
  return false;
}

/** What a page lists; `null` when it cannot be read. */
function summariesIn(page: unknown): StoredSummary[] | null {
  if (page === null) return [];
  try {
    return decodePage(page);
  } catch (error) {
    if (error instanceof MalformedRow) return null;
    throw error;
  }
}

/** What the list should say about a record. */
async function summaryIn(cache: Cache, key: CallKey, record: unknown): Promise<StoredSummary | undefined> {
  if (record === null) return undefined;
  try {
    return summaryOf(decodeRecord(await unpackValue(record, cache.blobs), key));
  } catch (error) {
    if (error instanceof MalformedRow) return undefined;
    throw error;
  }
}

function isSameEntry(a: StoredSummary | undefined, b: StoredSummary): boolean {
  return a !== undefined && a.functionId === b.functionId && a.createdMs === b.createdMs;
}

function isSame(a: StoredSummary | undefined, b: StoredSummary): boolean {
  return isSameEntry(a, b) && a!.key === b.key && a!.fname === b.fname && a!.sizeBytes === b.sizeBytes &&
    a!.computeMs === b.computeMs && a!.code === b.code;
}
