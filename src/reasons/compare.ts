/**
 * Differences between two calls, and between the dependencies of two executions, as reasons.
 *
 * @module
 */
import type { StaleReason } from "../words/events.ts";
import type {
  ChildDependency,
  Dependency,
  EntryRecord,
  EnvironmentDependency,
  FileDependency,
  FingerprintPart,
  Trace,
  ValuePart,
} from "../words/records.ts";
import {
  argumentReason,
  childReason,
  codecReason,
  codeReason,
  cwdReason,
  environmentReason,
  fileReason,
  packageReason,
  type Previews,
  previewsOf,
  variableReason,
  versionReason,
} from "./make_reason.ts";

/**
 * Returns a reason for each dependency that both executions read and found different.
 *
 * A dependency that only one of them read is left out: which files are read follows from arguments and code, so it is a
 * consequence, not a cause.
 *
 * @param before The earlier execution.
 * @param after The later execution.
 * @returns One reason per dependency: files, then other dependencies, environment variables and inner calls, each group
 * in the order of the later execution.
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
    const [before, after] = [old !== null, dependency.digest !== null];
    switch (dependency.kind) {
      case "directory":
        reasons.push(fileReason(dependency.path, before, after, "listing"));
        break;
      case "stat":
        reasons.push(fileReason(dependency.path, before, after, "metadata"));
        break;
      case "link":
        reasons.push(fileReason(dependency.path, before, after, "link"));
        break;
      case "cwd":
        reasons.push(cwdReason());
        break;
      case "file":
      case "env":
        break; // other functions compare them
      default:
        return dependency satisfies never;
    }
  }
  return reasons;
}

/** Returns a text that is equal for dependencies on the same thing; `null` for kinds that other functions compare. */
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
    reasons.push(environmentReason(name, old !== null, digest !== null));
  }
  return reasons;
}

