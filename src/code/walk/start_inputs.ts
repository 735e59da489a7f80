/**
 * Inputs that a module takes when it is loaded, as facts that count in a key.
 *
 * Until a module is loaded, its inputs count as they are. Once it is loaded they count as they were then; where that
 * is no longer known, a value counts that no other process has, so that nothing is stored under a wrong key.
 *
 * @module
 */
import type { AnyNode } from "../syntax/parse.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import { dottedName, staticKey } from "../syntax/uses.ts";
import { digestBytes } from "../../words/sha256.ts";
import { randomId } from "../../words/random.ts";
import { readManifest, variableOf } from "../../options/manifest_files.ts";
import { isAbsolutePath, pathOfFileUrl, resolvePath } from "../../options/paths.ts";
import { toAbsolute, toPortable, workingDirectory } from "../../options/project.ts";
import type { FingerprintOptions } from "../types.ts";
import { findMember } from "./members.ts";
import { importOf } from "./modules.ts";
import { type AmbientFact, pathInGlobal } from "./platform.ts";

/** Something that the code of a module reads when it is loaded. */
export type StartInput =
  | { readonly kind: "file"; readonly name: string; readonly path: string | URL }
  | { readonly kind: "environment"; readonly name: string }
  | { readonly kind: "global"; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: "cwd"; readonly name: string };

// Taken when this module loads: while a cached function runs, a wrapper that observes its reads replaces this function.
const { statSync } = Deno;

/** Text that stands for an input whose state at the time of the loading is not known; it occurs in no other process. */
export const UNKNOWN: string = `changed since the module was loaded in process ${randomId()}`;

/** Value of an input, and whether it was seen when the module was loaded already. */
interface Seen {
  readonly value: unknown;
  readonly isKept: boolean;
}

const starts = new Map<string, ModuleStart>();

/** State of one module in this process: whether it is loaded, its text, and what it took in. */
export class ModuleStart {
  /** True once the module was found among the loaded ones. */
  isLoaded = false;
  #isUncertain = false;
  readonly #values = new Map<string, Seen>();
  #text: string | null | undefined;

  /** State of the module at a URL. @param isLoaded True when the module is loaded now. */
  static of(url: string, isLoaded: boolean): ModuleStart {
    let start = starts.get(url);
    if (!start) starts.set(url, start = new ModuleStart());
    if (!isLoaded) start.#values.clear();
    start.isLoaded = isLoaded;
    return start;
  }

  /** State of a file of data that code imports while it runs, of which nothing tells whether it is loaded. */
  static ofData(url: string): ModuleStart {
    const start = starts.get(url) ?? new ModuleStart();
    start.#isUncertain = true;
    starts.set(url, start);
    return start;
  }

  /** Text of the module: of a loaded module the one that was read first. */
  text(read: () => string | null): string | null {
    if (!this.isLoaded || this.#text === undefined) this.#text = read();
    return this.#text;
  }

  /** Fact that counts for an input. */
  factOf(
    input: StartInput,
    { module, digestFile }: { readonly module: string } & Pick<FingerprintOptions, "digestFile">,
  ): AmbientFact {
    const path = input.kind === "file" ? input.path : null;
    const now = path !== null
      ? () => contentOfFile(path, digestFile)
      : input.kind === "environment"
      ? () => variableOf(input.name)
      : input.kind === "global"
      ? () => textOfGlobal(input.path)
      : () => placeOfFolder(workingDirectory());
    const isPlace = path instanceof URL || path !== null && isAbsolutePath(path);
    const name = isPlace ? toPortable(path) : input.name;
    return {
      name: name === module ? name : `${name}, which ${module} reads when it is loaded`,
      changes: true,
      read: () => this.#read(`${input.kind} ${input.name}`, now, () => path !== null && isYoung(path)),
    };
  }

  #read(id: string, now: () => unknown, isYoung: () => boolean): unknown {
    const seen = this.#values.get(id);
    if (seen?.isKept) return seen.value;
    const value = now();
    if (this.#isUncertain) {
      const isSame = seen === undefined || Object.is(seen.value, value);
      this.#values.set(id, { value: isSame ? value : UNKNOWN, isKept: !isSame });
      return isSame ? value : UNKNOWN;
    }
    if (this.isLoaded) {
      const isSure = seen ? Object.is(seen.value, value) : !isYoung();
      const kept = isSure ? value : UNKNOWN;
      this.#values.set(id, { value: kept, isKept: true });
      return kept;
    }
    if (!seen) this.#values.set(id, { value, isKept: false });
    return value;
  }
}

function contentOfFile(path: string | URL, digestFile: FingerprintOptions["digestFile"]): string | null {
  try {
    const absolute = toAbsolute(path);
    const { text } = digestFile ? { text: null } : readManifest(absolute);
    const digest = digestFile ? digestFile(absolute) : text === null ? null : digestBytes(text);
    return digest && `content ${digest.slice(0, 32)}`; // short enough to be shown
  } catch {
    return null;
  }
}

