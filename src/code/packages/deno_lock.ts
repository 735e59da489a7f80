/**
 * Content of deno.lock in the formats 2 to 5, read into one shape.
 *
 * @module
 */
import { asObject, asTexts } from "../../options/manifests.ts";
import { parseRequest, splitNameVersion } from "./script_origin.ts";

/** A package at an exact version, as deno.lock has it. */
export interface LockedPackage {
  readonly registry: "npm" | "jsr";
  readonly name: string;
  readonly version: string;
  /** Digest of the package's content, in the form of its registry; empty when the lock has none. */
  readonly integrity: string;
  /** Direct dependencies of the package, as the lock writes them. */
  readonly dependencies: readonly string[];
}

/** Content of deno.lock. */
export interface DenoLock {
  /** Packages by `npm:name@version_peers` and `jsr:name@version`. */
  readonly packages: ReadonlyMap<string, LockedPackage>;
  /** Packages by `npm:name`, by `jsr:name`, and by both with `@version`: all copies for different peers. */
  readonly byName: ReadonlyMap<string, readonly LockedPackage[]>;
  /** Keys of {@linkcode DenoLock.packages} by specifier: `npm:is-odd@^3` → `npm:is-odd@3.0.1`. */
  readonly specifiers: ReadonlyMap<string, string>;
  /** SHA-256 of modules by URL. */
  readonly remote: ReadonlyMap<string, string>;
  /** Targets of redirects by the URL that redirects. */
  readonly redirects: ReadonlyMap<string, string>;
}

/**
 * Parses the text of a deno.lock.
 *
 * @throws {SyntaxError} When the text is no JSON or its format is not known.
 */
export function parseDenoLock(text: string): DenoLock {
  const lock = asObject(JSON.parse(text));
  const format = Number(lock.version ?? 0);
  if (!(format >= 2 && format <= 5)) throw new SyntaxError(`deno.lock has version ${lock.version}; known are 2 to 5`);
  const nested = asObject(format === 3 ? lock.packages : format === 2 ? lock.npm : lock);
  const npm = asObject(format === 2 ? nested.packages : nested.npm);
  const packages = new Map([
    ...readPackages("npm", npm),
    ...readPackages("jsr", asObject(nested.jsr)),
  ]);
  return {
    packages,
    byName: groupByName(packages.values()),
    specifiers: readSpecifiers(asObject(nested.specifiers)),
    remote: readTexts(asObject(lock.remote)),
    redirects: readTexts(asObject(lock.redirects)),
  };
}

/** Locked packages, with everything that they depend on, directly or not. */
export interface LockedClosure {
  /** The packages themselves and everything that they depend on. */
  readonly packages: ReadonlySet<LockedPackage>;
  /** Dependencies that the lock does not have, because they are linked packages or the lock is out of date. */
  readonly missing: ReadonlySet<string>;
}

/** Finds the locked packages that `start` needs; `start` is included. */
export function lockedClosure(lock: DenoLock, start: Iterable<LockedPackage>): LockedClosure {
  const packages = new Set(start);
  const missing = new Set<string>();
  for (const one of packages) {
    for (const dependency of one.dependencies) {
      const found = findLocked(lock, one.registry === "npm" ? npmDependency(dependency) : dependency);
      if (found.length === 0) missing.add(dependency);
      for (const next of found) packages.add(next);
    }
  }
  return { packages, missing };
}

/**
 * Finds the locked packages that a specifier or key stands for. There are several when the lock does not say which
 * copy is meant. Then all of them count, which may invalidate too much and never too little.
 *
 * @param specifier `npm:is-odd@^3`, `npm:is-odd@3.0.1/index.js`, `npm:is-odd`, and these forms with `jsr:`.
 */
export function findLocked(lock: DenoLock, specifier: string): readonly LockedPackage[] {
  const request = parseRequest(specifier);
  if (request === null) return [];
  const { registry, name, range } = request;
  const key = range === "" ? `${registry}:${name}` : `${registry}:${name}@${range}`;
  const exact = lock.packages.get(lock.specifiers.get(key) ?? key);
  if (exact !== undefined) return [exact];
  const version = range.split("_", 1)[0];
  return lock.byName.get(`${registry}:${name}@${version}`) ?? lock.byName.get(`${registry}:${name}`) ?? [];
}

/** Key of a dependency that is written as `alias@npm:name@1.0.0`, `name@1.0.0` or `name`. */
function npmDependency(text: string): string {
  const aliased = text.indexOf("@npm:", 1);
  return aliased < 0 ? `npm:${text}` : text.slice(aliased + 1);
}

function* readPackages(registry: "npm" | "jsr", section: Readonly<Record<string, unknown>>): Iterable<
  [string, LockedPackage]
> {
  for (const [key, value] of Object.entries(section)) {
    const split = splitNameVersion(key);
    if (split === null) continue;
    const { integrity, dependencies, optionalDependencies } = asObject(value);
    yield [`${registry}:${key}`, {
      registry,
      ...split,
      integrity: typeof integrity === "string" ? integrity : "",
      dependencies: [...readDependencies(dependencies), ...readDependencies(optionalDependencies)],
    }];
  }
}

/** Dependencies from a list (format 4 and later) or from an object that holds keys by alias. */
function readDependencies(value: unknown): string[] {
  return Array.isArray(value) ? asTexts(value) : asTexts(Object.values(asObject(value)));
}

function groupByName(packages: Iterable<LockedPackage>): Map<string, LockedPackage[]> {
  const groups = new Map<string, LockedPackage[]>();
  for (const one of packages) {
    for (const key of [`${one.registry}:${one.name}`, `${one.registry}:${one.name}@${one.version}`]) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [one]);
      else group.push(one);
    }
  }
  return groups;
}

/**
 * Keys of packages by specifier. Formats 4 and 5 write `npm:is-odd@^3` → `3.0.1`. Format 3 writes the whole key as
 * the target. Format 2 writes both sides without `npm:`.
 */
function readSpecifiers(section: Readonly<Record<string, unknown>>): Map<string, string> {
  const specifiers = new Map<string, string>();
  for (const [specifier, target] of Object.entries(section)) {
    const full = /^(?:npm|jsr):/.test(specifier) ? specifier : `npm:${specifier}`;
    const request = parseRequest(full);
    if (request === null || typeof target !== "string") continue;
    const isKey = target.indexOf("@", 1) > 0 &&
      splitNameVersion(target.replace(/^(?:npm|jsr):/, ""))?.name === request.name;
    const key = isKey ? target.replace(/^(?:npm|jsr):/, "") : `${request.name}@${target}`;
    specifiers.set(full, `${request.registry}:${key}`);
  }
  return specifiers;
}

function readTexts(section: Readonly<Record<string, unknown>>): Map<string, string> {
  return new Map(Object.entries(section).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
