/**
 * The checks of what managing a cache is told: a misspelt `dryRun` must not remove anything.
 *
 * @module
 */
import { validateBy } from "../options.ts";
import { CHECKS, type OptionCheck } from "../options/checks.ts";

const TASK_CHECKS = {
  fname: CHECKS.name,
  daysOld: {
    wanted: "a number of days from 0",
    accept: (value) => typeof value === "number" && value >= 0 ? { ok: true, value } : { ok: false },
  },
  maxBytes: {
    wanted: "a number of bytes from 0",
    accept: (value) => typeof value === "number" && value >= 0 ? { ok: true, value } : { ok: false },
  },
  dryRun: CHECKS.verbose,
  repair: CHECKS.verbose,
  onProgress: CHECKS.onEvent,
} satisfies Record<string, OptionCheck>;

/** Name of an option of a task. */
export type TaskOption = keyof typeof TASK_CHECKS;

/**
 * Checks the options of a task.
 *
 * @param options What the user passed.
 * @param names The options that the task has.
 * @throws {CacheTypeError} `ERR_OPTION_UNKNOWN` for a name that is no option, `ERR_OPTION_TYPE` for a wrong value.
 */
export function requireTaskOptions(options: unknown, names: readonly TaskOption[]): void {
  validateBy(Object.fromEntries(names.map((name) => [name, TASK_CHECKS[name]])), options);
}
