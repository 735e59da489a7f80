/** Bytes of strangers: no crash, no hang, no memory bomb, no pollution, only CacheError. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import type { ResultOptions } from "../../src/values/codec.ts";
import { decodeResult } from "../../src/values/result/decode_result.ts";
import { type EncodedResult, encodeResult } from "../../src/values/result/encode_result.ts";
import { CacheError } from "../../src/words/errors.ts";
import { joinChunks } from "../support/join_chunks.ts";

/** Mutated inputs; more for a long run. */
const FUZZ_RUNS = Number(Deno.env.get("CACHEPY_FUZZ") ?? 50_000);

/** A class that nobody may construct. */
class Point {
  x = 1;
  constructor() {
    throw new Error("A constructor was called");
  }
}
class Index extends Map<unknown, unknown> {}

const OPTIONS: ResultOptions = {
  codecs: [{
    name: "c",
    is: (value) => value instanceof WeakRef,
    encode: () => ({ a: [1] }),
    decode: (data) => [data],
  }],
  classes: {
    referenceTo: () => null,
    refusalOf: () => null,
    capturedAt: () => undefined,
    nameOf: (constructor) => constructor === Point ? "C" : constructor === Index ? "M" : null,
    classNamed: (name) => name === "C" ? Point : name === "M" ? Index : undefined,
  },
};

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return joinChunks(encodeResult(value, OPTIONS) as EncodedResult);
}

function fails(hex: string): CacheError {
  const error = assertThrows(() => decodeResult(Uint8Array.fromHex(hex)), CacheError);
  assertEquals(error.code, "ERR_DECODE");
  return error;
}

/** Bytes of a generic object: tag 27 over the type name and encoded parts. */
function object(name: string, ...parts: string[]): string {
  const text = new TextEncoder().encode(name);
  return "d81b" + (0x81 + parts.length).toString(16) + (0x60 + text.length).toString(16) + text.toHex() +
    parts.join("");
}

Deno.test("a length of 2^60 is refused before anything is made, for every kind that has a length", () => {
  const length = "1000000000000000";
  for (const head of ["5b", "7b", "9b", "bb", "c25b", "d9010259b", "d901039b"]) {
    if (head.length % 2 === 0) fails(head + length);
  }
  for (const tag of ["d90102" + "9b", "d90103" + "bb", "d84056".slice(0, 4) + "5b", "d856" + "5b"]) fails(tag + length);
  fails("9a7fffffff" + "00".repeat(100));
  fails("5f5b" + length + "ff");
  fails(object("ArrayBuffer", "5b" + length));
  fails(object("Strings", "7b" + length, "40"));
  fails(object("Rows", "f6", "9b" + length));
});

Deno.test("a depth of 10^6 is read or refused, and never crashes", () => {
  const nests: [number[], number[]][] = [
    [[0x81], [0x00]],
    [[0x9f], []],
    [[0xa1, 0x60], [0x00]],
    [[0xd9, 0x01, 0x02, 0x81], [0x00]],
    [[0xd9, 0x01, 0x03, 0xa1, 0x00], [0x00]],
    [[0xd9, 0x01, 0x03, 0xa1], [0x00]],
    [[0xd8, 0x1c], [0x80]],
    [[0xd9, 0xd9, 0xf7], [0x80]],
    [[0xd8, 0x1b, 0x82], [0x00]],
    [[0xd8, 0x1c, 0x81], [0x00]],
    [[...Uint8Array.fromHex(object("Error", "f7", "f7", "").slice(0))], [0x00]],
    [[...Uint8Array.fromHex(object("Uint8Array", "", "", "").slice(0))], [0x00]],
    [[...Uint8Array.fromHex(object("Concat", ""))], [0x80]],
    [[...Uint8Array.fromHex(object("With", ""))], [0x80]],
    [[...Uint8Array.fromHex(object("With", "80", "00", "6161", "07", ""))], [0x80]],
    [[...Uint8Array.fromHex(object("Object", ""))], [0xa0]],
    [[...Uint8Array.fromHex(object("Object", "f6", "6161", ""))], [0xa0]],
    [[...Uint8Array.fromHex(object("Bare", "654572726f72", ""))], [0xf6]],
    [[...Uint8Array.fromHex(object("Arguments", ""))], [0x80]],
    [[...Uint8Array.fromHex(object("View", "65427566666572", "00", "00", ""))], [0x80]],
    [[...Uint8Array.fromHex(object("Codec", "6163", ""))], [0x80]],
    [[...Uint8Array.fromHex(object("Class", "6143", ""))], [0x80]],
    [[...Uint8Array.fromHex(object("Class", "6143", "f6", "6161", ""))], [0x80]],
    [[0x5f], []],
    [[0xc2], [0x40]],
  ];
  for (const [open, end] of nests) {
    // An error costs the engine 6 µs, however it is made, so a tenth of the depth has to do for longer heads.
    const depth = open.length > 6 ? 100_000 : 1_000_000;
    const bytes = new Uint8Array(depth * open.length + end.length);
    for (let at = 0; at < depth; at++) bytes.set(open, at * open.length);
    bytes.set(end, depth * open.length);
    try {
      decodeResult(bytes, OPTIONS);
    } catch (error) {
      assert(error instanceof CacheError, String(error));
    }
  }
});

