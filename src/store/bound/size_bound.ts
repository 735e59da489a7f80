/**
 * Bound on the size of a cache, enforced while the cache is used.
 *
 * @module
 */
import type { Cache } from "../cache_dir.ts";
import type { Removal } from "../records/record_store.ts";

/** Share of the bound that remains filled after a removal, so that the next results do not each need a removal. */
const REMAINING_SHARE = 0.9;
/** Share of the bound after whose addition the cache is measured again, since other processes add to it too. */
const MEASURE_SHARE = 0.02;

/** Bound on the size of one cache directory, in this process. */
export class SizeBound {
  readonly #cache: Cache;
  readonly #maxBytes: number;
  #measuredBytes: number | undefined;
  #addedBytes = 0;
  #running: Promise<Removal | null> | undefined;

  /** @param cache The cache. @param maxBytes Largest size of all its results. */
  constructor(cache: Cache, maxBytes: number) {
    this.#cache = cache;
    this.#maxBytes = maxBytes;
  }

  /**
   * Counts a result that was stored, and removes entries when the cache has become too large. Most calls only count.
   *
   * @param sizeBytes Size of the result.
   * @returns Entries and bytes removed; `null` when nothing had to be removed.
   */
  committed(sizeBytes: number): Promise<Removal | null> {
    this.#addedBytes += sizeBytes;
    const isMeasured = this.#measuredBytes !== undefined && this.#addedBytes < this.#maxBytes * MEASURE_SHARE &&
      this.#measuredBytes + this.#addedBytes <= this.#maxBytes;
    if (isMeasured) return Promise.resolve(null);
    // One removal at a time: callers that come while it runs wait for its result.
    this.#running ??= this.#enforce().finally(() => this.#running = undefined);
    return this.#running;
  }

  async #enforce(): Promise<Removal | null> {
    const release = this.#cache.use();
    try {
      this.#addedBytes = 0;
      this.#measuredBytes = await this.#measure();
      if (this.#measuredBytes <= this.#maxBytes) return null;
      const { prune } = await import("./prune.ts"); // most processes outgrow no bound
      const removal = await prune(this.#cache, {
        maxBytes: Math.floor(this.#maxBytes * REMAINING_SHARE),
        sweep: false,
      });
      this.#measuredBytes = await this.#measure();
      return removal;
    } finally {
      release();
    }
  }

  async #measure(): Promise<number> {
    let total = 0;
    for await (const page of this.#cache.records.summaryPages()) {
      for (const { sizeBytes } of page) total += sizeBytes;
    }
    return total;
  }
}
