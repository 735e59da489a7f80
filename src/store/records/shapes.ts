/**
 * Shapes of stored values: how a value is written as JSON, and how it is checked when it is read. One definition serves
 * both ways, so that writer and reader cannot differ.
 *
 * Objects are written as rows, lists of their members in a fixed order, which is half as long as with the names.
 *
 * @module
 */
import { type Digest, isDigest } from "../../words/digests.ts";

/** Error for bytes or JSON that do not have the wanted shape. */
export class MalformedRow extends Error {
  override readonly name: string = "MalformedRow";

  /**
   * @param message Description of the mistake.
   * @param mismatch Place of the value that does not fit, and the wanted kind of value; absent for what has no place.
   */
  constructor(message: string, readonly mismatch?: { readonly place: string; readonly wanted: string }) {
    super(message);
  }
}

/** Refuses the value at `place`. @throws {MalformedRow} Always. */
export function refuse(place: string, wanted: string): never {
  throw new MalformedRow(`${place} is not ${wanted}`, { place, wanted });
}

/** Definition of one kind of stored value. */
export interface StoredShape<T> {
  /** Returns the value as JSON. */
  pack(value: T): unknown;
  /** Returns the value that was stored as JSON. @throws {MalformedRow} With `place`, for a value of another kind. */
  unpack(stored: unknown, place: string): T;
}

/**
 * Makes the shape of values that are written as they are.
 *
 * @param wanted Kind of value, for messages.
 * @param isRight True for a value of that kind.
 */
export function shapeOf<T>(wanted: string, isRight: (stored: unknown) => boolean): StoredShape<T> {
  return {
    pack: (value) => value,
    unpack: (stored, place) => isRight(stored) ? stored as T : refuse(place, wanted),
  };
}

/** Shape of a text. */
export const TEXT: StoredShape<string> = shapeOf("a text", (stored) => typeof stored === "string");
/** Shape of a boolean. */
export const TRUTH: StoredShape<boolean> = shapeOf("true or false", (stored) => typeof stored === "boolean");
/** Shape of a number that counts or measures. */
export const QUANTITY: StoredShape<number> = shapeOf("a number from 0 on", isQuantity);

/** True for a number that is finite and not negative. */
export function isQuantity(stored: unknown): stored is number {
  return typeof stored === "number" && stored >= 0 && stored !== Infinity;
}

/** Shape of a digest. Its kind is known from the context and is not checked. */
export function digestShape<Kind extends Digest>(): StoredShape<Kind> {
  return shapeOf("a digest", isDigest);
}

/** Shape of a value or `null`. */
export function orNull<T>(shape: StoredShape<T>): StoredShape<T | null> {
  return {
    pack: (value) => value === null ? null : shape.pack(value),
    unpack: (stored, place) => stored === null ? null : shape.unpack(stored, place),
  };
}

/** Shape of a member that may be absent; `null` is written in its place. */
export function orAbsent<T>(shape: StoredShape<T>): StoredShape<T | undefined> {
  return {
    pack: (value) => value === undefined ? null : shape.pack(value),
    unpack: (stored, place) => stored === null ? undefined : shape.unpack(stored, place),
  };
}

/** Shape of one of the last members of a row, which may all be absent; nothing is written in their place. */
export function lastOrAbsent<T>(shape: StoredShape<T>): StoredShape<T | undefined> {
  return {
    pack: (value) => value === undefined ? undefined : shape.pack(value),
    unpack: (stored, place) => stored === undefined || stored === null ? undefined : shape.unpack(stored, place),
  };
}

/** Shape of a text that is one of several. */
export function oneOf<const Options extends readonly string[]>(...options: Options): StoredShape<Options[number]> {
  return shapeOf(`one of ${options.join(", ")}`, (stored) => options.some((option) => option === stored));
}

/** Shape of a list of values of one kind. */
export function listShape<T>(shape: StoredShape<T>): StoredShape<readonly T[]> {
  return {
    pack: (values) => values.map((value) => shape.pack(value)),
    unpack: (stored, place) => requireList(stored, place).map((value) => shape.unpack(value, place)),
  };
}

/** Shape of an object whose names are data, such as paths; written as a list of pairs. */
export function pairsOf<T>(shape: StoredShape<T>): StoredShape<Readonly<Record<string, T>>> {
  const pair = rowOf<{ name: string; value: T }>("pair", { name: TEXT, value: shape });
  return {
    pack: (values) => Object.entries(values).map(([name, value]) => pair.pack({ name, value })),
    // Defines own properties, so that a path named __proto__ is a path like any other.
    unpack: (stored, place) =>
      Object.fromEntries(
        requireList(stored, place).map((one) => pair.unpack(one, place)).map(({ name, value }) => [name, value]),
      ),
  };
}

