/**
 * Declared dependencies: those that the options of a function name, with their state at the time of a call.
 *
 * @module
 */
import { declaredVariableState } from "../reads/dependency.ts";
import type { ContentDigest } from "../words/digests.ts";
import { CacheError } from "../words/errors.ts";
import type { CodecIdentity } from "./codec_identities.ts";
import type { ResolvedOptions } from "../options/check_options.ts";

/** Declared dependencies other than arguments, with their present digests or values. */
export interface Declared {
  /** Label that the user changes by hand; `null`: none. */
  readonly version: string | null;
  /** Digests of environment variables, sorted by name; `null`: not set, which differs from an empty value. */
  readonly env: readonly (readonly [name: string, digest: ContentDigest | null])[];
  /** Digests of files and folders, sorted by portable path; `null`: absent. */
  readonly files: readonly (readonly [path: string, digest: ContentDigest | null])[];
  /** Codecs, in the order in which they are asked, each with the digest of its fingerprint. */
  readonly codecs: readonly CodecIdentity[];
  /** Values by name. */
  readonly vars: Readonly<Record<string, unknown>>;
}

/** Digests the content of a file or folder. */
export type DigestPath = (path: string | URL) => FoundPath | Promise<FoundPath>;

/** A path in portable form, with the digest of the file or folder at the path; `null`: absent. */
export interface FoundPath {
  readonly path: string;
  readonly digest: ContentDigest | null;
}

const NOTHING: Declared = { version: null, env: [], files: [], codecs: [], vars: {} };

/** True when the options declare no dependency that can differ at the next call. */
export function declaresNothing(options: ResolvedOptions): boolean {
  return options.codecs.length === 0 && declaresCodecsAlone(options);
}

/** True when the options declare no dependency that can differ at the next call, codecs left aside. */
export function declaresCodecsAlone({ envVars, dependsOnFiles, dependsOnVars }: ResolvedOptions): boolean {
  // An empty object that is not frozen may be filled before the next call.
  return envVars.length === 0 && dependsOnFiles.length === 0 && typeof dependsOnVars !== "function" &&
    Object.isFrozen(dependsOnVars) && Object.keys(dependsOnVars).length === 0;
}

/**
 * Reads all dependencies that the options declare.
 *
 * @param options The options in force.
 * @param digestPath Digests the file or folder at a path.
 * @param codecs Present identities of the codecs.
 * @throws {CacheError} `ERR_PERMISSION` when a variable may not be read.
 */
export async function readDeclared(
  options: ResolvedOptions,
  digestPath: DigestPath,
  codecs: readonly CodecIdentity[],
): Promise<Declared> {
  const { version, envVars, dependsOnFiles, dependsOnVars } = options;
  if (declaresCodecsAlone(options)) return { ...NOTHING, version, codecs };
  const vars = typeof dependsOnVars === "function" ? dependsOnVars() : dependsOnVars;
  const found = await Promise.all(dependsOnFiles.map(digestPath));
  return {
    version,
    env: envVars.toSorted().map((name) => [name, digestVariable(name)]),
    files: found.map(({ path, digest }) => [path, digest] as const).sort(([a], [b]) => a < b ? -1 : 1),
    codecs,
    vars,
  };
}

function digestVariable(name: string): ContentDigest | null {
  const digest = declaredVariableState(name);
  if (digest !== undefined) return digest;
  throw new CacheError(
    "ERR_PERMISSION",
    `Cannot read the environment variable ${name} that envVars lists; run with --allow-env=${name}`,
  );
}
