/**
 * A wrapped function: what wrapping it has to know at once, and what its calls need, which the first of them works out.
 * And the wrapped functions of this process: by the function that a user holds, and by the identity that traces record.
 *
 * @module
 */
import type { AnyFunction } from "./cached_function.ts";
import { requireParameterNames, type ResolvedOptions, type ValidatedOptions } from "../options/check_options.ts";
import { cacheDefaultDir, toAbsolute, toPortable } from "../options/project.ts";
// The parser is needed while wrapping only where options name parameters.
import defer * as parameters from "../code/syntax/parameters.ts";
import type { ParameterList } from "../code/syntax/parameters.ts";
import type { Fingerprint, FingerprintOptions } from "../code/fingerprint.ts";
import type { FileDigests } from "../reads/files/file_digests.ts";
import type { SizeBound } from "../store/bound/size_bound.ts";
import type { Audience } from "../words/announce.ts";
import { isOwnModule } from "../words/program.ts";
import type { ArgumentPlan } from "./arguments.ts";
import type { Workspace } from "./workspace.ts";

/** What a function needs to be called, worked out by its first call. */
export interface Prepared {
  readonly options: ResolvedOptions;
  readonly audience: Audience;
  readonly workspace: Workspace;
  readonly files: FileDigests;
  /** The project's root, for portable paths. */
  readonly root: string;
  readonly plan: ArgumentPlan;
  /** Keeps the cache under `maxBytes`; absent where there is no bound. */
  readonly bound?: SizeBound;
  /** How code is followed, for functions and instances among the arguments too. */
  readonly codeOptions: FingerprintOptions;
  /** The function's fingerprint as it is now. */
  fingerprint(): Promise<Fingerprint>;
}

/** A wrapped function. */
export class Wrapped {
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Name and module of the wrapping, by which traces refer to the function. */
  readonly functionId: string;
  /** Options given in code, checked. */
  readonly given: ValidatedOptions;
  /** The cache directory as far as code and environment say; a configuration file may say otherwise. */
  readonly cacheDir: string;
  #parameters: ParameterList | null | undefined;
  #prepared: Promise<Prepared> | undefined;
  #ready: Prepared | undefined;

  /**
   * @param fn The function.
   * @param options Options given in code, checked.
   * @param name Name to show when the options give none.
   * @param prepareCalls Works out what its calls need; asked by the first of them.
   * @throws {CacheTypeError} `ERR_OPTION_PARAMETER` for a name in `fileArgs` or `ignoreArgs` that is no parameter.
   */
  constructor(
    readonly fn: AnyFunction,
    options: ValidatedOptions,
    name: string,
    readonly prepareCalls: (wrapped: Wrapped) => Promise<Prepared>,
  ) {
    this.given = options;
    this.fname = options.name ?? (name || "anonymous");
    const site = wrapSite();
    this.functionId = `${this.fname} @ ${site?.startsWith("file:") ? toPortable(new URL(site)) : site ?? "?"}`;
    // Taken now: a program may change its working directory before it first calls the function.
    this.cacheDir = toAbsolute(options.cacheDir ?? cacheDefaultDir());
    const speaksOfParameters = options.fileArgs !== undefined || options.ignoreArgs !== undefined;
    if (speaksOfParameters) requireParameterNames(options, this.parameters()?.names.map((bound) => bound.name) ?? []);
  }

  /** What {@linkcode prepare} answered, once it has. */
  get ready(): Prepared | undefined {
    return this.#ready;
  }

  /**
   * What the function needs to be called. Tried again by the next call when it fails.
   *
   * @throws {CacheTypeError} `ERR_CONFIG` for a mistake in a configuration file.
   * @throws {CacheError} When the cache or the tracking of code cannot be set up.
   */
  prepare(): Promise<Prepared> {
    if (this.#prepared === undefined) {
      const preparing = this.prepareCalls(this);
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

 *
 * The module is part of a cached function's identity in traces: two functions of one name in two modules are two. The
 * stack trace tells it without any permission.
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

/** Cached functions, held weakly: a factory may wrap thousands. */
class Registry<Item extends object> {
  readonly #byId = new Map<string, Set<WeakRef<Item>>>();

  /** Adds a function under its identity. */
  add(functionId: string, wrapped: Item): void {
    const refs = this.#byId.get(functionId);
    if (refs === undefined) this.#byId.set(functionId, new Set([new WeakRef(wrapped)]));
    else refs.add(new WeakRef(wrapped));
  }

  /** The functions with this identity; more than one when a factory wraps closures of one text. */
  find(functionId: string): Item[] {
    const refs = this.#byId.get(functionId);
    if (refs === undefined) return [];
    const found: Item[] = [];
    for (const ref of refs) {
      const wrapped = ref.deref();
      if (wrapped === undefined) refs.delete(ref);
      else found.push(wrapped);
    }
    return found;
  }
}

const registry = new Registry<Wrapped>();
const byCachedFunction = new WeakMap<object, Wrapped>();

/** Makes a wrapped function known. */
export function registerWrapped(wrapped: Wrapped, cachedFunction: object): void {
  registry.add(wrapped.functionId, wrapped);
  byCachedFunction.set(cachedFunction, wrapped);
}

/**
 * The wrapped functions with this identity: those of the same cache directory where there are any, else all.
 *
 * @param functionId As a trace records it.
 * @param home The cache directory of the function in whose trace it stands.
 */
export function findWrapped(functionId: string, home: string): Wrapped[] {
  const found = registry.find(functionId);
  const atHome = found.filter((wrapped) => wrapped.cacheDir === home);
  return atHome.length > 0 ? atHome : found;
}

/**
 * What stands for a cached function in the code of another one: its identity, since its calls are in the trace.
 *
 * @returns `undefined` for a function that is not cached, and where several cached functions share the identity, so
 * that the name alone would not tell which one is meant.
 */
export function cachedIdentity(value: object): string | undefined {
  const wrapped = byCachedFunction.get(value);
  return wrapped === undefined || findWrapped(wrapped.functionId, wrapped.cacheDir).length > 1
    ? undefined
    : wrapped.functionId;
}
