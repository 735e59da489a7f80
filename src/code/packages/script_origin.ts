/**
 * Origin of a script, which is the user, the runtime or a package, told from the URL that V8 shows.
 *
 * @module
 */
import { exists, readManifest, realPathOf, variableOf } from "../../options/manifest_files.ts";
import { digestBytes } from "../../words/sha256.ts";
import type { ProjectManifests } from "../../options/manifests.ts";
import { toAbsolute } from "../../options/project.ts";
import { isAbsolutePath, pathOfFileUrl } from "../../options/paths.ts";

/** Origin of a script: the user, the runtime, or a package of one of three kinds. */
export type ScriptOrigin =
  | { readonly kind: "user" }
  | { readonly kind: "runtime"; readonly name: "node" | "deno" }
  | NpmOrigin
  | { readonly kind: "jsr"; readonly name: string; readonly version: string }
  | { readonly kind: "remote"; readonly url: string };

/** A file of an npm package. */
export interface NpmOrigin {
  readonly kind: "npm";
  /** Name of the package's folder: the package's own name, or an alias for it in `node_modules`. */
  readonly name: string;
  /** Exact version; `null` when only the package's package.json tells it. */
  readonly version: string | null;
  /** Absolute path of the package's folder. */
  readonly folder: string;
  /** Program that laid the folder out: Deno, so that deno.lock describes the package, or another package manager. */
  readonly layout: "deno" | "installed";
}

/** Places where packages are kept on this machine. */
export interface PackagePlaces {
  /** Absolute path of the project's root. */
  readonly root: string;
  /** Absolute path of Deno's cache folder; `null` when the environment does not tell it or may not be read. */
  readonly denoDir: string | null;
  /** Absolute path of the folder of vendored modules; `null` where none are vendored. */
  readonly vendorDir: string | null;
  /** Base URL of JSR, with a slash at its end. */
  readonly jsrUrl: string;
}

const USER: ScriptOrigin = { kind: "user" };
const IN_NODE_MODULES = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//s;
const IN_DENO_FOLDER = /\/node_modules\/\.deno\/([^/]+)\/node_modules\/(?:@[^/]+\/)?[^/]+$/;
const IN_DENO_CACHE = /^((.*)\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/(\d+\.\d+\.\d+[^/_]*)(?:_\d+)?)\//s;

/**
 * Tells the origin of a script.
 *
 * `data:` and `blob:` modules are user code, as is every file outside of package folders. Linked packages and
 * workspace members are edited like the rest of a project, so they are followed like the rest.
 *
 * @param url URL of a script as V8 shows it, or the absolute path of a file.
 * @param places Places where packages are kept.
 */
export function originOfScript(url: string, places: PackagePlaces): ScriptOrigin {
  if (url.startsWith("ext:deno_node/") || url.startsWith("node:")) return { kind: "runtime", name: "node" };
  if (url.startsWith("ext:") || url === "Deno" || url.startsWith("Deno.")) return { kind: "runtime", name: "deno" };
  if (url.startsWith(places.jsrUrl)) return originInJsr(url, places.jsrUrl);
  if (/^https?:/.test(url)) return { kind: "remote", url };
  if (url.startsWith("file:")) return originOfFile(pathOfFileUrl(url), places);
  return isAbsolutePath(url) ? originOfFile(url, places) : USER;
}

/**
 * Finds the places where packages are kept on this machine, as far as the environment may be read.
 *
 * @param manifests Manifests of the project; without them, nothing counts as vendored.
 */
export function findPackagePlaces(root: string, manifests?: ProjectManifests): PackagePlaces {
  const workspace = manifests?.workspace;
  const vendorDir = workspace?.deno.vendor === true ? `${workspace.folder}/vendor` : null;
  const jsrUrl = variableOf("JSR_URL") ?? "https://jsr.io/";
  return { root, denoDir: findDenoDir(), vendorDir, jsrUrl: jsrUrl.endsWith("/") ? jsrUrl : `${jsrUrl}/` };
}

