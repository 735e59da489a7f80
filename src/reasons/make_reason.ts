/**
 * The makers of reasons, one for each kind of {@linkcode StaleReason}. What looks up a call, what asks why, what lists
 * stale entries and what compares two of them all say a change in the same words, because they make it here.
 *
 * @module
 */
import type { StaleReason } from "../words/events.ts";
import type { ChildDependency } from "../words/records.ts";

/** Short texts of what there was before and what there is after; absent for what was not there. */
export interface Previews {
  readonly before?: string;
  readonly after?: string;
}

/** Previews, of which either may be missing. */
export function previewsOf(before: string | undefined, after: string | undefined): Previews {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

/** The function has no entry to compare with. */
export function firstReason(): StaleReason {
  return { kind: "first" };
}

/** The caller wants it run again. */
export function forcedReason(): StaleReason {
  return { kind: "forced" };
}

/** The caller does not want the cache read. */
export function unreadReason(): StaleReason {
  return { kind: "unread" };
}

/** The entry cannot be used. @param detail Why, in words. */
export function damagedReason(detail: string): StaleReason {
  return { kind: "damaged", detail };
}

/** An argument, or a part of one, differs. @param path `args.x.rows[0]`. */
export function argumentReason(path: string, previews: Previews = {}): StaleReason {
  return { kind: "argument", path, ...previews };
}

/** A value of `dependsOnVars`, or a part of one, differs. @param path `vars.rate`. */
export function variableReason(path: string, previews: Previews): StaleReason {
  return { kind: "variable", path, ...previews };
}

/** The label that the user gives differs. */
export function versionReason(previews: Previews): StaleReason {
  return { kind: "version", ...previews };
}

/** A package, or Deno, has another version or integrity. */
export function packageReason(name: string, previews: Previews): StaleReason {
  return { kind: "package", name, ...previews };
}

/** A function, a class or a captured value differs. @param module Where it is declared, if that is known. */
export function codeReason(
  name: string,
  module: string | undefined,
  change: "changed" | "added" | "removed",
  previews: Previews = {},
): StaleReason {
  return { kind: "code", name, ...(module === undefined ? {} : { module }), change, ...previews };
}

/** How a file, a folder, a link or their metadata differ. */
type FileChange = (StaleReason & { readonly kind: "file" })["change"];

/**
 * Something at a path differs.
 *
 * @param path A portable path.
 * @param before Whether something was there.
 * @param after Whether something is there now.
 * @param change What differs, when something is there on both sides.
 * @param detail Why it could not be looked at, with the remedy.
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
 * An environment variable differs.
 *
 * @param name `*` for all of them.
 * @param before Whether it was set.
 * @param after Whether it is set now.
 * @param detail Why it could not be looked at, with the remedy.
 */
export function environmentReason(name: string, before: boolean, after: boolean, detail?: string): StaleReason {
  if (!after) return { kind: "env", name, change: "unset" };
  if (detail !== undefined) return { kind: "env", name, change: "changed", detail };
  return { kind: "env", name, change: before ? "changed" : "set" };
}

/** The working directory differs. */
export function cwdReason(): StaleReason {
  return { kind: "cwd" };
}

/**
 * An inner call would not answer as it did.
 *
 * @param child The call as the trace has it.
 * @param change In what way.
 * @param reasons What made it so, down to the root cause.
 */
export function childReason(
  { functionId, key }: Pick<ChildDependency, "functionId" | "key">,
  change: (StaleReason & { readonly kind: "child" })["change"],
  reasons: readonly StaleReason[] = [],
): StaleReason {
  return { kind: "child", functionId, key, change, reasons };
}