/** Shapes of the members of an object, by name. */
export type Members<T> = { readonly [Name in keyof T]-?: StoredShape<T[Name]> };

/** Shape of an object that is written as a list of its members. */
export class StoredRow<T extends object, Fixed extends Partial<T>> implements StoredShape<T> {
  readonly #names: readonly (keyof T & string)[];
  readonly #shapes: readonly StoredShape<unknown>[];
  readonly #places: readonly string[];

  /** Makes the shape; {@linkcode rowOf} describes the parameters. */
  constructor(readonly label: string, members: Members<Omit<T, keyof Fixed>>, readonly fixed: Fixed) {
    this.#names = Object.keys(members) as (keyof T & string)[];
    this.#shapes = Object.values(members);
    this.#places = this.#names.map((name) => `${label}.${name}`);
  }

  /** Appends the members to `cells`, and returns `cells`. */
  pack(value: T, cells: unknown[] = []): unknown[] {
    const first = cells.length;
    for (const [index, name] of this.#names.entries()) {
      const cell = this.#shapes[index]!.pack(value[name]);
      if (cell === undefined) continue;
      while (cells.length < first + index) cells.push(null); // members before it that are absent
      cells.push(cell);
    }
    return cells;
  }

  /** Returns the object in a list. @param from Index of its first member. */
  unpack(stored: unknown, _place?: string, from = 0): T {
    const cells = requireList(stored, this.label);
    const value: Record<string, unknown> = { ...this.fixed };
    for (const [index, name] of this.#names.entries()) {
      const member = this.#shapes[index]!.unpack(cells[from + index], this.#places[index]!);
      if (member !== undefined) value[name] = member;
    }
    return value as T;
  }
}

/**
 * Makes the shape of an object that is written as a list of its members.
 *
 * @param label Name of the object in messages.
 * @param members Shapes of the members, in the order of the list; another order is another format.
 * @param fixed Members that are equal in all objects of this shape; they are not written.
 */
export function rowOf<T extends object, Fixed extends Partial<T> = Record<never, never>>(
  label: string,
  members: Members<Omit<T, keyof Fixed>>,
  fixed: Fixed = {} as Fixed,
): StoredRow<T, Fixed> {
  return new StoredRow<T, Fixed>(label, members, fixed);
}

/**
 * Makes the shape of objects of several kinds, which differ in their member `kind`. Each object is written as a row
 * that begins with a tag.
 *
 * @param label Name of the objects in messages.
 * @param rows Tag and row of each kind. A kind without a row is an error of types.
 */
export function unionOf<T extends { readonly kind: string }>(
  label: string,
  // deno-lint-ignore no-explicit-any
  rows: { readonly [Kind in T["kind"]]: readonly [tag: string, StoredRow<Extract<T, { kind: Kind }>, any>] },
): StoredShape<T> {
  // deno-lint-ignore no-explicit-any
  const byKind = new Map<string, readonly [tag: string, StoredRow<any, any>]>(Object.entries(rows));
  const byTag = new Map(byKind.values());
  return {
    pack(value) {
      const [tag, row] = byKind.get(value.kind)!;
      return row.pack(value, [tag]);
    },
    unpack(stored) {
      const cells = requireList(stored, label);
      const row = byTag.get(cells[0] as string) ??
        refuse(`${label} kind ${JSON.stringify(cells[0])?.slice(0, 20)}`, `one of ${[...byTag.keys()].join(", ")}`);
      return row.unpack(cells, label, 1) as T;
    },
  };
}

/**
 * Returns the members of an object whose members are stored by name.
 *
 * @param members Shapes of the members; every other member is dropped.
 * @param stored The object as JSON.
 * @param place Place of the object, for messages.
 * @throws {MalformedRow} With the place of the member that does not fit.
 */
export function unpackMembers<T extends object>(members: Members<T>, stored: unknown, place: string): T {
  const object = isObject(stored) ? stored : refuse(place, "an object");
  const value: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries<StoredShape<unknown>>(members)) {
    value[name] = shape.unpack(object[name], `${place}.${name}`);
  }
  return value as T;
}

/** Returns `stored` if it is a list. @throws {MalformedRow} If it is not. */
export function requireList(stored: unknown, place: string): unknown[] {
  return Array.isArray(stored) ? stored : refuse(place, "a list");
}

/** True for an object with named members. */
export function isObject(stored: unknown): stored is Record<string, unknown> {
  return typeof stored === "object" && stored !== null && !Array.isArray(stored);
}
