/** Keys are canonical and injective: equal bytes for equal inputs, different bytes for different ones. */
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { encodeKey, type EncodeKeyOptions } from "../../src/values/key/encode_key.ts";
import { CacheTypeError } from "../../src/words/errors.ts";

function hex(value: unknown, options?: EncodeKeyOptions): string {
  return encodeKey(value, options).bytes.toHex();
}

function withExtra<T extends object>(subject: T, extra: object): T {
  return Object.assign(subject, extra);
}

const cycle = (length: number) => {
  const first: { next?: object } = {};
  let last = first;
  for (let at = 1; at < length; at++) last = last.next = {};
  last.next = first;
  return first;
};

/** Values no two of which may meet the same entry. */
const DIFFERENT: readonly unknown[] = [
  1,
  "1",
  1n,
  true,
  new Number(1),
  new String("1"),
  new Boolean(true),
  Object(1n),
  0,
  -0,
  NaN,
  null,
  undefined,
  false,
  "",
  [],
  [undefined],
  [,],
  [null],
  [1],
  [[1]],
  {},
  { a: undefined },
  { a: 1 },
  { a: "1" },
  { b: 1 },
  { 0: 1 },
  { 1: 1 },
  { "1": 1, "0": 1 },
  withExtra([1], { a: 1 }),
  withExtra([1], { "-1": 1 }),
  new Map(),
  new Map([["a", 1]]),
  new Map<unknown, unknown>([["a", 1], [1, "a"]]),
  new Map<unknown, unknown>([[1, "a"], ["a", 1]]),
  withExtra(new Map(), { a: 1 }),
  new Set(),
  new Set([1]),
  new Set([[1]]),
  new Set([1, 2]),
  new Set([2, 1]),
  withExtra(new Set(), { a: 1 }),
  [["a", 1]],
  ["Map", "a", 1],
  { __proto__: null, Map: 1 },
  JSON.parse('{"__proto__":1}'),
  new Date(0),
  new Date(1),
  new Date(NaN),
  withExtra(new Date(0), { a: 1 }),
  /a/,
  /a/g,
  /b/,
  withExtra(/a/g, { lastIndex: 1 }),
  new Error("a"),
  new Error(""),
  new Error(),
  new TypeError("a"),
  withExtra(new Error("a"), { name: "TypeError" }),
  new Error("a", { cause: 1 }),
  new Error("a", { cause: undefined }),
  withExtra(new Error("a"), { code: 1 }),
  new AggregateError([], "a"),
  new AggregateError([1], "a"),
  new DOMException("a", "AbortError"),
  new DOMException("a", "DataCloneError"),
  new Uint8Array(2),
  new Uint8ClampedArray(2),
  new Int8Array(2),
  new Uint16Array(1),
  new Int16Array(1),
  new Float16Array(1),
  new Float32Array(1),
  new Uint32Array(1),
  new Int32Array(1),
  new Float64Array(1),
  new BigInt64Array(1),
  new BigUint64Array(1),
  new DataView(new ArrayBuffer(2)),
  new ArrayBuffer(2),
  new ArrayBuffer(2, { maxByteLength: 4 }),
  new SharedArrayBuffer(2),
  new Uint8Array(new SharedArrayBuffer(2)),
  withExtra(new Uint8Array(2), { a: 1 }),
  [0, 0],
  Symbol.for("a"),
  Symbol.for("Symbol.iterator"),
  Symbol.iterator,
  Symbol.for("iterator"),
  { [Symbol.for("a")]: 1 },
  { [Symbol.for("b")]: 1 },
  { [Symbol.iterator]: 1 },
  withExtra([1], { [Symbol.for("a")]: 1 }),
  new URL("http://a.b/"),
  "http://a.b/",
  new URLSearchParams("a=1"),
  new Headers({ a: "1" }),
  cycle(1),
  cycle(2),
  cycle(3),
  { next: cycle(1) },
  "\ud800",
  "\ufffd",
  2 ** 53,
  2n ** 53n,
  2n ** 64n,
  [1, 2],
  [[1], 2],
  [1, [2]],
  "x".repeat(5000),
  ["x".repeat(5000)],
  ["x".repeat(5000), "x".repeat(5000)],
  { "\ud800": 1 },
  { "ü": 1 },
  Object.create(null),
  Object.assign(Object.create(null), { a: 1 }),
  Object.defineProperty({}, "a", { value: 1, writable: true, configurable: true }),
  Object.defineProperty({}, "a", { value: 1, enumerable: true, configurable: true }),
  Object.preventExtensions({ a: 1 }),
  Object.seal({ a: 1 }),
  Object.freeze({ a: 1 }),
  Object.freeze([1]),
  Object.freeze(new Map()),
  Object.freeze(new Date(0)),
  Object.defineProperty(new Map(), "a", { value: 1 }),
  Object.defineProperty([1], "length", { writable: false }),
  { [Symbol("a")]: 1 },
  Object.defineProperty({}, Symbol.for("a"), { value: 1 }),
  Symbol("a"),
  Symbol("b"),
  Buffer.from([0, 0]),
  new Uint8Array(4).subarray(0, 2),
  new Uint8Array(4).subarray(1, 3),
  new Uint8Array(new ArrayBuffer(2, { maxByteLength: 4 })),
  new TextDecoder(),
  new TextDecoder("utf-8", { fatal: true }),
  new TextDecoder("utf-8", { ignoreBOM: true }),
  (() => {
    const one = {};
    return [one, one];
  })(),
  [{}, {}],
  (() => {
    const buffer = new ArrayBuffer(2);
    return [new Uint8Array(buffer), new Uint16Array(buffer)];
  })(),
  [new Uint8Array(2), new Uint16Array(1)],
  (() => {
    const one = Symbol("a");
    return [one, one];
  })(),
  [Symbol("a"), Symbol("a")],
  (() => {
    const parent: { child?: unknown } = {};
    parent.child = { parent };
    return parent;
  })(),
];

