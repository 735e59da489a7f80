/**
 * The errors that this package throws for misuse, each with a stable `code` and a message that says the remedy.
 *
 * Expected outcomes (a damaged entry, a failed save) are events, not errors: the cache never costs the user a result.
 *
 * @module
 */
/** Where and why, for the constructors below. */
export interface ErrorDetails {
  /** Path to the offending value: `args[0].user.fn`, `options.fileArgs[1]`. */
  readonly path?: string;
  /** What was thrown underneath. */
  readonly cause?: unknown;
}

/** A value, a function or an option of the wrong kind. */
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
   * @param code What is wrong.
   * @param message What is wrong, and the remedy.
   * @param details Where, and why.
   */
  constructor(code: CacheTypeErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.path = details.path ?? "";
  }
}

/**
 * What can be wrong with what the user passes.
 *
 * `ERR_NOT_A_FUNCTION`, `ERR_GENERATOR`, `ERR_OPTION_UNKNOWN`, `ERR_OPTION_TYPE`, `ERR_OPTION_PARAMETER` (a name in
 * `fileArgs` or `ignoreArgs` that is no parameter), `ERR_ARGUMENT` (cannot be an input), `ERR_RESULT` (cannot be
 * stored), `ERR_CONFIG` (a YAML file).
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

/** Something about the machine or the cache directory that the user has to mend. */
export class CacheError extends Error {
  /** Name of the class. */
  override readonly name: string = "CacheError";
  /** Stable identifier of the kind of failure. */
  readonly code: CacheErrorCode;
  /** The file or folder concerned; empty when the message names it. */
  readonly path: string;

  /**
   * Makes the error.
   *
   * @param code What failed.
   * @param message What failed, and the remedy.
   * @param details Where, and why.
   */
  constructor(code: CacheErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.path = details.path ?? "";
  }
}

/**
 * What can be wrong around a cache.
 *
 * `ERR_CACHE_DIR` (a file, cannot be made, or holds a link), `ERR_UNSTABLE_KV` (`Deno.openKv` is missing), `ERR_PERMISSION`,
 * `ERR_TRACKING` (closure tracking was asked for and cannot be had), `ERR_FORMAT` (not readable by this version),
 * `ERR_NO_ENTRY` (there is no such entry), `ERR_DECODE` (stored bytes are malformed), `ERR_FILE` (a declared file
 * cannot be read).
 */
export type CacheErrorCode =
  | "ERR_CACHE_DIR"
  | "ERR_UNSTABLE_KV"
  | "ERR_PERMISSION"
  | "ERR_TRACKING"
  | "ERR_FORMAT"
  | "ERR_NO_ENTRY"
  | "ERR_DECODE"
  | "ERR_FILE";

/** What an error says, or whatever was thrown in its place. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
