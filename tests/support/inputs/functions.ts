/**
 * Functions as inputs, and the way in which arguments are handed over.
 *
 * @module
 */
import { BY_IDENTITY, type Family, type InputPair, pairsOf } from "./family.ts";

const FAMILIES: readonly Family[] = [
  {
    name: "functions that say another length",
    setup: "const make = (n) => Object.defineProperty((..._) => 1, 'length', { value: n });",
    a: "make(2)",
    b: "make(3)",
    seen: { "its length": "x.length" },
    unseen: { "calling it": "x() + 1" },
  },
  {
    name: "functions that inherit from other objects",
    setup: "const make = (z) => Object.setPrototypeOf(() => 1, { z });",
    a: "make(1)",
    b: "make(2)",
    modes: ["argument", "captured"],
    seen: { "an inherited member": "x.z + 0" },
  },
  {
    name: "functions that reach one object or its equal",
    setup: "const MISSING = Object.freeze({}), INVALID = Object.freeze({});",
    a: "(() => MISSING)",
    b: "(() => INVALID)",
    modes: ["argument", "captured"],
    seen: { "===": "x() === MISSING" },
    unseen: { "the type of what it gives": "typeof x()" },
  },
  {
    name: "a function that reaches another part, or an equal one",
    setup: "const shared = () => { const o = {}; return { give: () => o, o }; };" +
      "const other = () => { const o = {}, p = {}; return { give: () => p, o }; };",
    a: "shared()",
    b: "other()",
    modes: ["argument"],
    seen: { "===": "x.give() === x.o" },
  },
  {
    name: "functions of one factory",
    setup: "const make = () => (n) => n + 1; const one = make(), other = make();",
    a: "one",
    b: "other",
    modes: BY_IDENTITY,
    seen: {
      "===": "x === one",
      "a Map": "new Map([[one, 'one'], [other, 'other']]).get(x)",
      "indexOf()": "[one, other].indexOf(x)",
      "a Set": "new Set([one]).has(x)",
      "find()": "Object.entries({ one, other }).find(([, fn]) => fn === x)[0]",
    },
    unseen: { "calling it": "x(1)", "typeof": "typeof x", "map()": "[1, 2].map((n) => x(n)).join()" },
  },
  {
    name: "functions that differ by name",
    setup: "function up(n) { return n + 1; } function above(n) { return n + 1; }",
    a: "up",
    b: "above",
    seen: {
      "its name": "x.name",
      "===": "x === up",
      "its text": "`${x}`",
      "its descriptor": "Object.getOwnPropertyDescriptor(x, 'name').value",
    },
    unseen: { "calling it": "x(2)" },
  },
  {
    name: "functions with names of locals that differ",
    a: "((n) => { const sum = n + 1; return sum; })",
    b: "((m) => { /* adds */ const total = m + 1; return total; })",
    seen: { "its text": "x.toString()" },
    unseen: { "calling it": "x(2)", "its length": "x.length" },
  },
  {
    name: "closures",
    setup: "const add = (k) => (n) => n + k;",
    a: "add(1)",
    b: "add(2)",
    seen: { "calling it": "x(1)", "reduce()": "[1, 2, 3].reduce((sum, n) => sum + x(n), 0)" },
  },
  {
    name: "bound functions",
    setup: "function sub(p, q) { return p - q; }",
    a: "sub.bind(null, 1)",
    b: "sub.bind(null, 2)",
    seen: { "calling it": "x(1)" },
  },
  {
    name: "a bound receiver",
    setup: "function own() { return this.v; }",
    a: "own.bind({ v: 1 })",
    b: "own.bind({ v: 2 })",
    seen: { "calling it": "x()" },
  },
  {
    name: "bound and not",
    setup: "function id(p) { return p; }",
    a: "id",
    b: "id.bind(null)",
    seen: { "its name": "x.name", "its prototype": "'prototype' in x" },
  },
  {
    name: "async and not",
    a: "((n) => n)",
    b: "(async (n) => n)",
    seen: { "typeof what it gives": "typeof x(1)", "its kind": "Object.prototype.toString.call(x)" },
  },
  {
    name: "a generator and a function",
    a: "(function* list() { yield 1; })",
    b: "(function list() { return ['a']; })",
    seen: { "what it lists": "[...x()].join()", "its constructor": "x.constructor === Function" },
  },
  {
    name: "a method, an arrow and a function",
    a: "({ go() { return 1; } }).go",
    b: "({ go: function () { return 1; } }).go",
    seen: { "its prototype": "'prototype' in x", "its text": "String(x)" },
    unseen: { "calling it": "x() + 1" },
  },
  {
    name: "members of a function",
    a: 'Object.assign((n) => n, { unit: "m" })',
    b: 'Object.assign((n) => n, { unit: "km" })',
    seen: { "reading": "x.unit", "Object.entries": "Object.entries(x).join()" },
  },
  {
    name: "a symbol member of a function",
    setup: 'const UNIT = Symbol.for("unit");',
    a: 'Object.assign((n) => n, { [UNIT]: "m" })',
    b: 'Object.assign((n) => n, { [UNIT]: "km" })',
    seen: { "reading": "x[UNIT]" },
  },
  {
    name: "a frozen function",
    a: "Object.freeze((n) => n)",
    b: "((n) => n)",
    seen: { "isFrozen": "Object.isFrozen(x)" },
    unseen: { "calling it": "x(5)" },
  },
  {
    name: "functions of the language",
    a: "Math.max",
    b: "Math.min",
    seen: { "calling it": "x(1, 2)", "===": "x === Math.max", "its name": "x.name" },
  },
  {
    name: "built-in classes",
    a: "Map",
    b: "Set",
    seen: { "===": "x === Map", "what it makes": "'get' in new x()", "its name": "x.name" },
  },
  {
    name: "defaults of a function",
    a: "((n, k = 1) => n + k)",
    b: "((n, k = 2) => n + k)",
    seen: { "calling it": "x(1)" },
  },
  {
    name: "functions in an object",
    setup: "const make = () => (n) => n; const one = make(), other = make();",
    a: "({ on: one, off: one })",
    b: "({ on: one, off: other })",
    seen: { "comparing two": "x.on === x.off", "a Set": "new Set([x.on, x.off]).size" },
    unseen: { "calling both": "x.on(1) + x.off(2)" },
  },
];

