/**
 * Packages by identity: the form in which a function depends on the packages that it reaches.
 *
 * The walk through a function's code stops at packages. A package counts by its name, its exact version, its
 * integrity, and those of everything that it depends on, as deno.lock has them. Only packages that are reached count.
 * So an upgrade deep below a package that is used is noticed, and an upgrade of a package that is not used is not.
 *
 * Packages in a `node_modules` folder count by their code as well, since people edit it there. Not noticed are flags of
 * the command line (`--lock`, `--config`, `--import-map`), which a program cannot read.
 *
 * @module
 */
import { nodeModule } from "../../words/node_modules.ts";
import { digestBytes } from "../../words/sha256.ts";
import type { Digest } from "../../words/digests.ts";
import { type DenoLock, findLocked, lockedClosure, type LockedPackage } from "./deno_lock.ts";
import { createSpecifierMap } from "./import_map.ts";
import { createPackageLocks, installedClosure, type InstalledPackage, readInstalled } from "./package_locks.ts";
import { readProjectManifests } from "../../options/manifests.ts";
import {
  findPackagePlaces,
  type NpmOrigin,
  originOfScript,
  type PackagePlaces,
  parseRequest,
  readCached,
  readVendored,
  splitNameVersion,
  vendoredFolder,
} from "./script_origin.ts";
import { type PackageCode, PackageCodeReader } from "./package_code.ts";
import { exists, listFolders, realPathOf } from "../../options/manifest_files.ts";
import { parentOf } from "../../options/paths.ts";

/** Identity of a package. */
export interface PackageIdentity {
  /** `lodash-es`, `@std/path`, `https://deno.land/x/foo/mod.ts`, `node`, `deno`. */
  readonly name: string;
  /** Exact version; empty when it is not known or, for the runtime, does not count. */
  readonly version: string;
  /** Digest over name, version and integrity of the package and of everything that it depends on. */
  readonly digest: Digest<"package">;
  /** Source of the package: a registry, the web, or the runtime. */
  readonly source: "npm" | "jsr" | "https" | "node" | "deno";
  /** Direct and indirect dependencies as `name@version`, sorted. An upgrade below the package changes this list. */
  readonly dependencies?: readonly string[];
  /** Notices for the user about parts of the package that do not count because nothing is known about them. */
  readonly notices: readonly string[];
}

/** Options of {@linkcode createPackageResolver}. */
export interface PackageResolverOptions {
  /** Absolute path of the project's root. */
  readonly root: string;
  /**
   * True to count the Deno version, major and minor, for `node:` modules and `Deno.*`.
   *
   * @default true
   */
  readonly denoVersion?: boolean;
  /**
   * Digest of the content of a file, by which code in `node_modules` counts; `null` when there is none. May throw.
   *
   * @default code in `node_modules` counts by its version
   */
  readonly digestFile?: ((path: string) => string | null) | undefined;
}

/** Resolver that tells which package a piece of code belongs to. */
export interface PackageResolver {
  /**
   * Returns the package that a script belongs to or a specifier stands for; `null` for user code: files of the
   * project, of workspace members and of linked packages, `data:` and `blob:` modules, and specifiers of which
   * nothing is known.
   *
   * A package keeps the identity that it had when it was first asked for: loaded code stays as it is while the
   * process runs, even when the lock file changes.
   *
   * @param urlOrSpecifier URL of a script as V8 shows it, an import specifier, or `Deno` or `Deno.…` for the runtime.
   * @param referrer URL of the module that imports the specifier; by default, a module at the project's root.
   */
  packageOf(urlOrSpecifier: string, referrer?: string): PackageIdentity | null;
  /**
   * Resolves a specifier as the program does, by the import maps of the project and of the workspace member that the
   * importing module is in; `null` when nothing is known about the specifier.
   *
   * @param referrer URL of the module that imports the specifier.
   */
  resolve(specifier: string, referrer: string): string | null;
  /**
   * Absolute path of the folder of an npm package, or of a package by name that it depends on; `null` when that is not
   * installed.
   */
  folderOf(identity: PackageIdentity, name: string): string | null;
}

/**
 * Creates a resolver for the program's packages. Files are read when the first package is asked for. A file that may
 * not be read leads to a notice, never to an error.
 *
 * @example
 * ```ts
 * import { createPackageResolver } from "./packages.ts";
 *
 * const { packageOf } = createPackageResolver({ root: Deno.cwd() });
 * console.log(packageOf("node:fs")?.name, packageOf(import.meta.url)); // node null
 * ```
 */
