/**
 * Imported names: the import that declares a name, the module that it resolves to, and the declaration behind it.
 *
 * @module
 */
import type { InspectorLease } from "../v8/inspector.ts";
import type { FingerprintOptions } from "../types.ts";
import { readScript } from "../syntax/code_unit.ts";
import type { Binding, ScriptSyntax } from "../syntax/scopes.ts";
import { type AnyNode, childrenOf, type Program } from "../syntax/parse.ts";
import { staticKey, staticText } from "../syntax/uses.ts";

/** An import as the source writes it. */
export interface ImportedName {
  readonly specifier: string;
  /** Name of the export, `default`, or `*` for the namespace. */
  readonly imported: string;
  /** True for an import of JSON, text or bytes: `with { type: "json" }`. */
  readonly isData: boolean;
}

/** A declaration, with the module that contains it. */
export interface Declaration {
  readonly url: string;
  readonly script: ScriptSyntax;
  readonly binding: Binding;
}

/** Import that a binding declares; `null` for a binding that is no import. */
export function importOf(script: ScriptSyntax, binding: Binding): ImportedName | null {
  const specifier = binding.declaration;
  if (binding.kind !== "import" || !specifier) return null;
  const declaration = script.parents.get(specifier);
  if (declaration?.type !== "ImportDeclaration" || typeof declaration.source.value !== "string") return null;
  const source = declaration.source.value;
  const isData = (declaration.attributes ?? []).length > 0;
  switch (specifier.type) {
    case "ImportSpecifier":
      return { specifier: source, imported: exportedName(specifier.imported), isData };
    case "ImportDefaultSpecifier":
      return { specifier: source, imported: "default", isData };
    default:
      return { specifier: source, imported: "*", isData };
  }
}

/** Resolves specifiers by the import map of the importing module; see {@linkcode FingerprintOptions.resolve}. */
export type Resolve = NonNullable<FingerprintOptions["resolve"]>;

// Resolves by the import map of the whole program, as far as it is in no file: it may be given on the command line.
const resolveInProgram: (specifier: string) => string = import.meta.resolve;

