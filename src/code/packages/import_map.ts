/**
 * Resolution of bare specifiers by import maps, package.json dependencies, workspace members and links.
 *
 * @module
 */
import { readManifest } from "../../options/manifest_files.ts";
import { isAbsolutePath, resolvePath } from "../../options/paths.ts";
import {
  asObject,
  linkFolders,
  type Manifest,
  memberFolders,
  parseJsonc,
  type ProjectManifests,
  readManifestOf,
} from "../../options/manifests.ts";
import { parseRequest } from "./script_origin.ts";

/** Resolves specifiers for the modules of a project. */
export interface SpecifierMap {
  /**
   * Resolves a specifier to an absolute URL or to an `npm:`, `jsr:` or `node:` specifier; `null` when nothing is
   * known about the specifier.
   *
   * @param specifier Specifier as an import writes it.
   * @param referrer URL of the module that imports the specifier; by default, a module at the project's root.
   */
  resolve(specifier: string, referrer?: string): string | null;
  /**
   * Address of the module that a specifier stands for: as {@linkcode SpecifierMap.resolve}, and for a linked package or
   * a workspace member the URL of the file that it exports.
   */
  locate(specifier: string, referrer?: string): string | null;
  /** Folder of the linked package or workspace member with that name; `null` when there is none. */
  localFolder(name: string): string | null;
}

type Entries = readonly (readonly [key: string, address: string])[];

interface ImportMap {
  readonly imports: Entries;
  readonly scopes: readonly (readonly [prefix: string, imports: Entries])[];
}

/** Creates the resolver of a project's specifiers. Files are read when the first specifier is resolved. */
export function createSpecifierMap(manifests: ProjectManifests): SpecifierMap {
  const { own, workspace } = manifests;
  const folders = own === workspace ? [own] : [own, workspace];
  let maps: readonly { readonly manifest: Manifest; readonly map: ImportMap }[] | undefined;
  let locals: ReadonlyMap<string, Manifest> | undefined;
  const members = () =>
    memberFolders(workspace).map((folder) => readManifestOf(folder, [])).filter((one) => one !== null);
  const loadMaps = () => {
    const all = [...members().filter((one) => one.folder !== own.folder), ...folders];
    return all.map((manifest) => ({ manifest, map: readImportMap(manifest) }));
  };
  const localManifest = (name: string): Manifest | null => {
    locals ??= new Map([...members(), ...links(workspace)].map((one) => [packageNameOf(one), one]));
    return locals.get(name) ?? null;
  };
  const localFolder = (name: string): string | null => localManifest(name)?.folder ?? null;
  const resolve = (specifier: string, referrer?: string): string | null => {
    const base = referrer ?? new URL("_", folderUrl(own.folder)).href;
    const url = absoluteUrl(specifier, base);
    maps ??= loadMaps();
    for (const { manifest, map } of maps) {
      const isOwn = manifest === own || manifest === workspace || base.startsWith(folderUrl(manifest.folder).href);
      const found = isOwn ? lookUpSpecifier(map, url ?? specifier, base) : null;
      if (found !== null) return found;
    }
    if (url !== null) return url;
    const folder = localFolder(packagePart(specifier));
    if (folder !== null) return folderUrl(folder).href;
    for (const { manifest } of maps) {
      const found = dependencyOf(manifest, specifier);
      if (found !== null) return found;
    }
    return null;
  };
  const locate = (specifier: string, referrer?: string): string | null => {
    const resolved = resolve(specifier, referrer);
    if (resolved === null) return null;
    const request = parseRequest(resolved);
    const isFolder = request === null && resolved.endsWith("/") && !/^[a-z][a-z0-9+.-]+:|^[./]/i.test(specifier);
    if (request === null && !isFolder) return resolved;
    const local = localManifest(request?.name ?? packagePart(specifier));
    const inner = request === null ? specifier.slice(packagePart(specifier).length) : pathInRequest(resolved);
    return (local && exportedFile(local, inner)) ?? resolved;
  };
  return { resolve, locate, localFolder };
}

/** Path behind the package in `npm:/a@1/b` and `jsr:@s/a/b`: `/b`; empty when there is none. */
function pathInRequest(request: string): string {
  return /^(?:npm|jsr):\/?(?:@[^/]+\/)?[^/]+(\/.*)?$/s.exec(request)?.[1] ?? "";
}

/** URL of the file that a package exports under a path, `""` or `/sub`; `null` when the manifest does not tell it. */
function exportedFile({ deno, npm, folder }: Manifest, path: string): string | null {
  const exports = deno.exports ?? npm.exports ?? npm.main;
  const isTable = typeof exports === "object" && exports !== null &&
    Object.keys(exports).every((key) => key[0] === ".");
  const target = textOfTarget(isTable ? asObject(exports)[`.${path}`] : path === "" ? exports : undefined);
  return target === null ? null : new URL(target, folderUrl(folder)).href;
}

