/**
 * Finds out whether the items of an array are rows: plain objects with few different lists of property names.
 *
 * @module
 */
import { isAssigned, isOpen, isProxy } from "./losses.ts";

/** Different lists of names in a block. */
const MAX_SHAPES = 8;
/** Names in one list. */
const MAX_NAMES = 256;
/** Cells that a shape has room for at first, at most: a guess that is too large costs more than moving them. */
const FIRST_CELLS = 1 << 18;
/** Rows that a shape has room for at first which is not the first one of its block. */
const FIRST_ROWS = 256;

/** Rows with the same property names in the same order. */
export interface Shape {
  readonly names: readonly string[];
  /** For each name, the values of all rows of this shape. */
  readonly columns: readonly unknown[][];
}

/** Rows sorted by shape. */
export interface Rows {
  readonly shapes: readonly Shape[];
  /** The shape of each row. */
  readonly order: Uint8Array;
}

/** A shape that is being collected: all of its columns in one array, each with the same room. */
interface Cells {
  readonly names: readonly string[];
  values: unknown[];
  room: number;
  rows: number;
}

/**
 * The rows by shape; `null` when an item is no plain object with properties, when a copy of it would lack something, or
 * when there are too many shapes.
 */
export function collectRows(items: readonly unknown[]): Rows | null {
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

/** Adds a row with the names of the shape. @returns `false` when a member is not as an assignment makes it. */
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

/** The place of the shape with these names; a new one when there is none; -1 when there may not be one. */
function findShape(shapes: Cells[], names: readonly string[], most: number): number {
  for (let at = 0; at < shapes.length; at++) {
    if (isNamed(shapes[at]!, names)) return at;
  }
  const count = names.length;
  // An object with a property `0` may be an arguments object; let the careful way decide.
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

/** Room for values of every kind, so that the engine need not change what kind of array it is with each of them. */
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
