/**
 * A wrapped function: what wrapping it has to know at once. What its calls need is worked out by the first of them.
 *
 * @module
 */
import type { AnyFunction } from "./cached_function.ts";
import { requireParameterNames, type ValidatedOptions } from "../options/check_options.ts";
import type { PreparedStep } from "./prepare.ts";
import { cacheDefaultDir, toAbsolute, toPortable } from "../options/project.ts";
// The parser is needed while wrapping only where options name parameters.
import defer * as parameters from "../code/syntax/parameters.ts";
import type { ParameterList } from "../code/syntax/parameters.ts";
import { isOwnModule } from "../words/own_modules.ts";

export type { PreparedStep } from "./prepare.ts";

/** A wrapped function. */
export class Step {
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Name and module of the wrapping, by which traces refer to the function. */
  readonly functionId: string;
  /** Options given in code, checked. */
  readonly given: ValidatedOptions;
  /** The cache directory as far as code and environment say; a configuration file may say otherwise. */
  readonly home: string;
  #parameters: ParameterList | null | undefined;
  #prepared: Promise<PreparedStep> | undefined;
  #ready: PreparedStep | undefined;

  /**
   * @param fn The function.
   * @param options Options given in code, checked.
   * @param name Name to show when the options give none.
   * @throws {CacheTypeError} `ERR_OPTION_PARAMETER` for a name in `fileArgs` or `ignoreArgs` that is no parameter.
   */
  constructor(readonly fn: AnyFunction, options: ValidatedOptions, name: string) {
    this.given = options;
    this.fname = options.name ?? (name || "anonymous");
    const site = wrapSite();
    this.functionId = `${this.fname} @ ${site?.startsWith("file:") ? toPortable(new URL(site)) : site ?? "?"}`;
    // Taken now: a program may change its working directory before it first calls the function.
    this.home = toAbsolute(options.cacheDir ?? cacheDefaultDir());
    const speaksOfParameters = options.fileArgs !== undefined || options.ignoreArgs !== undefined;
    if (speaksOfParameters) requireParameterNames(options, this.parameters()?.names.map((bound) => bound.name) ?? []);
  }

  /** What {@linkcode prepare} answered, once it has. */
  get ready(): PreparedStep | undefined {
    return this.#ready;
  }

  /**
   * What the function needs to be called. Tried again by the next call when it fails.
   *
   * @throws {CacheTypeError} `ERR_CONFIG` for a mistake in a configuration file.
   * @throws {CacheError} When the cache or the tracking of code cannot be set up.
   */
  prepare(): Promise<PreparedStep> {
    if (this.#prepared === undefined) {
      // Whatever answers calls is loaded by the first call, so that a program that makes none does not wait for it.
      const preparing = import("./prepare.ts").then(({ prepareStep }) => prepareStep(this));
      this.#prepared = preparing;
      preparing.then((ready) => this.#ready = ready, () => {
        if (this.#prepared === preparing) this.#prepared = undefined;
      });
    }
    return this.#prepared;
  }

  /** Its parameter list; `null` when it cannot be known. */
  parameters(): ParameterList | null {
    return this.#parameters === undefined ? this.#parameters = parameters.parseParameters(this.fn) : this.#parameters;
  }
}

const LOCATION = /((?:file|https?|data|blob):.*?):\d+:\d+\)?$/;

/**
 * URL of the nearest module on the stack that is not part of this package; `null` when the stack does not tell.
 */
function wrapSite(): string | null {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  if (typeof stack !== "string") return null;
  for (const line of stack.split("\n")) {
    const url = LOCATION.exec(line.trim())?.[1];
    if (url !== undefined && !isOwnModule(url)) return url;
  }
  return null;
}
