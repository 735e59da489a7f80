/**
 * What each option accepts, in one table that code and configuration files share.
 *
 * @module
 */
import type { CacheOptions } from "./cache_options.ts";

/** Whether a value is accepted: the value to keep, or what is wrong with which part of it. */
export type Acceptance =
  | { readonly ok: true; readonly value: unknown }
  | {
    readonly ok: false;
    /** Path of the culprit below the option: `[1]`, empty for the option itself. */
    readonly at?: string;
    /** The culprit, where it is not the option's value itself. */
    readonly got?: unknown;
    /** What is wanted of the culprit, where that is not what is wanted of the option. */
    readonly wanted?: string;
    readonly cause?: unknown;
  };

/** The check of one option. */
export interface OptionCheck {
  /** What the option wants, to follow "want": `a string`. */
  readonly wanted: string;
  /** Checks a value; what is kept is a copy. */
  accept(value: unknown): Acceptance;
}

const REFUSED: Acceptance = { ok: false };
const PATH = "a path or a file: URL";

/** The checks by option. */
export const CHECKS: Readonly<Record<keyof CacheOptions, OptionCheck>> = {
  cacheDir: { wanted: `${PATH} of a folder`, accept: acceptPath },
  fileArgs: listOf("a parameter's name", acceptText),
  ignoreArgs: listOf("a parameter's name", acceptText),
  filePattern: { wanted: "a regular expression or the source of one", accept: acceptPattern },
  envVars: listOf("a variable's name, without = in it", acceptVariableName),
  version: { wanted: "a string", accept: acceptString },
  dependsOnFiles: listOf(PATH, acceptPath),
  dependsOnVars: { wanted: "an object of values by name or a function that returns one", accept: acceptVariables },
  hashFilePaths: flag(),
  verbose: flag(),
  name: { wanted: "a string that is not empty", accept: acceptText },
  track: oneOf("closure", "source"),
  observe: flag(),
  onEvent: {
    wanted: "a function",
    accept: (value) => typeof value === "function" ? { ok: true, value } : REFUSED,
  },
  backend: oneOf("cbor"),
  algo: oneOf("SHA-256"),
  ignoreCode: listOf("a symbol's name or a file", acceptText),
  readOnly: flag(),
  maxBytes: { wanted: "a number of bytes above 0", accept: (value) => acceptNumber(value, 1, true) },
  waitMs: { wanted: "a number of milliseconds from 0", accept: (value) => acceptNumber(value, 0, false) },
  maxTraces: {
    wanted: "a whole number from 1",
    accept: (value) => value === Infinity ? REFUSED : acceptNumber(value, 1, true),
  },
  denoVersion: flag(),
  durable: flag(),
};

function flag(): OptionCheck {
  return {
    wanted: "true or false",
    accept: (value) => typeof value === "boolean" ? { ok: true, value } : REFUSED,
  };
}

function oneOf(...values: string[]): OptionCheck {
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
  // A remote URL that is taken for a relative path would be a folder named "https:".
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

function acceptNumber(value: unknown, least: number, isWhole: boolean): Acceptance {
  if (typeof value !== "number" || !(value >= least)) return REFUSED;
  return isWhole && value !== Infinity && !Number.isSafeInteger(value) ? REFUSED : { ok: true, value };
}