Deno.test("small input cannot make much: arrays, columns, choices, buffers", () => {
  // An array that claims 4 billion items holds what is there and no more.
  const sparse = decodeResult(Uint8Array.fromHex(object("Array", "1affffffff", "a0"))) as unknown[];
  assertEquals(sparse.length, 2 ** 32 - 1);
  const many = decodeResult(
    Uint8Array.fromHex("9903e8" + object("Array", "1a01c9c380", "a0").repeat(1000)),
  ) as unknown[][];
  assertEquals(many.at(-1)!.length, 30_000_000);
  // References would let one column serve as a thousand.
  const column = "d81c" + "8a" + "00".repeat(10);
  fails("82" + column + object("Concat", "d81d00", "d81d00"));
  fails("82" + column + object("Rows", "f6", "83" + "826161" + "6162" + "d81d00" + "d81d00"));
  fails("99ffff" + object("ArrayBuffer", "40", "1b7fffffffffffffff").repeat(0xffff));
  fails("990800" + object("ArrayBuffer", "40", "1a00100000").repeat(0x800));
});

Deno.test("packed parts that contradict themselves are refused", () => {
  fails(object("Strings", "6161", "4102"));
  fails(object("Strings", "6161", "4100"));
  fails(object("Strings", "6161", "d8484101".replace("4101", "41ff")));
  fails(object("Strings", "6161", "d856480000000000000840"));
  fails(object("Choices", "8101", "4101"));
  fails(object("Numbers", "d84f480000000000000000"));
  fails(object("Rows", "4101", "82" + "816161" + "8101"));
  fails(object("Rows", "f6", "82" + "816161" + "8101", "82" + "816162" + "8101"));
  fails(object("Rows", "f6", "83" + "82" + "6161" + "6162" + "8101" + "820102"));
  fails(object("Rows", "f6", "82" + "82" + "6161" + "6162" + "8101"));
  fails(object("Rows", "f6", "81" + "80"));
  fails(object("Lists", "4101", "82" + "0102"));
  fails(object("Lists", "4103", "82" + "0102"));
  fails(object("Lists", "d8484101".replace("4101", "41ff"), "80"));
  fails("82" + "d81c8101" + object("Lists", "4101", "d81d00"));
  fails(object("Concat", "01"));
  fails(object("Array", "02", "a1" + "05" + "00"));
  fails(object("Array", "02", "a1" + "6131" + "00"));
  fails(object("Array", "02", "a1" + "666c656e677468" + "00"));
  fails(object("Unknown", "00"));
  fails(object("Number", "6161"));
  fails(object("Date", "00"));
});

Deno.test("names like __proto__ and constructor become data, in objects, rows and arrays", () => {
  const proto = "69" + new TextEncoder().encode("__proto__").toHex();
  const polluted = "a1" + "68" + new TextEncoder().encode("polluted").toHex() + "f5";
  const decoded = decodeResult(Uint8Array.fromHex("a1" + proto + polluted)) as object;
  assertEquals(Object.keys(decoded), ["__proto__"]);
  assertEquals(Object.getPrototypeOf(decoded), Object.prototype);
  const [row] = decodeResult(
    Uint8Array.fromHex(object("Rows", "f6", "82" + "81" + proto + "81" + polluted)),
  ) as object[];
  assertEquals([Object.keys(row!), Object.getPrototypeOf(row)], [["__proto__"], Object.prototype]);
  const array = decodeResult(Uint8Array.fromHex(object("Array", "00", "a1" + proto + polluted))) as object;
  assertEquals([Object.keys(array), Object.getPrototypeOf(array)], [["__proto__"], Array.prototype]);
  assertEquals(({} as { polluted?: unknown }).polluted, undefined);
});

