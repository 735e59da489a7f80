/**
 * Dependencies that are named: those that the options of a function declare, and the files that arguments name, with
 * their state at the time of a call.
 *
 * @module
 */
import { cwdState, declaredVariableState } from "../reads/dependency.ts";
import { type FolderLimit, isTooLarge } from "../reads/files/file_digests.ts";
import { mayBeSlow } from "../reads/files/slow_pattern.ts";
import { locatePath } from "../reads/context.ts";
import { fromPortable, portableOf, toAbsolute, workingDirectory } from "../options/project.ts";
import { isAbsolutePath } from "../options/paths.ts";
import type { WorkingDirectoryDependency } from "../words/records.ts";
import type { Prepared } from "./wrapped.ts";
import type { ContentDigest } from "../words/digests.ts";
import { giveTurn, isTurnOver, STEPS } from "../words/waiting.ts";
import { CacheError } from "../words/errors.ts";
import type { CodecIdentity } from "./codec_identities.ts";
import type { SecretHolder } from "./secret_arguments.ts";
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

/** Largest folder among the arguments that a blind function may read, and that counts with all files in it. */
const GUESSED_FOLDER: FolderLimit = { entries: 5000, sizeBytes: 2 ** 30 };

function noticeOfFolder(path: string): string {
  return `not tracked: the files in the folder ${path}, which has more than ${GUESSED_FOLDER.entries} entries or 1 GiB; ` +
    "only the names in the folder itself count; pass a smaller folder, or name it in fileArgs";
}

function noticeOfUnread(path: string, { message }: CacheError): string {
  return `not tracked: what is in ${path}, which an argument names: ${message}`;
}

/** Absolute path of a file argument, `..` behind a link as the operating system resolves it. */
function absoluteOf(path: string | URL): string {
  const mayTurn = typeof path === "string" && path.includes("..") && !/^file:/i.test(path);
  return mayTurn ? locatePath(path, workingDirectory() ?? "/") : toAbsolute(path);
}

function isRelative(path: string | URL): path is string {
  return typeof path === "string" && !isAbsolutePath(path) && !/^file:/i.test(path);
}

/** Digests the files that one call names, and keeps the digests. */
export class PathReader {
  readonly found: FoundPath[] = [];
  /** Texts among the arguments that may be paths, by their portable paths. */
  readonly guessed = new Map<string, string | URL>();

  /** Absolute path of each relative path among the file arguments, by the text that was passed. */
  readonly named = new Map<string, string>();
  cwd: WorkingDirectoryDependency | null = null;

  constructor(readonly prepared: Prepared) {}

  /** Notices for the user about folders that are not looked at as a whole. */
  readonly notices: string[] = [];

  readonly digest = (path: string | URL): FoundPath | Promise<FoundPath> => this.#digest(path);

  #digest(path: string | URL, limit?: FolderLimit): FoundPath | Promise<FoundPath> {
    const { files, options: { filePattern } } = this.prepared;
    const absolute = absoluteOf(path);
    if (isRelative(path)) this.cwd ??= { kind: "cwd", digest: cwdState(this.prepared.root) };
    const digest = files.digestPath(absolute, { limit, pattern: this.#harmless(filePattern) });
    if (!(digest instanceof Promise)) return this.#keep(absolute, digest);
    const pending = digest.then((digest) => this.#keep(absolute, digest));
    pending.catch(() => {}); // `pending` is awaited later, unless another path fails first
    return pending;
  }

  /** Returns the pattern, if it cannot take for ever; else all files of a folder count, which is said. */
  #harmless(pattern: RegExp | null): RegExp | undefined {
    if (pattern === null || !mayBeSlow(pattern)) return pattern ?? undefined;
    const notice = `filePattern ${pattern} may take for ever on some names, so all files in a folder count; write it ` +
      "without nested repetitions";
    if (!this.notices.includes(notice)) this.notices.push(notice);
    return undefined;
  }

  #keep(absolute: string, digest: ContentDigest | null): FoundPath {
    const at = { path: portableOf(absolute, this.prepared.root), digest };
    this.found.push(at);
    return at;
  }

