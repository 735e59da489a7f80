/**
 * JSON with comments and trailing commas, as in deno.json and deno.jsonc.
 *
 * @module
 */

// Each pattern also matches what is left open to the end of the text, so that no text takes quadratic time.
const STRING = String.raw`"(?:[^"\\]|\\.)*(?:"|$)`;
const COMMENTS = new RegExp(String.raw`${STRING}|//[^\n\r]*|/\*.*?(?:\*/|$)`, "gs");
const TRAILING_COMMAS = new RegExp(String.raw`${STRING}|,(?=\s*[\]}])`, "gs");

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
    const keepStrings = (token: string) => token.startsWith('"') ? token : " ";
    return JSON.parse(plain.replace(COMMENTS, keepStrings).replace(TRAILING_COMMAS, keepStrings));
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
