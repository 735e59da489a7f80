/**
 * What the functions of `call_child.ts` return, so that tests know it without asking them.
 *
 * @module
 */
/** A value that can be told from every other one. */
export interface Value {
  readonly n: number;
  readonly text: string;
}

/** The value of `n`, with a text of `sizeBytes`. */
export function valueOf(n: number, sizeBytes: number): Value {
  return { n, text: `${n} `.repeat(Math.ceil(sizeBytes / `${n} `.length)).slice(0, sizeBytes) };
}

/** What `total(n)` returns. */
export function totalOf(n: number): number {
  return 3 * n + 3;
}
