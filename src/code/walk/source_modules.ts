/**
 * Modules that code loads by `import()`, read from their files.
 *
 * Such a module may be loaded in one process and not yet in another, and its key must be equal in both. So it is never
 * looked at as it is in memory: it counts, with everything that it imports, as the files are written, with the facts,
 * globals, packages and blind uses in its code. What a module takes in when it is loaded stays as it was then, so the
 * state of a file or a variable at that time counts; see `module_starts`.
 *
 * @module
 */
import type { InspectorLease } from "../v8/inspector.ts";
import { normalizeScript, readScript } from "../syntax/code_unit.ts";
import type { DynamicImport, NormalizedCode, Slot } from "../syntax/normalize.ts";
import type { Binding, ScriptSyntax } from "../syntax/scopes.ts";
import { usesOfBinding } from "../syntax/uses.ts";
import type { AnyNode } from "../syntax/parse.ts";
import { blindImport, findBlindUses, openUses } from "../blind/blind.ts";
import { isOwnModule } from "../../words/program.ts";
import { readManifest } from "../../options/manifest_files.ts";
import { pathOfFileUrl } from "../../options/paths.ts";
import { scriptsOfPackage } from "../packages/package_scripts.ts";
import type { PackageIdentity } from "../packages/packages.ts";
import type { BlindUse, FingerprintOptions } from "../types.ts";
import { findStarts, type Starts, stateOfModule } from "./module_starts.ts";
import { noticeOfState } from "../state/state.ts";
import type { AmbientFact } from "./platform.ts";
import { ModuleStart, UNKNOWN, watchFile } from "./start_inputs.ts";
import { exportedName, importOf, moduleInPackage, resolveSpecifier } from "./modules.ts";
import { findOutsideChanges } from "./outside_changes.ts";
import { nameModule, type Notes, type Root, type UserCode } from "./reached.ts";
import type { NameResolver } from "./resolve_name.ts";
// Loaded when types are stripped for the first time.
import defer * as nodeModule from "node:module";

/** Options of {@linkcode SourceModules}. */
export interface SourceModulesOptions {
  readonly lease: InspectorLease;
  readonly fingerprint: FingerprintOptions;
  /** Names of symbols, and paths of modules, that do not count. */
  readonly ignored: ReadonlySet<string>;
  readonly notes: Notes;
  readonly names: NameResolver;
  /** Adds a module to the code that was reached. */
  add(user: UserCode): void;
  /** Notes the blind uses of a module of Node that code imports while it runs. */
  noteImport(imported: DynamicImport, script: ScriptSyntax, url: string): void;
}

/** An import as a statement or an `import()` makes it. */
interface Request {
  /** `null` when computed. */
  readonly specifier: string | null;
  /** True for an import of JSON, text or bytes. */
  readonly isData: boolean;
}

/** What stands for the modules that a piece of code imports. */
export interface FollowedImports {
  /** A stand-in for each module of the user, by which the code of the module was added, and a text for anything else. */
  readonly modules: readonly (object | string)[];
  /** Contents of files that are imported as data. */
  readonly facts: readonly AmbientFact[];
}

/** A module whose code was read. */
interface ReadModule {
  readonly url: string;
  readonly module: string;
  readonly script: ScriptSyntax;
  readonly start: ModuleStart;
  readonly facts: AmbientFact[];
  /** Exports that other modules call when they are loaded. */
  readonly called: Set<string>;
}

/** Reader of the modules that the code of one walk loads by `import()`. */
export class SourceModules {
  readonly #options: SourceModulesOptions;
  readonly #seen = new Set<object>();
  readonly #read = new Map<string, ReadModule>();
  #loaded: ReadonlySet<string> | undefined;

  constructor(options: SourceModulesOptions) {
    this.#options = options;
  }

