/**
 * Width of a text on a terminal, in columns.
 *
 * @module
 */
const ASCII = /^[\x20-\x7e]*$/;
const ZERO_WIDTH = /^(?:\p{Mark}|\p{Format}|\p{Control})$/u;
// A character that is a pictograph by default, by the selector U+FE0F, or as a part of a flag.
const PICTOGRAPH = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|\p{Regional_Indicator}/u;

/** Code points that Unicode's East Asian Width (UAX 11) calls wide or full width, without the pictographs. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x20000, 0x3fffd],
];

let segmenter: Intl.Segmenter | undefined;

/**
 * Counts the columns that `text` takes on a terminal: 2 for a wide character or pictograph, 0 for a combining mark.
 *
 * Terminals disagree about some sequences of pictographs; the result for such a sequence may be off by a column.
 *
 * @param text One line, without escape sequences.
 * @returns Number of columns.
 */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment);
  return width;
}

/**
 * Cuts `text` to at most `width` columns; the last column is `…` when something was cut.
 *
 * @param text One line, without escape sequences.
 * @param width Largest number of columns of the result, at least 1.
 * @returns `text`, or its beginning and an ellipsis.
 */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  let kept = "";
  let left = width - 1;
  for (const { segment } of segmenter.segment(text)) {
    left -= graphemeWidth(segment);
    if (left < 0) break;
    kept += segment;
  }
  return `${kept}…`;
}

function graphemeWidth(grapheme: string): number {
  if (PICTOGRAPH.test(grapheme)) return 2;
  const code = grapheme.codePointAt(0)!;
  if (ZERO_WIDTH.test(String.fromCodePoint(code))) return 0;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}
