/** Instances and values of codecs come back; what a codec does wrong is a refusal that names it. */
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import type { ClassTable, Codec, ResultOptions } from "../../src/values/codec.ts";
import { decodeResult } from "../../src/values/result/decode_result.ts";
import { type EncodedResult, encodeResult } from "../../src/values/result/encode_result.ts";
import { CacheError, CacheTypeError } from "../../src/words/errors.ts";
import { findDifference } from "../support/clone_equality.ts";
import { joinChunks } from "../support/join_chunks.ts";

class Point {
  constructor(public x = 1, public y: unknown = null) {
    if (arguments.length > 2) throw new Error("The constructor was called by the decoder");
  }
  set trapped(_value: unknown) {
    throw new Error("A setter was called");
  }
}
class Point3 extends Point {
  z = 3;
}
class Rows extends Array<unknown> {}
class Index extends Map<unknown, unknown> {
  hidden = 1;
}
class Tags extends Set<unknown> {}
class Day extends Date {}
class Pattern extends RegExp {}
class Bytes extends Uint8Array<ArrayBuffer> {}
class Memory extends ArrayBuffer {}
class Failure extends TypeError {
  override readonly name: string = "Failure";
  constructor(message: string, readonly code: number) {
    super(message, { cause: [code] });
  }
}
class Missing extends Deno.errors.NotFound {}
class Money extends Number {}
class Attachment extends Blob {}
const CLASSES = { Point, Point3, Rows, Index, Tags, Day, Pattern, Bytes, Memory, Failure, Missing, Money, Attachment };

class Unknown {
  a = 1;
}

const classes: ClassTable = {
  referenceTo: () => null,
  refusalOf: () => null,
  capturedAt: () => undefined,
  nameOf: (constructor) => Object.entries(CLASSES).find(([, each]) => each === constructor)?.[0] ?? null,
  classNamed: (name) => CLASSES[name as "Point"],
};

/** A class whose state cannot be seen from outside. */
class Secret {
  #value: unknown;
  constructor(value: unknown) {
    this.#value = value;
  }
  get value(): unknown {
    return this.#value;
  }
  set value(value: unknown) {
    this.#value = value;
  }
}

const secret: Codec<Secret, unknown> = {
  name: "secret",
  is: (value) => value instanceof Secret,
  encode: ({ value }) => ({ value }),
  decode: (data) => new Secret((data as { value: unknown }).value),
};

const OPTIONS: ResultOptions = { classes, codecs: [secret] };

function bytesFor(value: unknown, options: ResultOptions = OPTIONS): Uint8Array {
  return joinChunks(encodeResult(value, options) as EncodedResult);
}

// deno-lint-ignore no-explicit-any -- The tests look into values of every shape.
function copy(value: unknown, options: ResultOptions = OPTIONS): any {
  return decodeResult(bytesFor(value, options), options);
}

function refusal(value: unknown, options: ResultOptions = OPTIONS): CacheTypeError {
  const error = assertThrows(() => encodeResult(value, options), CacheTypeError);
  assertEquals(error.code, "ERR_RESULT");
  return error;
}

function hidden<T extends object>(target: T): T {
  Object.defineProperty(target, "trapped", { value: [1] });
  return target;
}

const INSTANCES: Readonly<Record<string, () => object>> = {
  "an instance": () => new Point(2, [3]),
  "an instance with a member over a setter": () => hidden(new Point()),
  "an instance of a class that extends another one": () => new Point3(5),
  "an instance without members": () => Object.create(Point.prototype),
  "an object whose prototype is an instance": () => Object.create(new Point()),
  "an object between which and its class there is one more": () => Object.create(Object.create(Point.prototype)),
  "a frozen instance": () => Object.freeze(new Point3()),
  "an instance with a member under a symbol": () => Object.assign(new Point(), { [Symbol.for("s")]: new Point() }),
  "an instance that holds itself": () => {
    const point = new Point();
    return Object.assign(point, { y: [point] });
  },
  "a subclass of Array": () => Rows.from([1, new Point(), "x"]),
  "a long subclass of Array": () => Rows.from({ length: 100 }, (_, at) => ({ at })),
  "a subclass of Array with holes": () => Object.assign(new Rows(3), { 1: 1, named: 2 }),
  "a frozen subclass of Array": () => Object.freeze(Rows.of(1)),
  "a subclass of Map": () => new Index([[new Point(), 1]]),
  "a subclass of Map that holds itself": () => {
    const index = new Index();
    return index.set(index, [index]);
  },
  "a subclass of Set": () => new Tags([1]),
  "a subclass of Date": () => Object.assign(new Day(5), { zone: "UTC" }),
  "a subclass of RegExp": () => Object.assign(new Pattern("a", "g"), { lastIndex: 3 }),
  "a subclass of Uint8Array": () => new Bytes(new Uint8Array([1, 2]).buffer),
  "a subclass of Uint8Array over a buffer with a class": () => new Bytes(new Memory(8) as ArrayBuffer, 2, 4),
  "a subclass of ArrayBuffer": () => new Memory(4),
  "a subclass of Error": () => new Failure("m", 5),
  "a subclass of Error that was thrown": () => {
    try {
      throw new Failure("m", 5);
    } catch (error) {
      return error as Error;
    }
  },
  "a subclass of an error of Deno": () => new Missing("m"),
  "a subclass of Number": () => new Money(5),
};

