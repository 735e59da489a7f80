/**
 * The running program: which of its code belongs to this package, whether its Deno is new enough, and whether it is a test.
 *
 * A file of its own, since `code/`, `store/`, `reads/` and `call/` import it, and no other file of `words/` fits.
 *
 * @module
 */
import { CacheError } from "./errors.ts";

/** True where a bundler has put this package into a file with the user's code: then no URL tells whose code it is. */
export const IS_BUNDLED: boolean = !/\/src\/words\/program\.ts$/.test(import.meta.url);

/** URL of the folder with the sources, with a slash at its end; `null` in a bundle. */
const OWN_SOURCES = IS_BUNDLED ? null : new URL("../", import.meta.url).href;
const OWN_MODULES = IS_BUNDLED
  ? []
  : ["mod.ts", "codecs.ts"].map((name) => new URL(`../../${name}`, import.meta.url).href);

/** True for a module of this package. @param url URL of the module, as V8 shows it. */
export function isOwnModule(url: string): boolean {
  return isOwnSource(url) || OWN_MODULES.includes(url);
}

function isOwnSource(url: string): boolean {
  return OWN_SOURCES !== null && url.startsWith(OWN_SOURCES);
}

const own = new WeakSet<object>();

/** Notes functions of this package that the user's code, or an object of the platform, may hold. */
export function markOwn(...functions: readonly object[]): void {
  for (const fn of functions) own.add(fn);
}

/**
 * True for a function or a class of this package, whose code is not followed. In a bundle, one of those that were marked:
 * code of the user's reaches no other.
 *
 * @param url URL of the script that has the function.
 */
export function isOurFunction(fn: unknown, url: string): boolean {
  return isOwnSource(url) || own.has(fn as object);
}

/** True for a line of a stack trace that is about code of this package; in a bundle, for none. */
export function isOwnLine(line: string): boolean {
  return OWN_SOURCES !== null && line.includes(OWN_SOURCES);
}

/** Deno 2.7 brought `FsFile.tryLock`, without which two processes compute one call at the same time. */
const LOWEST_DENO = [2, 7] as const;

/**
 * Refuses a Deno that the package does not work with.
 *
 * @param version Version of the running Deno.
 * @throws {CacheError} `ERR_DENO_VERSION` below 2.7.
 */
export function requireDeno(version: string = Deno.version.deno): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > LOWEST_DENO[0] || major === LOWEST_DENO[0] && minor >= LOWEST_DENO[1]) return;
  throw new CacheError(
    "ERR_DENO_VERSION",
    `Cannot cache with Deno ${version}: want ${LOWEST_DENO.join(".")} or later; run deno upgrade`,
  );
}

/**
 * True when `deno test` or `deno bench` is running. Their sanitizers report a leak for a resource that a program keeps
 * open for its next call. `Deno.test` does something only under these two commands. When Deno does not tell, the answer
 * is true, which costs time and never leaks.
 */
export function runsTests(): boolean {
  return Deno.test?.name !== "noopTest";
}

/** Names of the members that the platform gave `Deno`; a program may add others. */
export const NAMES_OF_DENO: ReadonlySet<string> = new Set(Object.keys(Deno));
