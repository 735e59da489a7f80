/**
 * Reads options from a YAML file. The nearest `cachepy.yml` upwards from the working directory gives the defaults.
 *
 * Keys are the options' names, in camelCase or snake_case. A relative path in the file is relative to the file's
 * folder, so it does not depend on the directory in which the program is started. Nothing in the file is executed.
 *
 * @module
 */
import { warnOnce } from "../words/announce.ts";
import { CacheTypeError, messageOf } from "../words/errors.ts";
import {
  type CacheOptions,
  mergeOptions,
  nearestWord,
  OPTION_NAMES,
  type OptionName,
  type ValidatedOptions,
  validateOptions,
} from "./check_options.ts";
import { warnOfOldVariable } from "./environment.ts";
import { cacheDefaultDir, homePathOf, projectRoot, toAbsolute, toAbsoluteFolder, workingDirectory } from "./project.ts";
import { manifestStampOf, readManifest, variableOf } from "./manifest_files.ts";
import { parentOf, resolvePath } from "./paths.ts";
import { previewOf } from "../values/preview.ts";
import { markOwn } from "../words/program.ts";

/** Names of configuration files. Where a folder has several, the first in this list is taken. */
const CONFIG_NAMES = ["cachepy.yml", ".cachepy.yml", "cachepy.yaml", ".cachepy.yaml"];

const NONE: ValidatedOptions = validateOptions({});

/** Options by file, with the stamp that the file had before it was read. A file with another stamp is read again. */
const loaded = new Map<string, { readonly stamp: string; readonly options: Promise<ValidatedOptions> }>();

/**
 * Reads options from a YAML file.
 *
 * @param path The file: a path relative to the working directory, an absolute path or a `file:` URL.
 * @param existing Options that replace those of the file.
 * @returns Options to pass to {@linkcode cacheFile}, in which relative paths of the file are absolute.
 * @throws {CacheTypeError} `ERR_CONFIG` for a file that cannot be read, a syntax error, an unknown key or a value of
 * the wrong type, with file, line, key and remedy; `ERR_OPTION_*` for mistakes in `existing`.
 *
 * @example
 * ```ts
 * import { loadConfig } from "./config.ts";
 *
 * const file = await Deno.makeTempFile({ suffix: ".yml" });
 * await Deno.writeTextFile(file, "verbose: true\nmax_bytes: 2GiB\n");
 * console.log(await loadConfig(file, { verbose: false })); // { verbose: false, maxBytes: 2147483648 }
 * await Deno.remove(file);
 * ```
 */
export async function loadConfig(path: string | URL, existing: CacheOptions = {}): Promise<CacheOptions> {
  const given = validateOptions(existing, "existing");
  return { ...mergeOptions(await readConfig(toAbsolute(path)), given) };
}

/**
 * Finds the configuration file for a folder: the nearest one in the folder itself or upwards from it.
 *
 * A file that may not be read counts as absent. Nothing is thrown, and no permission is prompted for.
 *
 * @param cwd An absolute path: the working directory.
 * @returns An absolute path; `null` when there is none.
 */
export function findConfig(cwd: string): string | null {
  for (let folder = cwd;; folder = parentOf(folder)) {
    for (const name of CONFIG_NAMES) {
      const file = resolvePath(name, folder);
      if (manifestStampOf(file) !== null) return file;
    }
    if (parentOf(folder) === folder) return null;
  }
}

/**
 * Reads the defaults for a folder from the nearest configuration file; without one, there are no options.
 *
 * An unchanged file is read once per process; only the search for it is repeated. A file of another user is not read, which
 * is said: a search comes through folders that others may write to.
 *
 * @param cwd An absolute path: the working directory.
 * @returns Checked options, which those given in code replace: the same object for as long as the file is unchanged.
 * @throws {CacheTypeError} `ERR_CONFIG`, as {@linkcode loadConfig}.
 */
export async function loadDefaultConfig(cwd: string): Promise<ValidatedOptions> {
  const file = findConfig(cwd);
  const stamp = file === null ? null : manifestStampOf(file);
  if (file === null || stamp === null) return NONE;
  const known = loaded.get(file);
  if (known?.stamp === stamp) return await known.options;
  const { foreignOwnerOf } = await import("./owner.ts"); // most programs have no configuration file
  const owner = foreignOwnerOf(file);
  if (owner !== null) {
    warnOnce(`The configuration ${file} is not used, since it ${owner}; make it yours, or pass it by loadConfig()`);
  }
  const options = owner === null ? readConfig(file) : Promise.resolve(NONE);
  loaded.set(file, { stamp, options });
  return await options;
}

