/**
 * Imported names: the import that declares a name, the module that it resolves to, and the declaration behind it.
 *
 * @module
 */
import type { InspectorLease } from "../v8/inspector.ts";
import { normalizeScript, readScript } from "../syntax/code_unit.ts";
import type { Binding, ScriptSyntax } from "../syntax/scopes.ts";
import type { AnyNode, Program } from "../syntax/parse.ts";
// Loaded when types are stripped for the first time.
import defer * as nodeModule from "node:module";
import { digestBytes } from "../../words/sha256.ts";

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

/** URL that a specifier resolves to in the running program; `null` when the specifier cannot be resolved. */
export function resolveSpecifier(specifier: string, referrer: string): string | null {
  if (/^\.{0,2}\//.test(specifier)) return URL.canParse(specifier, referrer) ? new URL(specifier, referrer).href : null;
  try {
    // All modules of a program share one import map, so this module resolves specifiers as the user's modules do.
    return import.meta.resolve(specifier);
  } catch {
    return null;
  }
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
): Promise<Declaration | null> {
  let { url, script, binding } = at;
  for (let step = 0; step < MAX_REEXPORTS; step++) {
    const imported = importOf(script, binding);
    if (!imported) return { url, script, binding };
    if (imported.imported === "*") return null;
    const found = await exportOf(lease, resolveSpecifier(imported.specifier, url), imported.imported, MAX_REEXPORTS);
    if (!found) return null;
    ({ url, script, binding } = found);
  }
  return null;
}

async function exportOf(
  lease: InspectorLease,
  url: string | null,
  name: string,
  depth: number,
): Promise<Declaration | null> {
  if (url === null || depth === 0) return null;
  const source = await lease.scriptOf(url);
  const script = source && readScript(source.text);
  if (!script) return null;
  const local = localExport(script, name);
  if (local) return { url, script, binding: local };
  for (const statement of script.program.body) {
    const again = reexportIn(statement, name);
    if (!again) continue;
    const found = await exportOf(lease, resolveSpecifier(again.specifier, url), again.name, depth - 1);
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

function exportedName(node: AnyNode): string {
  return node.type === "Identifier" ? node.name : node.type === "Literal" ? String(node.value) : "";
}

/** Result of reading a module and everything that it imports. */
interface DynamicModule {
  readonly digest: string;
  /** The modules of the user among those read, each with the digest of its own code. */
  readonly modules: readonly { readonly name: string; readonly digest: string }[];
  readonly notices: readonly string[];
}

/** Functions that the reader needs. */
interface DynamicModuleOptions {
  packageOf(urlOrSpecifier: string, referrer?: string): { readonly name: string; readonly digest: string } | null;
  nameModule(url: string): string;
}

/** Reads a module and everything that it imports. Modules count by their code, packages by their identity. */
export function readDynamicModule(specifier: string, referrer: string, options: DynamicModuleOptions): DynamicModule {
  const notices: string[] = [];
  const modules = new Map<string, { name: string; digest: string }>();
  const digests: string[] = [];
  const seen = new Set<string>();
  const visit = (request: string, from: string): void => {
    const identity = options.packageOf(request, from);
    if (identity) return void digests.push(`package ${identity.name} ${identity.digest}`);
    const url = resolveSpecifier(request, from);
    if (url === null || !url.startsWith("file:")) {
      notices.push(`not tracked: import("${request}") in ${options.nameModule(from)}`);
      return;
    }
    if (seen.has(url)) return;
    seen.add(url);
    const text = readModuleText(url);
    if (text === null) {
      notices.push(`not tracked: import("${request}") in ${options.nameModule(from)}, whose file cannot be read`);
      digests.push("unread");
      return;
    }
    const code = readCode(url, text);
    const digest = digestBytes(code.text);
    digests.push(digest);
    modules.set(url, { name: options.nameModule(url), digest });
    for (const inner of code.imports) visit(inner, url);
  };
  visit(specifier, referrer);
  return { digest: digestBytes(digests.join("\n")), modules: [...modules.values()], notices };
}

function readCode(url: string, text: string): { readonly text: string; readonly imports: readonly string[] } {
  if (!/\.[cm]?[jt]sx?$/.test(url)) return { text: text.replaceAll("\r\n", "\n"), imports: [] };
  const javascript = /\.[cm]?tsx?$/.test(url) ? stripTypes(text) : text;
  const script = javascript === null ? null : readScript(javascript);
  const code = javascript === null ? null : normalizeScript(javascript);
  if (!script || !code) return { text: text.replaceAll("\r\n", "\n"), imports: [] };
  const imports = script.program.body.flatMap((statement) => specifiersOf(statement as AnyNode));
  const dynamic = code.imports.flatMap((one) => one.specifier === null ? [] : [one.specifier]);
  const names = code.slots.map((slot) =>
    slot.binding ? JSON.stringify(importedName(slot.binding.declaration)) : slot.name
  );
  return { text: `${code.text}\n${names.join("\n")}`, imports: [...imports, ...dynamic] };
}

function importedName(declaration: AnyNode | null): string {
  if (declaration?.type !== "ImportSpecifier") return declaration?.type ?? "";
  return declaration.imported.type === "Identifier" ? declaration.imported.name : String(declaration.imported.value);
}

function specifiersOf(statement: AnyNode): string[] {
  const hasSource = statement.type === "ImportDeclaration" || statement.type === "ExportAllDeclaration" ||
    statement.type === "ExportNamedDeclaration";
  return hasSource && statement.source ? [String(statement.source.value)] : [];
}

const texts = new Map<string, string | null>();

/** Text of a module's file, read once per process, as the module loader does; `null` when the file cannot be read. */
function readModuleText(url: string): string | null {
  let text = texts.get(url);
  if (text === undefined) {
    try {
      text = Deno.readTextFileSync(new URL(url));
    } catch {
      text = null;
    }
    texts.set(url, text);
  }
  return text;
}

type StripTypes = (text: string, options: { mode: "transform" }) => string;

function stripTypes(text: string): string | null {
  const { stripTypeScriptTypes } = nodeModule as unknown as {
    stripTypeScriptTypes?: StripTypes;
  };
  try {
    return stripTypeScriptTypes?.(text, { mode: "transform" }) ?? null;
  } catch {
    return null;
  }
}
