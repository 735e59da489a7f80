/**
 * Classes, and instances of them, that have the same text.
 *
 * @module
 */
import { BY_IDENTITY, type Family, type InputPair, pairsOf } from "./family.ts";

const OPERATORS = `
class Plus { constructor(l, r) { this.l = l; this.r = r; } left() { return this.l; } }
class Times { constructor(l, r) { this.l = l; this.r = r; } left() { return this.l; } }`;

const TWINS = `
const makeClass = () => class Node { constructor(v) { this.v = v; } double() { return this.v * 2; } };
const One = makeClass(), Other = makeClass();`;

const ERRORS = `
class NotFound extends Error {}
class Gone extends Error {}`;

const COMMANDS = `
class Push { constructor(n) { this.n = n; } }
class Drop { constructor(n) { this.n = n; } }
const RUN = new Map([[Push, (stack, n) => [...stack, n]], [Drop, (stack, n) => stack.slice(n)]]);`;

const FAMILIES: readonly Family[] = [
  {
    name: "classes whose parents differ",
    setup: "class Http extends Error {} class Db extends Error {} class Gone extends Http {} class NoRow extends Db {}",
    a: "new Gone('x')",
    b: "new NoRow('x')",
    seen: { "instanceof the parent": "x instanceof Http" },
  },
  {
    name: "classes that differ by name",
    setup: OPERATORS,
    a: "new Plus(2, 3)",
    b: "new Times(2, 3)",
    seen: {
      "instanceof": "x instanceof Plus ? x.l + x.r : x.l * x.r",
      "its constructor": "x.constructor === Plus",
      "the name of its constructor": "x.constructor.name",
      "its prototype": "Object.getPrototypeOf(x) === Plus.prototype",
      "isPrototypeOf()": "Plus.prototype.isPrototypeOf(x)",
      "a Map by class": "new Map([[Plus, '+'], [Times, '*']]).get(x.constructor)",
      "a Set of classes": "new Set([Plus]).has(x.constructor)",
      "includes()": "[Plus].includes(x.constructor)",
      "the text of its class": "String(x.constructor)",
      "Deno.inspect()": "Deno.inspect(x)",
      "making another": "new x.constructor(1, 2) instanceof Plus",
      "a chain of instanceof in a list":
        "[x].map((one) => one instanceof Times ? 'times' : one instanceof Plus ? 'plus' : '?')[0]",
      "Symbol.hasInstance": "Plus[Symbol.hasInstance](x)",
      "a method that both inherit": "x.left === Plus.prototype.left",
    },
    unseen: {
      "its members": "x.l + x.r",
      "its method": "x.left() + 1",
      "destructuring": "(({ l, r }) => l - r)(x)",
    },
  },
  {
    name: "classes of one factory",
    setup: TWINS,
    a: "new One(1)",
    b: "new Other(1)",
    seen: {
      "instanceof": "x instanceof One",
      "its constructor": "x.constructor === Other",
      "its prototype": "Object.getPrototypeOf(x) === One.prototype",
      "a WeakMap by class": "new WeakMap([[One, 1], [Other, 2]]).get(x.constructor)",
      "switch": "(() => { switch (x.constructor) { case One: return 'one'; case Other: return 'other'; } })()",
    },
    unseen: {
      "its member": "x.v + 1",
      "its method": "x.double()",
    },
  },
  {
    name: "classes themselves",
    setup: OPERATORS,
    a: "Plus",
    b: "Times",
    seen: {
      "===": "x === Plus",
      "its name": "x.name",
      "what it makes": "new x(1, 2) instanceof Plus",
      "instanceof with it": "new Plus(1, 2) instanceof x",
      "a Map": "new Map([[Plus, 1], [Times, 2]]).get(x)",
      "Object.is": "Object.is(x, Times)",
      "Reflect.construct": "Reflect.construct(x, [1, 2]).constructor.name",
    },
    unseen: {
      "a member of what it makes": "new x(1, 2).l",
    },
  },
  {
    name: "errors of two classes",
    setup: ERRORS,
    a: 'new NotFound("no")',
    b: 'new Gone("no")',
    seen: {
      "instanceof": "x instanceof NotFound ? 404 : x instanceof Gone ? 410 : 500",
      "its constructor": "x.constructor === Gone",
      "the name of its class": "`${x.constructor.name}: ${x.message}`",
      "a Map of statuses": "new Map([[NotFound, 404], [Gone, 410]]).get(x.constructor)",
    },
    unseen: {
      "its message": "x.message + '!'",
      "its name": "x.name",
    },
  },
  {
    name: "a list of commands",
    setup: COMMANDS,
    a: "[new Push(1), new Push(1)]",
    b: "[new Push(1), new Drop(1)]",
    seen: {
      "a table of classes": "x.reduce((stack, one) => RUN.get(one.constructor)(stack, one.n), []).length",
      "instanceof": "x.filter((one) => one instanceof Push).length",
      "comparing classes": "x[0].constructor === x[1].constructor",
    },
    unseen: { "its members": "x.reduce((sum, one) => sum + one.n, 0)" },
  },
  {
    name: "classes as values of a Map",
    setup: OPERATORS,
    a: 'new Map([["op", new Plus(1, 2)]])',
    b: 'new Map([["op", new Times(1, 2)]])',
    seen: { "instanceof": "x.get('op') instanceof Plus", "the name": "x.get('op').constructor.name" },
    unseen: { "members": "x.get('op').l" },
  },
  {
    name: "static members",
    setup: "class Metre { static unit = 1; } class Foot { static unit = 0.3; }",
    a: "new Metre()",
    b: "new Foot()",
    seen: { "the class of an instance": "x.constructor.unit", "a product": "2 * x.constructor.unit" },
  },
  {
    name: "private fields",
    setup: `
class Box { #v; constructor(v) { this.#v = v; } get v() { return this.#v; } read() { return this.#v; } is(other) { return this.#v === other.#v; } }
const BOX = new Box(1);`,
    a: "new Box(1)",
    b: "new Box(2)",
    seen: {
      "a getter": "x.v",
      "a method": "x.read() + 1",
      "another instance": "BOX.is(x)",
    },
  },
  {
    name: "a private brand",
    setup: "class Mark { #is = true; v = 1; static has(x) { return #is in x; } }",
    a: "new Mark()",
    b: "({ v: 1 })",
    seen: { "in": "Mark.has(x)" },
  },
  {
    name: "private fields within others",
    setup:
      "class Inner { #n; constructor(n) { this.#n = n; } n() { return this.#n; } } class Outer { #inner; constructor(n) { this.#inner = new Inner(n); } n() { return this.#inner.n(); } }",
    a: "new Outer(1)",
    b: "new Outer(2)",
    seen: { "a method": "x.n()" },
  },
  {
    name: "a method that is overridden",
    setup:
      "class Shape { area() { return 0; } } class Square extends Shape { area() { return 4; } } class Disk extends Shape { area() { return 3; } }",
    a: "new Square()",
    b: "new Disk()",
    seen: { "calling it": "x.area()", "the chain": "Shape.prototype.area.call(x) + x.area()" },
  },
  {
    name: "getters of the prototype",
    setup: "class One { get n() { return 1; } } class Two { get n() { return 2; } }",
    a: "new One()",
    b: "new Two()",
    seen: { "reading": "x.n", "destructuring": "(({ n }) => n)(x)" },
  },
  {
    name: "an instance and a plain object",
    setup: OPERATORS,
    a: "new Plus(1, 2)",
    b: "({ l: 1, r: 2 })",
    seen: { "its constructor": "x.constructor === Object", "a method": "typeof x.left", "in": "'left' in x" },
  },
  {
    name: "an own member over a method",
    setup: OPERATORS,
    a: "new Plus(1, 2)",
    b: "Object.assign(new Plus(1, 2), { left: () => 7 })",
    seen: { "calling it": "x.left()", "Object.hasOwn": "Object.hasOwn(x, 'left')" },
  },
  {
    name: "inherited data",
    a: "Object.create({ v: 1 })",
    b: "Object.create({ v: 2 })",
    seen: {
      "reading": "x.v",
      "for-in": "(() => { const all = []; for (const k in x) all.push(k, x[k]); return all.join(); })()",
    },
  },
  {
    name: "own and inherited",
    a: "Object.create({ v: 1 })",
    b: "({ v: 1 })",
    seen: {
      "Object.hasOwn": "Object.hasOwn(x, 'v')",
      "Object.keys": "Object.keys(x).length",
      "JSON.stringify": "JSON.stringify(x)",
    },
  },
  {
    name: "prototypes alike",
    setup: "const BASE = { v: 1 }, TWIN = { v: 1 };",
    a: "Object.create(BASE)",
    b: "Object.create(TWIN)",
    seen: { "getPrototypeOf": "Object.getPrototypeOf(x) === BASE", "isPrototypeOf": "BASE.isPrototypeOf(x)" },
    unseen: { "reading": "x.v" },
  },
  {
    name: "Symbol.hasInstance of the user",
    setup: "class Even { static [Symbol.hasInstance](n) { return n.v % 2 === 0; } }",
    a: "({ v: 1 })",
    b: "({ v: 2 })",
    seen: { "instanceof": "x instanceof Even" },
  },
  {
    name: "classes whose comments and names of locals differ",
    setup: `
const First = (() => class Point { constructor(v) { this.v = v; } twice() { const y = this.v; return y + y; } })();
const Second = (() => class Point { /* a point */ constructor(value) { this.v = value; } twice() { const z = this.v; /* z */ return z + z; } })();`,
    a: "new First(2)",
    b: "new Second(2)",
    seen: { "instanceof": "x instanceof First", "the text of the class": "String(x.constructor)" },
    unseen: { "its member": "x.v", "its method": "x.twice()", "a template": "`${x.v}`" },
  },
];