  /**
   * Digests the file that a text may name. Of a folder that is too large to be looked at before each call, or that holds
   * something that cannot be read, the names of its entries count, and that is said.
   */
  readonly guess = async (path: string | URL): Promise<FoundPath> => {
    try {
      const at = await this.#digest(path, GUESSED_FOLDER);
      this.guessed.set(at.path, path);
      return at;
    } catch (error) {
      const { files, root } = this.prepared;
      const absolute = absoluteOf(path);
      const info = error instanceof CacheError ? files.stat(absolute) : null;
      if (!(error instanceof CacheError) || info === null) throw error; // a text that names no file
      const digest = info.isDirectory ? await files.digestListing(absolute) : null;
      const at = { path: portableOf(absolute, root), digest };
      if (isTooLarge(error)) this.notices.push(noticeOfFolder(at.path));
      else if (absolute !== "/dev/null") this.notices.push(noticeOfUnread(at.path, error));
      return at;
    }
  };

  /** Forgets a path that was digested. */
  drop(at: FoundPath): void {
    this.found.splice(this.found.indexOf(at), 1);
    this.guessed.delete(at.path);
  }

  /** Returns the portable paths whose digests have changed. */
  async changed(): Promise<string[]> {
    const again = new PathReader(this.prepared);
    const looks: (FoundPath | Promise<FoundPath>)[] = [];
    for (const { path } of this.found) {
      const look = again.digest(fromPortable(path, this.prepared.root));
      if (looks.push(look) % STEPS === 0 && isTurnOver()) await giveTurn();
    }
    const now = await Promise.all(looks);
    return this.found.filter(({ digest }, index) => now[index]!.digest !== digest).map(({ path }) => path);
  }
}

/**
 * Digests the files that the file arguments name.
 *
 * @param paths The paths, in the order in which the arguments have them.
 * @param reader Digests the files.
 * @param countsPath True when the path of a file counts besides its content.
 * @returns The paths and digests as one text.
 * @throws {CacheTypeError} `ERR_ARGUMENT` for a path of which no digest can be made.
 */
export async function digestPaths(
  paths: readonly (string | URL)[],
  reader: PathReader,
  countsPath: boolean,
): Promise<string> {
  const files: (FoundPath | Promise<FoundPath>)[] = [];
  for (const path of paths) {
    if (isRelative(path)) reader.named.set(path, absoluteOf(path));
    if (files.push(reader.digest(path)) % STEPS === 0 && isTurnOver()) await giveTurn();
  }
  let contents = "";
  // One text is encoded faster than many. The parts end with a zero byte, which no path of a file contains.
  for (const file of files) {
    const { path, digest } = file instanceof Promise ? await file : file;
    contents += `${countsPath ? path : ""}\0${digest ?? ""}\0`;
  }
  return contents;
}

/**
 * Digests the files that texts among the arguments may name. Most of them name no file.
 *
 * @param values The arguments.
 * @param reader Digests the files.
 * @param holder The call that they belong to: a word that is a secret is no name of a file unless there is one.
 */
export async function digestGuesses(
  values: readonly unknown[],
  reader: PathReader,
  holder: SecretHolder,
): Promise<FoundPath[]> {
  const { isWord, pathTextsIn } = await import("./path_like.ts"); // most functions are not blind
  const { texts, isCut } = pathTextsIn(values);
  if (isCut) reader.notices.push(NOTICE_OF_CUT);
  const looked = await Promise.all([...texts].map(async (text) => {
    const at = await reader.guess(text).catch(() => null);
    return at === null ? null : { text, at };
  }));
  const found = looked.filter((one) => one !== null);
  const absent = found.filter(({ text, at }) => at.digest === null && isWord(text));
  const secrets = absent.length === 0 ? new Set() : await wordsOfSecrets(holder);
  const dropped = new Set(absent.filter(({ text }) => secrets.has(text)).map(({ at }) => at));
  for (const at of dropped) reader.drop(at);
  return found.map(({ at }) => at).filter((at) => !dropped.has(at));
}

/** Returns the texts of secrets of a call, as far as they can be told. */
async function wordsOfSecrets(holder: SecretHolder): Promise<ReadonlySet<string>> {
  const { secretTextsOf } = await import("./secret_arguments.ts");
  try {
    return secretTextsOf(holder);
  } catch {
    return new Set(); // a codec cannot encode an argument
  }
}

const NOTICE_OF_CUT =
  "not tracked: files that the arguments name, beyond the first 1000 texts with a separator or an " +
  "extension and the first 100 others; name the parameter in fileArgs if its texts are paths";