/** File of an entry of `exports`, which may be a table of conditions. */
function textOfTarget(target: unknown): string | null {
  if (typeof target === "string") return target;
  for (const condition of ["deno", "import", "node", "default"]) {
    const found = asObject(target)[condition];
    if (found !== undefined) return textOfTarget(found);
  }
  return null;
}

function links(workspace: Manifest): Manifest[] {
  return linkFolders(workspace).map((folder) => readManifestOf(folder, [])).filter((one) => one !== null);
}

function packageNameOf(manifest: Manifest): string {
  return String(manifest.deno.name ?? manifest.npm.name ?? "");
}

/** Name of the package in a bare specifier: `lodash-es/add.js` → `lodash-es`, `@std/path/join` → `@std/path`. */
function packagePart(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function absoluteUrl(specifier: string, base: string): string | null {
  if (/^\.{0,2}\//.test(specifier)) return URL.canParse(specifier, base) ? new URL(specifier, base).href : null;
  if (/^(?:npm|jsr|node):/.test(specifier)) return specifier;
  if (isAbsolutePath(specifier)) return folderUrl(specifier).href.slice(0, -1);
  return /^[a-z][a-z0-9+.-]*:/i.test(specifier) && URL.canParse(specifier) ? new URL(specifier).href : null;
}

function readImportMap(manifest: Manifest): ImportMap {
  const { deno, folder } = manifest;
  if (typeof deno.importMap !== "string" || deno.imports !== undefined) return toImportMap(deno, folder, true);
  // No file of the project holds an import map from the network. Modules that it maps are known by their script URLs
  // alone.
  if (/^https?:/.test(deno.importMap)) return { imports: [], scopes: [] };
  const file = resolvePath(deno.importMap, folder);
  const { text } = readManifest(file);
  try {
    return toImportMap(asObject(parseJsonc(text ?? "{}")), resolvePath("..", file), false);
  } catch {
    return { imports: [], scopes: [] };
  }
}

/** @param isConfig True for the content of deno.json, in which `"a": "npm:a"` maps `a/b` as well. */
function toImportMap(source: Readonly<Record<string, unknown>>, folder: string, isConfig: boolean): ImportMap {
  const base = folderUrl(folder).href;
  const scopes = Object.entries(asObject(source.scopes)).map(([prefix, imports]) =>
    [absoluteUrl(prefix, base) ?? prefix, toEntries(imports, base, isConfig)] as const
  );
  return { imports: toEntries(source.imports, base, isConfig), scopes: longestFirst(scopes) };
}

function toEntries(imports: unknown, base: string, isConfig: boolean): Entries {
  const entries = Object.entries(asObject(imports)).flatMap(([key, address]): [string, string][] => {
    if (typeof address !== "string") return [];
    const target = absoluteUrl(address, base) ?? address;
    const from = absoluteUrl(key, base) ?? key;
    const isPackage = isConfig && parseRequest(target) !== null && !key.endsWith("/");
    return isPackage ? [[from, target], [`${from}/`, `${target}/`]] : [[from, target]];
  });
  return longestFirst(entries);
}

function longestFirst<Entry extends readonly [string, unknown]>(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((a, b) => b[0].length - a[0].length);
}

function lookUpSpecifier(map: ImportMap, specifier: string, referrer: string): string | null {
  const scoped = map.scopes.filter(([prefix]) =>
    prefix === referrer || prefix.endsWith("/") && referrer.startsWith(prefix)
  );
  for (const entries of [...scoped.map(([, entries]) => entries), map.imports]) {
    for (const [key, address] of entries) {
      if (key === specifier) return address;
      if (key.endsWith("/") && specifier.startsWith(key)) return address + specifier.slice(key.length);
    }
  }
  return null;
}

function dependencyOf(manifest: Manifest, specifier: string): string | null {
  const name = packagePart(specifier);
  for (const section of ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]) {
    const range = asObject(manifest.npm[section])[name];
    if (typeof range !== "string") continue;
    const local = /^(?:file|link):(.*)$/.exec(range)?.[1];
    if (local !== undefined) return folderUrl(resolvePath(local, manifest.folder)).href;
    return `${/^(?:npm|jsr):/.test(range) ? range : `npm:${name}@${range}`}${specifier.slice(name.length)}`;
  }
  return null;
}

function folderUrl(folder: string): URL {
  const url = new URL("file:///");
  url.pathname = `${folder.replaceAll("\\", "/").replaceAll("%", "%25")}/`;
  return url;
}
