/**
 * Reasons in words: the short form that a verbose miss, a report and the command line print.
 *
 * @module
 */
import { formatDuration } from "../words/quantities.ts";
import { printable } from "../words/printable.ts";
import type { StaleReason } from "../words/events.ts";

/** Largest number of reasons that one line names; further reasons are only counted. */
const MOST_REASONS = 6;
/** Largest number of links of a chain of inner calls in one line; the middle of a longer chain is only counted. */
const MOST_LINKS = 8;
/** Largest number of levels at which a line branches into several reasons; reasons below them are only counted. */
const MOST_BRANCHES = 2;
/** Length of the longest value that one line shows, in characters. */
const LONGEST_VALUE = 60;

/** Options of {@linkcode describeReasons}. */
export interface DescribeOptions {
  /**
   * Largest number of reasons to name; further reasons are only counted.
   *
   * @default {6}
   */
  readonly most?: number;
}

/**
 * Returns reasons in one line, joined by `; `.
 *
 * @param reasons Reasons that {@linkcode diffEntries} or a lookup found.
 * @param options See {@linkcode DescribeOptions}.
 * @returns `code changed: scale @ src/stats.ts`, `args.opts.alpha: 0.1 → 0.2`, `load ← data/weather.csv changed`;
 * empty when there is no reason.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeReasons } from "./describe_reasons.ts";
 *
 * const reason = { kind: "package", name: "lodash-es", before: "4.17.20", after: "4.17.21" } as const;
 * assertEquals(describeReasons([reason]), "lodash-es 4.17.20 → 4.17.21");
 * ```
 */
export function describeReasons(reasons: readonly StaleReason[], options: DescribeOptions = {}): string {
  return joinReasons(reasons, options.most ?? MOST_REASONS, 0);
}

/**
 * Returns one reason in words, on one line and without control characters.
 *
 * @param reason The reason.
 * @returns For example `data/weather.csv changed`.
 */
export function describeReason(reason: StaleReason): string {
  return describeChain(reason, 0);
}

function joinReasons(reasons: readonly StaleReason[], most: number, branches: number): string {
  const named = reasons.slice(0, most).map((reason) => describeChain(reason, branches));
  const left = reasons.length - named.length;
  // "code changed: a; code changed: b" reads as "code changed: a, b".
  const joined: string[] = [];
  let previous = "";
  for (const text of named) {
    const lead = /^code (?:changed|added|removed): /.exec(text)?.[0] ?? "";
    if (lead !== "" && lead === previous) joined.push(`${joined.pop()}, ${text.slice(lead.length)}`);
    else joined.push(text);
    previous = lead;
  }
  if (left > 0) joined.push(`and ${left} more`);
  return joined.join("; ");
}

function describeChain(reason: StaleReason, branches: number): string {
  const links: string[] = [];
  let last = reason;
  // A loop, not a recursion: a chain may be thousands of calls deep.
  while (last.kind === "child" && last.reasons.length === 1) {
    links.push(shortName(last.functionId));
    last = last.reasons[0]!;
  }
  if (last.kind === "child" && last.reasons.length > 1) {
    const count = last.reasons.length;
    const inside = branches < MOST_BRANCHES ? joinReasons(last.reasons, 3, branches + 1) : `${count} reasons`;
    links.push(shortName(last.functionId), `(${inside})`);
  } else {
    links.push(describeSimple(last));
  }
  if (links.length > MOST_LINKS) {
    const left = links.length - MOST_LINKS + 1;
    links.splice(4, left, `… ${left} more …`);
  }
  return links.join(" ← ");
}

