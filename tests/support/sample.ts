/**
 * Parts of large tables: `deno task test` tries every few rows of them, so that it ends within a quarter of an hour. CI
 * tries all rows, and so does a file of tests that is run by itself.
 *
 * @module
 */

/** Number of rows of which one is tried; `deno task test` sets it for its tests. */
export const SAMPLE = "CACHEPY_TEST_SAMPLE";

/** Variable that makes `deno task test` try all rows. */
export const WHOLE = "CACHEPY_TEST_WHOLE";

/** Distance of the rows that are tried; 1 for all. */
export const SAMPLE_STEP = Number(Deno.env.get(SAMPLE) ?? 1);

/** Returns the rows to try: all, or one of each few, always the same ones, and never none. */
export function sampleOf<Row>(rows: readonly Row[]): readonly Row[] {
  return rows.filter((_, at) => at % SAMPLE_STEP === 0);
}
