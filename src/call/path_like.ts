/**
 * Texts among the arguments that look like paths: a blind function may read the files that they name.
 *
 * @module
 */
import { ownValue } from "../values/brands.ts";
import { classify } from "../values/kinds.ts";
import { isProxy } from "../words/type_tests.ts";

/** Length of the longest text that is taken for a path, in characters. */
const MAX_LENGTH = 4096;
/** Largest number of texts of one call that are taken for paths. */
const MAX_TEXTS = 1000;

/** Returns the texts in values that look like paths, also keys of Maps. No accessor and no trap is called. */
export function pathLikeTexts(values: readonly unknown[]): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const text of textsIn(values)) {
    if (isPathLike(text)) paths.add(text);
    if (paths.size === MAX_TEXTS) break;
  }
  return paths;
}

/** Yields the texts in values and the addresses of URLs among them, also keys of Maps. No accessor and no trap is called. */
export function* textsIn(values: readonly unknown[]): Generator<string> {
  const open: unknown[] = [...values].reverse();
  const seen = new Set<unknown>();
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "string") yield value;
    if (typeof value !== "object" || value === null || seen.has(value) || isProxy(value)) continue;
    seen.add(value);
    if (value instanceof URL) yield value.href;
    else if (!ArrayBuffer.isView(value)) open.push(...heldBy(value).reverse());
  }
}

/** Values that an object holds, in order. */
function heldBy(value: object): unknown[] {
  const held: unknown[] = [];
  const { kind } = classify(value);
  if (kind === "map") Map.prototype.forEach.call(value, (item, key) => void held.push(key, item));
  if (kind === "set") Set.prototype.forEach.call(value, (item) => void held.push(item));
  for (const key of Object.keys(value)) held.push(ownValue(value, key));
  return held;
}

/** True for a text that looks like a path: with a separator or an extension, and nothing that a path cannot have. */
function isPathLike(text: string): boolean {
  if (text.length === 0 || text.length > MAX_LENGTH || /[\0\n\r]/.test(text)) return false;
  if (/^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(text)) return false;
  return /[\\/]/.test(text) || /\.[A-Za-z0-9]{1,10}$/.test(text);
}
