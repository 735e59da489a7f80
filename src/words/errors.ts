/**
 * The errors that this package throws for misuse, each with a stable `code` and a message that names the remedy.
 *
 * Expected outcomes (a damaged entry, a failed save) are events, not errors: the cache never costs the user a result.
 *
 * @module
 */
import { printable } from "./printable.ts";

/** Path and cause of a mistake, for the constructors below. */
export interface ErrorDetails {
  /** Path to the offending value: `args[0].user.fn`, `options.fileArgs[1]`. */
  readonly path?: string;
  /** Error or value that was thrown underneath. */
  readonly cause?: unknown;
}

/** Error for a value, a function or an option of the wrong kind. */
export class CacheTypeError extends TypeError {
  /** Name of the class. */
  override readonly name: string = "CacheTypeError";
  /** Stable identifier of the kind of mistake. */
  readonly code: CacheTypeErrorCode;
  /** Path to the offending value; empty when the message names it. */
  readonly path: string;

  /**
   * Makes the error.
   *
   * @param code Kind of mistake.
   * @param message The mistake and the remedy, in words.
   * @param details Path to the value, and cause.
   */
  constructor(code: CacheTypeErrorCode, message: string, details: ErrorDetails = {}) {
    // A name in a cache may be a stranger's, and Deno prints the message of an error that nobody catches as it is.
    super(printable(message), "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.path = details.path ?? "";
  }
}

/**
 * Kinds of mistakes in the values that the user passes.
 *
 * `ERR_NOT_A_FUNCTION`, `ERR_GENERATOR`, `ERR_OPTION_UNKNOWN`, `ERR_OPTION_TYPE`, `ERR_OPTION_PARAMETER` (a name in
 * `fileArgs`, `ignoreArgs` or `secretArgs` that is no parameter), `ERR_ARGUMENT` (a value that cannot be an input), `ERR_RESULT` (a
 * value that cannot be stored), `ERR_CONFIG` (a mistake in a YAML file).
 */
export type CacheTypeErrorCode =
  | "ERR_NOT_A_FUNCTION"
  | "ERR_GENERATOR"
  | "ERR_OPTION_UNKNOWN"
  | "ERR_OPTION_TYPE"
  | "ERR_OPTION_PARAMETER"
  | "ERR_ARGUMENT"
  | "ERR_RESULT"
  | "ERR_CONFIG";

/** Error for a failure of the machine or the cache directory that the user has to mend. */
export class CacheError extends Error {
  /** Name of the class. */
  override readonly name: string = "CacheError";
  /** Stable identifier of the kind of failure. */
  readonly code: CacheErrorCode;
  /** Path of the file or folder; empty when the message names it. */
  readonly path: string;

  /**
   * Makes the error.
   *
   * @param code Kind of failure.
   * @param message The failure and the remedy, in words.
   * @param details Path of the file or folder, and cause.
   */
  constructor(code: CacheErrorCode, message: string, details: ErrorDetails = {}) {
    super(printable(message), "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.path = details.path ?? "";
  }
}

/**
 * Kinds of failures around a cache.
 *
 * `ERR_CACHE_DIR` (it is a file, cannot be made, or holds a link), `ERR_UNSTABLE_KV` (`Deno.openKv` is missing),
 * `ERR_DENO_VERSION` (Deno is too old), `ERR_PERMISSION`, `ERR_TRACKING` (closure tracking was asked for and is not
 * available), `ERR_FORMAT` (not readable by this version), `ERR_NO_ENTRY` (there is no such entry), `ERR_DECODE` (stored
 * bytes are malformed), `ERR_FILE` (a declared file cannot be read).
 */
export type CacheErrorCode =
  | "ERR_CACHE_DIR"
  | "ERR_UNSTABLE_KV"
  | "ERR_DENO_VERSION"
  | "ERR_PERMISSION"
  | "ERR_TRACKING"
  | "ERR_FORMAT"
  | "ERR_NO_ENTRY"
  | "ERR_DECODE"
  | "ERR_FILE";

/** Returns the message of an error; any other thrown value as a text. */
export function messageOf(error: unknown): string {
  return toldBy(() => error instanceof Error ? `${error.message}` : String(error));
}

/** Returns the class and the message of an error in one line; any other thrown value as a text. */
export function describeError(error: unknown): string {
  return toldBy(() => error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}

/** Words for an error; anything can be thrown, also what cannot be turned into a text. */
function toldBy(words: () => string): string {
  try {
    return words();
  } catch {
    return "an error that cannot be shown as a text";
  }
}
