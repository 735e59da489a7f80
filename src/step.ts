/**
 * A wrapped function, and what is worked out once for it: options in force, parameters, cache, fingerprint.
 *
 * @module
 */
import { announce, type Audience, warnOnce } from "./announce.ts";
import { type ArgumentPlan, planArguments } from "./arguments.ts";
import type { AnyFunction } from "./cached_function.ts";
import { loadDefaultConfig } from "./config.ts";
import type { FileDigests } from "./files/file_digests.ts";
import { type Fingerprint, fingerprint, type FingerprintOptions } from "./fingerprint/fingerprint.ts";
import {
  mergeOptions,
  requireParameterNames,
  type ResolvedOptions,
  resolveOptions,
  type ValidatedOptions,
  withoutForeignParameters,
} from "./options.ts";
import { ownCodeResolver } from "./own_code.ts";
import { projectRoot, toAbsolute, toPortable, workingDirectory } from "./project.ts";
import { cacheDefaultDir } from "./report/default_dir.ts";
import { type ParameterList, parseParameters } from "./source/parameters.ts";
import { SizeBound } from "./prune/size_bound.ts";
import { cachedIdentity } from "./steps.ts";
import type { CacheReport } from "./store/cache_dir.ts";
import { describeBlindUses } from "./blind_uses.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";
import { wrapSite } from "./wrap_site.ts";

/** What a function needs to be called, worked out by its first call. */
export interface PreparedStep {
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
export class Step {
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Name and module of the wrapping, by which traces refer to the function. */
  readonly functionId: string;
  readonly #options: ValidatedOptions;
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
    this.#options = options;
    this.fname = options.name ?? (name || "anonymous");
    const site = wrapSite();
    this.functionId = `${this.fname} @ ${site?.startsWith("file:") ? toPortable(new URL(site)) : site ?? "?"}`;
    // Taken now: a program may change its working directory before it first calls the function.
    this.home = toAbsolute(options.cacheDir ?? cacheDefaultDir());
    const speaksOfParameters = options.fileArgs !== undefined || options.ignoreArgs !== undefined;
    if (speaksOfParameters) requireParameterNames(options, this.#parse()?.names.map((bound) => bound.name) ?? []);
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
      const preparing = this.#prepare();
      this.#prepared = preparing;
      preparing.then((ready) => this.#ready = ready, () => {
        if (this.#prepared === preparing) this.#prepared = undefined;
      });
    }
    return this.#prepared;
  }

  async #prepare(): Promise<PreparedStep> {
    const parameters = this.#parse();
    const names = parameters?.names.map((bound) => bound.name) ?? [];
    const defaults = withoutForeignParameters(await loadDefaultConfig(workingDirectory() ?? projectRoot()), names);
    const options = resolveOptions(mergeOptions(defaults, this.#options));
    const isConfigured = this.#options.cacheDir === undefined && options.cacheDir !== null;
    const workspace = await openWorkspace(isConfigured ? toAbsolute(options.cacheDir) : this.home, options);
    const root = projectRoot();
    const codeOptions: FingerprintOptions = {
      ...(options.track === null ? {} : { track: options.track }),
      ignoreCode: options.ignoreCode,
      packageOf: ownCodeResolver(root, options.denoVersion),
      cachedIdentity,
      projectRoot: root,
    };
    const audience: Audience = { verbose: options.verbose, onEvent: options.onEvent ?? undefined };
    workspace.cache.onReport((report) => this.#hear(report, audience));
    return {
      options,
      audience,
      workspace,
      files: workspace.files,
      root,
      plan: planArguments(parameters, options),
      ...(options.maxBytes === Infinity ? {} : { bound: new SizeBound(workspace.cache, options.maxBytes) }),
      codeOptions,
      fingerprint: this.#follow(codeOptions, (found) => this.#warn(found, { audience, options })),
    };
  }

  /** Fingerprints the function once, and then only looks at what of it can have changed. */
  #follow(codeOptions: FingerprintOptions, onNew: (found: Fingerprint) => void): () => Promise<Fingerprint> {
    let known: Fingerprint | undefined;
    return async () => {
      if (known?.isFixed) return known;
      const before = known;
      known = known === undefined ? await fingerprint(this.fn, codeOptions) : await known.refresh();
      if (known !== before) onNew(known);
      return known;
    };
  }

  /** Names what of the function's code cannot be seen. */
  #warn({ notices, blind }: Fingerprint, { audience, options }: Pick<PreparedStep, "audience" | "options">): void {
    const told = options.observe ? [...notices, ...describeBlindUses(blind)] : notices;
    for (const detail of told) this.#tell(detail, audience);
  }

  #tell(detail: string, audience: Audience): void {
    if (warnOnce(`${this.fname}: ${detail}`)) {
      announce({ kind: "notice", fname: this.fname, key: null, detail }, audience);
    }
  }

  /** What is found wrong with the cache as a whole. */
  #hear({ kind, detail }: CacheReport, audience: Audience): void {
    warnOnce(detail);
    announce({ kind: kind === "damaged" ? "damaged" : "notice", fname: this.fname, key: null, detail }, audience);
  }

  #parse(): ParameterList | null {
    return this.#parameters === undefined ? this.#parameters = parseParameters(this.fn) : this.#parameters;
  }
}