const BUILT_INS: readonly Family[] = [
  ["an Array", "class Stack extends Array {}", "Stack.from([1, 2])", "[1, 2]", "x instanceof Stack"],
  ["a Map", "class Table extends Map {}", "new Table([[1, 2]])", "new Map([[1, 2]])", "x.constructor.name"],
  ["a Set", "class Bag extends Set {}", "new Bag([1])", "new Set([1])", "x instanceof Bag"],
  [
    "a Date",
    "class Day extends Date { day() { return 1; } }",
    "new Day(5)",
    "new Date(5)",
    "typeof x.day",
  ],
  [
    "a RegExp",
    "class Rule extends RegExp {}",
    'new Rule("a")',
    'new RegExp("a")',
    "x.constructor === Rule",
  ],
  ["bytes", "class Bytes extends Uint8Array {}", "Bytes.of(1)", "Uint8Array.of(1)", "x instanceof Bytes"],
  ["a Number", "class Metres extends Number {}", "new Metres(1)", "new Number(1)", "x instanceof Metres"],
  ["an Error", "class Bad extends TypeError {}", 'new Bad("m")', 'new TypeError("m")', "x instanceof Bad"],
  [
    "a function",
    "class Call extends Function {}",
    "Object.setPrototypeOf(() => 1, Call.prototype)",
    "(() => 1)",
    "x instanceof Call",
  ],
].map(([what, setup, a, b, seen]) => ({
  name: `a subclass of ${what}`,
  setup: setup!,
  a: a!,
  b: b!,
  seen: { "its class": seen! },
}));

