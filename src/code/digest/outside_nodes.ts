/**
 * Nodes of code that is not the user's: of packages, of the platform, and of what packages were told.
 *
 * @module
 */
import { digestBytes } from "../../words/sha256.ts";
import { isPrimitive } from "../../words/type_tests.ts";
import type { Use } from "../syntax/uses.ts";
import type { Exploration } from "../walk/explore.ts";
import type { AmbientFact } from "../walk/platform.ts";
import type { FoundMember } from "../walk/members.ts";
import type { Code, Root } from "../walk/reached.ts";
import { writePrimitive } from "../walk/values.ts";
import { nameOfSymbol } from "../outside/first_looks.ts";
import { isNamespace } from "../outside/imported.ts";
import { isSurfaceUnchanged, type Surface } from "../outside/surface.ts";
import { isTimeOfProcess } from "../outside/unseen.ts";
import type { Setting } from "../outside/package_state.ts";
import { watchGlobals } from "../outside/program_globals.ts";
import type { ScopeValues } from "../v8/inspector.ts";
import type { ChangingVariable } from "./changing_variables.ts";
import type { GraphNode, UnfilledNode } from "./graph_digest.ts";
import { packageText, type Parts } from "./parts.ts";

/** The parts of an assembly that nodes are made with. */
export interface NodeMaker {
  value(value: unknown): GraphNode | string;
  fact(fact: AmbientFact): string;
  /** Nodes by function or object. */
  readonly nodes: Map<object, UnfilledNode>;
  /** Takes a function that fills in a node later. */
  later(fill: () => void): void;
  readonly parts: Parts;
  readonly checks: (() => boolean)[];
  readonly variables: ChangingVariable[];
}

/** Makes the nodes of one assembly. */
export class OutsideNodes {
  readonly #found: Exploration;
  readonly #make: NodeMaker;
  readonly #surfaces = new Map<Surface, GraphNode>();
  /** Digests of the data that packages were seen to hold, by package. */
  readonly #told = new Map<string, Set<string>>();
  /** Values of the settings that are read again, by script and name. */
  readonly #settings = new Map<string, Set<unknown>>();

  /** Names of the settings that are read again, by the scopes that functions share. */
  readonly #shared = new Map<readonly ScopeValues[], Set<string>>();

  constructor(found: Exploration, make: NodeMaker) {
    this.#found = found;
    this.#make = make;
  }

  /** Notices about what does not count. */
  notices(): string[] {
    const { leftOut, outside } = this.#found;
    const ofInstances = [...leftOut].filter(isOfInstance), others = [...leftOut].filter((path) => !isOfInstance(path));
    return [
      ...listLeftOut(ofInstances, "captured objects"),
      ...listLeftOut(others, "packages"),
      ...outside?.notices ?? [],
    ];
  }