/** Function that returns true while a file has the stamp that it has now. */
export function watchFile(path: string): () => boolean {
  const stamp = (): string => {
    try {
      const { mtime, ctime, size, ino } = statSync(path);
      return `${mtime?.getTime()} ${ctime?.getTime()} ${size} ${ino}`;
    } catch {
      return "";
    }
  };
  const before = stamp();
  return () => stamp() === before;
}

/** True for a file that was changed while this process ran. */
function isYoung(path: string | URL): boolean {
  try {
    const { mtime, ctime } = statSync(toAbsolute(path));
    return Math.max(mtime?.getTime() ?? 0, ctime?.getTime() ?? 0) >= performance.timeOrigin;
  } catch {
    return false;
  }
}

/** The value of a global that is primitive. What objects hold counts in another place. */
function textOfGlobal([first = "", ...members]: readonly string[]): unknown {
  const { value } = findMember(globalThis, pathInGlobal(first, members));
  return typeof value === "object" && value !== null || typeof value === "function" ? typeof value : value;
}

function placeOfFolder(folder: string | null): string | null {
  return folder === null ? null : toPortable(folder);
}

/**
 * Path or URL, or another text, that an expression stands for in every process: a literal, a constant, a path beside
 * the module. `null` when that cannot be told.
 */
export function staticPath(script: ScriptSyntax, node: AnyNode, url: string, depth = 0): string | URL | null {
  if (depth > 8) return null;
  const inner = (one: AnyNode) => staticPath(script, one, url, depth + 1);
  switch (node.type) {
    case "Literal":
      return typeof node.value === "string" || typeof node.value === "number" ? String(node.value) : null;
    case "ChainExpression":
      return inner(node.expression);
    case "TemplateLiteral": {
      const parts = node.expressions.map(inner);
      if (parts.includes(null)) return null;
      return node.quasis.map(({ value }, index) => (value.cooked ?? "") + String(parts[index] ?? "")).join("");
    }
    case "BinaryExpression": {
      if (node.operator !== "+") return null;
      const [left, right] = [inner(node.left as AnyNode), inner(node.right)];
      return left === null || right === null ? null : `${left}${right}`;
    }
    case "Identifier": {
      const binding = script.bindings.get(node);
      const { declaration } = binding ?? {};
      if (!binding || binding.writes.length > 0 || declaration?.type !== "VariableDeclarator" || !declaration.init) {
        return null;
      }
      return declaration.id === node || declaration.id.type === "Identifier" ? inner(declaration.init) : null;
    }
    case "MemberExpression": {
      const key = staticKey(node);
      if (node.object.type === "MetaProperty") return ofMeta(url, key);
      const object = inner(node.object);
      if (!(object instanceof URL)) return null;
      return key === "href" ? object : key === "pathname" ? decodeURIComponent(object.pathname) : null;
    }
    case "NewExpression": {
      const [path, base] = node.arguments.map((one) => inner(one as AnyNode));
      if (node.callee.type !== "Identifier" || node.callee.name !== "URL" || !path || base === null) return null;
      return URL.canParse(path, base ?? undefined) ? new URL(path, base ?? undefined) : null;
    }
    case "CallExpression":
      return ofCall(script, node, node.arguments.map((one) => inner(one as AnyNode)));
    default:
      return null;
  }
}

function ofMeta(url: string, key: string | null): string | URL | null {
  if (key === "url") return url;
  if (!url.startsWith("file:")) return null;
  const path = pathOfFileUrl(url);
  return key === "filename" ? path : key === "dirname" ? path.replace(/\/[^/]*$/, "") : null;
}

function ofCall(
  script: ScriptSyntax,
  { callee }: Extract<AnyNode, { type: "CallExpression" }>,
  args: readonly (string | URL | null)[],
): string | URL | null {
  const name = dottedName(callee) ?? "";
  const [first = null] = args;
  if (args.length === 0 || args.includes(null) || first === null) return null;
  const isOfPath = /^(?:(?:node:)?path(?:\/\w+)?|(?:node:)?url|(?:jsr:)?@std\/path\b.*)$/.test(
    moduleOf(script, callee),
  );
  switch (isOfPath ? name.split(".").at(-1) : name) {
    case "join":
      return args.map(String).join("/");
    case "resolve":
      return args.map(String).reduce((base, path) => resolvePath(path, base), workingDirectory() ?? "/");
    case "normalize":
      return first;
    case "fromFileUrl":
    case "fileURLToPath":
      return String(first).startsWith("file:") ? pathOfFileUrl(first) : null;
    case "toFileUrl":
    case "pathToFileURL":
      return typeof first === "string" ? new URL(`file://${encodeURI(toAbsolute(first))}`) : null;
    case "String":
    case "decodeURIComponent":
      return String(first);
    default:
      return null;
  }
}

/** Specifier of the module that the first name of a chain is imported from; empty when there is none. */
function moduleOf(script: ScriptSyntax, callee: AnyNode): string {
  const binding = script.root.bindings.get(dottedName(callee)?.split(".")[0] ?? "");
  return (binding && importOf(script, binding)?.specifier) ?? "";
}
