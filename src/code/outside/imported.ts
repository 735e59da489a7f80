/**
 * Values that the user's code imports from packages.
 *
 * @module
 */
import { isProxy } from "../../words/type_tests.ts";
import { findMember } from "../walk/members.ts";
import type { Root } from "../walk/reached.ts";
import type { Use } from "../syntax/uses.ts";
import type { KnownScript } from "./known_scripts.ts";
import type { Surface } from "./surface.ts";

type PackageRoot = Extract<Root, { kind: "package" }>;

/** Finder of surfaces, and of the scripts of functions. */
interface SurfaceFinder {
  surface(value: object, path: string, script: KnownScript | null): Surface;
  scriptOf(fn: object): KnownScript | null;
}

/** Imported values that one walk has met, with the surfaces of the objects among them. */
export class ImportedValues {
  readonly #outside: SurfaceFinder;
  readonly #surfaces = new Map<object, Surface>();
  readonly #paths = new Map<object, string>();

  constructor(outside: SurfaceFinder) {
    this.#outside = outside;
  }

  /** Takes note of an import. @returns Functions to walk: those that the code uses, and one of each object. */
  *reach(root: PackageRoot): Iterable<unknown> {
    for (const value of [root.value, ...root.slot.uses.flatMap((use) => usedOf(root, use))]) {
      if (typeof value === "function") yield value;
      else if (isOfMembers(value) && !isNamespace(value)) {
        this.#paths.set(value, this.#paths.get(value) ?? `${root.identity.name}/${root.imported}`);
        const witness = witnessOf(value);
        if (witness) yield witness;
      }
    }
  }

  /** Values in the surfaces of the imported objects. */
  *values(): Iterable<unknown> {
    for (const { values } of this.surfaces()) yield* values.values();
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

/** Values that a use of an import reaches: the member, and the object that has it. */
export function usedOf({ value }: PackageRoot, { how, path }: Use): unknown[] {
  if (how === "write" || path.length === 0) return [];
  const found = findMember(value, path);
  return [found.value, ...found.owner === null ? [] : [found.owner]];
}

/** A function by which the script of an object is found: that of its class, or its first member. */
function witnessOf(object: object): object | null {
  if (isProxy(object)) return null;
  for (let at: object | null = object; at; at = Object.getPrototypeOf(at) as object | null) {
    if (at === Object.prototype || at === Array.prototype) return null;
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
  return !isProxy(value) && Object.prototype.toString.call(value) === "[object Module]";
}
