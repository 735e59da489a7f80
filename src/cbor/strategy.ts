/**
 * Ways of writing that are faster or smaller but do not fit every value.
 *
 * @module
 */

/** Which ways a walk may take. */
export interface Strategy {
  /** Rows are packed into columns. Fails when something outside refers to a row. */
  packs: boolean;
  /** A typed array stands for its buffer. Fails when the buffer turns up again. */
  ownsBuffers: boolean;
}

/** Thrown inside the codec when a strategy does not fit; the walk begins again without it. */
export class StrategyFailed extends Error {
  /** Which one does not fit. */
  readonly strategy: keyof Strategy;

  /** @param strategy Which one does not fit. */
  constructor(strategy: keyof Strategy) {
    super(`The value does not allow: ${strategy}`);
    this.strategy = strategy;
  }
}
