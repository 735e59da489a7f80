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
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { DynamicImport } from "../syntax/normalize.ts";
import type { Slot } from "../syntax/variable_names.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import { blindImport, findBlindUses, openUses } from "../blind/blind.ts";
import { isOwnModule } from "../../words/program.ts";
import { isReadable } from "../../options/manifest_files.ts";
import { pathOfFileUrl } from "../../options/paths.ts";
import { scriptsOfPackage } from "../packages/package_scripts.ts";
import type { PackageIdentity } from "../packages/packages.ts";
import type { BlindUse, FingerprintOptions } from "../types.ts";
import { isScript, livePartOf, type ModulePart, readText, type Request, requestOf, scriptOf } from "./module_parts.ts";
import { findStarts, type Starts } from "./module_starts.ts";
import { stateOfModule } from "./module_state.ts";
import { noticeOfState } from "../state/state.ts";
import type { AmbientFact } from "./platform.ts";
import { ModuleStart, UNKNOWN, watchFile } from "./start_inputs.ts";
import { importOf, moduleInPackage, resolveSpecifier } from "./modules.ts";
import { findOutsideChanges } from "./outside_changes.ts";
import { nameModule, type Notes, type Root, type UserCode } from "./reached.ts";
import type { RequireFindings } from "./required.ts";
import type { NameResolver } from "./resolve_name.ts";

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
  /** Finds what code requires, also when it is loaded, and notes what cannot be followed. */
  requiredBy(
    unit: CodeUnit,
    url: string,
    roots: readonly Root[],
  ): Promise<Pick<RequireFindings, "files" | "modules" | "checks">>;
}

/** What stands for the modules that a piece of code imports. */
export interface FollowedImports {
  /** A stand-in for each module of the user, by which the code of the module was added, and a text for anything else. */
  readonly modules: readonly (object | string)[];
  /** Contents of files that are imported as data. */
  readonly facts: readonly AmbientFact[];
}

/** A module of the user as code uses it. */
interface UsedModule {
  readonly url: string;
  readonly module: string;
  readonly start: ModuleStart;
  readonly checks: readonly (() => boolean)[];
  readonly text: string | null;
  readonly script: ScriptSyntax | null;
  /** Names of the exports that are used; `*` for all. */
  readonly used: Set<string>;
  /** Exports that other modules call when they are loaded. */
  readonly called: Set<string>;
  /** The part of the module that matters for these; `null` when the module cannot be read. */
  part: ModulePart | null;
  readonly facts: AmbientFact[];
}

type ModuleGraph = Map<string, UsedModule>;

/** Reader of the modules that the code of one walk loads by `import()`. */
export class SourceModules {
  readonly #options: SourceModulesOptions;
  readonly #seen = new Set<object>();
  #loaded: ReadonlySet<string> | undefined;

  constructor(options: SourceModulesOptions) {
    this.#options = options;
  }

  /**
   * Follows each `import()` of a piece of code.
   *
   * @param script The script that contains the code.
   * @param url URL of the module that contains the code.
   */
  async follow(imports: readonly DynamicImport[], script: ScriptSyntax, url: string): Promise<FollowedImports> {
    return await this.#follow(imports.map((one) => requestOf(one, script)), url);
  }

  /** Follows modules as a whole. @param from URL of the module whose code loads them by `require`. */
  async followAll(urls: readonly string[], from: string): Promise<FollowedImports> {
    const whole = { isData: false, names: ["*"], isStatement: false };
    return await this.#follow(urls.map((specifier) => ({ specifier, ...whole })), from);
  }

