/**
 * Objects with equal members: their order, and their attributes.
 *
 * @module
 */
import { type Family, type InputPair, pairsOf } from "./family.ts";

const ORDER: readonly Family[] = [
  {
    name: "order of members, through an object that inherits from it",
    a: "({ a: 1, b: 2 })",
    b: "({ b: 2, a: 1 })",
    seen: {
      "for-in":
        "(() => { const copy = { __proto__: x }; let all = ''; for (const k in copy) all += k; return all; })()",
    },
  },
  {
    name: "raw JSON and an object like it",
    a: "JSON.rawJSON('1')",
    b: "Object.freeze(Object.assign(Object.create(null), { rawJSON: '1' }))",
    seen: { "JSON.stringify": "JSON.stringify(x)", "isRawJSON": "JSON.isRawJSON(x)" },
  },
  {
    name: "Maps without a prototype",
    a: "Object.setPrototypeOf(new Map([['a', 1]]), null)",
    b: "Object.setPrototypeOf(new Map([['a', 2]]), null)",
    seen: { "a method of another Map": "Map.prototype.get.call(x, 'a')" },
  },
  {
    name: "the parameters of a URL and equal ones",
    setup:
      "const made = (url) => [url, url.searchParams]; const apart = (url) => [url, new URLSearchParams(url.search)];",
    a: "made(new URL('http://a/?a=1'))",
    b: "apart(new URL('http://a/?a=1'))",
    modes: ["argument"],
    seen: { "===": "x[0].searchParams === x[1]" },
  },
  {
    name: "order of members",
    setup: `
import { inspect, format } from "node:util";
import { stringify as query } from "node:querystring";
import { encode } from "npm:cbor2@^2.3.0";
const KEY = "a";
function list(o) { return Object.keys(o).join(); }
function total(o) { return o.a - o.b; }
class Reader { constructor(o) { this.o = o; } all() { return Object.values(this.o).join(); } }
class Namer { constructor(o) { this.o = o; } one() { return this.o.a; } }
const PIPES = { keys: (o) => Object.keys(o).join() };`,
    a: "({ a: 1, b: 2, c: 3 })",
    b: "({ c: 3, b: 2, a: 1 })",
    seen: {
      "Object.keys": "Object.keys(x).join()",
      "Object.values": "Object.values(x).join()",
      "Object.entries": "Object.entries(x).join()",
      "getOwnPropertyNames": "Object.getOwnPropertyNames(x)[0]",
      "getOwnPropertyDescriptors": "Object.keys(Object.getOwnPropertyDescriptors(x)).join()",
      "Reflect.ownKeys": "Reflect.ownKeys(x).join()",
      "for-in": "(() => { let all = ''; for (const name in x) all += name; return all; })()",
      "JSON.stringify": "JSON.stringify(x)",
      "spread": "Object.keys({ ...x }).join()",
      "spread alone": "({ ...x })",
      "rest": "(({ b, ...rest }) => Object.keys(rest).join())(x)",
      "rest alone": "(({ b, ...rest }) => rest)(x)",
      "Object.assign": "Object.assign({}, x)",
      "structuredClone": "structuredClone(x)",
      "keys of structuredClone": "Object.keys(structuredClone(x)).join()",
      "Deno.inspect": "Deno.inspect(x)",
      "inspect of node:util": "inspect(x)",
      "format of node:util": "format('%o', x)",
      "node:querystring": "query(x)",
      "URLSearchParams": "new URLSearchParams(x).toString()",
      "Map of entries": "[...new Map(Object.entries(x)).keys()].join()",
      "returning it": "x",
      "returning it in an object": "({ got: x })",
      "a helper": "list(x)",
      "a method of a class": "new Reader(x).all()",
      "a function in an object": "PIPES.keys(x)",
      "a callback": "[x].map(Object.keys).join()",
      "an alias of Object.keys": "(() => { const { keys } = Object; return keys(x)[0]; })()",
      "the first member": "Object.keys(x)[0]",
      "findLast()": "Object.entries(x).findLast(([, v]) => v > 0)[0]",
      "a package": "encode(x).join()",
      "with a replacer": "JSON.stringify(x, (_, value) => value)",
      "Object.groupBy": "Object.keys(Object.groupBy(Object.keys(x), (k) => k)).join()",
      "freezing a copy": "JSON.stringify(Object.freeze({ ...x }))",
      "Reflect by a computed name": "Reflect['own' + 'Keys'](x).join()",
    },
    unseen: {
      "naming members": "x.a - x.b",
      "destructuring": "(({ a, b, c }) => a * b - c)(x)",
      "an index": 'x["a"] + x["b"]',
      "a constant name": "x[KEY]",
      "in": "'a' in x",
      "Object.hasOwn": "Object.hasOwn(x, 'a')",
      "a template": "`${x.a}/${x.b}`",
      "a helper that names them": "total(x)",
      "a class that names them": "new Namer(x).one()",
      "optional chaining": "x?.a ?? x?.b",
      "a function in a list": "[x].map((o) => o.a).join()",
    },
  },
  {
    name: "order of nested members",
    setup: "function sum(rows) { let all = 0; for (const row of rows) all += row.p - row.q; return all; }",
    a: "({ rows: [{ p: 1, q: 2 }, { p: 3, q: 4 }] })",
    b: "({ rows: [{ q: 2, p: 1 }, { p: 3, q: 4 }] })",
    seen: {
      "Object.keys": "Object.keys(x.rows[0]).join()",
      "JSON.stringify": "JSON.stringify(x)",
      "returning it": "x.rows",
      "a header": "x.rows.map((row) => Object.values(row).join()).join(';')",
    },
    unseen: {
      "naming members": "x.rows[0].p - x.rows[0].q",
      "a loop": "sum(x.rows)",
      "reduce()": "x.rows.reduce((all, { p, q }) => all + p * q, 0)",
    },
  },
  {
    name: "order of members in a Map",
    a: 'new Map([["k", { p: 1, q: 2 }]])',
    b: 'new Map([["k", { q: 2, p: 1 }]])',
    seen: { "Object.keys": "Object.keys(x.get('k')).join()" },
    unseen: { "naming members": "x.get('k').p" },
  },
  {
    name: "order of fields of an instance",
    setup:
      "class Pair { constructor(flip) { if (flip) { this.q = 2; this.p = 1; } else { this.p = 1; this.q = 2; } } diff() { return this.p - this.q; } }",
    a: "new Pair(false)",
    b: "new Pair(true)",
    seen: { "Object.keys": "Object.keys(x).join()", "JSON.stringify": "JSON.stringify(x)", "spread": "({ ...x })" },
    unseen: { "naming members": "x.p - x.q", "a method": "x.diff()" },
  },
  {
    name: "order of entries of a Map",
    a: "new Map([[1, 2], [3, 4]])",
    b: "new Map([[3, 4], [1, 2]])",
    seen: {
      "keys": "[...x.keys()].join()",
      "the first": "x.values().next().value",
      "forEach": "(() => { let all = ''; x.forEach((v) => all += v); return all; })()",
    },
  },
  {
    name: "order of elements of a Set",
    a: "new Set([1, 3])",
    b: "new Set([3, 1])",
    seen: { "spread": "[...x].join()", "union()": "[...x.union(new Set([5]))].join()" },
  },
];

