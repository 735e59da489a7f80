/**
 * Options from a YAML file: `cachepy.yml`, found upwards from the working directory, gives the defaults.
 *
 * Keys are the options' names, in camelCase or snake_case. What is relative in a file is relative to its folder, so it
 * means the same wherever the program is started. Nothing in the file is executed.
 *
 * @module
 */
import { CacheTypeError } from "./errors.ts";
import { type CacheOptions, mergeOptions, type ValidatedOptions, validateOptions } from "./options.ts";
import { toAbsolute } from "./project.ts";
import { readManifest, stampOf } from "./project/manifest_files.ts";
import { parentOf, resolvePath } from "./project/paths.ts";

/** Names of configuration files; in one folder the first that exists is taken. */
const CONFIG_NAMES = ["cachepy.yml", ".cachepy.yml", "cachepy.yaml", ".cachepy.yaml"];

const NONE: ValidatedOptions = validateOptions({});

/** Options by file, with the state of the file that they were read from; a file that changed is read again. */
const loaded = new Map<string, { readonly stamp: string; readonly options: Promise<ValidatedOptions> }>();

/**
 * Options from a YAML file.
 *
 * @param path The file: a path relative to the working directory, an absolute one or a `file:` URL.
 * @param existing Options that win over those of the file.
 * @returns Options to pass to {@linkcode cacheFile}; relative paths of the file are absolute in it.
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
 * The configuration file that holds in a folder: the nearest one upwards from it, to the root of the filesystem.
 *
 * What may not be read counts as absent; nothing is thrown and nothing is asked.
 *
 * @param cwd An absolute path: the working directory.
 * @returns An absolute path; `null` when there is none.
 */
export function findConfig(cwd: string): string | null {
  for (let folder = cwd;; folder = parentOf(folder)) {
    for (const name of CONFIG_NAMES) {
      const file = resolvePath(name, folder);
      if (stampOf(file) !== null) return file;
    }
    if (parentOf(folder) === folder) return null;
  }
}

/**
 * The defaults that hold in a folder: those of the nearest configuration file, or none.
 *
 * A file is read once per process and state; asking again costs the search for it.
 *
 * @param cwd An absolute path: the working directory.
 * @returns Checked options, to be merged under those given in code; the same object while the file is unchanged.
 * @throws {CacheTypeError} `ERR_CONFIG`, as {@linkcode loadConfig}.
 */
export async function loadDefaultConfig(cwd: string): Promise<ValidatedOptions> {
  const file = findConfig(cwd);
  const stamp = file === null ? null : stampOf(file);
  if (file === null || stamp === null) return NONE;
  const known = loaded.get(file);
  if (known?.stamp === stamp) return await known.options;
  const options = readConfig(file);
  loaded.set(file, { stamp, options });
  return await options;
}

async function readConfig(file: string): Promise<ValidatedOptions> {
  // Most programs have no such file.
  const { MAX_CONFIG_BYTES, parseConfig } = await import("./config/parse_config.ts");
  const found = readManifest(file, MAX_CONFIG_BYTES);
  if (found.text !== null) return await parseConfig(found.text, file);
  const problem = {
    absent: "there is no such file; pass the path of a YAML file",
    denied: `reading it is not allowed; run with --allow-read=${file}`,
    broken: `it is no readable file of at most ${MAX_CONFIG_BYTES / 1024} KiB; pass the path of a YAML file`,
  }[found.reason];
  throw new CacheTypeError("ERR_CONFIG", `Cannot load ${file}: ${problem}`, { path: file });
}
