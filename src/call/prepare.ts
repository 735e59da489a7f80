/**
 * Preparation of a wrapped function by its first call: the options in force, parameters, cache and fingerprint.
 *
 * @module
 */
import { announce, type Audience, isToldFirst, warnOnce } from "../words/announce.ts";
import { planArguments } from "./arguments.ts";
import { loadDefaultConfig } from "../options/config.ts";
import { type Fingerprint, fingerprint, type FingerprintOptions } from "../code/fingerprint.ts";
import {
  mergeOptions,
  type ResolvedOptions,
  resolveOptions,
  type ValidatedOptions,
  withoutForeignParameters,
} from "../options/check_options.ts";
import { isOffByEnvironment, isReadOnlyByEnvironment, warnOfOldVariable } from "../options/environment.ts";
import { manifestFolder, projectRoot, toAbsoluteFolder, workingDirectory } from "../options/project.ts";
import { cachedIdentity, type Prepared, SwitchedOff, type Wrapped } from "./wrapped.ts";
import type { CacheReport } from "../store/cache_dir.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";
import type { SizeBound } from "../store/bound/size_bound.ts";
import type { BlindUse } from "../code/types.ts";
import { digestBytes } from "../words/sha256.ts";
import {
  createPackageResolver,
  type PackageIdentity,
  type PackageResolver,
  type PackageResolverOptions,
} from "../code/packages/packages.ts";
import { FORMAT_VERSION } from "../words/records.ts";
import { isOwnModule } from "../words/program.ts";

/**
 * Prepares a wrapped function for its calls.
 *
 * @param wrapped The wrapped function.
 * @throws {CacheTypeError} `ERR_CONFIG` for a mistake in a configuration file.
 * @throws {CacheError} When the cache or the tracking of code cannot be set up.
 */
export async function prepareWrapped(wrapped: Wrapped): Promise<Prepared> {
  const parameters = wrapped.parameters();
  const names = parameters?.names.map((bound) => bound.name) ?? [];
  const defaults = withoutForeignParameters(await loadDefaultConfig(workingDirectory() ?? projectRoot()), names);
  const options = optionsInForce(wrapped, mergeOptions(defaults, wrapped.given));
  const isConfigured = wrapped.given.cacheDir === undefined && options.cacheDir !== null;
  if (options.cacheDir === null) warnOfOldVariable();
  const workspace = await openWorkspace(isConfigured ? toAbsoluteFolder(options.cacheDir) : wrapped.cacheDir, {
    ...options,
    metadataDir: options.metadataDir === null ? null : toAbsoluteFolder(options.metadataDir),
  });
  const root = projectRoot();
  const changedState = workspace.cache.changedPlaces.of(wrapped.functionId);
  const digestFile = (path: string) => workspace.files.digestFileSync(path);
  const codeOptions: FingerprintOptions = {
    ...(options.track === null ? {} : { track: options.track }),
    leftOut: changedState.places,
    ignoreCode: options.ignoreCode,
    ...ownCodeResolver({ root: manifestFolder(), denoVersion: options.denoVersion, digestFile }),
    digestFile,
    cachedIdentity: (value) => cachedIdentity(value, defaults.enabled === false),
    projectRoot: root,
    ...options.codecs.length === 0 ? {} : { codecs: options.codecs },
  };
  const audience: Audience = { verbose: options.verbose, onEvent: options.onEvent ?? undefined };
  workspace.cache.onReport((report) => hear(wrapped, report, audience));
  return {
    options,
    audience,
    workspace,
    files: workspace.files,
    root,
    plan: planArguments(parameters, options),
    ...(options.maxBytes === Infinity ? {} : { bound: await sizeBoundOf(workspace, options.maxBytes) }),
    codeOptions,
    changedState,
    fingerprint: followFingerprint(
      wrapped,
      {
        ...codeOptions,
        leavesOutUnnamed: options.codecs.length === 0,
      },
      (found) => {
        nameBySource(wrapped, found);
        warnOfCode(wrapped, found, { audience, options });
      },
    ),
  };
}

/**
 * Fills in the defaults, and what the environment says.
 *
 * @throws {SwitchedOff} When the cache is switched off.
 */
