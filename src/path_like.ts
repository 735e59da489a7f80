/**
 * Arguments that look like paths: what a function that reads files in a way that cannot be observed is tracked by.
 *
 * @module
 */
import type { FoundPath } from "./declared.ts";

/** Longest text taken for a path, characters. */
const MAX_LENGTH = 4096;
/** How many texts of one call are looked at. */
const MAX_TEXTS = 1000;

/**
 * What the texts among the arguments of a call lead to that could be paths; most lead to nothing.
 *
 * @param values The arguments.
 * @param digestPath How to look at a path.
 */
export async function digestPathLike(
  values: readonly unknown[],
  digestPath: (path: string | URL) => Promise<FoundPath>,
): Promise<FoundPath[]> {
  const paths = new Set<string>();
  collect(values, paths, new Set());
  const found = await Promise.all([...paths].map((path) => digestPath(path).catch(() => null)));
  return found.filter((at) => at !== null);
}

function collect(value: unknown, paths: Set<string>, seen: Set<object>): void {
  if (paths.size >= MAX_TEXTS) return;
  if (typeof value === "string") {
    if (isPathLike(value)) paths.add(value);
    return;
  }
  if (typeof value !== "object" || value === null || seen.has(value) || ArrayBuffer.isView(value)) return;
  seen.add(value);
  if (value instanceof URL) {
    if (value.protocol === "file:") paths.add(value.href);
    return;
  }
  if (value instanceof Map) {
    for (const [key, item] of value) {
      collect(key, paths, seen);
      collect(item, paths, seen);
    }
    return;
  }
  const items = Array.isArray(value) || value instanceof Set ? value : Object.values(value);
  for (const item of items) collect(item, paths, seen);
}

/** Has a separator or an extension, and nothing that no path has. */
function isPathLike(text: string): boolean {
  if (text.length === 0 || text.length > MAX_LENGTH || /[\0\n\r]/.test(text)) return false;
  if (/^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(text)) return false;
  return /[\\/]/.test(text) || /\.[A-Za-z0-9]{1,10}$/.test(text);
}