const ATTRIBUTES: readonly Family[] = [
  {
    name: "no prototype",
    a: "Object.assign(Object.create(null), { a: 1 })",
    b: "({ a: 1 })",
    seen: {
      "getPrototypeOf": "Object.getPrototypeOf(x) === null",
      "an inherited name": "'toString' in x",
      "instanceof": "x instanceof Object",
      "an inherited method": "typeof x.hasOwnProperty",
      "__proto__": "x.__proto__ === undefined",
      "a look-up of a word": "x['constructor'] === undefined",
    },
    unseen: { "its member": "x.a + 1", "Object.hasOwn": "Object.hasOwn(x, 'a')" },
  },
  {
    name: "a hidden member",
    a: 'Object.defineProperty({ a: 1 }, "k", { value: 1 })',
    b: 'Object.defineProperty({ a: 1 }, "k", { value: 2 })',
    seen: { "reading": "x.k", "destructuring": "(({ k }) => k)(x)" },
  },
  {
    name: "hidden and not",
    setup:
      "const hidden = (enumerable) => Object.defineProperty({ a: 1 }, 'k', { value: 1, enumerable, writable: true, configurable: true });",
    a: "hidden(true)",
    b: "hidden(false)",
    seen: {
      "Object.keys": "Object.keys(x).length",
      "JSON.stringify": "JSON.stringify(x)",
      "spread": "'k' in { ...x }",
      "propertyIsEnumerable": "Object.prototype.propertyIsEnumerable.call(x, 'k')",
      "for-in": "(() => { let n = 0; for (const _ in x) n++; return n; })()",
    },
  },
  {
    name: "getters",
    a: "({ get k() { return 1; } })",
    b: "({ get k() { return 2; } })",
    seen: { "reading": "x.k", "spread": "({ ...x }).k" },
  },
  {
    name: "a getter and a value",
    a: "({ get k() { return 1; } })",
    b: "({ k: 1 })",
    seen: {
      "its descriptor": "typeof Object.getOwnPropertyDescriptor(x, 'k').get",
      "__lookupGetter__": "typeof x.__lookupGetter__('k')",
    },
  },
  {
    name: "getters over closures",
    setup: "const over = (n) => ({ get k() { return n; } });",
    a: "over(1)",
    b: "over(2)",
    seen: { "reading": "x.k" },
  },
  {
    name: "a setter",
    a: "({ a: 1, set k(v) { this.a = v; } })",
    b: "({ a: 1, set k(v) { this.a = -v; } })",
    seen: {
      "its descriptor":
        "(() => { const o = { a: 0 }; Object.getOwnPropertyDescriptor(x, 'k').set.call(o, 5); return o.a; })()",
    },
  },
  {
    name: "frozen",
    a: "Object.freeze({ a: 1 })",
    b: "({ a: 1 })",
    changing: { "writing": "(() => { try { x.a = 2; return 'set'; } catch { return 'refused'; } })()" },
    seen: {
      "isFrozen": "Object.isFrozen(x)",
      "isExtensible": "Object.isExtensible(x)",
      "its descriptor": "Object.getOwnPropertyDescriptor(x, 'a').writable",
    },
    unseen: { "reading": "x.a" },
  },
  {
    name: "sealed",
    a: "Object.seal({ a: 1 })",
    b: "Object.freeze({ a: 1 })",
    seen: { "isSealed and isFrozen": "Object.isFrozen(x)" },
    unseen: { "reading": "x.a" },
  },
  {
    name: "not extensible",
    a: "Object.preventExtensions({ a: 1 })",
    b: "({ a: 1 })",
    seen: { "isExtensible": "Object.isExtensible(x)", "isSealed": "Object.isExtensible(x) || Object.isSealed(x)" },
    unseen: { "reading": "x.a" },
  },
  {
    name: "a frozen array",
    a: "Object.freeze([1])",
    b: "[1]",
    changing: { "push()": "(() => { try { return x.push(2); } catch { return 'refused'; } })()" },
    seen: {
      "isFrozen": "Object.isFrozen(x)",
    },
    unseen: { "its element": "x[0]" },
  },
  {
    name: "a frozen Map",
    a: "Object.freeze(new Map([[1, 2]]))",
    b: "new Map([[1, 2]])",
    seen: { "isFrozen": "Object.isFrozen(x)" },
    unseen: { "get()": "x.get(1)" },
  },
  {
    name: "frozen inside",
    a: "({ o: Object.freeze({ a: 1 }) })",
    b: "({ o: { a: 1 } })",
    seen: { "isFrozen": "Object.isFrozen(x.o)" },
    unseen: { "reading": "x.o.a" },
  },
  {
    name: "a read-only member",
    a: 'Object.defineProperty({ a: 1 }, "a", { writable: false })',
    b: "({ a: 1 })",
    seen: { "its descriptor": "Object.getOwnPropertyDescriptor(x, 'a').writable" },
    unseen: { "reading": "x.a" },
  },
  {
    name: "a fixed member",
    a: 'Object.defineProperty({ a: 1 }, "a", { configurable: false })',
    b: "({ a: 1 })",
    seen: { "its descriptor": "Object.getOwnPropertyDescriptor(x, 'a').configurable" },
    unseen: { "reading": "x.a" },
  },
  {
    name: "a fixed length",
    a: 'Object.defineProperty([1], "length", { writable: false })',
    b: "[1]",
    seen: { "its descriptor": "Object.getOwnPropertyDescriptor(x, 'length').writable" },
    unseen: { "reading": "x[0]" },
  },
  {
    name: "a symbol member",
    setup: 'const K = Symbol.for("k");',
    a: "({ a: 1, [K]: 1 })",
    b: "({ a: 1, [K]: 2 })",
    seen: { "reading": "x[K]", "its list": "x[Object.getOwnPropertySymbols(x)[0]]" },
  },
  {
    name: "a member named by a symbol of the module",
    setup: 'const K = Symbol("k");',
    a: "({ a: 1, [K]: 1 })",
    b: "({ a: 1, [K]: 2 })",
    seen: { "reading": "x[K]" },
    modes: ["argument", "receiver", "captured"],
  },
  {
    name: "presence of a symbol member",
    setup: 'const K = Symbol.for("k");',
    a: "({ a: 1, [K]: 1 })",
    b: "({ a: 1 })",
    seen: {
      "in": "K in x",
      "getOwnPropertySymbols": "Object.getOwnPropertySymbols(x).length",
      "Reflect.ownKeys": "Reflect.ownKeys(x).length",
    },
  },
  {
    name: "Symbol.toPrimitive",
    a: "({ [Symbol.toPrimitive]: () => 1 })",
    b: "({ [Symbol.toPrimitive]: () => 2 })",
    seen: { "adding": "x + 1", "a template": "`${x}`" },
  },
  {
    name: "Symbol.toStringTag",
    a: '({ [Symbol.toStringTag]: "A" })',
    b: '({ [Symbol.toStringTag]: "B" })',
    seen: { "String": "String(x)", "toString": "Object.prototype.toString.call(x)" },
  },
  {
    name: "Symbol.iterator",
    a: "({ *[Symbol.iterator]() { yield 1; } })",
    b: "({ *[Symbol.iterator]() { yield 2; } })",
    seen: { "spread": "[...x].join()", "for-of": "(() => { for (const one of x) return one; })()" },
  },
  {
    name: "Symbol.isConcatSpreadable",
    a: "Object.assign([1, 2], { [Symbol.isConcatSpreadable]: false })",
    b: "[1, 2]",
    seen: { "concat()": "[].concat(x).length" },
  },
  {
    name: "valueOf",
    a: "({ valueOf: () => 1 })",
    b: "({ valueOf: () => 2 })",
    seen: { "adding": "x + 1", "comparing": "x < 2" },
  },
  {
    name: "toJSON",
    a: "({ toJSON: () => 1 })",
    b: "({ toJSON: () => 2 })",
    seen: { "JSON.stringify": "JSON.stringify(x)" },
  },
  {
    name: "raw texts of a template",
    setup: "const tag = (strings) => strings;",
    a: "tag`\\n`",
    b: "tag`\n`",
    seen: { "raw": "x.raw[0]", "String.raw": "String.raw(x)" },
    unseen: { "its text": "x[0]" },
  },
  {
    name: "a template and a list",
    setup: "const tag = (strings) => strings;",
    a: "tag`a`",
    b: '["a"]',
    seen: { "raw": "'raw' in x", "isFrozen": "Object.isFrozen(x)" },
    unseen: { "its text": "x[0]" },
  },
];