function describeSimple(reason: StaleReason): string {
  switch (reason.kind) {
    case "first":
      return "first call";
    case "argument":
    case "variable":
      return describeChange(printable(reason.path), reason);
    case "code": {
      const name = printable(reason.module ? `${reason.name} @ ${reason.module}` : reason.name);
      const isShown = reason.change === "changed" && reason.before !== undefined && reason.after !== undefined &&
        reason.before !== reason.after;
      return isShown ? describeChange(name, reason) : `code ${reason.change}: ${name}`;
    }
    case "package":
      return describePackage(printable(reason.name), reason.before, reason.after);
    case "version":
      return describeChange("version", { before: reason.before ?? "none", after: reason.after ?? "none" });
    case "file":
      return withDetail(describeFile(printable(reason.path), reason.change), reason.detail);
    case "env":
      return withDetail(`environment variable ${printable(reason.name)} ${reason.change}`, reason.detail);
    case "codec":
      return reason.change === "order"
        ? "order of the codecs changed"
        : `codec ${printable(reason.name)} ${reason.change}`;
    case "cwd":
      return "working directory changed";
    case "child":
      return describeChild(shortName(reason.functionId), reason.change);
    case "damaged":
      return `entry damaged: ${printable(reason.detail)}`;
    case "expired":
      return `expired: ${formatDuration(reason.ageMs)} old, maxAge ${formatDuration(reason.maxAgeMs)}`;
    case "refused":
      return "validate refused the stored result";
    case "forced":
      return "forced";
    case "unread":
      return "reading is switched off";
    default: {
      const unknown: never = reason;
      return unknown;
    }
  }
}

function describeChange(
  what: string,
  { before, after }: { readonly before?: string; readonly after?: string },
): string {
  const [old, now] = [showValue(before), showValue(after)];
  if (old === now) return `${what} changed`;
  if (old === undefined) return `${what}: ${now} added`;
  if (now === undefined) return `${what}: ${old} removed`;
  return `${what}: ${old} → ${now}`;
}

function describePackage(name: string, before: string | undefined, after: string | undefined): string {
  const [old, now] = [showValue(before), showValue(after)];
  if (old === undefined && now === undefined) return `${name} changed`;
  if (old === undefined) return `${name} ${now} added`;
  if (now === undefined) return `${name} ${old} removed`;
  // The version of the package is unchanged, so one of the dependencies that the lock file gives it has changed.
  // A module from a URL may have no version.
  if (old === now) return `${name}${now === "" ? "" : ` ${now}`}: its code or locked dependencies changed`;
  return `${name} ${old} → ${now}`;
}

function describeFile(path: string, change: (StaleReason & { kind: "file" })["change"]): string {
  switch (change) {
    case "content":
      return `${path} changed`;
    case "appeared":
    case "vanished":
      return `${path} ${change}`;
    case "link":
      return path === "." ? "the project was moved" : `${path}: link changed`;
    case "metadata":
    case "listing":
      return `${path}: ${change} changed`;
    default: {
      const unknown: never = change;
      return unknown;
    }
  }
}

function describeChild(name: string, change: (StaleReason & { kind: "child" })["change"]): string {
  switch (change) {
    case "result":
      return `${name}: result changed`;
    case "gone":
      return `${name} is no cached function of this program any more`;
    case "unrepeatable":
      return `${name} cannot be run again`;
    case "stale":
      return `${name} is stale`;
    default: {
      const unknown: never = change;
      return unknown;
    }
  }
}

function withDetail(text: string, detail: string | undefined): string {
  return detail === undefined ? text : `${text} (${printable(detail)})`;
}

function showValue(value: string | undefined): string | undefined {
  return value === undefined ? undefined : abbreviate(printable(value), LONGEST_VALUE);
}

/** Returns the function's name: `load` for `load @ src/load.ts`. */
function shortName(functionId: string): string {
  const at = functionId.indexOf(" @ ");
  return printable(at > 0 ? functionId.slice(0, at) : functionId);
}

/**
 * Returns `text` cut to at most `length` characters, the last of them `…` when something was cut.
 *
 * @param text Any text.
 * @param length Largest number of characters of the result, at least 1.
 * @returns The text, or its beginning and an ellipsis.
 */
function abbreviate(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length - 1);
  // The first half of a surrogate pair is no character by itself.
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
