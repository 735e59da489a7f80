/**
 * Large results for the benches.
 *
 * @module
 */
/**
 * Numbers that no compression or sharing makes small.
 *
 * @param length How many.
 * @param seed Tells results apart.
 */
export function createNumbers(length: number, seed: number): Float64Array<ArrayBuffer> {
  const numbers = new Float64Array(length);
  for (let index = 0; index < length; index++) numbers[index] = index * 1.000001 + seed;
  return numbers;
}

/** A row of a table, as JSON APIs and databases return it. */
export interface TableRow {
  id: number;
  readonly name: string;
  readonly score: number;
  readonly isActive: boolean;
  readonly tags: string[];
}

/**
 * A table as an array of objects.
 *
 * @param length How many rows.
 */
export function createRows(length: number): TableRow[] {
  return Array.from({ length }, (_, index) => ({
    id: index,
    name: `row ${index}`,
    score: index / 7,
    isActive: index % 3 === 0,
    tags: ["a", `t${index % 100}`],
  }));
}