  /** Follows each `import()` of a piece of code. @param url URL of the module that contains the code. */
  async follow(imports: readonly DynamicImport[], url: string): Promise<FollowedImports> {
    if (imports.length === 0) return { modules: [], facts: [] };
    const known = new Set(this.#read.keys());
    const modules: (object | string)[] = [];
    const facts: AmbientFact[] = [];
    await this.#followAll(requestsOf(imports), url, { modules, facts });
    const added = [...this.#read.keys()].filter((one) => !known.has(one));
    this.#addStarts(added);
    await this.#noteChanges(added);
    return { modules, facts };
  }

  async #followAll(
    requests: readonly Request[],
    from: string,
    into: { readonly modules: (object | string)[]; readonly facts: AmbientFact[] },
  ): Promise<void> {
    for (const request of requests) into.modules.push(await this.#follow(request, from, into.facts));
  }

  async #follow({ specifier, isData }: Request, from: string, facts: AmbientFact[]): Promise<object | string> {
    if (specifier === null) return "computed";
    const { fingerprint, ignored, notes } = this.#options;
    const url = resolveSpecifier(specifier, from, fingerprint.resolve);
    if (url !== null && isOwnModule(url)) return "own";
    const identity = fingerprint.packageOf(specifier, from) ?? (url === null ? null : fingerprint.packageOf(url));
    if (identity) {
      notes.addPackage(identity);
      for (const use of this.#blindUsesOf(identity, moduleInPackage(url ?? specifier).trim())) notes.addBlindOf(use);
      return `package ${identity.name} ${identity.digest}${moduleInPackage(url ?? specifier)}`;
    }
    const module = url === null ? null : nameModule(url, fingerprint.projectRoot);
    if (module !== null && ignored.has(module)) return "ignored";
    if (url === null || module === null || !/^(?:file|data):/.test(url)) {
      notes.notices.add(`not tracked: import("${specifier}") in ${nameModule(from, fingerprint.projectRoot)}`);
      return "unknown";
    }
    if (url.startsWith("file:") && (isData || !isScript(url))) {
      const start = ModuleStart.of(url, this.#isLoaded(from));
      facts.push(start.factOf({ kind: "file", name: module, path: new URL(url) }, { ...fingerprint, module }));
      return "data";
    }
    const standIn = standInOf(url);
    if (!this.#seen.has(standIn)) {
      this.#seen.add(standIn);
      await this.#readModule(standIn, url, module);
    }
    return standIn;
  }

  /** Blind uses in a package, which need not be loaded yet. */
  #blindUsesOf(identity: PackageIdentity, module: string): readonly BlindUse[] {
    const id = `${identity.digest} ${module}`;
    let uses = blindUses.get(id);
    if (!uses) {
      const { folderOf } = this.#options.fingerprint;
      const scripts = scriptsOfPackage(identity.name, module, (name) => folderOf?.(identity, name) ?? null);
      uses = [...scripts].flatMap(({ owner, text }) =>
        findBlindUses(text).map((use) => ({ ...use, module: `package ${owner}` }))
      );
      blindUses.set(id, uses);
    }
    return uses;
  }

  async #readModule(standIn: object, url: string, module: string): Promise<void> {
    const { notes, names, noteImport, add } = this.#options;
    const start = ModuleStart.of(url, this.#isLoaded(url));
    // A module that is not loaded yet may be edited before it is.
    const isSame = start.isLoaded || !url.startsWith("file:") ? null : watchFile(pathOfFileUrl(url));
    const checks = isSame === null ? [] : [() => start.isLoaded || isSame()];
    const text = start.text(() => readText(url));
    const syntax = text === null ? null : syntaxOf(url, text);
    const user = { fn: standIn, name: "(module)", module, url, isHelper: false, extras: new Map<string, unknown>() };
    if (text === null || syntax === null) {
      notes.notices.add(
        `not tracked: what ${module} refers to; its ${text === null ? "file" : "syntax"} could not be read`,
      );
      return add({ ...user, unit: null, code: null, text: text ?? "unread", roots: [], checks });
    }
    const { script, code, requests } = syntax;
    const unit = { script, node: script.program, isWhole: true };
    const roots: Root[] = [];
    for (const slot of code.slots) {
      const isFollowed = slot.name === "this" || slot.binding !== null && this.#isOfUser(slot, script, url);
      const surroundings = { fn: standIn, unit, url, scopes: [], name: module };
      roots.push(isFollowed ? { kind: "ignored", slot } : await names.resolve(slot, surroundings));
    }
    for (const imported of code.imports) noteImport(imported, script, url);
    this.#noteReexports(script, url);
    for (const notice of openUses(unit, code, roots)) notes.notices.add(`not tracked: ${notice} in ${module}`);
    for (const name of stateOfModule(script)) notes.notices.add(noticeOfState(name, module));
    const modules: (object | string)[] = [];
    const facts: AmbientFact[] = [];
    this.#read.set(url, { url, module, script, start, facts, called: new Set() });
    add({ ...user, unit, code, text, roots, modules, facts, checks });
    await this.#followAll([...requests, ...requestsOf(code.imports)], url, { modules, facts });
  }

  /** Adds what the modules at these URLs take in when they are loaded, through functions of each other as well. */
  #addStarts(urls: readonly string[]): void {
    const found = new Map<ReadModule, Starts>();
    const waiting = new Set(urls.map((url) => this.#read.get(url)!));
    for (const one of waiting) {
      waiting.delete(one);
      const starts = findStarts(one, (specifier) => this.#isOfPackage(specifier, one.url), one.called);
      found.set(one, starts);
      for (const { specifier, name } of starts.calls) {
        const url = resolveSpecifier(specifier, one.url, this.#options.fingerprint.resolve);
        const target = url === null ? undefined : this.#read.get(url);
        if (!target || target.called.has(name)) continue;
        target.called.add(name);
        waiting.add(target);
      }
    }
    for (const [{ module, start, facts }, { inputs, unknown }] of found) {
      for (const name of unknown) {
        this.#note(`not tracked: what ${module} reads through ${name} when it is loaded; read it in the function`);
      }
      for (const input of inputs) {
        const fact = start.factOf(input, { ...this.#options.fingerprint, module });
        facts.push(fact);
        if (fact.read() === UNKNOWN) {
          this.#note(
            `not reused in other processes: ${module} was loaded before ${input.name} changed, which it reads`,
          );
        }
      }
    }
  }

  /** Notes what other loaded code changes in modules. */
  async #noteChanges(urls: readonly string[]): Promise<void> {
    const { lease, fingerprint } = this.#options;
    const added = new Set(urls);
    if (added.size === 0) return;
    const others = lease.scriptUrls().filter((url) =>
      url.startsWith("file:") && !this.#read.has(url) && !isOwnModule(url) && fingerprint.packageOf(url) === null
    );
    const changes = await findOutsideChanges(lease, others, (specifier, by) => {
      const url = resolveSpecifier(specifier, by, fingerprint.resolve);
      return url !== null && added.has(url) ? url : null;
    });
    for (const { by, of, name } of changes) {
      const [module, other] = [of, by].map((url) => nameModule(url, fingerprint.projectRoot));
      this.#note(`not tracked: ${name} of ${module}, which ${other} changes`);
    }
  }

  #note(notice: string): void {
    this.#options.notes.notices.add(notice);
  }

  #isLoaded(url: string): boolean {
    this.#loaded ??= new Set(this.#options.lease.scriptUrls());
    return this.#loaded.has(url);
  }

  /** True for a name that is imported from a module of the user, which is followed as a whole. */
  #isOfUser({ binding }: Slot, script: ScriptSyntax, url: string): boolean {
    const imported = binding && importOf(script, binding);
    return !imported || !this.#isOfPackage(imported.specifier, url) || this.#isOwn(imported.specifier, url);
  }

  #isOwn(specifier: string, url: string): boolean {
    const target = resolveSpecifier(specifier, url, this.#options.fingerprint.resolve);
    return target !== null && isOwnModule(target);
  }

  #isOfPackage(specifier: string, url: string): boolean {
    const { packageOf, resolve } = this.#options.fingerprint;
    if (packageOf(specifier, url)) return true;
    const target = resolveSpecifier(specifier, url, resolve);
    return target !== null && packageOf(target) !== null;
  }

  /** Notes the blind functions that a module passes on: `export * from "node:fs"`. */
  #noteReexports(script: ScriptSyntax, url: string): void {
    for (const statement of script.program.body) {
      if (statement.type !== "ExportAllDeclaration" && statement.type !== "ExportNamedDeclaration") continue;
      const specifier = statement.source?.value;
      if (typeof specifier !== "string" || this.#options.fingerprint.packageOf(specifier, url)?.source !== "node") {
        continue;
      }
      const names = statement.type === "ExportAllDeclaration"
        ? ["*"]
        : statement.specifiers.map(({ local }) => exportedName(local));
      for (const name of names) this.#options.notes.addBlind(blindImport(specifier, name, []), url);
    }
  }
}

