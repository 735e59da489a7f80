/**
 * Identification of functions: what a function is, and what its code refers to.
 *
 * @module
 */
import { type FunctionOrigin, type InspectorLease, isPlatformScript } from "../v8/inspector.ts";
import { type CodeUnit, findUnit, normalizeUnit } from "../syntax/code_unit.ts";
import type { DynamicImport, NormalizedCode } from "../syntax/normalize.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import { type AnyNode, isClassNode } from "../syntax/parse.ts";
import { usesOfAwaited } from "../syntax/awaited.ts";
import { blindImport, openUses } from "../blind/blind.ts";
import { isHomeOfReader, isRequire, mayBeReader, noticeOfEnvironment } from "../blind/readers.ts";
import { placeOfReplaced } from "./built_ins.ts";
import { findMember, readExtras, staticPrivateNames } from "./members.ts";
import { intrinsicPath } from "./intrinsics.ts";
import { factOfFunction, factsOfIntrinsic, valueOfGlobal } from "./platform.ts";
import {
  type Code,
  codeOfText,
  isCompilerHelper,
  nameByPlace,
  nameModule,
  type Notes,
  type Root,
  type UserCode,
} from "./reached.ts";
import { type NameResolver, originBeside } from "./resolve_name.ts";
import { scriptsNamed } from "./modules.ts";
import type { NamedMembers } from "./named_members.ts";
import type { RequireFindings } from "./required.ts";
import type { FollowedImports, SourceModules } from "./source_modules.ts";
import { nameOfFunction } from "./values.ts";
import { EVERY_MEMBER, type FingerprintOptions } from "../types.ts";
import { isPlainUrl } from "../../values/kinds.ts";
import { isProxy } from "../../words/type_tests.ts";
import { isOurFunction } from "../../words/program.ts";
import { randomId } from "../../words/random.ts";
import type { OutsideCode } from "../outside/outside.ts";

/** Files and modules that code loads by `require`. */
type Required = Pick<RequireFindings, "files" | "modules" | "checks">;

const NOTHING_REQUIRED: Required = { files: [], modules: [], checks: [] };
const NO_FUNCTIONS: ReadonlySet<object> = new Set();
const NO_METHODS: ReadonlyMap<AnyNode, string> = new Map();

/** What the identification of functions needs of the walk. */
export interface CodeReaderOptions {
  readonly lease: InspectorLease;
  readonly fingerprint: FingerprintOptions;
  /** Names of symbols, and paths of modules, that do not count. */
  readonly ignored: ReadonlySet<string>;
  readonly notes: Notes;
  readonly names: NameResolver;
  /** Code that was identified before. */
  readonly codes: ReadonlyMap<object, Code>;
  /** Returns what looks at code of packages and of the platform. */
  useOutside(): Promise<OutsideCode>;
  /** Takes the origin of a function that was found beside another one. */
  noteOrigin(fn: object, origin: FunctionOrigin): void;
  /** Takes private fields that were read. */
  notePrivates(object: object, fields: ReadonlyMap<string, unknown>): void;
  /** Takes a module that code loads by `import()`. */
  addModule(user: UserCode): void;
}

/** Identifies the functions of one walk. */
export class CodeReader {
  /** Methods of classes that no code reached can name; `null` when every method counts. */
  members: NamedMembers | null = null;
  readonly #options: CodeReaderOptions;
  #modules: Promise<SourceModules> | undefined;

  constructor(options: CodeReaderOptions) {
    this.#options = options;
  }

