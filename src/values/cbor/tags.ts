/**
 * The tags and type names of the CBOR in which keys and results are encoded, in one table.
 *
 * All of it is well-formed by RFC 8949. Where a standard or registered tag exists, it is used. A value without one is a
 * generic object, tag 27: an array of a type name and the parts of the value.
 *
 * | value | encoding |
 * | --- | --- |
 * | number | integer up to 2^53 - 1; else the shortest float that is exact (`-0`, `NaN` and infinities too) |
 * | bigint | integer where a number would not fit (2^53 to 2^64); else bignum, tag 2 or 3, at most {@linkcode MAX_BIGNUM_BYTES} |
 * | string | text; with lone surrogates: tag 273 (WTF-8) over a byte string |
 * | Date | tag 1; tag 1001 `{1: seconds, -3: milliseconds}` where a float of seconds would round |
 * | Uint8Array | byte string |
 * | other typed arrays | RFC 8746, little-endian: 68-72, 77-79, 84-86 |
 * | Array | array; with holes or further properties: 27 `["Array", length, {index or name: value}]` |
 * | plain object | map with text keys |
 * | Map | results: tag 259 over a map; keys: 27 `["Map", key, value, …]`, since order counts |
 * | Set | tag 258 over an array |
 * | RegExp | results: tag 21066 over `[source, flags]`; keys: 27 `["RegExp", source, flags, lastIndex]` |
 * | Error | results: 27 `["TypeError", message or undefined, stack or undefined, cause?]`; keys: 27 `["Error", class, "name", name, …]`, then `message`, `cause` and `errors` likewise where they are own |
 * | DOMException | 27 `["DOMException", message, name, stack or undefined]`; keys: without the stack; `BareException`: without a member `stack` |
 * | symbol | 27 `["Symbol", name]` of the registry, 27 `["WellKnownSymbol", name]` |
 * | boxed primitive | 27 `["Number", x]`, `["String", x]`, `["Boolean", x]`, `["BigInt", x]` |
 * | ArrayBuffer | 27 `["ArrayBuffer", bytes, maxByteLength?]` |
 * | view of a part of a buffer, of a resizable one or of one met elsewhere too | results: 27 `["Uint16Array", buffer, byteOffset, length or null]` (`null`: the length follows the buffer's) |
 * | DataView | results: 27 `["DataView", buffer, byteOffset, length or null]`; keys: 27 `["DataView", bytes]` |
 * | Blob, File | 27 `["Blob", type, bytes]`, 27 `["File", type, bytes, name, lastModified]`; keys: stand-in for bytes |
 * | shared object, cycle | results: tag 28 marks the n-th shared object, tag 29 over n refers to it |
 *
 * These are in results alone. In them, an object is made first and its members are added then, so that they may refer
 * to it; a type that needs all of its parts first is marked as late, and none of its parts refers to it:
 *
 * | value | encoding |
 * | --- | --- |
 * | object that is closed, or has members beside those that the encoding of its kind keeps | 27 `["With", object, state, (name, attributes, value)…]`; state: 0 open, 1 not extensible, 2 sealed, 3 frozen; attributes: 1 writable, 2 enumerable, 4 configurable, 8 the engine's own `stack` |
 * | object with another prototype | 27 `["Object", prototype or null, (name, value)…]` |
 * | instance of a class | 27 `["Class", name, null, (name, value)…]` |
 * | instance of a class that extends a built-in | 27 `["Class", name, object]` |
 * | value of a codec | 27 `["Codec", name, digest of the codec, data]`, late |
 * | object that the function captures | 27 `["Captured", number, digest of its content]` |
 * | error with other members than the constructor makes, AggregateError, error of Deno | 27 `["Bare", class, stack]`, an error without own members |
 * | view of a buffer with members or a class | 27 `["View", class, byteOffset, length or null, buffer]`, late |
 * | Buffer of Node | 27 `["Buffer", bytes]`, 27 `["Buffer", buffer, byteOffset, length]` |
 * | arguments object | 27 `["Arguments", value, …]` |
 * | boxed symbol | 27 `["BoxedSymbol", "Symbol" or "WellKnownSymbol", name]` |
 * | URL, URLSearchParams | 27 `["URL", text]`, 27 `["URLSearchParams", name, value, …]` |
 * | Headers | 27 `["Headers", were they iterated, name, value, …]` |
 * | Temporal | 27 `["Temporal.Instant", nanoseconds]`, 27 `["Temporal.ZonedDateTime", nanoseconds, zone, calendar]`, 27 `["Temporal.Duration", years, …, nanoseconds]`, 27 `["Temporal.PlainDate", text]`; the other types as text likewise |
 *
 * In results, long arrays of one kind are packed, since encoding value by value is slower than JSON:
 *
 * | array of | encoding |
 * | --- | --- |
 * | numbers | 27 `["Numbers", typed array]` |
 * | strings | 27 `["Strings", the strings as one text, typed array of lengths in UTF-16 units]` |
 * | few distinct primitives | 27 `["Choices", [distinct, …], typed array of indices]` |
 * | plain objects of few shapes | 27 `["Rows", shape of each row or null, [[key, …], column, …], …]`; a column is an array of any kind |
 * | arrays | 27 `["Lists", typed array of lengths, the items of all as one array]` |
 * | any of these but numbers, long | 27 `["Concat", array, array, …]` |
 *
 * These are in keys alone:
 *
 * | value | encoding |
 * | --- | --- |
 * | plain object with the names of the map before it | tag 39321 over `[value, …]` |
 * | plain object with other attributes than an assignment gives, or without a prototype | 27 `["Object", prototype?, members]`; members: `[extensible?, key, flags, value, …]` |
 * | array with holes, further members or other attributes | 27 `["Array", length, members]` |
 * | object, function or symbol that was met before | tag 29 over its number, in the order in which they are met |
 * | object, function or symbol that the function captures | 27 `["Captured", number]` before it |
 * | function | 27 `["Function", form, length, stand-in, name?, text?, class?]`; form: 0 without, 1 with a prototype, 2 class; 4 more when it is closed |
 * | instance of a class | 27 `["Instance", class, base or null, members, private fields?]`; base: the value as the built-in that the class extends |
 * | stand-in of code that reaches objects | the text and then 27 `["Links", (index, number)…]`: which of them were met, or are captured (-1 - number) |
 * | class of an instance | 27 `["Class", stand-in, name?]` |
 * | instance with hidden members | its members are 27 `["Members", shown, hidden]` |
 * | value of a codec | 27 `["Codec", name, extensible?, class or null, data]` |
 * | object of the platform with another kind's class | 27 `["Platform", name, value]` |
 * | further members of a built-in | 27 `["Extended", value, members]` |
 * | URL | tag 32 |
 * | URLSearchParams, Headers, Temporal, Intl | 27 `["URLSearchParams", text]` and so on |
 * | arguments object | 27 `["Arguments", array]` |
 * | SharedArrayBuffer | 27 `["SharedArrayBuffer", bytes]` |
 * | view of a part of a buffer, or of one that is met elsewhere | 27 `["View", class, offset, length or null, buffer]` |
 * | symbol that is not registered | 27 `["LocalSymbol", description]` |
 * | value that cannot be an input, where it is only named | 27 `["Handle", name]` |
 * | object whose content does not count | 27 `["Mark", text]` |
 * | large binary data | 27 `["Digest", digest, length]`, when the caller gives a digest function |
 *
 * @module
 */
