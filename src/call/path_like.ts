/**
 * Texts among the arguments that may be paths: a blind function may read the files that they name.
 *
 * @module
 */
import { ownValue } from "../values/brands.ts";
import { classify } from "../values/kinds.ts";
import { isProxy } from "../words/type_tests.ts";

/** Length of the longest text that is taken for a path, in characters. */
const MAX_LENGTH = 4096;
/** Length of the longest name of a file, in characters; in bytes no system allows more. */
const MAX_NAME_LENGTH = 255;
/** Largest number of texts with a separator or an extension of one call that are taken for paths. */
const MAX_PATHS = 1000;
/** Largest number of other texts of one call that are taken for names: a table may hold any number of words. */
const MAX_NAMES = 100;

/** Texts that may be paths. */
export interface PathTexts {
  readonly texts: ReadonlySet<string>;
  /** True when there are more of them than are looked at. */
  readonly isCut: boolean;
}

/** Returns the texts in values that may be paths, also keys of Maps. No accessor and no trap is called. */
export function pathTextsIn(values: readonly unknown[]): PathTexts {
  const paths = new Set<string>();
  const names = new Set<string>();
  let isCut = false;
  for (const text of textsIn(values)) {
    const kind = kindOfText(text);
    if (kind === null) continue;
    const [found, most] = kind === "path" ? [paths, MAX_PATHS] : [names, MAX_NAMES];
    if (found.size < most) found.add(text);
    else if (!found.has(text)) isCut = true;
    if (isCut && paths.size === MAX_PATHS && names.size === MAX_NAMES) break;
  }
  return { texts: paths.union(names), isCut };
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

/** True for a text without a separator and an extension that may be the name of a file. */
export function isWord(text: string): boolean {
  return kindOfText(text) === "name";
}

/** A text with a separator or an extension is a `path`, and a shorter one a `name`; `null`: no file can be called so. */
function kindOfText(text: string): "path" | "name" | null {
  if (text.length === 0 || text.length > MAX_LENGTH || text.includes("\0")) return null;
  if (/^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(text)) return null;
  const isLine = !/[\n\r]/.test(text);
  if (isLine && (/[\\/]/.test(text) || /\.[A-Za-z0-9]{1,10}$/.test(text))) return "path";
  return text.length <= MAX_NAME_LENGTH ? "name" : null;
}