Deno.test("values that a function could treat differently have different keys", () => {
  const seen = new Map<string, unknown>();
  for (const value of DIFFERENT) {
    for (const wrapped of [value, ["in", value], { in: value }, new Map([["in", value]])]) {
      const key = hex(wrapped);
      assertEquals(seen.has(key), false, `${Deno.inspect(wrapped)} and ${Deno.inspect(seen.get(key))}`);
      seen.set(key, wrapped);
    }
  }
});

Deno.test("values that are the same input have the same key", () => {
  const shared = { x: [1, "a"] };
  const large = { x: Array.from({ length: 500 }, (_, index) => `text ${index}`) };
  const bytes = new Uint8Array([0, 1, 2, 3]);
  const pairs: [unknown, unknown][] = [
    [{ a: 1, b: { d: 1, c: 2 } }, { b: { c: 2, d: 1 }, a: 1 }],
    [{ 10: 1, 9: 2, b: 3, aa: 4, "ü": 5 }, { "ü": 5, aa: 4, b: 3, 9: 2, 10: 1 }],
    [{ [Symbol.for("b")]: 1, [Symbol.for("a")]: 2 }, { [Symbol.for("a")]: 2, [Symbol.for("b")]: 1 }],
    [new Float64Array(new Uint8Array([1, 0, 0, 0, 0, 0, 0xf8, 0x7f]).buffer)[0], NaN],
    [[shared, shared], structuredClone([shared, shared])],
    [[large, large, { large }], structuredClone([large, large, { large }])],
    [bytes.subarray(1, 3), structuredClone(bytes).subarray(1, 3)],
    [Object.freeze({ a: 1, b: 2 }), Object.freeze({ b: 2, a: 1 })],
    [[Symbol("a"), Symbol("b")], [Symbol("a"), Symbol("b")]],
    [Buffer.from("text"), Buffer.from("text")],
    [cycle(3), structuredClone(cycle(3))],
    [Object.defineProperty({ a: 1 }, "hidden", { value: 1 }), Object.defineProperty({ a: 1 }, "hidden", { value: 1 })],
    [withExtra([1, 2], { b: 1, a: 2 }), withExtra([1, 2], { a: 2, b: 1 })],
    [new Error("a"), (() => new Error("a"))()],
  ];
  for (const [a, b] of pairs) assertEquals(hex(a), hex(b), Deno.inspect(a));
});

Deno.test("keys are canonical CBOR: shortest heads, sorted names", () => {
  assertEquals(hex({ bb: 1, a: 2, "": 3 }), "a3" + "60" + "03" + "6161" + "02" + "626262" + "01");
  assertEquals(hex([1, 1000, -1, 1.5, 0.1]), "85" + "01" + "1903e8" + "20" + "f93e00" + "fb3fb999999999999a");
});