Deno.test("a bignum of 1 MiB takes milliseconds, and one beyond the bound is refused", () => {
  const head = (length: number) => "c25a" + length.toString(16).padStart(8, "0");
  const startMs = performance.now();
  const value = decodeResult(Uint8Array.fromHex(head(1 << 20) + "ff".repeat(1 << 20))) as bigint;
  assert(performance.now() - startMs < 5000);
  assertEquals(value >> BigInt((1 << 23) - 1), 1n);
  fails(head((1 << 24) + 1) + "ff".repeat((1 << 24) + 1));
});

Deno.test("a regular expression that would run for ever is made and not run", () => {
  const startMs = performance.now();
  const pattern = decodeResult(encode(/^(a+)+$/)) as RegExp;
  assertEquals(pattern.source, "^(a+)+$");
  const emoji = "d9524a" + "82" + "6e" + new TextEncoder().encode("\\p{RGI_Emoji}").toHex() + "6176";
  fails("9903e8" + emoji.repeat(1000));
  fails("d9524a" + "82" + "6128" + "60");
  fails("d9524a" + "82" + "6161" + "6178");
  assert(performance.now() - startMs < 5000);
});

Deno.test("malformed bytes are refused with the offset", () => {
  for (
    const hex of ["", "18", "19ff", "1c", "3f", "ff", "61", "62c328", "7f6161", "7f4161ff", "a1", "a161", "bf6161ff"]
  ) {
    fails(hex);
  }
  for (const hex of ["0000", "f6f6", "d81d00", "d81c01", "81d81d05", "d81cd81c80", "c1" + "80", "d9ffff00", "f820"]) {
    fails(hex);
  }
  assertStringIncludes(fails("83010262c328").message, "at byte 4");
  assertStringIncludes(fails("8200f8ff").message, "at byte ");
});

Deno.test("where a name occurs twice, the last value counts", () => {
  assertEquals(decodeResult(Uint8Array.fromHex("a2616101616102")), { a: 2 });
});