for (const [kind, make] of Object.entries(INSTANCES)) {
  Deno.test(`${kind} comes back with its class`, () => {
    for (const put of [(value: object) => value, (value: object) => [value, { value }, new Map([[value, value]])]]) {
      const value = put(make());
      assertEquals(findDifference(copy(value), value), null);
    }
    assertMatch(refusal(make(), {}).message, /an instance of/);
  });
}

Deno.test("a subclass of Blob comes back with its class", async () => {
  const encoded = await encodeResult(new Attachment(["abc"], { type: "text/plain" }), OPTIONS);
  const back = decodeResult(joinChunks(encoded), OPTIONS) as Attachment;
  assert(back instanceof Attachment);
  assertEquals([await back.text(), back.type], ["abc", "text/plain"]);
});

Deno.test("a value of a codec comes back, with the values of codecs and the instances in it, and is shared", () => {
  const inner = new Secret(new Point(7));
  const back = copy({ list: [new Secret([inner]), inner], map: new Map([[inner, inner]]) });
  assertEquals(back.list[0].value[0].value, new Point(7));
  assertStrictEquals(back.list[0].value[0], back.list[1]);
  assertStrictEquals(back.map.get(back.list[1]), back.list[1]);
});

Deno.test("rows of instances and of values of codecs come back", () => {
  const rows = Array.from({ length: 5000 }, (_, at) => ({ at, point: new Point(at), secret: new Secret(at) }));
  const back = copy(rows) as typeof rows;
  assert(back.every(({ at, point, secret }) => point instanceof Point && point.x === at && secret.value === at));
});

Deno.test("a codec comes before the class and before a refusal, and the first of two counts", () => {
  const calls: string[] = [];
  const codec = (name: string, is: (value: unknown) => boolean): Codec => ({
    name,
    is: (value) => {
      calls.push(name);
      return is(value);
    },
    encode: () => name,
    decode: (data) => data,
  });
  const first = codec("first", (value) => value instanceof Point || value instanceof Intl.NumberFormat);
  const options = { classes, codecs: [first, codec("second", (value) => typeof value === "object")] };
  const getter = Object.defineProperty({}, "x", { get: () => 1, enumerable: true });
  const refused = [
    new Point(),
    new Intl.NumberFormat(),
    getter,
    new WeakMap(),
    Promise.resolve(),
    new ReadableStream(),
  ];
  assertEquals(copy(refused, options), ["first", "first", "second", "second", "second", "second"]);
  calls.length = 0;
  copy([{ a: 1 }, [1], new Map(), new Date(), new Error("m"), new URL("a:b"), Object.freeze({ a: 1 })], options);
  assertEquals(calls, [], "what is kept without a codec is not asked for");
  assertMatch(refusal([new Proxy({}, {})], options).message, /a Proxy/);
});

Deno.test("what a codec throws is a refusal that names it", () => {
  const failing = (changes: Partial<Codec>): ResultOptions => ({ codecs: [{ ...secret, ...changes } as Codec] });
  const fail = () => {
    throw new RangeError("It failed");
  };
  const ofIs = refusal([new Secret(1)], failing({ is: fail }));
  assertEquals(
    ofIs.message,
    'Cannot store result[0]: got a value for which is() of the codec "secret" threw: It failed; ' +
      "mend the codec, or leave the value out of the result",
  );
  assert(ofIs.cause instanceof RangeError);
  const ofEncode = refusal({ a: new Secret(1) }, failing({ encode: fail }));
  assertMatch(
    ofEncode.message,
    /^Cannot store result.a: got a value that the codec "secret" cannot encode: It failed;/,
  );
  assertEquals(refusal([new Secret(() => 1)]).path, "result[0].encode().value");
  const decoding = assertThrows(() => decodeResult(bytesFor(new Secret(1)), failing({ decode: fail })), CacheError);
  assertEquals([decoding.code, decoding.message], [
    "ERR_DECODE",
    'The codec "secret" cannot decode its data: It failed',
  ]);
});