/** Calls that differ in the way of handing over. */
const HANDED: readonly (readonly [name: string, fn: string, a: string, b: string, apart: boolean])[] = [
  ["a trailing undefined", "function f(x, y) { return [x, y].join(); }", "1", "1, undefined", false],
  ["two trailing undefined", "function f(x, y, z) { return `${x}${y}${z}`; }", "1", "1, undefined, undefined", false],
  ["no argument and undefined", "function f(x) { return String(x); }", "", "undefined", false],
  ["a default", "function f(x, y = 2) { return x + y; }", "1", "1, 2", false],
  ["a default for undefined", "function f(x, y = 2) { return x + y; }", "1, undefined", "1, 2", false],
  ["another than the default", "function f(x, y = 2) { return x + y; }", "1", "1, 3", true],
  ["null for a default", "function f(x, y = 2) { return `${x}${y}`; }", "1", "1, null", true],
  ["a default of a member", "function f({ x, y = 2 }) { return x + y; }", "{ x: 1 }", "{ x: 1, y: 3 }", true],
  ["a default by another parameter", "function f(x, y = x * 2) { return x + y; }", "1", "1, 5", true],
  ["the number of arguments", "function f(x) { return arguments.length; }", "1", "1, undefined", true],
  ["the arguments as a list", "function f(x) { return [...arguments].length; }", "1", "1, undefined", true],
  ["rest parameters", "function f(x, ...more) { return more.length; }", "1", "1, undefined", true],
  ["rest parameters in another order", "function f(...all) { return all.join(); }", "1, 2", "2, 1", true],
  ["a list and its elements", "function f(...all) { return all.length; }", "[1, 2]", "1, 2", true],
  ["an undefined first", "function f(x, y) { return `${x} ${y}`; }", "undefined, 1", "1", true],
  [
    "one object twice",
    "function f(x, y) { return x === y; }",
    "...Array(2).fill({ v: 1 })",
    "{ v: 1 }, { v: 1 }",
    true,
  ],
  [
    "one object twice where it cannot be told",
    "function f(x, y) { return x.v + y.v; }",
    "...Array(2).fill({ v: 1 })",
    "{ v: 1 }, { v: 1 }",
    false,
  ],
  [
    "members of one in the other",
    "function f(x, y) { return x.o === y; }",
    "...((o) => [{ o }, o])({})",
    "{ o: {} }, {}",
    true,
  ],
  ["a member that is undefined", "function f(x) { return 'b' in x; }", "{ a: 1, b: undefined }", "{ a: 1 }", true],
];

/** Arguments that name files. */
const FILES: readonly InputPair[] = [
  ["a class instance", "new Source('p.txt')", "x.path", '["x"]'],
  ["an instance with a private path", "new Hidden('p.txt')", "x.path", '["x"]'],
  ["an instance in an object", "({ from: new Source('p.txt') })", "x.from.path", '["x"]'],
  ["an instance in a list", "[new Source('p.txt')]", "x[0].path", '["x"]'],
  ["an instance of a subclass", "new Local('p.txt')", "x.path", '["x"]'],
  ["an instance that holds a URL", "new Source(new URL('p.txt', import.meta.url))", "x.path", '["x"]'],
].map(([what, value, path, names]): InputPair => ({
  name: `fileArgs with ${what} that holds the path`,
  setup: `import { readFileSync, writeFileSync } from "node:fs";
class Source { constructor(path) { this.path = path; } }
class Local extends Source {}
class Hidden { #path; constructor(path) { this.#path = path; } get path() { return this.#path; } }
const write = (text) => writeFileSync(new URL("p.txt", import.meta.url), text);`,
  fn: `function f(x) { return readFileSync(${path}, "utf8"); }`,
  a: `(write("one"), ${value})`,
  b: `(write("two"), ${value})`,
  apart: true,
  options: `{ fileArgs: ${names} }`,
  modes: ["argument"],
}));

/** Pairs of functions, and of argument lists. */
export const FUNCTION_PAIRS: readonly InputPair[] = [
  ...FAMILIES.flatMap(pairsOf),
  ...HANDED.map(([name, fn, a, b, apart]): InputPair => ({ name, fn, a, b, apart, modes: ["argument"] })),
  ...FILES,
];
