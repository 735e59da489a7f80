/**
 * Values that were made in two ways, and that no code can tell apart.
 *
 * @module
 */
import type { InputPair } from "./family.ts";

/** Function that looks at all that can be seen of a value. */
const SEES_ALL =
  `function f(x) { return inspect(x, { showHidden: true, depth: 50, maxArrayLength: null, maxStringLength: null }) + Object.isFrozen(x); }`;

const SETUP = `
import { inspect } from "node:util";
class Point { constructor(v) { this.v = v; } }
class Hidden { #v; constructor(v) { this.#v = v; } get v() { return this.#v; } }
const made = (add) => { const o = {}; add(o); return o; };`;

const ALIKE: readonly (readonly [name: string, a: string, b: string])[] = [
  ["equal objects", "({ a: 1, b: [2] })", "({ a: 1, b: [2] })"],
  ["an object and its spread", "({ a: 1, b: 2 })", "({ ...{ a: 1, b: 2 } })"],
  [
    "an object and its structured clone",
    "({ a: [1], b: new Map([[1, 2]]) })",
    "structuredClone({ a: [1], b: new Map([[1, 2]]) })",
  ],
  ["an object and its JSON", "({ a: [1, { b: null }] })", `JSON.parse('{"a":[1,{"b":null}]}')`],
  ["a member that was added and deleted", "({ a: 1 })", "made((o) => { o.b = 2; o.a = 1; delete o.b; })"],
  ["members by assignment", "({ a: 1, b: 2 })", "made((o) => { o.a = 1; o.b = 2; })"],
  [
    "members by definition",
    "({ a: 1 })",
    "Object.defineProperty({}, 'a', { value: 1, writable: true, enumerable: true, configurable: true })",
  ],
  [
    "a dictionary",
    "({ a: 1 })",
    "made((o) => { for (let i = 0; i < 2000; i++) o['k' + i] = i; for (let i = 0; i < 2000; i++) delete o['k' + i]; o.a = 1; })",
  ],
  ["a member that changed its type", "({ a: 1 })", "made((o) => { o.a = 'text'; o.a = 1.5; o.a = 1; })"],
  ["members from entries", "({ a: 1, b: 2 })", "Object.fromEntries([['a', 1], ['b', 2]])"],
  ["indices in any order", "({ 1: 'a', 2: 'b' })", "({ 2: 'b', 1: 'a' })"],
  ["a list by push()", "[1, 2, 3]", "(() => { const l = []; l.push(1); l.push(2, 3); return l; })()"],
  ["a list that held floats", "[1, 2]", "(() => { const l = [1.5, 2.5]; l[0] = 1; l[1] = 2; return l; })()"],
  ["a list that had holes", "[1, 2]", "(() => { const l = new Array(2); l[1] = 2; l[0] = 1; return l; })()"],
  ["a list that was longer", "[1]", "(() => { const l = [1, 2, 3]; l.length = 1; return l; })()"],
  ["a hole by delete", "[1, , 3]", "(() => { const l = [1, 2, 3]; delete l[1]; return l; })()"],
  ["a concatenated text", '"abcdefghijklmnopqrstuvwxyz"', '["abcdefghijklm", "nopqrstuvwxyz"].join("")'],
  ["a rope", '"a".repeat(40)', '(() => { let s = ""; for (let i = 0; i < 40; i++) s += "a"; return s; })()'],
  ["a slice", '"bcdefghijklmnopqrstuvwxyz"', '"abcdefghijklmnopqrstuvwxyz".slice(1)'],
  ["a text of two bytes a letter", '"abc"', '"abc\\u1234".slice(0, 3)'],
  ["an escaped text", '"\\u0041"', '"A"'],
  ["1 and 1.0", "1", "1.0"],
  ["an integer from floats", "3", "1.5 + 1.5"],
  ["a large integer", "4294967296", "2 ** 32"],
  ["notations of a number", "255", "0xff"],
  ["-0 computed", "-0", "-1 * 0"],
  ["NaNs", "NaN", "0 / 0"],
  [
    "NaNs of two payloads",
    "new Float64Array(new BigUint64Array([0x7ff8000000000001n]).buffer)[0]",
    "new Float64Array(new BigUint64Array([0x7ff8000000000002n]).buffer)[0]",
  ],
  ["a bigint computed", "10n ** 20n", 'BigInt("100000000000000000000")'],
  [
    "a Map with another history",
    'new Map([["a", 1], ["b", 2]])',
    'new Map([["b", 0], ["a", 1]]).set("c", 3) && (() => { const m = new Map([["b", 0], ["a", 0], ["c", 3]]); m.delete("b"); m.delete("c"); m.set("a", 1).set("b", 2); return m; })()',
  ],
  ["a Map's key -0", "new Map([[0, 1]])", "new Map([[-0, 1]])"],
  [
    "a Set with another history",
    "new Set([1, 2])",
    "(() => { const s = new Set([3, 1, 3, 2]); s.delete(3); return s; })()",
  ],
  ["a Set of one element twice", "new Set([1])", "new Set([1, 1])"],
  ["a Map keyed by equal objects", "new Map([[{ k: 1 }, 1]])", "new Map([[{ k: 1 }, 1]])"],
  ["a Date from a text", "new Date(0)", 'new Date("1970-01-01T00:00:00Z")'],
  ["invalid Dates", "new Date(NaN)", 'new Date("x")'],
  ["a RegExp by constructor", "/a+/gi", 'new RegExp("a+", "ig")'],
  ["bytes from a text", "new Uint8Array([104, 105])", "Uint8Array.from([104, 105])"],
  ["a copied buffer", "new Uint8Array([1, 2]).buffer", "new Uint8Array([1, 2, 3]).buffer.slice(0, 2)"],
  ["a Buffer's equal", 'Buffer.alloc(2, "hi")', "Buffer.alloc(2, new Uint8Array([104, 105]))"],
  [
    "objects without prototype",
    "Object.assign(Object.create(null), { a: 1 })",
    "Object.setPrototypeOf({ a: 1 }, null)",
  ],
  ["a null prototype in a literal", "({ __proto__: null, a: 1 })", "Object.assign(Object.create(null), { a: 1 })"],
  [
    "frozen in two ways",
    "Object.freeze({ a: 1 })",
    "Object.preventExtensions(Object.defineProperty({}, 'a', { value: 1, enumerable: true }))",
  ],
  ["an instance without its constructor", "new Point(1)", "Object.assign(Object.create(Point.prototype), { v: 1 })"],
  ["an instance by Reflect", "new Point(1)", "Reflect.construct(Point, [1])"],
  ["a boxed number", "Object(1)", "new Number(1)"],
  ["URLs in two notations", 'new URL("https://A.b:443/x/../c")', 'new URL("https://a.b/c")'],
  ["search parameters", 'new URLSearchParams("a=1")', "new URLSearchParams({ a: 1 })"],
  ["headers in any order and case", 'new Headers({ A: "1", b: "2" })', 'new Headers([["b", "2"], ["a", "1"]])'],
  ["registered symbols", 'Symbol.for("s")', 'Symbol.for(["s"].join())'],
  ["a shared text", "((s) => [s, s])('text')", "['te' + 'xt', 'text']"],
  [
    "sharing that is made in two ways",
    "((o) => ({ p: o, q: o }))({})",
    "(() => { const o = {}; const all = {}; all.p = {}; all.q = all.p; return all; })()",
  ],
  [
    "a cycle that is closed in two ways",
    "(() => { const o = { n: 1 }; o.self = o; return o; })()",
    "(() => { const o = { n: 1, self: null }; o.self = o; return o; })()",
  ],
  [
    "instants",
    'Temporal.Instant.from("2024-01-01T00:00Z")',
    "Temporal.Instant.fromEpochMilliseconds(Date.UTC(2024, 0, 1))",
  ],
  ["durations", 'Temporal.Duration.from("P1DT2H")', "Temporal.Duration.from({ days: 1, hours: 2 })"],
];

