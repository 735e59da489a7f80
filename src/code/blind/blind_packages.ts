/**
 * Blind uses in packages. The code of packages is not followed. Instead, the texts of the loaded scripts of a
 * package, and of the packages that it depends on, show which functions of Node's modules the package holds.
 *
 * After `const fs = require("fs")`, a call of `fs.readFileSync()` is observed, since the member is looked up at each
 * call. A function that was taken out of the module when the package was loaded is not observed.
 *
 * @module
 */
import type { InspectorLease } from "../v8/inspector.ts";
import type { PackageIdentity } from "../packages/packages.ts";
import { BLIND_MODULES, blindGlobal, blindImport } from "./blind.ts";
import type { BlindUse } from "../types.ts";

type FoundUses = Omit<BlindUse, "module">;

/** Blind uses by the URL of a script. The script at a URL keeps its text for the life of the process. */
const known = new Map<string, readonly FoundUses[]>();

/**
 * Finds the blind uses in the loaded scripts of packages and of everything that these packages depend on.
 *
 * @param lease Gives the list of loaded scripts and their texts.
 * @param packages The packages that the code reaches.
 * @param packageOf Returns the package that a script belongs to; `null` for user code.
 */
export async function findBlindPackages(
  lease: InspectorLease,
  packages: Iterable<PackageIdentity>,
  packageOf: (url: string) => PackageIdentity | null,
): Promise<BlindUse[]> {
  const reached = new Set<string>();
  for (const { source, name, version, dependencies = [] } of packages) {
    if (source === "node" || source === "deno") continue;
    for (const one of [`${name}@${version}`, ...dependencies]) reached.add(one);
  }
  if (reached.size === 0) return [];
  const uses = new Map<string, BlindUse>();
  for (const url of lease.scriptUrls()) {
    if (!/^(?:file|https?):/.test(url)) continue;
    const owner = packageOf(url);
    if (!owner || !reached.has(`${owner.name}@${owner.version}`)) continue;
    let found = known.get(url);
    if (!found) known.set(url, found = findBlindUses((await lease.scriptOf(url))?.text ?? ""));
    for (const use of found) uses.set(`${use.name}\n${owner.name}`, { ...use, module: `package ${owner.name}` });
  }
  return [...uses.values()];
}

const FS = String.raw`["'](?:node:)?(fs|fs/promises)["']`;
const NAMED_IMPORT = new RegExp(String.raw`\bimport\s*(?:[\w$]+\s*,\s*)?\{([^}]*)\}\s*from\s*${FS}`, "g");
const NAMESPACE_IMPORT = new RegExp(String.raw`\bimport\s*\*\s*as\s+([\w$]+)\s+from\s*${FS}`, "g");
const REEXPORT = new RegExp(String.raw`\bexport\s*(?:\{([^}]*)\}|\*)\s*from\s*${FS}`, "g");
const DESTRUCTURED = new RegExp(String.raw`\{([^{}]*)\}\s*=\s*require\(\s*${FS}\s*\)`, "g");
const MEMBER = new RegExp(String.raw`\brequire\(\s*${FS}\s*\)\.([\w$]+)(?!\s*[\w$.(])`, "g");
const ALIAS = new RegExp(
  String.raw`([\w$]+)\s*=\s*(?:[\w$]+\(\s*)?require\(\s*${FS}\s*\)|\bimport\s+([\w$]+)[^;{]*?\bfrom\s*${FS}`,
  "g",
);
const MODULE = /(?:\bfrom\s*|\brequire\(\s*|\bimport\(?\s*)["'](?:node:)?([\w/]+)["']/g;
const NATIVE = /\bprocess\.dlopen\b|require\([^)]*\.node["'`]\s*\)|["'](?:node-gyp-build|bindings|node-pre-gyp)["']/;
const GLOBAL = /(?<![.\w$])(Deno\.\w+|fetch(?=\s*\()|WebSocket|localStorage|Worker(?=\s*\())/g;

/** Finds the blind uses that the text of a script shows. */
export function findBlindUses(text: string): FoundUses[] {
  const found = new Map<string, FoundUses>();
  const add = (use: FoundUses | null) => void (use && found.set(use.name, use));
  const addFs = (module: string, name: string) => add(blindImport(module, name, []));
  const addNames = (module: string, names: string) => {
    for (const one of names.split(",")) {
      const name = /^\s*(?:type\s+)?([\w$]+)/.exec(one)?.[1];
      if (name !== undefined) addFs(module, name);
    }
  };
  if (/\bfs\b/.test(text)) {
    for (const [, names = "", module = ""] of text.matchAll(NAMED_IMPORT)) addNames(module, names);
    for (const [, names, module = ""] of text.matchAll(REEXPORT)) addNames(module, names ?? "all");
    for (const [, names = "", module = ""] of text.matchAll(DESTRUCTURED)) addNames(module, names);
    for (const [, module = "", name = ""] of text.matchAll(MEMBER)) addFs(module, name);
    for (const [, alias = "", module = ""] of text.matchAll(NAMESPACE_IMPORT)) {
      for (const name of membersOf(text, alias)) addFs(module, name);
    }
    for (const [, required, requiredModule, imported, importedModule] of text.matchAll(ALIAS)) {
      const alias = required ?? imported ?? "", module = requiredModule ?? importedModule ?? "";
      for (const name of takenFrom(text, alias)) addFs(module, name);
    }
  }
  for (const [, module = ""] of text.matchAll(MODULE)) {
    if (BLIND_MODULES.has(module)) add(blindImport(module, module, []));
  }
  if (NATIVE.test(text)) found.set("native code", { name: "native code", kind: "ffi" });
  for (const [use] of text.matchAll(GLOBAL)) add(blindGlobal(use.split(".")));
  return [...found.values()];
}

function membersOf(text: string, alias: string): string[] {
  return [...text.matchAll(new RegExp(String.raw`(?<![.\w$])${escape(alias)}\.([\w$]+)`, "g"))].map(([, name]) =>
    name!
  );
}

/**
 * Names of the members that a script takes out of a module's object for later: members that it does not call at once,
 * and `all` when it copies the object or passes the object to a function.
 */
function takenFrom(text: string, alias: string): string[] {
  const name = escape(alias);
  const destructured = [...text.matchAll(new RegExp(String.raw`\{([^{}]*)\}\s*=\s*${name}\b(?!\s*[.(\[])`, "g"))]
    .flatMap(([, names = ""]) => names.split(",").map((one) => /^\s*([\w$]+)/.exec(one)?.[1] ?? "").filter(Boolean));
  const members = [...text.matchAll(new RegExp(String.raw`[=(,:]\s*${name}\.([\w$]+)\s*[;,)\n}]`, "g"))]
    .map(([, member]) => member!);
  const isCopied = new RegExp(String.raw`\.\.\.${name}\b|[\w$]\(\s*(?:\{\s*\}\s*,\s*)?${name}\s*[,)]`).test(text);
  return [...destructured, ...members, ...isCopied ? ["all"] : []];
}

function escape(name: string): string {
  return name.replaceAll("$", String.raw`\$`);
}