  async #follow(requests: readonly Request[], url: string): Promise<FollowedImports> {
    const graph: ModuleGraph = new Map();
    this.#gather(requests, url, graph);
    const facts: AmbientFact[] = [];
    const modules = requests.map((request) => this.#refer(request, url, graph, facts));
    const added: UsedModule[] = [];
    for (const one of graph.values()) {
      const standIn = standInOf(one);
      if (this.#seen.has(standIn)) continue;
      this.#seen.add(standIn);
      added.push(one);
      await this.#add(standIn, one, graph);
    }
    if (added.length > 0) {
      this.#addStarts(added, graph);
      await this.#noteChanges(added, graph);
    }
    return { modules, facts };
  }

  /** Finds all modules of the user that code leads to, and which of their exports it uses. */
  #gather(requests: readonly Request[], from: string, graph: ModuleGraph): void {
    const waiting = requests.map((request) => ({ request, from }));
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const url = this.#moduleOfUser(next.request, next.from);
      if (url === null) continue;
      const known = graph.get(url);
      const one = known ?? this.#readModule(url);
      if (known && next.request.names.every((name) => one.used.has(name) || one.used.has("*"))) continue;
      graph.set(url, one);
      for (const name of next.request.names) one.used.add(name);
      one.part = one.script && livePartOf(one.script, one.used);
      for (const request of one.part?.requests ?? []) waiting.push({ request, from: url });
    }
  }

  #readModule(url: string): UsedModule {
    const start = ModuleStart.of(url, this.#isLoaded(url));
    // A module that is not loaded yet may be edited before it is.
    const isSame = start.isLoaded || !url.startsWith("file:") ? null : watchFile(pathOfFileUrl(url));
    const text = start.text(() => readText(url));
    return {
      url,
      module: nameModule(url, this.#options.fingerprint.projectRoot),
      start,
      checks: isSame === null ? [] : [() => start.isLoaded || isSame()],
      text,
      script: text === null ? null : scriptOf(url, text),
      used: new Set(),
      called: new Set(),
      part: null,
      facts: [],
    };
  }

  /** URL of the module of the user that a request leads to; `null` when it leads to anything else. */
  #moduleOfUser({ specifier, isData }: Request, from: string): string | null {
    const { fingerprint, ignored } = this.#options;
    if (specifier === null || this.#isOfPackage(specifier, from)) return null;
    const url = resolveSpecifier(specifier, from, fingerprint.resolve);
    if (url === null || isOwnModule(url) || ignored.has(nameModule(url, fingerprint.projectRoot))) return null;
    return url.startsWith("data:") || url.startsWith("file:") && !isData && isScript(url) ? url : null;
  }

  /** What stands for the module that a request leads to. */
  #refer(request: Request, from: string, graph: ModuleGraph, facts: AmbientFact[]): object | string {
    const { specifier, isStatement, names } = request;
    // What is imported for code that is not used is loaded all the same.
    const isUnused = isStatement && names.length === 0;
    if (specifier === null) return "computed";
    const { fingerprint, ignored, notes } = this.#options;
    const url = resolveSpecifier(specifier, from, fingerprint.resolve);
    if (url !== null && isOwnModule(url)) return "own";
    const identity = fingerprint.packageOf(specifier, from) ?? (url === null ? null : fingerprint.packageOf(url));
    if (identity) {
      notes.addPackage(identity);
      const module = moduleInPackage(url ?? specifier);
      for (const use of isUnused ? [] : this.#blindUsesOf(identity, module.trim())) notes.addBlindOf(use);
      return `package ${identity.name} ${identity.digest}${module}`;
    }
    const used = this.#moduleOfUser(request, from);
    if (used !== null) return standInOf(graph.get(used)!);
    const module = url === null ? null : nameModule(url, fingerprint.projectRoot);
    if (module !== null && ignored.has(module)) return "ignored";
    if (url === null || module === null || !url.startsWith("file:") || !isReadable(pathOfFileUrl(url))) {
      this.#note(`not tracked: import("${specifier}") in ${nameModule(from, fingerprint.projectRoot)}`);
      return "unknown";
    }
    if (isUnused) return "data";
    const start = isStatement ? ModuleStart.of(url, this.#isLoaded(from)) : ModuleStart.ofData(url);
    facts.push(start.factOf({ kind: "file", name: module, path: new URL(url) }, { ...fingerprint, module }));
    return "data";
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

  async #add(standIn: object, one: UsedModule, graph: ModuleGraph): Promise<void> {
    const { url, module, script, part, checks, facts } = one;
    const { notes, names, noteImport, requiredBy, add } = this.#options;
    const user = { fn: standIn, name: "(module)", module, url, isHelper: false, extras: new Map<string, unknown>() };
    if (script === null || part === null) {
      this.#note(`not tracked: what ${module} refers to; its ${one.text === null ? "file" : "syntax"} cannot be read`);
      return add({ ...user, unit: null, code: null, text: one.text ?? "unread", roots: [], checks });
    }
    const { code, live, requests } = part;
    const unit = { script, node: live.program, isWhole: true };
    const roots: Root[] = [];
    for (const slot of code.slots) {
      const isFollowed = slot.name === "this" || slot.binding !== null && this.#isOfUser(slot, script, url);
      const surroundings = { fn: standIn, unit, url, scopes: [], name: module };
      roots.push(isFollowed ? { kind: "ignored", slot } : await names.resolve(slot, surroundings));
    }
    for (const imported of code.imports) noteImport(imported, script, url);
    for (const { specifier, names } of requests.slice(0, requests.length - code.imports.length)) {
      this.#noteReexports(specifier, names, one);
    }
    for (const notice of openUses(unit, code, roots)) notes.notices.add(`not tracked: ${notice} in ${module}`);
    const required = await requiredBy(unit, url, roots);
    for (const target of required.modules) {
      this.#note(`not tracked: ${nameModule(target, this.#options.fingerprint.projectRoot)}, which ${module} requires`);
    }
    const modules = requests.map((request) => this.#refer(request, url, graph, facts));
    const { placeFacts } = await import("./place.ts");
    facts.push(...placeFacts(unit, url));
    add({
      ...user,
      unit,
      code,
      text: one.text ?? "",
      roots,
      modules,
      facts,
      checks: [...checks, ...required.checks],
      required: required.files,
    });
  }

  /** Adds what modules take in when they are loaded, through functions of each other as well. */
  #addStarts(added: readonly UsedModule[], graph: ModuleGraph): void {
    const found = new Map<UsedModule, Starts>();
    const waiting = new Set(added);
    for (const one of waiting) {
      waiting.delete(one);
      const { script, url, part } = one;
      if (!script || !part) continue;
      const at = { script, url, program: part.live.program };
      const starts = findStarts(at, (specifier) => this.#isOfPackage(specifier, url), one.called);
      found.set(one, starts);
      for (const { specifier, name } of starts.calls) {
        const called = resolveSpecifier(specifier, url, this.#options.fingerprint.resolve);
        const target = called === null ? undefined : graph.get(called);
        if (!target || target.called.has(name)) continue;
        target.called.add(name);
        waiting.add(target);
      }
    }
    for (const [{ url, module, start, facts, script, part }, { inputs, unknown, packages, ran }] of found) {
      for (const name of stateOfModule({ script: script!, live: part!.live, ran })) {
        this.#note(noticeOfState(name, module));
      }
      for (const specifier of packages) {
        const reader = this.#readerOf(specifier, url);
        if (reader !== null) this.#note(noticeOfStart(module, `the package ${reader}`));
      }
      for (const name of unknown) {
        this.#note(noticeOfStart(module, name));
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

  /** Name of a package that a module calls when it is loaded, if its own scripts read files; otherwise `null`. */
  #readerOf(specifier: string, from: string): string | null {
    const { packageOf, resolve, folderOf } = this.#options.fingerprint;
    const identity = packageOf(specifier, from);
    if (identity?.source !== "npm") return null;
    const module = moduleInPackage(resolveSpecifier(specifier, from, resolve) ?? specifier).trim();
    const id = `${identity.digest} ${module}`;
    let reads = readers.get(id);
    if (reads === undefined) {
      const own = scriptsOfPackage(
        identity.name,
        module,
        (name) => name === identity.name ? folderOf?.(identity, name) ?? null : null,
      );
      readers.set(id, reads = [...own].some(({ text }) => READS_FILES.test(text)));
    }
    return reads ? identity.name : null;
  }

  /** Notes what other loaded code changes in modules. */
  async #noteChanges(added: readonly UsedModule[], graph: ModuleGraph): Promise<void> {
    const { lease, fingerprint } = this.#options;
    const urls = new Set(added.map(({ url }) => url));
    const others = lease.scriptUrls().filter((url) =>
      url.startsWith("file:") && !graph.has(url) && !isOwnModule(url) && fingerprint.packageOf(url) === null
    );
    const changes = await findOutsideChanges(lease, others, (specifier, by) => {
      const url = resolveSpecifier(specifier, by, fingerprint.resolve);
      return url !== null && urls.has(url) ? url : null;
    });
    for (const { by, of, name } of changes) {
      if (graph.get(of)!.part?.live.usesExport(name.split(".")[0]!) === false) continue;
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
  #noteReexports(specifier: string | null, names: readonly string[], { script, url, part }: UsedModule): void {
    const isExport = script?.program.body.some((one) =>
      (one.type === "ExportAllDeclaration" || one.type === "ExportNamedDeclaration") && one.source?.value === specifier
    );
    if (!isExport || !part || specifier === null) return;
    if (this.#options.fingerprint.packageOf(specifier, url)?.source !== "node") return;
    for (const name of names) this.#options.notes.addBlind(blindImport(specifier, name, []), url);
  }
}

function noticeOfStart(module: string, reader: string): string {
  return `not tracked: what ${module} reads through ${reader} when it is loaded; read it in the function`;
}

const READS_FILES = /\.(?:readFileSync|readTextFileSync|readTextFile|readFile|readdirSync|createReadStream)\s*\(/;

/** Whether the scripts of a module of a package read files, by the package's identity and the module. */
const readers = new Map<string, boolean>();

/** Blind uses in packages, by identity and module. */
const blindUses = new Map<string, readonly BlindUse[]>();

/** Objects that stand for modules, by URL and used exports. */
const standIns = new Map<string, object>();

function standInOf({ url, used }: UsedModule): object {
  const id = `${url} ${used.has("*") ? "*" : JSON.stringify([...used].sort())}`;
  let standIn = standIns.get(id);
  if (!standIn) standIns.set(id, standIn = {});
  return standIn;
}
