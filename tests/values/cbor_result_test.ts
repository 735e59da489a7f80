/** Results come back so that nothing tells them from the first; what cannot is refused in {@link ./losses_test.ts}. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decodeResult } from "../../src/values/result/decode_result.ts";
import { type EncodedResult, encodeResult } from "../../src/values/result/encode_result.ts";
import { CacheTypeError } from "../../src/words/errors.ts";
import { findDifference } from "../support/clone_equality.ts";
import { joinChunks } from "../support/join_chunks.ts";

function encode(value: unknown): EncodedResult {
  const encoded = encodeResult(value);
  assert(!(encoded instanceof Promise), "only Blobs have to be awaited");
  return encoded;
}

// deno-lint-ignore no-explicit-any -- The tests look into values of every shape.
function copy(value: unknown): any {
  return decodeResult(joinChunks(encode(value)));
}

function assertKept(value: unknown): void {
  assertEquals(findDifference(copy(value), value), null);
}

function refusal(value: unknown): CacheTypeError {
  const error = assertThrows(() => encodeResult(value), CacheTypeError);
  assertEquals(error.code, "ERR_RESULT");
  return error;
}

Deno.test("primitives come back, -0, NaN, lone surrogates and large bigints included", () => {
  for (const value of [0, -0, NaN, Infinity, -Infinity, 1.5, 0.1, 2 ** 53, -(2 ** 53), 5e-324, 1e300, 65504, 65505.5]) {
    assertKept(value);
  }
  for (const value of [0n, 1n, -1n, 2n ** 53n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 64n), -(2n ** 64n) - 1n]) {
    assertKept(value);
  }
  assertKept(3n ** 50_000n);
  for (const value of ["", "ü", "😀", "\ud800", "a\udc00b", "\ufeffx", "x".repeat(70_000), "ü".repeat(40_000)]) {
    assertKept(value);
  }
  for (const value of [undefined, null, true, false]) assertKept(value);
});

Deno.test("Map, Set, Date, RegExp and boxed primitives come back", () => {
  const pattern = /a(b)\/["\n]/giu;
  assertKept(new Map<unknown, unknown>([[1, "a"], ["1", new Map()], [NaN, -0], [{}, []]]));
  assertKept(new Set([1, "1", NaN, undefined, new Set()]));
  for (const ms of [0, 1, -1, 123_456_789, 8.64e15, 8.64e15 - 1, -8.64e15, NaN]) assertKept(new Date(ms));
  assertKept(pattern);
  assertKept([new Number(-0), new String("ab"), new Boolean(false), Object(1n)]);
});

Deno.test("errors keep kind, message, stack and cause", () => {
  const holder: unknown[] = [];
  const cyclic = new Error("round", { cause: holder });
  holder.push(cyclic);
  const short = new Error("short");
  short.stack = "Error: short";
  for (
    const error of [
      new Error(),
      new Error(""),
      new TypeError("a", { cause: { b: 1 } }),
      new RangeError("a", { cause: undefined }),
      new DOMException("a", "AbortError"),
      cyclic,
      short,
      new SyntaxError("s", { cause: new URIError("u") }),
    ]
  ) assertKept(error);
});

Deno.test("arrays keep holes, lengths and further properties", () => {
  const tagged: unknown[] & { tag?: string } = [1, , 3];
  tagged.tag = "x";
  const sparse: number[] = [];
  sparse[4_000_000_000] = 1;
  const long: unknown[] = [];
  long.length = 2 ** 32 - 1;
  const negative = Object.assign([1], { "-1": 2, "01": 3, "4294967295": 4, "__proto__x": 5 });
  for (const array of [[1, , 3], [, ,], new Array(5), tagged, sparse, long, negative]) assertKept(array);
  const holes = Array.from({ length: 1000 }, (_, index) => index % 2);
  delete holes[500];
  assertKept(holes);
});

Deno.test("objects keep the order of properties, and names like __proto__ are names", () => {
  assertKept({ b: 1, 3: 1, a: 2, 1: 2, "4294967295": 3 });
  assertKept(JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":1},"toString":0}'));
  assertKept({ "\ud800": 1, "ü": 2, "": 3 });
  const rows = Array.from({ length: 50 }, (_, at) => JSON.parse(`{"__proto__":${at},"valueOf":1,"a":{"__proto__":2}}`));
  assertKept(rows);
  assertEquals(({} as { polluted?: unknown }).polluted, undefined);
});

Deno.test("buffers and views come back, and views of one buffer share it again", () => {
  const buffer = new ArrayBuffer(32);
  assertKept([new Uint8Array(buffer, 4, 8), new Float64Array(buffer, 8, 2), buffer, new DataView(buffer, 1, 3)]);
  assertKept([new Float64Array(buffer), new Uint8Array(buffer)]);
  assertKept([new Float64Array(buffer), { buffer }]);
  assertKept([new Float16Array([1.5, NaN]), new BigInt64Array([-1n]), new BigUint64Array([2n]), new Float64Array(0)]);
  assertKept([new Int8Array(3), new Uint16Array(3), new Int32Array(3), new Uint32Array(3), new Float32Array(3)]);
  assertKept([new Uint8ClampedArray([1, 300]), new Int16Array([-1]), new Uint8Array(new ArrayBuffer(16), 4, 4)]);
  const [bytes, floats] = copy([new Uint8Array(buffer), new Float64Array(buffer)]);
  floats[1] = 1.5;
  assertEquals(bytes[15], 0x3f);
});

Deno.test("resizable buffers and views that follow their length come back", () => {
  for (const length of [8, 24, 32]) {
    const buffer = new ArrayBuffer(length, { maxByteLength: 32 });
    new Uint8Array(buffer).fill(7);
    const views = () => [new Uint8Array(buffer), new Uint8Array(buffer, 0, length), new Float64Array(buffer, 8)];
    const value = [...views(), new DataView(buffer), new DataView(buffer, 0, length), buffer];
    assertKept(value);
    const mine = copy(value);
    const theirs = structuredClone(value);
    for (const side of [mine, theirs]) side[5].resize(16);
    assertEquals(findDifference(mine, theirs), null, "after resizing");
  }
});

Deno.test("a large typed array is passed by reference and comes back with a buffer of its own", () => {
  const floats = new Float64Array(100_000).map((_, index) => index / 3);
  for (const padding of ["", "a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"]) {
    const { chunks } = encode([padding, floats]);
    assert(chunks.some((chunk) => chunk.buffer === floats.buffer && chunk.byteLength === floats.byteLength));
    assertKept([padding, floats, new Float32Array(20_000).fill(2), new Uint8Array(70_001).fill(3)]);
  }
});

Deno.test("small typed arrays have buffers of their own", () => {
  const [first, second] = copy([new Uint8Array([1]), new Uint8Array([2])]);
  assertEquals([first.buffer.byteLength, second.buffer.byteLength, first.buffer === second.buffer], [1, 1, false]);
});

Deno.test("a Blob and a File are awaited and come back with their content", async () => {
  const file = new File(["content"], "n.txt", { type: "text/plain", lastModified: 5 });
  const shared = new Blob([new Uint8Array(100_000).fill(1)]);
  const encoded = encodeResult({ file, list: [shared, shared, 7] });
  assert(encoded instanceof Promise);
  const decoded = decodeResult(joinChunks(await encoded)) as { file: File; list: [Blob, Blob, number] };
  assertEquals([decoded.file.name, decoded.file.type, decoded.file.lastModified], ["n.txt", "text/plain", 5]);
  assert(decoded.file instanceof File);
  assertEquals(await decoded.file.text(), "content");
  assertEquals([decoded.list[0].size, decoded.list[0] === decoded.list[1], decoded.list[2]], [100_000, true, 7]);
});

Deno.test("cycles and shared references keep their shape in objects, arrays, Maps, Sets and errors", () => {
  const node: Record<string, unknown> = { a: 1 };
  node.self = node;
  node.list = [node, { node }];
  assertKept(node);
  const map = new Map<unknown, unknown>();
  map.set(map, map).set("set", new Set([map]));
  assertKept(map);
  const date = new Date(1);
  const pattern = /a/;
  const number = new Number(1);
  assertKept([date, date, pattern, pattern, number, number, { date }]);
  const shared = { x: 1 };
  const holes = [shared, , shared];
  holes.push(holes as never);
  assertKept(holes);
});

Deno.test("packed rows keep references into, out of and across them", () => {
  const row = (index: number) => ({ id: index, name: `n${index}`, at: { x: index / 2 }, list: [index, "a"] });
  const rows: Record<string, unknown>[] = Array.from({ length: 200 }, (_, index) => row(index));
  assertKept(rows);
  assertKept([rows, rows[7]]);
  assertKept([rows[7], rows]);
  assertKept([rows, rows]);
  assertKept([rows, [...rows]]);
  assertKept(rows.map((each) => ({ ...each, shared: node })));
  assertKept([...rows, rows[0]]);
  const inside = rows.map((each) => ({ ...each }) as Record<string, unknown>);
  inside[9]!.all = inside;
  assertKept(inside);
  const crossed = rows.map((each) => ({ ...each }) as Record<string, unknown>);
  crossed[3]!.friend = crossed[4];
  assertKept(crossed);
  const lists = Array.from({ length: 100 }, (_, index) => [index, `s${index}`]);
  assertKept([lists, lists[3]]);
});

const node = { deep: [1] };

Deno.test("packed arrays of every kind and length come back", () => {
  for (const length of [31, 32, 33, 8192, 8193]) {
    const make = (item: (index: number) => unknown) => Array.from({ length }, (_, index) => item(index));
    assertKept(make((index) => index - 5));
    assertKept(make((index) => index % 3 === 0 ? -0 : index / 7));
    assertKept(make((index) => index % 2 === 0 ? 1e20 : NaN));
    assertKept(make((index) => `text ü ${index}`));
    assertKept(make((index) => `choice ${index % 5}`));
    assertKept(make((index) => [true, false, null, undefined, "x"][index % 5]));
    assertKept(make((index) => index % 2 === 0 ? "\ud83d" : "\ude00"));
    assertKept(make((index) => index % 100 === 99 ? "\ud83d" : "a"));
    assertKept(make((index) => index === length - 1 ? "odd" : index));
    assertKept(make((index) => ({ index, ...index % 3 === 0 ? { extra: [index] } : {} })));
    assertKept(make((index) => Object.fromEntries(Array.from({ length: index % 12 }, (_, at) => [`k${at}`, index]))));
    assertKept(make((index) => index % 50 === 49 ? null : { index }));
    assertKept(make((index) => Array.from({ length: index % 4 }, (_, at) => at * index)));
    assertKept(make((index) => index % 40 === 39 ? [1, , 2] : [index, [index]]));
  }
  assertKept(
    Array.from({ length: 40 }, (_, row) => Object.fromEntries([..."abcdefghijklmnopqrs"].map((c) => [c, row]))),
  );
});

Deno.test("nesting of 100,000 comes back, whatever nests", () => {
  let value: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) {
    const kind = depth % 5;
    value = kind === 0
      ? [value]
      : kind === 1
      ? { value }
      : kind === 2
      ? new Map([[value, depth]])
      : kind === 3
      ? new Set([value])
      : new Error("x", { cause: value });
  }
  let back = copy(value);
  let depth = 0;
  for (; back !== 1; depth++) {
    back = Array.isArray(back)
      ? back[0]
      : back instanceof Map
      ? back.keys().next().value
      : back instanceof Set
      ? back.values().next().value
      : back instanceof Error
      ? back.cause
      : back.value;
  }
  assertEquals(depth, 100_000);
});

Deno.test("what is no data is refused with the path", () => {
  class Account {
    #secret = 1;
    open = "#not-private";
    read() {
      return this.#secret;
    }
  }
  const rows = Array.from({ length: 100 }, (_, index) => ({ index, fn: index === 57 ? () => 1 : null }));
  const cases: [unknown, string][] = [
    [() => 1, "result"],
    [{ user: { fn() {} } }, "result.user.fn"],
    [[0, 1, 2, new Map([["k", Symbol("s")]])], 'result[3].get("k")'],
    [new Map([[() => 1, 1]]), "result.keys()[0]"],
    [new Set([1, Promise.resolve()]), "result.values()[1]"],
    [{ "a b": [new WeakMap()] }, 'result["a b"][0]'],
    [new Error("x", { cause: new WeakRef({}) }), "result.cause"],
    [Object.assign([1], { extra: new WeakSet() }), "result.extra"],
    [rows, "result[57].fn"],
    [{ account: new Account() }, "result.account"],
    [[new SharedArrayBuffer(1)], "result[0]"],
    [[new Uint8Array(new SharedArrayBuffer(1))], "result[0]"],
    [{ s: new ReadableStream() }, "result.s"],
    [[(function* () {})()], "result[0]"],
    [[new Map().keys()], "result[0]"],
    [[(async function* () {})()], "result[0]"],
    [{ a: Object(Symbol("s")) }, "result.a"],
    [{ h: new Response().headers }, "result.h[Symbol(guard)]"],
    [{ f: new FormData() }, "result.f"],
    [{ e: new Event("x") }, "result.e"],
    [{ m: Math }, "result.m.abs"],
    [{ n: new Intl.NumberFormat() }, "result.n"],
    [{ g: globalThis }, "result.g"],
  ];
  for (const [value, path] of cases) {
    const error = refusal(value);
    assertEquals(error.path, path);
    assert(error.message.startsWith(`Cannot store ${path}: got `), error.message);
  }
  const detached = new ArrayBuffer(8);
  const view = new Uint8Array(detached);
  detached.transfer();
  assertEquals([refusal([detached]).path, refusal([view]).path], ["result[0]", "result[0]"]);
});

Deno.test("a view of a much larger buffer is stored with it, and that is said with the path", () => {
  const view = new Uint8Array(new ArrayBuffer(2 << 20), 8, 8);
  assertEquals(encode({ list: [view] }).notices.map(({ path }) => path), ["result.list[0]"]);
  assertKept([view]);
  assertEquals(encode([{ a: 1 }, [1], new Map(), view.slice()]).notices, []);
});

Deno.test("two decodings share nothing", () => {
  const bytes = joinChunks(encode({ a: [1], m: new Map([[1, {}]]) }));
  const [first, second] = [decodeResult(bytes), decodeResult(bytes)] as { a: number[] }[];
  first!.a.push(2);
  assertEquals(second!.a, [1]);
});

/** Values of all kinds that have no methods of their own, with shared parts. */
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.boolean(),
      fc.constantFrom(undefined, null, -0, NaN, "\ud800"),
      fc.date({ noInvalidDate: false }),
      fc.uint8Array(),
      fc.float64Array(),
      fc.constantFrom(/a/g, new Number(-0), new Error("e"), new ArrayBuffer(3)),
    ),
    fc.array(tie("value")),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "1")), tie("value"), {
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(tie("value"), tie("value"))).map((entries) => new Map(entries)),
    fc.array(tie("value")).map((members) => new Set(members)),
    fc.sparseArray(tie("value")),
    tie("value").map((value) => [value, { value }]),
    fc.tuple(fc.integer({ min: 30, max: 70 }), fc.array(tie("value"), { minLength: 1 })).map(([length, values]) =>
      Array.from({ length }, (_, index) => ({ index, value: values[index % values.length], text: `t${index}` }))
    ),
    fc.tuple(fc.integer({ min: 30, max: 70 }), fc.array(tie("value"), { minLength: 1 })).map(([length, values]) =>
      Array.from({ length }, (_, index) => values[index % values.length])
    ),
  ),
})).value;

Deno.test("any value comes back as it was, sharing included", () => {
  fc.assert(fc.property(anything, (value) => findDifference(copy(value), value) === null), {
    numRuns: 400,
  });
});