/** A member beside the content of a built-in, under a name and under a symbol. */
const BESIDE: readonly InputPair[] = Object.entries({
  "an array": "[1, 2]",
  "a typed array": "new Uint8Array([1, 2])",
  "a large typed array": "new Float64Array(100_000)",
  "an ArrayBuffer": "new ArrayBuffer(2)",
  "a DataView": "new DataView(new ArrayBuffer(2))",
  "a Map": "new Map([[1, 2]])",
  "a Set": "new Set([1])",
  "a Date": "new Date(0)",
  "a RegExp": "/a/",
  "an Error": 'new Error("m")',
  "a boxed text": 'Object("ab")',
  "a URL": 'new URL("https://a.b/")',
}).flatMap(([what, value]) =>
  [
    ["a further member", `"unit"`],
    ["a symbol member", `Symbol.for("unit")`],
  ].map(([kind, name]): InputPair => ({
    name: `${kind} of ${what}`,
    fn: `function f(x) { return x[${name}]; }`,
    a: `Object.assign(${value}, { [${name}]: "m" })`,
    b: `Object.assign(${value}, { [${name}]: "km" })`,
    apart: true,
  }))
);

/** Pairs of objects. */
export const OBJECT_PAIRS: readonly InputPair[] = [...ORDER, ...ATTRIBUTES].flatMap(pairsOf).concat(BESIDE);
