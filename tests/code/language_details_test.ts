import { assertEquals } from "@std/assert";
import { faultsOf } from "../support/program_pairs.ts";

Deno.test("super counts with what it finds, or is named", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "super const literal",
        text: `
const base = { rate() { return 2; } }; const d = { __proto__: base, rate() { return super.rate() * 2; } };
await t(cached(function f() { return d.rate(); }));
`,
        edits: [["return 2;", "return 3;"]],
      },
      {
        name: "super const literal quiet",
        text: `
const base = { rate() { return 2; }, other() { return 1; } }; const d = { __proto__: base, rate() { return super.rate() * 2; } };
await t(cached(function f() { return d.rate(); }));
`,
        runs: 0,
      },
      {
        name: "super setPrototypeOf in process",
        text: `
const a = { rate() { return 2; } }, b = { rate() { return 3; } }; const d = { rate() { return super.rate() * 2; } }; Object.setPrototypeOf(d, a);
const f = cached(function f() { return d.rate(); });
await t(f); Object.setPrototypeOf(d, b);
await t(f);
`,
        edits: [["return 3", "return 4"]],
      },
      {
        name: "super arrow in method",
        text: `
const base = { rate() { return 2; } }; const d = { __proto__: base, make() { return () => super.rate(); } }; const g = d.make();
await t(cached(function f() { return g() + (d ? 0 : 1); }));
`,
        edits: [["return 2;", "return 3;"]],
      },
      {
        name: "super extracted class method",
        text: `
class A { rate() { return 2; } } class B extends A { rate() { return super.rate() * 2; } } const other = { rate: B.prototype.rate };
await t(cached(function f() { return other.rate(); }));
`,
        edits: [["return 2;", "return 3;"]],
        named: "super in rate",
      },
      {
        name: "super extracted class method seen",
        text: `
class A { rate() { return 2; } } class B extends A { rate() { return super.rate() * 2; } static me() { return B; } } const other = { rate: B.prototype.rate };
await t(cached(function f() { return other.rate(); }));
`,
        edits: [["return 2;", "return 3;"]],
      },
      {
        name: "super in a decorated method",
        text: `
class A { async rate() { return 2; } } class B extends A { @cached async twice(x) { return await super.rate() * x; } }
const b = new B(); if (await b.twice(3) !== await A.prototype.rate() * 3) wrong.push("twice");
`,
        edits: [["return 2;", "return 3;"]],
      },
      {
        name: "super in a decorated static method, quiet",
        text: `
class A { static rate() { return 2; } static other() { return 1; } } class B extends A { @cached static async twice(x) { return super.rate() * x; } }
if (await B.twice(3) !== 6) wrong.push("twice");
`,
        edits: [["return 1;", "return 1;\n"]],
        runs: 0,
      },
      {
        name: "super static extracted",
        text: `
class A { static rate() { return 2; } } class B extends A { static rate() { return super.rate() * 2; } static me() { return B; } } const rate = B.rate;
await t(cached(function f() { return rate(); }));
`,
        edits: [["return 2;", "return 3;"]],
      },
      {
        name: "super arrow in class field",
        text: `
class A { rate() { return 2; } } class B extends A { go = () => super.rate(); me() { return B; } } const { go } = new B();
await t(cached(function f() { return go(); }));
`,
        edits: [["return 2;", "return 3;"]],
      },
      {
        name: "super getter in literal",
        text: `
const base = { get rate() { return 2; } }; const d = { __proto__: base, get rate() { return super.rate * 2; } };
await t(cached(function f() { return d.rate; }));
`,
        edits: [["return 2;", "return 3;"]],
      },
      {
        name: "super computed",
        text: `
const base = { rate() { return 2; } }; const d = { __proto__: base, go(k) { return super[k](); } };
await t(cached(function f(k) { return d.go(k); }), 'rate');
`,
        edits: [["return 2;", "return 3;"]],
      },
      {
        name: "super factory",
        text: `
function make(k) { return { __proto__: { rate() { return k; } }, rate() { return super.rate() * 2; } }; } const d = make(2);
await t(cached(function f() { return d.rate(); }));
`,
        edits: [["make(2)", "make(3)"]],
        named: "super in rate",
      },
      {
        name: "class quiet",
        text: `
class A { rate() { return 2; } } class B extends A { rate() { return super.rate() * 2; } } await t(cached(function f() { return new B().rate(); }));
`,
        runs: 0,
      },
      {
        name: "mixin super",
        text: `
const M = (B) => class extends B { rate() { return super.rate() * 2; } };
class A { rate() { return 2; } } const C = M(A);
await t(cached(function f() { return new C().rate(); }));
`,
        edits: [["return 2;", "return 3;"]],
      },
    ]),
    {},
  );
});

