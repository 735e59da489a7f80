/**
 * Results that are instances of classes.
 *
 * @module
 */
import type { ResultKind } from "./kind.ts";

const POINT =
  "class Point { constructor(x, y) { this.x = x; this.y = y; } norm() { return Math.hypot(this.x, this.y); } }";

const KEPT: readonly Omit<ResultKind, "kept">[] = [
  {
    name: "an instance of a plain class",
    setup: "class Row {}",
    make: "Object.assign(new Row(), { a: 1 })",
    known: "Row",
    use: "value instanceof Row",
  },
  {
    name: "an instance with methods",
    setup: POINT,
    make: "new Point(3, 4)",
    known: "Point",
    use: "[value.norm(), value.constructor === Point]",
  },
  {
    name: "an instance of a class with fields",
    setup: "class Conf { a = 1; b = [2]; ['c d'] = 3; }",
    make: "new Conf()",
    known: "Conf",
    use: "value.b[0]",
  },
  {
    name: "an instance of a class with static members",
    setup:
      "class Unit { static #made = 0; static scale = 2; static of(v) { const u = new Unit(); u.v = v; return u; } get scaled() { return this.v * Unit.scale; } }",
    make: "Unit.of(3)",
    known: "Unit",
    use: "[value.scaled, value.constructor.scale]",
  },
  {
    name: "an instance with getters of the prototype",
    setup:
      "class Disk { constructor(r) { this.r = r; } get area() { return this.r ** 2 * 3; } set area(a) { this.r = Math.sqrt(a / 3); } }",
    make: "new Disk(2)",
    known: "Disk",
    use: "(() => { const { area } = value; value.area = 27; const { r } = value; value.r = 2; return [area, r]; })()",
  },
  {
    name: "an instance of an inherited class",
    setup:
      `class Shape { constructor(n) { this.n = n; } name() { return "shape " + this.n; } }\nclass Square extends Shape { constructor(n, a) { super(n); this.a = a; } name() { return super.name() + "!"; } }`,
    make: "new Square('s', 2)",
    known: "Square, Shape",
    use: "[value.name(), value instanceof Shape, value instanceof Square]",
  },
  {
    name: "instances of both of two inherited classes",
    setup: "class A { v = 1; }\nclass B extends A { w = 2; }",
    make: "[new A(), new B()]",
    known: "A, B",
    use: "value.map((one) => one instanceof B)",
  },
  {
    name: "a tree of instances",
    setup:
      "class Node { constructor(v, kids = []) { this.v = v; this.kids = kids; kids.forEach((kid) => kid.up = this); } sum() { return this.kids.reduce((all, kid) => all + kid.sum(), this.v); } }",
    make: "new Node(1, [new Node(2), new Node(3, [new Node(4)])])",
    known: "Node",
    use: "[value.sum(), value.kids[1].kids[0].up === value.kids[1]]",
  },
  {
    name: "many instances",
    setup: POINT,
    make: "Array.from({ length: 100 }, (_, at) => new Point(at, 0))",
    known: "Point",
    use: "value.reduce((sum, one) => sum + one.norm(), 0)",
  },
  {
    name: "instances of two classes in turn",
    setup: `${POINT}\nclass Other { constructor(x) { this.x = x; } norm() { return -1; } }`,
    make: "Array.from({ length: 60 }, (_, at) => at % 2 ? new Point(at, 0) : new Other(at))",
    known: "Point, Other",
    use: "value.reduce((sum, one) => sum + one.norm(), 0)",
  },
  {
    name: "instances as keys and elements",
    setup: POINT,
    make: "({ map: new Map([[new Point(1, 0), 'p']]), set: new Set([new Point(2, 0)]) })",
    known: "Point",
    use: "[[...value.map.keys()][0].norm(), [...value.set][0].norm()]",
  },
  {
    name: "an instance twice",
    setup: POINT,
    make: "((p) => ({ p, q: p }))(new Point(1, 2))",
    known: "Point",
    use: "value.p === value.q",
  },
  {
    name: "two classes of one text",
    setup:
      "const makeClass = () => class Node { constructor(v) { this.v = v; } };\nconst Left = makeClass(), Right = makeClass();",
    make: "[new Left(1), new Right(1)]",
    known: "Left, Right",
    use: "[value[0] instanceof Left, value[0] instanceof Right, value[1] instanceof Right]",
  },
  {
    name: "a class whose constructor throws without arguments",
    setup:
      "class Strict { constructor(v) { if (v === undefined) throw new Error('Needs a value'); this.v = v; } get twice() { return this.v * 2; } }",
    make: "new Strict(2)",
    known: "Strict",
    use: "value.twice",
  },
  {
    name: "a class whose constructor counts",
    setup: "let made = 0;\nclass Counted { constructor() { made++; this.v = 1; } }",
    make: "new Counted()",
    known: "Counted",
    use: "value instanceof Counted",
  },
  {
    name: "a class expression",
    setup: "const Kind = class { constructor(v) { this.v = v; } get w() { return this.v + 1; } };",
    make: "new Kind(1)",
    known: "Kind",
    use: "value.w",
  },
  {
    name: "a function that is a constructor",
    setup: "function Old(v) { this.v = v; }\nOld.prototype.twice = function () { return this.v * 2; };",
    make: "new Old(2)",
    known: "Old",
    use: "[value.twice(), value instanceof Old]",
  },
  {
    name: "an instance that was made by Object.create",
    setup: POINT,
    make: "Object.assign(Object.create(Point.prototype), { x: 3, y: 4 })",
    known: "Point",
    use: "value.norm()",
  },
  {
    name: "an instance of a class in another module",
    setup: 'import { Far } from "./far.js";',
    make: "new Far(2)",
    known: "Far",
    use: "[value.twice(), value instanceof Far]",
  },
  {
    name: "a frozen instance",
    setup: POINT,
    make: "Object.freeze(new Point(3, 4))",
    known: "Point",
    use: "[Object.isFrozen(value), value.norm()]",
  },
  {
    name: "an instance with a hidden member",
    setup:
      "class Secret { constructor(v) { Object.defineProperty(this, 'v', { value: v }); } get twice() { return this.v * 2; } }",
    make: "new Secret(2)",
    known: "Secret",
    use: "[value.twice, Object.keys(value).length]",
  },
  {
    name: "an instance with a registered symbol",
    setup: "const K = Symbol.for('k');\nclass Marked { constructor() { this[K] = 1; } get k() { return this[K]; } }",
    make: "new Marked()",
    known: "Marked",
    use: "value.k",
  },
  {
    name: "an iterable instance",
    setup:
      "class List { constructor(...all) { this.all = all; } *[Symbol.iterator]() { yield* this.all; } get [Symbol.toStringTag]() { return 'List'; } }",
    make: "new List(1, 2)",
    known: "List",
    use: "[[...value].join(), String(value)]",
  },
  {
    name: "an instance with toJSON",
    setup: "class Money { constructor(c) { this.c = c; } toJSON() { return this.c / 100; } }",
    make: "({ price: new Money(150) })",
    known: "Money",
    use: "JSON.stringify(value)",
  },
  {
    name: "an instance with further members",
    setup: POINT,
    make: "Object.assign(new Point(1, 2), { label: 'p', inner: { q: new Point(3, 4) } })",
    known: "Point",
    use: "value.inner.q.norm()",
  },
  {
    name: "a graph of instances",
    setup: "class Vertex { out = []; constructor(n) { this.n = n; } }",
    make:
      "(() => { const [a, b] = [new Vertex('a'), new Vertex('b')]; a.out.push(b, a); b.out.push(a); return { a, b }; })()",
    known: "Vertex",
    use: "value.a.out[0].out[0] === value.a",
  },
  {
    name: "a subclass of Map",
    setup: "class Table extends Map { total() { return [...this.values()].reduce((a, b) => a + b, 0); } }",
    make: "new Table([['a', 1], ['b', 2]])",
    known: "Table",
    use: "[value.total(), value instanceof Table, value instanceof Map]",
  },
  {
    name: "a subclass of Map with fields",
    setup: "class Named extends Map { name = 'n'; }",
    make: "new Named([[1, 2]])",
    known: "Named",
    use: "[value.name, value.get(1)]",
  },
  {
    name: "a subclass of Set",
    setup: "class Bag extends Set { first() { return this.values().next().value; } }",
    make: "new Bag([3, 1])",
    known: "Bag",
    use: "value.first()",
  },
  {
    name: "a subclass of Array",
    setup: "class Stack extends Array { top() { return this.at(-1); } }",
    make: "Stack.from([1, 2])",
    known: "Stack",
    use: "[value.top(), value.map((n) => n + 1) instanceof Stack, value.length]",
  },
  {
    name: "a subclass of Error",
    setup:
      "class NotFound extends Error { constructor(what, options) { super(`no ${what}`, options); this.what = what; } get status() { return 404; } }",
    make: "new NotFound('x', { cause: 1 })",
    known: "NotFound",
    use: "[value.status, value.what, value.cause, value instanceof NotFound, value.stack]",
  },
  {
    name: "a subclass of Error with a name",
    setup: "class Bad extends TypeError { name = 'Bad'; }",
    make: "new Bad('m')",
    known: "Bad",
    use: "[String(value), value instanceof TypeError]",
  },
  {
    name: "errors of two classes of one text",
    setup: "class NotFound extends Error {}\nclass Gone extends Error {}",
    make: "[new NotFound('m'), new Gone('m')]",
    known: "NotFound, Gone",
    use: "value.map((one) => one instanceof NotFound)",
  },
  {
    name: "a subclass of Date",
    setup: "class Day extends Date { get day() { return Math.floor(this.getTime() / 86_400_000); } }",
    make: "new Day(86_400_000 * 3)",
    known: "Day",
    use: "value.day",
  },
  {
    name: "a subclass of RegExp",
    setup: "class Rule extends RegExp { count(text) { return [...text.matchAll(this)].length; } }",
    make: "new Rule('a', 'g')",
    known: "Rule",
    use: "value.count('aba')",
  },
  {
    name: "a subclass of Uint8Array",
    setup: "class Bytes extends Uint8Array { hex() { return this.toHex(); } }",
    make: "Bytes.of(1, 255)",
    known: "Bytes",
    use: "[value.hex(), value.slice() instanceof Bytes]",
  },
  {
    name: "a subclass of a subclass of Map",
    setup: "class One extends Map {}\nclass Two extends One { size2() { return this.size * 2; } }",
    make: "new Two([[1, 1]])",
    known: "One, Two",
    use: "[value.size2(), value instanceof One]",
  },
].map((row) => ({ ...row, name: `class: ${row.name}` }));

