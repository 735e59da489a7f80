/**
 * Ready codecs for tables: Apache Arrow and arquero.
 *
 * @module
 */
import type { Codec } from "../values/codec.ts";
import { isProxy } from "../words/type_tests.ts";
import { hasPrototype } from "../values/use_codecs.ts";
import { askedBy, classCodec, type ClassLike, requireClass, requireOnly } from "./of_class.ts";
import { markOwn } from "../words/program.ts";

/** The module `apache-arrow`, as far as {@linkcode arrow} uses it. */
export interface ArrowModule {
  /** Class of tables. */
  // deno-lint-ignore no-explicit-any
  readonly Table: ClassLike<any> & (new (columns?: any) => any);
  /** Class of vectors. */
  // deno-lint-ignore no-explicit-any
  readonly Vector: ClassLike<any>;
  /** Returns a table as bytes. */
  // deno-lint-ignore no-explicit-any
  tableToIPC(table: any, type?: any): Uint8Array;
  /** Returns the table of bytes. */
  // deno-lint-ignore no-explicit-any
  tableFromIPC(bytes: any): any;
}

/** Members of a vector in one chunk that its constructor gives to it. */
const VECTOR_MEMBERS = [
  "isValid",
  "get",
  "set",
  "indexOf",
  "_offsets",
  "data",
  "type",
  "stride",
  "numChildren",
  "length",
];

/**
 * Codecs for tables and vectors of Apache Arrow: each is kept as a stream of Arrow's own format (IPC). A memoized vector
 * is not kept.
 *
 * @param Arrow The module `apache-arrow`.
 *
 * @example
 * ```ts
 * import * as Arrow from "apache-arrow";
 * import { cacheFile } from "@bimsb/cachepy";
 * import { arrow } from "@bimsb/cachepy/codecs";
 *
 * const cached = cacheFile(await Deno.makeTempDir(), { codecs: arrow(Arrow) });
 * const squares = cached(function squares(count: number) {
 *   return Arrow.tableFromArrays({ square: Float64Array.from({ length: count }, (_, x) => x * x) });
 * });
 * await squares(4);
 * console.log((await squares(4)).numRows); // 4, from the cache
 * ```
 */
export function arrow(Arrow: ArrowModule): Codec[] {
  requireClass(Arrow?.Table, "arrow(…).Table");
  requireClass(Arrow?.Vector, "arrow(…).Vector");
  const { Table, Vector, tableToIPC, tableFromIPC } = Arrow;
  // Numbers are read from the bytes in place, for which these have to begin at a multiple of eight.
  const open = (bytes: Uint8Array) => tableFromIPC(bytes.byteOffset % 8 === 0 ? bytes : bytes.slice());
  const vector = classCodec("arrow.Vector", Vector, {
    encode: (value) => {
      requireOnly(value, VECTOR_MEMBERS);
      const table = new Table({ vector: value });
      return { bytes: tableToIPC(table, "stream"), types: classesOfTypes(columnTypes(table)) };
    },
    decode: ({ bytes, types }: { bytes: Uint8Array; types: readonly TypeClass[] }) => {
      const table = open(bytes);
      restoreTypes(Arrow, columnTypes(table), types);
      return table.getChildAt(0);
    },
  });
  return [
    classCodec("arrow.Table", Table, {
      encode: (value) => {
        requireOnly(value, ["schema", "batches", "_offsets"]);
        // The constructor without arguments, and it alone, begins with another member.
        if (Reflect.ownKeys(value)[0] === "batches") return null;
        return {
          bytes: tableToIPC(value, "stream"),
          isWithoutBatches: value.batches.length === 0,
          types: classesOfTypes(columnTypes(value)),
        };
      },
      decode: (data) => {
        if (data === null) return new Table();
        const table = open(data.bytes);
        restoreTypes(Arrow, columnTypes(table), data.types);
        // Reading a schema alone gives a table with one empty batch.
        return data.isWithoutBatches ? new Table(table.schema) : table;
      },
    }),
    // A vector in several chunks has a prototype of its own between itself and that of its class.
    askedBy(vector, (value) => vector.is(value) || isChunked(value, Vector.prototype)),
  ];
}

/** Name of the class of a type, and those of the types within it. */
type TypeClass = readonly [name: string, within: readonly TypeClass[]];

/** A type of a column, or of a part of one. */
interface ColumnType {
  readonly children?: readonly { readonly type: ColumnType }[] | null;
  /** Types of the values and of the indices of a dictionary. */
  readonly dictionary?: ColumnType;
  readonly indices?: ColumnType;
}

function typesWithin({ children, dictionary, indices }: ColumnType): ColumnType[] {
  return [...(children ?? []).map(({ type }) => type), ...[dictionary, indices].filter((type) => type !== undefined)];
}

