/**
 * Preparation of a wrapped function by its first call: the options in force, parameters, cache and fingerprint.
 *
 * @module
 */
import { announce, type Audience, warnOnce } from "../words/announce.ts";
import { planArguments } from "./arguments.ts";
import { loadDefaultConfig } from "../options/config.ts";
import { type Fingerprint, fingerprint, type FingerprintOptions } from "../code/fingerprint.ts";
import { mergeOptions, resolveOptions, withoutForeignParameters } from "../options/check_options.ts";
import { projectRoot, toAbsolute, workingDirectory } from "../options/project.ts";
import { SizeBound } from "../store/bound/size_bound.ts";
import { cachedIdentity, type Prepared, type Wrapped } from "./wrapped.ts";
import type { CacheReport } from "../store/cache_dir.ts";
import { openWorkspace } from "./workspace.ts";
import type { BlindUse } from "../code/types.ts";
import { digestBytes } from "../words/sha256.ts";
import { createPackageResolver, type PackageIdentity } from "../code/packages/packages.ts";
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
  const options = resolveOptions(mergeOptions(defaults, wrapped.given));
  const isConfigured = wrapped.given.cacheDir === undefined && options.cacheDir !== null;
  const workspace = await openWorkspace(isConfigured ? toAbsolute(options.cacheDir) : wrapped.cacheDir, options);
  const root = projectRoot();
  const codeOptions: FingerprintOptions = {
    ...(options.track === null ? {} : { track: options.track }),
    ignoreCode: options.ignoreCode,
    packageOf: ownCodeResolver(root, options.denoVersion),
    cachedIdentity,
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
    ...(options.maxBytes === Infinity ? {} : { bound: new SizeBound(workspace.cache, options.maxBytes) }),
    codeOptions,
    fingerprint: followFingerprint(wrapped, codeOptions, (found) => warnOfCode(wrapped, found, { audience, options })),
  };
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
  return async () => {
    if (known?.isFixed && known.isStanding()) return known;
    const before = known;
    known = known === undefined ? await fingerprint(wrapped.fn, codeOptions) : await known.refresh();
    if (known !== before) onNew(known);
    return known;
  };
}

/** Warns of code, of the function or among the inputs, that is not tracked or not observed; gives each warning once. */
export function warnOfCode(
  wrapped: Wrapped,
  { notices, blind }: Pick<Fingerprint, "notices" | "blind">,
  { audience, options }: Pick<Prepared, "audience" | "options">,
): void {
  for (const detail of noticesOf({ notices, blind }, options)) {
    if (warnOnce(`${wrapped.fname}: ${detail}`)) {
      announce({ kind: "notice", fname: wrapped.fname, key: null, detail }, audience);
    }
  }
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
 */
function describeBlindUses(uses: readonly BlindUse[]): string[] {
  const network = uses.filter(({ kind }) => kind === "network");
  const others = uses.filter(({ kind }) => kind !== "network");
  const warnings: string[] = [];
  if (others.length > 0) {
    warnings.push(
      `what it reads through ${listUses(others)} cannot be observed; arguments that are paths of existing files are ` +
        "tracked by content, for other files use fileArgs, dependsOnFiles or trackFile()",
    );
  }
  if (network.length > 0) {
    warnings.push(
      `what it gets through ${listUses(network)} is no input, so a result stays as it was first fetched; ` +
        "pass the data as an argument or change version when it is to be fetched again",
    );
  }
  return warnings;
}

function listUses(uses: readonly BlindUse[]): string {
  const names = uses.map(({ name, module }) => module === undefined ? name : `${name} (${module})`);
  return [...new Set(names)].sort().join(", ");
}

/** Identity of this package: its format version, so that a new release of that format makes no result stale. */
function ownIdentity(): PackageIdentity {
  const version = `format ${FORMAT_VERSION}`;
  return { name: "@bimsb/cachepy", version, digest: digestBytes(version), source: "jsr", notices: [] };
}

const resolvers = new Map<string, (url: string) => PackageIdentity | null>();

/**
 * Returns a function that returns the package that a script belongs to, this package included.
 *
 * @param root The project's root.
 * @param denoVersion True when Deno's version counts.
 */
function ownCodeResolver(root: string, denoVersion: boolean): (url: string) => PackageIdentity | null {
  const id = `${denoVersion} ${root}`;
  let resolver = resolvers.get(id);
  if (resolver === undefined) {
    const { packageOf } = createPackageResolver({ root, denoVersion });
    const own = ownIdentity();
    resolver = (url) => isOwnModule(url) ? own : packageOf(url);
    resolvers.set(id, resolver);
  }
  return resolver;
}
