/**
 * Parses command-line arguments into options, finds the cache and the project that the options mean, and writes the file
 * that they name. An unknown option is an error that names the option.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { nearestWord } from "../options/check_options.ts";
import { type OptionSpec, type OptionValues, UsageError } from "./command.ts";
import { loadDefaultConfig } from "../options/config.ts";
import { parentOf } from "../options/paths.ts";
import { messageOf } from "../words/errors.ts";
import { warnOfOldVariable } from "../options/environment.ts";
import { cacheDefaultDir, findProjectRoot, setProjectRoot, toAbsolute, toAbsoluteFolder } from "../options/project.ts";
import config from "../../deno.json" with { type: "json" };

/** Options of {@linkcode parseOptions}. */
export interface ParseSettings {
  /** Stop at the first argument that is no option: it is the name of a command with options of its own. */
  readonly stopEarly?: boolean;
}

/** Options and arguments that {@linkcode parseOptions} found. */
export interface ParsedOptions {
  readonly options: OptionValues;
  readonly arguments: readonly string[];
}

/**
 * Parses command-line arguments into options and other arguments.
 *
 * @param args The command-line arguments.
 * @param specs All options that are known.
 * @param settings See {@linkcode ParseSettings}.
 * @returns Values of the options by long name, and the other arguments.
 * @throws {UsageError} When an option is unknown, lacks its value, or is a switch and has a value.
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
  const parsed = parseArgs(withNumbersJoined(args, byName), {
    stopEarly: settings.stopEarly ?? false,
    // A key may consist of digits only: "_" in this list keeps arguments as text.
    string: [...specs.filter((spec) => !isSwitch(spec)).map((spec) => spec.name), "_"],
    boolean: specs.filter(isSwitch).map((spec) => spec.name),
    // "--no-color" is an option of that name, not the negation of an option "--color".
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
 * Returns the number that an option has as its value, which may have a decimal fraction.
 *
 * @param options Values of options by long name.
 * @param name Long name of the option.
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
 * Returns the whole number that an option has as its value.
 *
 * @param options Values of options by long name.
 * @param name Long name of the option.
 * @returns The number; `undefined` when the option was not given.
 * @throws {UsageError} When the value is no whole number.
 */
export function countOption(options: OptionValues, name: string): number | undefined {
  const value = numberOption(options, name);
  if (value === undefined || Number.isSafeInteger(value)) return value;
  throw new UsageError(`Option --${name} needs a whole number, got ${JSON.stringify(options[name])}`);
}

/**
 * Returns the word that an option has as its value, one of several.
 *
 * @param options Values of options by long name.
 * @param name Long name of the option.
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
 * Returns the text that an option has as its value.
 *
 * @param options Values of options by long name.
 * @param name Long name of the option.
 * @returns The text; `undefined` when the option was not given.
 */
export function textOption(options: OptionValues, name: string): string | undefined {
  const text = options[name];
  return typeof text === "string" ? text : undefined;
}

/**
 * Writes a document to the file that the option `--output` names.
 *
 * @param output The file.
 * @param text The document.
 * @throws {UsageError} When the file cannot be written, with the remedy.
 */
export async function writeOutput(output: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(output, text);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const remedy = error instanceof Deno.errors.NotFound
      ? `there is no folder ${parentOf(toAbsolute(output))}; make it, or name another file`
      : `${messageOf(error)}; name another file`;
    throw new UsageError(`Cannot write ${output}: ${remedy} in --output`);
  }
}

/** Puts a negative number that follows an option behind its name, since it is no option: `--limit -1`. */
function withNumbersJoined(args: readonly string[], byName: ReadonlyMap<string, OptionSpec>): string[] {
  const joined: string[] = [];
  for (const [at, arg] of args.entries()) {
    const name = /^-\d/.test(arg) ? /^--([^=]+)$/.exec(args[at - 1] ?? "")?.[1] : undefined;
    if (name !== undefined && byName.get(name)?.value !== undefined) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

function unknownFlag(arg: string, specs: readonly OptionSpec[]): UsageError {
  const shown = arg.replace(/=.*$/s, "");
  const nearest = nearestWord(shown.replace(/^-+/, ""), specs.map((spec) => spec.name));
  const hint = nearest === null ? "see --help" : `did you mean --${nearest}?`;
  return new UsageError(`Unknown option ${shown}; ${hint}`);
}

/**
 * Chooses the cache directory, and sets in `project.ts` the project root that recorded paths are relative to.
 *
 * A program that caches finds its project from its main module. Here the main module is this command line, so there are
 * two candidates for the root: the nearest project folder above the working directory, and the one above the cache. The
 * deeper one is taken; when neither contains the other, the one above the cache.
 *
 * @param cacheDir Value of `--cache-dir`; without it, the cache is where a program in this folder would keep it.
 * @param root Value of `--root`; without it, the root is found.
 * @returns The cache directory; not made absolute.
 * @throws {UsageError} When `--cache-dir` names no cache.
 * @throws {CacheTypeError} `ERR_CONFIG` for a mistake in a configuration file, as {@linkcode loadDefaultConfig}.
 */
export async function chooseFolders(cacheDir: string | undefined, root: string | undefined): Promise<string> {
  if (cacheDir !== undefined) requireCacheFolder(cacheDir);
  const configured = cacheDir ?? (await loadDefaultConfig(Deno.cwd())).cacheDir;
  if (configured === undefined) warnOfOldVariable();
  const chosen = String(configured ?? cacheDefaultDir());
  setProjectRoot(root === undefined ? findRoot(toAbsoluteFolder(chosen)) : toAbsolute(root));
  return chosen;
}

/**
 * Refuses a folder that is no cache, so that a misspelt one does not look like an empty cache. An empty folder may become one.
 *
 * @throws {UsageError} When there is no such folder, or something else is in it.
 */
function requireCacheFolder(cacheDir: string): void {
  const dir = toAbsoluteFolder(cacheDir);
  const found = folderKind(dir);
  if (found === "cache") return;
  const what =
    { absent: "there is no such folder", file: "it is no folder", other: "the folder holds other things" }[found];
  throw new UsageError(`There is no cache at ${cacheDir}: ${what}; give the folder that programs name in cacheFile()`);
}

/** What is at the path of a cache. */
export function folderKind(dir: string): "cache" | "absent" | "file" | "other" {
  try {
    if (!Deno.statSync(dir).isDirectory) return "file";
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name);
    return names.length === 0 || names.includes("v1") ? "cache" : "other";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "absent";
    if (error instanceof Deno.errors.NotADirectory) return "file";
    throw error;
  }
}

function findRoot(cacheDir: string): string {
  const fromHere = findProjectRoot({ cwd: Deno.cwd() });
  const fromCache = findProjectRoot({ cwd: cacheDir });
  // `findProjectRoot` returns the cache itself when no project is above the cache, and a cache is no project.
  if (fromCache === cacheDir) return fromHere;
  return `${fromHere}/`.startsWith(`${fromCache}/`) ? fromHere : fromCache;
}

/** Version of this package, as deno.json has it. */
export const version: string = config.version;
