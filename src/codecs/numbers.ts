/**
 * Ready codecs for numbers and matrices: decimal.js, big.js, bignumber.js, mathjs, ml-matrix.
 *
 * @module
 */
import type { Codec } from "../values/codec.ts";
import { dataMember, hasPrototype } from "../values/use_codecs.ts";
import { askedBy, classCodec, type ClassLike, requireClass, requireOnly } from "./of_class.ts";
import { markOwn } from "../words/program.ts";

// deno-lint-ignore no-explicit-any
type AnyClass = ClassLike<any>;
/** A class that can be called with `new`. */
// deno-lint-ignore no-explicit-any
export type AnyConstructor = ClassLike<any> & (new (...args: any[]) => any);

/**
 * Codec for the numbers of decimal.js, big.js or bignumber.js, those of the class itself, not of its clones. They are
 * kept digit by digit, special values and the sign of zero included.
 *
 * @param Decimal The class: `Decimal` of decimal.js, `Big` of big.js, `BigNumber` of bignumber.js, or a clone of one.
 *
 * @example
 * ```ts
 * import { Decimal } from "decimal.js";
 * import { cacheFile } from "@bimsb/cachepy";
 * import { decimal } from "@bimsb/cachepy/codecs";
 *
 * const cached = cacheFile(await Deno.makeTempDir(), { codecs: decimal(Decimal) });
 * const third = cached(function third(x: number) {
 *   return new Decimal(x).div(3);
 * });
 * await third(1);
 * console.log((await third(1)).times(3).toString()); // 0.99999999999999999999, from the cache
 * ```
 */
export function decimal(Decimal: AnyConstructor | ((value: number) => unknown)): Codec[] {
  requireClass(Decimal, "decimal(…)");
  return [decimalCodec(`decimal.${Decimal.name}`, Decimal as AnyConstructor)];
}

function decimalCodec(name: string, Decimal: AnyConstructor): Codec {
  const digits = Object.hasOwn(new Decimal(0), "d") ? "d" : "c";
  const codec = classCodec(name, Decimal, {
    encode: (value) => {
      requireOnly(value, ["constructor", "s", "e", digits]);
      return [value.s, value.e, value[digits]] as const;
    },
    decode: ([s, e, d]) => Object.assign(new Decimal(0), { s, e, [digits]: d }),
  });
  // Clones of decimal.js and big.js share a prototype; their numbers name their class in a member.
  const isOwn = (value: object) => !Object.hasOwn(value, "constructor") || dataMember(value, "constructor") === Decimal;
  return askedBy(codec, (value) => hasPrototype(value, Decimal.prototype) && isOwn(value));
}

/** Classes of mathjs whose instances are their members. */
const BY_MEMBERS = [
  "Complex",
  "Fraction",
  "DenseMatrix",
  "SparseMatrix",
  "ImmutableDenseMatrix",
  "Range",
  "ResultSet",
  "Index",
] as const;

/** The module `mathjs`, or an instance that `create` made, as far as {@linkcode mathjs} uses it. */
export interface MathModule {
  /** Class of quantities with a unit. */
  readonly Unit?: unknown;
  /** Class of numbers with many digits. */
  readonly BigNumber?: unknown;
}

/**
 * Codecs for Complex, Fraction, BigNumber, Unit, matrices (dense and sparse), Range, Index and ResultSet of mathjs.
 *
 * Values of several instances of mathjs are values of several classes: give each instance's codecs names of their own.
 *
 * @param math The module `mathjs`, or the instance that `create` made.
 */
export function mathjs(math: MathModule): Codec[] {
  requireClass(math?.Unit, "mathjs(…).Unit");
  const members = BY_MEMBERS.flatMap((name): Codec[] => {
    const constructor: unknown = Reflect.get(math, name);
    return typeof constructor === "function" ? [classCodec(`mathjs.${name}`, constructor as unknown as AnyClass)] : [];
  });
  const { BigNumber } = math;
  return [
    ...members,
    ...typeof BigNumber === "function"
      ? [decimalCodec("mathjs.BigNumber", BigNumber as unknown as AnyConstructor)]
      : [],
    unitCodec(math.Unit as AnyUnit),
  ];
}

/** Definition of a unit: a metre, a second. */
interface UnitDefinition {
  readonly name: string;
  readonly prefixes: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly offset: unknown;
  readonly dimensions: unknown;
}

type AnyUnit = AnyConstructor & { readonly UNITS: Readonly<Record<string, UnitDefinition>> };

interface UnitPower {
  readonly unit: UnitDefinition;
  readonly prefix: { readonly name: string };
  readonly power: unknown;
}

