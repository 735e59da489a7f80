/**
 * The part of `@std/cli` that this project uses, for machines that reach npm but not JSR.
 *
 * @module
 */
import { parseArgs as parseArgsJs } from "npm:deno-std@1.4.0/cli/parse_args.js";

/** Options of {@linkcode parseArgs}. */
export interface ParseOptions {
  /** Names read as booleans. */
  boolean?: readonly string[];
  /** Names read as strings. */
  string?: readonly string[];
  /** Names that collect a list. */
  collect?: readonly string[];
  /** Names whose `--no-` form sets them to false. */
  negatable?: readonly string[];
  /** Other spellings, by name. */
  alias?: Readonly<Record<string, string | readonly string[]>>;
  /** Values of what is not given. */
  default?: Readonly<Record<string, unknown>>;
  /** Whether parsing stops at the first positional argument. */
  stopEarly?: boolean;
  /** Whether what follows `--` is kept apart. */
  "--"?: boolean;
  /** Called with each argument that no option names; returning false drops it. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Parsed arguments: positional ones under `_`, the others by name. */
export type Args = { _: (string | number)[]; "--"?: string[] } & Record<string, unknown>;

/** Parses command-line arguments. */
export const parseArgs: (args: readonly string[], options?: ParseOptions) => Args = parseArgsJs;
