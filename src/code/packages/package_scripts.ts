/**
 * Scripts of a package that is not loaded yet: its module and all that this imports, read from the files.
 *
 * @module
 */
import { exists, isReadable, readManifest } from "../../options/manifest_files.ts";
import { parentOf, resolvePath } from "../../options/paths.ts";
import { asObject } from "../../options/manifests.ts";

/** A script of a package. */
export interface PackageScript {
  /** Name of the package that the script belongs to. */
  readonly owner: string;
  readonly text: string;
}

/** Number of scripts, and of characters, after which the search ends. */
const MAX_SCRIPTS = 2_000;
const MAX_CHARACTERS = 20_000_000;

const IMPORTS = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)(["'])([^"'\n]{1,500})\1/g;
const ENDINGS = ["", ".js", ".cjs", ".mjs", ".json", "/index.js", "/index.mjs", "/index.cjs"];

/**
 * Reads the scripts that a module of a package loads.
 *
 * @param name Name of the package.
 * @param module Module within the package, `/add.js`; empty for the main module.
 * @param folderOf Absolute path of the folder of a package by name; `null` for a package that is not installed.
 */
export function* scriptsOfPackage(
  name: string,
  module: string,
  folderOf: (name: string) => string | null,
): Iterable<PackageScript> {
  const queue = new Map<string, string>();
  const add = (owner: string, path: string | null): void => void (path !== null && queue.set(path, owner));
  const addPackage = (owner: string, inner: string): void => {
    const folder = folderOf(owner);
    if (folder !== null) add(owner, entryOf(folder, inner));
  };
  addPackage(name, module);
  let characters = 0;
  for (const [path, owner] of queue) {
    if (queue.size > MAX_SCRIPTS || characters > MAX_CHARACTERS) return;
    if (path.endsWith(".json")) continue;
    const { text } = readManifest(path);
    if (text === null) continue;
    characters += text.length;
    yield { owner, text };
    for (const [, , specifier = ""] of text.matchAll(IMPORTS)) {
      if (specifier.startsWith(".")) add(owner, scriptAt(resolvePath(specifier, parentOf(path))));
      else if (/^@?[a-z0-9]/i.test(specifier)) {
        const [, other = "", inner = ""] = /^((?:@[^/]+\/)?[^/]+)(.*)$/s.exec(specifier) ?? [];
        if (!other.includes(":")) addPackage(other, inner);
      }
    }
  }
}

/** File of a module of the package in a folder; `null` when it is not found. */
function entryOf(folder: string, module: string): string | null {
  const { text } = readManifest(`${folder}/package.json`);
  const manifest = text === null ? {} : parseManifest(text);
  const { exports, main } = manifest;
  if (exports !== undefined) {
    const target = targetOf(exports, `.${module}`);
    return target === null ? null : scriptAt(resolvePath(target, folder));
  }
  if (module !== "") return scriptAt(`${folder}${module}`);
  return (typeof main === "string" ? scriptAt(resolvePath(main, folder)) : null) ?? scriptAt(`${folder}/index`);
}

function parseManifest(text: string): Readonly<Record<string, unknown>> {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Path that `exports` give for a module, `.` or `./add.js`; `null` for none. */
function targetOf(exports: unknown, module: string): string | null {
  const table = asObject(exports);
  const keys = Object.keys(table);
  if (!keys.some((key) => key.startsWith("."))) return module === "." ? conditionOf(exports) : null;
  if (module in table) return conditionOf(table[module]);
  for (const key of keys) {
    const [before = "", after] = key.split("*");
    if (after === undefined || !module.startsWith(before) || !module.endsWith(after)) continue;
    const inner = module.slice(before.length, module.length - after.length);
    return conditionOf(table[key])?.replaceAll("*", inner) ?? null;
  }
  return null;
}

function conditionOf(target: unknown): string | null {
  if (typeof target === "string") return target;
  if (Array.isArray(target)) return conditionOf(target[0]);
  for (const condition of ["deno", "node", "import", "module-sync", "require", "default"]) {
    const found = asObject(target)[condition];
    if (found !== undefined) return conditionOf(found);
  }
  return null;
}

function scriptAt(path: string): string | null {
  if (isReadable(path)) return path;
  const { main } = exists(`${path}/package.json`) ? parseManifest(readManifest(`${path}/package.json`).text ?? "") : {};
  if (typeof main === "string") return ENDINGS.map((one) => resolvePath(main, path) + one).find(isReadable) ?? null;
  return ENDINGS.map((one) => path + one).find(isReadable) ?? null;
}
