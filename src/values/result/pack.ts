/**
 * Packs long arrays of one kind of value: numbers, strings, few distinct primitives, arrays, and rows (plain objects of
 * few shapes), whose values are written by columns.
 *
 * Encoding value by value is slower than JSON, which is written in C++. Encoding column by column is faster than JSON,
 * since strings are converted all at once and numbers are copied as they are.
 *
 * @module
 */
import { Major } from "../cbor/byte_writer.ts";
import { type ResultTarget, writeBytes } from "./result_objects.ts";
import { StrategyFailed } from "./layout.ts";
import { bytesOf, TAG_BY_NAME, type TypedArray, viewName } from "../cbor/tags.ts";
import { areElementsAssigned, isAssigned, isOpen } from "./losses.ts";
import { isLiteral } from "./forms.ts";
import { isProxy } from "../../words/type_tests.ts";

/** Number of items in a block, chosen so that its columns fit into the processor's cache and no string becomes huge. */
const BLOCK_ROWS = 4096;
/** Largest number of UTF-16 units in one block of strings. */
const MAX_TEXT = 1 << 24;
/** Largest number of distinct values in a column of choices, so that an index is one byte. */
const MAX_CHOICES = 256;
/** Number of rows of a shape from which on its columns are packed. */
const PACK_COLUMN_FROM = 8;
/** Depth of packed arrays inside packed arrays from which on arrays and rows are written value by value. */
const MAX_PACKED_DEPTH = 8;

/** The part of the walk ({@linkcode ResultWriter}) that the functions of this file call. */
interface PackTarget extends ResultTarget {
  readonly seen: ResultTarget["seen"] & { packedArrays(): Set<object>; packedObjects(): Set<object> };
  /** Writes an array, one value after the other. */
  list(items: readonly unknown[]): void;
  /** Begins the column of the values of `names[index]` of all rows, which `leaveColumn` ends. */
  enterColumn(names: readonly string[], index: number): void;
  leaveColumn(): void;
}

/**
 * Writes `items` packed.
 *
 * @returns `false` when packing does not pay or the items do not allow it; then nothing is written.
 */
export function writePacked(result: PackTarget, items: readonly unknown[], packedDepth = 0): boolean {
  const first = items[0];
  if (typeof first === "number") return writeNumbers(result, items);
  return items.length > BLOCK_ROWS ? writeBlocks(result, items, packedDepth) : writeBlock(result, items, packedDepth);
}

function writeBlock(result: PackTarget, items: readonly unknown[], packedDepth: number): boolean {
  switch (typeof items[0]) {
    case "number":
      return writeNumbers(result, items);
    case "string":
      return writeChoices(result, items) || writeStrings(result, items);
    case "boolean":
    case "undefined":
      return writeChoices(result, items);
    case "object":
      if (items[0] === null) return writeChoices(result, items);
      return Array.isArray(items[0]) ? writeLists(result, items, packedDepth) : writeRows(result, items, packedDepth);
    default:
      return false;
  }
}

/** Writes a long array in blocks. When the first one cannot be packed, none is, and `false` is returned. */
function writeBlocks(result: PackTarget, items: readonly unknown[], packedDepth: number): boolean {
  const { writer } = result;
  const start = writer.length;
  writer.object("Concat", 1 + Math.ceil(items.length / BLOCK_ROWS));
  for (let from = 0; from < items.length; from += BLOCK_ROWS) {
    const block = items.slice(from, from + BLOCK_ROWS);
    if (writeBlock(result, block, packedDepth)) continue;
    if (from === 0) {
      writer.length = start;
      return false;
    }
    result.list(block);
  }
  return true;
}

function writeNumbers(result: PackTarget, items: readonly unknown[]): boolean {
  const numbers = new Float64Array(items.length);
  let low = 0;
  let high = 0;
  let isInteger = true;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (typeof item !== "number") return false;
    numbers[index] = item;
    if (isInteger && (item | 0) === item && (item !== 0 || 1 / item > 0)) {
      if (item < low) low = item;
      if (item > high) high = item;
    } else isInteger = false;
  }
  result.writer.object("Numbers", 2);
  writeTyped(result, isInteger ? narrowed(numbers, low, high) : numbers);
  return true;
}

/** Copies integers into the narrowest typed array that holds `low` to `high`. */
function narrowed(numbers: ArrayLike<number>, low: number, high: number): TypedArray {
  if (low >= 0) {
    if (high < 0x100) return new Uint8Array(numbers);
    if (high < 0x10000) return new Uint16Array(numbers);
  } else if (low >= -0x80 && high < 0x80) return new Int8Array(numbers);
  else if (low >= -0x8000 && high < 0x8000) return new Int16Array(numbers);
  return new Int32Array(numbers);
}

function writeTyped(result: PackTarget, array: TypedArray): void {
  writeBytes(result, bytesOf(array), TAG_BY_NAME[viewName(array)] ?? null);
}

