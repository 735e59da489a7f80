/**
 * Objects by which others are known: shared ones, keys, cycles, symbols, and arguments that the module holds, too.
 *
 * @module
 */
import { BY_IDENTITY, type Family, type InputPair, pairsOf } from "./family.ts";

const SHARED: readonly Family[] = [
  {
    name: "two members that are one object",
    setup: "const twice = () => { const o = { v: 1 }; return { p: o, q: o }; };",
    a: "twice()",
    b: "({ p: { v: 1 }, q: { v: 1 } })",
    seen: {
      "===": "x.p === x.q",
      "Object.is": "Object.is(x.p, x.q)",
      "a Set": "new Set([x.p, x.q]).size",
      "writing": "(() => { const c = structuredClone(x); c.p.v = 5; return c.q.v; })()",
      "a WeakMap": "new WeakMap([[x.p, 1]]).has(x.q)",
      "indexOf()": "[x.q].indexOf(x.p)",
      "switch": "(() => { switch (x.p) { case x.q: return 'one'; } return 'two'; })()",
    },
    unseen: { "reading": "x.p.v + x.q.v", "JSON.stringify": "JSON.stringify(x)" },
  },
  {
    name: "elements that are one object",
    a: "Array(3).fill({ v: 1 })",
    b: "Array.from({ length: 3 }, () => ({ v: 1 }))",
    seen: { "a Set": "new Set(x).size", "indexOf()": "x.indexOf(x[2])", "lastIndexOf()": "x.lastIndexOf(x[0])" },
    unseen: { "a sum": "x.reduce((sum, { v }) => sum + v, 0)" },
  },
  {
    name: "arrays that are one",
    a: "((row) => [row, row])([0])",
    b: "[[0], [0]]",
    seen: {
      "===": "x[0] === x[1]",
      "writing to a clone": "(() => { const c = structuredClone(x); c[0][0] = 1; return c[1][0]; })()",
    },
    unseen: { "reading": "x[0][0] + x[1][0]" },
  },
  {
    name: "which of three are one",
    setup: "const three = (at) => { const o = {}, list = [o, o, o]; list[at] = {}; return list; };",
    a: "three(0)",
    b: "three(2)",
    seen: { "===": "x[0] === x[1]", "indexOf()": "x.indexOf(x[1])" },
    unseen: { "the length": "x.length" },
  },
  {
    name: "instances that are one",
    setup: "class Node { constructor(v) { this.v = v; } }",
    a: "((n) => ({ l: n, r: n }))(new Node(1))",
    b: "({ l: new Node(1), r: new Node(1) })",
    seen: { "===": "x.l === x.r" },
    unseen: { "reading": "x.l.v + x.r.v" },
  },
  {
    name: "views of one buffer",
    a: "((buffer) => ({ p: new Uint8Array(buffer), q: new Uint8Array(buffer) }))(new ArrayBuffer(2))",
    b: "({ p: new Uint8Array(2), q: new Uint8Array(2) })",
    seen: {
      "===": "x.p.buffer === x.q.buffer",
      "writing": "(() => { x.p[0] = 7; const got = x.q[0]; x.p[0] = 0; return got; })()",
    },
    unseen: { "reading": "x.p[0] + x.q[1]" },
  },
  {
    name: "Dates that are one",
    a: "((d) => [d, d])(new Date(0))",
    b: "[new Date(0), new Date(0)]",
    seen: { "===": "x[0] === x[1]" },
    unseen: { "reading": "x[0].getTime() + x[1].getTime()" },
  },
  {
    name: "an error that is its own cause's cause",
    a: "(() => { const e = new Error('m'); e.cause = { e }; return e; })()",
    b: "(() => { const e = new Error('m'); e.cause = { e: new Error('m') }; return e; })()",
    seen: { "===": "x.cause.e === x" },
  },
  {
    name: "a Map keyed by objects",
    setup:
      "const keyed = (at) => { const p = {}, q = {}; return { m: new Map([[p, 'p'], [q, 'q']]), k: [p, q][at] }; };",
    a: "keyed(0)",
    b: "keyed(1)",
    seen: { "get()": "x.m.get(x.k)", "the first key": "[...x.m.keys()][0] === x.k" },
    unseen: { "its size": "x.m.size" },
  },
  {
    name: "a Map that has the key or an equal one",
    setup:
      "const keyed = (same) => { const k = { v: 1 }; return { m: new Map([[k, 'found']]), k: same ? k : { v: 1 } }; };",
    a: "keyed(true)",
    b: "keyed(false)",
    seen: { "get()": "x.m.get(x.k)", "has()": "x.m.has(x.k)" },
    unseen: { "a member of the key": "x.k.v + x.m.size" },
  },
  {
    name: "a Set that has the element or an equal one",
    setup: "const held = (same) => { const k = [1]; return { s: new Set([k]), k: same ? k : [1] }; };",
    a: "held(true)",
    b: "held(false)",
    seen: { "has()": "x.s.has(x.k)" },
    unseen: { "its size": "x.s.size + x.k[0]" },
  },
  {
    name: "a Map keyed by dates",
    setup:
      "const days = (same) => { const d = new Date(0); return { m: new Map([[d, 1]]), d: same ? d : new Date(0) }; };",
    a: "days(true)",
    b: "days(false)",
    seen: { "get()": "x.m.get(x.d)" },
    unseen: { "its time": "x.d.getTime()" },
  },
  {
    name: "a Set of equal objects",
    a: "new Set([{ v: 1 }, { v: 1 }])",
    b: "new Set([{ v: 1 }])",
    seen: { "its size": "x.size" },
  },
  {
    name: "a graph by its edges",
    setup:
      "const graph = (to) => { const a = { n: 'a' }, b = { n: 'b' }, c = { n: 'c' }; return { nodes: [a, b, c], edges: [{ from: a, to: [a, b, c][to] }] }; };",
    a: "graph(1)",
    b: "graph(2)",
    seen: { "indexOf()": "x.nodes.indexOf(x.edges[0].to)" },
  },
];