const NAMED: readonly Omit<ResultKind, "kept">[] = [
  {
    name: "an instance with private fields",
    setup: "class Secret { #key = 1; get key() { return this.#key; } }",
    make: "new Secret()",
    use: "value.key",
  },
  {
    name: "an instance that inherits private fields",
    setup: "class Base { #key = 1; get key() { return this.#key; } }\nclass Open extends Base { a = 1; }",
    make: "new Open()",
    use: "value.key",
  },
  {
    name: "an instance with a private method",
    setup: "class Own { a = 1; #twice() { return this.a * 2; } twice() { return this.#twice(); } }",
    make: "new Own()",
    use: "value.twice()",
  },
  {
    name: "an instance with a private accessor",
    setup: "class Own { a = 1; get #two() { return 2; } two() { return this.#two; } }",
    make: "new Own()",
    use: "value.two()",
  },
  {
    name: "an instance with a private brand",
    setup: "class Brand { #is; static has(value) { return #is in value; } }",
    make: "new Brand()",
    use: "Brand.has(value)",
  },
  {
    name: "an instance with state in a WeakMap",
    setup:
      "const STATE = new WeakMap();\nclass Hidden { constructor(v) { STATE.set(this, v); } get v() { return STATE.get(this); } }",
    make: "new Hidden(1)",
    use: "value.v",
  },
  {
    name: "an instance with a brand in a WeakSet",
    setup:
      "const ALL = new WeakSet();\nclass Known { constructor() { ALL.add(this); } static has(one) { return ALL.has(one); } }",
    make: "new Known()",
    use: "Known.has(value)",
  },
  {
    name: "a subclass of Map with private fields",
    setup: "class Table extends Map { #hits = 0; hit() { return ++this.#hits; } }",
    make: "new Table([[1, 2]])",
  },
  {
    name: "a subclass of Error with private fields",
    setup: "class Bad extends Error { #code = 7; get code7() { return this.#code; } }",
    make: "new Bad('m')",
    use: "value.code7",
  },
  {
    name: "an instance with a closure",
    setup: "class Task { constructor(n) { this.run = () => n; } }",
    make: "new Task(1)",
    use: "value.run()",
    at: ".run",
  },
  {
    name: "an instance with an accessor of its own",
    setup: "class Lazy { constructor() { Object.defineProperty(this, 'v', { get: () => 1, enumerable: true }); } }",
    make: "new Lazy()",
    use: "value.v",
    at: ".v",
  },
  {
    name: "an instance with an accessor field",
    setup: "class Made { constructor() { return { get v() { return 1; } }; } }",
    make: "new Made()",
    use: "value.v",
    at: ".v",
  },
  {
    name: "an instance that holds a Promise",
    setup: "class Job { done = Promise.resolve(1); }",
    make: "new Job()",
    at: ".done",
  },
  {
    name: "an instance that holds one with private fields",
    setup: "class In { #v = 1; get v() { return this.#v; } }\nclass Out { inner = new In(); }",
    make: "new Out()",
    use: "value.inner.v",
    at: ".inner",
  },
  { name: "a class that the call itself makes", make: "new (class Fresh { v = 1; })()", use: "value.v" },
  { name: "a subclass of Promise", setup: "class Own extends Promise {}", make: "({ p: Own.resolve(1) })", at: ".p" },
  { name: "a subclass of EventTarget", setup: "class Bus extends EventTarget {}", make: "new Bus()" },
  { name: "a class itself", setup: "class Kind {}", make: "Kind", use: "new value() instanceof Kind" },
  {
    name: "an instance of a package",
    setup: 'import { parse } from "npm:acorn@^8.15.0";',
    make: "parse('1 + x', { ecmaVersion: 2024 })",
    use: "value.body[0].type",
  },
  {
    name: "an instance of a package, within",
    setup: 'import { parse } from "npm:acorn@^8.15.0";',
    make: "({ tree: parse('1', { ecmaVersion: 2024 }) })",
    use: "value.tree.constructor.name",
    at: ".tree",
  },
  {
    name: "a subclass of a package's class",
    setup: 'import { Parser } from "npm:acorn@^8.15.0";\nclass Own extends Parser {}',
    make: "({ parser: new Own({ ecmaVersion: 2024 }, '1') })",
    at: ".parser",
  },
  {
    name: "what node:fs says of a file",
    setup: 'import fs from "node:fs";',
    make: "fs.statSync(new URL('data.txt', import.meta.url))",
    use: "value.isFile()",
  },
  {
    name: "an emitter of events",
    setup: 'import { EventEmitter } from "node:events";',
    make: "new EventEmitter()",
    use: "value.listenerCount('a')",
  },
].map((row) => ({ ...row, name: `class: ${row.name}` }));

/** Kinds that are instances of one class, or of several. */
export const CLASS_KINDS: readonly ResultKind[] = [
  ...KEPT.map((row): ResultKind => ({ ...row, kept: true })),
  ...NAMED.map((row): ResultKind => ({ ...row, kept: "named" })),
];
