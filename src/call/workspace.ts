/**
 * What the functions of one cache directory share in this process: the store, what is remembered of it, and the digests
 * of files.
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
  /** Whether the store ever answered: what fails before that is a matter of set-up. */
  hasWorked: boolean;
}

/** How a cache directory is opened. */
export interface WorkspaceOptions {
  readonly readOnly: boolean;
  readonly durable: boolean;
}

const shared = new WeakMap<Cache, Workspace>();

/**
 * Opens a cache directory, or finds it open.
 *
 * @param cacheDir An absolute path.
 * @param options How.
 * @throws {CacheError} When it cannot be opened: see `openCache`.
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

/** A map that forgets what was used longest ago. */
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

/** Results up to this size are kept in memory, bytes. */
const SMALL_RESULT_BYTES = 64 * 1024;
/** Sum of the sizes of the results kept, bytes. */
const RESULTS_BYTES = 16 * 1024 * 1024;
/** What keeping a result takes beside its own bytes: its digest, its buffer, its place. Bytes. */
const RESULT_OVERHEAD_BYTES = 500;
/** Sum of what the records kept rest on: enough for 4,000 small ones, or 20 that rest on 10,000 files each. */
const RECORD_ITEMS = 200_000;
/** What a record takes beside, in items. */
const RECORD_OVERHEAD_ITEMS = 50;

/**
 * What a process remembers of one cache directory.
 *
 * It holds what was read, never what is true: everything is dropped as soon as the directory's generation changes,
 * which any process does that removes or overwrites an entry.
 */
export class Memory {
  readonly #records = new RecentlyUsed<CallKey, EntryRecord>(RECORD_ITEMS, itemsOf);
  readonly #results = new RecentlyUsed<BlobDigest, Uint8Array>(
    RESULTS_BYTES,
    ({ byteLength }) => byteLength + RESULT_OVERHEAD_BYTES,
  );
  #generation: string | number | undefined;

  /** Drops everything if `generation` is not the one under which it was read. */
  synchronize(generation: string | number): void {
    if (generation === this.#generation) return;
    this.#records.clear();
    this.#results.clear();
    this.#generation = generation;
  }

  /** The record last read under this key. */
  record(key: CallKey): EntryRecord | undefined {
    return this.#records.get(key);
  }

  /** Remembers a record. */
  keepRecord(record: EntryRecord): void {
    this.#records.set(record.key, record);
  }

  /** Forgets one record. */
  dropRecord(key: CallKey): void {
    this.#records.delete(key);
  }

  /** The bytes of a small result; not to be written to. */
  result(digest: BlobDigest): Uint8Array | undefined {
    return this.#results.get(digest);
  }

  /** Whether a result of this size is small enough to be remembered. */
  takes(sizeBytes: number): boolean {
    return sizeBytes <= SMALL_RESULT_BYTES;
  }

  /** Remembers the bytes of a result that {@linkcode Memory.takes}. */
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