Deno.test("new.target of a function around an arrow function is named", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "new.target arrow",
        text: `
class A { constructor() { this.g = () => new.target.tag(); } static tag() { return 'A'; } } class B extends A { static tag() { return 'B2'; } } const { g } = new B();
await t(cached(function f() { return g(); }));
`,
        edits: [["B2", "B3"]],
        named: "new.target",
      },
      {
        name: "new.target function",
        text: `
function F() { return new.target === undefined ? 1 : 2; } const _ = 0;
await t(cached(function f() { return F() + 0; })); 
`,
        edits: [["1 : 2", "3 : 2"]],
      },
      {
        name: "new.target own",
        text: `
class A { constructor() { this.n = new.target.name; } } await t(cached(function f() { return new A().n; }));
`,
        runs: 0,
      },
    ]),
    {},
  );
});

Deno.test("a method that was replaced by one of the same text counts with what it closes over", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "replaced other module",
        text: `
import { A } from './a.ts'; import { B } from './b.ts'; A.prototype.get = B.prototype.get;
await t(cached(function f() { return new A().get(); })); const K = 1;
`,
        edits: [["const K = 1", "const K = 2"]],
        files: {
          "a.ts": "const k = 1; export class A { get() { return k; } }",
          "b.ts": "const k = 2; export class B { get() { return k; } }",
        },
        runs: 0,
      },
      {
        name: "replaced static",
        text: `
const Mix = (k) => class { static get() { return k; } }; const A = Mix(1), B = Mix(Number(2)); A.get = B.get;
await t(cached(function f() { return A.get(); }));
`,
        edits: [["Number(2)", "Number(3)"]],
      },
      {
        name: "replaced accessor",
        text: `
const Mix = (k) => class { get rate() { return k; } }; const A = Mix(1), B = Mix(Number(2)); Object.defineProperty(A.prototype, 'rate', Object.getOwnPropertyDescriptor(B.prototype, 'rate'));
await t(cached(function f() { return new A().rate; }));
`,
        edits: [["Number(2)", "Number(3)"]],
      },
      {
        name: "replaced static field",
        text: `
const Mix = (k) => class { static get = () => k; }; const A = Mix(1), B = Mix(Number(2)); A.get = B.get;
await t(cached(function f() { return A.get(); }));
`,
        edits: [["Number(2)", "Number(3)"]],
      },
      {
        name: "replaced in process",
        text: `
const Mix = (k) => class { get() { return k; } }; const A = Mix(1), B = Mix(Number(2));
const f = cached(function f() { return new A().get(); });
await t(f); A.prototype.get = B.prototype.get;
await t(f);
`,
        edits: [["Number(2)", "Number(3)"]],
      },
      {
        name: "not replaced",
        text: `
const Mix = (k) => class { get() { return k; } }; const A = Mix(1), B = Mix(2);
await t(cached(function f() { return new A().get() + new B().get(); }));
`,
        runs: 0,
      },
    ]),
    {},
  );
});

