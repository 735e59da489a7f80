/**
 * The place in a program at which a function is wrapped, and the variable there that gets the wrapped function: by it a
 * function without a name of its own is shown.
 *
 * @module
 */
import { readManifest } from "../options/manifest_files.ts";
import { toAbsolute } from "../options/project.ts";
import { variableAt } from "../code/syntax/variable_at.ts";

/** A place in a source text. Line and column are counted from 1. */
export interface Site {
  /** URL of the module. */
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

const LOCATION = /((?:file|https?|data|blob):.*?):(\d+):(\d+)\)?$/;

/**
 * Returns the places on the stack from which a function was called, nearest first. A stack trace needs no permission.
 *
 * @param below The function: its own frames and those of what it called are left out.
 */
export function sitesBelow(below: (...args: never[]) => unknown): Site[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = MOST_FRAMES;
  const holder: { stack?: unknown } = {};
  Error.captureStackTrace(holder, below);
  Error.stackTraceLimit = limit;
  if (typeof holder.stack !== "string") return [];
  return holder.stack.split("\n").flatMap((line) => {
    const [, url, row, column] = LOCATION.exec(line.trim()) ?? [];
    return url === undefined ? [] : [{ url, line: Number(row), column: Number(column) }];
  });
}

const MOST_FRAMES = 12;

/**
 * Returns the name of the variable, member or field that gets a wrapped function; `null` when there is none, or when the
 * source cannot be read. Where a function of the user's wraps what it is given, `const load = memo(async () => …)`, the
 * call of that function is looked at, too.
 *
 * @param sites Places on the stack, nearest first.
 */
export function variableAtSites(sites: readonly Site[]): string | null {
  for (const [depth, site] of sites.entries()) {
    const id = `${site.url}:${site.line}:${site.column}`;
    let found = known.get(id);
    if (found === undefined) known.set(id, found = look(site));
    if (found !== null && (depth === 0 || found.isInline)) return found.name;
  }
  return null;
}

const known = new Map<string, ReturnType<typeof variableAt>>();

function look({ url, line, column }: Site): ReturnType<typeof variableAt> {
  const text = url.startsWith("file:") ? sourceOfModule(url) : null;
  return text === null ? null : variableAt(text, line, column);
}

/** Largest module whose source is read, bytes. */
const MAX_SOURCE_BYTES = 4 * 2 ** 20;

/** The text that was read last: modules wrap many functions one after the other. */
let last: { readonly url: string; readonly text: string | null } | undefined;

function sourceOfModule(url: string): string | null {
  if (last?.url !== url) last = { url, text: readManifest(toAbsolute(new URL(url)), MAX_SOURCE_BYTES).text };
  return last.text;
}
