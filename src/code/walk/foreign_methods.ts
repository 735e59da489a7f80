/**
 * Methods that took the place of a class's own method and have the same text, but were made elsewhere: by another class
 * that is written alike, or by another run of the code that makes the class.
 *
 * V8 is asked only where that can be: text alone tells most methods.
 *
 * @module
 */
import { isOwnModule } from "../../words/program.ts";
import type { FunctionOrigin, InspectorLease, ScopeValues } from "../v8/inspector.ts";
import { valueInScopes } from "../v8/connection.ts";
import { type CodeUnit, findUnit } from "../syntax/code_unit.ts";
import { normalizeCode } from "../syntax/normalize.ts";
import type { Binding, ScriptSyntax } from "../syntax/scopes.ts";
import { type AnyNode, type ClassNode, isClassNode, isFunctionNode } from "../syntax/parse.ts";
import { methodsWrittenIn, type WrittenMethod } from "./members.ts";

/** Options of {@linkcode findForeign}. */
export interface ForeignOptions {
  readonly lease: InspectorLease;
  /** Variables that the class closes over. */
  readonly scopes: readonly ScopeValues[];
  /** True for the URL of a script of a package. */
  isOfPackage(url: string): boolean;
}

/** Finds the methods, accessors and functions in static fields of a live class that were made elsewhere. */
export async function findForeign(fn: object, unit: CodeUnit, options: ForeignOptions): Promise<ReadonlySet<object>> {
  const foreign = new Set<object>();
  if (!isClassNode(unit.node)) return foreign;
  const written = methodsWrittenIn(fn, unit).filter(({ node }) => dependsOnPlace(unit.script, node));
  if (written.length === 0) return foreign;
  const isRepeated = runsRepeatedly(unit.script, unit.node);
  const suspects = isRepeated ? written : await suspectsAmong(written, unit, options);
  const origins = await options.lease.locate(suspects.map(({ method }) => method));
  for (const [index, { method, node }] of suspects.entries()) {
    if (!isOwn(origins[index]!, { method, node }, unit, isRepeated ? options.scopes : null)) foreign.add(method);
  }
  return foreign;
}

const dependent = new WeakMap<AnyNode, boolean>();

/** True for a method that behaves in another way elsewhere: it uses variables around it, `super` or private members. */
function dependsOnPlace(script: ScriptSyntax, node: AnyNode): boolean {
  let depends = dependent.get(node);
  if (depends === undefined) {
    const { slots, text } = normalizeCode(script, node);
    dependent.set(
      node,
      depends = slots.some(({ name, binding }) => binding !== null || name === "super") || text.includes("#home."),
    );
  }
  return depends;
}

/** True for a class that code makes anew each time it runs: one in a function or in a loop. */
function runsRepeatedly(script: ScriptSyntax, node: ClassNode): boolean {
  for (let at = script.parents.get(node); at; at = script.parents.get(at)) {
    if (isFunctionNode(at) || /^(?:For|While|DoWhile)/.test(at.type)) return true;
  }
  return false;
}

const texts = new Map<string, string>();

/** Ways to give `require` another module than the file has. A module that is taken out of the cache is read again. */
const REPLACES_MODULES =
  /(?<!\bdelete\s+|\bkeys\(|\bin\s+)\brequire\s*\.\s*cache\b|\bregisterHooks\b|\._(?:load|extensions|resolveFilename|cache)\b/;

/** True when the program may put something in the place of modules that are required. */
export async function mayReplaceModules(options: Pick<ForeignOptions, "lease" | "isOfPackage">): Promise<boolean> {
  return (await userTexts(options)).some((text) => REPLACES_MODULES.test(text));
}

/** Texts of the loaded scripts of the user. */
async function userTexts(
  { lease, isOfPackage }: Pick<ForeignOptions, "lease" | "isOfPackage">,
): Promise<readonly string[]> {
  const urls = lease.scriptUrls().filter((url) =>
    !texts.has(url) && /^(?:file|https?|data|blob):/.test(url) && !isOwnModule(url) && !isOfPackage(url)
  );
  const scripts = await Promise.all(urls.map((url) => lease.scriptOf(url)));
  for (const [index, url] of urls.entries()) texts.set(url, scripts[index]?.text ?? "");
  return [...texts.values()];
}

/** Ways to put a method into another class. */
const MOVES =
  /\bprototype\b|getPrototypeOf|__proto__|\bObject\s*\.\s*(?:assign|definePropert|setPrototypeOf)|\bReflect\s*\.\s*(?:set|defineP)/;

/** Methods whose text stands at another place, too, in a program that moves members at all. */
async function suspectsAmong(
  written: readonly WrittenMethod[],
  { script, node }: CodeUnit,
  options: ForeignOptions,
): Promise<readonly WrittenMethod[]> {
  const all = await userTexts(options);
  const outside = [
    script.text.slice(0, node.start),
    script.text.slice(node.end),
    ...all.filter((text) => text !== script.text),
  ];
  const own = script.text.slice(node.start, node.end);
  const areMoved = [own, ...outside].some((text) => MOVES.test(text));
  return written.filter(({ text, name }) =>
    (areMoved || isAssignedAs(name, outside)) &&
    (outside.some((one) => one.includes(text)) || own.indexOf(text) !== own.lastIndexOf(text))
  );
}

/** True when a text assigns a member of that name. */
function isAssignedAs(name: string, texts: readonly string[]): boolean {
  return name === "" ||
    texts.some((text) => text.includes(`.${name} =`) || text.includes(`.${name}=`) || /\]\s*=[^=]/.test(text));
}

function isOwn(
  origin: FunctionOrigin,
  { method, node }: Pick<WrittenMethod, "method" | "node">,
  { script }: CodeUnit,
  scopes: readonly ScopeValues[] | null,
): boolean {
  if (origin.kind !== "script" || origin.script.text !== script.text) return false;
  const unit = findUnit(origin.script.text, origin.offset, Function.prototype.toString.call(method));
  if (unit?.node !== node) return false;
  return scopes === null || haveEqualVariables(script, node, scopes, origin.scopes);
}

/** True when the variables around a method that are not the module's hold the same values for the method as for its class. */
function haveEqualVariables(
  script: ScriptSyntax,
  node: AnyNode,
  ofClass: readonly ScopeValues[],
  ofMethod: readonly ScopeValues[],
): boolean {
  const bindings = new Set<Binding>();
  for (const { binding } of normalizeCode(script, node).slots) {
    if (binding && binding.scope.kind !== "module" && !isInsideClass(binding)) bindings.add(binding);
  }
  // Two variables that are assigned later may hold the same value now.
  return [...bindings].every((binding) =>
    binding.writes.length === 0 &&
    Object.is(valueInScopes(ofClass, binding.name), valueInScopes(ofMethod, binding.name))
  );
}

function isInsideClass(binding: Binding): boolean {
  return binding.scope.kind === "class";
}