/** The classes of the types of columns: Arrow's format tells a `Float` of 64 bits, and not that it was a `Float64`. */
function classesOfTypes(types: readonly ColumnType[]): TypeClass[] {
  return types.map((type) => [type.constructor.name, classesOfTypes(typesWithin(type))]);
}

/** Gives types their classes again, which add no members to those that they extend. */
function restoreTypes(Arrow: ArrowModule, types: readonly ColumnType[], classes: readonly TypeClass[]): void {
  for (const [index, type] of types.entries()) {
    const [name, within] = classes[index]!;
    const prototype = (Reflect.get(Arrow, name) as { prototype?: object } | undefined)?.prototype;
    const isWider = prototype !== undefined &&
      Object.prototype.isPrototypeOf.call(Object.getPrototypeOf(type), prototype);
    if (isWider) Object.setPrototypeOf(type, prototype);
    restoreTypes(Arrow, typesWithin(type), within);
  }
}

/** The types of the columns of a table. */
function columnTypes(table: { readonly schema: { readonly fields: readonly { type: ColumnType }[] } }): ColumnType[] {
  return table.schema.fields.map(({ type }) => type);
}

function isChunked(value: unknown, prototype: object): boolean {
  if (typeof value !== "object" || value === null || isProxy(value)) return false;
  const between: unknown = Object.getPrototypeOf(value);
  return hasPrototype(between, prototype) && !Object.hasOwn(between, "constructor") && Object.hasOwn(value, "_offsets");
}

/** The module `arquero`, as far as {@linkcode arquero} uses it. */
export interface ArqueroModule {
  /** Class of tables. */
  // deno-lint-ignore no-explicit-any
  readonly ColumnTable: ClassLike<any> & (new (...args: any[]) => any);
  /** Class of the sets of rows that filters leave. */
  // deno-lint-ignore no-explicit-any
  readonly BitSet: ClassLike<any> & (new (size: number) => any);
}

/** Members of a table of arquero. */
const TABLE_MEMBERS = [
  "_names",
  "_data",
  "_total",
  "_nrows",
  "_mask",
  "_group",
  "_order",
  "_params",
  "_index",
  "_partitions",
];

/** Parts of a table of arquero. */
interface TableData {
  readonly columns: readonly (readonly [name: string, column: unknown])[];
  readonly names: readonly string[];
  /** Bits of the rows that a filter left; `null` for all rows. */
  readonly mask: Uint32Array | null;
  readonly total: number;
  readonly groups:
    | { readonly names: string[]; readonly keys: Uint32Array; readonly rows: number[]; size: number }
    | null;
  readonly params: unknown;
}

/**
 * Codec for tables of arquero (7 or later), filters and groups by columns included. A table that `orderby` ordered, or
 * that is grouped by an expression, holds functions and is not kept: end it with `.reify()` or `.ungroup()`. Columns may
 * be whatever can be kept, such as arrays, typed arrays and, with {@linkcode arrow}, vectors of Arrow.
 *
 * @param aq The module `arquero`.
 */
export function arquero(aq: ArqueroModule): Codec[] {
  requireClass(aq?.ColumnTable, "arquero(…).ColumnTable");
  requireClass(aq?.BitSet, "arquero(…).BitSet");
  const { ColumnTable, BitSet } = aq;
  const build = ({ columns, names, mask, total, groups, params }: TableData) => {
    const data = Object.fromEntries(columns);
    const filter = mask === null ? undefined : Object.assign(new BitSet(total), { _bits: mask });
    if (groups === null) return new ColumnTable(data, names, filter, undefined, undefined, params);
    const { names: by, keys, rows, size } = groups;
    const { get } = new ColumnTable(data, names).groupby(...by).groups();
    return new ColumnTable(data, names, filter, { keys, get, names: by, rows, size }, undefined, params);
  };
  const encode = (table: Record<string, unknown>): TableData => {
    requireOnly(table, TABLE_MEMBERS);
    if (table._order !== null) throw new TypeError("the table is ordered by functions; end it with .reify()");
    const mask = table._mask as { _bits: Uint32Array } | null;
    const group = table._group as (TableData["groups"] & { get: ((row: number, data: unknown) => unknown)[] }) | null;
    const data = table._data as Record<string, { at(row: number): unknown }>;
    group?.names.forEach((name, index) => {
      const column = Object.hasOwn(data, name) ? data[name] : undefined;
      const isColumn = column !== undefined &&
        group.rows.every((row) => Object.is(column.at(row), group.get[index]!(row, data)));
      if (!isColumn) throw new TypeError("the table is grouped by functions; end it with .ungroup()");
    });
    return {
      columns: Object.entries(data),
      names: table._names as string[],
      mask: mask === null ? null : mask._bits,
      total: table._total as number,
      groups: group && { names: group.names, keys: group.keys, rows: group.rows, size: group.size },
      params: table._params,
    };
  };
  return [classCodec("arquero.ColumnTable", ColumnTable, { encode, decode: build })];
}

markOwn(arquero, arrow);
