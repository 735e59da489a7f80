/**
 * What differs between what two executions observed.
 *
 * @module
 */
import type { StaleReason } from "../words/events.ts";
import type {
  ChildDependency,
  Dependency,
  EnvironmentDependency,
  FileDependency,
  FingerprintPart,
  Trace,
  ValuePart,
} from "../words/records.ts";

/**
 * Reasons for each dependency that both executions observed and found different.
 *
 * What only one of them observed is left out: which files are read follows from arguments and code, so it is a
 * consequence, not a cause.
 *
 * @param before The earlier execution.
 * @param after The later execution.
 * @returns One reason a dependency, in the order of the later execution.
 */
export function compareTraces(before: Trace, after: Trace): StaleReason[] {
  return [
    ...compareContents(files(before), files(after)),
    ...compareOthers(before.dependencies, after.dependencies),
    ...compareEnvironment(environment(before), environment(after)),
    ...compareChildren(children(before), children(after)),
  ];
}

function compareOthers(before: readonly Dependency[], after: readonly Dependency[]): StaleReason[] {
  const earlier = new Map<string, string | null>();
  for (const dependency of before) {
    const identity = identityOfDependency(dependency);
    if (identity !== null && "digest" in dependency) earlier.set(identity, dependency.digest);
  }
  const reasons: StaleReason[] = [];
  for (const dependency of after) {
    const identity = identityOfDependency(dependency);
    if (identity === null || !("digest" in dependency)) continue;
    const old = earlier.get(identity);
    if (old === undefined || old === dependency.digest) continue;
    earlier.delete(identity);
    const presence = old === null ? "appeared" : dependency.digest === null ? "vanished" : null;
    switch (dependency.kind) {
      case "directory":
        reasons.push({ kind: "file", path: dependency.path, change: presence ?? "listing" });
        break;
      case "stat":
        reasons.push({ kind: "file", path: dependency.path, change: presence ?? "metadata" });
        break;
      case "link":
        reasons.push({ kind: "file", path: dependency.path, change: presence ?? "link" });
        break;
      case "cwd":
        reasons.push({ kind: "cwd" });
        break;
    }
  }
  return reasons;
}

/** What makes two observations the same question; `null` for the kinds that are compared elsewhere. */
function identityOfDependency(dependency: Dependency): string | null {
  switch (dependency.kind) {
    case "directory":
      return `directory\0${dependency.path}`;
    case "stat":
      return `stat\0${dependency.path}\0${dependency.aspects}\0${dependency.followed}`;
    case "link":
      return `link\0${dependency.path}\0${dependency.aspect}`;
    case "cwd":
      return "cwd";
    case "file":
    case "env":
    case "child":
      return null;
    default: {
      const unknown: never = dependency;
      return unknown;
    }
  }
}

function compareEnvironment(
  before: readonly EnvironmentDependency[],
  after: readonly EnvironmentDependency[],
): StaleReason[] {
  const earlier = new Map(before.map(({ name, digest }) => [name, digest]));
  const reasons: StaleReason[] = [];
  for (const { name, digest } of after) {
    const old = earlier.get(name);
    if (old === undefined || old === digest) continue;
    earlier.delete(name);
    reasons.push({ kind: "env", name, change: old === null ? "set" : digest === null ? "unset" : "changed" });
  }
  return reasons;
}

function compareChildren(before: readonly ChildDependency[], after: readonly ChildDependency[]): StaleReason[] {
  const earlier = Map.groupBy(before, (child) => child.functionId);
  const reasons: StaleReason[] = [];
  for (const child of after) {
    const old = earlier.get(child.functionId)?.shift();
    if (!old || old.outcome === child.outcome) continue;
    reasons.push({ kind: "child", functionId: child.functionId, key: child.key, change: "result", reasons: [] });
  }
  return reasons;
}

function files(trace: Trace): FileDependency[] {
  return trace.dependencies.filter((dependency) => dependency.kind === "file");
}

function environment(trace: Trace): EnvironmentDependency[] {
  return trace.dependencies.filter((dependency) => dependency.kind === "env");
}

function children(trace: Trace): ChildDependency[] {
  return trace.dependencies.filter((dependency) => dependency.kind === "child");
}

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
    if (seen.has(part.path) || isFileDependency(part)) continue;
    seen.add(part.path);
    const old = earlier.get(part.path);
    if (old?.digest !== part.digest) reasons.push(valueReason(part.path, old, part));
  }
  for (const part of earlier.values()) {
    if (!seen.has(part.path) && !isFileDependency(part)) reasons.push(valueReason(part.path, part, undefined));
  }
  return withoutWholes(reasons);
}

/** An instance that differs is told by those of its own properties that differ, where there are any. */
function withoutWholes(reasons: readonly StaleReason[]): StaleReason[] {
  const differing = new Set<string>();
  for (const path of reasons.map(pathOfReason)) {
    for (const { index } of path.matchAll(/[.[]/g)) differing.add(path.slice(0, index));
  }
  const isChange = (reason: StaleReason) => "before" in reason && "after" in reason;
  return reasons.filter((reason) => !isChange(reason) || !differing.has(pathOfReason(reason)));
}

function pathOfReason(reason: StaleReason): string {
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
function compareContents(before: readonly FileDependency[], after: readonly FileDependency[]): StaleReason[] {
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

function isFileDependency({ path }: ValuePart): boolean {
  return path.startsWith("files.");
}

function contentChange(before: string | null, after: string | null): "content" | "appeared" | "vanished" {
  if (before === null) return "appeared";
  return after === null ? "vanished" : "content";
}
