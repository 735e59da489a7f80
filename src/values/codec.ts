/**
 * Codecs and classes: what keeps values whose class the store does not know.
 *
 * A file of its own, since options, results, keys and captured values all refer to it and nothing else.
 *
 * @module
 */
/**
 * A way to keep values of one class, or of one kind, in results, arguments and captured values.
 *
 * All three functions are part of the fingerprint of the functions that use the codec: an edited decoder is a miss.
 */
// deno-lint-ignore no-explicit-any
export interface Codec<Value = any, Data = any> {
  /** Name by which a stored value refers to its codec; unique among the codecs of a function. */
  readonly name: string;
  /** True for a value that the codec keeps. It is asked of objects that are not kept without a codec. */
  is(value: unknown): boolean;
  /** Data from which the value can be made again: anything that can be kept, further values of codecs included. */
  encode(value: Value): Data;
  /** A value that no program can tell from the encoded one. */
  decode(data: Data): Value;
}

/** Classes whose instances are kept by their members: those of the user's own code, whole and without private state. */
export interface ClassTable {
  /** Name of a class in stored values; `null` for a class whose instances are not kept. */
  nameOf(constructor: object): string | null;
  /** The class of that name; `undefined` when the function reaches none. */
  // deno-lint-ignore no-explicit-any
  classNamed(name: string): (abstract new (...args: any[]) => object) | undefined;
}

/** What a result may hold beyond the kinds that every result may hold. */
export interface ResultOptions {
  /** Codecs, asked in this order. */
  readonly codecs?: readonly Codec[];
  /** Classes whose instances are kept. */
  readonly classes?: ClassTable;
}
