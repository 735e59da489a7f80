/**
 * Checks that a bench did what it says: a "hit" that ran the function is no hit.
 *
 * @module
 */
let runs = 0;

/** To be called by a function under test each time that it runs; with `ignoreCode: ["countRun"]` it is no input. */
export function countRun(): void {
  runs++;
}

/** How often {@linkcode countRun} was called since the last question. */
export function takeRuns(): number {
  const taken = runs;
  runs = 0;
  return taken;
}

/** Throws unless a bench found what it must. */
export function expect(isTrue: boolean, otherwise: string): asserts isTrue {
  if (!isTrue) throw new Error(`The bench did not measure what it says: ${otherwise}`);
}
