/**
 * Constructors of {@linkcode StaleReason}, one for each kind. The lookup of a call, the answer of `why`, the list of
 * stale entries and the comparison of entries all make reasons here, so that each says a change in the same words.
 *
 * @module
 */
import type { StaleReason } from "../words/events.ts";
import type { ChildDependency } from "../words/records.ts";

/** Short texts of a value before and after a change; absent where there was no value. */
export interface Previews {
  readonly before?: string;
  readonly after?: string;
}

/** Returns previews without the member that is `undefined`. */
export function previewsOf(before: string | undefined, after: string | undefined): Previews {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

/** Reason for a call whose function has no entry to compare with. */
export function firstReason(): StaleReason {
  return { kind: "first" };
}

/** Reason for a call that the caller wants to run again. */
export function forcedReason(): StaleReason {
  return { kind: "forced" };
}

/** Reason for a call for which the caller does not want the cache to be read. */
export function unreadReason(): StaleReason {
  return { kind: "unread" };
}

/** Reason for an entry that cannot be used. @param detail Cause, in words. */
export function damagedReason(detail: string): StaleReason {
  return { kind: "damaged", detail };
}

/** Reason for a result that is older than it may be. */
export function expiredReason(ageMs: number, maxAgeMs: number): StaleReason {
  return { kind: "expired", ageMs, maxAgeMs };
}

/** Reason for a result that `validate` does not want. */
export function refusedReason(): StaleReason {
  return { kind: "refused" };
}

/** Reason for an argument, or a part of one, that differs. @param path Path such as `args.x.rows[0]`. */
export function argumentReason(path: string, previews: Previews = {}): StaleReason {
  return { kind: "argument", path, ...previews };
}

/** Reason for a value of `dependsOnVars`, or a part of one, that differs. @param path Path such as `vars.rate`. */
export function variableReason(path: string, previews: Previews): StaleReason {
  return { kind: "variable", path, ...previews };
}

/**
 * Reason for a codec that differs.
 *
 * @param name Name of the codec; `null` for the order of all.
 * @param before True when there was such a codec.
 * @param after True when there is one now.
 */
export function codecReason(name: string | null, before: boolean, after: boolean): StaleReason {
  if (name === null) return { kind: "codec", name, change: "order" };
  return { kind: "codec", name, change: !after ? "removed" : before ? "changed" : "added" };
}

/** Reason for an option `version` that differs. */
export function versionReason(previews: Previews): StaleReason {
  return { kind: "version", ...previews };
}

/** Reason for a package, or Deno itself, with another version or integrity. */
export function packageReason(name: string, previews: Previews): StaleReason {
  return { kind: "package", name, ...previews };
}

/** Reason for a function, class or captured value that differs. @param module Module that declares it, if known. */
export function codeReason(
  name: string,
  module: string | undefined,
  change: "changed" | "added" | "removed",
  previews: Previews = {},
): StaleReason {
  return { kind: "code", name, ...(module === undefined ? {} : { module }), change, ...previews };
}

/** Kind of difference of a file, a folder, a link or their metadata. */
type FileChange = (StaleReason & { readonly kind: "file" })["change"];

/**
 * Reason for a file, folder or link that differs.
 *
 * @param path Portable path.
 * @param before True when something was at the path.
 * @param after True when something is at the path now.
 * @param change Kind of difference, for the case that something is there before and after.
 * @param detail Cause, with the remedy, when the path could not be looked at.
 */
export function fileReason(
  path: string,
  before: boolean,
  after: boolean,
  change: Exclude<FileChange, "appeared" | "vanished">,
  detail?: string,
): StaleReason {
  if (!after) return { kind: "file", path, change: "vanished" };
  if (detail !== undefined) return { kind: "file", path, change, detail };
  return { kind: "file", path, change: before ? change : "appeared" };
}

/**
 * Reason for an environment variable that differs.
 *
 * @param name Name of the variable; `*` for all of them.
 * @param before True when the variable was set.
 * @param after True when the variable is set now.
 * @param detail Cause, with the remedy, when the variable could not be looked at.
 */
export function environmentReason(name: string, before: boolean, after: boolean, detail?: string): StaleReason {
  if (!after) return { kind: "env", name, change: "unset" };
  if (detail !== undefined) return { kind: "env", name, change: "changed", detail };
  return { kind: "env", name, change: before ? "changed" : "set" };
}

/** Reason for a working directory that differs. */
export function cwdReason(): StaleReason {
  return { kind: "cwd" };
}

/**
 * Reason for an inner call that would now have another outcome than the recorded one.
 *
 * @param child The inner call, as the trace has it.
 * @param change Kind of difference.
 * @param reasons Reasons that made the inner call differ, down to the root cause.
 */
export function childReason(
  { functionId, key }: Pick<ChildDependency, "functionId" | "key">,
  change: (StaleReason & { readonly kind: "child" })["change"],
  reasons: readonly StaleReason[] = [],
): StaleReason {
  return { kind: "child", functionId, key, change, reasons };
}
