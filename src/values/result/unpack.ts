/**
 * Reads arrays that {@link ./pack.ts} wrote packed.
 *
 * @module
 */
import { bytesOf, type TypedArray, typedArrayOfTag } from "../cbor/tags.ts";
import { type ObjectSource, readElements } from "./object_reader.ts";
import { define, isInherited } from "../kinds.ts";

/** Reads a typed array of numbers: a byte string with or without a tag of RFC 8746. */
function readTyped(reader: ObjectSource): Exclude<TypedArray, BigInt64Array | BigUint64Array> {
  const number = reader.isTagged() ? reader.head(0xc0) : 64;
  const kind = typedArrayOfTag(number) ?? reader.fail("packed numbers that are no typed array");
  const array = readElements(reader, reader.byteString(), kind);
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) reader.fail("packed numbers that are bigints");
  return array;
}

/** Reads a packed array of numbers. */
export function readNumbers(reader: ObjectSource): number[] {
  const typed = readTyped(reader);
  const numbers: number[] = new Array(typed.length);
  for (let index = 0; index < typed.length; index++) numbers[index] = typed[index]!;
  return numbers;
}

/** Reads a packed array of strings: one text and the lengths of its parts. */
export function readStrings(reader: ObjectSource): string[] {
  const text = reader.primitive();
  if (typeof text !== "string") return reader.fail("packed strings without a text");
  const lengths = readTyped(reader);
  const strings: string[] = new Array(lengths.length);
  let at = 0;
  for (let index = 0; index < lengths.length; index++) {
    const length = lengths[index]!;
    if (!(length >= 0)) reader.fail("a packed string of negative length");
    strings[index] = text.substring(at, at += length);
  }
  if (at !== text.length) reader.fail("packed strings whose lengths do not fit their text");
  return strings;
}

/** Reads the indices of a packed array of few distinct values, and returns the values that they choose. */
export function readChoices(reader: ObjectSource, choices: readonly unknown[]): unknown[] {
  const indices = bytesOf(readTyped(reader));
  const values: unknown[] = new Array(indices.length);
  for (let index = 0; index < indices.length; index++) {
    const choice = indices[index]!;
    if (choice >= choices.length) reader.fail("a packed choice that is not among the choices");
    values[index] = choices[choice];
  }
  return values;
}

/** Reads the lengths of packed arrays. */
export function readLengths(reader: ObjectSource): ArrayLike<number> {
  return readTyped(reader);
}

/** Splits the items of packed arrays into arrays of these lengths. */
export function splitLists(reader: ObjectSource, items: readonly unknown[], lengths: ArrayLike<number>): unknown[][] {
  const lists: unknown[][] = new Array(lengths.length);
  let at = 0;
  for (let index = 0; index < lengths.length; index++) {
    const length = lengths[index]!;
    if (!(length >= 0 && Number.isInteger(length) && length <= items.length - at)) {
      reader.fail("packed arrays whose lengths do not fit their items");
    }
    lists[index] = items.slice(at, at += length);
  }
  if (at !== items.length) reader.fail("packed arrays whose lengths do not fit their items");
  return lists;
}

/** The rows of one shape by column: `columns[i]` holds the values of `names[i]` of all rows. */
export interface RowColumns {
  readonly names: readonly string[];
  readonly columns: readonly unknown[][];
}

/**
 * Builds the rows of all shapes.
 *
 * @param order The shape of each row by its index; `null`: there is one shape.
 * @returns The rows in their order; `null` when the order does not fit the columns.
 */
export function buildRows(shapes: readonly RowColumns[], order: Uint8Array | null): object[] | null {
  const built = shapes.map(buildShape);
  if (order === null) return built.length === 1 ? built[0]! : null;
  const next = new Uint32Array(built.length);
  const rows: object[] = [];
  for (const shape of order) {
    const row = built[shape]?.[next[shape]!++];
    if (row === undefined) return null;
    rows.push(row);
  }
  return built.every((all, shape) => all.length === next[shape]) ? rows : null;
}

