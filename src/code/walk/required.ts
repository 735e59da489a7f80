/**
 * Modules that code loads while it runs by `require`, `createRequire` and `process.getBuiltinModule`.
 *
 * A file counts by its code, with everything that the file requires itself; a package counts by its identity. What
 * cannot be found without running the code is named.
 *
 * @module
 */
import type { BlindUse } from "../types.ts";
import type { PackageIdentity } from "../packages/packages.ts";
import { type CodeUnit, normalizeScript, readScript } from "../syntax/code_unit.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import { type AnyNode, childrenOf, isModule } from "../syntax/parse.ts";
import { staticKey, staticText, type Use, usesOf, usesOfBinding } from "../syntax/uses.ts";
import { blindImport, findBlindUses } from "../blind/blind.ts";
import { isHarmlessExport, isRequire } from "../blind/readers.ts";
import { findMember } from "./members.ts";
import { nameModule, type Root } from "./reached.ts";
import { digestBytes } from "../../words/sha256.ts";
// Loaded when a specifier is resolved for the first time.
import { nodeModule } from "../../words/node_modules.ts";

/** Files, packages and blind uses that the calls of a piece of code lead to. */
export interface RequireFindings {
  /** Modules of the user, and packages, each with the digest by which it counts. */
  readonly files: readonly RequiredFile[];
  readonly packages: readonly PackageIdentity[];
  /** URLs of modules of ECMAScript among the files. */
  readonly modules: readonly string[];
  readonly blind: readonly Omit<BlindUse, "module">[];
  readonly notices: readonly string[];
  /** Functions that return true while the next `require` gives what the files held. */
  readonly checks: readonly (() => boolean)[];
}

/** A module that is required. */
export interface RequiredFile {
  readonly name: string;
  readonly digest: string;
  /** True for a module of the user; false for a package. */
  readonly isOfUser: boolean;
}

/** The code that is looked at, and functions that the search needs. */
export interface RequiringCode {
  readonly unit: CodeUnit;
  readonly url: string;
  readonly roots: readonly Root[];
  readonly projectRoot: string;
  packageOf(urlOrSpecifier: string, referrer?: string): PackageIdentity | null;
}

const NOTHING: RequireFindings = { files: [], packages: [], modules: [], blind: [], notices: [], checks: [] };

/** Finds the modules that a function or class requires while it runs. */
export function findRequired(code: RequiringCode): RequireFindings {
  let search: Search | undefined;
  const isCommonJs = !isModule(code.unit.script.program);
  for (const root of code.roots) {
    for (const use of root.slot.uses) {
      const loader = use.how === "write" ? null : loaderOf(root, use, isCommonJs);
      if (loader !== null) (search ??= new Search(code)).use(loader, root, use);
    }
  }
  return search ?? NOTHING;
}

/** True for a name of CommonJS in a module whose live variables are not looked at. */
function isUnseen(root: Root): boolean {
  const { name, binding } = root.slot;
  return root.kind === "global" && root.value === undefined && binding === null &&
    (name === "require" || name === "module");
}

type Loader = "require" | "createRequire" | "getBuiltinModule" | { readonly name: string };

/** Loader of modules that a use of a free name reaches; `null` for anything else. */
function loaderOf(root: Root, use: Use, isCommonJs: boolean): Loader | null {
  if (isCommonJs && isUnseen(root)) {
    const path = [root.slot.name, ...use.path].join(".").replace(/^module\./, "");
    return path === "require" ? "require" : null;
  }
  switch (root.kind) {
    case "value":
      return isRequire(findMember(root.value, use.path).value) ? "require" : null;
    case "global": {
      const [first, second] = use.path;
      return root.value === globalThis && first === "process" && second === "getBuiltinModule" ? second : null;
    }
    case "platform":
      return loaderOfPlatform(root.name, use.path);
    default:
      return null;
  }
}

function loaderOfPlatform(name: string, path: readonly string[]): Loader | null {
  const [specifier = "", imported] = name.replace(/^node:/, "").split("#");
  if (specifier !== "module" && specifier !== "process") return null;
  const [member = ""] = imported === undefined || imported === "default" || imported === "*" ? path : [imported];
  if (member === "getBuiltinModule") return member;
  if (specifier !== "module") return null;
  return member === "createRequire" ? member : isHarmlessExport("module", member) ? null : { name: member };
}

