/**
 * Public types of wrapped functions.
 *
 * @module
 */
import type { CallKey } from "../words/digests.ts";
import type { CallReport } from "../words/events.ts";
import type { CacheOptions } from "../options/check_options.ts";

/** Any function. */
// deno-lint-ignore no-explicit-any
export type AnyFunction = (this: any, ...args: any[]) => any;

/** Options of one call. */
export interface CallOptions {
  /**
   * True to run the function even if a fresh entry exists, and to overwrite that entry. Such a call does not wait for
   * another process that computes the same call.
   *
   * @default false
   */
  force?: boolean;
  /**
   * True to write nothing: a fresh entry is used, otherwise the function runs and its result is not stored.
   *
   * @default false
   */
  skipSave?: boolean;
  /**
   * False to run the function even if a fresh entry exists, and to store its result.
   *
   * @default true
   */
  load?: boolean;
  /**
   * Longest age of the stored result for this call, in milliseconds or with a unit such as `"12h"`.
   *
   * @default the option `maxAge` of the function
   */
  maxAge?: number | string;
}

/** Type of a function that is called through the cache, which always returns a promise. */
export type CachedCall<F extends AnyFunction> = (
  this: ThisParameterType<F>,
  ...args: Parameters<F>
) => Promise<Awaited<ReturnType<F>>>;

/**
 * A wrapped function: called like the original, it returns the stored result when a fresh entry exists.
 *
 * The members of a decorated method need the receiver, too: `model.predict.has.call(model, 3)`.
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
export interface CachedFunction<F extends AnyFunction> extends CachedMembers<F> {
  (this: ThisParameterType<F>, ...args: Parameters<F>): Promise<Awaited<ReturnType<F>>>;
  /** Returns the function with options for its calls: `await step.with({ force: true })(3)`. */
  with(options: CallOptions): CachedCall<F>;
}

/**
 * A wrapped asynchronous function: it keeps the function's own type, with its type parameters and overloads.
 *
 * @example
 * ```ts
 * import { cacheFile } from "@bimsb/cachepy";
 *
 * const cached = cacheFile(await Deno.makeTempDir());
 * const last = cached(async function last<T>(items: T[]): Promise<T | undefined> {
 *   return await Promise.resolve(items.at(-1));
 * });
 * const word: string | undefined = await last(["a", "b"]);
 * console.log(word); // b
 * ```
 */
export type CachedAsyncFunction<F extends AnyFunction> = OwnCall<F> & CachedMembers<F> & {
  /** Returns the function with options for its calls: `await step.with({ force: true })(3)`. */
  with(options: CallOptions): OwnCall<F>;
};

/** The function's own type, unless it promises more than a `Promise`, as one with members of its own does. */
export type OwnCall<F extends AnyFunction> = Promise<never> extends ReturnType<F> ? F : CachedCall<F>;

/** What wrapped functions have besides the call. */
export interface CachedMembers<F extends AnyFunction> {
  /** Returns the call key, 64 hex characters; empty while the cache is switched off. Does not run the function. */
  key(...args: Parameters<F>): Promise<CallKey>;
  /** Returns true when a fresh entry exists. Does not run the function. */
  has(...args: Parameters<F>): Promise<boolean>;
  /** Reports the outcome that a call would have now, and the reasons. Does not run the function. */
  why(...args: Parameters<F>): Promise<CallReport>;
  /** Removes the entry of a call. Returns true when there was one. */
  forget(...args: Parameters<F>): Promise<boolean>;
  /**
   * Stores a result for a call without running the function: `await step.put([3], 9)`. It replaces what is stored, and is
   * stale when the code or an argument changes, as a computed one. Returns false where nothing can be written.
   *
   * @throws {CacheTypeError} `ERR_ARGUMENT` for arguments or a result that cannot be stored.
   */
  put(args: Parameters<F>, value: Awaited<ReturnType<F>>): Promise<boolean>;
  /**
   * Removes all entries of the function, by whatever code it stored them, and those of functions of equal code, which it
   * would use.
   */
  clear(): Promise<{ readonly removed: number; readonly freedBytes: number }>;
  /** The function that was wrapped. */
  readonly original: F;
}

/**
 * Decorator that {@linkcode cacheFile} returns: wraps a function, takes further options, or decorates a method.
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
  /** Wraps an asynchronous function, which keeps its own type. */
  // deno-lint-ignore no-explicit-any
  <F extends (this: any, ...args: any[]) => Promise<any>>(fn: F): CachedAsyncFunction<F>;
  /** Wraps a function; the wrapped one returns a promise. */
  <F extends AnyFunction>(fn: F): CachedFunction<F>;
  /** Returns a decorator with further options, which win over those given before. */
  (options: CacheOptions): CacheDecorator;
}
