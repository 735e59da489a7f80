/**
 * JSON with comments and trailing commas, as in deno.json and deno.jsonc.
 *
 * @module
 */

/** A string, a comment, or a comma that only blanks and comments part from a closing bracket. */
const TOKENS = /"(?:[^"\\]|\\.)*"|\/\/[^\n\r]*|\/\*[\s\S]*?\*\/|,(?=(?:\s|\/\/[^\n\r]*|\/\*[\s\S]*?\*\/)*[\]}])/g;

/**
 * The value of a JSONC text.
 *
 * @throws {SyntaxError} When it is none even without comments and trailing commas.
 */
export function parseJsonc(text: string): unknown {
  const plain = text.replace(/^\uFEFF/, "");
  try {
    return JSON.parse(plain);
  } catch {
    return JSON.parse(plain.replace(TOKENS, (token) => token.startsWith('"') ? token : " "));
  }
}

/** `value` as an object to read properties from; an empty one when it is no object. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {};
}

/** `value` as a list of texts; what is no text is left out. */
export function asTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