function originInJsr(url: string, jsrUrl: string): ScriptOrigin {
  const [scope, name, version] = url.slice(jsrUrl.length).split("/");
  return scope?.startsWith("@") && name && version
    ? { kind: "jsr", name: `${scope}/${name}`, version }
    : { kind: "remote", url };
}

function originOfFile(file: string, places: PackagePlaces): ScriptOrigin {
  const path = Deno.build.os === "windows" ? file.replaceAll("\\", "/") : file;
  // A project may itself be in a node_modules folder, so only the path below its root tells packages from its own
  // code.
  const outer = path.startsWith(`${places.root}/`) ? places.root : "";
  const installed = IN_NODE_MODULES.exec(path.slice(outer.length));
  if (installed !== null) return originInNodeModules(outer + (installed[1] ?? ""), installed[2] ?? "");
  const cached = IN_DENO_CACHE.exec(path);
  if (cached === null) return USER;
  const [, folder = "", denoDir = "", name = "", version = ""] = cached;
  if (!isCacheFolder(denoDir, path, places)) return USER;
  return { kind: "npm", name: decodeCachedName(name), version, folder, layout: "deno" };
}

function originInNodeModules(folder: string, name: string): ScriptOrigin {
  const store = IN_DENO_FOLDER.exec(folder)?.[1];
  const split: NameAndVersion | null = store === undefined
    ? null
    : splitNameVersion(store.replace(/^(@[^+]+)\+/, "$1/"));
  if (split === null) return { kind: "npm", name, version: null, folder, layout: "installed" };
  return { kind: "npm", ...split, folder, layout: "deno" };
}

/**
 * True for Deno's cache folder. A user's own folder may look like the cache, and if its code were taken for a
 * package's, edits would not be seen.
 */
function isCacheFolder(folder: string, path: string, places: PackagePlaces): boolean {
  if (places.denoDir === null) return !path.startsWith(`${places.root}/`);
  const known = Deno.build.os === "windows" ? places.denoDir.replaceAll("\\", "/") : places.denoDir;
  return folder === known || folder === realPathOf(known);
}

function findDenoDir(): string | null {
  const given = variableOf("DENO_DIR");
  if (given) return toAbsolute(given);
  const home = variableOf("HOME");
  switch (Deno.build.os) {
    case "windows":
      return pathInFolder(variableOf("LOCALAPPDATA"), "deno");
    case "darwin":
      return pathInFolder(home, "Library/Caches/deno");
    default:
      return pathInFolder(variableOf("XDG_CACHE_HOME"), "deno") ?? pathInFolder(home, ".cache/deno");
  }
}

function pathInFolder(folder: string | undefined, name: string): string | null {
  return folder ? `${folder}/${name}` : null;
}

const METADATA = /\n\/\/ denoCacheMetadata=[^\n]*$/;

/** Text of a remote module in Deno's cache; `null` when it is not there. */
export function readCached(url: string, { denoDir }: PackagePlaces): string | null {
  if (denoDir === null) return null;
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const host = port === "" ? hostname : `${hostname}_PORT${port}`;
  const name = digestBytes(pathname + search);
  const { text } = readManifest(`${denoDir}/remote/${protocol.slice(0, -1)}/${host}/${name}`);
  return text === null ? null : text.replace(METADATA, "");
}

/** Endings that Deno gives a vendored module whose URL has none, by its content type. */
const ENDINGS = ["", ".js", ".ts", ".mjs", ".mts", ".jsx", ".tsx", ".json"];