/** Date as seconds since the epoch. */
export const TAG_EPOCH = 1;
/** Bignum n that is not negative. */
export const TAG_BIGNUM = 2;
/** Negative bignum -1 - n. */
export const TAG_NEGATIVE_BIGNUM = 3;
/** Generic object: an array of type name and parts. */
export const TAG_OBJECT = 27;
/** Mark of an object that is referred to. */
export const TAG_SHARED = 28;
/** Reference to the n-th marked object; in keys, to a part or to an object on a cycle. */
export const TAG_REFERENCE = 29;
/** URI. */
export const TAG_URI = 32;
/** A set, over an array. */
export const TAG_SET = 258;
/** A Map, over a map with keys of any kind. */
export const TAG_MAP = 259;
/** Text that is not well-formed Unicode, as WTF-8 bytes. */
export const TAG_WTF8 = 273;
/** Extended time of RFC 9581. */
export const TAG_EXTENDED_TIME = 1001;
/** ECMAScript regular expression. */
export const TAG_REGEXP = 21066;
/** In keys: values of an object with the names of the map before it. Not registered; nobody but this package reads keys. */
export const TAG_ROW = 39_321;
/** Tag that says only that CBOR follows. It changes nothing and serves as padding. */
export const TAG_SELF_DESCRIBED = 55799;