const CYCLES: readonly Family[] = [
  {
    name: "cycles of length one and two",
    setup:
      "const ring = (n) => { const all = Array.from({ length: n }, () => ({ v: 1 })); all.forEach((one, at) => one.next = all[(at + 1) % n]); return all[0]; };",
    a: "ring(1)",
    b: "ring(2)",
    seen: {
      "===": "x.next === x",
      "counting": "(() => { let n = 1; for (let at = x.next; at !== x; at = at.next) n++; return n; })()",
    },
  },
  {
    name: "cycles of length two and three",
    setup:
      "const ring = (n) => { const all = Array.from({ length: n }, () => ({ v: 1 })); all.forEach((one, at) => one.next = all[(at + 1) % n]); return all[0]; };",
    a: "ring(2)",
    b: "ring(3)",
    seen: {
      "two steps": "x.next.next === x",
      "a Set":
        "(() => { const seen = new Set(); for (let at = x; !seen.has(at); at = at.next) seen.add(at); return seen.size; })()",
    },
  },
  {
    name: "where a cycle leads back",
    setup:
      "const rho = (back) => { const p = { v: 0 }, q = { v: 0 }, r = { v: 0 }; p.next = q; q.next = r; r.next = [p, q, r][back]; return p; };",
    a: "rho(0)",
    b: "rho(1)",
    seen: { "===": "x.next.next.next === x" },
  },
  {
    name: "a tree with parents",
    setup:
      "const tree = (own) => { const root = { kids: [] }; root.kids.push({ up: root, v: 1 }, { up: own ? root : { kids: [] }, v: 2 }); return root; };",
    a: "tree(true)",
    b: "tree(false)",
    seen: { "===": "x.kids[1].up === x", "every()": "x.kids.every((kid) => kid.up === x)" },
  },
  {
    name: "a list that contains itself",
    a: "(() => { const l = [1]; l.push(l); return l; })()",
    b: "(() => { const l = [1], k = [1]; l.push(k); k.push(l); return l; })()",
    seen: { "===": "x[1] === x" },
  },
  {
    name: "a Map that contains itself",
    a: "(() => { const m = new Map(); return m.set('m', m); })()",
    b: "(() => { const m = new Map(); return m.set('m', new Map([['m', m]])); })()",
    seen: { "===": "x.get('m') === x" },
  },
];