Deno.test("a cycle through the data of a codec is refused, wherever it begins; one within the data is kept", () => {
  const alone = new Secret(null);
  alone.value = alone;
  assertMatch(refusal(alone).message, /a cycle through the data of a codec/);
  const outer: unknown[] = [];
  outer.push({ deep: new Secret([outer]) });
  assertEquals(refusal(outer).path, "result[0].deep.encode().value[0]");
  const within: Record<string, unknown> = {};
  within.self = within;
  const back = copy([new Secret(within), within]);
  assertStrictEquals(back[0].value.self, back[0].value);
  assertStrictEquals(back[1], back[0].value);
  const beside = { a: 1 };
  assertEquals(copy([beside, new Secret(beside)])[1].value, beside);
  const buffer = new Memory(2);
  const view = new Uint8Array(buffer as ArrayBuffer);
  assertMatch(refusal(Object.assign(buffer, { view })).message, /the buffer of a view/);
});

Deno.test("a codec or a class that is not there is named", () => {
  for (const [value, name] of [[new Secret(1), 'codec "secret"'], [new Point(), "instance of a class"]] as const) {
    const error = assertThrows(() => decodeResult(bytesFor([value])), CacheError);
    assertEquals(error.code, "ERR_DECODE");
    assert(error.message.includes(name), error.message);
  }
  assertMatch(refusal(new Unknown()).message, /an instance of Unknown;/);
});

Deno.test("a prototype that poses as that of a class is not the class's", () => {
  assertMatch(refusal(Object.create({ constructor: Point })).message, /an instance of Point;/);
  assertMatch(refusal(Object.setPrototypeOf(new WeakMap(), Point.prototype)).message, /another prototype than its own/);
});

Deno.test("cost is linear, and depth is not bounded by the stack", () => {
  let nested: unknown = null;
  for (let depth = 0; depth < 100_000; depth++) {
    nested = depth % 2 === 0 ? new Point(depth, nested) : new Secret(nested);
  }
  let back = copy(nested);
  let depth = 0;
  for (; back !== null; depth++) back = back instanceof Point ? back.y : back.value;
  assertEquals(depth, 100_000);
});

/** Bytes of a generic object: tag 27 over the type name and encoded parts. */
function object(name: string, ...parts: string[]): string {
  return "d81b" + (0x81 + parts.length).toString(16) + text(name) + parts.join("");
}

function text(value: string): string {
  return (0x60 + value.length).toString(16) + new TextEncoder().encode(value).toHex();
}

Deno.test("members are never added to what a codec made or what was there before", () => {
  const shared = { mine: true };
  const options: ResultOptions = { classes, codecs: [{ ...secret, decode: () => shared }] };
  const coded = object("Codec", text("secret"), text(""), "00");
  const hostile = [
    object("With", coded, "00", text("x"), "07", "01"),
    object("With", coded, "03"),
    object("Class", text("Point"), coded),
    "82" + "d81ca0" + object("With", "d81d00", "03"),
    "82" + "d81ca0" + object("Class", text("Point"), "d81d00"),
    "82" + "d81c" + coded + object("With", "d81d00", "03"),
    object("With", object("With", coded, "00"), "00"),
    object("With", object("Class", text("Point"), coded), "00"),
  ];
  for (const hex of hostile) {
    const error = assertThrows(() => decodeResult(Uint8Array.fromHex(hex), options), CacheError);
    assertEquals(error.code, "ERR_DECODE", hex);
  }
  assertEquals([Object.isFrozen(shared), Object.keys(shared), Object.getPrototypeOf(shared)], [
    false,
    ["mine"],
    Object.prototype,
  ]);
});

Deno.test("no member is turned into a number, which would call a method", () => {
  const calling: Codec = {
    ...secret,
    decode: () => ({
      valueOf: () => {
        throw new Error("A method was called");
      },
    }),
  };
  const coded = object("Codec", text("secret"), text(""), "00");
  for (
    const [base, key] of [["4100", "0"], ["80", "length"], [
      object("Float64Array", object("ArrayBuffer", "4800" + "00".repeat(7)), "00", "01"),
      "0",
    ]]
  ) {
    const hex = object("With", base!, "00", text(key!), "07", coded);
    assertThrows(() => decodeResult(Uint8Array.fromHex(hex), { codecs: [calling] }), CacheError, "is no number");
  }
});

Deno.test("hostile names of classes find nothing, and a class's prototype is not changed", () => {
  const before = Reflect.ownKeys(Point.prototype);
  for (const name of ["Object", "__proto__", "constructor", "toString", ""]) {
    const hex = object("Class", text(name), "f6");
    assertThrows(() => decodeResult(Uint8Array.fromHex(hex), {}), CacheError);
  }
  const hex = object("Class", text("Point"), "f6", text("__proto__"), "a1" + text("polluted") + "f5");
  const made = decodeResult(Uint8Array.fromHex(hex), OPTIONS) as Point;
  assertEquals([Object.getPrototypeOf(made), Object.keys(made)], [Point.prototype, ["__proto__"]]);
  assertEquals(Reflect.ownKeys(Point.prototype), before);
});
