/**
 * Checks options and fills in their defaults.
 *
 * @module
 */
import { CacheTypeError } from "../words/errors.ts";
import type { CacheOptions, OptionName, ResolvedOptions } from "./cache_options.ts";
import { previewOf } from "../values/preview.ts";
import { parseDuration, parseSize } from "../words/quantities.ts";

/** Result of a check: the value to keep, or the part of the value that is wrong. */
type Acceptance =
  | { readonly ok: true; readonly value: unknown }
  | {
    readonly ok: false;
    /** Path of the wrong part below the option: `[1]`; absent: the option's value itself is wrong. */
    readonly at?: string;
    /** The wrong part, where it is not the option's value itself. */
    readonly got?: unknown;
    /** Description of a right value for the wrong part, where it differs from that of the option. */
    readonly wanted?: string;
    readonly cause?: unknown;
  };

/** The check of one option. */
export interface OptionCheck {
  /** Description of a right value, which follows "want" in messages: `a string`. */
  readonly wanted: string;
  /** Checks a value, and returns the value to keep, which is a copy of a list, a URL or a regular expression. */
  accept(value: unknown): Acceptance;
}

const REFUSED: Acceptance = { ok: false };
const PATH = "a path or a file: URL";
const SIZE = 'a number of bytes above 0, or a size such as "2GiB"';
const DURATION = 'a number of milliseconds or a time such as "12h" or "7d"';
const CODEC = "a codec { name, is, encode, decode }; spread a list of codecs with ...";

/** The check of a time, such as `maxAge`, which options of calls have, too. */
export const DURATION_CHECK: OptionCheck = { wanted: DURATION, accept: acceptDuration };

/** The check of each option. */
export const CHECKS: Readonly<Record<keyof CacheOptions, OptionCheck>> = {
  cacheDir: { wanted: `${PATH} of a folder`, accept: acceptPath },
  fileArgs: listOf("a parameter's name", acceptText),
  ignoreArgs: listOf("a parameter's name", acceptText),
  secretArgs: listOf("a parameter's name", acceptText),
  filePattern: { wanted: "a regular expression or the source of one", accept: acceptPattern },
  envVars: listOf("a variable's name, without = in it", acceptVariableName),
  version: { wanted: "a string", accept: acceptString },
  dependsOnFiles: listOf(PATH, acceptPath),
  dependsOnVars: { wanted: "an object of values by name or a function that returns one", accept: acceptVariables },
  codecs: { wanted: `an array, each item ${CODEC}`, accept: acceptCodecs },
  hashFilePaths: flag(),
  verbose: flag(),
  name: { wanted: "a string that is not empty", accept: acceptText },
  track: wantOneOf("closure", "source"),
  observe: flag(),
  onEvent: {
    wanted: "a function",
    accept: (value) => typeof value === "function" ? { ok: true, value } : REFUSED,
  },
  backend: wantOneOf("cbor"),
  algo: wantOneOf("SHA-256"),
  ignoreCode: listOf("a symbol's name or a file", acceptText),
  readOnly: flag(),
  maxBytes: { wanted: SIZE, accept: (value) => acceptSize(value, 1) },
  maxEntryBytes: { wanted: SIZE, accept: (value) => acceptSize(value, 1) },
  maxAge: DURATION_CHECK,
  staleWhileRevalidate: {
    wanted: `true or false, or ${DURATION}`,
    accept: (value) => typeof value === "boolean" ? { ok: true, value } : acceptDuration(value),
  },
  validate: {
    wanted: "a function",
    accept: (value) => typeof value === "function" ? { ok: true, value } : REFUSED,
  },
  enabled: flag(),
  waitMs: { wanted: "a number of milliseconds from 0", accept: (value) => acceptNumber(value, 0, false) },
  maxTraces: {
    wanted: "a whole number from 1",
    accept: (value) => value === Infinity ? REFUSED : acceptNumber(value, 1, true),
  },
  denoVersion: flag(),
  groupShared: flag(),
  metadataDir: { wanted: `${PATH} of a folder on a local disk`, accept: acceptPath },
  durable: flag(),
};

function flag(): OptionCheck {
  return {
    wanted: "true or false",
    accept: (value) => typeof value === "boolean" ? { ok: true, value } : REFUSED,
  };
}

function wantOneOf(...values: string[]): OptionCheck {
  return {
    wanted: values.map((value) => JSON.stringify(value)).join(" or "),
    accept: (value) => values.includes(value as string) ? { ok: true, value } : REFUSED,
  };
}

function listOf(wanted: string, accept: (item: unknown) => Acceptance): OptionCheck {
  const accepts = (list: unknown): Acceptance => {
    if (!Array.isArray(list)) return REFUSED;
    const copy: unknown[] = [];
    for (let index = 0; index < list.length; index++) {
      const result = accept(list[index]);
      if (!result.ok) return { ok: false, at: `[${index}]`, got: list[index], wanted };
      copy.push(result.value);
    }
    return { ok: true, value: Object.freeze(copy) };
  };
  return { wanted: `an array, each item ${wanted}`, accept: accepts };
}