/** Data of all kinds, twice: as it is, and built again with everything that must not matter changed. */
const twins: fc.Arbitrary<[unknown, unknown]> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.double(), fc.bigInt(), fc.string({ unit: "binary" }), fc.boolean(), fc.constantFrom(null, undefined))
      .map((leaf) => [leaf, leaf]),
    fc.array(tie("value")).map((items) => both(items, (side) => side)),
    fc.array(fc.tuple(fc.string().filter((name) => name !== "length"), tie("value"))).map((entries) => {
      const unique = [...new Map(entries as [string, [unknown, unknown]][])];
      return [
        Object.fromEntries(unique.map(([name, [a]]) => [name, a])),
        Object.fromEntries(unique.reverse().map(([name, [, b]]) => [name, b])),
      ];
    }),
    fc.array(tie("value")).map((items) => both(items, (side) => new Set(side))),
    fc.array(tie("value")).map((items) => both(items, (side) => new Map(side.map((value, at) => [at, value])))),
  ),
})).value as fc.Arbitrary<[unknown, unknown]>;

function both(items: unknown[], make: (side: unknown[]) => unknown): [unknown, unknown] {
  const pairs = items as [unknown, unknown][];
  return [make(pairs.map(([a]) => a)), make(pairs.map(([, b]) => b))];
}

Deno.test("the order of an object that is a member `length` always counts: code may return that as if it were a number", () => {
  for (const wrap of [(one: object) => ({ length: one }), (one: object) => ({ a: 1, length: [one] })]) {
    assertNotEquals(hex(wrap({ x: 1, y: 2 })), hex(wrap({ y: 2, x: 1 })));
  }
  assertEquals(hex({ length: 2, other: { x: 1, y: 2 } }), hex({ length: 2, other: { y: 2, x: 1 } }));
});

Deno.test("the order of properties never matters, for any value, unless it counts", () => {
  fc.assert(fc.property(twins, ([a, b]) => hex(a) === hex(b)), { numRuns: 1000 });
  const [one, other] = [{ a: 1, b: { c: 1, d: 2 } }, { a: 1, b: { d: 2, c: 1 } }];
  assertNotEquals(hex(one, { countsOrder: true }), hex(other, { countsOrder: true }));
  assertEquals(hex(one, { countsOrder: true }), hex(structuredClone(one), { countsOrder: true }));
});

Deno.test("a captured object, function or symbol is told from an equal one, and two captured ones from each other", () => {
  const [first, second, symbol] = [{ a: 1 }, { a: 1 }, Symbol("a")];
  const ordinals = new Map<object | symbol, number>([[first, 0], [second, 1], [symbol, 2]]);
  const options = { ordinalOf: (value: object | symbol) => ordinals.get(value), identify: () => "code" };
  const keys = [first, second, { a: 1 }, [first], [second], new Map([[first, 1]]), new Map([[{ a: 1 }, 1]])]
    .map((value) => hex(value, options));
  assertEquals(new Set([...keys, hex(symbol, options), hex(Symbol("a"), options)]).size, keys.length + 2);
});

Deno.test("classes of one text are told apart where one value has both, and by name where names count", () => {
  const [One, Other] = [class Cat {}, class Dog {}];
  const options = { identify: () => "class" };
  assertNotEquals(hex([new One(), new One()], options), hex([new One(), new Other()], options));
  assertEquals(hex(new One(), options), hex(new Other(), options));
  assertNotEquals(
    hex(new One(), { ...options, countsNames: true }),
    hex(new Other(), { ...options, countsNames: true }),
  );
  const functions = [() => 1, () => 1];
  assertNotEquals(hex([functions[0], functions[0]], options), hex(functions, options));
});

Deno.test("a stack trace counts where the code can see it", () => {
  const [one, other] = [new Error("a"), (() => new Error("a"))()];
  assertEquals(hex(one), hex(other));
  assertNotEquals(hex(one, { countsStacks: true }), hex(other, { countsStacks: true }));
});

/** The value in words, written without looking at the encoder: equal words, equal values. */
function describe(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof Uint8Array) return `Bytes(${value})`;
  if (value instanceof Map) return `Map(${[...value].map(([a, b]) => `${describe(a)}=>${describe(b)}`).join()})`;
  if (value instanceof Set) return `Set(${[...value].map(describe).join()})`;
  const isArray = Array.isArray(value);
  const names = Object.keys(value).sort();
  const fields = names.map((name) => `${JSON.stringify(name)}:${describe((value as Record<string, unknown>)[name])}`);
  return isArray ? `Array(${value.length},${fields.join()})` : `{${fields.join()}}`;
}

