/**
 * What the functions of one cache directory share in this process: the store, what is remembered of it, and the calls
 * that are running.
 *
 * @module
 */
import { fileDigestsFor } from "./files/open_digests.ts";
import type { FileDigests } from "./files/file_digests.ts";
import { Flights } from "./flights.ts";
import type { Landing } from "./landing.ts";
import { Memory } from "./memory.ts";
import { type Cache, openCache } from "./store/cache_dir.ts";

/** See the module. */
export interface Workspace {
  readonly cache: Cache;
  readonly memory: Memory;
  readonly flights: Flights<Landing>;
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
    workspace = { cache, memory: new Memory(), flights: new Flights(), files, hasWorked: false };
    shared.set(cache, workspace);
  }
  return workspace;
}