/**
 * Returns the cache directory that wrapped functions use: the one that is given, else that of the configuration file, else
 * `cacheDefaultDir()`.
 *
 * @param given A directory; when not given, the default.
 * @returns An absolute path.
 * @throws {CacheTypeError} `ERR_CONFIG`, as {@linkcode loadConfig}.
 */
export async function cacheDirInForce(given?: string | URL): Promise<string> {
  if (given !== undefined) return toAbsoluteFolder(given);
  const { cacheDir } = await loadDefaultConfig(workingDirectory() ?? projectRoot());
  if (cacheDir === undefined) warnOfOldVariable();
  return toAbsoluteFolder(cacheDir ?? cacheDefaultDir());
}

async function readConfig(file: string): Promise<ValidatedOptions> {
  const found = readManifest(file, MAX_CONFIG_BYTES);
  if (found.text !== null) return await parseConfig(found.text, file);
  const problem = {
    absent: "there is no such file; pass the path of a YAML file",
    denied: `reading it is not allowed; run with --allow-read=${file}`,
    broken: `it is no readable file of at most ${MAX_CONFIG_BYTES / 1024} KiB; pass the path of a YAML file`,
  }[found.reason];
  throw new CacheTypeError("ERR_CONFIG", `Cannot load ${file}: ${problem}`, { path: file });
}

/**
 * Number of the line of a top-level key, counted from 1.
 *
 * The key, bare or quoted and followed by a colon, is looked for at the beginning of a line, then indented, then
 * anywhere (in a mapping such as `{a: 1}`). For a key that is written otherwise, such as with escapes, it is 1.
 *
 * @param text Text of the whole file.
 * @param key The key as the parser returned it.
 */
function lineOfKey(text: string, key: string): number {
  if (key.length > 100) return lineAt(text, text.indexOf(key));
  const escaped = RegExp.escape(key);
  // The number of blanks is bounded, since without a bound a text of blanks takes quadratic time.
  const quoted = `(?:"${escaped}"|'${escaped}'|${escaped})[ \\t]{0,16}:`;
  for (const before of ["^(?:\\? )?", "^[ \\t]{1,16}", "(?<![\\w$-])"]) {
    const found = new RegExp(before + quoted, "m").exec(text);
    if (found !== null) return lineAt(text, found.index);
  }
  return 1;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, Math.max(0, index)).split("\n").length;
}

/** Size of the largest configuration file in bytes, which bounds the time to read a hostile one. */
const MAX_CONFIG_BYTES = 64 * 1024;

/** Largest number of values in a file. A value counts at each alias too: ten lines of aliases can make a billion. */
const MAX_VALUES = 10_000;

/** Deepest nesting of values in a file. */
const MAX_DEPTH = 64;

/** Options that YAML cannot hold, with the reason and the remedy for the message. */
const CODE_ONLY: Partial<Record<OptionName, string>> = {
  codecs: "a list of functions; give it in code",
  onEvent: "a function; give it in code",
  validate: "a function; give it in code",
};

const OPTION_BY_KEY = new Map<string, OptionName>(
  OPTION_NAMES.flatMap((name) => [[name, name], [snakeCase(name), name]]),
);

/**
 * Parses the text of a configuration file.
 *
 * @param text One YAML document (core schema, YAML 1.2): a mapping of options, or nothing.
 * @param file Absolute path of the file, for messages and for relative paths in the file.
 * @throws {CacheTypeError} `ERR_CONFIG`, as {@linkcode loadConfig} for the file.
 */
export async function parseConfig(text: string, file: string): Promise<ValidatedOptions> {
  // Loaded here, since most programs have no configuration file.
  const { parse } = await import("@std/yaml");
  const source: ConfigSource = { text, file };
  if (text.length > MAX_CONFIG_BYTES) throw problem(source, 1, `it is larger than ${MAX_CONFIG_BYTES / 1024} KiB`);
  let document: unknown;
  try {
    document = parse(text, { schema: "core" });
  } catch (cause) {
    throw syntaxProblem(source, cause);
  }
  if (document === null || document === undefined) return validateOptions({});
  if (typeof document !== "object" || Array.isArray(document)) {
    throw problem(source, 1, "want a mapping of options, `verbose: true` for example");
  }
  requireBounded(source, document);
  return await validateDocument(source, document);
}

