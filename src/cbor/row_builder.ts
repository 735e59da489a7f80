/**
 * Turns columns back into rows.
 *
 * @module
 */

/** The columns of rows with the same property names; all of one length. */
export interface RowColumns {
  readonly names: readonly string[];
  readonly columns: readonly unknown[][];
}

/** Rows of all shapes in their order; `null` when the order does not fit the columns. */
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

/** Makes the row at `i` from names `n` and columns `c`. */
type RowLiteral = (n: readonly string[], c: readonly unknown[][], i: number) => Record<string, unknown>;

/**
 * For each number of properties, a literal with computed names.
 *
 * That is the fastest way to make objects of one hidden class without generating code, and it makes `__proto__` an own
 * property like any other.
 */
const ROW_LITERALS: readonly RowLiteral[] = [
  () => ({}),
  (n, c, i) => ({ [n[0]!]: c[0]![i] }),
  (n, c, i) => ({ [n[0]!]: c[0]![i], [n[1]!]: c[1]![i] }),
  (n, c, i) => ({ [n[0]!]: c[0]![i], [n[1]!]: c[1]![i], [n[2]!]: c[2]![i] }),
  (n, c, i) => ({ [n[0]!]: c[0]![i], [n[1]!]: c[1]![i], [n[2]!]: c[2]![i], [n[3]!]: c[3]![i] }),
  (n, c, i) => ({ [n[0]!]: c[0]![i], [n[1]!]: c[1]![i], [n[2]!]: c[2]![i], [n[3]!]: c[3]![i], [n[4]!]: c[4]![i] }),
  (n, c, i) => ({
    [n[0]!]: c[0]![i],
    [n[1]!]: c[1]![i],
    [n[2]!]: c[2]![i],
    [n[3]!]: c[3]![i],
    [n[4]!]: c[4]![i],
    [n[5]!]: c[5]![i],
  }),
  (n, c, i) => ({
    [n[0]!]: c[0]![i],
    [n[1]!]: c[1]![i],
    [n[2]!]: c[2]![i],
    [n[3]!]: c[3]![i],
    [n[4]!]: c[4]![i],
    [n[5]!]: c[5]![i],
    [n[6]!]: c[6]![i],
  }),
  (n, c, i) => ({
    [n[0]!]: c[0]![i],
    [n[1]!]: c[1]![i],
    [n[2]!]: c[2]![i],
    [n[3]!]: c[3]![i],
    [n[4]!]: c[4]![i],
    [n[5]!]: c[5]![i],
    [n[6]!]: c[6]![i],
    [n[7]!]: c[7]![i],
  }),
];

function buildShape({ names, columns }: RowColumns): object[] {
  const count = columns[0]?.length ?? 0;
  const literalNames = Math.min(names.length, ROW_LITERALS.length - 1);
  const build = ROW_LITERALS[literalNames]!;
  const rows: Record<string, unknown>[] = new Array(count);
  for (let index = 0; index < count; index++) rows[index] = build(names, columns, index);
  for (let place = literalNames; place < names.length; place++) addColumn(rows, names[place]!, columns[place]!);
  return rows;
}

function addColumn(rows: readonly Record<string, unknown>[], name: string, column: readonly unknown[]): void {
  for (let index = 0; index < rows.length; index++) {
    if (name === "__proto__") {
      const value = column[index];
      Object.defineProperty(rows[index]!, name, { value, writable: true, enumerable: true, configurable: true });
    } else rows[index]![name] = column[index];
  }
}
