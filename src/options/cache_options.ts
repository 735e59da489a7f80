/**
 * Types of the options: as users give them, and with the defaults filled in.
 *
 * @module
 */
import type { Codec } from "../values/codec.ts";
import type { CacheEvent } from "../words/events.ts";

/**
 * Options of {@linkcode cacheFile}. All are optional; an option of value `undefined` counts as not given.
 *
 * An option that is given in several places is taken from the first of these, as a whole (lists are not joined):
 * `cached({ … })(fn)`, then `cacheFile(dir, { … })`, then `cachepy.yml`, then the default.
 */
export interface CacheOptions {
  /**
   * Folder of the cache: a path relative to the working directory, an absolute one or a `file:` URL.
   *
   * @default the folder in `cachepy.yml`, else the environment variable `CACHEPY_DIR`, else `./.cachepy`
   */
  cacheDir?: string | URL;
  /**
   * Names of the parameters whose values are paths: of files or folders (see {@linkcode CacheOptions.filePattern}),
   * `file:` URLs, or arrays and objects that hold such paths. The content of the files counts, not only the path. Also a
   * member of a parameter (`source.path`).
   *
   * @default []
   */
  fileArgs?: string[];
  /**
   * Names of the parameters that cannot change the result: a logger, a progress bar, a number of workers. Also a member
   * of a parameter (`options.log`), the receiver (`this`) or a member of the receiver (`this.connection`). The function
   * gets these as the caller passed them, and not as a copy.
   *
   * @default []
   */
  ignoreArgs?: string[];
  /**
   * Names of the parameters whose values are secrets: their digests count, are stored and are shown, and the values are
   * not. Also a member of a parameter (`options.pin`), the receiver (`this`) or a member of the receiver (`this.pin`).
   * Names that look like secrets (`password`, `apiKey`, `token`) need not be listed. Digests of short secrets can be
   * guessed by who reads the cache; one that cannot change the result is better listed in `ignoreArgs` besides. What was
   * stored before stays until it is removed.
   *
   * @default none
   *
   * @example The miss names the argument, without its value
   * ```ts
   * import { cacheFile } from "@bimsb/cachepy";
   *
   * const balance = cacheFile(await Deno.makeTempDir(), { secretArgs: ["pin"] })((account: string, pin: string) => {
   *   return account.length + pin.length;
   * });
   * await balance("DE75", "2931");
   * console.log((await balance.why("DE75", "4070")).summary); // args.pin changed
   * ```
   */
  secretArgs?: string[];
  /**
   * Pattern of the files of a folder that count. It may match anywhere in a file's path, which is relative to the
   * folder and has `/` separators. A string is the source of a regular expression, not a glob: `"\\.csv$"`. For one that
   * may take for ever on some names (`(a+)+`), all files count, and that is said.
   *
   * @default every file
   */
  filePattern?: RegExp | string;
  /**
   * Names of the environment variables that the result depends on. An unset variable differs from an empty one.
   *
   * @default []
   */
  envVars?: string[];
  /**
   * A label that you change after a change that cannot be detected, such as a new model behind an API.
   *
   * @default none
   */
  version?: string;
  /**
   * Files and folders on whose content the result depends: paths relative to the working directory, absolute paths or
   * `file:` URLs.
   *
   * @default []
   */
  dependsOnFiles?: (string | URL)[];
  /**
   * Values by name that the result depends on besides the arguments, or a function that returns these values, which is
   * called at every call.
   *
   * @default {}
   */
  dependsOnVars?: Record<string, unknown> | (() => Record<string, unknown>);
  /**
   * Codecs: they keep values of classes that the cache does not know, in results, arguments and captured values, and are
   * asked in their order. `ofClass` makes them for a class, `@bimsb/cachepy/codecs` has them for some libraries. Their
   * functions count as code: an edited one makes results stale.
   *
   * @default []
   *
   * @example Tables of Apache Arrow, and a class whose instances are their members
   * ```ts
   * import * as Arrow from "apache-arrow";
   * import { cacheFile, ofClass } from "@bimsb/cachepy";
   * import { arrow } from "@bimsb/cachepy/codecs";
   *
   * class Station {
   *   constructor(readonly name: string, readonly rain: Arrow.Vector) {}
   * }
   * const cached = cacheFile(await Deno.makeTempDir(), { codecs: [...arrow(Arrow), ofClass(Station)] });
   * ```
   */
  codecs?: readonly Codec[];
  /**
   * True when the path of a file counts besides its content. If false, a renamed file with unchanged content is a hit.
   *
   * @default true
   */
  hashFilePaths?: boolean;
  /**
   * True when each call writes to stderr, in one line, what happened to it and, for a miss, the reasons.
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
   * Code that counts. `closure`: the function, the functions that it calls and the values that it captures; this needs
   * `--allow-sys` and is an error without. `source`: the function's own text alone.
   *
   * @default "closure" with `--allow-sys`, else "source" with a warning that lists what is not tracked
   */
  track?: "closure" | "source";
  /**
   * True when the files and environment variables that the function reads are observed and count.
   *
   * @default true
   */
  observe?: boolean;
  /**
   * Function that is called with each event of a call. An error that it throws, and a promise of it that rejects, is reported
   * once and costs no call.
   *
   * @default none
   */
  onEvent?: (event: CacheEvent) => void;
  /**
   * Format of stored results; there is only one.
   *
   * @default "cbor"
   */
  backend?: "cbor";
  /**
   * Digest algorithm of keys and contents; there is only one.
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
   * True when nothing is written: hits are returned, and after a miss the function's result is not stored.
   *
   * @default false; `true` with the environment variable `CACHEPY_READ_ONLY=1`, and for a folder that cannot be written
   */
  readOnly?: boolean;
  /**
   * Largest size of the stored results, in bytes or with a unit: `"2GiB"`. The entries that are cheapest to lose are
   * removed first.
   *
   * @default Infinity
   */
  maxBytes?: number | string;
  /**
   * Largest size of one result, in bytes or with a unit. A larger one is returned and not stored, which is said.
   *
   * @default Infinity
   */
  maxEntryBytes?: number | string;
  /**
   * Longest age of a stored result, in milliseconds or with a unit: `"12h"`, `"7d"`. An older one is stale, for the reason
   * `expired`. The age is that of the execution; it counts when the result is asked for, also by the calls of outer
   * functions. A result from the future, of a clock that was wrong, is as old as it is ahead.
   *
   * @default Infinity
   */
  maxAge?: number | string;
  /**
   * True when a call whose result is stale by its age alone gets the old one at once, while the function runs behind and
   * stores a new one (RFC 5861). A time bounds for how long after `maxAge` that is allowed. A result that is stale for any
   * other reason, such as an edited file, is never used.
   *
   * @default false
   */
  staleWhileRevalidate?: boolean | number | string;
  /**
   * Function that is asked before a stored result is used; when it returns false, or throws, the function runs. It is asked
   * about calls made by outer functions, too.
   *
   * @default none
   *
   * @example A result that names a file which may have been removed
   * ```ts
   * import { cacheFile } from "@bimsb/cachepy";
   *
   * const cached = cacheFile(await Deno.makeTempDir(), {
   *   validate: async (path: string) => (await Deno.stat(path).catch(() => null)) !== null,
   * });
   * const draw = cached(async function draw(title: string) {
   *   const path = await Deno.makeTempFile();
   *   await Deno.writeTextFile(path, title);
   *   return path;
   * });
   * const first = await draw("rain");
   * await Deno.remove(first);
   * console.log(await draw("rain") !== first); // true: it ran again
   * ```
   */
  // deno-lint-ignore no-explicit-any
  validate?: (value: any, meta: StoredMeta) => boolean | Promise<boolean>;
  /**
   * False when every call runs its function, and nothing is read or written. The environment variable `CACHEPY=off` does
   * the same for all functions.
   *
   * @default true
   */
  enabled?: boolean;
  /**
   * Longest wait for another caller or process that computes the same call, in milliseconds. After it, the function runs
   * here as well.
   *
   * @default Infinity
   */
  waitMs?: number;
  /**
   * Number of results that are kept of one call, for different contents of the files and variables that it read. The
   * oldest is removed first.
   *
   * @default 8
   */
  maxTraces?: number;
  /**
   * True when the Deno version (major and minor) counts for code that uses `node:` modules or `Deno.*`.
   *
   * @default true
   */
  denoVersion?: boolean;
  /**
   * True when a result is forced to the disk (fsync) before the call returns. If false, a power failure may lose the
   * newest results. It never makes one wrong, since bytes are checked when they are read.
   *
   * @default false
   */
  durable?: boolean;
  /**
   * True to open the cache to the group of its folder: 2770 instead of 0700 for folders, 0660 instead of 0600 for files.
   * The folder keeps that mode, and every program that uses it follows. Not on Windows.
   *
   * @default false
   */
  groupShared?: boolean;
  /**
   * Folder on a local disk for the database and the locks of a cache whose directory is on a disk that several hosts
   * may share, such as NFS. Each such cache has a folder of its own in it.
   *
   * @default the value of `CACHEPY_METADATA_DIR`, else `cachepy` in `$XDG_CACHE_HOME` or `~/.cache`, else
   * `cachepy-<user>` in `$TMPDIR` or `/tmp`
   */
  metadataDir?: string | URL;
}