export function createPackageResolver(options: PackageResolverOptions): PackageResolver {
  const { root, denoVersion = true, digestFile } = options;
  const answers = new Map<string, PackageIdentity | null>();
  const identities = new Map<string, PackageIdentity>();
  let project: ProjectFiles | undefined;
  const files = () => project ??= openProject(root, digestFile);

  const remember = (key: string, compute: () => PackageIdentity): PackageIdentity => {
    let identity = identities.get(key);
    if (identity === undefined) identities.set(key, identity = compute());
    return identity;
  };
  const ofOrigin = (url: string): PackageIdentity | null => {
    const origin = originOfScript(url, files().places);
    switch (origin.kind) {
      case "user":
        return null;
      case "runtime":
        return remember(origin.name, () => runtimeIdentity(origin.name, denoVersion));
      case "npm":
        return remember(keyOfNpm(origin), () => npmIdentity(origin, files()));
      case "jsr":
        return remember(`jsr ${origin.name}@${origin.version}`, () => jsrIdentity(origin, files()));
      case "remote":
        return remember(`https ${origin.url}`, () => remoteIdentity(origin.url, files()));
    }
  };
  const answer = (text: string, referrer?: string): PackageIdentity | null => {
    if (parseRequest(text) !== null) {
      const identity = ofRequest(text, files());
      return identity && remember(`${identity.source} ${identity.name}@${identity.version}`, () => identity);
    }
    if (/^(?:[a-z][a-z0-9+.-]+:|\/|$)|^Deno(?:\.|$)/.test(text) || /^[A-Za-z]:[\\/]/.test(text)) return ofOrigin(text);
    const resolved = files().specifiers.resolve(text, referrer);
    if (resolved !== null && resolved !== text) return answer(resolved);
    return isBuiltin(text) ? ofOrigin(`node:${text}`) : null;
  };
  return {
    packageOf(urlOrSpecifier, referrer) {
      const key = referrer === undefined ? urlOrSpecifier : `${urlOrSpecifier}\n${referrer}`;
      let known = answers.get(key);
      if (known === undefined) answers.set(key, known = answer(urlOrSpecifier, referrer));
      return known;
    },
    resolve: (specifier, referrer) => files().specifiers.locate(specifier, referrer),
    folderOf: (identity, name) => {
      const { source, version, dependencies = [] } = identity;
      const inner = dependencies.find((one) => one.startsWith(`${name}@`))?.slice(name.length + 1);
      return source === "npm" ? folderOfPackage(name, name === identity.name ? version : inner, files()) : null;
    },
  };
}

/**
 * Key under which the identity of an npm package is remembered. Deno keeps one copy of a version, or several that are
 * counted together. Other package managers may install a version twice.
 */
function keyOfNpm({ layout, folder, name, version }: NpmOrigin): string {
  return layout === "deno" && version !== null ? `npm ${name}@${version}` : `npm ${folder}`;
}

type ProjectFiles = ReturnType<typeof openProject>;

function openProject(root: string, digestFile: PackageResolverOptions["digestFile"]) {
  const manifests = readProjectManifests(root);
  return {
    places: findPackagePlaces(root, manifests),
    manifests,
    locks: createPackageLocks(manifests),
    specifiers: createSpecifierMap(manifests),
    code: digestFile ? new PackageCodeReader(digestFile) : null,
  };
}

function runtimeIdentity(name: "node" | "deno", denoVersion: boolean): PackageIdentity {
  const version = denoVersion ? Deno.version.deno.split(".", 2).join(".") : "";
  return toIdentity(name, name, version, [], []);
}

function npmIdentity(origin: NpmOrigin, files: ProjectFiles): PackageIdentity {
  const { name, version } = origin;
  const { lock, problem } = files.locks.denoLock();
  const locked = origin.layout === "deno" ? lock?.byName.get(`npm:${name}@${version}`) : undefined;
  const store = /^.*\/node_modules\/\.deno(?=\/)/s.exec(origin.folder)?.[0];
  const identity = lock && lockedIdentity(locked ?? [], lock, codeOnDisk(store, files));
  if (identity !== null) return identity;
  const isInstalled = origin.folder.includes("/node_modules/");
  const found = isInstalled ? readInstalled(realPathOf(origin.folder)) : null;
  if (found !== null) return installedIdentity(found, files);
  if (version !== null) {
    const code = codeOnDisk(store, files)?.([{ registry: "npm", name, version }]);
    return toIdentity("npm", name, version, [], [versionAlone(name, version, problem)], code);
  }
  const notice = `${name} counts by its name alone: its package.json cannot be read; run with --allow-read`;
  return toIdentity("npm", name, "", [], [notice]);
}

