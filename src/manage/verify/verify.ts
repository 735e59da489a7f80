/**
 * Checking a cache against itself: records, blobs, graph, indexes and files, each from both sides.
 *
 * Safe beside processes that are using the cache: what looks wrong is looked at again before it is reported, since a
 * writer may have been in the middle of a step.
 *
 * @module
 */
import { type Cache, isBeingCleared } from "../../store/cache_dir.ts";
import { checkEntries, checkReferences } from "./entries.ts";
import { checkFiles } from "./files.ts";
import { checkGraph, checkSummaries } from "./indexes.ts";
import { letOthersFinish, type VerifyOptions, type VerifyResult, VerifyState } from "./state.ts";

export type { Problem, ProblemKind, VerifyOptions, VerifyResult } from "./state.ts";

/** Times that a check begins again because the cache was emptied under it. */
const ATTEMPTS = 10;

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
    for (let attempt = 0;; attempt++) {
      const era = await cache.records.era();
      const state = new VerifyState(cache, attempt === 0 ? options : { ...options, resume: false });
      const records = await checkEntries(cache, state);
      await checkReferences(cache, state, records);
      await checkSummaries(cache, state, records);
      await checkGraph(cache, state, records);
      await checkFiles(cache, state);
      // Of a cache that was emptied meanwhile, half was seen before and half after.
      if (state.problems.length > 0 && attempt < ATTEMPTS) {
        while (isBeingCleared(cache)) await letOthersFinish();
        if (await cache.records.era() !== era) continue;
      }
      state.finish();
      return { checked: state.checked, problems: state.problems, repaired: state.repaired };
    }
  } finally {
    release();
  }
}
