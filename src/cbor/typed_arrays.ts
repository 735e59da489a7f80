/**
 * Typed arrays and their tags (RFC 8746).
 *
 * All machines that Deno runs on are little-endian, so little-endian payloads are memory as it is.
 *
 * @module
 */

/** Any typed array. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float16Array
  | Float32Array
  | Float64Array;

/** Constructs a typed array over a buffer. */
export interface TypedArrayConstructor {
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
}

/** Tag of each kind in little-endian order; a Uint8Array is a byte string without one. */
export const TAG_BY_NAME: Readonly<Record<string, number>> = {
  Uint8ClampedArray: 68,
  Uint16Array: 69,
  Uint32Array: 70,
  BigUint64Array: 71,
  Int8Array: 72,
  Int16Array: 77,
  Int32Array: 78,
  BigInt64Array: 79,
  Float16Array: 84,
  Float32Array: 85,
  Float64Array: 86,
};

/** Constructor of each kind. */
export const CONSTRUCTOR_BY_NAME: Readonly<Record<string, TypedArrayConstructor>> = {
  __proto__: null as never,
  Int8Array: Int8Array as TypedArrayConstructor,
  Uint8Array: Uint8Array as TypedArrayConstructor,
  Uint8ClampedArray: Uint8ClampedArray as TypedArrayConstructor,
  Int16Array: Int16Array as TypedArrayConstructor,
  Uint16Array: Uint16Array as TypedArrayConstructor,
  Int32Array: Int32Array as TypedArrayConstructor,
  Uint32Array: Uint32Array as TypedArrayConstructor,
  BigInt64Array: BigInt64Array as TypedArrayConstructor,
  BigUint64Array: BigUint64Array as TypedArrayConstructor,
  Float16Array: Float16Array as TypedArrayConstructor,
  Float32Array: Float32Array as TypedArrayConstructor,
  Float64Array: Float64Array as TypedArrayConstructor,
};

/** Constructor and byte order of a tag from 64 to 86; `undefined` for what JavaScript cannot hold. */
export function typedArrayOfTag(
  tag: number,
): { readonly constructor: TypedArrayConstructor; readonly isBigEndian: boolean } | undefined {
  return BY_TAG[tag];
}

const BY_TAG: Record<number, { constructor: TypedArrayConstructor; isBigEndian: boolean }> = {
  64: { constructor: Uint8Array as TypedArrayConstructor, isBigEndian: false },
  65: { constructor: Uint16Array as TypedArrayConstructor, isBigEndian: true },
  66: { constructor: Uint32Array as TypedArrayConstructor, isBigEndian: true },
  67: { constructor: BigUint64Array as TypedArrayConstructor, isBigEndian: true },
  73: { constructor: Int16Array as TypedArrayConstructor, isBigEndian: true },
  74: { constructor: Int32Array as TypedArrayConstructor, isBigEndian: true },
  75: { constructor: BigInt64Array as TypedArrayConstructor, isBigEndian: true },
  80: { constructor: Float16Array as TypedArrayConstructor, isBigEndian: true },
  81: { constructor: Float32Array as TypedArrayConstructor, isBigEndian: true },
  82: { constructor: Float64Array as TypedArrayConstructor, isBigEndian: true },
};
for (const [name, tag] of Object.entries(TAG_BY_NAME)) {
  BY_TAG[tag] = { constructor: CONSTRUCTOR_BY_NAME[name]!, isBigEndian: false };
}

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get as (this: unknown) => string | undefined;

/** The kind of a view by its internal state: `Float64Array`, …, or `DataView`. */
export function viewName(view: ArrayBufferView): string {
  return typedArrayName.call(view) ?? "DataView";
}

/** The bytes that a view or buffer covers, without copying them. */
export function bytesOf(source: ArrayBufferView | ArrayBufferLike): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}

/** Turns the byte order of each element of `size` bytes, in place. */
export function swapByteOrder(bytes: Uint8Array, size: number): void {
  for (let at = 0; at + size <= bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
