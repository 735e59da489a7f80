/** RFC 8949 appendix A, RFC 8746, and two foreign codecs. */
import { assertEquals, assertThrows } from "@std/assert";
import * as cborg from "cborg";
import * as cbor2 from "cbor2";
import { decodeResult } from "../../src/values/result/decode_result.ts";
import { encodeKey } from "../../src/values/key/encode_key.ts";
import { type EncodedResult, encodeResult } from "../../src/values/result/encode_result.ts";
import { CacheError } from "../../src/words/errors.ts";
import { findDifference } from "../support/clone_equality.ts";
import { joinChunks } from "../support/join_chunks.ts";
import vectors from "../golden/cbor_rfc8949.json" with { type: "json" };

function bytesOf(value: unknown): Uint8Array {
  return joinChunks(encodeResult(value) as EncodedResult);
}

/** The value of a vector: JSON, but for what JSON cannot say. */
function valueOf(vector: { value?: unknown; special?: string }): unknown {
  const [kind, text] = (vector.special ?? "").split(/:(.*)/);
  switch (kind) {
    case "bigint":
      return BigInt(text!);
    case "number":
      return Number(text);
    case "undefined":
      return undefined;
    case "bytes":
      return Uint8Array.fromHex(text!);
    case "date":
      return new Date(text!);
    case "map":
      return new Map(JSON.parse(text!));
    default:
      return vector.value;
  }
}

for (const vector of vectors) {
  Deno.test(`appendix A: 0x${vector.hex} decodes to ${vector.special ?? JSON.stringify(vector.value)}`, () => {
    assertEquals(findDifference(decodeResult(Uint8Array.fromHex(vector.hex)), valueOf(vector)), null);
  });
}

Deno.test("appendix A: what we write ourselves has the same bytes", () => {
  let same = 0;
  for (const vector of vectors.filter(({ canonical }) => canonical)) {
    const value = valueOf(vector);
    assertEquals(bytesOf(value).toHex(), vector.hex);
    assertEquals(encodeKey(value).bytes.toHex(), vector.hex);
    same++;
  }
  assertEquals(same, 52);
});

Deno.test("appendix A: simple values without a meaning in JavaScript are refused", () => {
  for (const hex of ["f0", "f8ff", "f818"]) assertThrows(() => decodeResult(Uint8Array.fromHex(hex)), CacheError);
});

Deno.test("a map with keys that are no text decodes to a Map", () => {
  const decoded = decodeResult(Uint8Array.fromHex("a201020304"));
  assertEquals(findDifference(decoded, new Map([[1, 2], [3, 4]])), null);
});

Deno.test("RFC 8746: typed arrays of both byte orders decode to the same values", () => {
  const cases: [string, ArrayBufferView][] = [
    ["d84043010203", new Uint8Array([1, 2, 3])],
    ["d841440001fffe", new Uint16Array([1, 0xfffe])],
    ["d842480000000100000002", new Uint32Array([1, 2])],
    ["d843480000000000000003", new BigUint64Array([3n])],
    ["d84442ff01", new Uint8ClampedArray([255, 1])],
    ["d845440100feff", new Uint16Array([1, 0xfffe])],
    ["d846480100000002000000", new Uint32Array([1, 2])],
    ["d847480300000000000000", new BigUint64Array([3n])],
    ["d84842ff01", new Int8Array([-1, 1])],
    ["d84944fffe0001", new Int16Array([-2, 1])],
    ["d84a44fffffffe", new Int32Array([-2])],
    ["d84b48fffffffffffffffd", new BigInt64Array([-3n])],
    ["d84d44feff0100", new Int16Array([-2, 1])],
    ["d84e44feffffff", new Int32Array([-2])],
    ["d84f48fdffffffffffffff", new BigInt64Array([-3n])],
    ["d850423e00", new Float16Array([1.5])],
    ["d851443fc00000", new Float32Array([1.5])],
    ["d852483ff8000000000000", new Float64Array([1.5])],
    ["d85442003e", new Float16Array([1.5])],
    ["d855440000c03f", new Float32Array([1.5])],
    ["d85648000000000000f83f", new Float64Array([1.5])],
  ];
  for (const [hex, expected] of cases) {
    assertEquals(findDifference(decodeResult(Uint8Array.fromHex(hex)), expected), null, hex);
  }
  assertThrows(() => decodeResult(Uint8Array.fromHex("d84543010203")), CacheError, "part of an element");
  assertThrows(() => decodeResult(Uint8Array.fromHex("d85750" + "00".repeat(16))), CacheError, "tag 87");
});

/** Values that every codec has, with what JavaScript calls them. */
const STANDARD: readonly unknown[] = [
  0,
  1,
  -1,
  23,
  24,
  255,
  256,
  65535,
  65536,
  4294967295,
  4294967296,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  1.5,
  -1.1,
  0.1,
  1e300,
  5e-324,
  65504,
  Infinity,
  -Infinity,
  NaN,
  true,
  false,
  null,
  undefined,
  "",
  "abc",
  "ü水𐅑",
  "x".repeat(300),
  [],
  [1, [2, "three", [null]]],
  {},
  { a: 1, b: { c: [true] } },
  new Uint8Array([1, 2, 3]),
  2n ** 60n,
  2n ** 64n - 1n,
  -(2n ** 63n),
];

Deno.test("cborg reads what we write and we read what cborg writes", () => {
  for (const value of STANDARD) {
    const read = cborg.decode(bytesOf(value), { allowUndefined: true, allowBigInt: true });
    assertEquals(findDifference(read, value), null);
    assertEquals(findDifference(decodeResult(cborg.encode(value)), value), null);
  }
});

/** The value with each typed array in a buffer of its own: others read them as views of the bytes that they read. */
function withOwnBuffers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOwnBuffers);
  return ArrayBuffer.isView(value) ? (value as Uint8Array).slice() : value;
}

Deno.test("cbor2 reads what we write and we read what cbor2 writes", () => {
  const more = [2n ** 64n, -(2n ** 64n) - 1n, 2n ** 200n, new Date(1363896240500), new Set([1, "a"]), /a+b/gi];
  const typed = [new Float64Array([1.5, -2]), new Int16Array([1, -2]), new Uint8ClampedArray([1, 255])];
  for (const value of [...STANDARD, ...more, ...typed]) {
    const expected = encodeKey(value).bytes.toHex();
    assertEquals(encodeKey(withOwnBuffers(cbor2.decode(bytesOf(value)))).bytes.toHex(), expected, Deno.inspect(value));
    assertEquals(encodeKey(decodeResult(cbor2.encode(value))).bytes.toHex(), expected, Deno.inspect(value));
  }
});

Deno.test("keys of standard values are what cborg's strict canonical decoder accepts", () => {
  for (const value of [...STANDARD, { bb: 1, a: 2, ccc: { z: 1, y: 2 }, "": 0, "10": 1 }]) {
    const { bytes } = encodeKey(value);
    const read = withOwnBuffers(cborg.decode(bytes, { allowUndefined: true, allowBigInt: true, strict: true }));
    if (typeof value !== "object" || value === null) assertEquals(findDifference(read, value), null);
    assertEquals(encodeKey(read).bytes.toHex(), bytes.toHex());
  }
});