/** Pairs that are alike to one function only, by its text. */
const ALIKE_TO: readonly InputPair[] = [
  ["private fields", "new Hidden(1)", "new Hidden(1)", "x.v"],
  ["closures over equal values", "((k) => (n) => n + k)(1)", "((k) => (n) => n + k)(1)", "x(1)"],
  ["bound functions", "Math.max.bind(null, 1)", "Math.max.bind(null, 1)", "x(0)"],
  ["getters of one text", "({ get v() { return 1; } })", "({ get v() { return 1; } })", "x.v"],
  [
    "errors that were made elsewhere",
    'new Error("m", { cause: 1 })',
    'Error("m", { cause: 1 })',
    "[x.message, x.name, x.cause].join()",
  ],
  [
    "errors of one class of the user",
    "(() => new Failed('m'))()",
    "new Failed('m')",
    "`${x.constructor.name} ${x.message} ${x instanceof Failed}`",
  ],
  [
    "codes of errors",
    "Object.assign(new Error('m'), { code: 'E' })",
    "Object.assign(Error('m'), { code: 'E' })",
    "x.code + x.message",
  ],
  [
    "arguments objects",
    "(function () { return arguments; })(1, 2)",
    "(function () { return arguments; })(1, 2)",
    "x[0] + x.length",
  ],
].map(([what, a, b, text]): InputPair => ({
  name: `alike: ${what}`,
  setup: `${SETUP}\nclass Failed extends Error {}`,
  fn: `function f(x) { return ${text}; }`,
  a: a!,
  b: b!,
  apart: false,
}));

/** Pairs that are one call. */
export const ALIKE_PAIRS: readonly InputPair[] = [
  ...ALIKE.map(([name, a, b]): InputPair => ({
    name: `alike: ${name}`,
    setup: `import { Buffer } from "node:buffer";${SETUP}`,
    fn: SEES_ALL,
    a,
    b,
    apart: false,
    same: true,
  })),
  ...ALIKE_TO,
];