class Search implements RequireFindings {
  readonly packages: PackageIdentity[] = [];
  readonly modules: string[] = [];
  readonly blind: Omit<BlindUse, "module">[] = [];
  readonly checks: (() => boolean)[] = [];
  readonly #notices = new Set<string>();
  readonly #files = new Map<string, RequiredFile>();

  constructor(readonly code: RequiringCode) {}

  get files(): readonly RequiredFile[] {
    return [...this.#files.values()];
  }

  get notices(): readonly string[] {
    return [...this.#notices];
  }

  use(loader: Loader, root: Root, use: Use): void {
    const { script } = this.code.unit;
    const call = callOf(script, use);
    if (typeof loader === "object") {
      this.blind.push({ name: `${loader.name || "the module"} from node:module`, kind: "code" });
    } else if (loader === "getBuiltinModule") {
      const specifier = call && specifierOf(call);
      if (call && specifier) this.#builtIn(script, call, specifier);
      else this.blind.push({ name: "process.getBuiltinModule", kind: "code" });
    } else if (loader === "createRequire") {
      const base = call && this.#baseOf(call);
      const uses = call && base ? usesOfResult(script, call) : [];
      const calls = uses.map((one) => one.path.length === 0 ? callOf(script, one) : null);
      if (call && base && uses.length > 0 && calls.every((one) => one !== null)) {
        for (const one of calls) this.#require(script, one!, base);
      } else this.blind.push({ name: "createRequire from node:module", kind: "code" });
    } else if (call !== null) {
      this.#require(script, call, this.code.url, requireOf(root, use));
    } else if (use.how === "call") this.#note("what a tagged template requires", this.code.url);
  }

  /** @param live The function that is called; `null` for one that is not made yet. */
  #require(script: ScriptSyntax, call: AnyNode, base: string, live: NodeJS.Require | null = null): void {
    const specifier = specifierOf(call);
    if (specifier === null) this.#note("require() with a computed specifier", base);
    else if (nodeModule<typeof import("node:module")>("node:module").isBuiltin(specifier)) {
      this.#builtIn(script, call, specifier);
    } else this.#visit(specifier, base, live);
  }

  /** Takes note of the blind members of a built-in module; those of `fs` are observed, since the object is patched. */
  #builtIn(script: ScriptSyntax, call: AnyNode, specifier: string): void {
    const uses = usesOf(script, call);
    for (const path of uses.length > 0 ? uses.map((one) => one.path) : [[]]) {
      const blind = blindImport(specifier, "default", path);
      if (blind) this.blind.push(blind);
    }
  }

  #visit(specifier: string, base: string, live: NodeJS.Require | null): void {
    const identity = this.code.packageOf(specifier, base);
    if (identity) return this.#package(identity);
    const url = resolveRequired(specifier, base, live);
    if (url === null) return this.#note(`require("${specifier}")`, base);
    const inner = this.code.packageOf(url);
    if (inner) return this.#package(inner);
    if (this.#files.has(url)) return;
    const name = nameModule(url, this.code.projectRoot);
    const add = (digest: string) => void this.#files.set(url, { name, digest, isOfUser: true });
    if (url.endsWith(".node")) {
      this.blind.push({ name: "native code", kind: "ffi" });
      return add("");
    }
    this.checks.push(watchLoaded(url, (live ?? createRequire(base)).cache));
    const text = textOfFile(url);
    if (text === null) return this.#note(`require("${specifier}")`, base);
    const script = url.endsWith(".json") ? null : readScript(text);
    if (script === null) return add(digestBytes(text));
    if (isModule(script.program)) return void this.modules.push(url);
    add(digestBytes(plainCodeOf(text)));
    this.blind.push(...findBlindUses(text));
    for (const call of requireCalls(script, script.program as AnyNode)) this.#require(script, call, url);
  }

