/**
 * Parts of fingerprints: the code and values that each fingerprint was made of, stored once for all records that have
 * the fingerprint.
 *
 * They explain why a result is stale; without them an explanation is shorter, and nothing else changes.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import type { FingerprintDigest } from "../../words/digests.ts";
import type { FingerprintPart } from "../../words/records.ts";
import type { BlobStore } from "../blobs/blob_store.ts";
import { type KvWriter, listRows, type Mutation } from "../database/kv_rows.ts";
import type { KvHandle } from "../database/kv_handle.ts";
import { CODE_LENGTH, decodeParts, encodeParts } from "./record_codec.ts";
import { MalformedRow } from "./shapes.ts";
import { blobOfValue, blobRow, packValue, partsRow, unpackValue } from "./rows.ts";

/** Largest number of fingerprints whose parts are kept in memory. */
const MAX_FINGERPRINTS = 256;
/** Time in milliseconds after which a process writes parts again, so that unused parts can be told from used ones. */
const REFRESH_MS = 10 * 60_000;
/** Age up to which unused parts stay, milliseconds; above {@linkcode REFRESH_MS}, so that used ones are newer. */
const KEPT_MS = 60 * 60_000;
/** Length in bytes of the time of writing, a 64-bit float at the beginning of a row. */
const STAMP_BYTES = 8;

/** Parts of the fingerprints in one cache directory. */
export class FingerprintParts {
  readonly #handle: KvHandle;
  readonly #writer: KvWriter;
  readonly #blobs: BlobStore;
  readonly #known = new Map<FingerprintDigest, readonly FingerprintPart[]>();
  readonly #written = new Map<FingerprintDigest, number>();

  /** @param handle Database to read. @param writer Writer to it. @param blobs Store for parts too large for a row. */
  constructor(handle: KvHandle, writer: KvWriter, blobs: BlobStore) {
    this.#handle = handle;
    this.#writer = writer;
    this.#blobs = blobs;
  }

  /** Returns the parts of a fingerprint; empty when they are not stored, or damaged. */
  async get(fingerprint: FingerprintDigest): Promise<readonly FingerprintPart[]> {
    const known = this.#known.get(fingerprint);
    if (known !== undefined) return known;
    const { value } = await this.#handle.get(partsRow(fingerprint));
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

  /** Returns the rows that store the parts; none when there are no parts, or when this process stored them lately. */
  async rowsOf(fingerprint: FingerprintDigest, parts: readonly FingerprintPart[]): Promise<Mutation[]> {
    if (parts.length === 0) return [];
    const now = wallMs();
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

  /** Forgets all parts in memory, and which ones are written: rows were not committed, or the cache was emptied. */
  forget(): void {
    this.#written.clear();
    this.#known.clear();
  }

  /**
   * Deletes the parts of fingerprints that no entry has. Parts that were written lately stay: their record may be about
   * to be committed.
   *
   * @param codes First characters of the fingerprints that entries have.
   * @param nowMs Time that counts as now, milliseconds since the epoch.
   * @returns Number of fingerprints whose parts were deleted.
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
