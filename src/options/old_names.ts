/**
 * Keys and values of configuration files that are of the sister tools, cachepy for Python and cacheR, and what stands for
 * them here. Loaded only when a mistake in a file is reported.
 *
 * @module
 */
import type { OptionName } from "./check_options.ts";

const OF_CALLS = "it is of single calls: give it in code";

/** What to do with keys that are no options here, by the key in lower case without `_` and prefix. */
const REMEDIES: Readonly<Record<string, string>> = {
  dir: "did you mean cache_dir?",
  waittimeout: "write wait_ms, in milliseconds; without it, a call waits for as long as another process computes it",
  pollinterval: "remove it: a call that waits is woken when the result is there",
  blocksize: "remove it: files of any size are digested whole",
  nblocks: "remove it: files of any size are digested whole",
  fullhashlimit: "remove it: files of any size are digested whole",
  force: `${OF_CALLS}, step.with({ force: true })(…)`,
  load: `${OF_CALLS}, step.with({ load: false })(…)`,
  skipsave: `${OF_CALLS}, step.with({ skipSave: true })(…)`,
  daysold: "give it to cachePrune() as daysOld; for results that expire, write max_age",
  output: "give it to plotCacheGraph()",
  highlightstale: "give it to plotCacheGraph() as highlightStale",
};

/** Beginnings of names that the sister tools have besides the plain ones, as `cacheR.verbose` is `verbose` among R's own options. */
const PREFIX = /^(?:cacheR\.|[._])/;

/**
 * Tells what to do with a key that the sister tools have and this package has not.
 *
 * @param key The key as it is written.
 * @param options Names of options by all their spellings.
 * @returns The remedy for the message; `null` for a key that the sister tools do not have either.
 */
export function remedyForOldKey(key: string, options: ReadonlyMap<string, OptionName>): string | null {
  const plain = key.replace(PREFIX, "");
  if (plain !== key && options.has(plain)) return `did you mean ${plain}?`;
  const name = plain.toLowerCase().replaceAll("_", "");
  return Object.hasOwn(REMEDIES, name) ? REMEDIES[name]! : null;
}

/** Formats of results in the sister tools, with the tool. */
const FORMATS: Readonly<Record<string, string>> = {
  pickle: "cachepy for Python",
  rds: "cacheR",
  qs: "cacheR",
  qs2: "cacheR",
};

/**
 * Tells what to do with a value that was right in the sister tools and is not here.
 *
 * @param option The option.
 * @param key The key as it is written.
 * @param value The value, which is wrong here.
 * @returns The remedy for the message; `null` when the sister tools would not have taken the value either.
 */
export function remedyForOldValue(option: OptionName, key: string, value: unknown): string | null {
  switch (option) {
    case "backend": {
      const format = String(value).toLowerCase();
      const isOld = Object.hasOwn(FORMATS, format);
      const stored = isOld ? `; what ${FORMATS[format]} stored is not read, and computed again` : "";
      return `remove the key, since there is no other format${stored}`;
    }
    case "algo":
      return "remove the key, since there is no other algorithm";
    case "dependsOnVars":
      if (typeof value !== "string" && !Array.isArray(value)) return null;
      return `write values by name, ${key}: { RATE: 0.5 }; variables that the code uses count without it`;
    case "filePattern":
      return typeof value === "string" ? remedyForGlob(key, value) : null;
    default:
      return null;
  }
}

/**
 * Tells how to write a glob as a regular expression.
 *
 * @param key The key as it is written.
 * @param glob The text, which may be no glob.
 * @returns The remedy for the message; `null` for a text that is no glob.
 */
export function remedyForGlob(key: string, glob: string): string | null {
  const source = sourceOfGlob(glob);
  if (source === null) return null;
  return source === "" ? "remove the key: all files count without it" : `for a glob, write ${key}: '${source}'`;
}

/** Longest text that is looked at: whether it is a glob is found in quadratic time. */
const LONGEST_GLOB = 200;

/**
 * Returns the regular expression that matches the paths below a folder which a glob means: by the name of the file alone
 * when the glob has no `/`, as `find -name` does.
 *
 * @returns Source of the expression, empty for all files; `null` for a text that is no glob.
 */
function sourceOfGlob(glob: string): string | null {
  if (glob.length > LONGEST_GLOB || !/^[\w\-/*?.{},![\] ]*[*?{[][\w\-/*?.{},![\] ]*$/.test(glob)) return null;
  const rest = glob.replace(/^(?:\*\*\/)+/, "");
  if (/^\**$/.test(rest)) return "";
  const isPath = rest.includes("/");
  const isOfEnd = !isPath && rest.startsWith("*");
  const begin = isPath ? rest === glob ? "^" : "(?:^|/)" : isOfEnd ? "" : "(?:^|/)";
  const body = rest.replace(isOfEnd ? /^\*+/ : /^(?!)/, "").replace(
    /\*\*\/|\*+|\?|\.|\[!|\{([^{}]*)\}/g,
    (part, words?: string) => {
      if (words !== undefined) return `(?:${words.replaceAll(".", "\\.").replaceAll(",", "|")})`;
      if (part === "**/") return "(?:.*/)?";
      if (part.startsWith("*")) return part === "*" ? "[^/]*" : ".*";
      return part === "?" ? "[^/]" : part === "[!" ? "[^" : `\\${part}`;
    },
  );
  const source = `${begin}${body}$`;
  try {
    new RegExp(source);
    return source;
  } catch {
    return null;
  }
}
