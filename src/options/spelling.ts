/**
 * The nearest known word to a misspelt one.
 *
 * @module
 */

/**
 * The known word that `word` most likely stands for; `null` when none is near.
 *
 * Case, `-` and `_` do not count; near is at most a third of the letters inserted, dropped, replaced or swapped with
 * their neighbour, and at least one.
 */
export function nearestWord(word: string, known: readonly string[]): string | null {
  const wanted = bare(word);
  if (wanted === "" || wanted.length > 64) return null;
  let best: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const steps = editDistance(wanted, bare(candidate));
    if (steps < least) [best, least] = [candidate, steps];
  }
  return best;
}

function bare(word: string): string {
  return word.toLowerCase().replace(/[-_\s]/g, "");
}

/** Optimal string alignment distance: insertions, deletions, replacements, swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
