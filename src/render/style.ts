/**
 * Colours of a terminal, or none.
 *
 * @module
 */

/** Functions that mark a text; each returns it as it is when colours are off. */
export interface Style {
  /** Headings. */
  bold(text: string): string;
  /** What matters less. */
  dim(text: string): string;
  /** What is well. */
  good(text: string): string;
  /** What needs a look. */
  warn(text: string): string;
  /** What is wrong. */
  bad(text: string): string;
}

/**
 * Marks for a text, by select graphic rendition (ECMA-48, section 8.3.117).
 *
 * @param isColored Whether the reader is a terminal that wants colours.
 * @returns The marks.
 */
export function createStyle(isColored: boolean): Style {
  const mark = (on: number, off: number) => (text: string) => isColored ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return { bold: mark(1, 22), dim: mark(2, 22), good: mark(32, 39), warn: mark(33, 39), bad: mark(31, 39) };
}