function jsrIdentity(
  origin: { readonly name: string; readonly version: string },
  files: ProjectFiles,
): PackageIdentity {
  const { lock, problem } = files.locks.denoLock();
  const locked = lock?.byName.get(`jsr:${origin.name}@${origin.version}`) ?? [];
  return (lock && lockedIdentity(locked, lock, codeOnDisk(storeOf(files), files))) ??
    toIdentity("jsr", origin.name, origin.version, [], [versionAlone(origin.name, origin.version, problem)]);
}

/** Identity of a package of deno.lock with all copies for different peers; `null` when nothing was found. */
function lockedIdentity(
  found: readonly LockedPackage[],
  lock: DenoLock,
  codeOf: CodeFinder | null,
): PackageIdentity | null {
  const [first] = found;
  if (first === undefined) return null;
  const copies = found.flatMap(({ registry, name, version }) =>
    lock.byName.get(`${registry}:${name}@${version}`) ?? []
  );
  const closure = lockedClosure(lock, copies);
  const notices = [...closure.missing].sort().map((name) =>
    `${first.name} depends on ${name}, which is not in deno.lock: its code is not tracked there`
  );
  const versions = [...new Set(copies.map((copy) => copy.version))].sort();
  return toIdentity(
    first.registry,
    first.name,
    versions.join(" | "),
    [...closure.packages].map(lineOfPackage),
    notices,
    codeOf?.([...closure.packages]),
  );
}

/** Finds the code of packages where it is installed; the code is read when it is asked for. */
type CodeFinder = (packages: readonly Pick<LockedPackage, "registry" | "name" | "version">[]) => () => PackageCode;

/** Finder of code in a folder `node_modules/.deno`, and of vendored code; `null` where there can be none. */
function codeOnDisk(store: string | undefined, { code, places }: ProjectFiles): CodeFinder | null {
  if (code === null || store === undefined && places.vendorDir === null) return null;
  return (packages) => () =>
    code.read(packages.flatMap((one) => {
      if (one.registry === "npm") return store === undefined ? [] : code.inStore(store, one);
      const folder = vendoredFolder(one, places);
      return folder === null ? [] : [{ ...one, folder, isTypeScript: true }];
    }));
}

/** Folder in which Deno installs the project's packages; `undefined` when there is none. */
function storeOf({ manifests }: ProjectFiles): string | undefined {
  const store = `${manifests.workspace.folder}/node_modules/.deno`;
  return exists(store) ? store : undefined;
}

function installedIdentity(start: InstalledPackage, files: ProjectFiles): PackageIdentity {
  const { lock } = files.locks.denoLock();
  const closure = installedClosure(start);
  const unlocked: string[] = [];
  const lines = closure.packages.map(({ name, version, folder }) => {
    const integrity = lock?.byName.get(`npm:${name}@${version}`)?.[0]?.integrity ||
      files.locks.npmIntegrity(folder, name, version);
    if (integrity === "") unlocked.push(`${name}@${version}`);
    return lineOfPackage({ registry: "npm", name, version, integrity });
  });
  const notices: string[] = [];
  // The code in the folders counts by its bytes, where these can be read.
  if (unlocked.length > 0 && files.code === null) {
    notices.push(
      `${start.name} counts by the versions in node_modules: no lock file has an integrity of ${someOf(unlocked)}`,
    );
  }
  if (closure.missing.length > 0) {
    notices.push(`What ${start.name} depends on is not all to be found in node_modules: ${someOf(closure.missing)}`);
  }
  const { code } = files;
  return toIdentity(
    "npm",
    start.name,
    start.version,
    lines,
    notices,
    code === null ? undefined : () => code.read(closure.packages),
  );
}

function someOf(names: readonly string[]): string {
  return names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
}

