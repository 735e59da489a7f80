/**
 * A bound on how much of a kind of work is done at a time.
 *
 * @module
 */

/** Places for work; who finds none free waits, in order. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count How much may be done at a time. */
  constructor(count: number) {
    this.#free = count;
  }

  /** Does the work when there is a place for it. @throws Whatever the work throws. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next(); // the place goes on
    }
  }
}
