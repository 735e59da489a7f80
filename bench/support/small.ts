/**
 * The function that the bench of a small call caches: everything but the work.
 *
 * @module
 */
import { countRun } from "./outcome.ts";

/** A handful of settings, as steps of an analysis take them. */
export interface SmallArgument {
  readonly name: string;
  readonly alpha: number;
  readonly days: readonly number[];
}

/** What {@linkcode small} returns. */
export interface SmallResult {
  readonly mean: number;
  readonly days: number;
}

/** The argument that tells turns apart. */
export function smallArgument(turn: number): SmallArgument {
  return { name: "weather", alpha: turn, days: [1, 2, 3] };
}

/** Nearly nothing, and counts that it ran. */
export function small(argument: SmallArgument): SmallResult {
  countRun();
  return { mean: argument.alpha * 2, days: argument.days.length };
}
