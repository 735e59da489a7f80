/**
 * What a cached function can be told: the options, their checks and their defaults.
 *
 * @module
 */
import { CacheTypeError } from "./errors.ts";
import type { CacheOptions, OptionName, ResolvedOptions } from "./options/cache_options.ts";
import { CHECKS, type OptionCheck } from "./options/checks.ts";
import { nearestWord } from "./options/spelling.ts";
import { previewOf } from "./preview.ts";

export type { CacheOptions, OptionName, ResolvedOptions } from "./options/cache_options.ts";

declare const checked: unique symbol;

/** Options that were checked: known names, right types, own copies, frozen; only what was given. */
export type ValidatedOptions = Readonly<CacheOptions> & { readonly [checked]: true };

/** Names of all options. */
export const OPTION_NAMES: readonly OptionName[] = Object.freeze(Object.keys(CHECKS) as OptionName[]);

const DEFAULTS: ResolvedOptions = {
  cacheDir: null,
  fileArgs: [],
  ignoreArgs: [],
  filePattern: null,
  envVars: [],
  version: null,
  dependsOnFiles: [],
  dependsOnVars: Object.freeze({}),
  hashFilePaths: true,
  verbose: false,
  name: null,
  track: null,
  observe: true,
  onEvent: null,
  backend: "cbor",
  algo: "SHA-256",
  ignoreCode: [],
  readOnly: false,
  maxBytes: Infinity,
  waitMs: Infinity,
  maxTraces: 8,
  denoVersion: true,
  durable: false,
};

/**
 * Checks options and takes a copy of them, so that a list that is changed later changes no key.
 *
 * A `filePattern` becomes a regular expression without `g` and `y`, which would make its answers depend on earlier
 * ones. `dependsOnVars` is not copied: its values count as they are when the function is called.
 *
 * @param options What the user passed.
 * @param where Path of the options in messages.
 * @returns Only what was given; see {@linkcode resolveOptions} for defaults.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` for a name that is no option, `ERR_OPTION_TYPE` for a wrong value.
 *
 * @example
 * ```ts
 * import { validateOptions } from "./options.ts";
 *
 * try {
 *   validateOptions({ ignoreArg: ["log"] });
 * } catch (error) {
 *   console.log((error as Error).message); // Unknown option options.ignoreArg; did you mean ignoreArgs?
 * }
 * ```
 */
export function validateOptions(options: unknown, where = "options"): ValidatedOptions {
  return Object.freeze(validateBy(CHECKS, options, where)) as unknown as ValidatedOptions;
}

/**
 * Checks options against a table of checks.
 *
 * @param checks The check of each option.
 * @param options What the user passed.
 * @param where Path of the options in messages.
 * @returns Only what was given, as copies.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` for a name that is no option, `ERR_OPTION_TYPE` for a wrong value.
 */
export function validateBy(
  checks: Readonly<Record<string, OptionCheck>>,
  options: unknown,
  where = "options",
): Record<string, unknown> {
  if (!isOptionsObject(options)) throw wrongType(where, options, "an object of options");
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) throw unknownOption(name, where, Object.keys(checks));
    if (value !== undefined) copy[name] = validateOption(check, value, `${where}.${name}`);
  }
  return copy;
}

/** Options of `base`, replaced one by one by those that `over` gives. Neither is changed. */
export function mergeOptions(base: ValidatedOptions, over: ValidatedOptions): ValidatedOptions {
  return Object.freeze({ ...base, ...over });
}

/** Checked options with the defaults in the places of those that were not given. */
export function resolveOptions(options: ValidatedOptions): ResolvedOptions {
  return Object.freeze({ ...DEFAULTS, ...options }) as ResolvedOptions;
}

/**
 * Refuses names in `fileArgs` and `ignoreArgs` that are no parameters of the function: a misspelt one would leave a file
 * untracked without a word.
 *
 * @param options Options that were given for this function.
 * @param parameterNames Names of the function's parameters, those within destructured ones included.
 * @param where Path of the options in messages.
 * @throws {CacheTypeError} `ERR_OPTION_PARAMETER`, with the path of the name (`options.fileArgs[0]`).
 */
export function requireParameterNames(
  options: Pick<CacheOptions, "fileArgs" | "ignoreArgs">,
  parameterNames: readonly string[],
  where = "options",
): void {
  for (const option of ["fileArgs", "ignoreArgs"] as const) {
    options[option]?.forEach((name, index) => {
      if (parameterNames.includes(name)) return;
      const near = nearestWord(name, parameterNames);
      const path = `${where}.${option}[${index}]`;
      const list = parameterNames.length === 0 ? "none" : parameterNames.join(", ");
      throw new CacheTypeError(
        "ERR_OPTION_PARAMETER",
        `Cannot use ${path}: ${JSON.stringify(name)} is no parameter of the function, whose parameters are: ${list}; ` +
          (near === null ? "use one of them" : `did you mean ${near}?`),
        { path },
      );
    });
  }
}

/**
 * `options` without the names in `fileArgs` and `ignoreArgs` that are no parameters: for the defaults of a
 * configuration file, which speak of many functions at once.
 */
export function withoutForeignParameters(
  options: ValidatedOptions,
  parameterNames: readonly string[],
): ValidatedOptions {
  const copy: CacheOptions = { ...options };
  for (const option of ["fileArgs", "ignoreArgs"] as const) {
    const names = copy[option];
    if (names !== undefined) copy[option] = names.filter((name) => parameterNames.includes(name));
  }
  return Object.freeze(copy) as ValidatedOptions;
}

function validateOption(check: OptionCheck, value: unknown, path: string): unknown {
  const result = check.accept(value);
  if (result.ok) return result.value;
  const got = "got" in result ? result.got : value;
  throw wrongType(path + (result.at ?? ""), got, result.wanted ?? check.wanted, result.cause);
}

function isOptionsObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function wrongType(path: string, got: unknown, wanted: string, cause?: unknown): CacheTypeError {
  const message = `Cannot use ${path}: got ${previewOf(got)}, want ${wanted}`;
  return new CacheTypeError("ERR_OPTION_TYPE", message, cause === undefined ? { path } : { path, cause });
}

function unknownOption(name: string, where: string, known: readonly string[]): CacheTypeError {
  const near = nearestWord(name, known);
  const remedy = near === null ? `the options are: ${known.join(", ")}` : `did you mean ${near}?`;
  const path = `${where}.${name.slice(0, 80)}`;
  return new CacheTypeError("ERR_OPTION_UNKNOWN", `Unknown option ${path}; ${remedy}`, { path });
}
