/**
 * The options as types: what users may give, and what is in force once defaults are filled in.
 *
 * @module
 */
import type { CacheEvent } from "../words/events.ts";

/**
 * Options of {@linkcode cacheFile}. All are optional; a value of `undefined` is the same as leaving the option out.
 *
 * Where the same option is given in several places, the nearest wins as a whole (lists are not joined):
 * `cached({ … })(fn)`, then `cacheFile(dir, { … })`, then `cachepy.yml`, then the default.
 */
export interface CacheOptions {
  /**
   * Folder of the cache: a path relative to the working directory, an absolute one or a `file:` URL.
   *
   * @default what `cachepy.yml` says, else the environment variable `CACHEPY_DIR`, else `./.cachepy`
   */
  cacheDir?: string | URL;
  /**
   * Parameters whose values are paths, by name. The content of what they name counts, not only the path: files,
   * folders (see {@linkcode CacheOptions.filePattern}), URLs of them, and arrays and objects that hold such.
   *
   * @default []
   */
  fileArgs?: string[];
  /**
   * Parameters that cannot change the result, by name: a logger, a progress bar, a number of workers.
   *
   * @default []
   */
  ignoreArgs?: string[];
  /**
   * Which files of a folder count, by their path relative to the folder with `/` separators. The expression may match
   * anywhere in the path; a string is the source of a regular expression, not a glob: `"\\.csv$"`.
   *
   * @default every file
   */
  filePattern?: RegExp | string;
  /**
   * Environment variables that the result depends on, by name. Unset and empty differ.
   *
   * @default []
   */
  envVars?: string[];
  /**
   * A label that you change when something changed that cannot be seen: a new model behind an API, say.
   *
   * @default none
   */
  version?: string;
  /**
   * Files and folders that the result depends on, by content: paths relative to the working directory, absolute ones
   * or `file:` URLs.
   *
   * @default []
   */
  dependsOnFiles?: (string | URL)[];
  /**
   * Values that the result depends on besides the arguments, by name; or a function that returns them, asked at every
   * call.
   *
   * @default {}
   */
  dependsOnVars?: Record<string, unknown> | (() => Record<string, unknown>);
  /**
   * Whether the path of a file counts besides its content. `false`: a renamed file with the same content is the same.
   *
   * @default true
   */
  hashFilePaths?: boolean;
  /**
   * Whether each call says in one line on stderr what happened to it, and why it missed.
   *
   * @default false
   */
  verbose?: boolean;
  /**
   * Name of the function in lists, the graph and messages.
   *
   * @default the function's own name
   */
  name?: string;
  /**
   * How far code is followed. `closure`: the function, all it calls and the values it captures; needs `--allow-sys`
   * and is an error without. `source`: the function's own text alone.
   *
   * @default "closure" with `--allow-sys`, else "source" with a warning that lists what is not tracked
   */
  track?: "closure" | "source";
  /**
   * Whether the files and environment variables that the function reads are noticed and count.
   *
   * @default true
   */
  observe?: boolean;
  /**
   * Called with each thing that happens to a call; what it throws is ignored.
   *
   * @default none
   */
  onEvent?: (event: CacheEvent) => void;
  /**
   * Form of stored results; there is one.
   *
   * @default "cbor"
   */
  backend?: "cbor";
  /**
   * Digest of keys and contents; there is one.
   *
   * @default "SHA-256"
   */
  algo?: "SHA-256";
  /**
   * Code that cannot change the result: names of functions and variables (`"logger"`), or files relative to the
   * project (`"src/plot.ts"`).
   *
   * @default []
   */
  ignoreCode?: string[];
  /**
   * Whether nothing is written: hits work, misses run the function and are not stored.
   *
   * @default false; `true` by itself for a folder that cannot be written
   */
  readOnly?: boolean;
  /**
   * Bound on the size of the stored results, bytes. What is cheapest to lose goes first. In `cachepy.yml` also with a
   * unit: `2GiB`.
   *
   * @default Infinity
   */
  maxBytes?: number;
  /**
   * How long to wait for another process that computes the same call before running the function here as well,
   * milliseconds.
   *
   * @default Infinity
   */
  waitMs?: number;
  /**
   * How many results of one call are kept for different contents of what it read; the oldest goes first.
   *
   * @default 8
   */
  maxTraces?: number;
  /**
   * Whether the Deno version (major and minor) counts for code that uses `node:` modules or `Deno.*`.
   *
   * @default true
   */
  denoVersion?: boolean;
  /**
   * Whether a result is on the disk itself (fsync) before the call returns. Without, a power failure may lose the
   * newest results, never falsify one: bytes are checked when they are read.
   *
   * @default false
   */
  durable?: boolean;
}

/** Name of an option. */
export type OptionName = keyof CacheOptions;

/** Checked options with every default filled in; `null` where an option has no value of its own. */
export interface ResolvedOptions {
  readonly cacheDir: string | URL | null;
  readonly fileArgs: readonly string[];
  readonly ignoreArgs: readonly string[];
  readonly filePattern: RegExp | null;
  readonly envVars: readonly string[];
  readonly version: string | null;
  readonly dependsOnFiles: readonly (string | URL)[];
  readonly dependsOnVars: Readonly<Record<string, unknown>> | (() => Record<string, unknown>);
  readonly hashFilePaths: boolean;
  readonly verbose: boolean;
  readonly name: string | null;
  readonly track: "closure" | "source" | null;
  readonly observe: boolean;
  readonly onEvent: ((event: CacheEvent) => void) | null;
  readonly backend: "cbor";
  readonly algo: "SHA-256";
  readonly ignoreCode: readonly string[];
  readonly readOnly: boolean;
  readonly maxBytes: number;
  readonly waitMs: number;
  readonly maxTraces: number;
  readonly denoVersion: boolean;
  readonly durable: boolean;
}