  /** Identifies a function. */
  async identify(fn: object, origin: FunctionOrigin): Promise<Code> {
    const name = nameOfFunction(fn);
    if (origin.kind === "bound") {
      if (await this.#isOfConsole(origin)) return { kind: "platform", name, url: "" };
      const notice = noticeOfEnvironment(origin.target);
      if (notice !== null) this.#options.notes.notices.add(notice);
      return { kind: "bound", parts: [origin.target, await this.#receiverOf(origin), ...origin.args] };
    }
    if (origin.kind === "native") {
      const path = intrinsicPath(fn) ?? placeOfReplaced(fn);
      const kind = isProxy(fn) ? "a Proxy" : "native code";
      if (path !== null) return { kind: "platform", name: path, url: "", facts: factsOfIntrinsic(path) };
      // Nothing tells one function without a name from another: `new Intl.NumberFormat("en").format`.
      const isNameless = name === "" && !isProxy(fn);
      const described = isNameless ? "a function without a name" : name || "a function";
      const effect = isNameless ? "; it counts as another one in each process, so call it as a method instead" : "";
      this.#options.notes.notices.add(`not tracked: ${described}, which is ${kind}${effect}`);
      return { kind: "platform", name: isNameless ? nameInProcess(fn) : `${kind} ${name}`, url: "", isForeign: true };
    }
    const { url, text } = origin.script;
    if (isOurFunction(fn, url)) {
      // Wrappers that this package puts around functions are not the user's code.
      const original: unknown = Reflect.get(fn, "original");
      return typeof original === "function" ? { kind: "wrapper", original } : { kind: "platform", name, url };
    }
    if (url.startsWith("wasm:")) {
      const { readWasm } = await import("./wasm.ts");
      const { digest, notice } = readWasm(text);
      if (notice !== null) this.#options.notes.notices.add(notice);
      return { kind: "platform", name: `function ${name}`, url, wasm: digest };
    }
    if (isPlatformScript(url)) {
      const identity = this.#options.fingerprint.packageOf(url.startsWith("node:") ? url : "Deno");
      if (identity && (Object.hasOwn(Deno, name) || url.startsWith("node:"))) this.#options.notes.addPackage(identity);
      // A function within a function of a script: one that a call made, or of a class. The core makes its own alone.
      const made = origin.scopes.length < 2 || isRequire(fn) || url.startsWith("ext:core/")
        ? null
        : (await this.#options.useOutside()).ofPlatform(fn, origin);
      if (made !== null) return { kind: "platform", name: `${name} in ${url}`, url, made };
      const fact = factOfFunction(fn, url);
      return { kind: "platform", name: `${name} in ${url}`, url, facts: fact === null ? [] : [fact] };
    }
    const identity = this.#options.fingerprint.packageOf(url);
    if (identity) {
      this.#options.notes.addPackage(identity);
      return { kind: "package", identity, name, held: (await this.#options.useOutside()).ofPackage(fn, origin) };
    }
    return await this.#readUserCode(fn, origin, text);
  }

  /** Loaded by the first class that has methods, which takes the names in all code before. */
  async #useMembers({ node }: CodeUnit): Promise<NamedMembers | null> {
    const { leavesOutUnnamed, leftOut } = this.#options.fingerprint;
    const isAsked = leavesOutUnnamed === true && leftOut?.has(EVERY_MEMBER) !== true;
    if (this.members !== null || !isAsked || !isClassNode(node)) return this.members;
    if (node.body.body.every((member) => member.type !== "MethodDefinition")) return null;
    const { NamedMembers } = await import("./named_members.ts");
    this.members = new NamedMembers();
    for (const [fn, code] of this.#options.codes) {
      if (code.kind === "user" && code.user.unit !== null) this.members.read(fn, code.user.unit);
    }
    return this.members;
  }

  /** Receiver of a bound function; `undefined` for the module of a reader, which the function does not look into. */
  async #receiverOf({ target, receiver }: Extract<FunctionOrigin, { kind: "bound" }>): Promise<unknown> {
    if (typeof receiver !== "object" || receiver === null || typeof target !== "function") return receiver;
    if (receiver === globalThis.performance || receiver === globalThis.crypto) return undefined; // no inputs
    const [origin] = mayBeReader(target) ? await this.#options.lease.locate([target]) : [];
    return origin?.kind === "script" && isHomeOfReader(receiver, target, origin.script.url) ? undefined : receiver;
  }

  /**
   * True for a method of the console as the platform made it: while an inspector is attached, they are the functions of
   * Deno and of V8, bound to the console. Their output is no input, and the console has nothing inside that code reads.
   */
  async #isOfConsole({ target, receiver, args }: Extract<FunctionOrigin, { kind: "bound" }>): Promise<boolean> {
    if (receiver !== valueOfGlobal("console") || receiver === undefined) return false;
    const functions = [target, ...args].filter((part): part is object => typeof part === "function");
    if (functions.length <= args.length) return false;
    const origins = await this.#options.lease.locate(functions);
    return origins.every((one) => one.kind === "native" || one.kind === "script" && isPlatformScript(one.script.url));
  }

  async #readUserCode(
    fn: object,
    place: Extract<FunctionOrigin, { kind: "script" }>,
    scriptText: string,
  ): Promise<Code> {
    const { url } = place.script;
    const text = Function.prototype.toString.call(fn);
    const module = nameModule(url, this.#options.fingerprint.projectRoot);
    const found = findUnit(scriptText, place.offset, text);
    const lazy = found && mayBeLazyModule(text)
      ? (await import("./lazy_module.ts")).lazyModuleOf(fn, found, place)
      : null;
    const { unit, origin } = lazy ?? { unit: found, origin: place };
    const isNamed = unit && unit.node.type !== "ArrowFunctionExpression" && unit.node.type !== "Program";
    const declared = isNamed ? unit.node.id?.name : null;
    const name = declared || nameOfFunction(fn) || (unit === null ? "" : nameByPlace(unit));
    if (this.#options.ignored.has(module) || this.#options.ignored.has(name)) return { kind: "ignored" };
    if (!unit) {
      this.#options.notes.notices.add(
        `not tracked: what ${name || "a function"} @ ${module} refers to; its syntax could not be read`,
      );
      return { kind: "user", user: { ...codeOfText(fn), name, module, url } };
    }
    if (!unit.isWhole) {
      this.#options.notes.notices.add(
        `partly tracked: ${name || "a function"} @ ${module}, whose module could not be read`,
      );
    }
    const isOfPackage = (url: string) => this.#options.fingerprint.packageOf(url) !== null;
    const foreign = isClassNode(unit.node)
      ? await (await import("./foreign_methods.ts")).findForeign(fn, unit, {
        lease: this.#options.lease,
        scopes: origin.scopes,
        isOfPackage,
      })
      : NO_FUNCTIONS;
    const extras = readExtras(
      fn,
      unit,
      (value) => this.#options.fingerprint.cachedIdentity(value) !== undefined,
      foreign,
    );
    const unnamed = (await this.#useMembers(unit))?.read(fn, unit) ?? NO_METHODS;
    const code = extras.leftOut.size + unnamed.size === 0
      ? normalizeUnit(unit)
      : normalizeUnit(unit, { isLeftOut: (member) => extras.leftOut.has(member) || unnamed.has(member) });
    const privates = await this.#staticPrivates(fn, unit);
    const roots: Root[] = [];
    const pathChecks: (() => boolean)[] = [];
    for (const slot of code.slots) {
      const at = { fn, unit, url, script: origin.script, scopes: origin.scopes, name };
      roots.push(await this.#complete(await this.#options.names.resolve(slot, at), unit, pathChecks));
    }
    for (const root of roots) {
      const beside = originBeside(root, unit, origin);
      if (beside !== null) this.#options.noteOrigin(beside.fn, beside.origin);
    }
    for (const imported of code.imports) this.#noteImport(imported, unit.script, url);
    const required = await this.#requiredBy(unit, url, roots);
    const imports = await this.#followImports(code, required.modules, unit.script, url);
    for (const notice of openUses(unit, code, roots)) {
      this.#options.notes.notices.add(`not tracked: ${notice} in ${name || "a function"} @ ${module}`);
    }
    return {
      kind: "user",
      user: {
        fn,
        name,
        module,
        url,
        unit,
        code,
        text,
        roots,
        isHelper: isCompilerHelper(unit),
        extras: new Map([...extras.values, ...privates]),
        ...imports,
        checks: [...pathChecks, ...required.checks],
        places: mentionsPlace(unit) ? (await import("./place.ts")).placeFacts(unit, url) : [],
        required: required.files,
      },
    };
  }

  /**
   * Meaning of a name, with what the scripts of its package tell of it, and with a relative path in place of a path in the
   * project which the code only opens.
   */
  async #complete(root: Root, unit: CodeUnit, checks: (() => boolean)[]): Promise<Root> {
    const { projectRoot } = this.#options.fingerprint;
    if (root.kind === "package") return { ...root, isDynamic: await (await this.#options.useOutside()).isLive(root) };
    if (root.kind !== "value" || root.isDynamic || !mayBePath(root.value)) return root;
    const { openedPath, placeBelow } = await import("./place.ts");
    const opened = openedPath(root.value, unit, root.slot.nodes, projectRoot);
    if (opened === null) return root;
    if (typeof root.value === "object") checks.push(() => placeBelow(root.value, projectRoot) === opened);
    return { ...root, value: opened };
  }

  /** Follows the imports of a piece of code. The reader of modules is loaded for the first code that imports one. */
  async #followImports(
    { imports }: NormalizedCode,
    required: readonly string[],
    script: ScriptSyntax,
    url: string,
  ): Promise<Partial<FollowedImports>> {
    if (imports.length + required.length === 0) return {};
    this.#modules ??= import("./source_modules.ts").then(({ SourceModules }) =>
      new SourceModules({
        ...this.#options,
        add: (user) => this.#options.addModule(user),
        noteImport: (...imported) => this.#noteImport(...imported),
        requiredBy: (...code) => this.#requiredBy(...code),
      })
    );
    const modules = await this.#modules;
    const [imported, loaded] = [await modules.follow(imports, script, url), await modules.followAll(required, url)];
    return { modules: [...imported.modules, ...loaded.modules], facts: [...imported.facts, ...loaded.facts] };
  }

  /** Notes the blind uses of a module of Node that code imports while it runs. */
  #noteImport({ specifier, node }: DynamicImport, script: ScriptSyntax, url: string): void {
    const identity = specifier === null ? null : this.#options.fingerprint.packageOf(specifier, url);
    if (specifier === null || identity?.source !== "node") return;
    const uses = usesOfAwaited(script, node);
    // Any other use of the module, such as `.then(…)` or passing it on, may read files.
    const paths = uses.length > 0 ? uses.map(({ path }) => path) : [[]];
    for (const path of paths) this.#options.notes.addBlind(blindImport(specifier, "*", path), url);
  }

  /** Modules that code loads by `require` while it runs, and scripts that it starts. What cannot be followed is noted. */
  async #requiredBy(unit: CodeUnit, url: string, roots: readonly Root[]): Promise<Required> {
    const started = scriptsNamed(unit.script, unit.node, url);
    if (!roots.some(mayLoadModules)) return { ...NOTHING_REQUIRED, modules: started };
    const { findRequired } = await import("./required.ts");
    const { mayReplaceModules } = await import("./foreign_methods.ts");
    const { projectRoot, packageOf } = this.#options.fingerprint;
    const required = findRequired({ unit, url, roots, projectRoot, packageOf });
    for (const identity of required.packages) this.#options.notes.addPackage(identity);
    for (const use of required.blind) this.#options.notes.addBlind(use, url);
    for (const notice of required.notices) this.#options.notes.notices.add(notice);
    const isOfPackage = (at: string) => packageOf(at) !== null;
    if (required.files.length > 0 && await mayReplaceModules({ lease: this.#options.lease, isOfPackage })) {
      this.#options.notes.notices.add("not tracked: what the program puts in the place of modules that are required");
    }
    return {
      ...NOTHING_REQUIRED,
      files: required.files,
      checks: required.checks,
      modules: [...required.modules, ...started],
    };
  }

  /** Static private fields of a class, by label. No property shows them, so the inspector reads them. */
  async #staticPrivates(fn: object, { node }: CodeUnit): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>();
    const names = isClassNode(node) ? staticPrivateNames(node) : [];
    if (names.length === 0) return found;
    const [fields] = await this.#options.lease.privateFields([fn]);
    this.#options.notePrivates(fn, new Map([...fields ?? []].filter(([name]) => names.includes(name))));
    for (const name of names) found.set(`static ${name}`, fields?.get(name));
    return found;
  }
}

/** True for a short function that sets a variable to `0` in a call, as those do in which a bundler puts modules. */
function mayBeLazyModule(text: string): boolean {
  return text.length < 300 && /\[0\]\]\)\([\w$]+\s*=\s*0\)/.test(text);
}

/** True for code that may ask for its own path or for the working directory. */
function mentionsPlace({ script, node }: CodeUnit): boolean {
  return /import\.meta|\bcwd\b|real[pP]ath|\bresolve\b|mainModule/.test(script.text.slice(node.start, node.end));
}

function mayBePath(value: unknown): boolean {
  return typeof value === "string" ? /^(?:file:|\/|[A-Za-z]:)/.test(value) : isPlainUrl(value);
}

/** True for a free name that may lead to `require`, `createRequire` or `process.getBuiltinModule`. */
function mayLoadModules(root: Root): boolean {
  if (root.kind === "platform") return /^(?:node:)?(?:module|process)\b/.test(root.name);
  if (root.kind === "global") return root.value === globalThis || ["require", "module"].includes(root.slot.name);
  return root.kind === "value" && root.slot.uses.some(({ path }) => isRequire(findMember(root.value, path).value));
}

const namesInProcess = new WeakMap<object, string>();

/** Name of a function that has none, which no other function of any process has. */
function nameInProcess(fn: object): string {
  let name = namesInProcess.get(fn);
  if (name === undefined) namesInProcess.set(fn, name = `function ${randomId()}`);
  return name;
}
