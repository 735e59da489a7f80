/**
 * Shows values as short text in messages.
 *
 * A file of its own, so that a program that only checks options need not load the codec.
 *
 * @module
 */
/** Length of the longest text shown, in UTF-16 units. */
const MAX_LENGTH = 80;

/**
 * Returns a text of at most 80 UTF-16 units for a value: a primitive in full where it fits, a container by its kind and
 * size. The description of a symbol is not shortened.
 *
 * Nested values are not looked into, so the text is made fast for large data too.
 *
 * @param value Any value.
 */
export function previewOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return cut(JSON.stringify(value.length > MAX_LENGTH * 2 ? value.slice(0, MAX_LENGTH * 2) : value));
    case "bigint":
      return cut(`${value}n`);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "function":
      return cut(`function ${value.name || "(anonymous)"}`);
    case "object":
      return value === null ? "null" : cut(previewObject(value));
    default:
      return String(value);
  }
}

function previewObject(value: object): string {
  if (Array.isArray(value)) return `Array(${value.length})`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return `/${value.source}/${value.flags}`;
  if (value instanceof Map) return `Map(${value.size})`;
  if (value instanceof Set) return `Set(${value.size})`;
  if (value instanceof URL) return value.href;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (ArrayBuffer.isView(value)) return `${tag}(${value.byteLength} bytes)`;
  return tag === "Object" ? `{…} (${Object.keys(value).length} properties)` : tag;
}

function cut(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`;
}
