/**
 * Values as short text, to show in a difference.
 *
 * @module
 */
/** Longest text shown, characters. */
const MAX_LENGTH = 80;

/**
 * A value in at most 80 characters: scalars in full where they fit, containers by kind and size.
 *
 * Nested values are not looked into, so it costs the same for a gigabyte as for a number.
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