function optionsInForce(wrapped: Wrapped, given: ValidatedOptions): ResolvedOptions {
  if (isOffByEnvironment()) throw new SwitchedOff("CACHEPY in the environment");
  const options = resolveOptions(given);
  if (!options.enabled) {
    wrapped.switchOff();
    throw new SwitchedOff("the option enabled");
  }
  if (options.staleWhileRevalidate !== false && options.maxAge === Infinity) {
    warnOnce(`${wrapped.fname}: staleWhileRevalidate does nothing without maxAge, since no result expires; set maxAge`);
  }
  return options.readOnly || !isReadOnlyByEnvironment() ? options : { ...options, readOnly: true };
}

/** Shows a function without a name by that of the variable that gets it, where V8 alone has the source, as of a cell. */
function nameBySource(wrapped: Wrapped, { variable }: Fingerprint): void {
  if (wrapped.isNameless && variable !== null) wrapped.showAs(variable);
}

/** Returns the bound on the size of a cache. Most caches have none, so that it is loaded here. */
async function sizeBoundOf({ cache }: Workspace, maxBytes: number): Promise<SizeBound> {
  const { SizeBound } = await import("../store/bound/size_bound.ts");
  return new SizeBound(cache, maxBytes);
}

/**
 * Returns a function that returns the present fingerprint: made by the first call, refreshed by later calls. `onNew` is
 * called with each fingerprint that differs from the one before.
 */
function followFingerprint(
  wrapped: Wrapped,
  codeOptions: FingerprintOptions,
  onNew: (found: Fingerprint) => void,
): () => Promise<Fingerprint> {
  let known: Fingerprint | undefined;
  let leftOut = 0;
  return async () => {
    if (known?.isFixed && known.isStanding()) return known;
    const before = known;
    const isOther = leftOut !== (leftOut = codeOptions.leftOut?.size ?? 0);
    known = known === undefined || isOther ? await fingerprint(wrapped.fn, codeOptions) : await known.refresh();
    if (known !== before) onNew(known);
    return known;
  };
}

/**
 * Warns of code, of the function or among the inputs, that is not tracked or not observed; gives each warning once.
 * Listeners get each notice, a terminal one line for all of one cause. State of vendored code, which nobody is to edit, is
 * told by `why` alone.
 */
export function warnOfCode(
  wrapped: Wrapped,
  { notices, blind }: Pick<Fingerprint, "notices" | "blind">,
  { audience, options }: Pick<Prepared, "audience" | "options">,
): void {
  const { fname } = wrapped;
  const details = noticesOf({ notices, blind }, options)
    .filter((detail) => !isOfVendoredState(detail) && isToldFirst(`${fname}: ${detail}`));
  if (details.length === 0) return;
  const short = describeBlindUses(blind, MOST_USES);
  const shortened = new Map(describeBlindUses(blind).map((line, index) => [line, short[index] as string]));
  const lines = foldNotices(details.map((detail) => shortened.get(detail) ?? detail));
  for (const line of lines) warnOnce(`${fname}: ${line}`);
  for (const detail of details) announce({ kind: "notice", fname, key: null, detail }, audience);
}

/** Largest number of variables and members that one line of a terminal names as left out. */
const MOST_NAMES = 6;

/** Largest number of functions of one package that one line of a terminal names as not observed. */
const MOST_USES = 3;

/** Notices that differ by a name alone. */
const NAMED =
  /^(left out: )(.+?)( @ .+, state that the code writes)$|^(not tracked: the inside of a captured )(.+?)(, which counts by its kind alone)$/;

/** Folds notices of one cause, such as state of one module, into one, which names the first few variables or classes. */
export function foldNotices(notices: readonly string[]): string[] {
  const groups = new Map<string, { readonly begin: string; readonly rest: string; readonly names: string[] }>();
  for (const notice of notices) {
    const [begin = "", name, rest = ""] = NAMED.exec(notice)?.slice(1).filter((part) => part !== undefined) ?? [];
    const group = groups.get(rest || notice) ?? { begin, rest, names: [] };
    groups.set(rest || notice, group);
    if (name !== undefined) group.names.push(name);
  }
  return [...groups].map(([notice, { begin, rest, names }]) =>
    names.length === 0 ? notice : `${begin}${listNames(names, MOST_NAMES)}${rest}`
  );
}