const small = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(0, -0, 1, 1n, "1", "", true, null, undefined, NaN, "a", new Date(1), new Uint8Array([1]))
      .map((value) => structuredClone(value)), // no object is shared
    fc.array(tie("value"), { maxLength: 3 }),
    fc.sparseArray(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "b", "1", "__proto__"), tie("value"), { maxKeys: 2, noNullPrototype: true }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 2 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((members) => new Set(members)),
  ),
})).value;

Deno.test("different values never have the same key, for any pair of values", () => {
  const byKey = new Map<string, string>();
  const keyOf = new Map<string, string>();
  fc.assert(
    fc.property(small, (value) => {
      const key = hex(value);
      const words = describe(value);
      assertEquals(byKey.get(key) ?? words, words);
      assertEquals(keyOf.get(words) ?? key, key);
      byKey.set(key, words);
      keyOf.set(words, key);
    }),
    { numRuns: 20_000 },
  );
  assert(byKey.size > 2000);
});

Deno.test("another process gives the same bytes", async () => {
  const source = `
    import { encodeKey } from ${JSON.stringify(import.meta.resolve("../../src/values/key/encode_key.ts"))};
    const shared = { b: [1, 2n, "ü"], a: new Map([["x", new Date(5)]]) };
    const value = { z: shared, y: shared, e: new TypeError("m", { cause: shared }), r: /a/g, s: Symbol.for("q") };
    value.self = value;
    console.log(encodeKey([value, Array(500).fill("text")]).bytes.toHex());
  `;
  const run = async (...flags: string[]) => {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["eval", ...flags, source],
      cwd: Deno.makeTempDirSync(),
    });
    const { stdout, success, stderr } = await command.output();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  };
  const [first, second] = await Promise.all([run(), run("--v8-flags=--random-seed=7,--hash-seed=9")]);
  assert(first!.length > 100);
  assertEquals(first, second);
});

Deno.test("heavily shared values take time and bytes in proportion to their objects", () => {
  let dag: unknown = ["leaf"];
  for (let depth = 0; depth < 300; depth++) {
    dag = depth % 2 === 0 ? [dag, dag] : { a: dag, b: dag, c: new Map([[1, dag]]) };
  }
  const startMs = performance.now();
  const { bytes } = encodeKey(dag);
  assert(bytes.length < 500_000, `${bytes.length} bytes`);
  assert(performance.now() - startMs < 5000);
});

Deno.test("a graph in which everything refers to everything has a key, and a copy of it the same", () => {
  const graph = Array.from({ length: 60 }, (_, id) => ({ id, next: [] as unknown[] }));
  for (const node of graph) node.next.push(...graph);
  assertEquals(hex(graph), hex(structuredClone(graph)));
  graph[59]!.next.reverse();
  assertNotEquals(hex(graph), hex(structuredClone(graph.map((node) => ({ ...node })))));
  const doubly = { value: 1 } as { value: number; next?: object };
  doubly.next = { value: 2, previous: doubly };
  assertNotEquals(hex(doubly), hex({ value: 1, next: { value: 2, previous: { value: 1 } } }));
});

Deno.test("a shared part that leads to a cycle counts as shared", () => {
  const round = cycle(2);
  const wrapper = { round, text: "x".repeat(2000) };
  assertEquals(hex([wrapper, wrapper, round]), hex(structuredClone([wrapper, wrapper, round])));
  assertNotEquals(hex([wrapper, wrapper, round]), hex([wrapper, { ...wrapper }, round]));
});

Deno.test("nesting of 100,000 has a key", () => {
  let value: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) value = depth % 2 === 0 ? [value] : { value };
  assert(encodeKey(value).bytes.length > 100_000);
  assert(encodeKey(cycle(100_000)).bytes.length > 100_000);
});

Deno.test("functions, instances and Blobs are handed to identify, and listed while it does not know them", () => {
  class Point {
    x = 1;
  }
  class Names extends Map<number, number> {}
  const fn = () => 1;
  const point = new Point();
  const names = new Names();
  const blob = new Blob(["a"]);
  const value = { list: [fn, point], names, blob };
  const { unresolved } = encodeKey(value);
  assertEquals(unresolved.map(({ reason }) => reason), ["blob", "function", "instance", "instance"]);
  assertEquals(unresolved.map(({ subject }) => subject), [blob, fn, point, names]);
  const calls: object[] = [];
  const identify = (subject: object) => {
    calls.push(subject);
    return "stand-in";
  };
  const known = encodeKey(value, { path: "args[0]", identify });
  assertEquals([known.unresolved.length, calls.length], [0, 4]);
  assertNotEquals(hex(value, { identify: () => "a" }), hex(value, { identify: () => "b" }));
  const moved = new Point();
  moved.x = 2;
  assertNotEquals(hex(point, { identify }), hex(moved, { identify }));
  assertNotEquals(hex(point, { identify }), hex({ x: 1 }, { identify }));
  assertNotEquals(hex(new Names([[1, 2]]), { identify }), hex(new Names(), { identify }));
});

