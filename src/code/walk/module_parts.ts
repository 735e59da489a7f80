/**
 * Syntax of a module from its file, and the part of it that matters where some of its exports are used.
 *
 * @module
 */
import { readScript } from "../syntax/code_unit.ts";
import { type DynamicImport, normalizeCode, type NormalizedCode } from "../syntax/normalize.ts";
import type { Binding, ScriptSyntax } from "../syntax/scopes.ts";
import { usesOfAwaited } from "../syntax/awaited.ts";
import { usesOf } from "../syntax/uses.ts";
import type { AnyNode } from "../syntax/parse.ts";
import { readManifest } from "../../options/manifest_files.ts";
import { pathOfFileUrl } from "../../options/paths.ts";
import { exportedName } from "./modules.ts";
import { type LivePart, livePart } from "./module_live.ts";
import { nodeModule } from "../../words/node_modules.ts";

/** An import as a statement or an `import()` makes it. */
export interface Request {
  /** `null` when computed. */
  readonly specifier: string | null;
  /** True for an import of JSON, text or bytes. */
  readonly isData: boolean;
  /** Names of the exports that are used; `*` for all. */
  readonly names: readonly string[];
  /** True for a statement, which loads the module together with the one that it stands in. */
  readonly isStatement: boolean;
}

/** Request that an `import()` makes: all exports are used, unless it is awaited and only members of it are. */
export function requestOf({ specifier, node }: DynamicImport, script: ScriptSyntax): Request {
  const uses = usesOfAwaited(script, node);
  const names = uses.length > 0 ? uses.map(({ path }) => path[0] ?? "*") : ["*"];
  return { specifier, isData: node.type === "ImportExpression" && Boolean(node.options), names, isStatement: false };
}

/** True for the address of a module with code. */
export function isScript(url: string): boolean {
  return url.startsWith("data:") ? !/^data:application\/json/.test(url) : /\.[cm]?[jt]sx?$/.test(new URL(url).pathname);
}

/** Text of a module; `null` when it cannot be read. */
export function readText(url: string): string | null {
  if (url.startsWith("file:")) return readManifest(pathOfFileUrl(url)).text;
  const [, kind = "", body = ""] = /^data:([^,]*),(.*)$/s.exec(url) ?? [];
  try {
    return kind.endsWith(";base64")
      ? new TextDecoder().decode(Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0)))
      : decodeURIComponent(body);
  } catch {
    return null;
  }
}

const scripts = new Map<string, ScriptSyntax | null>();

/** Syntax of a module; `null` when it is newer than the parser. */
export function scriptOf(url: string, text: string): ScriptSyntax | null {
  const isTyped = /^data:[^,]*typescript|\.[cm]?tsx?$/.test(url.startsWith("data:") ? url : new URL(url).pathname);
  if (!isTyped) return readScript(text);
  let script = scripts.get(text);
  if (script === undefined) {
    const javascript = stripTypes(text);
    scripts.set(text, script = javascript === null ? null : readScript(javascript));
  }
  return script;
}

/** The part of a module that matters where some of its exports are used. */
export interface ModulePart {
  readonly live: LivePart;
  /** The code, with a slot for each imported name that it uses, and with imports and exports in the text. */
  readonly code: NormalizedCode;
  /** What the statements of the module import, in order, and then what its code loads by `import()`. */
  readonly requests: readonly Request[];
}

const parts = new WeakMap<ScriptSyntax, Map<string, ModulePart>>();

/** The part of a module that matters where exports are used. */
export function livePartOf(script: ScriptSyntax, used: ReadonlySet<string>): ModulePart {
  const id = used.has("*") ? "*" : JSON.stringify([...used].sort());
  const known = parts.get(script) ?? new Map<string, ModulePart>();
  parts.set(script, known);
  let part = known.get(id);
  if (!part) known.set(id, part = readPart(script, used));
  return part;
}

function readPart(script: ScriptSyntax, used: ReadonlySet<string>): ModulePart {
  const live = livePart(script, used);
  const code = normalizeCode(script, live.program);
  const numbers = numbersOf(script, live);
  const requests: Request[] = [];
  const lines: unknown[] = [];
  for (const statement of live.program.body as AnyNode[]) {
    if (statement.type !== "ImportDeclaration" && !statement.type.startsWith("Export")) continue;
    lines.push(lineOf(statement, numbers, requests.length));
    const request = statementRequest(statement, { script, live, used });
    if (request) requests.push(request);
  }
  const slots = [...script.root.bindings.values()].filter(({ kind }) => kind === "import").flatMap((binding) => {
    const nodes = binding.references.filter((node) => live.has(node));
    return nodes.length === 0 ? [] : [{
      name: binding.name,
      binding,
      uses: nodes.flatMap((node) => usesOf(script, node)),
      nodes,
    }];
  });
  return {
    live,
    code: { ...code, text: `${code.text}\n${JSON.stringify(lines)}`, slots: [...code.slots, ...slots] },
    requests: [...requests, ...code.imports.map((one) => requestOf(one, script))],
  };
}

