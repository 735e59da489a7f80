/**
 * Wraps functions: `cacheFile` is the first function that users call.
 *
 * @module
 */
// First: what the platform has is taken before a program can replace it.
import "./words/clock.ts";
import { markOwn, requireDeno } from "./words/program.ts";
import type { AnyFunction, CachedCall, CacheDecorator, CachedFunction, CallOptions } from "./call/cached_function.ts";
import { CacheError, CacheTypeError, describeError } from "./words/errors.ts";
import { warnOnce } from "./words/announce.ts";
import { takeLoader } from "./words/node_modules.ts";
import { loadHashing } from "./words/sha256.ts";
import {
  type CacheOptions,
  CHECKS,
  mergeOptions,
  type OptionCheck,
  validateBy,
  type ValidatedOptions,
  validateOptions,
} from "./options/check_options.ts";
import { previewOf } from "./values/preview.ts";
import type { MemoizeOptions } from "./call/memoize.ts";
import { takeSnapshot } from "./call/snapshot.ts";
import { type Prepared, registerWrapped, Wrapped } from "./call/wrapped.ts";
import { type Site, sitesBelow } from "./call/wrap_site.ts";

/**
 * Makes a decorator. Functions that it wraps store their results on disk and return them for as long as everything that
 * they depend on is unchanged: their code with the code and values that it reaches, their arguments, the files and
 * variables that they read, and the packages that they use.
 *
 * @param cacheDir Folder of the cache, relative to the working directory; when not given, the one in `cachepy.yml`,
 * else `CACHEPY_DIR`, else `./.cachepy`.
 * @param options See {@linkcode CacheOptions}; options that are not given are taken from `cachepy.yml`.
 * @returns A decorator, which wraps a function, takes further options, or decorates a method.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN`, `ERR_OPTION_TYPE`. The decorator throws these too, and
 * `ERR_NOT_A_FUNCTION`, `ERR_GENERATOR`, `ERR_OPTION_PARAMETER`.
 * @throws {CacheError} `ERR_DENO_VERSION` with a Deno that is too old.
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
 * Makes a decorator, with the cache directory among the options.
 *
 * @param options See {@linkcode CacheOptions}.
 */
export function cacheFile(options: CacheOptions): CacheDecorator;
export function cacheFile(first?: string | URL | CacheOptions, second?: CacheOptions): CacheDecorator {
  requireDeno();
  const isPath = first === undefined || typeof first === "string" || first instanceof URL;
  const given = validateOptions(isPath ? second ?? {} : first);
  const dir = isPath && first !== undefined ? validateOptions({ cacheDir: first }, "cacheFile") : validateOptions({});
  return decoratorWith(mergeOptions(dir, given));
}

function decoratorWith(options: ValidatedOptions): CacheDecorator {
  function decorate(subject: unknown, context?: unknown): unknown {
    if (isDecoratorContext(context)) return decorateMethod(subject, context, options, sitesBelow(decorate));
    if (typeof context === "string" || typeof context === "symbol") throw experimentalDecorator(context);
    if (typeof subject === "function" && isOptions(context)) throw optionsAfterFunction(subject.name);
    if (typeof subject === "function") {
      return wrapFunction(subject as AnyFunction, options, subject.name, sitesBelow(decorate));
    }
    if (isOptions(subject)) return decoratorWith(mergeOptions(options, validateOptions(subject)));
    throw notAFunction(subject);
  }
  markOwn(decorate);
  return decorate as CacheDecorator;
}

function decorateMethod(
  subject: unknown,
  context: DecoratorContext,
  options: ValidatedOptions,
  sites: readonly Site[],
): unknown {
  if (context.kind !== "method" || typeof subject !== "function") {
    throw new CacheTypeError(
      "ERR_NOT_A_FUNCTION",
      `Cannot cache the ${context.kind} ${String(context.name)}: only methods can be decorated; ` +
        "move what is slow into a method and decorate that",
    );
  }
  return wrapFunction(subject as AnyFunction, options, String(context.name), sites);
}