function requestsOf(imports: readonly DynamicImport[]): Request[] {
  return imports.map(({ specifier, node }) => ({
    specifier,
    isData: node.type === "ImportExpression" && Boolean(node.options),
  }));
}

/** Blind uses in packages, by identity and module. */
const blindUses = new Map<string, readonly BlindUse[]>();

/** Objects that stand for modules, by URL. */
const standIns = new Map<string, object>();

function standInOf(url: string): object {
  let standIn = standIns.get(url);
  if (!standIn) standIns.set(url, standIn = {});
  return standIn;
}

function isScript(url: string): boolean {
  return url.startsWith("data:") ? !/^data:application\/json/.test(url) : /\.[cm]?[jt]sx?$/.test(new URL(url).pathname);
}

function readText(url: string): string | null {
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

/** Syntax of a module. */
interface ModuleSyntax {
  readonly script: ScriptSyntax;
  /** The module's code, with a slot for each imported name, and with its exports and imports in the text. */
  readonly code: NormalizedCode;
  /** What the module's statements import, in order. */
  readonly requests: readonly Request[];
}

const parsed = new Map<string, ModuleSyntax | null>();

function syntaxOf(url: string, text: string): ModuleSyntax | null {
  const isTyped = /^data:[^,]*typescript|\.[cm]?tsx?$/.test(url.startsWith("data:") ? url : new URL(url).pathname);
  const id = `${isTyped} ${text}`;
  let syntax = parsed.get(id);
  if (syntax === undefined) parsed.set(id, syntax = readSyntax(isTyped ? stripTypes(text) : text));
  return syntax;
}

function readSyntax(text: string | null): ModuleSyntax | null {
  const script = text === null ? null : readScript(text);
  const code = text === null ? null : normalizeScript(text);
  if (!script || !code) return null;
  const requests: Request[] = [];
  const lines: unknown[] = [];
  const numbers = numbersOf(script);
  for (const statement of script.program.body) {
    if (statement.type !== "ImportDeclaration" && !statement.type.startsWith("Export")) continue;
    lines.push(lineOf(statement as AnyNode, numbers, requests.length));
    const { source, attributes } = statement as { source?: { value?: unknown } | null; attributes?: unknown[] };
    if (typeof source?.value === "string") {
      requests.push({ specifier: source.value, isData: (attributes ?? []).length > 0 });
    }
  }
  const imports = [...script.root.bindings.values()].filter(({ kind }) => kind === "import").map((binding) => ({
    name: binding.name,
    binding,
    uses: usesOfBinding(script, binding),
    nodes: binding.references,
  }));
  return {
    script,
    code: { ...code, text: `${code.text}\n${JSON.stringify(lines)}`, slots: [...code.slots, ...imports] },
    requests,
  };
}

/**
 * Numbers of a module's variables, by name. The text has the declarations in order, and of imports the references, so
 * an import has its place among the imports by its first reference.
 */
function numbersOf(script: ScriptSyntax): ReadonlyMap<string, number> {
  const all = [...script.root.bindings.values()];
  const isInText = (node: AnyNode) => script.parents.get(node)?.type !== "ExportSpecifier";
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
      const names = statement.specifiers.map(({ local, exported }) => [
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
  const { stripTypeScriptTypes } = nodeModule as unknown as { stripTypeScriptTypes?: StripTypes };
  try {
    return stripTypeScriptTypes?.(text, { mode: "transform" }) ?? null;
  } catch {
    return null;
  }
}
