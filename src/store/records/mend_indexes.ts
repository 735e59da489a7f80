/**
 * Completes the indexes of a database that was made from what could be read of a damaged one: a record may be there, and
 * the row that lists it or that says to which results it refers may be lost. Without these rows, a prune would not see the
 * entry, or take its result for garbage.
 *
 * A file of its own, since few databases need it.
 *
 * @module
 */
import { type CallKey, isDigest } from "../../words/digests.ts";
import type { EntryRecord } from "../../words/records.ts";
import { listRows } from "../database/kv_rows.ts";
import { blobsOf, type RecordStore } from "./record_store.ts";
import { MEND_ROW } from "./rows.ts";

/**
 * Writes anew each record that is not in the indexes, if the database was made from a damaged one and that was not done
 * yet. Does nothing in any other database, at the cost of reading one row.
 */
export async function mendIndexes(records: RecordStore): Promise<void> {
  const { handle } = records.garbage;
  if ((await handle.get(MEND_ROW)).value === null) return;
  const indexed = new Set<string>();
  for await (const page of records.summaryPages()) for (const { key } of page) indexed.add(key);
  for await (const { key: [, blob, key] } of listRows(handle, { prefix: ["b"] })) {
    indexed.add(`${String(blob)} ${String(key)}`);
  }
  const isIndexed = (record: EntryRecord) =>
    indexed.has(record.key) && [...blobsOf(record)].every((blob) => indexed.has(`${blob} ${record.key}`));
  for await (const { key: [, key] } of listRows(handle, { prefix: ["r"] })) {
    const record = isDigest(key) ? await records.get(key as CallKey) : null;
    if (record === null || isIndexed(record)) continue;
    try {
      await records.commit(record, { overwrite: true });
    } catch {
      // Its result is gone, so the commit removed the entry; or the database is busy, and the next prune tries again.
      if (await records.get(record.key) !== null) return;
    }
  }
  await records.writeRows([{ key: MEND_ROW }]);
}
