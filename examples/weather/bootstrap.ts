/**
 * How sure an estimate is, by resampling: blocks of successive days, since tomorrow's weather resembles today's.
 *
 * @module
 */
import type { Sample } from "./regression.ts";

/** How to resample. */
export interface Resampling {
  /** How many samples to draw. */
  readonly replicates: number;
  /** Length of a block, rows. */
  readonly blockDays: number;
  /** Start of the random numbers, an integer. */
  readonly seed: number;
}

/**
 * Estimates again from samples made of random blocks (moving-block bootstrap, Künsch, Annals of Statistics 17, 1989).
 *
 * @param sample Rows in the order of time.
 * @param estimate What to compute from each sample.
 * @param resampling How to resample.
 * @returns One estimate a sample.
 */
export function bootstrap(
  sample: Sample,
  estimate: (sample: Sample) => number,
  resampling: Resampling,
): Float64Array {
  const random = createRandom(resampling.seed);
  return Float64Array.from({ length: resampling.replicates }, () => {
    return estimate(drawBlocks(sample, resampling.blockDays, random));
  });
}

/**
 * The range that holds the middle share of the values.
 *
 * @param values The values, in any order.
 * @param level The share, between 0 and 1.
 * @returns Lower and upper end.
 */
export function interval(values: Float64Array, level: number): [low: number, high: number] {
  const sorted = values.toSorted();
  const tail = (1 - level) / 2;
  return [quantile(sorted, tail), quantile(sorted, 1 - tail)];
}

/** Linear between neighbours: definition 7 of Hyndman and Fan, American Statistician 50, 1996. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

function drawBlocks({ design, response, terms }: Sample, blockDays: number, random: () => number): Sample {
  const drawn = { design: new Float64Array(design.length), response: new Float64Array(response.length), terms };
  const starts = response.length - blockDays + 1;
  for (let filled = 0; filled < response.length; filled += blockDays) {
    const from = Math.floor(random() * starts);
    const length = Math.min(blockDays, response.length - filled);
    drawn.response.set(response.subarray(from, from + length), filled);
    drawn.design.set(design.subarray(from * terms, (from + length) * terms), filled * terms);
  }
  return drawn;
}

/** Uniform numbers from 0 to below 1, the same for the same seed: mulberry32, by Tommy Ettinger, public domain. */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
