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
 * The path tells the kind: `env.…`, `vars.…`, `version`, and an argument otherwise. Declared files (`files.…`) are
 * compared by {@linkcode compareFiles}.
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
    if (seen.has(part.path) || isFile(part)) continue;
    seen.add(part.path);
    const old = earlier.get(part.path);
    if (old?.digest !== part.digest) reasons.push(valueReason(part.path, old, part));
  }
  for (const part of earlier.values()) {
    if (!seen.has(part.path) && !isFile(part)) reasons.push(valueReason(part.path, part, undefined));
  }
  return withoutWholes(reasons);
}

/** An instance that differs is told by those of its own properties that differ, where there are any. */
function withoutWholes(reasons: readonly StaleReason[]): StaleReason[] {
  const differing = new Set<string>();
  for (const path of reasons.map(pathOf)) {
    for (const { index } of path.matchAll(/[.[]/g)) differing.add(path.slice(0, index));
  }
  const isChange = (reason: StaleReason) => "before" in reason && "after" in reason;
  return reasons.filter((reason) => !isChange(reason) || !differing.has(pathOf(reason)));
}

function pathOf(reason: StaleReason): string {
  return reason.kind === "argument" || reason.kind === "variable" ? reason.path : "";
}

/**
 * Reasons for each declared file whose content differs, and for each that only one of the calls names.
 *
 * A file that is named instead of another is another argument, whatever it holds.
 *
 * @param before Files of the earlier call.
 * @param after Files of the later call.
 * @returns One reason a file; empty when all agree.
 */
export function compareFiles(before: readonly FileDependency[], after: readonly FileDependency[]): StaleReason[] {
  const reasons = compareContents(before, after);
  const [earlier, later] = [new Set(before.map(({ path }) => path)), new Set(after.map(({ path }) => path))];
  const dropped = [...earlier.difference(later)];
  const added = [...later.difference(earlier)];
  for (let index = 0; index < Math.max(dropped.length, added.length); index++) {
    const [old, now] = [dropped[index], added[index]];
    reasons.push({
      kind: "argument",
      path: "files",
      ...(old === undefined ? {} : { before: old }),
      ...(now === undefined ? {} : { after: now }),
    });
  }
  return reasons;
}

/**
 * Reasons for each file that both calls have and whose content differs.
 *
 * @param before Files of the earlier call.
 * @param after Files of the later call.
 * @returns One reason a file; empty when all agree.
 */
export function compareContents(before: readonly FileDependency[], after: readonly FileDependency[]): StaleReason[] {
  const reasons: StaleReason[] = [];
  const earlier = new Map(before.map((file) => [file.path, file.digest]));
  for (const { path, digest } of after) {
    const old = earlier.get(path);
    if (old === undefined || old === digest) continue;
    earlier.delete(path);
    reasons.push({ kind: "file", path, change: contentChange(old, digest) });
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
  // A digest of null says that the variable was not set; so does a missing leaf.
  const had = before !== undefined && before.digest !== null;
  const has = after !== undefined && after.digest !== null;
  if (path.startsWith("env.")) {
    return { kind: "env", name: path.slice("env.".length), change: had && has ? "changed" : has ? "set" : "unset" };
  }
  return { kind: "argument", path, ...previews };
}

function isFile({ path }: ValuePart): boolean {
  return path.startsWith("files.");
}

function contentChange(before: string | null, after: string | null): "content" | "appeared" | "vanished" {
  if (before === null) return "appeared";
  return after === null ? "vanished" : "content";
}
