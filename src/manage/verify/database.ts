/**
 * Checks of the database itself, before anything in it is compared with anything else: of its pages, and of each row.
 *
 * A file of its own, as each part of a check: entries, indexes, files.
 *
 * @module
 */
import { isDigest } from "../../words/digests.ts";
import type { Cache } from "../../store/cache_dir.ts";
import { findDefect, findUnreadable, lookAtEntry, removeUnreadable } from "../../store/inspect.ts";
import type { VerifyState } from "./state.ts";

/** Looks for damage in the file, and for rows that Deno.Kv cannot decode. */
export async function checkDatabase(cache: Cache, state: VerifyState): Promise<void> {
  const { meta } = cache.layout;
  if (cache.refused !== null || lookAtEntry(meta) === null) return;
  const defect = await findDefect(meta, "whole");
  if (defect === undefined) return; // another program holds the database, which the next check meets as well
  if (defect !== null) {
    const detail = `The database cannot be read as a whole: ${defect}`;
    await state.found({ key: "", kind: "damaged-database", detail }, async () => {
      await cache.records.garbage.handle.replaceDamaged(defect);
      cache.bumpGeneration();
      return "its records that can be read were copied into a new one";
    });
    return;
  }
  for (const { k, key, detail } of await findUnreadable(meta)) {
    const part = key?.[1];
    await state.found({ key: isDigest(part) ? part : "", kind: "unreadable-row", detail }, () => {
      const removed = removeUnreadable(meta, [k]);
      cache.bumpGeneration();
      return removed > 0 ? "it was deleted" : "it was written anew meanwhile";
    });
  }
}