const HELD: readonly Family[] = [
  {
    name: "a captured object and its equal",
    setup: `
const BASE = { v: 1 };
const BY = new Map([[BASE, "base"]]), SEEN = new Set([BASE]), TAGS = new WeakMap([[BASE, "tag"]]), ALL = [BASE], DEEP = { at: { base: BASE } };
function isBase(o) { return o === BASE; }`,
    a: "BASE",
    b: "({ v: 1 })",
    modes: BY_IDENTITY,
    seen: {
      "===": "x === BASE",
      "a captured Map": "BY.get(x)",
      "a captured Set": "SEEN.has(x)",
      "a captured WeakMap": "TAGS.get(x)",
      "a captured list": "ALL.indexOf(x)",
      "a member of a captured object": "DEEP.at.base === x",
      "a helper": "isBase(x)",
      "a closure": "[1].map(() => x === BASE)[0]",
      "Object.is": "Object.is(BASE, x)",
    },
    unseen: { "reading": "x.v", "reading both": "x.v + BASE.v" },
  },
  {
    name: "a member that is a captured object",
    setup: "const NONE = { v: 0 };",
    a: "({ o: NONE })",
    b: "({ o: { v: 0 } })",
    modes: BY_IDENTITY,
    seen: { "===": "x.o === NONE" },
    unseen: { "reading": "x.o.v + NONE.v" },
  },
  {
    name: "an element that is a captured object",
    setup: "const NONE = Object.freeze({});",
    a: "[{}, NONE]",
    b: "[NONE, {}]",
    modes: BY_IDENTITY,
    seen: { "indexOf()": "x.indexOf(NONE)" },
  },
  {
    name: "which of two equal captured objects",
    setup: "const ON = { v: 1 }, OFF = { v: 1 }; const NAMES = new Map([[ON, 'on'], [OFF, 'off']]);",
    a: "ON",
    b: "OFF",
    modes: BY_IDENTITY,
    seen: { "===": "x === ON", "a Map": "NAMES.get(x)", "includes()": "[ON].includes(x)" },
    unseen: { "reading": "x.v" },
  },
  {
    name: "a captured array and its equal",
    setup: "const EMPTY = [];",
    a: "EMPTY",
    b: "[]",
    modes: BY_IDENTITY,
    seen: { "===": "x === EMPTY" },
    unseen: { "its length": "x.length" },
  },
  {
    name: "a captured Date and its equal",
    setup: "const EPOCH = new Date(0);",
    a: "EPOCH",
    b: "new Date(0)",
    modes: BY_IDENTITY,
    seen: { "===": "x === EPOCH" },
    unseen: { "its time": "x.getTime()" },
  },
  {
    name: "captured bytes and their equal",
    setup: "const ZERO = new Uint8Array(2);",
    a: "ZERO",
    b: "new Uint8Array(2)",
    modes: BY_IDENTITY,
    seen: { "===": "x === ZERO", "the buffer": "x.buffer === ZERO.buffer" },
    unseen: { "its length": "x.length" },
  },
  {
    name: "a captured instance as the key of a Map",
    setup: "class City {} const ROME = new City(), PARIS = new City(); const SIZE = new Map([[ROME, 3], [PARIS, 2]]);",
    a: "ROME",
    b: "PARIS",
    modes: BY_IDENTITY,
    seen: { "get()": "SIZE.get(x)" },
  },
  {
    name: "a function's prototype",
    setup: "function Kind() {}",
    a: "Kind.prototype",
    b: "({ constructor: Kind })",
    modes: BY_IDENTITY,
    seen: { "===": "x === Kind.prototype" },
  },
  {
    name: "a member of a captured object as the argument",
    setup: "const ROOT = { left: { v: 1 }, right: { v: 1 } };",
    a: "ROOT.left",
    b: "ROOT.right",
    modes: BY_IDENTITY,
    seen: { "===": "x === ROOT.left", "find()": "Object.keys(ROOT).find((k) => ROOT[k] === x)" },
    unseen: { "reading": "x.v" },
  },
];

