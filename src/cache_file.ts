/**
 * Wrapping functions: what users call first.
 *
 * @module
 */
import type { AnyFunction, CachedCall, CacheDecorator, CachedFunction, CallOptions } from "./call/cached_function.ts";
import { CacheTypeError } from "./words/errors.ts";
import { type CacheOptions, mergeOptions, type ValidatedOptions, validateOptions } from "./options/check_options.ts";
import { previewOf } from "./values/preview.ts";
import { type Prepared, registerWrapped, Wrapped } from "./call/wrapped.ts";

/**
 * A decorator that makes functions remember their results on disk, for as long as everything that they depend on is
 * unchanged: their code and the code and values it reaches, their arguments, the files and variables they read, and the
 * packages they use.
 *
 * @param cacheDir Folder of the cache, relative to the working directory; `CACHEPY_DIR` or `./.cachepy` when not given.
 * @param options See {@linkcode CacheOptions}; what is not given is taken from `cachepy.yml`.
 * @returns Wraps a function, takes further options, or decorates a method.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN`, `ERR_OPTION_TYPE`; and when wrapping, `ERR_NOT_A_FUNCTION`,
 * `ERR_GENERATOR`, `ERR_OPTION_PARAMETER`.
 *
 * @example A function
 * ```ts
 * import { cacheFile } from "@bimsb/cachepy";
 *
 * const cached = cacheFile(await Deno.makeTempDir());
 * const slowSquare = cached(async function slowSquare(x: number) {
 *   await new Promise((resolve) => setTimeout(resolve, 50));
 *   return x * x;
 * });
 * console.log(await slowSquare(4)); // 16, after 50 ms
 * console.log(await slowSquare(4)); // 16, at once
 * ```
 *
 * @example A method; `this` is an input
 * ```ts
 * import { cacheFile } from "@bimsb/cachepy";
 *
 * const cached = cacheFile(await Deno.makeTempDir());
 * class Model {
 *   constructor(readonly slope: number) {}
 *   @cached
 *   async predict(x: number): Promise<number> {
 *     return await Promise.resolve(this.slope * x);
 *   }
 * }
 * console.log(await new Model(2).predict(3)); // 6
 * ```
 */
export function cacheFile(cacheDir?: string | URL, options?: CacheOptions): CacheDecorator;
/**
 * A decorator, with the cache directory among the options.
 *
 * @param options See {@linkcode CacheOptions}.
 */
export function cacheFile(options: CacheOptions): CacheDecorator;
export function cacheFile(first?: string | URL | CacheOptions, second?: CacheOptions): CacheDecorator {
  const isPath = first === undefined || typeof first === "string" || first instanceof URL;
  const given = validateOptions(isPath ? second ?? {} : first);
  const dir = isPath && first !== undefined ? validateOptions({ cacheDir: first }, "cacheFile") : validateOptions({});
  return decoratorWith(mergeOptions(dir, given));
}

function decoratorWith(options: ValidatedOptions): CacheDecorator {
  function decorate(subject: unknown, context?: unknown): unknown {
    if (isDecoratorContext(context)) return decorateMethod(subject, context, options);
    if (typeof context === "string" || typeof context === "symbol") throw experimentalDecorator(context);
    if (typeof subject === "function") return wrapFunction(subject as AnyFunction, options, subject.name);
    if (isOptions(subject)) return decoratorWith(mergeOptions(options, validateOptions(subject)));
    throw notAFunction(subject);
  }
  return decorate as CacheDecorator;
}

function decorateMethod(subject: unknown, context: DecoratorContext, options: ValidatedOptions): unknown {
  if (context.kind !== "method" || typeof subject !== "function") {
    throw new CacheTypeError(
      "ERR_NOT_A_FUNCTION",
      `Cannot cache the ${context.kind} ${String(context.name)}: only methods can be decorated; ` +
        "move what is slow into a method and decorate that",
    );
  }
  return wrapFunction(subject as AnyFunction, options, String(context.name));
}