function remoteIdentity(url: string, files: ProjectFiles): PackageIdentity {
  const { lock } = files.locks.denoLock();
  const closure = remoteClosure(url, lock, files.places);
  const lines = [...closure.modules].map(([module, digest]) => `${module} ${digest}`);
  const notices: string[] = [];
  for (const specifier of closure.specifiers) {
    const request = files.specifiers.resolve(specifier) ?? specifier;
    if (parseRequest(request) === null) continue;
    lines.push(request);
    const locked = lock === null ? [] : findLocked(lock, request);
    if (lock !== null) lines.push(...[...lockedClosure(lock, locked).packages].map(lineOfPackage));
    if (locked.length === 0) notices.push(`${url} depends on ${request}, which no deno.lock pins to a version`);
  }
  for (const module of closure.unknown) {
    notices.push(`${module} counts by its URL alone: no deno.lock or cache of this machine tells its content`);
  }
  if (closure.unread.length > 0 && lock !== null) {
    lines.push(...[...lock.remote].map(([module, digest]) => `${module} ${digest}`));
    lines.push(...[...lock.packages.values()].map(lineOfPackage));
    notices.push(
      `All of deno.lock counts for ${url}: what it imports cannot be read; run with --allow-read --allow-env`,
    );
  }
  const { name, version } = splitRemoteUrl(url);
  return toIdentity("https", name, version, lines, notices);
}

/** Package that an `npm:` or `jsr:` specifier stands for; `null` for a linked package, whose code is followed. */
function ofRequest(specifier: string, files: ProjectFiles): PackageIdentity | null {
  const request = parseRequest(specifier);
  if (request === null) return null;
  const { lock, problem } = files.locks.denoLock();
  const { registry, name, range } = request;
  const store = storeOf(files);
  const installed = registry === "npm" && store === undefined ? findInstalled(name, files.manifests.own.folder) : null;
  const { code } = files;
  const codeOf = installed && code
    ? () => () => code.read(installedClosure(installed).packages)
    : codeOnDisk(store, files);
  const identity = lock && lockedIdentity(findLocked(lock, specifier), lock, codeOf);
  if (identity !== null) return identity;
  if (files.specifiers.localFolder(name) !== null) return null;
  if (installed !== null) return installedIdentity(installed, files);
  return toIdentity(registry, name, range, [], [versionAlone(name, range === "" ? "unknown" : range, problem)]);
}

/** Folder of an npm package: in `node_modules`, or in Deno's cache; `null` when the package is not installed. */
function folderOfPackage(name: string, version: string | undefined, files: ProjectFiles): string | null {
  const store = storeOf(files);
  const stored = store === undefined || version === undefined
    ? []
    : listFolders(store).filter((entry) => splitNameVersion(entry.replaceAll("+", "/"))?.version === version)
      .map((entry) => `${store}/${entry}/node_modules/${name}`).filter(exists);
  if (stored[0] !== undefined) return stored[0];
  const installed = findInstalled(name, files.manifests.own.folder);
  if (installed !== null) return installed.folder;
  const { denoDir } = files.places;
  if (denoDir === null || version === undefined) return null;
  return listFolders(`${denoDir}/npm`).map((registry) => `${denoDir}/npm/${registry}/${name}/${version}`).find(
    exists,
  ) ??
    null;
}

function findInstalled(name: string, from: string): InstalledPackage | null {
  for (let folder = from;; folder = parentOf(folder)) {
    const found = readInstalled(realPathOf(`${folder}/node_modules/${name}`));
    if (found !== null || parentOf(folder) === folder) return found;
  }
}