function acceptString(value: unknown): Acceptance {
  return typeof value === "string" ? { ok: true, value } : REFUSED;
}

function acceptText(value: unknown): Acceptance {
  return value === "" ? REFUSED : acceptString(value);
}

function acceptVariableName(value: unknown): Acceptance {
  return typeof value === "string" && !/[=\0]/.test(value) ? acceptText(value) : REFUSED;
}

function acceptPath(value: unknown): Acceptance {
  if (value instanceof URL) {
    return value.protocol === "file:" ? { ok: true, value: new URL(value) } : REFUSED;
  }
  if (typeof value !== "string" || value.includes("\0")) return REFUSED;
  // A remote URL is refused, since as a relative path it would name a folder "https:".
  return /^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(value) ? REFUSED : acceptText(value);
}

function acceptPattern(value: unknown): Acceptance {
  try {
    if (typeof value === "string") return { ok: true, value: new RegExp(value) };
    if (value instanceof RegExp) {
      return { ok: true, value: new RegExp(value.source, value.flags.replace(/[gy]/g, "")) };
    }
  } catch (cause) {
    return { ok: false, cause };
  }
  return REFUSED;
}

function acceptVariables(value: unknown): Acceptance {
  if (typeof value === "function") return { ok: true, value };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return REFUSED;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return REFUSED;
  return { ok: true, value };
}

/** Accepts a list of codecs. The codecs themselves are not copied, since their functions may refer to them by `this`. */
function acceptCodecs(list: unknown): Acceptance {
  if (!Array.isArray(list)) return REFUSED;
  const names = new Set<unknown>();
  for (const [index, codec] of list.entries()) {
    const at = `[${index}]`;
    if (typeof codec !== "object" || codec === null || Array.isArray(codec)) {
      return { ok: false, at, got: codec, wanted: CODEC };
    }
    const { name } = codec;
    if (typeof name !== "string" || name === "") {
      return { ok: false, at: `${at}.name`, got: name, wanted: "a string that is not empty" };
    }
    if (names.has(name)) {
      return { ok: false, at: `${at}.name`, got: name, wanted: "a name that no codec before it has" };
    }
    names.add(name);
    const wrong = ["is", "encode", "decode"].find((member) => typeof codec[member] !== "function");
    if (wrong !== undefined) return { ok: false, at: `${at}.${wrong}`, got: codec[wrong], wanted: "a function" };
  }
  return { ok: true, value: Object.freeze([...list]) };
}

function acceptNumber(value: unknown, least: number, isWhole: boolean): Acceptance {
  if (typeof value !== "number" || !(value >= least)) return REFUSED;
  return isWhole && value !== Infinity && !Number.isSafeInteger(value) ? REFUSED : { ok: true, value };
}

/** Accepts a size: a number of bytes, or a text with a unit. */
function acceptSize(value: unknown, least: number): Acceptance {
  return acceptNumber(typeof value === "string" ? parseSize(value) ?? NaN : value, least, true);
}

/** Accepts a time: a number of milliseconds, or a text with a unit. */
function acceptDuration(value: unknown): Acceptance {
  return acceptNumber(typeof value === "string" ? parseDuration(value) ?? NaN : value, 0, false);
}

export type { CacheOptions, OptionName, ResolvedOptions, StoredMeta } from "./cache_options.ts";

declare const checked: unique symbol;

/** Options that were checked: known names and right values, copied and frozen, without defaults. */
export type ValidatedOptions = Readonly<CacheOptions> & { readonly [checked]: true };

/** Names of all options. */
export const OPTION_NAMES: readonly OptionName[] = Object.freeze(Object.keys(CHECKS) as OptionName[]);

const DEFAULTS: ResolvedOptions = {
  cacheDir: null,
  fileArgs: [],
  ignoreArgs: [],
  secretArgs: [],
  filePattern: null,
  envVars: [],
  version: null,
  dependsOnFiles: [],
  dependsOnVars: Object.freeze({}),
  codecs: Object.freeze([]),
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
  maxEntryBytes: Infinity,
  maxAge: Infinity,
  staleWhileRevalidate: false,
  validate: null,
  enabled: true,
  waitMs: Infinity,
  maxTraces: 8,
  denoVersion: true,
  durable: false,
  groupShared: false,
  metadataDir: null,
};