/** Longest bignum in bytes, so that no stored number takes minutes to compute with. */
export const MAX_BIGNUM_BYTES = 1 << 24;
/** Deepest nesting of values. */
export const MAX_DEPTH = 2_000_000;
/** Size in bytes from which on results do not copy binary data and text, and keys digest binary data. */
export const REFERENCE_BYTES = 1 << 16;
/** Largest number of resizable buffers in one value, since each of them reserves address space. */
export const MAX_RESIZABLE_BUFFERS = 1024;
/** Largest `maxByteLength` of a resizable buffer. */
export const MAX_RESIZABLE_BYTES = 2 ** 36;
/** Largest number of prototypes above an object: the engine goes through all of them to set one. */
export const MAX_PROTOTYPES = 100;
/** Largest number of values of an arguments object, which are passed to a function. */
export const MAX_ARGUMENTS = 10_000;
/** Longest source of a regular expression, in UTF-16 units. */
export const MAX_REGEXP_LENGTH = 1 << 16;
/** Largest sum of {@linkcode patternCost} over the regular expressions of a value. */
export const MAX_PATTERN_COST = 4096;

/**
 * Cost for the engine of making a regular expression, beyond its length, in units of about 0.1 ms: 1 for each Unicode
 * property of characters (`\p{L}`), 32 for each Unicode property of strings (`\p{RGI_Emoji}`, about 3 ms).
 */
export function patternCost(source: string): number {
  let cost = 0;
  for (const [property] of source.matchAll(/\\p\{[^}]*/gi)) cost += /RGI|Basic_Emoji|Keycap/.test(property) ? 32 : 1;
  return cost;
}

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

/** Tag of each class of typed arrays, little-endian. A Uint8Array has none: it is a byte string. */
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

/** Constructor of each class of typed arrays. */
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

/** Constructor and byte order for a tag of RFC 8746, 64 to 86; `undefined` for elements that no typed array holds. */
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

const typedPrototype = Object.getPrototypeOf(Uint8Array.prototype);
const typedArrayName = getterOfView(typedPrototype, Symbol.toStringTag) as (this: unknown) => string | undefined;
const [typedBuffer, typedOffset, typedBytes] = ["buffer", "byteOffset", "byteLength"].map((name) =>
  getterOfView(typedPrototype, name)
);
const [dataBuffer, dataOffset, dataBytes] = ["buffer", "byteOffset", "byteLength"].map((name) =>
  getterOfView(DataView.prototype, name)
);

function getterOfView(prototype: object, name: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!;
}

/** Name of a view's built-in class, by its internal state: `Float64Array`, …, or `DataView`. */
export function viewName(view: ArrayBufferView): string {
  return typedArrayName.call(view) ?? "DataView";
}

/** Buffer, offset and length in bytes of a view by its internal state, whatever members it has. */
export function extentOf(view: ArrayBufferView): { buffer: ArrayBufferLike; byteOffset: number; byteLength: number } {
  const isTyped = typedArrayName.call(view) !== undefined;
  return {
    buffer: (isTyped ? typedBuffer! : dataBuffer!).call(view) as ArrayBufferLike,
    byteOffset: (isTyped ? typedOffset! : dataOffset!).call(view) as number,
    byteLength: (isTyped ? typedBytes! : dataBytes!).call(view) as number,
  };
}

/** The bytes that a view or buffer covers, without copying them. */
export function bytesOf(source: ArrayBufferView | ArrayBufferLike): Uint8Array {
  if (!ArrayBuffer.isView(source)) return new Uint8Array(source);
  const { buffer, byteOffset, byteLength } = extentOf(source);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Reverses the bytes of each element of `size` bytes, in place. */
export function swapByteOrder(bytes: Uint8Array, size: number): void {
  for (let at = 0; at + size <= bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** A symbol that is equal in every process: one of the registry (`Symbol`) or of the language (`WellKnownSymbol`). */
interface SymbolName {
  readonly kind: "Symbol" | "WellKnownSymbol";
  readonly text: string;
}

const wellKnown = new Map<symbol, string>();
const byName = new Map<string, symbol>();
for (const name of Object.getOwnPropertyNames(Symbol)) {
  const value = Object.getOwnPropertyDescriptor(Symbol, name)!.value;
  if (typeof value !== "symbol") continue;
  wellKnown.set(value, name);
  byName.set(name, value);
}

/** The name of a symbol of the registry (`Symbol.for`) or of the language; `null`: no other process has its equal. */
export function symbolName(symbol: symbol): SymbolName | null {
  const key = Symbol.keyFor(symbol);
  if (key !== undefined) return { kind: "Symbol", text: key };
  const text = wellKnown.get(symbol);
  return text === undefined ? null : { kind: "WellKnownSymbol", text };
}

/** The symbol of this name; `undefined` when this version of the language has none. */
export function symbolNamed(kind: SymbolName["kind"], text: string): symbol | undefined {
  return kind === "Symbol" ? Symbol.for(text) : byName.get(text);
}