Deno.test("members, prototypes and attributes of functions count, whenever they are changed", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "helper.config late",
        text: `
function helper(x) { return x * (helper.config ?? 1); } const f = cached(function f(x) { return helper(x); });
await t(f, 3); helper.config = 5;
await t(f, 3);
`,
        edits: [["config = 5", "config = 6"]],
      },
      {
        name: "prototype late",
        text: `
function Pt() {} const f = cached(function f() { return new Pt().norm?.() ?? 0; });
await t(f); Pt.prototype.norm = () => 5;
await t(f);
`,
        edits: [["=> 5", "=> 6"]],
      },
      {
        name: "setPrototypeOf late",
        text: `
function helper() { return helper.rate ?? 0; } const f = cached(function f() { return helper(); });
await t(f); Object.setPrototypeOf(helper, { rate: 5 });
await t(f);
`,
        edits: [["rate: 5", "rate: 6"]],
      },
      {
        name: "class setPrototypeOf late",
        text: `
class A {} const f = cached(function f() { return new A().rate ?? 0; });
await t(f); Object.setPrototypeOf(A.prototype, { rate: 5 });
await t(f);
`,
        edits: [["rate: 5", "rate: 6"]],
      },
      {
        name: "subject config",
        text: `
const f = cached(function f(x) { return x * (f.original.config ?? 1); });
await t(f, 3); f.original.config = 5;
await t(f, 3);
`,
        edits: [["config = 5", "config = 6"]],
      },
      {
        name: "named expression config",
        text: `
const g = function me() { return me.config ?? 1; };
const f = cached(function f(x) { return g(); });
await t(f, 3); g.config = 5;
await t(f, 3);
`,
        edits: [["config = 5", "config = 6"]],
      },
      {
        name: "defineProperty late",
        text: `
const K = 5; const h = () => 0;
const f = cached(function f() { return h.rate ?? 0; });
await t(f); Object.defineProperty(h, 'rate', { get: () => K });
await t(f);
`,
        edits: [["K = 5", "K = 6"]],
      },
      {
        name: "frozen late",
        text: `
const h = () => 0;
const f = cached(function f() { return Object.isFrozen(h); });
await t(f); Object.freeze(h);
await t(f);
`,
        edits: [["=> 0", "=> 1"]],
      },
      {
        name: "length",
        text: `
class A { constructor(a, b) {} } Object.defineProperty(A, 'length', { value: 5 });
await t(cached(function f() { return A.length; }));
`,
        edits: [["value: 5", "value: 6"]],
      },
      {
        name: "length by parameter",
        text: `
class A { constructor(a, b) {} } Object.defineProperty(A, 'length', { value: 5 }); const arity = (x) => x.length;
await t(cached(function f() { return arity(A); }));
`,
        edits: [["value: 5", "value: 6"]],
      },
      {
        name: "length of this",
        text: `
class A { static n() { return this.length; } } Object.defineProperty(A, 'length', { value: 5 });
await t(cached(function f() { return A.n(); }));
`,
        edits: [["value: 5", "value: 6"]],
      },
      {
        name: "length late",
        text: `
class A { static n() { return this.length; } } const f = cached(function f() { return A.n(); });
await t(f); Object.defineProperty(A, 'length', { value: 5 });
await t(f);
`,
        edits: [["value: 5", "value: 6"]],
      },
      {
        name: "name",
        text: `
function a() {} Object.defineProperty(a, 'name', { value: 'x2' });
await t(cached(function f() { return a.name; }));
`,
        edits: [["x2", "x3"]],
      },
      {
        name: "name getter",
        text: `
class A { static n() { return this.name; } } Object.defineProperty(A, 'name', { get: () => K }); const K = 2;
await t(cached(function f() { return A.n(); }));
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "writable prototype",
        text: `
function A() {} Object.defineProperty(A, 'prototype', { writable: true });
await t(cached(function f() { return Object.getOwnPropertyDescriptor(A, 'prototype').writable; }));
`,
        edits: [["writable: true", "writable: false"]],
      },
      {
        name: "constructor",
        text: `
class A {} A.prototype.constructor = function () { return 2; };
await t(cached(function f() { return new A().constructor(); }));
`,
        edits: [["return 2", "return 3"]],
        named: ".constructor()",
      },
      {
        name: "enumerable method",
        text: `
class A { m() {} } Object.defineProperty(A.prototype, 'm', { enumerable: true });
await t(cached(function f() { const r = []; for (const k in new A()) r.push(k); return r; }));
`,
        edits: [["enumerable: true", "enumerable: false"]],
      },
    ]),
    {},
  );
});

Deno.test("writes of variables that are not plain assignments are seen", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "and assign",
        text: `
import { rate, set } from './s.ts';
const f = cached(function f() { return rate; });
await t(f); set(7);
await t(f);
`,
        edits: [["set(7)", "set(8)"]],
        files: { "s.ts": "export let rate = 1; export function set(r) { rate && (rate = r); }" },
      },
      {
        name: "nullish assign",
        text: `
import { rate, set } from './s.ts';
const f = cached(function f() { return rate; });
await t(f); set(7);
await t(f);
`,
        edits: [["set(7)", "set(8)"]],
        files: { "s.ts": "export let rate = null; export function set(r) { rate ?? (rate = r); }" },
      },
      {
        name: "namespace-like",
        text: `
import { rate, set } from './s.ts';
const f = cached(function f() { return rate; });
await t(f); set(7);
await t(f);
`,
        edits: [["set(7)", "set(8)"]],
        files: {
          "s.ts": "export let rate = 0; export function set(r) { (function (x) { x.r = r; })(rate || (rate = {})); }",
        },
      },
      {
        name: "eval writes",
        text: `
import { rate, set } from './s.ts';
const f = cached(function f() { return rate; });
await t(f); set(7);
await t(f);
`,
        edits: [["set(7)", "set(8)"]],
        files: { "s.ts": "export let rate = 0; export function set(r) { eval('rate = r'); }" },
      },
      {
        name: "new Function writes a global",
        text: `
globalThis.rate = 1;
const f = cached(function f() { return rate; });
await t(f); new Function('rate = 7')();
await t(f);
`,
        edits: [["rate = 7", "rate = 8"]],
      },
    ]),
    {},
  );
});

Deno.test("accessors, symbols and private members count, or are named", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "getter of object",
        text: `
let K = 2; const o = { get rate() { return K; } };
await t(cached(function f() { return o.rate; }));
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "getter of object late",
        text: `
let K = 2; const o = { get rate() { return K; } };
const f = cached(function f() { return o.rate; });
await t(f); K = 4;
await t(f);
`,
        edits: [["K = 4", "K = 5"]],
      },
      {
        name: "static getter",
        text: `
let K = 2;
class A { static get rate() { return K; } } const f = cached(function f() { return A.rate; });
await t(f); K = 4;
await t(f);
`,
        edits: [["K = 4", "K = 5"]],
      },
      {
        name: "symbol static",
        text: `
const s = Symbol(), r = Symbol();
class A { static [s] = 2; static [r] = 1; static n() { return this[s] * 10 + this[r]; } } await t(cached(function f() { return A.n(); }));
`,
        edits: [["= 2;", "= 3;"]],
      },
      {
        name: "symbol static 2",
        text: `
const s = Symbol(), r = Symbol();
class A { static n() { return this[s] * 10 + this[r]; } } A[s] = 2; A[r] = 1;
await t(cached(function f() { return A.n(); }));
`,
        edits: [["= 2;", "= 3;"]],
      },
      {
        name: "computed member",
        text: `
const n = 'rate';
class A { static [n]() { return K; } } const K = 2;
await t(cached(function f() { return A.rate(); }));
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "stamp",
        text: `
class Base { constructor(o) { return o; } } class Stamp extends Base { #x = 2; static of(o) { return o.#x; } } const o = {}; new Stamp(o);
await t(cached(function f() { return Stamp.of(o); }));
`,
        edits: [["#x = 2", "#x = K"], ["class Base", "const K = 3; class Base"]],
        named: "private",
        runs: 1,
      },
      {
        name: "stamp arg",
        text: `
class Base { constructor(o) { return o; } } class Stamp extends Base { #x; constructor(o, x) { super(o); this.#x = x; } static of(o) { return o.#x; } } const o = {}; new Stamp(o, 2);
await t(cached(function f(o) { return Stamp.of(o); }), o);
`,
        edits: [["(o, 2)", "(o, 3)"]],
        named: "private",
        runs: 0,
      },
      {
        name: "stamp captured",
        text: `
class Base { constructor(o) { return o; } } class Stamp extends Base { #x; constructor(o, x) { super(o); this.#x = x; } static of(o) { return o.#x; } } const o = {}; new Stamp(o, 2);
await t(cached(function f() { return Stamp.of(o); }));
`,
        edits: [["(o, 2)", "(o, 3)"]],
        named: "private",
        runs: 0,
      },
    ]),
    {},
  );
});

Deno.test("names that code can turn into its result count", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "inspect class instance",
        text: `class Point2 { x = 1; } await t(cached(function f() { return Deno.inspect(new Point2()); }));`,
        edits: [["class Point2", "class Point3"], ["new Point2", "new Point3"]],
      },
      {
        name: "captured inspect",
        text: `
const { inspect } = Deno;
class Point2 { x = 1; } await t(cached(function f() { return inspect(new Point2()); }));
`,
        edits: [["class Point2", "class Point3"], ["new Point2", "new Point3"]],
      },
      {
        name: "globalThis.Deno.inspect",
        text: `
class Point2 { x = 1; } await t(cached(function f() { return globalThis.Deno.inspect(new Point2()); }));
`,
        edits: [["class Point2", "class Point3"], ["new Point2", "new Point3"]],
      },
      {
        name: "inspect alias",
        text: `
const show1 = Deno.inspect;
class Point2 { x = 1; } await t(cached(function f() { return show1(new Point2()); }));
`,
        edits: [["class Point2", "class Point3"], ["new Point2", "new Point3"]],
      },
      {
        name: "inspect import",
        text: `
import { inspect } from 'node:util';
class Point2 { x = 1; } await t(cached(function f() { return inspect(new Point2()); }));
`,
        edits: [["class Point2", "class Point3"], ["new Point2", "new Point3"]],
      },
      {
        name: "function as text",
        text: "function fn2() {} await t(cached(function f() { return `${fn2}`; }));",
        edits: [["function fn2", "function fn3"], ["{fn2}", "{fn3}"]],
      },
      {
        name: "inspect function",
        text: `function fn2() {} await t(cached(function f() { return Deno.inspect([fn2]); }));`,
        edits: [["function fn2", "function fn3"], ["[fn2]", "[fn3]"]],
      },
      {
        name: "stack names",
        text: "function thrower2() { return new Error('x').stack.split('\\n')[1].includes('thrower2'); } " +
          "await t(cached(function f() { return thrower2(); }));",
        edits: [["function thrower2", "function thrower3"], ["return thrower2", "return thrower3"]],
        named: "the lines and files that the stacks of errors tell",
      },
      {
        name: "stack names shown",
        text: "function thrower2() { return /at (\\w+)/.exec(new Error('x').stack)[1]; } await " +
          "t(cached(function f() { return thrower2(); }));",
        edits: [["function thrower2", "function thrower3"], ["return thrower2", "return thrower3"]],
        named: "the lines and files that the stacks of errors tell",
      },
    ]),
    {},
  );
});

Deno.test("plain programs of all kinds run once and are told nothing", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "mixins",
        text: `
const Named = (B) => class extends B { name() { return super.name() + '!'; } };
class A { name() { return 'a'; } } const C = Named(A), D = Named(C);
await t(cached(function f() { return new D().name() + new C().name(); }));
`,
        runs: 0,
      },
      {
        name: "es5",
        text: `
function Animal(n) { this.n = n; } Animal.prototype.speak = function () { return this.n; }; function Dog(n) { Animal.call(this, n); } Dog.prototype = Object.create(Animal.prototype); Dog.prototype.constructor = Dog; Dog.prototype.bark = function () { return this.speak() + '!'; };
await t(cached(function f() { return new Dog('x').bark(); }));
`,
        runs: 0,
      },
      {
        name: "enum namespace",
        text: `
import { K, N } from './k.ts';
const f = cached(function f(x) { return [K.A, N.u, N.In.z, K[x]]; });
await t(f, 1);
`,
        files: {
          "k.ts":
            "export enum K { A = 1, B } export namespace N { export const u = 3; export namespace In { export const z = 1; } }",
        },
        runs: 0,
      },
      {
        name: "apply arguments",
        text: `
function wrap(fn) { return function () { return fn.apply(this, arguments); }; } const g = wrap((x) => x + 1);
await t(cached(function f(x) { return g(x); }), 1);
`,
        runs: 0,
      },
      {
        name: "error class",
        text: "class MyError extends Error { constructor(m, code) { super(m); this.code = code; this.name " +
          "= 'MyError'; } } await t(cached(function f(x) { const e = new MyError('x', 3); return " +
          "[e.code, e.message, `${e}`]; }), 1);",
        runs: 0,
      },
      {
        name: "subclass native",
        text: `
class Series extends Array { mean() { return this[0] / this.length; } } class P2 extends Promise {} class M2 extends Map { get(k) { return super.get(k) ?? 0; } } await t(cached(async function f(x) { return [Series.from([1, 2]).mean(), await P2.resolve(3), new M2([[1, 2]]).get(3)]; }), 1);
`,
        runs: 0,
      },
      {
        name: "singleton private",
        text: `
class C { #n = 1; static #made = 0; static make() { return new C(); } get n() { return this.#n; } #hidden() { return 2; } all() { return this.#hidden() + this.#n; } } await t(cached(function f() { return C.make().all() + C.make().n; }));
`,
        runs: 0,
      },
    ]),
    {},
  );
});