function writeStrings(result: PackTarget, items: readonly unknown[]): boolean {
  const lengths = new Float64Array(items.length);
  let longest = 0;
  let units = 0;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (typeof item !== "string") return false;
    const length = item.length;
    lengths[index] = length;
    units += length;
    if (length > longest) longest = length;
  }
  if (units > MAX_TEXT) return false;
  const text = items.join("");
  // A CBOR text cannot hold a lone surrogate. A pair whose halves are in two strings is split again on reading.
  if (!text.isWellFormed()) return false;
  result.writer.object("Strings", 3);
  result.writer.text(text);
  writeTyped(result, narrowed(lengths, 0, longest));
  return true;
}

function writeChoices(result: PackTarget, items: readonly unknown[]): boolean {
  const indices = new Uint8Array(items.length);
  const choices = new Map<unknown, number>();
  // With more than `most` choices, or with one for every second item, a column of choices does not pay.
  const most = Math.min(MAX_CHOICES, items.length >> 2);
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    let choice = choices.get(item);
    if (choice === undefined) {
      if (choices.size === most || (choices.size > 32 && choices.size > index >> 1)) return false;
      if (!isChoice(item)) return false;
      choices.set(item, choice = choices.size);
    }
    indices[index] = choice;
  }
  result.writer.object("Choices", 3);
  result.writer.head(Major.array, choices.size);
  for (const choice of choices.keys()) result.primitive(choice);
  writeTyped(result, indices);
  return true;
}

/** True for a value that may be one of the choices: a short string, a boolean, `undefined` or `null`. */
function isChoice(item: unknown): boolean {
  return typeof item === "string"
    ? item.length < 1024
    : typeof item === "boolean" || item === undefined || item === null;
}

function writeLists(result: PackTarget, arrays: readonly unknown[], packedDepth: number): boolean {
  if (packedDepth >= MAX_PACKED_DEPTH) return false;
  const lists = collectLists(arrays, result.seen.packedArrays());
  if (lists === null) return false;
  result.writer.object("Lists", 3);
  writeTyped(result, narrowed(lists.lengths, 0, lists.longest));
  if (!writePacked(result, lists.items, packedDepth + 1)) result.list(lists.items);
  return true;
}

function writeRows(result: PackTarget, items: readonly unknown[], packedDepth: number): boolean {
  if (packedDepth >= MAX_PACKED_DEPTH) return false;
  const rows = collectRows(items);
  if (rows === null) return false;
  const { seen, writer } = result;
  // Packed rows cannot be referred to, so none may have been met before. Arrays that hold an object twice mostly do so
  // at their beginning, which is checked first. An object that is found twice later costs another walk.
  if (items[0] === items[1] || seen.get(items[0] as object) !== undefined) return false;
  if (!addAll(seen.packedObjects(), items as readonly object[])) throw new StrategyFailed("packs");
  const { shapes, order } = rows;
  writer.object("Rows", 2 + shapes.length);
  if (shapes.length === 1) writer.byte(0xf6);
  else writeTyped(result, order);
  for (const shape of shapes) writeShape(result, shape, packedDepth);
  return true;
}

/** Adds objects to those seen. @returns True when none was among them, and none of `subjects` occurs twice. */
function addAll(seen: Set<object>, subjects: readonly object[]): boolean {
  const { size } = seen;
  for (let index = 0; index < subjects.length; index++) seen.add(subjects[index]!);
  return seen.size === size + subjects.length;
}

function writeShape(result: PackTarget, shape: Shape, packedDepth: number): void {
  const { writer } = result;
  writer.head(Major.array, 1 + shape.columns.length);
  writer.head(Major.array, shape.names.length);
  for (const name of shape.names) writer.text(name);
  for (const [index, column] of shape.columns.entries()) {
    result.enterColumn(shape.names, index);
    if (column.length < PACK_COLUMN_FROM || !writePacked(result, column, packedDepth + 1)) result.list(column);
    result.leaveColumn();
  }
}

/** Largest number of items in all arrays of a block together; with more, the arrays are not packed. */
const MAX_ITEMS = 1 << 20;

/** Several arrays, joined into one. */
interface Lists {
  readonly lengths: Uint32Array;
  readonly longest: number;
  readonly items: readonly unknown[];
}

/**
 * Joins arrays into one.
 *
 * @param arrays Values that may be arrays.
 * @param seen All arrays that were met before, to which these are added.
 * @returns `null` when a value is no bare array, has holes, or was met before; then `seen` is as it was.
 */
function collectLists(arrays: readonly unknown[], seen: Set<object>): Lists | null {
  const lengths = new Uint32Array(arrays.length);
  const items: unknown[] = [];
  let longest = 0;
  for (let index = 0; index < arrays.length; index++) {
    const array = arrays[index];
    const length = Array.isArray(array) ? takeList(array, items, seen) : -1;
    if (length < 0) {
      for (let taken = 0; taken < index; taken++) seen.delete(arrays[taken] as object);
      return null;
    }
    lengths[index] = length;
    if (length > longest) longest = length;
  }
  return { lengths, longest, items };
}

