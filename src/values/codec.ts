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

/**
 * What a result may refer to in the code of its function: classes of the user's own code whose instances are kept by
 * their members, and captured objects that come back as they are. A name tells the code or content behind it, too, so that
 * results with equal bytes behave alike.
 */
export interface ClassTable {
  /** Name of a class in stored values; `null` for a class whose instances are not kept. */
  nameOf(constructor: object): string | null;
  /** The class of that name; `undefined` when the function reaches none. */
  // deno-lint-ignore no-explicit-any
  classNamed(name: string): (abstract new (...args: any[]) => object) | undefined;
  /** Why instances of a class are not kept, in words that follow the name of the class; `null`: it is not known. */
  refusalOf(constructor: object): string | null;
  /** Reference to an object that the function captures and that a hit gives back itself; `null` for any other object. */
  referenceTo(object: object): CapturedReference | null;
  /** The captured object with that number; `undefined` when the function captures none. */
  capturedAt(number: number): object | undefined;
}

/** Reference to a captured object: its number among all that the function captures, and a digest of its content. */
export interface CapturedReference {
  readonly number: number;
  readonly digest: string;
}

/** What a result may hold beyond the kinds that every result may hold. */
export interface ResultOptions {
  /** Codecs, asked in this order. */
  readonly codecs?: readonly Codec[];
  /** Digest of the code of a codec, which is stored with its values. @default the empty text */
  readonly digestOf?: (codec: Codec) => string;
  /** Finds a codec by its name, where `codecs` has none. */
  readonly codecNamed?: (name: string) => Codec;
  /** Classes whose instances are kept, and objects that come back as they are. */
  readonly classes?: ClassTable;
  /**
   * True: stacks of errors are left out, for comparing results. Such bytes are not for decoding.
   *
   * @default {false}
   */
  readonly leavesOutStacks?: boolean;
}
