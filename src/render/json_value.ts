/**
 * Any stored value as plain JSON, for other programs to read.
 *
 * @module
 */

/** Deepest level that is followed. */
const DEEPEST = 200;

/**
 * `value` as far as JSON can hold it. What JSON has no form for becomes an object with one property that names its type:
 * `{ "Map": [[key, value]] }`, `{ "Date": "2026-01-01T00:00:00.000Z" }`, `{ "BigInt": "1" }`, `{ "Uint8Array": base64 }`,
 * `{ "Number": "NaN" }`, `{ "undefined": true }`. A value inside itself becomes `{ "circular": true }`.
 *
 * For reading, not for storing: an object that happens to look like one of these forms cannot be told from it.
 *
 * @param value Any value that a cache can hold.
 * @returns A value for `JSON.stringify`.
 */
export function toJsonValue(value: unknown): unknown {
  return convert(value, new Set(), 0);
}

function convert(value: unknown, above: Set<object>, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { Number: Object.is(value, -0) ? "-0" : `${value}` };
    case "bigint":
      return { BigInt: String(value) };
    case "undefined":
      return { undefined: true };
    case "symbol":
    case "function":
      return { [typeof value]: String(value) };
  }
  if (value === null) return null;
  const object = value as object;
  if (above.has(object)) return { circular: true };
  if (depth >= DEEPEST) return { truncated: true };
  above.add(object);
  try {
    return convertObject(object, (inner) => convert(inner, above, depth + 1));
  } finally {
    above.delete(object);
  }
}

function convertObject(object: object, next: (inner: unknown) => unknown): unknown {
  if (Array.isArray(object)) return Array.from(object, next);
  if (object instanceof Map) return { Map: Array.from(object, ([key, value]) => [next(key), next(value)]) };
  if (object instanceof Set) return { Set: Array.from(object, next) };
  if (object instanceof Date) return { Date: Number.isNaN(object.getTime()) ? "Invalid Date" : object.toISOString() };
  if (object instanceof RegExp) return { RegExp: String(object) };
  if (object instanceof Error) {
    const { name, message } = object;
    return { Error: { name, message, ...("cause" in object ? { cause: next(object.cause) } : {}) } };
  }
  if (object instanceof ArrayBuffer) return { ArrayBuffer: new Uint8Array(object).toBase64() };
  if (ArrayBuffer.isView(object)) {
    const bytes = new Uint8Array(object.buffer, object.byteOffset, object.byteLength);
    return { [object.constructor.name]: bytes.toBase64() };
  }
  if (object instanceof Blob) return { Blob: { type: object.type, size: object.size } };
  if (object instanceof Number || object instanceof String || object instanceof Boolean) {
    return { [object.constructor.name]: next(object.valueOf()) };
  }
  const plain: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(object)) plain[name] = next(value);
  return plain;
}