function wrapFunction<F extends AnyFunction>(fn: F, options: ValidatedOptions, name: string): CachedFunction<F> {
  requireCacheable(fn);
  const step = new Wrapped(fn, options, name, prepare);
  const call = (overrides: CallOptions): CachedCall<F> =>
    function (this: ThisParameterType<F>, ...args: Parameters<F>) {
      return withCalls(({ memoize }) => memoize(step, this, args, overrides)) as Promise<Awaited<ReturnType<F>>>;
    };
  // Asked as `cached.has(3)`, the function itself is the receiver; a call of the function would have none.
  const receiverOf = (asked: unknown) => asked === cached ? undefined : asked;
  const cached: CachedFunction<F> = Object.assign(call({}), {
    with: (overrides: CallOptions) => call(requireCallOptions(overrides)),
    key(this: unknown, ...args: Parameters<F>) {
      return withCalls(({ keyOf }) => keyOf(step, receiverOf(this), args));
    },
    async has(this: unknown, ...args: Parameters<F>) {
      return (await withCalls(({ inspect }) => inspect(step, receiverOf(this), args))).outcome === "hit";
    },
    why(this: unknown, ...args: Parameters<F>) {
      return withCalls(({ inspect }) => inspect(step, receiverOf(this), args));
    },
    forget(this: unknown, ...args: Parameters<F>) {
      return withCalls(({ forget }) => forget(step, receiverOf(this), args));
    },
    original: fn,
  });
  Object.defineProperty(cached, "name", { value: fn.name, configurable: true });
  Object.defineProperty(cached, "length", { value: fn.length, configurable: true });
  registerWrapped(step, cached);
  return cached;
}

function requireCacheable(fn: AnyFunction): void {
  if (isGenerator(fn)) {
    throw new CacheTypeError(
      "ERR_GENERATOR",
      `Cannot cache the generator function ${fn.name || "(anonymous)"}: its values come one by one; ` +
        "wrap a function that returns them all, for example as an array",
    );
  }
  if (/^class\b/.test(Function.prototype.toString.call(fn))) {
    throw new CacheTypeError(
      "ERR_NOT_A_FUNCTION",
      `Cannot cache the class ${fn.name || "(anonymous)"}: wrap a function, or decorate a method of the class`,
    );
  }
}

function requireCallOptions(options: CallOptions): CallOptions {
  if (!isOptions(options)) {
    throw new CacheTypeError(
      "ERR_OPTION_TYPE",
      `Cannot use ${previewOf(options)} for with(); want an object of force, skipSave and load`,
      { path: "with" },
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (name !== "force" && name !== "skipSave" && name !== "load") {
      throw new CacheTypeError(
        "ERR_OPTION_UNKNOWN",
        `Unknown option ${name} of with(); known are force, skipSave and load`,
        { path: `with.${name}` },
      );
    }
    if (value !== undefined && typeof value !== "boolean") {
      throw new CacheTypeError(
        "ERR_OPTION_TYPE",
        `Cannot use ${previewOf(value)} for the option ${name} of with(); want true or false`,
        { path: `with.${name}` },
      );
    }
  }
  return { ...options };
}

function isDecoratorContext(context: unknown): context is DecoratorContext {
  return typeof context === "object" && context !== null && "kind" in context && "addInitializer" in context;
}

function isOptions(subject: unknown): boolean {
  if (typeof subject !== "object" || subject === null) return false;
  const prototype = Object.getPrototypeOf(subject);
  return prototype === Object.prototype || prototype === null;
}

function experimentalDecorator(name: string | symbol): CacheTypeError {
  return new CacheTypeError(
    "ERR_NOT_A_FUNCTION",
    `Cannot cache ${String(name)} by an experimental decorator; take experimentalDecorators out of compilerOptions, ` +
      "so that the standard decorators are used",
  );
}

function notAFunction(subject: unknown): CacheTypeError {
  return new CacheTypeError(
    "ERR_NOT_A_FUNCTION",
    `Cannot cache ${previewOf(subject)}: want a function, or an object of options`,
  );
}

type Calls = typeof import("./call/memoize.ts");

let calls: Calls | undefined;

/**
 * Uses it: at once when it is loaded, so that a call takes its place among the inner calls of the running one when it is
 * made. No call can be running before it is loaded.
 */
function withCalls<T>(use: (calls: Calls) => Promise<T>): Promise<T> {
  return calls === undefined ? load().then(use) : use(calls);
}

/** Whatever answers calls is loaded by the first of them, so that a program that makes none does not wait for it. */
async function prepare(step: Wrapped): Promise<Prepared> {
  const { prepareWrapped } = await import("./call/prepare.ts");
  return await prepareWrapped(step);
}

async function load(): Promise<Calls> {
  // What the first call goes on to load anyway, read at the same time.
  const [loaded] = await Promise.all([import("./call/memoize.ts"), import("./call/prepare.ts")]);
  return calls = loaded;
}

/** Whether a function is a generator, asynchronous or not. */
export function isGenerator(fn: object): boolean {
  const tag = Object.prototype.toString.call(fn);
  return tag === "[object GeneratorFunction]" || tag === "[object AsyncGeneratorFunction]";
}