function compareChildren(before: readonly ChildDependency[], after: readonly ChildDependency[]): StaleReason[] {
  const earlier = Map.groupBy(before, (child) => child.functionId);
  const reasons: StaleReason[] = [];
  for (const child of after) {
    const old = earlier.get(child.functionId)?.shift();
    if (!old || old.outcome === child.outcome) continue;
    reasons.push(childReason(child, "result"));
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
 * Returns a reason for each part of the code that differs.
 *
 * Names are metadata: a part that only changed its name or its module has the same digest and is no difference.
 *
 * @param before Parts of the earlier call's fingerprint.
 * @param after Parts of the later call's fingerprint.
 * @returns One reason per part; empty when all parts agree.
 */
export function compareParts(before: readonly FingerprintPart[], after: readonly FingerprintPart[]): StaleReason[] {
  const removed = new Set(before);
  const added = new Set(after);
  // From the strictest pairing to the loosest; each part is paired once.
  const changed: [FingerprintPart, FingerprintPart][] = [];
  pair(removed, added, (part) => `${part.kind}\0${part.name}\0${part.module ?? ""}\0${part.digest}`);
  pair(removed, added, (part) => `${part.kind}\0${part.digest}`);
  changed.push(...pair(removed, added, (part) => `${part.name}\0${part.module ?? ""}`));
  changed.push(...pair(removed, added, (part) => `${part.kind}\0${part.name}`));

  const pairOf = new Map(changed.map(([old, now]) => [now, old]));
  const reasons: StaleReason[] = [];
  for (const part of after) {
    const old = pairOf.get(part);
    if (old) reasons.push(partReason(part, "changed", previewsOfBoth(old, part)));
    else if (added.has(part)) reasons.push(partReason(part, "added", previewsOf(undefined, part.preview)));
  }
  for (const part of removed) reasons.push(partReason(part, "removed", previewsOf(part.preview, undefined)));
  return reasons;
}

/** Removes from both sets the parts for which `keyOf` is equal, in order, and returns them as pairs. */
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
  previews: Previews,
): StaleReason {
  return part.kind === "package" || part.kind === "runtime"
    ? packageReason(part.name, previews)
    : codeReason(part.name, part.module, change, previews);
}

/**
 * Returns a reason for each leaf that differs, in the order of the later call; leaves that only the earlier call has
 * come last.
 *
 * The path decides the kind of the reason: `env.…`, `vars.…`, `codecs.…`, `version`, and an argument otherwise. Declared files
 * (`files.…`) are compared by {@linkcode compareFiles}.
 *
 * @param before Leaves of the earlier call.
 * @param after Leaves of the later call.
 * @returns One reason per leaf; empty when all leaves agree.
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
  // Where a codec came or went, the list of all differs, too.
  const isListed = reasons.some((reason) => reason.kind === "codec" && /^(?:added|removed)$/.test(reason.change));
  return withoutWholes(
    isListed ? reasons.filter((reason) => !("change" in reason && reason.change === "order")) : reasons,
  );
}

/** Drops the reason for a changed instance when some of its own properties have reasons, which say more. */
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
 * Returns a reason for each declared file whose content differs, and for each file that only one of the calls names.
 *
 * Naming another file is a change of an argument, whatever the files hold.
 *
 * @param before Files of the earlier call.
 * @param after Files of the later call.
 * @returns One reason per file; empty when all files agree.
 */
export function compareFiles(before: readonly FileDependency[], after: readonly FileDependency[]): StaleReason[] {
  const reasons = compareContents(before, after);
  const [earlier, later] = [new Set(before.map(({ path }) => path)), new Set(after.map(({ path }) => path))];
  const dropped = [...earlier.difference(later)];
  const added = [...later.difference(earlier)];
  for (let index = 0; index < Math.max(dropped.length, added.length); index++) {
    const [old, now] = [dropped[index], added[index]];
    reasons.push(argumentReason("files", previewsOf(old, now)));
  }
  return reasons;
}

/**
 * Returns a reason for each file that is in both lists and whose content differs.
 *
 * @param before Files of the earlier call.
 * @param after Files of the later call.
 * @returns One reason per file; empty when all files agree.
 */
function compareContents(before: readonly FileDependency[], after: readonly FileDependency[]): StaleReason[] {
  const reasons: StaleReason[] = [];
  const earlier = new Map(before.map((file) => [file.path, file.digest]));
  for (const { path, digest } of after) {
    const old = earlier.get(path);
    if (old === undefined || old === digest) continue;
    earlier.delete(path);
    reasons.push(fileReason(path, old !== null, digest !== null, "content"));
  }
  return reasons;
}

/**
 * Previews of something before and after. When it was there both times and has one preview, it is a secret by the options
 * or the rules of one of the calls alone, and is not shown.
 */
function previewsOfBoth(before: Previewed | undefined, after: Previewed | undefined): Previews {
  const isHidden = before && after && (before.preview === undefined || after.preview === undefined);
  return isHidden ? {} : previewsOf(before?.preview, after?.preview);
}

/** A leaf of an input, or a part of a fingerprint. */
type Previewed = Pick<ValuePart | FingerprintPart, "preview">;

function valueReason(path: string, before: ValuePart | undefined, after: ValuePart | undefined): StaleReason {
  const previews = previewsOfBoth(before, after);
  if (path === "version") return versionReason(previews);
  if (path === "codecs") return codecReason(null, true, true);
  if (path.startsWith("codecs.")) {
    return codecReason(path.slice("codecs.".length), before !== undefined, after !== undefined);
  }
  if (path.startsWith("vars.")) return variableReason(path, previews);
  if (!path.startsWith("env.")) return argumentReason(path, previews);
  // A digest of null says that the variable was not set; so does a missing leaf.
  const isSet = (part: ValuePart | undefined) => part !== undefined && part.digest !== null;
  return environmentReason(path.slice("env.".length), isSet(before), isSet(after));
}

function isFileDependency({ path }: ValuePart): boolean {
  return path.startsWith("files.");
}

/** Parts of a call that a comparison needs. A stored record has all of them; a call that has not run has no traces. */
export type ComparableCall =
  & Pick<EntryRecord, "fname" | "fingerprint" | "parts" | "values" | "files">
  & Partial<Pick<EntryRecord, "traces" | "createdMs">>;

/**
 * Returns the differences between two calls: arguments by path, code by symbol, packages, version, environment, files,
 * inner calls.
 *
 * Dependencies that were read count only when the newest traces of both calls have them.
 *
 * @param before The earlier call.
 * @param after The later call.
 * @returns One reason per difference, arguments and declared values first; empty when the calls do not differ.
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
    // The parts are equal and refer to each other differently: only the code as a whole can be named.
    code.push(codeReason(after.fname, undefined, "changed"));
  }
  reasons.push(...code, ...compareFiles(before.files, after.files));
  const [earlier, later] = [before.traces?.[0], after.traces?.[0]];
  if (earlier && later) reasons.push(...compareTraces(earlier, later));
  return distinctReasons(reasons);
}

/**
 * Returns the call among `candidates` that differs least from `target`: the call that a reader would have expected to
 * be used.
 *
 * A call with the same arguments is nearer than one with the same code, since the user asks why *this* call runs; among
 * equally near calls the newest is taken.
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
 * Returns the distance between two calls. A group of reasons (arguments, code, rest) weighs more than the number of
 * reasons in it, so that one changed argument with a hundred leaves still counts as one.
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

/** Keeps one reason per file and per environment variable: one that is both declared and read is in both lists. */
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
