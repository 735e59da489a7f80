/**
 * Text from a cache, safe to print: a cache may come from a stranger, and a terminal obeys control characters.
 *
 * @module
 */

// Control characters (C0, DEL, C1), line separators, and the marks that turn the direction of text around.
// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * `text` on one line, with control characters and direction marks written as escapes (`\x1b`, `\u202e`).
 *
 * @param text Any text.
 * @returns Text without characters that a terminal would obey.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/**
 * `text` cut to at most `length` characters, the last of them `…` when something was cut.
 *
 * @param text Any text.
 * @param length Most characters that the result has, at least 1.
 * @returns The text, or its beginning and an ellipsis.
 */
export function abbreviate(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length - 1);
  // Half of a surrogate pair is no character.
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