/** A small fast random generator, so that a failure can be repeated from its seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function seeds(): Uint8Array<ArrayBuffer>[] {
  const shared = { x: 1 };
  const cyclic: Record<string, unknown> = { a: [1, 2] };
  cyclic.self = cyclic;
  const rows = Array.from({ length: 40 }, (_, at) => ({ id: at, name: `n${at}`, v: at / 3, b: at % 2 === 0, l: [at] }));
  const buffer = new ArrayBuffer(16);
  const points = [1, 2].map((x) => Object.assign(Object.create(Point.prototype), { x, cyclic }));
  const strict = function (..._values: unknown[]): IArguments {
    return arguments;
  };
  return [
    { a: 1, b: [true, null, undefined, -0, 1.5, "text", "ü", 2n ** 70n], c: { __proto__: 1 } },
    [shared, shared, cyclic, new Map<unknown, unknown>([[shared, cyclic], ["k", new Set([1, shared])]])],
    [new Date(1), new Date(8.64e15 - 1), /a+/g, new TypeError("m", { cause: shared }), new Error("x")],
    [new Number(1), new String("s"), Object(1n), [1, , 3], Object.assign([1], { x: 1 }), "\ud800"],
    [new Uint8Array(buffer, 4), new Float64Array(buffer), buffer, new ArrayBuffer(2, { maxByteLength: 8 })],
    [new Float32Array(3), new BigInt64Array(2), new DataView(new ArrayBuffer(4)), new DOMException("a", "b")],
    rows,
    { rows, more: rows.map((row) => ({ ...row, at: { x: row.id, y: "y" } })) },
    [Array.from({ length: 50 }, (_, at) => at * 1000), Array.from({ length: 50 }, (_, at) => `s${at}`)],
    Array.from({ length: 50 }, (_, at) => ["x", true, null][at % 3]),
    Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? { a: at } : { b: at, c: "c" })),
    [Object.freeze({ a: [1] }), Object.create(null), Object.create({ up: 1 }), Object.seal([1, , 2]), Symbol.for("s")],
    [Object.defineProperty({ a: 1, [Symbol.iterator]: 2 }, "b", { value: cyclic }), Object.freeze(new Map([[1, 2]]))],
    [Object.assign(new Error("m"), { code: 1 }), new AggregateError([1], "m"), new Deno.errors.NotFound("m"), points],
    [
      Buffer.from("abc"),
      Buffer.from(buffer, 2, 3),
      new URL("a:b"),
      new URLSearchParams("a=1"),
      new Headers({ a: "1" }),
    ],
    [
      new Uint16Array(Object.assign(new ArrayBuffer(8), { x: 1 })),
      Object(Symbol.match),
      strict(1, {}),
      new WeakRef({}),
    ],
    [new Index([[1, new WeakRef({})]]), Object.freeze(new Index()), Object.assign(/a/g, { lastIndex: 5 })],
    [Temporal.Duration.from("P1DT2S"), new Temporal.ZonedDateTime(5n, "UTC"), new Temporal.PlainMonthDay(1, 2)],
  ].map(encode);
}

const TOKENS = [
  object("With", ""),
  object("With", "80", "03"),
  object("Object", ""),
  object("Bare", "654572726f72", ""),
  object("Codec", "6163", ""),
  object("Class", "6143", "f6"),
  object("Class", "614d", ""),
  object("View", "65427566666572", "00", "f6", ""),
  object("Symbol", "6173"),
  "d81c",
  "d81d00",
  "d81d01",
  "d90102",
  "d90103",
  "d81b",
  "d9524a",
  "d90111",
  "d903e9",
  "c2",
  "c1",
  "d856",
  "d9d9f7",
  "9f",
  "bf",
  "5f",
  "7f",
  "ff",
  "80",
  "a0",
  "40",
  "60",
  "f97e00",
  "1bffffffffffffffff",
  "9b1000000000000000",
  "fb7ff0000000000000",
].map((hex) => Uint8Array.fromHex(hex));

function mutate(source: Uint8Array, other: Uint8Array, random: (below: number) => number): Uint8Array {
  const at = random(source.length);
  switch (random(6)) {
    case 0: {
      const flipped = source.slice();
      for (let flips = 1 + random(4); flips > 0; flips--) flipped[random(flipped.length)]! ^= 1 << random(8);
      return flipped;
    }
    case 1: {
      const changed = source.slice();
      changed[at] = random(256);
      return changed;
    }
    case 2:
      return source.slice(0, at);
    case 3: {
      const token = TOKENS[random(TOKENS.length)]!;
      return new Uint8Array([...source.subarray(0, at), ...token, ...source.subarray(at + random(3))]);
    }
    case 4:
      return new Uint8Array([...source.subarray(0, at), ...other.subarray(random(other.length))]);
    default: {
      const from = random(source.length);
      return new Uint8Array([
        ...source.subarray(0, at),
        ...source.subarray(from, from + random(20)),
        ...source.subarray(at),
      ]);
    }
  }
}

Deno.test(`${FUZZ_RUNS} mutated inputs: only CacheError, no hang, nothing polluted`, () => {
  const seed = 20_261_122;
  const random = randomFrom(seed);
  const sources = seeds();
  const prototypes = [Object, Array, Map, Set, Error, RegExp, Date, URL, Headers, Buffer, Point, Index].map((kind) =>
    kind.prototype
  );
  const shapes = prototypes.map((prototype) => Reflect.ownKeys(prototype).length);
  let accepted = 0;
  let refused = 0;
  let slowestMs = 0;
  for (let run = 0; run < FUZZ_RUNS; run++) {
    let input = mutate(sources[random(sources.length)]!, sources[random(sources.length)]!, random);
    if (random(3) === 0 && input.length > 0) input = mutate(input, sources[random(sources.length)]!, random);
    const startMs = performance.now();
    try {
      decodeResult(input, OPTIONS);
      accepted++;
    } catch (error) {
      if (!(error instanceof CacheError) || error.code !== "ERR_DECODE") {
        throw new Error(`Run ${run} of seed ${seed}: ${input.toHex()}`, { cause: error });
      }
      refused++;
    }
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
  }
  assertEquals(prototypes.map((prototype) => Reflect.ownKeys(prototype).length), shapes);
  assert(prototypes.every(Object.isExtensible));
  assertEquals(accepted + refused, FUZZ_RUNS);
  // deno-lint-ignore no-console -- The count is part of what continuous integration shows.
  console.log(
    `fuzzed ${FUZZ_RUNS} inputs: ${accepted} decoded, ${refused} refused, slowest ${slowestMs.toFixed(1)} ms`,
  );
  assert(slowestMs < 5000, `one input took ${slowestMs} ms`);
});