const SYMBOLS: readonly Family[] = [
  {
    name: "symbols without description",
    setup: "const RED = Symbol(), BLUE = Symbol(); const NAMES = new Map([[RED, 'red'], [BLUE, 'blue']]);",
    a: "RED",
    b: "BLUE",
    modes: BY_IDENTITY,
    seen: {
      "===": "x === RED",
      "a Map": "NAMES.get(x)",
      "a member": "({ [RED]: 1, [BLUE]: 2 })[x]",
      "switch": "(() => { switch (x) { case RED: return 1; case BLUE: return 2; } })()",
    },
  },
  {
    name: "symbols of one description",
    setup: "const ONE = Symbol('s'), TWO = Symbol('s');",
    a: "ONE",
    b: "TWO",
    modes: BY_IDENTITY,
    seen: { "===": "x === ONE", "includes()": "[TWO].includes(x)" },
    unseen: { "its description": "x.description", "typeof": "typeof x" },
  },
  {
    name: "symbols of two descriptions",
    setup: "const ONE = Symbol('one'), TWO = Symbol('two');",
    a: "ONE",
    b: "TWO",
    modes: BY_IDENTITY,
    seen: { "description": "x.description", "String": "String(x)" },
  },
  {
    name: "a registered symbol and another",
    a: 'Symbol.for("a")',
    b: 'Symbol.for("b")',
    seen: { "keyFor": "Symbol.keyFor(x)", "===": "x === Symbol.for('a')" },
  },
  {
    name: "a registered symbol and one alike",
    setup: "const ALIKE = Symbol('a');",
    a: 'Symbol.for("a")',
    b: "ALIKE",
    modes: BY_IDENTITY,
    seen: { "keyFor": "typeof Symbol.keyFor(x)", "===": "x === Symbol.for('a')" },
    unseen: { "its description": "x.description" },
  },
  {
    name: "well-known symbols",
    a: "Symbol.iterator",
    b: "Symbol.asyncIterator",
    seen: { "===": "x === Symbol.iterator", "a member": "typeof [][x]" },
  },
  {
    name: "a well-known symbol and one alike",
    setup: "const ALIKE = Symbol('Symbol.iterator');",
    a: "Symbol.iterator",
    b: "ALIKE",
    modes: BY_IDENTITY,
    seen: { "a member": "typeof [][x]" },
    unseen: { "its description": "x.description" },
  },
  {
    name: "symbols in an object",
    setup: "const RED = Symbol(), BLUE = Symbol();",
    a: "({ mode: RED })",
    b: "({ mode: BLUE })",
    modes: BY_IDENTITY,
    seen: { "===": "x.mode === RED" },
  },
  {
    name: "which symbols are one",
    setup: "const P = Symbol('s'), Q = Symbol('s');",
    a: "[P, P]",
    b: "[P, Q]",
    modes: BY_IDENTITY,
    seen: { "===": "x[0] === x[1]", "a Set": "new Set(x).size" },
    unseen: { "the length": "x.length" },
  },
  {
    name: "names that are symbols",
    setup: "const P = Symbol('s'), Q = Symbol('s');",
    a: "({ [P]: 1 })",
    b: "({ [Q]: 1 })",
    modes: BY_IDENTITY,
    seen: { "in": "P in x", "reading": "x[Q]" },
  },
];

