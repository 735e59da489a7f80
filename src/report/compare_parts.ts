/**
 * What differs between the code of two calls: functions, captured values, packages.
 *
 * @module
 */
import type { StaleReason } from "../events.ts";
import type { FingerprintPart } from "../records.ts";

/**
 * Reasons for each part of the code that differs.
 *
 * Names are metadata: a part that only changed its name or its module has the same digest and is no difference.
 *
 * @param before Parts of the earlier call's fingerprint.
 * @param after Parts of the later call's fingerprint.
 * @returns One reason a part; empty when all agree.
 */
export function compareParts(before: readonly FingerprintPart[], after: readonly FingerprintPart[]): StaleReason[] {
  const removed = new Set(before);
  const added = new Set(after);
  // From the surest pairing to the loosest; each part is paired once.
  const changed: [FingerprintPart, FingerprintPart][] = [];
  pair(removed, added, (part) => `${part.kind}\0${part.name}\0${part.module ?? ""}\0${part.digest}`);
  pair(removed, added, (part) => `${part.kind}\0${part.digest}`);
  changed.push(...pair(removed, added, (part) => `${part.name}\0${part.module ?? ""}`));
  changed.push(...pair(removed, added, (part) => `${part.kind}\0${part.name}`));

  const pairOf = new Map(changed.map(([old, now]) => [now, old]));
  const reasons: StaleReason[] = [];
  for (const part of after) {
    const old = pairOf.get(part);
    if (old) reasons.push(partReason(part, "changed", old.preview, part.preview));
    else if (added.has(part)) reasons.push(partReason(part, "added", undefined, part.preview));
  }
  for (const part of removed) reasons.push(partReason(part, "removed", part.preview, undefined));
  return reasons;
}

/** Takes out of both sets the parts that agree on `keyOf`, in order, and returns the pairs. */
function pair(
  before: Set<FingerprintPart>,
  after: Set<FingerprintPart>,
  keyOf: (part: FingerprintPart) => string,
): [FingerprintPart, FingerprintPart][] {
  const waiting = Map.groupBy(before, keyOf);
  const pairs: [FingerprintPart, FingerprintPart][] = [];
  for (const part of [...after]) {
    const old = waiting.get(keyOf(part))?.shift();
    if (!old) continue;
    before.delete(old);
    after.delete(part);
    pairs.push([old, part]);
  }
  return pairs;
}

function partReason(
  part: FingerprintPart,
  change: "changed" | "added" | "removed",
  before: string | undefined,
  after: string | undefined,
): StaleReason {
  const previews = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  if (part.kind === "package" || part.kind === "runtime") return { kind: "package", name: part.name, ...previews };
  return {
    kind: "code",
    name: part.name,
    ...(part.module === undefined ? {} : { module: part.module }),
    change,
    ...previews,
  };
}