/** Keeps a unit with its value as it is, not as text, since scaling it to the prefix and back would round it. */
function unitCodec(Unit: AnyUnit): Codec {
  const stateOf = ({ value, offset, dimensions }: UnitDefinition) => JSON.stringify([value, offset, dimensions]);
  return classCodec("mathjs.Unit", Unit, {
    encode: (value) => {
      requireOnly(value, [...Reflect.ownKeys(new Unit(1)) as string[], "isUnitListSimplified"]);
      const { units, ...others } = value as { readonly units: readonly UnitPower[] };
      for (const { unit, prefix } of units) {
        const isKnown = Unit.UNITS[unit.name] === unit && unit.prefixes[prefix.name] === prefix;
        if (!isKnown) throw new TypeError(`its unit ${unit.name} is not one of this instance of mathjs`);
      }
      const written = units.map(({ unit, prefix, power }) => [unit.name, prefix.name, power, stateOf(unit)] as const);
      return [written, others] as const;
    },
    decode: ([written, others]) => {
      const units = written.map(([name, prefix, power, state]) => {
        const unit = Object.hasOwn(Unit.UNITS, name) ? Unit.UNITS[name] : undefined;
        if (unit === undefined || stateOf(unit) !== state) throw new Error(`the unit ${name} is not what it was`);
        return { unit, prefix: unit.prefixes[prefix], power };
      });
      return Object.assign(new Unit(null), others, { units });
    },
  });
}

/** Classes of ml-matrix that are kept by their members: results of decompositions, and views. */
const OF_ML_MATRIX = [
  "CholeskyDecomposition",
  "EigenvalueDecomposition",
  "LuDecomposition",
  "NIPALS",
  "QrDecomposition",
  "SingularValueDecomposition",
  "MatrixColumnSelectionView",
  "MatrixColumnView",
  "MatrixFlipColumnView",
  "MatrixFlipRowView",
  "MatrixRowSelectionView",
  "MatrixRowView",
  "MatrixSelectionView",
  "MatrixSubView",
  "MatrixTransposeView",
  "WrapperMatrix1D",
  "WrapperMatrix2D",
] as const;

/** The module `ml-matrix`, as far as {@linkcode mlMatrix} uses it. */
export interface MatrixModule {
  /** Class of matrices. */
  readonly Matrix: unknown;
  /** Class of symmetric matrices. */
  readonly SymmetricMatrix?: unknown;
  /** Class of matrices of distances. */
  readonly DistanceMatrix?: unknown;
}

/**
 * Codecs for the matrices, views and decompositions of ml-matrix.
 *
 * @param ml The module `ml-matrix`.
 */
export function mlMatrix(ml: MatrixModule): Codec[] {
  requireClass(ml?.Matrix, "mlMatrix(…).Matrix");
  const Matrix = ml.Matrix as AnyConstructor;
  const symmetric = (["SymmetricMatrix", "DistanceMatrix"] as const).flatMap((name): Codec[] =>
    typeof ml[name] === "function" ? [symmetricCodec(name, ml[name] as unknown as AnyConstructor)] : []
  );
  const others = OF_ML_MATRIX.flatMap((name): Codec[] => {
    const constructor: unknown = Reflect.get(ml, name);
    return typeof constructor === "function"
      ? [classCodec(`mlMatrix.${name}`, constructor as unknown as AnyClass)]
      : [];
  });
  return [
    classCodec("mlMatrix.Matrix", Matrix, {
      encode: (matrix) => {
        requireOnly(matrix, ["data", "rows", "columns"]);
        return [matrix.rows, matrix.columns, matrix.data] as const;
      },
      // The constructor alone makes an instance that private methods accept.
      decode: ([rows, columns, data]) => Object.assign(new Matrix(0, 0), { data, rows, columns }),
    }),
    ...symmetric,
    ...others,
  ];
}

/** Keeps a symmetric matrix, whose content is private, by its elements. */
function symmetricCodec(name: string, constructor: AnyConstructor): Codec {
  const members = Reflect.ownKeys(new constructor(0)) as string[];
  return classCodec(`mlMatrix.${name}`, constructor, {
    encode: (matrix): readonly [number, Float64Array] => {
      requireOnly(matrix, members);
      const size = matrix.rows as number;
      return [
        size,
        Float64Array.from({ length: size * size }, (_, at) => matrix.get(Math.floor(at / size), at % size)),
      ];
    },
    decode: ([size, elements]) => {
      const matrix = new constructor(size);
      for (let row = 0; row < size; row++) {
        for (let column = row; column < size; column++) matrix.set(row, column, elements[row * size + column]);
      }
      return matrix;
    },
  });
}

markOwn(decimal, mathjs, mlMatrix);