/** The names, or the first few of them and the number of the others. */
function listNames(names: readonly string[], most: number): string {
  const left = names.length - most;
  return left <= 0 ? names.join(", ") : `${names.slice(0, most).join(", ")} and ${left} more`;
}

/** True for a notice of state in code that a folder of other people's code has. */
function isOfVendoredState(notice: string): boolean {
  return /, state of packages that runs were seen to change$|^not tracked: what packages keep in /.test(notice) ||
    /^left out: .+ @ (?:.*\/)?(?:node_modules|vendor|third_party)\/|^left out: .+ @ (?:https?|npm|jsr):/.test(
      notice,
    );
}

/**
 * Returns notices for the user about code that is not tracked or not observed. With `observe: false`, every function is
 * treated as blind, so that single blind uses need no notice.
 */
export function noticesOf(
  { notices, blind }: Pick<Fingerprint, "notices" | "blind">,
  { observe }: Pick<Prepared["options"], "observe">,
): readonly string[] {
  return observe ? [...notices, ...describeBlindUses(blind)] : notices;
}

/** Passes on a report about the cache as a whole: as a warning, and as an event of the function. */
function hear({ fname }: Wrapped, { kind, detail }: CacheReport, audience: Audience): void {
  warnOnce(detail);
  announce({ kind: kind === "damaged" ? "damaged" : "notice", fname, key: null, detail }, audience);
}

/**
 * Describes blind uses by at most two warnings: one about the network, and one about all other uses, which may read
 * files.
 *
 * @param uses Blind uses that a fingerprint lists.
 * @param most Largest number of uses that are named of one package.
 */
function describeBlindUses(uses: readonly BlindUse[], most = Infinity): string[] {
  const network = uses.filter(({ kind }) => kind === "network");
  const others = uses.filter(({ kind }) => kind !== "network");
  const warnings: string[] = [];
  if (others.length > 0) {
    warnings.push(
      `what it reads through ${
        listUses(others, most)
      } cannot be observed; arguments that are paths of existing files are ` +
        "tracked by content, for other files use fileArgs, dependsOnFiles or trackFile()",
    );
  }
  if (network.length > 0) {
    warnings.push(
      `what it gets through ${listUses(network, most)} is no input, so a result stays as it was first fetched; ` +
        "pass the data as an argument or change version when it is to be fetched again",
    );
  }
  return warnings;
}

/** Largest number of names in one notice: code that holds a copy of `fs` holds more than a hundred readers. */
const MAX_LISTED = 12;

function listUses(uses: readonly BlindUse[], most: number): string {
  const names = new Set(uses.map(({ name, module }) => module === undefined ? name : `${name} (${module})`));
  if (most === Infinity) return listNames([...names].sort(), MAX_LISTED);
  const modules = Map.groupBy(uses, ({ module }) => module ?? "");
  return [...modules].sort().map(([module, ofModule]) => {
    const own = listNames([...new Set(ofModule.map(({ name }) => name))].sort(), most);
    return module === "" ? own : `${own} (${module})`;
  }).join(", ");
}

/** Identity of this package: its format version, so that a new release of that format makes no result stale. */
function ownIdentity(): PackageIdentity {
  const version = `format ${FORMAT_VERSION}`;
  return { name: "@bimsb/cachepy", version, digest: digestBytes(version), source: "jsr", notices: [] };
}

const resolvers = new Map<string, PackageResolver>();

/**
 * Returns a resolver that tells which package a script belongs to, this package included. There is one for each project,
 * whose files are digested by the options that were given first.
 */
function ownCodeResolver(options: PackageResolverOptions): PackageResolver {
  const id = `${options.denoVersion} ${options.root}`;
  let resolver = resolvers.get(id);
  if (resolver === undefined) {
    const { packageOf, ...others } = createPackageResolver(options);
    const own = ownIdentity();
    resolver = { packageOf: (url, referrer) => isOwnModule(url) ? own : packageOf(url, referrer), ...others };
    resolvers.set(id, resolver);
  }
  return resolver;
}