/** Adds the items of an array to `items`. @returns Its length; -1 when it cannot be packed. */
function takeList(array: readonly unknown[], items: unknown[], seen: Set<object>): number {
  if (isProxy(array)) return -1;
  const { length } = array;
  if (Object.getPrototypeOf(array) !== Array.prototype || items.length + length > MAX_ITEMS) return -1;
  if (!isLiteral(array) || !areElementsAssigned(array)) return -1;
  for (let at = 0; at < length; at++) items.push(array[at]);
  const { size } = seen;
  return seen.add(array).size > size ? length : -1;
}

/** Largest number of shapes in a block. */
const MAX_SHAPES = 8;
/** Largest number of names of a shape. */
const MAX_NAMES = 256;
/** Largest number of cells that a shape has room for at first: too much room costs more than moving cells later. */
const FIRST_CELLS = 1 << 18;
/** Number of rows that a shape has room for at first, unless it is the first shape of its block. */
const FIRST_ROWS = 256;

/** Rows with the same property names in the same order. */
interface Shape {
  readonly names: readonly string[];
  /** For each name, the values of all rows of this shape. */
  readonly columns: readonly unknown[][];
}

/** The rows of a block by shape. */
interface Rows {
  readonly shapes: readonly Shape[];
  /** Index of the shape of each row, in the order of the rows. */
  readonly order: Uint8Array;
}

/** A shape while its rows are collected. */
interface Cells {
  readonly names: readonly string[];
  /** All columns, one after the other, each with `room` cells. */
  values: unknown[];
  room: number;
  rows: number;
}

/**
 * Sorts rows by shape.
 *
 * @returns `null` when an item is no plain object with properties, when a copy of it would lack something, or when
 * there are too many shapes.
 */
function collectRows(items: readonly unknown[]): Rows | null {
  const order = new Uint8Array(items.length);
  const shapes: Cells[] = [];
  let at = 0;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (typeof item !== "object" || item === null || isProxy(item)) return null;
    if (Object.getPrototypeOf(item) !== Object.prototype || !isOpen(item)) return null;
    const names = Object.getOwnPropertyNames(item);
    if (at >= shapes.length || !isNamed(shapes[at]!, names)) {
      at = findShape(shapes, names, items.length);
      if (at < 0) return null;
    }
    if (!takeRow(item, shapes[at]!)) return null;
    order[index] = at;
  }
  return { shapes: shapes.map(columnsOf), order };
}

/** Adds a row to the shape that has its names. @returns `false` when a member is not one that an assignment makes. */
function takeRow(row: object, shape: Cells): boolean {
  if (shape.rows === shape.room) makeRoom(shape);
  const { names, values: cells, room } = shape;
  let place = shape.rows++;
  for (let at = 0; at < names.length; at++) {
    const descriptor = Object.getOwnPropertyDescriptor(row, names[at]!)!;
    if (!isAssigned(descriptor)) return false;
    cells[place] = descriptor.value;
    place += room;
  }
  return true;
}

/** The index of the shape with these names, which is added when it is missing; -1 when it must not be added. */
function findShape(shapes: Cells[], names: readonly string[], most: number): number {
  for (let at = 0; at < shapes.length; at++) {
    if (isNamed(shapes[at]!, names)) return at;
  }
  const count = names.length;
  // An object with a property `0` may be an arguments object, which the walk value by value recognizes.
  if (count === 0 || count > MAX_NAMES || names[0] === "0" || shapes.length === MAX_SHAPES) return -1;
  const room = Math.min(most, shapes.length === 0 ? Math.ceil(FIRST_CELLS / count) : FIRST_ROWS);
  return shapes.push({ names, values: cellsFor(count * room), room, rows: 0 }) - 1;
}

function isNamed({ names: expected }: Cells, names: readonly string[]): boolean {
  if (expected.length !== names.length) return false;
  for (let place = 0; place < names.length; place++) {
    if (expected[place] !== names[place]) return false;
  }
  return true;
}

/** An array with room for values of every kind, so that the engine need not change its representation later. */
function cellsFor(length: number): unknown[] {
  return new Array(length).fill(undefined);
}

function makeRoom(shape: Cells): void {
  const { names: { length }, values: before, room, rows } = shape;
  shape.room = 2 * room;
  shape.values = cellsFor(length * shape.room);
  for (let column = 0; column < length; column++) {
    for (let row = 0; row < rows; row++) shape.values[column * shape.room + row] = before[column * room + row];
  }
}

function columnsOf({ names, values, room, rows }: Cells): Shape {
  return { names, columns: names.map((_, column) => values.slice(column * room, column * room + rows)) };
}