/** What a statement imports or passes on; `null` for one that does neither. */
function statementRequest(
  statement: AnyNode,
  { script, live, used }: {
    readonly script: ScriptSyntax;
    readonly live: LivePart;
    readonly used: ReadonlySet<string>;
  },
): Request | null {
  const isStatement = true;
  const wants = (name: string) => used.has("*") || used.has(name);
  switch (statement.type) {
    case "ImportDeclaration": {
      const names = statement.specifiers.flatMap((one) => {
        const nodes = script.bindings.get(one.local)?.references.filter((node) => live.has(node)) ?? [];
        if (nodes.length === 0) return [];
        if (one.type === "ImportSpecifier") return [exportedName(one.imported)];
        if (one.type === "ImportDefaultSpecifier") return ["default"];
        return nodes.flatMap((node) => usesOf(script, node)).map(({ path }) => path[0] ?? "*");
      });
      const isData = (statement.attributes ?? []).length > 0;
      return { specifier: String(statement.source.value), isData, names, isStatement };
    }
    case "ExportAllDeclaration": {
      const all = [...used].filter((name) => name !== "default");
      const names = !statement.exported ? all : wants(exportedName(statement.exported)) ? ["*"] : [];
      return { specifier: String(statement.source.value), isData: false, names, isStatement };
    }
    case "ExportNamedDeclaration": {
      if (!statement.source) return null;
      const names = statement.specifiers.filter(({ exported }) => wants(exportedName(exported)))
        .map(({ local }) => exportedName(local));
      return { specifier: String(statement.source.value), isData: false, names, isStatement };
    }
    default:
      return null;
  }
}

/**
 * Numbers of a module's variables, by name. The text has the declarations in order, and of imports the references, so
 * an import has its place among the imports by its first reference.
 */
function numbersOf(script: ScriptSyntax, live: LivePart): ReadonlyMap<string, number> {
  const all = [...script.root.bindings.values()].filter(({ declaration }) => !declaration || live.has(declaration));
  const isInText = (node: AnyNode) => script.parents.get(node)?.type !== "ExportSpecifier" && live.has(node);
  const first = ({ references }: Binding) => references.find(isInText)?.start ?? Infinity;
  const imports = all.filter(({ kind }) => kind === "import").toSorted((a, b) => first(a) < first(b) ? -1 : 1);
  const others = all.filter(({ kind }) => kind !== "import");
  return new Map([...imports, ...others].map(({ name }, index) => [name, index]));
}

/**
 * What a statement imports or exports. The names of variables do not count, so each stands as the number of its
 * declaration; the names of exports do.
 */
function lineOf(statement: AnyNode, numbers: ReadonlyMap<string, number>, request: number): unknown {
  switch (statement.type) {
    case "ImportDeclaration":
      return [
        "import",
        request,
        statement.specifiers.map((one) => [
          one.type === "ImportSpecifier" ? exportedName(one.imported) : one.type,
          numbers.get(one.local.name),
        ]),
      ];
    case "ExportAllDeclaration":
      return ["all", request, statement.exported ? exportedName(statement.exported) : null];
    case "ExportNamedDeclaration": {
      // Without a source, an export of something that nothing uses does not count.
      const listed = statement.specifiers.filter(({ local }) => statement.source || numbers.has(exportedName(local)));
      const names = listed.map(({ local, exported }) => [
        statement.source ? exportedName(local) : numbers.get(exportedName(local)),
        exportedName(exported),
      ]);
      const { declaration } = statement;
      const declared = !declaration
        ? []
        : declaration.type === "VariableDeclaration"
        ? declaration.declarations.flatMap(({ id }) => declaredNames(id))
        : [declaration.id.name];
      return ["export", statement.source ? request : null, names, declared.map((name) => [numbers.get(name), name])];
    }
    default:
      return "default";
  }
}

/** Names that a pattern declares. */
function declaredNames(pattern: AnyNode): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((one) => declaredNames(one.type === "Property" ? one.value : one));
    case "ArrayPattern":
      return pattern.elements.flatMap((one) => one ? declaredNames(one) : []);
    case "RestElement":
      return declaredNames(pattern.argument);
    case "AssignmentPattern":
      return declaredNames(pattern.left);
    default:
      return [];
  }
}

type StripTypes = (text: string, options: { mode: "transform" }) => string;

function stripTypes(text: string): string | null {
  const { stripTypeScriptTypes } = nodeModule<{ stripTypeScriptTypes?: StripTypes }>("node:module");
  try {
    return stripTypeScriptTypes?.(text, { mode: "transform" }) ?? null;
  } catch {
    return null;
  }
}