Deno.test("what cannot be an input is refused with the path and the remedy", () => {
  const cases: [unknown, string][] = [
    [{ user: { p: Promise.resolve() } }, "args[0].user.p"],
    [[new WeakMap()], "args[0][0]"],
    [new Map([["k", new WeakSet()]]), 'args[0].get("k")'],
    [new Map([[new WeakRef({}), 1]]), "args[0].keys()[0]"],
    [new Set([0, new ReadableStream()]), "args[0].values()[1]"],
    [(function* () {})(), "args[0]"],
    [(async function* () {})(), "args[0]"],
    [[1, 2].values(), "args[0]"],
    [new Error("x", { cause: Promise.resolve() }), "args[0].cause"],
    [{ f: new FormData() }, "args[0].f"],
    [globalThis, "args[0]"],
    [Math, "args[0]"],
  ];
  for (const [value, path] of cases) {
    const error = assertThrows(() => encodeKey(value, { path: "args[0]", identify: () => "x" }), CacheTypeError);
    assertEquals([error.code, error.path], ["ERR_ARGUMENT", path]);
    assert(error.message.startsWith(`Cannot use ${path} as an input: got `), error.message);
    assert(error.message.includes("ignoreArgs"), error.message);
  }
  const around = cycle(3) as { next: { next: Record<string, unknown> } };
  around.next.next.p = Promise.resolve();
  assertEquals(assertThrows(() => encodeKey(around), CacheTypeError).path, "value.next.next.p");
});

Deno.test("private fields count by value, what cannot be an input by a name there, and digest stands for large data", () => {
  class Holder {
    rows = [1];
    #inner = 0;
    get inner() {
      return this.#inner;
    }
  }
  const holder = new Holder();
  const withPrivate = (value: unknown, name?: string) =>
    hex({ holder, p: 1 }, {
      identify: () => "Holder",
      privatesOf: (instance) => instance === holder ? new Map([["#inner", value]]) : null,
      ...name === undefined ? {} : { nameHandle: () => name },
    });
  assertNotEquals(withPrivate([1]), withPrivate([2]));
  assertNotEquals(withPrivate([1]), hex({ holder, p: 1 }, { identify: () => "Holder" }));
  for (
    const handle of [new ReadableStream(), Promise.resolve(), new WeakMap(), { deep: [new FormData()] }]
  ) {
    assertNotEquals(withPrivate(handle, "a"), withPrivate(handle, "b"));
    assertEquals(withPrivate(handle, "a"), withPrivate(handle, "a"));
    assertThrows(() => withPrivate(handle), CacheTypeError, "#inner");
    assertThrows(() => hex({ handle }, { nameHandle: () => "a" }), CacheTypeError);
  }
  // What only a private field leads back to is on a cycle like any other.
  assertEquals(withPrivate({ up: holder }), withPrivate({ up: holder }));
  assertNotEquals(withPrivate({ up: holder }), withPrivate({ up: new Holder() }));
  const large = new Float64Array(100_000);
  const digest = (bytes: Uint8Array) => `${bytes.length}`;
  assert(encodeKey([large], { digest }).bytes.length < 50);
  assertEquals(hex([new Uint8Array(3)], { digest }), hex([new Uint8Array(3)]));
});

Deno.test("objects of the platform that are data have keys", () => {
  const temporal = (globalThis as { Temporal?: { Instant: { from(text: string): object } } }).Temporal;
  if (temporal !== undefined) {
    const at = (text: string) => hex(temporal.Instant.from(text));
    assertEquals(at("2020-01-01T00:00Z"), at("2020-01-01T01:00+01:00"));
    assertNotEquals(at("2020-01-01T00:00Z"), at("2020-01-01T00:00:01Z"));
  }
  assertEquals(hex(new Intl.NumberFormat("de")), hex(new Intl.NumberFormat("de")));
  assertNotEquals(hex(new Intl.NumberFormat("de")), hex(new Intl.NumberFormat("en")));
  assertNotEquals(hex(new Intl.NumberFormat("de")), hex(new Intl.DateTimeFormat("de")));
});