/** A configuration file, for the messages about it. */
interface ConfigSource {
  readonly text: string;
  readonly file: string;
}

async function validateDocument(source: ConfigSource, document: object): Promise<ValidatedOptions> {
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(document)) {
    const name = OPTION_BY_KEY.get(key);
    const line = lineOfKey(source.text, key);
    if (name === undefined) {
      throw problem(source, line, `unknown key ${previewOf(key)}; ${await suggestion(key)}`, key);
    }
    const reason = CODE_ONLY[name];
    if (reason !== undefined) throw problem(source, line, `${key} cannot be set here: it is ${reason}`, key);
    if (Object.hasOwn(options, name)) {
      throw problem(source, line, `${key} is given twice, as ${name} and as ${snakeCase(name)}; remove one`, key);
    }
    try {
      Object.assign(options, validateOptions({ [name]: fromYaml(name, value, source.file) }, ""));
    } catch (cause) {
      throw await valueProblem(source, line, key, name, value, cause);
    }
    if (name === "filePattern" && GLOB_LIKE.test(String(value))) await warnOfGlob(source, line, key, String(value));
  }
  return validateOptions(options);
}

/** Converts a value to the one that code would give: a size to a number, a relative path to an absolute one. */
function fromYaml(name: OptionName, value: unknown, file: string): unknown {
  if (name === "cacheDir" || name === "metadataDir") return resolveText(name, value, file);
  if (name === "dependsOnFiles" && Array.isArray(value)) return value.map((item) => resolveText(name, item, file));
  return value;
}

function resolveText(name: OptionName, value: unknown, file: string): unknown {
  if (typeof value !== "string") return value;
  const path = expandPath(name, value);
  const isRelative = path !== "" && !/^[a-z][a-z0-9+.-]+:/i.test(path);
  return isRelative ? resolvePath(path, parentOf(file)) : path;
}

/**
 * Replaces `~`, `$NAME`, `${NAME}` and `${NAME:-default}` in a path by what a shell makes of them; `\\$` is a dollar sign.
 * A variable without a value and without a default is refused: a shell would go on with another path.
 *
 * @throws {CacheTypeError} `ERR_OPTION_TYPE` for a variable, or a home, that is not known.
 */
function expandPath(option: OptionName, path: string): string {
  const isHome = path.startsWith("~");
  const atHome = isHome ? homePathOf(path) : path;
  if (atHome === null) {
    throw unknownInPath(option, path, `${path.replace(/[\\/].*$/s, "")} has no value here; write the path without ~`);
  }
  if (/(?<!\\)\$\{(?!\w+(?::?-[^}]*)?\})/.test(atHome)) {
    throw unknownInPath(
      option,
      path,
      "after ${ it wants a name and }, as in ${NAME} and ${NAME:-default}; \\$ is a dollar sign",
    );
  }
  return atHome.replace(/\\\$|\$(?:(\w+)|\{(\w+)(?:(:?-)([^}]*))?\})/g, (found, bare, braced, operator, fallback) => {
    if (found === "\\$") return "$";
    const name: string = bare ?? braced;
    const text = variableOf(name);
    const isMissing = text === undefined || text === "" && operator !== "-";
    if (!isMissing) return text;
    if (operator === undefined) {
      throw unknownInPath(
        option,
        path,
        `$${name} has no value, or may not be read; set it, or write \${${name}:-default}`,
      );
    }
    return fallback;
  });
}

function unknownInPath(option: OptionName, path: string, what: string): CacheTypeError {
  return new CacheTypeError("ERR_OPTION_TYPE", `Cannot use ${option}: got ${previewOf(path)}; ${what}`, { path });
}

