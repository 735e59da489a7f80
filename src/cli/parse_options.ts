/**
 * From command-line arguments to options, and to the cache and the project that they mean; what no option names is an
 * error that names it.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { nearestWord } from "../options/check_options.ts";
import { type OptionSpec, type OptionValues, UsageError } from "./command.ts";
import { loadDefaultConfig } from "../options/config.ts";
import { cacheDefaultDir, findProjectRoot, setProjectRoot, toAbsolute } from "../options/project.ts";
import config from "../../deno.json" with { type: "json" };

/** Options of {@linkcode parseOptions}. */
export interface ParseSettings {
  /** Stop at the first argument that no option names: a command of its own begins there. */
  readonly stopEarly?: boolean;
}

/** What {@linkcode parseOptions} found. */
export interface ParsedOptions {
  readonly options: OptionValues;
  readonly arguments: readonly string[];
}

/**
 * Reads options and arguments.
 *
 * @param args The arguments.
 * @param specs The options that there are.
 * @param settings Whether to stop early.
 * @returns Values by long name, and the other arguments.
 * @throws {UsageError} When an option is unknown, lacks its value or has one that it does not take.
 */
export function parseOptions(
  args: readonly string[],
  specs: readonly OptionSpec[],
  settings: ParseSettings = {},
): ParsedOptions {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const isSwitch = (spec: OptionSpec) => spec.value === undefined;
  for (const arg of settings.stopEarly ? [] : args) {
    if (arg === "--") break;
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    const spec = name === undefined ? undefined : byName.get(name);
    if (spec && isSwitch(spec)) {
      throw new UsageError(`Option --${name} takes no value, got ${JSON.stringify(value)}; write --${name}`);
    }
  }
  const parsed = parseArgs(args, {
    stopEarly: settings.stopEarly ?? false,
    // A key may be all digits: "_" keeps arguments as text.
    string: [...specs.filter((spec) => !isSwitch(spec)).map((spec) => spec.name), "_"],
    boolean: specs.filter(isSwitch).map((spec) => spec.name),
    // "--no-color" is an option of that name, not the negation of another one.
    alias: Object.fromEntries(specs.filter((spec) => spec.short).map((spec) => [spec.name, spec.short!])),
    unknown: (arg: string, key?: string) => {
      if (key === undefined) return true;
      throw unknownFlag(arg, specs);
    },
  });
  const options: Record<string, string | true> = {};
  for (const spec of specs) {
    const value = parsed[spec.name];
    if (isSwitch(spec)) {
      if (value === true) options[spec.name] = true;
    } else if (value === "") {
      throw new UsageError(`Option --${spec.name} needs a value: --${spec.name} ${spec.value}`);
    } else if (typeof value === "string") {
      options[spec.name] = value;
    }
  }
  return { options, arguments: parsed._.map(String) };
}

/**
 * A whole number from an option.
 *
 * @param options Values of options.
 * @param name The option.
 * @param least Smallest number that is allowed.
 * @returns The number; `undefined` when the option was not given.
 * @throws {UsageError} When the value is no number or too small.
 */
export function numberOption(options: OptionValues, name: string, least = 0): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const value = typeof text === "string" && /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(value >= least)) {
    throw new UsageError(`Option --${name} needs a number of at least ${least}, got ${JSON.stringify(text)}`);
  }
  return value;
}

/**
 * One of several words from an option.
 *
 * @param options Values of options.
 * @param name The option.
 * @param words The words that are allowed.
 * @returns The word; `undefined` when the option was not given.
 * @throws {UsageError} When the value is another word.
 */
export function wordOption<const Word extends string>(
  options: OptionValues,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new UsageError(`Option --${name} needs one of ${words.join(", ")}, got ${JSON.stringify(text)}`);
}

/**
 * The text of an option.
 *
 * @param options Values of options.
 * @param name The option.
 * @returns The text; `undefined` when the option was not given.
 */
export function textOption(options: OptionValues, name: string): string | undefined {
  const text = options[name];
  return typeof text === "string" ? text : undefined;
}

function unknownFlag(arg: string, specs: readonly OptionSpec[]): UsageError {
  const shown = arg.replace(/=.*$/s, "");
  const nearest = nearestWord(shown.replace(/^-+/, ""), specs.map((spec) => spec.name));
  const hint = nearest === null ? "see --help" : `did you mean --${nearest}?`;
  return new UsageError(`Unknown option ${shown}; ${hint}`);
}

/**
 * Settles the cache directory, and tells `project.ts` which project the recorded paths are relative to.
 *
 * A program that caches finds its project from its main module; here the main module is this command line, so the root
 * is the nearest project folder above the working directory or above the cache, whichever lies deeper; when neither
 * contains the other, the one above the cache.
 *
 * @param cacheDir What `--cache-dir` says; when nothing, the cache is where a program in this folder would keep it.
 * @param root What `--root` says.
 * @returns The cache directory, as it was given.
 * @throws {CacheTypeError} `ERR_CONFIG` for a mistake in a configuration file, as {@linkcode loadDefaultConfig}.
 */
export async function chooseFolders(cacheDir: string | undefined, root: string | undefined): Promise<string> {
  const chosen = cacheDir ?? String((await loadDefaultConfig(Deno.cwd())).cacheDir ?? cacheDefaultDir());
  setProjectRoot(root === undefined ? findRoot(toAbsolute(chosen)) : toAbsolute(root));
  return chosen;
}

function findRoot(cacheDir: string): string {
  const fromHere = findProjectRoot({ cwd: Deno.cwd() });
  const fromCache = findProjectRoot({ cwd: cacheDir });
  // Without a project above it, the folder itself is the answer: a cache is no project.
  if (fromCache === cacheDir) return fromHere;
  return `${fromHere}/`.startsWith(`${fromCache}/`) ? fromHere : fromCache;
}

/** Version of this package, as deno.json has it. */
export const version: string = config.version;