/** URL that a specifier resolves to in the running program; `null` when the specifier cannot be resolved. */
export function resolveSpecifier(specifier: string, referrer: string, resolve?: Resolve): string | null {
  const found = resolve?.(specifier, referrer) ?? null;
  if (found !== null) return found;
  if (/^\.{0,2}\//.test(specifier)) return URL.canParse(specifier, referrer) ? new URL(specifier, referrer).href : null;
  try {
    return resolveInProgram(specifier);
  } catch {
    return null;
  }
}

/**
 * Module within a package that an address names: ` /add.js` of `npm:lodash@4/add.js`, without name and version. Empty
 * for a package's main module, and for an address that is not of a package with several modules.
 */
export function moduleInPackage(address: string): string {
  const inFolder = address.lastIndexOf("/node_modules/");
  const name = inFolder < 0
    ? /^(?:npm|jsr):\/?(.*)$/s.exec(address)?.[1] ?? ""
    : address.slice(inFolder + "/node_modules/".length);
  const module = name.replace(/^(?:@[^/]+\/)?[^/]+/, "");
  return module === "" ? "" : ` ${module}`;
}

/** Longest chain of re-exports that is followed. */
const MAX_REEXPORTS = 32;

/**
 * Finds the declaration behind an import, through re-exports. A name that is not imported has its own declaration.
 *
 * @returns `null` when a module on the way is not loaded, cannot be parsed, or is not found; and for a namespace
 * import.
 */
export async function declarationOf(
  lease: InspectorLease,
  at: { readonly url: string; readonly script: ScriptSyntax; readonly binding: Binding },
  resolve?: Resolve,
): Promise<Declaration | null> {
  let { url, script, binding } = at;
  for (let step = 0; step < MAX_REEXPORTS; step++) {
    const imported = importOf(script, binding);
    if (!imported) return { url, script, binding };
    if (imported.imported === "*") return null;
    const target = resolveSpecifier(imported.specifier, url, resolve);
    const found = await exportOf({ lease, resolve }, target, imported.imported, MAX_REEXPORTS);
    if (!found) return null;
    ({ url, script, binding } = found);
  }
  return null;
}

async function exportOf(
  program: { readonly lease: InspectorLease; readonly resolve: Resolve | undefined },
  url: string | null,
  name: string,
  depth: number,
): Promise<Declaration | null> {
  if (url === null || depth === 0) return null;
  const source = await program.lease.scriptOf(url);
  const script = source && readScript(source.text);
  if (!script) return null;
  const local = localExport(script, name);
  if (local) return { url, script, binding: local };
  for (const statement of script.program.body) {
    const again = reexportIn(statement, name);
    if (!again) continue;
    const found = await exportOf(
      program,
      resolveSpecifier(again.specifier, url, program.resolve),
      again.name,
      depth - 1,
    );
    if (found) return found;
  }
  return null;
}

/** Binding that a module exports under a name; `null` when the module neither declares nor imports the name itself. */
function localExport(script: ScriptSyntax, name: string): Binding | null {
  for (const statement of script.program.body) {
    if (statement.type === "ExportDefaultDeclaration" && name === "default") {
      const { declaration } = statement;
      if (declaration.type === "Identifier") return script.bindings.get(declaration) ?? null;
      const id = "id" in declaration ? declaration.id : null;
      return (id && script.bindings.get(id as AnyNode)) ?? null;
    }
    if (statement.type !== "ExportNamedDeclaration" || statement.source) continue;
    for (const specifier of statement.specifiers) {
      if (exportedName(specifier.exported) === name) return script.bindings.get(specifier.local as AnyNode) ?? null;
    }
    if (!statement.declaration) continue;
    const binding = script.root.bindings.get(name);
    const inside = binding?.declaration;
    if (inside && inside.start >= statement.start && inside.end <= statement.end) return binding;
    if (binding && !inside && script.text.slice(statement.start, statement.end).includes(name)) return binding;
  }
  return null;
}

function reexportIn(statement: Program["body"][number], name: string): { specifier: string; name: string } | null {
  if (statement.type === "ExportAllDeclaration" && !statement.exported && name !== "default") {
    return { specifier: String(statement.source.value), name };
  }
  if (statement.type !== "ExportNamedDeclaration" || !statement.source) return null;
  const specifier = statement.specifiers.find((one) => exportedName(one.exported) === name);
  return specifier ? { specifier: String(statement.source.value), name: exportedName(specifier.local) } : null;
}

/** Name of an export, as an identifier or a text writes it. */
export function exportedName(node: AnyNode): string {
  return node.type === "Identifier" ? node.name : node.type === "Literal" ? String(node.value) : "";
}

/**
 * Addresses of scripts that code writes out, to start a Worker or a program with them: `new URL("./w.ts",
 * import.meta.url)`, `import.meta.resolve("./w.ts")`, also in a constant around the code.
 *
 * @param node The code.
 * @param url URL of the module that it stands in.
 */
export function scriptsNamed(script: ScriptSyntax, node: AnyNode, url: string): string[] {
  if (!mayNameScripts(script)) return [];
  const found = new Set<string>();
  const add = (at: AnyNode | null | undefined): void => {
    const call = at?.type === "MemberExpression" ? at.object as AnyNode : at;
    const specifier = call ? specifierOfAddress(call) : null;
    const address = specifier === null ? null : URL.parse(specifier, url);
    if (address && /\.[cm]?[jt]sx?$/.test(address.pathname)) found.add(address.href);
  };
  const look = (at: AnyNode): void => {
    add(at);
    const declaration = at.type === "Identifier" ? script.bindings.get(at)?.declaration : null;
    if (declaration?.type === "VariableDeclarator") add(declaration.init as AnyNode | null);
    childrenOf(at).forEach(look);
  };
  look(node);
  return [...found];
}

const naming = new WeakMap<ScriptSyntax, boolean>();

/** True for a script with a word by which addresses are made; asked once, since each function of the script is looked at. */
function mayNameScripts(script: ScriptSyntax): boolean {
  let may = naming.get(script);
  if (may === undefined) naming.set(script, may = /\bURL\b|\bresolve\b/.test(script.text));
  return may;
}

/** Specifier, relative to the module, of which an expression makes an address; `null` for any other expression. */
function specifierOfAddress(node: AnyNode): string | null {
  if (node.type !== "NewExpression" && node.type !== "CallExpression") return null;
  const [first, second] = node.arguments;
  const specifier = first && staticText(first as AnyNode);
  if (!specifier || !/^(?:\.{0,2}\/|\w[\w./-]*$)/.test(specifier)) return null;
  const ofMeta = (at: AnyNode | undefined) =>
    at?.type === "MemberExpression" && at.object.type === "MetaProperty" ? staticKey(at) : null;
  if (ofMeta(node.callee as AnyNode) === "resolve") return /^\.{0,2}\//.test(specifier) ? specifier : null;
  return node.callee.type === "Identifier" && node.callee.name === "URL" && ofMeta(second as AnyNode) === "url"
    ? specifier
    : null;
}
