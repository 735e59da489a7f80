/**
 * The parts of fingerprints: what code and values each was made of, stored once for all records that have it.
 *
 * They explain why a result is stale; without them an explanation is shorter, and nothing else changes.
 *
 * @module
 */
import type { FingerprintDigest } from "../../words/digests.ts";
import type { FingerprintPart } from "../../words/records.ts";
import type { BlobStore } from "../blobs/blob_store.ts";
import { listRows } from "./graph_rows.ts";
import type { KvWriter, Mutation } from "../database/kv_batch.ts";
import type { KvHandle } from "../database/kv_handle.ts";
import { CODE_LENGTH, decodeParts, encodeParts } from "./record_codec.ts";
import { MalformedRow } from "./shapes.ts";
import { blobOfValue, blobRow, packValue, partsRow, unpackValue } from "./rows.ts";

/** Fingerprints whose parts are kept in memory. */
const MAX_FINGERPRINTS = 256;
/** Parts are written again by a process after this time, so that old ones can be told from used ones. Milliseconds. */
const REFRESH_MS = 10 * 60_000;
/** Longer than {@linkcode REFRESH_MS}, after which a process that still uses parts writes them again. */
const KEPT_MS = 60 * 60_000;
/** A row begins with the time of its writing, as a float of eight bytes. */
const STAMP_BYTES = 8;

/** The parts of fingerprints in one cache directory. */
export class FingerprintParts {
  readonly #handle: KvHandle;
  readonly #writer: KvWriter;
  readonly #blobs: BlobStore;
  readonly #known = new Map<FingerprintDigest, readonly FingerprintPart[]>();
  readonly #written = new Map<FingerprintDigest, number>();

  /** @param handle To read. @param writer To write. @param blobs For those that are too large for a row. */
  constructor(handle: KvHandle, writer: KvWriter, blobs: BlobStore) {
    this.#handle = handle;
    this.#writer = writer;
    this.#blobs = blobs;
  }

  /** The parts of a fingerprint; empty when they are not stored, or damaged. */
  async get(fingerprint: FingerprintDigest): Promise<readonly FingerprintPart[]> {
    const known = this.#known.get(fingerprint);
    if (known !== undefined) return known;
    const { value } = await this.#handle.run((kv) => kv.get(partsRow(fingerprint)));
    if (value === null) return [];
    try {
      const parts = decodeParts((await unpackValue(value, this.#blobs)).subarray(STAMP_BYTES));
      this.#remember(fingerprint, parts);
      return parts;
    } catch (error) {
      if (error instanceof MalformedRow) return [];
      throw error;
    }
  }

  /** Rows that store the parts; none when this process stored them lately, or when there are none. */
  async rowsOf(fingerprint: FingerprintDigest, parts: readonly FingerprintPart[]): Promise<Mutation[]> {
    if (parts.length === 0) return [];
    const now = Date.now();
    const written = this.#written.get(fingerprint);
    if (written !== undefined && Math.abs(now - written) < REFRESH_MS) return [];
    const encoded = encodeParts(parts);
    const bytes = new Uint8Array(STAMP_BYTES + encoded.byteLength);
    new DataView(bytes.buffer).setFloat64(0, now);
    bytes.set(encoded, STAMP_BYTES);
    const { value, blob } = await packValue(bytes, this.#blobs);
    if (this.#written.size >= MAX_FINGERPRINTS) this.#written.clear();
    this.#written.set(fingerprint, now);
    this.#remember(fingerprint, parts);
    const rows: Mutation[] = [{ key: partsRow(fingerprint), value }];
    if (blob !== null) rows.push({ key: blobRow(blob, fingerprint), value: 1 });
    return rows;
  }

  /** Takes nothing for written any more: the rows were not committed, or the cache was emptied. */
  forget(): void {
    this.#written.clear();
    this.#known.clear();
  }

  /**
   * Deletes the parts of fingerprints that no entry has. Those that were written lately stay: their record may be on its
   * way.
   *
   * @param codes Beginnings of the fingerprints that entries have.
   * @param nowMs Milliseconds since the epoch.
   * @returns Number of fingerprints.
   */
  async removeUnused(codes: ReadonlySet<string>, nowMs: number): Promise<number> {
    const unused: Mutation[] = [];
    let count = 0;
    for await (const { key, value } of listRows(this.#handle, { prefix: ["p"] })) {
      if (codes.has(String(key[1]).slice(0, CODE_LENGTH))) continue;
      if (nowMs - await this.#stampOf(value) <= KEPT_MS) continue;
      const blob = blobOfValue(value);
      unused.push({ key });
      if (blob !== null) unused.push({ key: blobRow(blob, key[1] as FingerprintDigest) });
      count++;
    }
    await this.#writer.commitAll(unused);
    return count;
  }

  async #stampOf(value: unknown): Promise<number> {
    try {
      const bytes = await unpackValue(value, this.#blobs);
      return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
    } catch {
      return 0;
    }
  }

  #remember(fingerprint: FingerprintDigest, parts: readonly FingerprintPart[]): void {
    if (this.#known.size >= MAX_FINGERPRINTS) this.#known.clear();
    this.#known.set(fingerprint, parts);
  }
}