  /** Adds a part for each package whose settings count, so that a person learns which one was told something else. */
  addParts(): void {
    for (const [name, told] of this.#told) {
      this.#make.parts.add({
        kind: "package",
        name: `settings of ${name}`,
        digest: digestBytes([...told].sort().join("\n")),
      });
    }
  }

  /** Node of a function of a package: its place, and what it holds. */
  packageCode(fn: object, { identity, name, held }: Extract<Code, { kind: "package" }>): GraphNode {
    return this.#make.nodes.get(fn) ?? this.#node(fn, (node) => {
      const { place, values, settings, surfaces } = held;
      node.own = `${packageText(identity, name)} at ${place} ${JSON.stringify([...values.keys()])}`;
      for (const value of values.values()) node.references.push(this.#make.value(steadyOf(value)));
      for (const surface of surfaces) node.references.push(this.surface(surface));
      for (const at of values) if (isPrimitive(at[1])) this.#noteTold(at[0], toLine(at));
      this.#readAgain(settings);
    });
  }

  /** Node of a function that the platform made for the program, such as that of `promisify`. */
  platformCode(fn: object, name: string, made: ReadonlyMap<string, unknown>): GraphNode {
    return this.#node(fn, (node) => {
      node.own = `platform ${name} made with ${made.size}`;
      for (const value of made.values()) node.references.push(this.#make.value(value));
    });
  }

  /**
   * Nodes of the values that an import stands for.
   *
   * @param watch Called with each use whose member may become another one.
   */
  imported(
    root: Extract<Root, { kind: "package" }>,
    watch: (use: Use, found: FoundMember) => void,
  ): (GraphNode | string)[] {
    const { value } = root;
    if (typeof value !== "object" && typeof value !== "function" || value === null) return [writePrimitive(value)];
    const references = isNamespace(value) ? [] : [this.#importedValue(value)];
    const seen = new Set<string>();
    for (const use of root.slot.uses) {
      const id = JSON.stringify(use.path);
      if (use.how === "write" || use.path.length === 0 || seen.has(id)) continue;
      seen.add(id);
      const found = this.#found.outside?.imported.memberOf(root, use) ?? null;
      if (found === null || found.followed === 0) continue;
      watch(use, found);
      references.push(`member ${found.followed}`, this.#importedValue(found.value));
    }
    return references;
  }

  #importedValue(value: unknown): GraphNode | string {
    const surface = typeof value === "object" && value !== null
      ? this.#found.outside?.imported.surfaceOf(value)
      : undefined;
    return surface === undefined ? this.#make.value(value) : this.surface(surface);
  }

  /** Node of what the packages that were reached were told; `null` when none was reached. */
  state(): GraphNode | null {
    const state = this.#found.outside?.state;
    if (state === undefined) return null;
    const { settings, constants, closures, entries, surfaces, firsts, facts, globals, isPart } = state;
    const node: UnfilledNode = { own: "", references: [] };
    node.own = `state of packages ${
      JSON.stringify([settings.map(({ path }) => path), [...constants].map(toLine), isPart])
    }`;
    for (const { path, value } of settings) {
      // What an object holds is in a surface.
      node.references.push(typeof value === "object" && value !== null ? "object" : this.#make.value(steadyOf(value)));
      if (isPrimitive(value)) this.#addPart(path, value);
    }
    for (const [path, { setting, first }] of firsts) {
      node.references.push(`first ${path}`, this.#make.value(first.value));
      // The program may tell the package anew what a run has made something else of.
      this.#readAgain([{ ...setting, typeAlone: first.lastType }]);
    }
    this.#readAgain(settings);
    for (const [path, fn] of closures) node.references.push(`closure ${path}`, this.#make.value(fn));
    for (const surface of surfaces) node.references.push(this.surface(surface));
    for (const [name, value] of globals) node.references.push(`global ${String(name)}`, this.#make.value(value));
    this.#make.checks.push(watchGlobals(globals), () => entries.isUnchanged());
    for (const fact of facts) node.references.push(this.#make.fact(fact));
    return node;
  }

  /** Node of an instance of a package's class that the user's code captures. */
  instance(object: object): GraphNode | string {
    const surface = this.#found.outside?.surfaceOfInstance(object);
    return surface ? this.surface(surface) : "unknown";
  }

  /** Digest of a value, together with the data of such instances in it. */
  digestWith(digest: string, instances: readonly object[]): string {
    if (instances.length === 0) return digest;
    const surfaces = instances.map((object) => this.#found.outside?.surfaceOfInstance(object));
    return digestBytes([digest, ...surfaces.flatMap((surface) => surface ? digestOfSurface(surface) : [])].join("\n"));
  }

  /** Node of a surface. Each call of a function looks whether it is unchanged. */
  surface(surface: Surface): GraphNode {
    // What is reached again counts as often as it is reached.
    const references = surface.references.map((value) => this.#make.value(steadyOf(value)));
    const known = this.#surfaces.get(surface);
    if (known !== undefined) return known;
    const digest = digestOfSurface(surface);
    if (!isOfInstance(surface.path)) this.#noteTold(surface.path, digest);
    if (surface.members.length > 0) this.#make.checks.push(() => isSurfaceUnchanged(surface));
    const node = { own: `surface ${digest}`, references };
    this.#surfaces.set(surface, node);
    return node;
  }

  #readAgain(settings: readonly Setting[]): void {
    for (const { fn, name, value, path, script, scopes, isPrivate, isEntry, typeAlone } of settings) {
      if (isEntry) continue;
      const byType = typeAlone === undefined ? {} : { typeAlone };
      if (isPrivate) {
        this.#make.variables.push({ fn, name, value, isUnset: false, place: path, isPrivate, ...byType });
        continue;
      }
      if (scopes !== undefined) {
        const names = this.#shared.get(scopes) ?? new Set();
        if (names.has(name)) continue;
        this.#shared.set(scopes, names.add(name));
      }
      // Functions of one scope see one variable. Of equal primitive values nobody can tell which variable has them.
      const known = this.#settings.get(`${script.url}\n${name}`) ?? new Set();
      const isObject = typeof value === "object" && value !== null || typeof value === "function";
      if (isObject && known.has(value)) continue;
      this.#settings.set(`${script.url}\n${name}`, known.add(value));
      this.#make.variables.push({ fn, name, value, isUnset: false, place: path, ...byType });
    }
  }

  /** @param path Path of the data, which begins with the name of the package. */
  #noteTold(path: string, digest: string): void {
    const name = path.slice(0, Math.max(0, path.indexOf("/", path.startsWith("@") ? path.indexOf("/") + 1 : 0)));
    if (name !== "") this.#told.set(name, (this.#told.get(name) ?? new Set()).add(digest));
  }

  #addPart(name: string, value: unknown): void {
    this.#make.parts.addValue(name, undefined, value, digestBytes(writePrimitive(value)));
  }

  #node(fn: object, fill: (node: UnfilledNode) => void): GraphNode {
    const known = this.#make.nodes.get(fn);
    if (known) return known;
    const node: UnfilledNode = { own: "", references: [] };
    this.#make.nodes.set(fn, node);
    this.#make.later(() => fill(node));
    return node;
  }
}

const digests = new WeakMap<Surface, string>();

/** Digest of the paths of a surface, with the primitive values. */
function digestOfSurface(surface: Surface): string {
  let digest = digests.get(surface);
  if (digest === undefined) {
    const lines = [...surface.values].map(([path, value]) => isPrimitive(value) ? toLine([path, value]) : path);
    digests.set(surface, digest = digestBytes(lines.join("\n")));
  }
  return digest;
}

/** True for the path of a member of an object that the user's code captures. */
function isOfInstance(path: string): boolean {
  return /^(?:@[^/]+\/)?[^/]+\/[^/:.]*\(\)/.test(path);
}

function listLeftOut(paths: readonly string[], of: string): string[] {
  const [first, ...others] = paths.toSorted();
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return first === undefined ? [] : [`left out: ${first}${more}, state of ${of} that runs were seen to change`];
}

/** A value that another process can have, too: a time since this process began is the time at which something happened. */
function steadyOf(value: unknown): unknown {
  return isTimeOfProcess(value) ? "time in this process" : value;
}

function toLine([path, value]: readonly [string, unknown]): string {
  if (typeof value === "symbol") return `${path}=${nameOfSymbol(value)}`;
  return `${path}=${typeof value === "string" ? JSON.stringify(value) : writePrimitive(steadyOf(value))}`;
}
