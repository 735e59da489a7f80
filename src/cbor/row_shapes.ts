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
  const order = new Uint8Array(items.length);
  const shapes: Shape[] = [];
  // Properties that programs add to every object would be taken for the rows' own.
  for (const _inherited in Object.prototype) return null;
  let at = 0;
  let shape: Shape | null = null;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (typeof item !== "object" || item === null || Object.getPrototypeOf(item) !== Object.prototype) return null;
    if (shape === null || !takeRow(item as Record<string, unknown>, shape)) {
      const names = Object.keys(item);
      // An object with a property `0` may be an arguments object; let the careful way decide.
      if (names.length === 0 || names.length > MAX_NAMES || names[0] === "0") return null;
      at = shapes.findIndex((known) => sameNames(known.names, names));
      if (at < 0) {
        if (shapes.length === MAX_SHAPES) return null;
        at = shapes.length;
        shapes.push({ names, columns: names.map(() => []) });
      }
      shape = shapes[at]!;
      if (!takeRow(item as Record<string, unknown>, shape)) return null;
    }
    order[index] = at;
  }
  return { shapes, order };
}

/** Adds a row to the columns of a shape; `false`, and nothing added, when its names differ. */
function takeRow(row: Record<string, unknown>, shape: Shape): boolean {
  const { names, columns } = shape;
  let count = 0;
  for (const name in row) {
    if (name !== names[count]) {
      while (--count >= 0) columns[count]!.pop();
      return false;
    }
    columns[count]!.push(row[name]);
    count++;
  }
  if (count === names.length) return true;
  while (--count >= 0) columns[count]!.pop();
  return false;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
