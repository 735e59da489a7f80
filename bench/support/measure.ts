/**
 * Times of several works, taken in turn in one run, so that a slow moment of the machine strikes all of them.
 *
 * @module
 */
/** Does something once. `turn` counts from 0 and is the same for all works at the same time. */
export type Work = (turn: number) => unknown;

/** How often to measure. */
export interface Rounds {
  /** How many times each work is timed. */
  readonly rounds: number;
  /**
   * How many times it is done in one timing; for works far below a millisecond.
   *
   * @default 1
   */
  readonly batch?: number;
  /**
   * How many rounds go before, untimed.
   *
   * @default 1
   */
  readonly warmUp?: number;
  /** What to do after each round, untimed. */
  readonly between?: (round: number) => unknown;
}

/**
 * Does each work in turn, round after round, the first to go another each time.
 *
 * @param works What to time, by name.
 * @param rounds How often.
 * @returns The median of each, milliseconds for doing it once.
 */
export async function measure<Name extends string>(
  works: Readonly<Record<Name, Work>>,
  { rounds, batch = 1, warmUp = 1, between }: Rounds,
): Promise<Record<Name, number>> {
  const names = Object.keys(works) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round < warmUp + rounds; round++) {
    for (let index = 0; index < names.length; index++) {
      const name = names[(index + round) % names.length]!;
      const elapsed = await timeBatch(works[name], round * batch, batch);
      if (round >= warmUp) times[name].push(elapsed / batch);
    }
    await between?.(round);
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Name, number>;
}

/** How long a work takes, milliseconds. */
export async function time(work: () => unknown): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** The middle of the values, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

async function timeBatch(work: Work, turn: number, batch: number): Promise<number> {
  const startedMs = performance.now();
  for (let done = 0; done < batch; done++) {
    const result = work(turn + done);
    if (result instanceof Promise) await result;
  }
  return performance.now() - startedMs;
}
