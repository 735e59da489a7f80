/**
 * The workspace that all functions of one cache directory share in this process: the store, the memory of data read
 * from the store, and the digests of files.
 *
 * @module
 */
import { fileDigestsFor } from "../reads/files/open_digests.ts";
import type { FileDigests } from "../reads/files/file_digests.ts";
import { type Cache, openCache } from "../store/cache_dir.ts";
import type { BlobDigest, CallKey } from "../words/digests.ts";
import type { EntryRecord } from "../words/records.ts";

/** One cache directory, open in this process. */
export interface Workspace {
  readonly cache: Cache;
  readonly memory: Memory;
  readonly files: FileDigests;
  /** True once a read of the store has succeeded. A failure before is a mistake in the set-up, for the user to mend. */
  hasWorked: boolean;
}

/** Options of {@linkcode openWorkspace}. */
export interface WorkspaceOptions {
  readonly readOnly: boolean;
  readonly durable: boolean;
  readonly groupShared: boolean;
  /** An absolute path; `null` when none was given. */
  readonly metadataDir: string | null;
}

const shared = new WeakMap<Cache, Workspace>();

/**
 * Returns the workspace of a cache directory, which is opened if it is not yet open.
 *
 * @param cacheDir An absolute path.
 * @param options See {@linkcode WorkspaceOptions}.
 * @throws {CacheError} When the directory cannot be opened, as `openCache` describes.
 */
export async function openWorkspace(cacheDir: string, options: WorkspaceOptions): Promise<Workspace> {
  const cache = await openCache(cacheDir, options);
  let workspace = shared.get(cache);
  if (workspace === undefined) {
    const files = fileDigestsFor(cache.dir, { readOnly: cache.readOnly });
    workspace = { cache, memory: new Memory(), files, hasWorked: false };
    shared.set(cache, workspace);
  }
  return workspace;
}

/** A map of limited size, which drops the values that were used longest ago. */
class RecentlyUsed<Key, Value> {
  readonly #values = new Map<Key, Value>();
  #size = 0;

  constructor(readonly limit: number, readonly sizeOf: (value: Value) => number) {}

  get(key: Key): Value | undefined {
    const value = this.#values.get(key);
    if (value !== undefined && this.#values.size > 1) {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  set(key: Key, value: Value): void {
    this.delete(key);
    this.#values.set(key, value);
    this.#size += this.sizeOf(value);
    for (const oldest of this.#values.keys()) {
      if (this.#size <= this.limit) break;
      this.delete(oldest);
    }
  }

  delete(key: Key): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#values.delete(key);
    this.#size -= this.sizeOf(value);
  }

  clear(): void {
    this.#values.clear();
    this.#size = 0;
  }
}

/** Largest size of a result that is kept in memory, bytes. */
const SMALL_RESULT_BYTES = 64 * 1024;
/** Largest sum of the sizes of all results in memory, bytes. */
const RESULTS_BYTES = 16 * 1024 * 1024;
/** Number of bytes counted for each result in memory besides its own: for its digest, its buffer and its place. */
const RESULT_OVERHEAD_BYTES = 500;
/** Largest number of dependencies of all records in memory: of 4,000 small records, or of 20 with 10,000 files each. */
const RECORD_ITEMS = 200_000;
/** Number of dependencies that is counted for the record itself. */
const RECORD_OVERHEAD_ITEMS = 50;

/**
 * Memory of the records and small results that this process read from, or stored in, one cache directory.
 *
 * The memory is no authority: all of it is dropped when the directory's generation changes, which every process changes
 * that removes or overwrites an entry.
 */
export class Memory {
  readonly #records = new RecentlyUsed<CallKey, EntryRecord>(RECORD_ITEMS, itemsOf);
  readonly #results = new RecentlyUsed<BlobDigest, Uint8Array>(
    RESULTS_BYTES,
    ({ byteLength }) => byteLength + RESULT_OVERHEAD_BYTES,
  );
  #generation: string | number | undefined;

  /** Drops everything if `generation` differs from the generation under which everything was read. */
  synchronize(generation: string | number): void {
    if (generation === this.#generation) return;
    this.#records.clear();
    this.#results.clear();
    this.#generation = generation;
  }

  /** Returns the record that was last read or stored under a key. */
  record(key: CallKey): EntryRecord | undefined {
    return this.#records.get(key);
  }

  /** Keeps a record. */
  keepRecord(record: EntryRecord): void {
    this.#records.set(record.key, record);
  }

  /** Drops one record. */
  dropRecord(key: CallKey): void {
    this.#records.delete(key);
  }

  /** Returns the bytes of a small result. They are shared, so callers must not write to them. */
  result(digest: BlobDigest): Uint8Array | undefined {
    return this.#results.get(digest);
  }

  /** Returns true when a result of this size is small enough to be kept. */
  takes(sizeBytes: number): boolean {
    return sizeBytes <= SMALL_RESULT_BYTES;
  }

  /** Keeps the bytes of a result for whose size {@linkcode Memory.takes} returned true. */
  keepResult(digest: BlobDigest, bytes: Uint8Array): void {
    this.#results.set(digest, bytes);
  }
}

function itemsOf({ files, traces }: EntryRecord): number {
  let items = RECORD_OVERHEAD_ITEMS + files.length;
  for (const { dependencies, support } of traces) {
    items += dependencies.length + (support === null ? 0 : support.functions.length + support.dependencies.length);
  }
  return items;
}
