/**
 * Text that is safe to show. A file of its own, since names and values that come from a cache are shown by the messages of
 * calls, by reasons and by the command line, and a stranger may have chosen them.
 *
 * @module
 */
// Control characters (C0, DEL, C1), line separators, and the marks that change the direction of text.
// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Returns `text` on one line, with control characters and direction marks written as escapes (`\x1b`, `\u202e`).
 *
 * @param text Any text.
 * @returns Text without characters that a terminal would interpret.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : unicodeEscape(character);
  });
}

/**
 * Returns a JSON text that says the same, and holds no character that a terminal would interpret but line feeds, which
 * JSON has between values only.
 *
 * @param json A JSON text.
 */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) => character === "\n" ? character : unicodeEscape(character));
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
