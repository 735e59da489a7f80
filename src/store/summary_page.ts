/**
 * Summaries of some entries of one function as the bytes of one row: a row of Deno.Kv takes 8 µs to list whatever it
 * holds, so that 100,000 entries in rows of their own would take a second.
 *
 * A line of JSON, `[fname, functionId]`, then 64 bytes an entry: key, three 64-bit floats (time of storing, size,
 * compute time), and the first eight bytes of the fingerprint. Big-endian.
 *
 * @module
 */
import type { CallKey } from "../digests.ts";
import { CODE_LENGTH, MalformedRow, type StoredSummary } from "./record_codec.ts";

const ROW_BYTES = 64;
const LINE_FEED = 0x0a;

/** The first bytes of a page: what its entries have in common. */
export function encodePageHead(fname: string, functionId: string): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([fname, functionId]) + "\n");
}

/** The bytes of one entry of a page. */
export function encodePageRow(summary: StoredSummary): Uint8Array {
  const bytes = new Uint8Array(ROW_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.setFromHex(summary.key);
  view.setFloat64(32, summary.createdMs);
  view.setFloat64(40, summary.sizeBytes);
  view.setFloat64(48, summary.computeMs);
  bytes.subarray(56).setFromHex(summary.code);
  return bytes;
}

/** A page with one more entry. */
export function appendToPage(page: Uint8Array, row: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(page.byteLength + row.byteLength);
  bytes.set(page);
  bytes.set(row, page.byteLength);
  return bytes;
}

/**
 * The entries of a page, in the order in which they were stored.
 *
 * @param value What the row holds.
 * @throws {MalformedRow} When it is no page.
 */
export function decodePage(value: unknown): StoredSummary[] {
  if (!(value instanceof Uint8Array)) throw new MalformedRow("the row holds no bytes");
  const start = value.indexOf(LINE_FEED) + 1;
  const length = value.byteLength - start;
  if (start === 0 || length % ROW_BYTES !== 0) throw new MalformedRow("the row holds no whole summaries");
  const [fname, functionId] = decodeHead(value.subarray(0, start));
  const view = new DataView(value.buffer, value.byteOffset + start, length);
  // All in one: a call for each of the texts would take longer than all the rest.
  const hex = value.subarray(start).toHex();
  const summaries: StoredSummary[] = [];
  for (let at = 0; at < length; at += ROW_BYTES) {
    const text = hex.slice(2 * at, 2 * (at + ROW_BYTES));
    summaries.push({
      key: text.slice(0, 64) as CallKey,
      fname,
      functionId,
      createdMs: quantity(view.getFloat64(at + 32)),
      sizeBytes: quantity(view.getFloat64(at + 40)),
      computeMs: quantity(view.getFloat64(at + 48)),
      code: text.slice(112, 112 + CODE_LENGTH),
    });
  }
  return summaries;
}

function decodeHead(bytes: Uint8Array): [fname: string, functionId: string] {
  try {
    const head: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (Array.isArray(head) && typeof head[0] === "string" && typeof head[1] === "string") return [head[0], head[1]];
  } catch {
    // Said below.
  }
  throw new MalformedRow("the row does not name a function");
}

function quantity(number: number): number {
  if (!(number >= 0) || number === Infinity) throw new MalformedRow("a summary holds no quantity");
  return number;
}
