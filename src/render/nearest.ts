/**
 * The word that was probably meant.
 *
 * @module
 */

/**
 * The candidate with the fewest single-character edits from `word`, counting a swap of neighbours as one.
 *
 * @param word What was typed.
 * @param candidates What there is.
 * @returns The nearest; `null` when even that is more than a third of the word away (and more than one edit).
 */
export function nearestWord(word: string, candidates: Iterable<string>): string | null {
  let nearest: string | null = null;
  let least = Infinity;
  const typed = word.slice(0, 64).toLowerCase();
  for (const candidate of candidates) {
    const distance = candidate.startsWith(typed) && typed.length >= 2 ? 0.5 : editDistance(typed, candidate);
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return least <= Math.max(1, Math.ceil(typed.length / 3)) ? nearest : null;
}

/** Optimal string alignment distance, row by row. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + cost);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) least = Math.min(least, beforeLast[column - 2]! + 1);
      current.push(least);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length]!;
}