const PROXIES: readonly Family[] = [
  {
    name: "a Proxy and its target",
    setup: 'import { types } from "node:util";',
    a: "new Proxy({ a: 1 }, {})",
    b: "({ a: 1 })",
    seen: { "isProxy": "types.isProxy(x)" },
    hits: false,
  },
  {
    name: "Proxies of two handlers",
    a: "new Proxy({ a: 1 }, { get: (_, name) => name === 'a' ? 1 : undefined })",
    b: "new Proxy({ a: 1 }, { get: (_, name) => name === 'a' ? 2 : undefined })",
    seen: { "reading": "x.a" },
    hits: false,
  },
  {
    name: "Proxies that list differently",
    a: "new Proxy({}, { ownKeys: () => ['p'] })",
    b: "new Proxy({}, { ownKeys: () => ['q'] })",
    seen: { "ownKeys": "Reflect.ownKeys(x).join()" },
    hits: false,
  },
  {
    name: "a Proxy within",
    a: "({ o: new Proxy({ v: 1 }, { get: () => 5 }) })",
    b: "({ o: { v: 1 } })",
    seen: { "reading": "x.o.v" },
    hits: false,
  },
];

const DEEP = `
const chain = (size, last) => { let next = last; for (let at = 0; at < size; at++) next = { at, next }; return next; };
const end = (o) => { while (typeof o === "object") o = o.next; return o; };
class Link { constructor(next) { this.next = next; } }
const links = (size, last) => { let next = last; for (let at = 0; at < size; at++) next = new Link(next); return next; };`;

const LARGE: readonly InputPair[] = [
  ["a deep list by its end", "chain(3000, 1)", "chain(3000, 2)", "end(x)", true],
  ["a deep list and its equal", "chain(3000, 1)", "chain(3000, 1)", "end(x)", false],
  [
    "deep lists by their length",
    "chain(500, 1)",
    "chain(501, 1)",
    "(() => { let n = 0; for (let o = x; typeof o === 'object'; o = o.next) n++; return n; })()",
    true,
  ],
  ["a list of instances by its end", "links(40, 1)", "links(40, 2)", "end(x)", true],
  ["a list of instances and its equal", "links(40, 1)", "links(40, 1)", "end(x)", false],
  [
    "a long array by its last element",
    "Array.from({ length: 50_000 }, (_, i) => i)",
    "Array.from({ length: 50_000 }, (_, i) => i === 49_999 ? 0 : i)",
    "x.at(-1)",
    true,
  ],
  [
    "many rows by one member",
    "Array.from({ length: 2000 }, (_, i) => ({ i, v: 0 }))",
    "Array.from({ length: 2000 }, (_, i) => ({ i, v: i === 1999 ? 1 : 0 }))",
    "x.reduce((sum, { v }) => sum + v, 0)",
    true,
  ],
  [
    "deep arrays",
    "JSON.parse('['.repeat(500) + '1' + ']'.repeat(500))",
    "JSON.parse('['.repeat(500) + '2' + ']'.repeat(500))",
    "x.flat(Infinity)[0]",
    true,
  ],
].map(([name, a, b, text, apart]): InputPair => ({
  name: name as string,
  setup: DEEP,
  fn: `function f(x) { return ${text}; }`,
  a: a as string,
  b: b as string,
  apart: apart as boolean,
  modes: ["argument", "captured", "returned"],
}));

/** Pairs whose sides differ by which objects are one. */
export const SHARING_PAIRS: readonly InputPair[] = [...SHARED, ...CYCLES, ...HELD, ...SYMBOLS, ...PROXIES]
  .flatMap(pairsOf).concat(LARGE);
