/**
 * What is worked out once for a wrapped function, by its first call: options in force, parameters, cache, fingerprint.
 *
 * @module
 */
import { announce, type Audience, warnOnce } from "./announce.ts";
import { type ArgumentPlan, planArguments } from "./arguments.ts";
import { describeBlindUses } from "./blind_uses.ts";
import { loadDefaultConfig } from "./config.ts";
import type { FileDigests } from "./files/file_digests.ts";
import { type Fingerprint, fingerprint, type FingerprintOptions } from "./fingerprint/fingerprint.ts";
import { mergeOptions, type ResolvedOptions, resolveOptions, withoutForeignParameters } from "./options.ts";
import { ownCodeResolver } from "./own_code.ts";
import { projectRoot, toAbsolute, workingDirectory } from "./project.ts";
import { SizeBound } from "./prune/size_bound.ts";
import type { Step } from "./step.ts";
import { cachedIdentity } from "./steps.ts";
import type { CacheReport } from "./store/cache_dir.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

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

/**
 * Works it out.
 *
 * @param step The wrapped function.
 * @throws {CacheTypeError} `ERR_CONFIG` for a mistake in a configuration file.
 * @throws {CacheError} When the cache or the tracking of code cannot be set up.
 */
export async function prepareStep(step: Step): Promise<PreparedStep> {
  const parameters = step.parameters();
  const names = parameters?.names.map((bound) => bound.name) ?? [];
  const defaults = withoutForeignParameters(await loadDefaultConfig(workingDirectory() ?? projectRoot()), names);
  const options = resolveOptions(mergeOptions(defaults, step.given));
  const isConfigured = step.given.cacheDir === undefined && options.cacheDir !== null;
  const workspace = await openWorkspace(isConfigured ? toAbsolute(options.cacheDir) : step.home, options);
  const root = projectRoot();
  const codeOptions: FingerprintOptions = {
    ...(options.track === null ? {} : { track: options.track }),
    ignoreCode: options.ignoreCode,
    packageOf: ownCodeResolver(root, options.denoVersion),
    cachedIdentity,
    projectRoot: root,
  };
  const audience: Audience = { verbose: options.verbose, onEvent: options.onEvent ?? undefined };
  workspace.cache.onReport((report) => hear(step, report, audience));
  return {
    options,
    audience,
    workspace,
    files: workspace.files,
    root,
    plan: planArguments(parameters, options),
    ...(options.maxBytes === Infinity ? {} : { bound: new SizeBound(workspace.cache, options.maxBytes) }),
    codeOptions,
    fingerprint: follow(step, codeOptions, (found) => warnOfCode(step, found, { audience, options })),
  };
}

/** Fingerprints the function once, and then only looks at what of it can have changed. */
function follow(
  step: Step,
  codeOptions: FingerprintOptions,
  onNew: (found: Fingerprint) => void,
): () => Promise<Fingerprint> {
  let known: Fingerprint | undefined;
  return async () => {
    if (known?.isFixed) return known;
    const before = known;
    known = known === undefined ? await fingerprint(step.fn, codeOptions) : await known.refresh();
    if (known !== before) onNew(known);
    return known;
  };
}

/** Names what of a function's code, or of the code among its inputs, cannot be seen. */
export function warnOfCode(
  step: Step,
  { notices, blind }: Pick<Fingerprint, "notices" | "blind">,
  { audience, options }: Pick<PreparedStep, "audience" | "options">,
): void {
  for (const detail of noticesOf({ notices, blind }, options)) {
    if (warnOnce(`${step.fname}: ${detail}`)) {
      announce({ kind: "notice", fname: step.fname, key: null, detail }, audience);
    }
  }
}

/** What cannot be seen of code, in words. Without observation all reads are tracked as those of blind readers are. */
export function noticesOf(
  { notices, blind }: Pick<Fingerprint, "notices" | "blind">,
  { observe }: Pick<PreparedStep["options"], "observe">,
): readonly string[] {
  return observe ? [...notices, ...describeBlindUses(blind)] : notices;
}

/** What is found wrong with the cache as a whole. */
function hear({ fname }: Step, { kind, detail }: CacheReport, audience: Audience): void {
  warnOnce(detail);
  announce({ kind: kind === "damaged" ? "damaged" : "notice", fname, key: null, detail }, audience);
}