/**
 * Checks options and copies them, so that a list that is changed later changes no key.
 *
 * A `filePattern` becomes a regular expression without the flags `g` and `y`, with which a match would depend on
 * earlier ones. `dependsOnVars` is not copied: its values count as they are when the function is called.
 *
 * @param options Options as the user passed them.
 * @param where Path of the options in messages.
 * @returns The options that were given; {@linkcode resolveOptions} adds the defaults.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` for a name that is no option, `ERR_OPTION_TYPE` for a wrong value.
 *
 * @example
 * ```ts
 * import { validateOptions } from "./check_options.ts";
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
 * @param options Options as the user passed them.
 * @param where Path of the options in messages.
 * @returns The options that were given, with the values that their checks keep.
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

/** Joins two sets of options. An option that both give is taken from `over`. Neither set is changed. */
export function mergeOptions(base: ValidatedOptions, over: ValidatedOptions): ValidatedOptions {
  return Object.freeze({ ...base, ...over });
}

/** Fills in the defaults of the options that were not given. */
export function resolveOptions(options: ValidatedOptions): ResolvedOptions {
  return Object.freeze({ ...DEFAULTS, ...options }) as ResolvedOptions;
}

/**
 * Refuses names in `fileArgs`, `ignoreArgs` and `secretArgs` that are no parameters of the function: with a misspelt name,
 * a file would not be tracked, or a secret be stored, and nobody would notice.
 *
 * @param options Options that were given for this function.
 * @param parameterNames Names of the function's parameters, those within destructured ones included.
 * @param where Path of the options in messages.
 * @throws {CacheTypeError} `ERR_OPTION_PARAMETER`, with the path of the name (`options.fileArgs[0]`).
 */
export function requireParameterNames(
  options: Pick<CacheOptions, OptionOfParameters>,
  parameterNames: readonly string[],
  where = "options",
): void {
  for (const option of OPTIONS_OF_PARAMETERS) {
    options[option]?.forEach((name, index) => {
      if (isOfParameter(name, option, parameterNames)) return;
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

/** Options that list names of parameters. */
const OPTIONS_OF_PARAMETERS = ["fileArgs", "ignoreArgs", "secretArgs"] as const;

/** Name of an option that lists names of parameters. */
type OptionOfParameters = typeof OPTIONS_OF_PARAMETERS[number];

/** True for the name of a parameter, for a path that begins with one, and except in `fileArgs` for `this`. */
function isOfParameter(name: string, option: OptionOfParameters, parameterNames: readonly string[]): boolean {
  if (parameterNames.includes(name) || option !== "fileArgs" && /^this(?:\.|$)/.test(name)) return true;
  const [parameter = "", ...members] = name.split(".");
  // There are no patterns, and a member without a name is a mistake.
  return members.length > 0 && members.every((member) => member !== "" && member !== "*") &&
    parameterNames.includes(parameter);
}

/**
 * Removes the names in `fileArgs`, `ignoreArgs` and `secretArgs` that are no parameters of the function. The defaults of a
 * configuration file have such names, since they are for many functions at once.
 */
export function withoutForeignParameters(
  options: ValidatedOptions,
  parameterNames: readonly string[],
): ValidatedOptions {
  const copy: CacheOptions = { ...options };
  for (const option of OPTIONS_OF_PARAMETERS) {
    const names = copy[option];
    if (names !== undefined) copy[option] = names.filter((name) => isOfParameter(name, option, parameterNames));
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

/**
 * The known word that `word` is most likely a misspelling of; `null` when no known word is near.
 *
 * A known word is near when at most a third of the letters of `word`, and one in short words, are inserted, dropped,
 * replaced or swapped with their neighbour. Case, `-`, `_` and spaces do not count.
 */
export function nearestWord(word: string, known: readonly string[]): string | null {
  const wanted = bare(word);
  if (wanted === "" || wanted.length > 64) return null;
  let best: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const steps = editDistance(wanted, bare(candidate));
    if (steps < least) [best, least] = [candidate, steps];
  }
  return best;
}

function bare(word: string): string {
  return word.toLowerCase().replace(/[-_\s]/g, "");
}

/** Optimal string alignment distance: the number of insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}

const TASK_CHECKS = {
  fname: CHECKS.name,
  daysOld: {
    wanted: "a number of days from 0",
    accept: (value) => typeof value === "number" && value >= 0 ? { ok: true, value } : { ok: false },
  },
  maxBytes: { wanted: SIZE.replace("above", "from"), accept: (value) => acceptSize(value, 0) },
  dryRun: CHECKS.verbose,
  repair: CHECKS.verbose,
  replace: CHECKS.verbose,
  onProgress: CHECKS.onEvent,
} satisfies Record<string, OptionCheck>;

/** Name of an option of a task, such as listing or pruning a cache. */
type TaskOption = keyof typeof TASK_CHECKS;

/**
 * Checks the options of a task.
 *
 * @param options Options as the user passed them.
 * @param names Names of the options that the task has.
 * @returns The options that were given, with sizes as numbers.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` for a name that is no option, `ERR_OPTION_TYPE` for a wrong value.
 */
export function requireTaskOptions(options: unknown, names: readonly TaskOption[]): Record<string, unknown> {
  return validateBy(Object.fromEntries(names.map((name) => [name, TASK_CHECKS[name]])), options);
}
