/**
 * Checking a cache against itself: records, blobs, graph, indexes and files, each from both sides.
 *
 * Safe beside processes that are using the cache: what looks wrong is looked at again before it is reported, since a
 * writer may have been in the middle of a step.
 *
 * @module
 */
import type { Cache } from "./store/cache_dir.ts";
import { checkEntries } from "./verify/entries.ts";
import { checkFiles } from "./verify/files.ts";
import { checkIndexes } from "./verify/indexes.ts";
import { type VerifyOptions, type VerifyResult, VerifyState } from "./verify/state.ts";

export type { Problem, ProblemKind, VerifyOptions, VerifyResult } from "./verify/state.ts";

/**
 * Checks everything.
 *
 * @param cache The cache.
 * @param options Whether to mend.
 * @returns What was found.
 */
export async function verify(cache: Cache, options: VerifyOptions = {}): Promise<VerifyResult> {
  const release = cache.use();
  try {
    const state = new VerifyState(cache, options);
    const records = await checkEntries(cache, state);
    await checkIndexes(cache, state, records);
    await checkFiles(cache, state);
    state.finish();
    return { checked: state.checked, problems: state.problems, repaired: state.repaired };
  } finally {
    release();
  }
}