/** Text of a vendored module; `null` when it is not there. */
export function readVendored(url: string, { vendorDir }: PackagePlaces): string | null {
  if (vendorDir === null) return null;
  const { pathname, search } = new URL(url);
  const segments = pathname.slice(1).split("/");
  const last = segments.pop()!;
  const folder = segments.reduce((path, segment) => {
    const plain = `${path}/${segment}`;
    return exists(plain) ? plain : `${path}/${hashedName(segment)}`;
  }, `${vendorDir}/${hostFolder(url)}`);
  const ending = /\.[a-z]+$/i.exec(last)?.[0] ?? "";
  const hashed = hashedName(last + search, ending);
  for (const path of [`${folder}/${last}`, ...ENDINGS.map((one) => `${folder}/${hashed}${one}`)]) {
    const { text } = search !== "" && path.endsWith(`/${last}`) ? { text: null } : readManifest(path);
    if (text !== null) return text;
  }
  return null;
}

/** Folder of a vendored JSR package; `null` where it is not vendored. */
export function vendoredFolder(
  { name, version }: { readonly name: string; readonly version: string },
  { vendorDir, jsrUrl }: PackagePlaces,
): string | null {
  const folder = `${vendorDir}/${hostFolder(jsrUrl)}/${name}/${version}`;
  return vendorDir !== null && exists(folder) ? folder : null;
}

/** Folder of a host: `jsr.io`, `http_localhost_8000`. */
function hostFolder(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return (protocol === "https:" ? "" : "http_") + hostname + (port === "" ? "" : `_${port}`);
}

/** Name that Deno gives a file or folder whose own would not do on each file system: `#mod_8fd58.ts` for `Mod.ts`. */
function hashedName(segment: string, ending = ""): string {
  const digest = digestBytes(segment);
  const stem = segment.slice(0, 20).replace(/\?.*$/s, "").toLowerCase().replace(/[^a-z0-9_.-]/g, "_");
  const short = ending !== "" && stem.endsWith(ending.toLowerCase()) ? stem.slice(0, -ending.length) : stem;
  return (short === "" ? `#${digest.slice(0, 7)}` : `#${short}_${digest.slice(0, 5)}`) + ending;
}

/** Parts of a specifier such as `npm:lodash-es@^4/add.js`. */
interface PackageRequest {
  readonly registry: "npm" | "jsr";
  readonly name: string;
  /** Version requirement as written, `^4`; empty when there is none. */
  readonly range: string;
}

const REQUEST = /^(npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)(?:@([^/]*))?(?:\/|$)/;

/** Parts of an `npm:` or `jsr:` specifier; `null` for any other text. */
export function parseRequest(specifier: string): PackageRequest | null {
  const match = REQUEST.exec(specifier);
  if (match === null) return null;
  return { registry: match[1] as "npm" | "jsr", name: match[2] ?? "", range: match[3] ?? "" };
}

/** A package's name and exact version. */
interface NameAndVersion {
  readonly name: string;
  readonly version: string;
}

/**
 * Name and version in a text like `@scope/name@1.2.3_peer@4.5.6`, the form of lock files and of `node_modules/.deno`.
 * The rest from `_` on tells copies for different peers apart and is left out. `null` when there is no version.
 */