function wrapFunction<F extends AnyFunction>(
  fn: F,
  options: ValidatedOptions,
  name: string,
  sites: readonly Site[],
): CachedFunction<F> {
  requireCacheable(fn);
  const wrapped = new Wrapped(fn, options, name, prepare, sites);
  const call = (overrides: MemoizeOptions): CachedCall<F> => {
    const run = function (this: ThisParameterType<F>, ...args: Parameters<F>) {
      if (wrapped.isOff) return Promise.try(() => fn.apply(this, args)) as Promise<Awaited<ReturnType<F>>>;
      // Until the module is loaded the caller may change the arguments, so they are copied before.
      const early = calls === undefined ? takeSnapshot(args) : undefined;
      const result = calls === undefined
        ? loadOrWarn(wrapped).then((loaded) =>
          loaded === null ? fn.apply(this, args) : loaded.memoize(wrapped, this, args, { ...overrides, early })
        )
        : calls.memoize(wrapped, this, args, overrides);
      return result as Promise<Awaited<ReturnType<F>>>;
    };
    markOwn(run);
    return run;
  };
  // In `cached.has(3)`, `this` is the wrapped function, but the call `cached(3)` that it is about has no `this`.
  const receiverOf = (asked: unknown) => asked === cached ? undefined : asked;
  const cached: CachedFunction<F> = Object.assign(call({}), {
    with: (overrides: CallOptions) => call(checkCallOptions(overrides)),
    async key(this: unknown, ...args: Parameters<F>) {
      return await (await loadMembers()).keyOf(wrapped, receiverOf(this), args);
    },
    async has(this: unknown, ...args: Parameters<F>) {
      return (await (await loadMembers()).inspect(wrapped, receiverOf(this), args)).outcome === "hit";
    },
    async why(this: unknown, ...args: Parameters<F>) {
      return await (await loadMembers()).inspect(wrapped, receiverOf(this), args);
    },
    async forget(this: unknown, ...args: Parameters<F>) {
      return await (await loadMembers()).forget(wrapped, receiverOf(this), args);
    },
    async put(this: unknown, args: Parameters<F>, value: Awaited<ReturnType<F>>) {
      return await (await loadMembers()).put(wrapped, { receiver: receiverOf(this), args, value });
    },
    async clear() {
      return await (await loadMembers()).clearFunction(wrapped);
    },
    original: fn,
  });
  Object.defineProperty(cached, "name", { value: fn.name, configurable: true });
  Object.defineProperty(cached, "length", { value: fn.length, configurable: true });
  const { original: _, ...members } = cached;
  markOwn(...Object.values(members));
  registerWrapped(wrapped, cached);
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

const CALL_CHECKS: Readonly<Record<keyof CallOptions, OptionCheck>> = {
  force: CHECKS.verbose,
  skipSave: CHECKS.verbose,
  load: CHECKS.verbose,
  maxAge: CHECKS.maxAge,
};

function checkCallOptions(options: CallOptions): MemoizeOptions {
  const { maxAge, ...others } = validateBy(CALL_CHECKS, options, "with") as CallOptions & { maxAge?: number };
  return maxAge === undefined ? others : { ...others, maxAgeMs: maxAge };
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

/** Options that were ignored would track less than the user asked for. */
function optionsAfterFunction(name: string): CacheTypeError {
  return new CacheTypeError(
    "ERR_OPTION_TYPE",
    `Cannot use options beside the function ${name || "(anonymous)"}; give them first: cached({ … })(${name || "fn"})`,
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

/** Loads the module of what is asked of a function besides calling it, after that of calls. */
async function loadMembers(): Promise<typeof import("./call/members.ts")> {
  if (calls === undefined) await load();
  return await import("./call/members.ts");
}

/** Loads the module that runs calls; `null`, with a warning, when it cannot be loaded: that costs no result. */
async function loadOrWarn({ fname }: Wrapped): Promise<Calls | null> {
  try {
    return await load();
  } catch (error) {
    warnOnce(`${fname}: it runs uncached: the cache cannot be loaded: ${describeError(error)}`);
    return null;
  }
}

/** Prepares a wrapped function for calls. The module is loaded by the first call, so that wrapping need not wait. */
async function prepare(wrapped: Wrapped): Promise<Prepared> {
  const { prepareWrapped } = await import("./call/prepare.ts");
  return await prepareWrapped(wrapped);
}

/**
 * What the first call needs, in parts that depend on those before: loading and compiling all of it in one go would stop
 * the event loop for 200 ms.
 */
const PARTS: readonly (() => Promise<unknown>)[] = [
  () => import("./values/key/encode_key.ts"),
  () => import("./code/syntax/parameters.ts"),
  () => import("./code/packages/packages.ts"),
  () => import("./code/walk/values.ts"),
  () => import("./code/state/state.ts"),
  () => import("./code/fingerprint.ts"),
  () => import("./reads/dependency.ts"),
  () => import("./store/cache_dir.ts"),
];

async function load(): Promise<Calls> {
  const { giveTurn } = await import("./words/waiting.ts");
  await takeLoader();
  await loadHashing();
  for (const part of PARTS) await part().then(giveTurn);
  const [loaded] = await Promise.all([import("./call/memoize.ts"), import("./call/prepare.ts")]);
  return calls = loaded;
}

/** True for a generator function, asynchronous or not. */
export function isGenerator(fn: object): boolean {
  const tag = Object.prototype.toString.call(fn);
  return tag === "[object GeneratorFunction]" || tag === "[object AsyncGeneratorFunction]";
}

markOwn(cacheFile, CacheError, CacheTypeError);
