/**
 * Modules that code imports while it runs: `await import("./x.ts")`.
 *
 * Such a module may not be loaded when the code is looked at, and loading the module would run it. So its file is
 * read and the types are stripped. The module counts as a whole, together with the modules that it imports itself.
 *
 * @module
 */
// Loaded when types are stripped for the first time.
import defer * as nodeModule from "node:module";
import { digestBytes } from "../../words/sha256.ts";
import { normalizeScript, readScript } from "../syntax/code_unit.ts";
import type { AnyNode } from "../syntax/parse.ts";
import { resolveSpecifier } from "./modules.ts";

/** Result of reading a module and everything that it imports. */
export interface DynamicModule {
  readonly digest: string;
  /** The modules of the user among those read, each with the digest of its own code. */
  readonly modules: readonly { readonly name: string; readonly digest: string }[];
  readonly notices: readonly string[];
  readonly checks: readonly (() => boolean)[];
}

/** Functions that the reader needs. */
export interface DynamicModuleOptions {
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
  return { digest: digestBytes(digests.join("\n")), modules: [...modules.values()], notices, checks: [] };
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
