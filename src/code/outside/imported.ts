/**
 * Values that the user's code imports from packages.
 *
 * @module
 */
import { isProxy, typeTests } from "../../words/type_tests.ts";
import { findMember, type FoundMember } from "../walk/members.ts";
import type { Root } from "../walk/reached.ts";
import type { Use } from "../syntax/uses.ts";
import type { KnownScript } from "./known_scripts.ts";
import type { Surface } from "./surface.ts";

type PackageRoot = Extract<Root, { kind: "package" }>;

/** Finder of surfaces, and of the scripts of functions. */
interface SurfaceFinder {
  surface(value: object, path: string, script: KnownScript | null): Surface;
  scriptOf(fn: object): KnownScript | null;
  /** Path by which the members of a function or an object of a package are known; `null` when it was not met. */
  pathOf(value: object): string | null;
  isLeftOut(path: string): boolean;
}

/** Imported values that one walk has met, with the surfaces of the objects among them. */
export class ImportedValues {
  readonly #outside: SurfaceFinder;
  readonly #surfaces = new Map<object, Surface>();
  readonly #paths = new Map<object, string>();

  constructor(outside: SurfaceFinder) {
    this.#outside = outside;
  }

  /** Member of an import that a use reaches; `null` for one that runs are seen to make, which does not count. */
  memberOf({ value }: PackageRoot, { how, path }: Use): FoundMember | null {
    if (how === "write" || path.length === 0) return null;
    const found = findMember(value, path);
    const base = isOfMembers(value) || typeof value === "function" ? this.#outside.pathOf(value) : null;
    return base !== null && this.#outside.isLeftOut(`${base}.${path[0]}`) ? null : found;
  }

  /** Takes note of an import. @returns Functions to walk: those that the code uses, and one of each object. */
  *reach(root: PackageRoot): Iterable<unknown> {
    for (const value of [root.value, ...root.slot.uses.flatMap((use) => this.#usedOf(root, use))]) {
      if (typeof value === "function") yield value;
      else if (isOfMembers(value) && !isNamespace(value)) {
        this.#paths.set(value, this.#paths.get(value) ?? `${root.identity.name}/${root.imported}`);
        const witness = witnessOf(value);
        if (witness) yield witness;
      }
    }
  }

  /** Values that a use of an import reaches: the member, and the object that has it. */
  #usedOf(root: PackageRoot, use: Use): unknown[] {
    const found = this.memberOf(root, use);
    return found === null ? [] : [found.value, ...found.owner === null ? [] : [found.owner]];
  }

  /** Values in the surfaces of the imported objects. */
  *values(): Iterable<unknown> {
    for (const { references } of this.surfaces()) yield* references;
  }

  /** Path by which the members of an imported object are known; `null` for any other value. */
  pathOf(object: object): string | null {
    return this.#paths.get(object) ?? null;
  }

  /** Surfaces of the imported objects. */
  surfaces(): Surface[] {
    return [...this.#paths.keys()].flatMap((object) => this.surfaceOf(object) ?? []);
  }

  /** Surface of an imported object; `undefined` for any other value. */
  surfaceOf(object: object): Surface | undefined {
    const path = this.#paths.get(object);
    if (path === undefined) return undefined;
    let surface = this.#surfaces.get(object);
    if (surface === undefined) {
      const witness = witnessOf(object);
      const script = witness === null ? null : this.#outside.scriptOf(witness);
      this.#surfaces.set(object, surface = this.#outside.surface(object, path, script));
    }
    return surface;
  }
}

/** A function by which the script of an object is found: that of its class, or its first member. */
function witnessOf(object: object): object | null {
  for (let at: object | null = object; at; at = Object.getPrototypeOf(at) as object | null) {
    if (at === Object.prototype || at === Array.prototype || isProxy(at) || ArrayBuffer.isView(at)) return null;
    for (const key of Reflect.ownKeys(at)) {
      const value: unknown = Object.getOwnPropertyDescriptor(at, key)?.value;
      if (typeof value === "function") return value;
    }
  }
  return null;
}

function isOfMembers(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** True for the namespace of a module, whose members cannot be set. */
export function isNamespace(value: object): boolean {
  return typeTests().isModuleNamespaceObject(value);
}
