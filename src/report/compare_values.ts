/**
 * What differs between the values of two calls: arguments, declared variables, environment, version, declared files.
 *
 * @module
 */
import type { StaleReason } from "../events.ts";
import type { FileDependency, ValuePart } from "../records.ts";

/**
 * Reasons for each leaf that differs, in the order of the later call; leaves that only the earlier one had come last.
 *
 * The path tells the kind: `env.…`, `vars.…`, `files.…`, `version`, and an argument otherwise.
 *
 * @param before Leaves of the earlier call.
 * @param after Leaves of the later call.
 * @returns One reason a leaf; empty when all agree.
 */
export function compareValues(before: readonly ValuePart[], after: readonly ValuePart[]): StaleReason[] {
  const reasons: StaleReason[] = [];
  const earlier = new Map(before.map((part) => [part.path, part]));
  const seen = new Set<string>();
  for (const part of after) {
    if (seen.has(part.path)) continue;
    seen.add(part.path);
    const old = earlier.get(part.path);
    if (old?.digest !== part.digest) reasons.push(valueReason(part.path, old, part));
  }
  for (const part of earlier.values()) {
    if (!seen.has(part.path)) reasons.push(valueReason(part.path, part, undefined));
  }
  return reasons;
}

/**
 * Reasons for each file whose content differs.
 *
 * @param before Files of the earlier call.
 * @param after Files of the later call.
 * @param onlyShared Leave out files that only one of the two names: which files are observed follows from the inputs.
 * @returns One reason a file; empty when all agree.
 */
export function compareFiles(
  before: readonly FileDependency[],
  after: readonly FileDependency[],
  onlyShared = false,
): StaleReason[] {
  const reasons: StaleReason[] = [];
  const earlier = new Map(before.map((file) => [file.path, file.digest]));
  const seen = new Set<string>();
  for (const { path, digest } of after) {
    if (seen.has(path)) continue;
    seen.add(path);
    const old = earlier.get(path);
    if (old === digest || (onlyShared && old === undefined)) continue;
    reasons.push({ kind: "file", path, change: contentChange(old ?? null, digest) });
  }
  if (onlyShared) return reasons;
  for (const [path, digest] of earlier) {
    if (!seen.has(path)) reasons.push({ kind: "file", path, change: contentChange(digest, null) });
  }
  return reasons;
}

function valueReason(path: string, before: ValuePart | undefined, after: ValuePart | undefined): StaleReason {
  const previews = {
    ...(before?.preview === undefined ? {} : { before: before.preview }),
    ...(after?.preview === undefined ? {} : { after: after.preview }),
  };
  if (path === "version") return { kind: "version", ...previews };
  if (path.startsWith("vars.")) return { kind: "variable", path, ...previews };
  // A digest of null says that the variable or file was absent; so does a missing leaf.
  const had = before !== undefined && before.digest !== null;
  const has = after !== undefined && after.digest !== null;
  if (path.startsWith("env.")) {
    return { kind: "env", name: path.slice("env.".length), change: had && has ? "changed" : has ? "set" : "unset" };
  }
  if (path.startsWith("files.")) {
    const change = had && has ? "content" : has ? "appeared" : "vanished";
    return { kind: "file", path: path.slice("files.".length), change };
  }
  return { kind: "argument", path, ...previews };
}

function contentChange(before: string | null, after: string | null): "content" | "appeared" | "vanished" {
  if (before === null) return "appeared";
  return after === null ? "vanished" : "content";
}
