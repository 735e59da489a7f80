/**
 * Summaries of all entries, in order of time for each function, so that a list needs no records.
 *
 * @module
 */
import type { CallKey } from "../digests.ts";
import type { EntryRecord } from "../records.ts";
import { listRows, type ReportRow } from "./graph_rows.ts";
import type { Mutation } from "./kv_batch.ts";
import type { KvHandle } from "./kv_handle.ts";
import { decodeSummary, encodeSummary, MalformedRow, type StoredSummary } from "./record_codec.ts";
import { callKeyIn, summariesOf, summaryRow } from "./rows.ts";

/** The summaries of one cache directory. */
export class SummaryIndex {
  readonly #handle: KvHandle;
  readonly #report: ReportRow;

  /** @param handle To read. @param report For damaged rows. */
  constructor(handle: KvHandle, report: ReportRow) {
    this.#handle = handle;
    this.#report = report;
  }

  /** The row that stores a record's summary. */
  rowOf(record: EntryRecord): Mutation {
    return { key: summaryRow(record.functionId, record.createdMs, record.key), value: encodeSummary(record) };
  }

  /** All summaries. */
  async *all(fname?: string): AsyncGenerator<StoredSummary> {
    for await (const row of listRows(this.#handle, { prefix: ["s"] })) {
      const summary = this.#decode(row);
      if (summary !== null && (fname === undefined || summary.fname === fname)) yield summary;
    }
  }

  /** The newest summaries of a function. */
  async recent(functionId: string, limit: number): Promise<StoredSummary[]> {
    const found: StoredSummary[] = [];
    for await (const row of listRows(this.#handle, { prefix: summariesOf(functionId) }, { limit, reverse: true })) {
      const summary = this.#decode(row);
      if (summary !== null && summary.functionId === functionId) found.push(summary);
    }
    return found;
  }

  #decode(row: Deno.KvEntry<unknown>): StoredSummary | null {
    try {
      const [, , createdMs] = row.key;
      if (!(row.value instanceof Uint8Array)) throw new MalformedRow("the row holds no bytes");
      if (typeof createdMs !== "number" || !(createdMs >= 0)) throw new MalformedRow("the row's key holds no time");
      return decodeSummary(row.value, createdMs, callKeyIn(row.key, 3));
    } catch (error) {
      if (!(error instanceof MalformedRow)) throw error;
      this.#report(row.key, error.message);
      return null;
    }
  }
}

/** Whether a summary row belongs to this record; a record that was stored again may have left an older one. */
export function isRowOf(summary: StoredSummary, record: EntryRecord): boolean {
  return summary.key === record.key && summary.createdMs === record.createdMs &&
    summary.functionId === record.functionId;
}

/** Row of a summary as it was listed. */
export function rowOfSummary(summary: StoredSummary & { readonly key: CallKey }): Deno.KvKey {
  return summaryRow(summary.functionId, summary.createdMs, summary.key);
}
