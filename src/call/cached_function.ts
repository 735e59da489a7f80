/**
 * The public types of wrapped functions.
 *
 * @module
 */
import type { CallKey } from "../words/digests.ts";
import type { CallReport } from "../words/events.ts";
import type { CacheOptions } from "../options/check_options.ts";

/** Any function. */
// deno-lint-ignore no-explicit-any
export type AnyFunction = (this: any, ...args: any[]) => any;

/** How one call uses the cache. */
export interface CallOptions {
  /**
   * Run the function even if a fresh entry exists, and overwrite that entry. Does not wait for another process that
   * computes the same call.
   *
   * @default false
   */
  force?: boolean;
  /**
   * Write nothing: a fresh entry is used, otherwise the function runs and its result is not stored.
   *
   * @default false
   */
  skipSave?: boolean;
  /**
   * Whether a fresh entry may be used. `false`: the function runs, and its result is stored.
   *
   * @default true
   */
  load?: boolean;
}

/** A call of a function through the cache: always asynchronous. */
export type CachedCall<F extends AnyFunction> = (
  this: ThisParameterType<F>,
  ...args: Parameters<F>
) => Promise<Awaited<ReturnType<F>>>;

/**
 * A wrapped function: called like the original, it answers from the cache when it can.
 *
 * Of a method, questions and other handling need the receiver too: `model.predict.has.call(model, 3)`.
 *
 * @example
 * ```ts
 * import { cacheFile } from "@bimsb/cachepy";
 *
 * const cached = cacheFile(await Deno.makeTempDir());
 * const square = cached(function square(x: number) {
 *   return x * x;
 * });
 * console.log(await square(3), await square.has(3)); // 9 true
 * ```
 */
export interface CachedFunction<F extends AnyFunction> {
  (this: ThisParameterType<F>, ...args: Parameters<F>): Promise<Awaited<ReturnType<F>>>;
  /** The same function with other handling of the cache: `await step.with({ force: true })(3)`. */
  with(options: CallOptions): CachedCall<F>;
  /** The call key, 64 hex characters. Runs nothing. */
  key(...args: Parameters<F>): Promise<CallKey>;
  /** Whether a fresh entry exists. Runs nothing. */
  has(...args: Parameters<F>): Promise<boolean>;
  /** What a call would do now, and for which reasons. Runs nothing. */
  why(...args: Parameters<F>): Promise<CallReport>;
  /** Drops the entry of this call; whether there was one. */
  forget(...args: Parameters<F>): Promise<boolean>;
  /** The wrapped function. */
  readonly original: F;
}

/**
 * What {@linkcode cacheFile} returns: wraps a function, takes further options, or decorates a method.
 */
export interface CacheDecorator {
  /**
   * Decorates a method; `this` is an input of each call.
   *
   * A decorator cannot change a method's declared type, so declare the method as asynchronous: the decorated one always
   * returns a promise.
   */
  // deno-lint-ignore no-explicit-any
  <This, F extends (this: This, ...args: any[]) => any>(
    method: F,
    context: ClassMethodDecoratorContext<This, F>,
  ): F & CachedFunction<F>;
  /** Wraps a function. */
  <F extends AnyFunction>(fn: F): CachedFunction<F>;
  /** A decorator with further options, which win over those given before. */
  (options: CacheOptions): CacheDecorator;
}