export function splitNameVersion(text: string): NameAndVersion | null {
  const at = text.indexOf("@", 1);
  if (at < 0) return null;
  const version = text.slice(at + 1).split("_", 1)[0] ?? "";
  return version === "" ? null : { name: text.slice(0, at), version };
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * Name of a package, from the name of its folder in Deno's cache. There, a name with capitals is written in base 32
 * after `_`, for file systems that do not tell capitals apart: `_jjju6tstorzgkyln` → `JSONStream`.
 */
function decodeCachedName(folder: string): string {
  if (!/^_[a-z2-7]+$/.test(folder)) return folder;
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of folder.slice(1)) {
    value = (value << 5 | BASE32.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) bytes.push(value >> (bits -= 8) & 0xff);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** A loaded script of a package. */
export interface LoadedScript {
  readonly url: string;
  /** Name of the package. */
  readonly owner: string;
  readonly text: string;
}

/** Modules that the text of a script names, and whether the script may change what other modules hold. */
interface ScriptLinks {
  /** URLs that its relative specifiers may stand for. */
  readonly urls: readonly string[];
  /** Names of packages. */
  readonly packages: readonly string[];
  /** True for a script that imports by a computed specifier, or by a name that its own package declares. */
  readonly isOpen: boolean;
  readonly registers: boolean;
}

const LINK = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(["'])([^"'\n]+)\1/g;
const COMPUTED = /\b(?:require|import)\s*\(\s*(?!["')])/;
/**
 * A statement at the beginning of a line that is neither a declaration nor an export: it may register something in another
 * module, as `Object.assign(Table.prototype, verbs)` does. What a file that has been made smaller does cannot be told.
 */
const STATEMENT =
  /^(?!\s|$|[})\]*]|\/[/*]|(?:import|export|async|function|class|const|let|var)\b|["']use strict|(?:module\.)?exports\b|Object\.defineProperty\(exports\b)/m;

const links = new Map<string, ScriptLinks>();

function linksOf({ url, text }: LoadedScript): ScriptLinks {
  let found = links.get(url);
  if (found === undefined) {
    const specifiers = [...new Set(Array.from(text.matchAll(LINK), ([, , specifier]) => specifier!))];
    const isOpen = COMPUTED.test(text) || specifiers.some((one) => one.startsWith("#"));
    const isPath = (one: string) => /^(?:\.{0,2}\/|\.{1,2}$|[a-z]+:\/)/.test(one);
    links.set(
      url,
      found = {
        urls: specifiers.filter(isPath).flatMap((one) => urlsOfPath(one, url)),
        packages: specifiers.filter((one) => !isPath(one)).map(packageNamed),
        isOpen,
        registers: STATEMENT.test(text),
      },
    );
  }
  return found;
}

/**
 * Scripts of packages that code in some of them may run: what these import, at any distance, and the scripts that import
 * one of them and may register something there.
 *
 * Nothing is resolved: a name that is not a path stands for all loaded scripts of the packages of that name.
 *
 * @param begin URLs of the scripts to begin at.
 * @param scripts All loaded scripts of the packages that may be run.
 */
export function scriptsReachedFrom(
  begin: Iterable<string>,
  scripts: ReadonlyMap<string, LoadedScript>,
): ReadonlySet<string> {
  const ofPackage = Map.groupBy(scripts.values(), ({ owner }) => owner);
  const namesOf = new Map<string, readonly string[]>();
  const next = (script: LoadedScript): readonly string[] => {
    let found = namesOf.get(script.url);
    if (found === undefined) {
      const { urls, packages, isOpen } = linksOf(script);
      const own = isOpen ? [script.owner] : [];
      const others = [...own, ...packages].flatMap((one) => ofPackage.get(one) ?? []).map(({ url }) => url);
      namesOf.set(script.url, found = [...others, ...urls.filter((url) => scripts.has(url))]);
    }
    return found;
  };
  const reached = new Set([...begin].filter((url) => scripts.has(url)));
  const registering = [...scripts.values()].filter((script) => linksOf(script).registers);
  for (let size = -1; size < reached.size;) {
    size = reached.size;
    for (const url of reached) for (const one of next(scripts.get(url)!)) reached.add(one);
    for (const script of registering) if (next(script).some((one) => reached.has(one))) reached.add(script.url);
  }
  return reached;
}

const ENDS = ["", ".js", ".cjs", ".mjs", ".ts", ".json", "/index.js", "/index.cjs", "/index.mjs"];

/** URLs that a relative specifier may stand for. */
function urlsOfPath(specifier: string, referrer: string): string[] {
  const base = URL.parse(specifier, referrer)?.href.replace(/\/$/, "");
  return base === undefined ? [] : ENDS.map((end) => base + end);
}

/** Name of the package that a specifier begins with. */
function packageNamed(specifier: string): string {
  return /^(?:[a-z]+:\/?)?((?:@[^/]+\/)?[^/@]+)/.exec(specifier)?.[1] ?? specifier;
}