  #package(identity: PackageIdentity): void {
    this.packages.push(identity);
    const { name, digest } = identity;
    this.#files.set(`package ${name}`, { name, digest, isOfUser: false });
  }

  #note(what: string, base: string): void {
    this.#notices.add(`not tracked: ${what} in ${nameModule(base, this.code.projectRoot)}`);
  }

  /** URL of the module that `createRequire` is given; `null` for a computed one. */
  #baseOf(call: AnyNode): string | null {
    const [argument] = call.type === "CallExpression" ? call.arguments : [];
    if (argument === undefined) return null;
    const isOwn = argument.type === "MemberExpression" && argument.object.type === "MetaProperty" &&
      ["url", "filename"].includes(staticKey(argument) ?? "");
    if (isOwn || argument.type === "Identifier" && argument.name === "__filename") return this.code.url;
    const text = staticText(argument as AnyNode);
    return text === null ? null : text.startsWith("/") ? nodeUrl().pathToFileURL(text).href : text;
  }
}

/** The function `require` that a use calls. */
function requireOf(root: Root, use: Use): NodeJS.Require | null {
  const value = root.kind === "value" ? findMember(root.value, use.path).value : null;
  return isRequire(value) ? value : null;
}

/** Call in which a used value is the callee; `null` when the value is used in another way. */
function callOf(script: ScriptSyntax, { node, how }: Use): Extract<AnyNode, { type: "CallExpression" }> | null {
  const parent = script.parents.get(node);
  return how === "call" && parent?.type === "CallExpression" && parent.callee === node ? parent : null;
}

/** Uses of what a call returns, also by the variable that it is the only value of. */
function usesOfResult(script: ScriptSyntax, call: AnyNode): readonly Use[] {
  const parent = script.parents.get(call);
  const isVariable = parent?.type === "VariableDeclarator" && parent.id.type === "Identifier";
  const binding = isVariable ? script.bindings.get(parent.id as AnyNode) : null;
  if (!isVariable || !binding || binding.writes.length > 0) return usesOf(script, call);
  return usesOfBinding(script, binding);
}

function specifierOf(call: AnyNode): string | null {
  const argument = call.type === "CallExpression" ? call.arguments[0] : undefined;
  return argument === undefined ? null : staticText(argument as AnyNode);
}

function* requireCalls(script: ScriptSyntax, node: AnyNode): Iterable<AnyNode> {
  const isCall = node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "require";
  if (isCall && !script.bindings.get(node.callee as AnyNode)) yield node;
  for (const child of childrenOf(node)) yield* requireCalls(script, child);
}

function nodeUrl(): typeof import("node:url") {
  return nodeModule("node:url");
}

function createRequire(base: string): NodeJS.Require {
  return nodeModule<typeof import("node:module")>("node:module").createRequire(base);
}

function resolveRequired(specifier: string, base: string, live: NodeJS.Require | null): string | null {
  try {
    return nodeUrl().pathToFileURL((live ?? createRequire(base)).resolve(specifier)).href;
  } catch {
    return null;
  }
}

/** Code without comments and layout, with the names of what it does not declare. */
function plainCodeOf(text: string): string {
  const code = normalizeScript(text);
  if (code === null) return text.replaceAll("\r\n", "\n");
  return `${code.text}\n${code.slots.map(({ name }) => name).join("\n")}`;
}

/**
 * Watches whether the next `require` of a file gives another module: the program took it out of the cache of modules.
 *
 * @returns A function that returns true while it does not.
 */
function watchLoaded(url: string, cache: NodeJS.Dict<NodeJS.Module>): () => boolean {
  const path = nodeUrl().fileURLToPath(url);
  const stamp = stampOfRequired(path);
  let loaded = cache[path];
  return () => {
    const now = cache[path];
    if (now === undefined ? stampOfRequired(path) === stamp : loaded === undefined || now === loaded) {
      loaded = now;
      return true;
    }
    texts.delete(url);
    return false;
  };
}

function stampOfRequired(path: string): string {
  try {
    const { size, mtime, ino } = statSync(path);
    return `${size} ${mtime?.getTime()} ${ino}`;
  } catch {
    return "none";
  }
}

const texts = new Map<string, string | null>();
// Taken when this module loads: while a cached function runs, wrappers that observe its reads replace these functions.
const { readTextFileSync, statSync } = Deno;

/** Text of a file, read once per process, as the loader of modules does; `null` when the file cannot be read. */
function textOfFile(url: string): string | null {
  let text = texts.get(url);
  if (text === undefined) {
    try {
      text = readTextFileSync(new URL(url));
    } catch {
      text = null;
    }
    texts.set(url, text);
  }
  return text;
}
