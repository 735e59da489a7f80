/**
 * Changes that other loaded code makes to what a module exports: `import { config } from "./s.ts"; config.k = 2`.
 *
 * @module
 */
import type { InspectorLease } from "../v8/inspector.ts";
import { normalizeScript, readScript } from "../syntax/code_unit.ts";
import type { AnyNode } from "../syntax/parse.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import { changedMembers, type Use, usesOf, usesOfBinding } from "../syntax/uses.ts";
import { importOf } from "./modules.ts";

/** A change of what a module exports. */
export interface OutsideChange {
  /** URL of the module that has the code which makes the change. */
  readonly by: string;
  /** URL of the module whose export is changed. */
  readonly of: string;
  /** Name of the export, with members. */
  readonly name: string;
}

/**
 * Finds the changes that loaded modules make to the exports of others.
 *
 * @param urls URLs of the modules to look into.
 * @param target Returns the URL of the module that a specifier stands for in a module, if it is one of those whose
 * exports matter; otherwise `null`.
 */
export async function findOutsideChanges(
  lease: InspectorLease,
  urls: Iterable<string>,
  target: (specifier: string, by: string) => string | null,
): Promise<OutsideChange[]> {
  const found: OutsideChange[] = [];
  for (const by of urls) {
    const text = (await lease.scriptOf(by))?.text ?? "";
    // Most modules import none of those that matter, and need not be parsed.
    if (![...text.matchAll(SPECIFIERS)].some(([, specifier = ""]) => target(specifier, by) !== null)) continue;
    for (const { specifier, imported, path } of changesIn(text)) {
      const of = target(specifier, by);
      if (of !== null) found.push({ by, of, name: imported === "*" ? path.join(".") : [imported, ...path].join(".") });
    }
  }
  return found;
}

const SPECIFIERS = /(?:\bfrom\s*|\bimport\s*\(?\s*)["'`]([^"'`\n]+)["'`]/g;

interface ExportChange {
  readonly specifier: string;
  readonly imported: string;
  readonly path: readonly string[];
}

const known = new Map<string, readonly ExportChange[]>();

function changesIn(text: string): readonly ExportChange[] {
  let changes = known.get(text);
  if (!changes) known.set(text, changes = [...readChanges(text)]);
  return changes;
}

function* readChanges(text: string): Iterable<ExportChange> {
  const script = readScript(text);
  if (!script) return;
  for (const binding of script.root.bindings.values()) {
    const imported = importOf(script, binding);
    if (!imported || imported.isData) continue;
    for (const use of usesOfBinding(script, binding)) {
      const path = changedMembers(use);
      if (path) yield { ...imported, path };
    }
  }
  for (const { specifier, node } of normalizeScript(text)?.imports ?? []) {
    const awaited = script.parents.get(node);
    if (specifier === null || awaited?.type !== "AwaitExpression") continue;
    for (const { path: before, use } of [...plain(usesOf(script, awaited)), ...usesOfVariables(script, awaited)]) {
      const path = changedMembers(use);
      if (path) yield { specifier, imported: "*", path: [...before, ...path] };
    }
  }
}

interface UseBehind {
  /** Members of the namespace that lead to the variable. */
  readonly path: readonly string[];
  readonly use: Use;
}

function plain(uses: readonly Use[]): UseBehind[] {
  return uses.map((use) => ({ path: [], use }));
}

/** Uses of the variables of a module that a declaration takes out of a value: `const { config } = await import("./s.ts")`. */
function* usesOfVariables(script: ScriptSyntax, value: AnyNode): Iterable<UseBehind> {
  const declarator = script.parents.get(value);
  if (declarator?.type !== "VariableDeclarator") return;
  const { id } = declarator;
  const named: (readonly [node: AnyNode, path: readonly string[]])[] = id.type === "ObjectPattern"
    ? id.properties.flatMap((one) =>
      one.type === "Property" && one.key.type === "Identifier" && !one.computed ? [[one.value, [one.key.name]]] : []
    )
    : [[id, []]];
  for (const [node, path] of named) {
    const binding = script.bindings.get(node);
    // Variables within functions are followed as aliases of the value.
    if (binding?.scope.kind !== "module") continue;
    for (const use of usesOfBinding(script, binding)) yield { path, use };
  }
}
