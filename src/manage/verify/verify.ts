/**
 * The order of the checks of a cache: database, records, blobs, indexes, graph and files, each compared with the others. A file
 * of its own beside `tasks.ts`, so that only a program that verifies a cache loads the checks.
 *
 * The checks are safe beside processes that use the cache: a problem is looked at again before it is reported, since a
 * writer may have been in the middle of a step.
 *
 * @module
 */
import type { Cache } from "../../store/cache_dir.ts";
import { isBeingCleared } from "../../store/clear.ts";
import { removeCleared } from "../../store/inspect.ts";
import { checkDatabase } from "./database.ts";
import { checkEntries, checkReferences } from "./entries.ts";
import { checkFiles } from "./files.ts";
import { checkGraph, checkSummaries } from "./indexes.ts";
import { letOthersFinish, type Problem, type VerifyOptions, type VerifyResult, VerifyState } from "./state.ts";

export type { Problem, ProblemKind, VerifyOptions, VerifyResult } from "./state.ts";

/** Largest number of times that a check begins again because the cache was cleared during the check. */
const ATTEMPTS = 10;

/**
 * Checks a whole cache, and mends it when asked to.
 *
 * @param cache The cache.
 * @param options See {@linkcode VerifyOptions}.
 * @returns The findings.
 */
export async function verify(cache: Cache, options: VerifyOptions = {}): Promise<VerifyResult> {
  const release = cache.use();
  try {
    const mended = await openAndMend(cache);
    for (let attempt = 0;; attempt++) {
      // A process that was killed while it emptied the cache may have left results aside that entries need.
      if (options.repair === true && !cache.readOnly) await removeCleared(cache.layout, cache.records.garbage);
      const era = await cache.records.era();
      const state = new VerifyState(cache, attempt === 0 ? options : { ...options, resume: false });
      await checkDatabase(cache, state);
      state.expect(await countEntries(cache));
      const records = await checkEntries(cache, state);
      await checkReferences(cache, state, records);
      await checkSummaries(cache, state, records);
      await checkGraph(cache, state, records);
      await checkFiles(cache, state);
      // In a cache that was cleared meanwhile, one half was seen before the clearing and the other half after it.
      if (state.problems.length > 0 && attempt < ATTEMPTS) {
        while (isBeingCleared(cache)) await letOthersFinish();
        if (await cache.records.era() !== era) continue;
      }
      state.finish();
      const problems = [...mended, ...state.problems];
      return { checked: state.checked, problems, repaired: state.repaired + mended.length };
    }
  } finally {
    release();
  }
}

/**
 * Opens the database. Damage that would end the program is mended at that, whatever is asked for.
 *
 * @returns What was mended.
 */
async function openAndMend(cache: Cache): Promise<Problem[]> {
  const mended: Problem[] = [];
  let isNew = false;
  const stopListening = cache.onReport(({ kind, detail }) => {
    if (isNew && kind === "damaged" && !cache.readOnly) mended.push({ key: "", kind: "damaged-database", detail });
  });
  isNew = true; // the listener has been told what was reported before
  try {
    await cache.records.era();
  } finally {
    stopListening();
  }
  return mended;
}

/** Number of entries in the list. Their results are digested, which takes most of the time. */
async function countEntries(cache: Cache): Promise<number> {
  let count = 0;
  for await (const page of cache.records.summaryPages()) count += page.length;
  return count;
}