/** Refuses too many values and values nested too deep, among them a value that contains itself. */
function requireBounded(source: ConfigSource, document: object): void {
  let count = 0;
  const walk = (value: unknown, depth: number): void => {
    if (++count > MAX_VALUES || depth > MAX_DEPTH) {
      const bounds = `more than ${MAX_VALUES} values or ${MAX_DEPTH} levels, aliases counted where they are used`;
      throw problem(source, 1, `${bounds}; put data into a file and name it in dependsOnFiles`);
    }
    if (typeof value !== "object" || value === null) return;
    for (const item of Object.values(value)) walk(item, depth + 1);
  };
  walk(document, 0);
}

/**
 * Pattern of texts that are regular expressions and were most likely meant as globs, such as `data*.csv`: nothing in them
 * is special in regular expressions alone, and `*` follows something else than `.`.
 */
const GLOB_LIKE = /^(?=.*\*|.*\?\.\w+$)(?!.*[.\]}][*?])[\w\-/*?.{},![\] ]+$/;

async function warnOfGlob(source: ConfigSource, line: number, key: string, text: string): Promise<void> {
  const { remedyForGlob } = await import("./old_names.ts");
  const remedy = remedyForGlob(key, text);
  if (remedy === null) return;
  warnOnce(`${source.file}:${line}: ${key}: ${previewOf(text)} is taken as a regular expression; ${remedy}`);
}

async function valueProblem(
  source: ConfigSource,
  line: number,
  key: string,
  name: OptionName,
  value: unknown,
  cause: unknown,
): Promise<CacheTypeError> {
  if (!(cause instanceof CacheTypeError)) throw cause;
  const detail = cause.message.replace(/^Cannot use \.?/, "").replace(name, key);
  return problem(source, line, detail + await remedyFor(name, key, value), key, cause);
}

async function remedyFor(name: OptionName, key: string, value: unknown): Promise<string> {
  if (value === null) return "; remove the key for the default";
  if (name === "version" && typeof value === "number") return "; put it in quotes";
  if (typeof value === "string" && OPTION_IS_LIST.has(name)) return `; write ${key}: [${previewOf(value)}]`;
  const { remedyForOldValue } = await import("./old_names.ts");
  const remedy = remedyForOldValue(name, key, value);
  return remedy === null ? "" : `; ${remedy}`;
}

const OPTION_IS_LIST: ReadonlySet<keyof CacheOptions> = new Set<keyof CacheOptions>([
  "fileArgs",
  "ignoreArgs",
  "secretArgs",
  "envVars",
  "dependsOnFiles",
  "ignoreCode",
]);

async function suggestion(key: string): Promise<string> {
  const { remedyForOldKey } = await import("./old_names.ts");
  const remedy = remedyForOldKey(key, OPTION_BY_KEY);
  if (remedy !== null) return remedy;
  const near = nearestWord(key, OPTION_NAMES);
  const known = OPTION_NAMES.filter((name) => !(name in CODE_ONLY));
  if (near === null) return `the keys are: ${known.join(", ")}`;
  return key.includes("_") ? `did you mean ${snakeCase(near)}?` : `did you mean ${near}?`;
}

function syntaxProblem(source: ConfigSource, cause: unknown): CacheTypeError {
  if (cause instanceof RangeError) {
    return problem(
      source,
      1,
      "values are nested too deep; put data into a file and name it in dependsOnFiles",
      undefined,
      cause,
    );
  }
  const message = messageOf(cause);
  const place = / at line (\d+), column \d+[\s\S]*$/.exec(message);
  const detail = place === null ? message : message.slice(0, place.index);
  const printable = detail.replace(/\p{Cc}+/gu, " ");
  const short = printable.length > 200 ? `${printable.slice(0, 199)}…` : printable;
  const what = short.charAt(0).toLowerCase() + short.slice(1);
  const remedy = /\balias\b/.test(what) ? "put a text that begins with * in quotes" : "mend the syntax";
  // Without the parser's error as the cause: its stack would be printed, and the message has all that it says.
  return problem(source, Number(place?.[1] ?? 1), `not valid YAML: ${what}; ${remedy}`);
}

function problem(source: ConfigSource, line: number, detail: string, key?: string, cause?: unknown): CacheTypeError {
  const path = key === undefined ? `${source.file}:${line}` : `${source.file}:${line}:${key.slice(0, 80)}`;
  return new CacheTypeError("ERR_CONFIG", `${source.file}:${line}: ${detail}`, { path, cause });
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

markOwn(loadConfig);
