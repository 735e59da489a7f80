/**
 * Other caches in one shape, so that a bench can take them in turn.
 *
 * @module
 */
import type { PeerName } from "../support/figures.ts";

/** A function of one argument that JSON can hold. */
export type PlainFunction<Argument, Result> = (argument: Argument) => Result;

/** The same function through a cache. */
export type CachedPlainFunction<Argument, Result> = (argument: Argument) => Promise<Result>;

/** Another cache. */
export interface Peer {
  readonly name: PeerName;
  /**
   * Wraps a function.
   *
   * @param fn What to cache.
   * @param dir A folder of its own.
   */
  wrap<Argument, Result>(
    fn: PlainFunction<Argument, Result>,
    dir: string,
  ): Promise<CachedPlainFunction<Argument, Result>>;
}
