/**
 * Where a key stands in a YAML text, for messages.
 *
 * @module
 */

/**
 * The line of a top-level key, counted from 1.
 *
 * Looks for the key at the beginning of a line, then for it indented, then anywhere (a mapping written as `{a: 1}`),
 * bare or quoted and followed by a colon; 1 when it is written otherwise, with escapes for example.
 *
 * @param text The whole file.
 * @param key The key as parsed.
 */
export function lineOfKey(text: string, key: string): number {
  if (key.length > 100) return lineAt(text, text.indexOf(key));
  const escaped = RegExp.escape(key);
  // The bound on blanks keeps a text of blanks from taking quadratic time.
  const quoted = `(?:"${escaped}"|'${escaped}'|${escaped})[ \\t]{0,16}:`;
  for (const before of ["^(?:\\? )?", "^[ \\t]{1,16}", "(?<![\\w$-])"]) {
    const found = new RegExp(before + quoted, "m").exec(text);
    if (found !== null) return lineAt(text, found.index);
  }
  return 1;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, Math.max(0, index)).split("\n").length;
}
