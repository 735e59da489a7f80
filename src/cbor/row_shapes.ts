/**
 * Finds out whether the items of an array are rows: plain objects with few different lists of property names.
 *
 * @module
 */

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

/** The rows by shape; `null` when an item is no plain object with properties, or when there are too many shapes. */
export function collectRows(items: readonly unknown[]): Rows | null {
  // Properties that programs add to every object would be taken for the rows' own.
  for (const _inherited in Object.prototype) return null;
  const order = new Uint8Array(items.length);
  const shapes: Cells[] = [];
  let at = 0;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (typeof item !== "object" || item === null || Object.getPrototypeOf(item) !== Object.prototype) return null;
    const likely = shapes[at];
    const count = likely === undefined
      ? takeNames(item as Record<string, unknown>)
      : takeRow(item as Record<string, unknown>, likely);
    if (count !== TAKEN) {
      at = addStray(shapes, count, items.length);
      if (at < 0) return null;
    }
    order[index] = at;
  }
  return { shapes: shapes.map(columnsOf), order };
}

/** Says that a row had the expected shape. */
const TAKEN = -1;

/** A row of another shape than the one before it; kept from row to row to save making them. */
const names: string[] = [];
const values: unknown[] = [];

/**
 * Adds a row to the shape that it most likely has. Reads each property once.
 *
 * @returns {@linkcode TAKEN}, or the number of properties that are in `names` and `values`.
 */
function takeRow(row: Record<string, unknown>, likely: Cells): number {
  if (likely.rows === likely.room) makeRoom(likely);
  const { names: expected, values: cells, room } = likely;
  let place = likely.rows;
  let count = 0;
  let isLikely = true;
  for (const name in row) {
    if (isLikely) {
      if (name === expected[count]) {
        cells[place] = row[name];
        place += room;
        count++;
        continue;
      }
      isLikely = false;
      recall(likely, count);
    }
    names[count] = name;
    values[count++] = row[name];
    if (count > MAX_NAMES) return count;
  }
  if (!isLikely) return count;
  if (count === expected.length) {
    likely.rows++;
    return TAKEN;
  }
  recall(likely, count);
  return count;
}

/** Moves a row's first properties to where those of a row of another shape belong. */
function recall({ names: expected, values: cells, room, rows }: Cells, count: number): void {
  for (let place = 0; place < count; place++) {
    names[place] = expected[place]!;
    values[place] = cells[place * room + rows];
  }
}

/** Reads a row of which nothing is known. */
function takeNames(row: Record<string, unknown>): number {
  let count = 0;
  for (const name in row) {
    names[count] = name;
    values[count++] = row[name];
    if (count > MAX_NAMES) return count;
  }
  return count;
}

/**
 * Adds the row that is in `names` and `values` to its shape.
 *
 * @returns The shape's place; -1 when the row has no properties, too many, or a shape too much.
 */
function addStray(shapes: Cells[], count: number, most: number): number {
  if (count > MAX_NAMES) return -1;
  const at = findShape(shapes, count, most);
  const shape = shapes[at];
  if (shape === undefined) return -1;
  // There is room: the row after the last one of this shape looked here first.
  for (let place = 0; place < count; place++) shape.values[place * shape.room + shape.rows] = values[place];
  shape.rows++;
  return at;
}

/** The place of the shape with the first `count` names; a new one when there is none; -1 when there may not be one. */
function findShape(shapes: Cells[], count: number, most: number): number {
  for (let at = 0; at < shapes.length; at++) {
    if (isNamed(shapes[at]!, count)) return at;
  }
  // An object with a property `0` may be an arguments object; let the careful way decide.
  if (count === 0 || names[0] === "0" || shapes.length === MAX_SHAPES) return -1;
  const room = Math.min(most, shapes.length === 0 ? Math.ceil(FIRST_CELLS / count) : FIRST_ROWS);
  return shapes.push({ names: names.slice(0, count), values: cellsFor(count * room), room, rows: 0 }) - 1;
}

function isNamed({ names: expected }: Cells, count: number): boolean {
  if (expected.length !== count) return false;
  for (let place = 0; place < count; place++) {
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