const TWO_SUBCLASSES: Family = {
  name: "two subclasses of Map",
  setup: "const subclass = () => class Table extends Map {}; const Left = subclass(), Right = subclass();",
  a: "new Left([[1, 2]])",
  b: "new Right([[1, 2]])",
  seen: { "instanceof": "x instanceof Left", "its constructor": "x.constructor === Right" },
  unseen: { "its entries": "x.get(1) + x.size" },
};

const DISPATCH: readonly InputPair[] = [
  {
    name: "trees of two operators, evaluated by class",
    setup: `${OPERATORS}
class Num { constructor(v) { this.v = v; } }
function run(e) { return e instanceof Num ? e.v : e instanceof Plus ? run(e.l) + run(e.r) : run(e.l) * run(e.r); }`,
    fn: "function f(x) { return run(x); }",
    a: "new Plus(new Num(2), new Times(new Num(3), new Num(4)))",
    b: "new Plus(new Num(2), new Plus(new Num(3), new Num(4)))",
    apart: true,
  },
  {
    name: "an instance that is a singleton",
    setup: "class Empty {} const EMPTY = new Empty();",
    fn: "function f(x) { return x === EMPTY; }",
    a: "EMPTY",
    b: "new Empty()",
    apart: true,
    modes: BY_IDENTITY,
  },
  {
    name: "a class in the place of its twin in an object",
    setup: TWINS,
    fn: "function f(x) { return new x.kind(1) instanceof One; }",
    a: "({ kind: One })",
    b: "({ kind: Other })",
    apart: true,
  },
  {
    name: "which class two instances share",
    setup: TWINS,
    fn: "function f(x) { return x.p.constructor === x.q.constructor; }",
    a: "({ p: new One(1), q: new One(1) })",
    b: "({ p: new One(1), q: new Other(1) })",
    apart: true,
  },
];

/** Pairs whose sides differ by class. */
export const CLASS_PAIRS: readonly InputPair[] = [
  ...[...FAMILIES, ...BUILT_INS, TWO_SUBCLASSES].flatMap(pairsOf),
  ...DISPATCH,
];
