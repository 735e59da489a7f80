/**
 * Finds out whether the items of an array are rows: plain objects with few different lists of property names.
 *
 * @module
 */

/** Different lists of names in a block. */
const MAX_SHAPES = 8;
/** Names in one list. */
const MAX_NAMES = 256;

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

/** The rows by shape; `null` when an item is no plain object with properties, or when there are too many shapes. */
export function collectRows(items: readonly unknown[]): Rows | null {
  // Properties that programs add to every object would be taken for the rows' own.
  for (const _inherited in Object.prototype) return null;
  const order = new Uint8Array(items.length);
  const shapes: Shape[] = [];
  let at = 0;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (typeof item !== "object" || item === null || Object.getPrototypeOf(item) !== Object.prototype) return null;
    at = takeRow(item as Record<string, unknown>, shapes, at);
    if (at < 0) return null;
    order[index] = at;
  }
  return { shapes, order };
}

/** The row at hand; kept from row to row to save making them. */
const values: unknown[] = [];
const names: string[] = [];

/**
 * Adds a row to the columns of its shape, which is most likely that of the row before. Reads each property once.
 *
 * @returns The shape's place; -1 when the row has no properties, too many, or a shape too much.
 */
function takeRow(row: Record<string, unknown>, shapes: Shape[], likely: number): number {
  let at = likely;
  let shape = shapes[at];
  const expected = shape === undefined ? names : shape.names;
  let isLikely = shape !== undefined;
  let count = 0;
  for (const name in row) {
    if (isLikely && name !== expected[count]) {
      isLikely = false;
      for (let place = 0; place < count; place++) names[place] = expected[place]!;
    }
    if (!isLikely) names[count] = name;
    values[count++] = row[name];
    if (count > MAX_NAMES) return -1;
  }
  if (!isLikely || count !== expected.length) {
    if (isLikely) { for (let place = 0; place < count; place++) names[place] = expected[place]!; }
    at = findShape(shapes, count);
    if (at < 0) return -1;
    shape = shapes[at];
  }
  const { columns } = shape!;
  for (let place = 0; place < count; place++) columns[place]!.push(values[place]);
  return at;
}

/** The place of the shape with the first `count` names; a new one when there is none; -1 when there may not be one. */
function findShape(shapes: Shape[], count: number): number {
  const known = shapes.findIndex((shape) =>
    shape.names.length === count && shape.names.every((name, place) => name === names[place])
  );
  // An object with a property `0` may be an arguments object; let the careful way decide.
  if (known >= 0 || count === 0 || names[0] === "0" || shapes.length === MAX_SHAPES) return known;
  const own = names.slice(0, count);
  return shapes.push({ names: own, columns: own.map(() => []) }) - 1;
}
