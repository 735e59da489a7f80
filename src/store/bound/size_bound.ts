/**
 * Keeping a cache below a size while it is used.
 *
 * @module
 */
import type { Cache } from "../cache_dir.ts";
import type { Removal } from "../records/record_store.ts";

/** What remains after a removal, as a share of the bound: the next removals then have something to do. */
const REMAINING_SHARE = 0.9;
/** After so much of the bound was added, the cache is measured again, since others add to it too. */
const MEASURE_SHARE = 0.02;

/** The bound of one cache directory in this process. */
export class SizeBound {
  readonly #cache: Cache;
  readonly #maxBytes: number;
  #measuredBytes: number | undefined;
  #addedBytes = 0;
  #running: Promise<Removal | null> | undefined;

  /** @param cache The cache. @param maxBytes What its results may take, bytes. */
  constructor(cache: Cache, maxBytes: number) {
    this.#cache = cache;
    this.#maxBytes = maxBytes;
  }

  /**
   * Says that a result was stored, and removes entries when the cache has become too large. Most calls only count.
   *
   * @param sizeBytes Size of the result.
   * @returns What was removed; `null` when nothing had to be.
   */
  committed(sizeBytes: number): Promise<Removal | null> {
    this.#addedBytes += sizeBytes;
    const isMeasured = this.#measuredBytes !== undefined && this.#addedBytes < this.#maxBytes * MEASURE_SHARE &&
      this.#measuredBytes + this.#addedBytes <= this.#maxBytes;
    if (isMeasured) return Promise.resolve(null);
    // One at a time: callers that come while it runs are served by it.
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
