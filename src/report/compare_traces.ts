/**
 * What differs between what two executions observed.
 *
 * @module
 */
import type { StaleReason } from "../events.ts";
import type { ChildDependency, Dependency, EnvironmentDependency, FileDependency, Trace } from "../records.ts";
import { compareContents } from "./compare_values.ts";

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
    const identity = identityOf(dependency);
    if (identity !== null && "digest" in dependency) earlier.set(identity, dependency.digest);
  }
  const reasons: StaleReason[] = [];
  for (const dependency of after) {
    const identity = identityOf(dependency);
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
function identityOf(dependency: Dependency): string | null {
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