/** Number of columns that are added to each row in one pass. */
const WIDTH = 8;

/**
 * Builds the rows of one shape.
 *
 * Each of the eight assignments in `addColumns` meets one name in all rows, which the engine makes fast. A single
 * assignment in a loop over names meets all names and is slow, and so is an object literal with computed names.
 */
function buildShape({ names, columns }: RowColumns): object[] {
  const count = columns[0]?.length ?? 0;
  const rows: Record<string, unknown>[] = new Array(count);
  for (let index = 0; index < count; index++) rows[index] = {};
  if (names.some(isInherited)) {
    for (let place = 0; place < names.length; place++) {
      for (let index = 0; index < count; index++) define(rows[index]!, names[place]!, columns[place]![index]);
    }
  } else for (let from = 0; from < names.length; from += WIDTH) addColumns(rows, names, columns, from);
  return rows;
}

function addColumns(
  rows: readonly Record<string, unknown>[],
  names: readonly string[],
  columns: readonly (readonly unknown[])[],
  from: number,
): void {
  const width = names.length - from;
  const [n0, n1, n2, n3, n4, n5, n6, n7] = names.slice(from, from + WIDTH) as Eight<string>;
  const [c0, c1, c2, c3, c4, c5, c6, c7] = columns.slice(from, from + WIDTH) as Eight<readonly unknown[]>;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    row[n0] = c0[index];
    if (width < 2) continue;
    row[n1] = c1[index];
    if (width < 3) continue;
    row[n2] = c2[index];
    if (width < 4) continue;
    row[n3] = c3[index];
    if (width < 5) continue;
    row[n4] = c4[index];
    if (width < 6) continue;
    row[n5] = c5[index];
    if (width < 7) continue;
    row[n6] = c6[index];
    if (width < 8) continue;
    row[n7] = c7[index];
  }
}

/** Names or columns of one pass. There may be fewer than eight; those that are missing are never read. */
type Eight<T> = [T, T, T, T, T, T, T, T];

/** An array of `length` holes that takes no memory for them; `undefined` when that is no valid length. */
export function emptyArray(length: unknown): unknown[] | undefined {
  if (typeof length !== "number" || length > 0xffffffff || length < 0 || !Number.isInteger(length)) return undefined;
  const array: unknown[] = [];
  if (length > 1024) {
    // Setting the length reserves memory; an element far away makes the engine store the array as a dictionary.
    array[length - 1] = undefined;
    delete array[length - 1];
  } else array.length = length;
  return array;
}

/** Role of an open container: the way in which it takes the values that are read for it. */
export const Role = {
  array: 0,
  /** An array that was made at its full length. */
  shortArray: 1,
  object: 2,
  map: 3,
  set: 4,
  /** An array with holes or further properties: names and values in turn. */
  sparse: 5,
  /** An error whose cause comes next. */
  cause: 6,
  /** An object that a builder makes of the values. */
  built: 7,
  /** An array that was written as several arrays, one after the other. */
  concat: 8,
  /** Packed rows; takes shapes. */
  rows: 9,
  /** One shape of packed rows; takes columns. */
  shape: 10,
  /** A packed array of few distinct values; takes these values. */
  choices: 11,
  /** Packed arrays; takes one array of all their items. */
  lists: 12,
} as const;

/** Arrays up to this length are made at their full length, which takes no more memory than adding the first item. */
export const SHORT_ARRAY = 16;

/** A container whose values are being read. */
export interface OpenContainer {
  role: number;
  target: unknown;
  /** Number of items that are still to come; `INDEFINITE`: they come until a break. */
  remaining: number;
  /** Key whose value comes next; in packed data, the lengths or the order of the rows. */
  key: unknown;
  hasKey: boolean;
  /** Index among the shared objects under which the finished container is recorded; -1: it is not shared. */
  slot: number;
}