/** What {@linkcode CacheOptions.validate} is told about a stored result. */
export interface StoredMeta {
  /** Call key, 64 hex characters. */
  readonly key: string;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Time at which the execution ended. */
  readonly created: Date;
  /** Run time of the function, milliseconds. */
  readonly computeMs: number;
  /** Size of the result, bytes. */
  readonly sizeBytes: number;
}

/** Name of an option. */
export type OptionName = keyof CacheOptions;

/** Checked options with every default filled in; `null` for an option that was not given and has no default. */
export interface ResolvedOptions {
  readonly cacheDir: string | URL | null;
  readonly fileArgs: readonly string[];
  readonly ignoreArgs: readonly string[];
  readonly secretArgs: readonly string[];
  readonly filePattern: RegExp | null;
  readonly envVars: readonly string[];
  readonly version: string | null;
  readonly dependsOnFiles: readonly (string | URL)[];
  readonly dependsOnVars: Readonly<Record<string, unknown>> | (() => Record<string, unknown>);
  readonly codecs: readonly Codec[];
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
  readonly maxEntryBytes: number;
  readonly maxAge: number;
  readonly staleWhileRevalidate: boolean | number;
  readonly validate: NonNullable<CacheOptions["validate"]> | null;
  readonly enabled: boolean;
  readonly waitMs: number;
  readonly maxTraces: number;
  readonly denoVersion: boolean;
  readonly durable: boolean;
  readonly groupShared: boolean;
  readonly metadataDir: string | URL | null;
}
