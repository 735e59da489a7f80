/**
 * What differs between two calls of a function, element by element, and which stored call is nearest to a new one.
 *
 * Pure: takes records, reads no store. Used by a miss, by `why` and by the command line alike, so that all three say
 * the same.
 *
 * @module
 */
import type { StaleReason } from "../words/events.ts";
import type { EntryRecord } from "../words/records.ts";
import { compareFiles, compareParts, compareTraces, compareValues } from "./compare.ts";

/** What a comparison needs of a call. A stored record has all of it; a call that has not run has no traces yet. */
export type ComparableCall =
  & Pick<EntryRecord, "fname" | "fingerprint" | "parts" | "values" | "files">
  & Partial<Pick<EntryRecord, "traces" | "createdMs">>;

/**
 * What differs between two calls: arguments by path, code by symbol, packages, version, environment, files, children.
 *
 * Observed dependencies count only when both calls observed them, by the newest trace of each.
 *
 * @param before The earlier call.
 * @param after The later call.
 * @returns One reason an element, arguments first; empty when the calls do not differ.
 *
 * @example The same call after a helper was edited
 * ```ts ignore
 * diffEntries(before, after); // [{ kind: "code", name: "scale", module: "src/stats.ts", change: "changed" }]
 * ```
 */
export function diffEntries(before: ComparableCall, after: ComparableCall): StaleReason[] {
  const reasons = compareValues(before.values, after.values);
  const code = compareParts(before.parts, after.parts);
  if (code.length === 0 && before.fingerprint !== after.fingerprint) {
    // The parts are the same, but not what refers to what: the code as a whole is all that can be named.
    code.push({ kind: "code", name: after.fname, change: "changed" });
  }
  reasons.push(...code, ...compareFiles(before.files, after.files));
  const [earlier, later] = [before.traces?.[0], after.traces?.[0]];
  if (earlier && later) reasons.push(...compareTraces(earlier, later));
  return distinctReasons(reasons);
}

/**
 * The call among `candidates` that differs least from `target`: the one that a reader would have expected to be used.
 *
 * A call with the same arguments is nearer than one with the same code, since the user asks why *this* call runs
 * again; among equals the newest is taken.
 *
 * @param candidates Stored calls of the same function.
 * @param target The call to explain.
 * @returns The nearest call; `null` when there is no candidate.
 */
export function closestEntry<Candidate extends ComparableCall>(
  candidates: Iterable<Candidate>,
  target: ComparableCall,
): Candidate | null {
  let closest: Candidate | null = null;
  let least = Infinity;
  for (const candidate of candidates) {
    const distance = distanceOf(diffEntries(candidate, target));
    const isNewer = (candidate.createdMs ?? 0) > (closest?.createdMs ?? 0);
    if (distance < least || (distance === least && isNewer)) {
      closest = candidate;
      least = distance;
    }
  }
  return closest;
}

/**
 * How far apart two calls are. That a group differs at all weighs more than by how many elements, so that one changed
 * argument with a hundred leaves is still one.
 */
function distanceOf(reasons: readonly StaleReason[]): number {
  let inputs = 0;
  let code = 0;
  let rest = 0;
  for (const { kind } of reasons) {
    if (kind === "argument") inputs += 1;
    else if (kind === "code" || kind === "package") code += 1;
    else rest += 1;
  }
  const weigh = (count: number, first: number) => count === 0 ? 0 : first + Math.min(count, first - 1) + count / 1e6;
  return weigh(inputs, 1_000) + weigh(code, 30) + weigh(rest, 20);
}

/** A declared file shows both among the values and among the files: told once. */
function distinctReasons(reasons: readonly StaleReason[]): StaleReason[] {
  const told = new Set<string>();
  return reasons.filter((reason) => {
    if (reason.kind !== "file" && reason.kind !== "env") return true;
    const identity = reason.kind === "file" ? `file\0${reason.path}` : `env\0${reason.name}`;
    if (told.has(identity)) return false;
    told.add(identity);
    return true;
  });
}
