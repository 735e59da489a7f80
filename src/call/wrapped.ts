/**
 * Wrapped functions: the data that wrapping a function needs at once, and the data that its first call prepares. Also
 * the registry of this process's wrapped functions, by the function that the user holds and by the name that traces
 * record.
 *
 * @module
 */
import type { ChangedState } from "../store/cache_dir.ts";
import type { AnyFunction } from "./cached_function.ts";
import { requireParameterNames, type ResolvedOptions, type ValidatedOptions } from "../options/check_options.ts";
import { isOffByEnvironment } from "../options/environment.ts";
import { cacheDefaultDir, toAbsoluteFolder, toPortable } from "../options/project.ts";
import { type ParameterList, parseParameters } from "../code/syntax/parameters.ts";
import type { Fingerprint, FingerprintOptions } from "../code/fingerprint.ts";
import type { FileDigests } from "../reads/files/file_digests.ts";
import type { SizeBound } from "../store/bound/size_bound.ts";
import type { Audience } from "../words/announce.ts";
import type { ArgumentPlan } from "./arguments.ts";
import type { Workspace } from "./workspace.ts";
import { type Site, variableAtSites } from "./wrap_site.ts";

/** Data that the calls of a function need, prepared by the first call. */
export interface Prepared {
  readonly options: ResolvedOptions;
  readonly audience: Audience;
  readonly workspace: Workspace;
  readonly files: FileDigests;
  /** Root of the project, for portable paths. */
  readonly root: string;
  readonly plan: ArgumentPlan;
  /** Keeps the cache under `maxBytes`; absent when `maxBytes` sets no bound. */
  readonly bound?: SizeBound;
  /** Options that decide how far code is followed: that of the function, and that among its arguments. */
  readonly codeOptions: FingerprintOptions;
  /** State that runs of the function were seen to change. */
  readonly changedState: ChangedState;
  /** Returns the present fingerprint of the function. */
  fingerprint(): Promise<Fingerprint>;
}

/** Thrown in place of the preparation of a function whose cache is switched off: every call runs, nothing is read. */
export class SwitchedOff extends Error {
  override readonly name: string = "SwitchedOff";

  /** @param by What switched it off, in words. */
  constructor(by: string) {
    super(`the cache is switched off by ${by}`);
  }
}

/** Name of a function that has none. */
const NAMELESS = "anonymous";

/** A wrapped function. */
export class Wrapped {
  /** Name of the function as shown to users. */
  get fname(): string {
    return this.#fname;
  }
  #fname: string;
  /** Name of the function and module that wrapped it, by which traces refer to the function. */
  readonly functionId: string;
  /** Options given in code, checked. */
  readonly given: ValidatedOptions;
  /** Cache directory by code and environment. A configuration file wins when code names no directory. */
  readonly cacheDir: string;
  #isOff: boolean | undefined;
  #parameters: ParameterList | null | undefined;
  #prepared: Promise<Prepared> | undefined;
  #ready: Prepared | undefined;

  /**
   * @param fn The function.
   * @param options Options given in code, checked.
   * @param name Name to show when the options give none.
   * @param prepareCalls Prepares the function for its calls; called by the first call.
   * @param sites Places on the stack from which the function is wrapped, nearest first. The nearest is part of the
   * `functionId`, so that two functions of one name in two modules are told apart.
   * @throws {CacheTypeError} `ERR_OPTION_PARAMETER` for a name in `fileArgs`, `ignoreArgs` or `secretArgs` that is none.
   */
  constructor(
    readonly fn: AnyFunction,
    options: ValidatedOptions,
    name: string,
    readonly prepareCalls: (wrapped: Wrapped) => Promise<Prepared>,
    sites: readonly Site[],
  ) {
    this.given = options;
    this.#fname = options.name ?? (name || (variableAtSites(sites) ?? NAMELESS));
    const site = sites[0]?.url;
    this.functionId = `${this.#fname} @ ${site?.startsWith("file:") ? toPortable(new URL(site)) : site ?? "?"}`;
    // Resolved now, since the program may change its working directory before the first call.
    this.cacheDir = toAbsoluteFolder(options.cacheDir ?? cacheDefaultDir());
    const speaksOfParameters = (options.fileArgs ?? options.ignoreArgs ?? options.secretArgs) !== undefined;
    if (speaksOfParameters) requireParameterNames(options, this.parameters()?.names.map((bound) => bound.name) ?? []);
  }

  /** True when neither the options nor the function nor the module's source told a name. */
  get isNameless(): boolean {
    return this.#fname === NAMELESS;
  }

  /**
   * Shows the function by a name that was found later, as in a notebook, whose cells are no files. The `functionId` stays
   * as it is: traces refer to it before the first call.
   */
  showAs(name: string): void {
    this.#fname = name;
  }

  /** True when the cache is switched off for the function, as far as code and environment tell. */
  get isOff(): boolean {
    return this.#isOff ??= this.given.enabled === false || isOffByEnvironment();
  }

  /** Notes that the configuration file switches the cache off. */
  switchOff(): void {
    this.#isOff = true;
  }

  /** The data that {@linkcode prepare} returned; `undefined` before. */
  get ready(): Prepared | undefined {
    return this.#ready;
  }

  /**
   * Returns the data that calls of the function need. After a failure, the next call tries again.
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

  /** Returns the parameter list of the function; `null` when the list cannot be known. */
  parameters(): ParameterList | null {
    return this.#parameters === undefined ? this.#parameters = parseParameters(this.fn) : this.#parameters;
  }
}

/** Wrapped functions by `functionId`. They are held weakly, since a program may wrap thousands in a factory. */
class Registry<Item extends object> {
  readonly #byId = new Map<string, Set<WeakRef<Item>>>();

  /** Adds a function. */
  add(functionId: string, wrapped: Item): void {
    const refs = this.#byId.get(functionId);
    if (refs === undefined) this.#byId.set(functionId, new Set([new WeakRef(wrapped)]));
    else refs.add(new WeakRef(wrapped));
  }

  /** Returns the functions with this `functionId`: more than one when a factory wraps closures of one text. */
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

/** Adds a wrapped function, and the function that the user gets for it, to the registry. */
export function registerWrapped(wrapped: Wrapped, cachedFunction: object): void {
  registry.add(wrapped.functionId, wrapped);
  byCachedFunction.set(cachedFunction, wrapped);
}

/**
 * Returns the wrapped functions with this `functionId`: only those of the cache directory `home` if there are any.
 *
 * @param functionId Name and module of the function, as a trace records them.
 * @param home Cache directory of the function whose trace is verified.
 */
export function findWrapped(functionId: string, home: string): Wrapped[] {
  const found = registry.find(functionId);
  const atHome = found.filter((wrapped) => wrapped.cacheDir === home);
  return atHome.length > 0 ? atHome : found;
}

/**
 * Returns the `functionId` of a wrapped function, which stands for that function in the fingerprint of another one. Its
 * code need not count there, since its calls are dependencies in the trace.
 *
 * @param value A function.
 * @param isOffByDefault True when the configuration file switches the cache off.
 * @returns `undefined` for a function that is not wrapped, for one whose cache is switched off, so that its calls are no
 * dependencies, and for one whose `functionId` several wrapped functions share, so that it would not tell which function is
 * called.
 */
export function cachedIdentity(value: object, isOffByDefault: boolean): string | undefined {
  const wrapped = byCachedFunction.get(value);
  if (wrapped === undefined || wrapped.isOff || isOffByDefault && wrapped.given.enabled !== true) return undefined;
  return findWrapped(wrapped.functionId, wrapped.cacheDir).length > 1 ? undefined : wrapped.functionId;
}