/** Splits `https://deno.land/x/foo@v1.2.3/mod.ts` into the URL without the version, and `1.2.3`. */
function splitRemoteUrl(url: string): { readonly name: string; readonly version: string } {
  const version = /@v?(\d[^/@?#]*)/.exec(url.replace(/^https?:\/\/[^/]*/, ""));
  if (version === null) return { name: url, version: "" };
  return { name: url.replace(version[0], ""), version: version[1] ?? "" };
}

function lineOfPackage(one: Pick<LockedPackage, "registry" | "name" | "version" | "integrity">): string {
  return `${one.registry}:${one.name}@${one.version} ${one.integrity}`;
}

function versionAlone(name: string, version: string, problem: string | null): string {
  const reason = problem ?? "deno.lock does not have it";
  return `${name} counts by its version ${version} alone, without what it depends on: ${reason}`;
}

/** Makes an identity. `lines` has everything that counts, with integrities; order and repetitions do not matter. */
function toIdentity(
  source: PackageIdentity["source"],
  name: string,
  version: string,
  lines: readonly string[],
  notices: readonly string[],
  code?: () => PackageCode,
): PackageIdentity {
  const sorted = [...new Set(lines)].sort();
  const digestWith = (text: string) =>
    digestBytes<"package">([`${source} ${name}@${version}`, ...sorted, ...text === "" ? [] : [text]].join("\n"));
  const dependencies = sorted.map((line) => (line.split(" ", 1)[0] ?? "").replace(/^(?:npm|jsr):/, ""))
    .filter((dependency) => dependency !== `${name}@${version}`);
  if (code === undefined) {
    return Object.freeze({ name, version, digest: digestWith(""), source, dependencies, notices });
  }
  // Code is read only of packages whose digest is asked for, and once.
  let found: PackageCode | undefined;
  const read = () => found ??= code();
  let digest: Digest<"package"> | undefined;
  return Object.freeze({
    name,
    version,
    source,
    dependencies,
    get digest() {
      return digest ??= digestWith(read().digest);
    },
    get notices() {
      return [...notices, ...read().notices];
    },
  });
}

function isBuiltin(name: string): boolean {
  return /^[a-z_]+(?:\/[a-z]+)*$/.test(name) && nodeModule<typeof import("node:module")>("node:module").isBuiltin(name);
}

/** A remote module and everything that it imports. */
interface RemoteClosure {
  /** SHA-256 of each module by URL; empty where the digest is not known. */
  readonly modules: ReadonlyMap<string, string>;
  /** `npm:`, `jsr:` and bare specifiers among the strings of the modules. */
  readonly specifiers: ReadonlySet<string>;
  /** URLs of modules of which nothing but the URL is known. */
  readonly unknown: readonly string[];
  /** URLs of modules whose imports cannot be read. */
  readonly unread: readonly string[];
}

// Finds the text between each quote and the next quote of its kind. No attempt is made to tell which quotes begin a
// string (an apostrophe in a comment looks like one): a text that is no string resolves to nothing.
const STRINGS = /(["'`])(?=([^"'`\\\n]{1,2000})\1)/g;

/**
 * Finds a remote module and everything that it imports, directly or not.
 *
 * @param url URL of the module.
 * @param lock Content of deno.lock; `null` when there is none: then digests are made from the cached texts.
 * @param places Places where modules are kept.
 */
function remoteClosure(url: string, lock: DenoLock | null, places: PackagePlaces): RemoteClosure {
  const modules = new Map<string, string>();
  const specifiers = new Set<string>();
  const unknown: string[] = [];
  const unread: string[] = [];
  const queue = new Set([followRedirects(url, lock)]);
  for (const next of queue) {
    const vendored = readVendored(next, places);
    const text = vendored ?? readCached(next, places);
    // People edit what is vendored, at an unchanged digest in the lock.
    const locked = vendored === null ? lock?.remote.get(next) : undefined;
    const digest = locked ?? (text === null ? "" : digestBytes(text));
    modules.set(next, digest);
    if (digest === "") unknown.push(next);
    if (text === null) {
      unread.push(next);
      continue;
    }
    for (const string of stringsIn(text)) {
      const target = moduleNamed(string, next, lock, places);
      if (target !== null) queue.add(target);
      else if (/^(?:npm:|jsr:|@?[a-z0-9])/i.test(string)) specifiers.add(string);
    }
  }
  return { modules, specifiers, unknown, unread };
}

function* stringsIn(text: string): Iterable<string> {
  for (const match of text.matchAll(STRINGS)) yield match[2] ?? "";
}

/** URL of the module that a string names; `null` when the lock or, without a lock, the cache does not have it. */
function moduleNamed(text: string, base: string, lock: DenoLock | null, places: PackagePlaces): string | null {
  if (!/^(?:https?:|\.{0,2}\/)/.test(text) || !URL.canParse(text, base)) return null;
  const url = followRedirects(new URL(text, base).href, lock);
  const isKnown = lock === null
    ? (readVendored(url, places) ?? readCached(url, places)) !== null
    : lock.remote.has(url);
  return isKnown ? url : null;
}

function followRedirects(url: string, lock: DenoLock | null): string {
  let target = url.replace(/#.*$/s, "");
  for (let hops = 0; hops < 10; hops++) target = lock?.redirects.get(target) ?? target;
  return target;
}
