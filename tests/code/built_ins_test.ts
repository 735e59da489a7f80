import { assertEquals } from "@std/assert";
import { faultsOf } from "../support/program_pairs.ts";

Deno.test("what a program changes of built-in objects counts where code may read it", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "data on Array.prototype",
        text: `Array.prototype.rate = 2; await t(cached(function f(xs) { return xs.length * xs.rate; }), [1]);`,
        edits: [["rate = 2", "rate = 3"]],
      },
      {
        name: "symbol iterator",
        text: `
const K = 2, plain = Array.prototype[Symbol.iterator]; Array.prototype[Symbol.iterator] = function () { return plain.call(this[0] === 'K' ? [K] : this); };
await t(cached(function f(xs) { return [...xs]; }), ['K']);
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "toString by template",
        text: "const K = 2, plain = Object.prototype.toString; Object.prototype.toString = function () { " +
          "return this?.mark ? 'o' + K : plain.call(this); }; await t(cached(function f(x) { return " +
          "`${x}`; }), { mark: 1 });",
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "toPrimitive",
        text: `
const K = 2; Object.defineProperty(Date.prototype, Symbol.toPrimitive, { value: function () { return K; } });
await t(cached(function f(x) { return x + 1; }), new Date(0));
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "then of Number",
        text: `
Number.prototype.then = function (f) { f(K); }; const K = 2;
await t(cached(async function f(x) { return typeof (await Object(x)); }), 1);
`,
        edits: [["K = 2", "K = '3'"]],
      },
      {
        name: "computed call",
        text: `
Array.prototype.total = function () { return this.length * K; }; const K = 2;
await t(cached(function f(xs, n) { return xs[n](); }), [1], 'total');
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "typed array",
        text: `
Uint8Array.prototype.rate = 2;
await t(cached(function f(xs) { return xs.rate; }), new Uint8Array(2));
`,
        edits: [["rate = 2", "rate = 3"]],
      },
      {
        name: "Iterator",
        text: `
Iterator.prototype.total = function () { return K; }; const K = 2;
await t(cached(function f(xs) { return xs.values().total(); }), [1]);
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "URL.prototype",
        text: `
URL.prototype.shout = function () { return this.href + K; }; const K = 2;
await t(cached(function f(u) { return new URL(u).shout(); }), 'http://a/');
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "URL.prototype toJSON on arg",
        text: `
URL.prototype.toJSON = function () { return K; }; const K = 2;
await t(cached(function f(u) { return JSON.stringify(u); }), new URL('http://a/'));
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "error message",
        text: `Error.prototype.code = 2; await t(cached(function f(m) { return new RangeError(m).code; }), 'm');`,
        edits: [["code = 2", "code = 3"]],
      },
      {
        name: "generator prototype",
        text: `
Object.getPrototypeOf(function* () {}).prototype.total = function () { return K; }; const K = 2;
await t(cached(function f() { return (function* () {})().total(); }));
`,
        edits: [["K = 2", "K = 3"]],
      },
      ...[
        ["by another name", "const write = JSON.stringify;", "write([s])"],
        ["bound", "const write = JSON.stringify.bind(JSON);", "write([s])"],
        ["by a computed name", 'const name = "stringify";', "JSON[name]([s])"],
        ["by a Response", "", "Response.json([s]).text()"],
        ["as a whole", "const { stringify } = JSON;", "stringify([s])"],
      ].map(([name, setup, body]) => ({
        name: `toJSON ${name}`,
        text: `const K = 2; Set.prototype.toJSON = function () { return K; }; ${setup}\n` +
          `await t(cached(function f(s) { return ${body}; }), new Set());\n`,
        edits: [["K = 2", "K = 3"]] as const,
      })),
      {
        name: "toJSON where no JSON is written",
        text: "const K = 2; Set.prototype.toJSON = function () { return K; };\n" +
          "await t(cached(function f(s) { return [...s].map((x) => x + 1).toSorted().join(); }), new Set([1]));\n",
        edits: [["K = 2", "K = 3"]],
        runs: 0,
      },
      {
        name: "BigInt toJSON",
        text: `
BigInt.prototype.toJSON = function () { return K; }; const K = 2;
await t(cached(function f(x) { return JSON.stringify({ x }); }), 1n);
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "symbol description",
        text: `
Object.defineProperty(Symbol.prototype, 'tag', { get() { return K; } }); const K = 2;
await t(cached(function f() { return Symbol.iterator.tag; }));
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "a Proxy in the place of a method",
        text: `
Map.prototype.set = new Proxy(Map.prototype.set, { apply(f, t, a) { return Reflect.apply(f, t, a[0] === 77 ? [77, K] : a); } }); const K = 2;
await t(cached(function f() { const m = new Map(); m.set(77, 1); return m; }));
`,
        edits: [["K = 2", "K = 3"]],
        named: "Proxy",
        runs: 0,
      },
      {
        name: "native moved",
        text: `
Array.prototype.toSpliced = Array.prototype.filter;
await t(cached(function f(xs) { return xs.toSpliced((x) => x > 1); }), [1, 2]);
`,
        edits: [["prototype.filter", "prototype.some"]],
      },
      {
        name: "Math.max replaced",
        text: `const K = 2; Math.fround = () => K; await t(cached(function f(x) { return Math.fround(x); }), 1);`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "Math computed",
        text: `
const K = 2; Math.fround = () => K;
await t(cached(function f(x) { return Math[x](1); }), 'fround');
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "Math.TAU computed",
        text: `Math.TAU = 2; await t(cached(function f(x) { return Math[x]; }), 'TAU');`,
        edits: [["TAU = 2", "TAU = 3"]],
      },
      {
        name: "Date.now",
        text: `
const K = 2, plain = Date.UTC; Date.UTC = (...a) => a.length ? plain(...a) : K;
await t(cached(function f() { return Date.UTC(); }));
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "JSON.stringify",
        text: `
const K = '2', plain = JSON.stringify; JSON.stringify = (x, ...y) => x === 77 ? K : plain(x, ...y);
await t(cached(function f() { return JSON.stringify(77); }));
`,
        edits: [["'2'", "'3'"]],
      },
      {
        name: "Reflect data",
        text: `Reflect.rate = 2; await t(cached(function f() { return Reflect.rate; }));`,
        edits: [["rate = 2", "rate = 3"]],
      },
      {
        name: "Intl data",
        text: `Intl.rate = 2; await t(cached(function f() { return Intl.rate; }));`,
        edits: [["rate = 2", "rate = 3"]],
      },
      {
        name: "Atomics",
        text: `Atomics.rate = 2; await t(cached(function f() { return Atomics.rate; }));`,
        edits: [["rate = 2", "rate = 3"]],
      },
      {
        name: "process data",
        text: `process.hello = 2; await t(cached(function f() { return process.hello; }));`,
        edits: [["hello = 2", "hello = 3"]],
      },
      {
        name: "process import",
        text: `
import process from 'node:process'; process.hello = 2;
await t(cached(function f() { return process.hello; }));
`,
        edits: [["hello = 2", "hello = 3"]],
      },
      {
        name: "Deno data",
        text: `Deno.hello = 2; await t(cached(function f() { return Deno.hello; }));`,
        edits: [["hello = 2", "hello = 3"]],
      },
      {
        name: "Deno function",
        text: `const K = 2; Deno.hello = () => K; await t(cached(function f() { return Deno.hello(); }));`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "a bound function on Deno",
        text: `
const K = 2; Deno.uid = function () { return this.k; }.bind({ k: K });
await t(cached(function f() { return Deno.uid(); }));
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "a native function moved to Deno",
        text: `Deno.uid = Math.max; await t(cached(function f() { return Deno.uid(); }));`,
        edits: [["Math.max", "Math.min"]],
      },
      {
        name: "a function on a module of Node",
        text: `
import path from "node:path"; const K = "x"; path.join = () => K;
await t(cached(function f() { return path.join("a", "b"); }));
`,
        edits: [['K = "x"', 'K = "y"']],
      },
      {
        name: "Deno mock",
        text: `const K = 2; Deno.uid = () => K; await t(cached(function f() { return Deno.uid(); }));`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "console data",
        text: `console.level = 2; await t(cached(function f() { return console.level; }));`,
        edits: [["level = 2", "level = 3"]],
      },
      {
        name: "console.log mine",
        text: `console.warn = () => K; const K = 2; await t(cached(function f() { return console.warn(); }));`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "setPrototypeOf Array.prototype",
        text: `
Object.setPrototypeOf(Array.prototype, { rate: 2, __proto__: null });
await t(cached(function f(x) { return x.rate; }), []);
`,
        edits: [["rate: 2", "rate: 3"]],
      },
    ]),
    {},
  );
});

Deno.test("globals that are accessors count with their code", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "global object object",
        text: `globalThis.conf = { a: 2 }; await t(cached(function f() { return conf.a; }));`,
        edits: [["a: 2", "a: 3"]],
      },
      {
        name: "global getter",
        text: `
let K = 2; Object.defineProperty(globalThis, 'RATE', { get: () => K });
await t(cached(function f() { return RATE; }));
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "global getter obj",
        text: `
let K = 2; Object.defineProperty(globalThis, 'CONF', { get: () => ({ rate: K }) });
await t(cached(function f() { return self.CONF.rate; }));
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "navigator mock",
        text: `
let K = 2; Object.defineProperty(globalThis, 'navigator', { get: () => ({ rate: K }), configurable: true });
await t(cached(function f() { return navigator.rate; }));
`,
        edits: [["K = 2", "K = 3"]],
      },
      {
        name: "global through Object.prototype",
        text: `Object.prototype.RATE = 2; await t(cached(function f() { return RATE; }));`,
        edits: [["RATE = 2", "RATE = 3"]],
      },
    ]),
    {},
  );
});

Deno.test("what a program changes of built-in objects between two calls counts", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "late data on Array.prototype",
        text: `
const f = cached(function f(xs) { return xs.rate ?? 0; });
await t(f, [1]); Array.prototype.rate = 3;
await t(f, [1]); Array.prototype.rate = 4;
await t(f, [1]);
`,
        edits: [["rate = 4", "rate = 5"]],
      },
      {
        name: "late hidden",
        text: `
const f = cached(function f(xs) { return xs.rate ?? 0; });
await t(f, 'a'); Object.defineProperty(String.prototype, 'rate', { value: 5 });
await t(f, 'a');
`,
        edits: [["value: 5", "value: 6"]],
      },
      {
        name: "late Math",
        text: `const f = cached(function f() { return Math.TAU ?? 0; }); await t(f); Math.TAU = 5; await t(f);`,
        edits: [["TAU = 5", "TAU = 6"]],
      },
      {
        name: "late replaced",
        text: `
const K = 'x';
const f = cached(function f(x) { return x.trim(); });
await t(f, 'a'); String.prototype.trim = () => K;
await t(f, 'a');
`,
        edits: [["K = 'x'", "K = 'y'"]],
      },
      {
        name: "late toJSON",
        text: `
const K = 'x';
const f = cached(function f(x) { return JSON.stringify({ x }); });
await t(f, 'a'); String.prototype.toJSON = () => K;
await t(f, 'a');
`,
        edits: [["K = 'x'", "K = 'y'"]],
      },
      {
        name: "late Deno",
        text: `
const f = cached(function f() { return Deno.hello ?? 0; });
await t(f); Deno.hello = 5;
await t(f);
`,
        edits: [["hello = 5", "hello = 6"]],
      },
      {
        name: "late process",
        text: `
const f = cached(function f() { return process.hello ?? 0; });
await t(f); process.hello = 5;
await t(f);
`,
        edits: [["hello = 5", "hello = 6"]],
      },
      {
        name: "late console",
        text: `
const f = cached(function f() { return console.hello ?? 0; });
await t(f); console.hello = 5;
await t(f);
`,
        edits: [["hello = 5", "hello = 6"]],
      },
      {
        name: "late accessor global",
        text: `
const f = cached(function f() { return globalThis.RATE ?? 0; });
await t(f); let K = 5; Object.defineProperty(globalThis, 'RATE', { get: () => K });
await t(f); K = 7;
await t(f);
`,
        edits: [["K = 7", "K = 8"]],
      },
    ]),
    {},
  );
});

Deno.test("changes of built-in objects that code does not read cost nothing, and plain code is told nothing", async () => {
  assertEquals(
    await faultsOf([
      {
        name: "polyfill not named",
        text: `
Object.defineProperty(Array.prototype, 'last', { value() { return 1; }, configurable: true, writable: true }); String.prototype.shout = function () { return 2; };
await t(cached(function f(xs) { let s = 0; for (let i = 0; i < xs.length; i++) s += xs[i]; return xs.map((x) => x + s).join(); }), [1, 2]);
`,
        edits: [["return 1", "return 5"], ["return 2", "return 6"]],
        runs: 0,
      },
      {
        name: "Math.TAU not used",
        text: `Math.TAU = 2; await t(cached(function f(x) { return Math.max(x, 1); }), 1);`,
        edits: [["TAU = 2", "TAU = 3"]],
        runs: 0,
      },
      {
        name: "Deno.x not used",
        text: `
Deno.hello = 2; process.hello = 2; console.hello = 1;
await t(cached(function f(x) { return [Deno.build.os, process.platform, x]; }), 1);
`,
        edits: [["hello = 2", "hello = 3"]],
        runs: 0,
      },
      {
        name: "many plain things",
        text: "class Point { constructor(x, y) { this.x = x; this.y = y; } static of(x) { return new " +
          "this(x, x); } get sum() { return this.x + this.y; } toString() { return `${this.x}`; } " +
          "[Symbol.iterator]() { return [this.x][Symbol.iterator](); } } function* gen(n) { for (let i " +
          "= 0; i < n; i++) yield i; } const rates = { a: 1, b: 2 }; const add = (a, b = 1) => a + b; " +
          "await t(cached(function f(n, k) { const m = new Map([[1, 2]]); const out = []; for (const x " +
          "of gen(n)) out.push(add(x)); return [...out, Point.of(n).sum, `${Point.of(n)}`, rates[k], " +
          "[...m], JSON.stringify({ n }), Object.keys(rates), [...Point.of(3)], /a(b)/.exec('ab')[1], " +
          "'x-y'.replace('-', '+'), new URL('http://a/b').pathname, new Set([1]).has(1), Math.max(1, " +
          "n), Number('3'), structuredClone({ n })]; }), 3, 'a');",
        runs: 0,
      },
      {
        name: "async",
        text: `
const wait = (x) => Promise.resolve(x);
await t(cached(async function f(n) { const xs = await Promise.all([wait(n), wait(2)]); try { throw new RangeError('x'); } catch (e) { return [xs, e.message, e instanceof RangeError]; } }), 3);
`,
        runs: 0,
      },
      {
        name: "web",
        text: `
await t(cached(function f(n) { const u = new URL('http://a/?x=1'); const e = new TextEncoder().encode('abc'); return [u.searchParams.get('x'), u.href, e.length, new TextDecoder().decode(e), btoa('x'), new Headers({ a: 'b' }).get('a'), navigator.userAgent.length > 0, performance.now() > 0, crypto.randomUUID().length, new AbortController().signal.aborted, String(u)]; }), 3);
`,
        runs: 0,
      },
      {
        name: "node",
        text: `
import path from 'node:path'; import util from 'node:util'; import { Buffer } from 'node:buffer'; import os from 'node:os'; import * as assert from 'node:assert';
await t(cached(function f(n) { assert.ok(n); return [path.join('a', 'b'), path.sep, util.format('%d', n), Buffer.from('abc').toString('hex'), os.EOL]; }), 3);
`,
        runs: 0,
      },
      {
        name: "late other names",
        text: `
const f = cached(function f(xs) { return xs.map((x) => x + 1); });
await t(f, [1]); Array.prototype.other = 3; Math.TAU = 2;
await t(f, [1]); delete Array.prototype.other;
await t(f, [1]);
`,
        runs: 0,
      },
      {
        name: "wrapped original",
        text: `
const plain = Date.prototype.toISOString; Date.prototype.toISOString = function () { return plain.call(this); };
await t(cached(function f(d) { return d.toISOString(); }), new Date(0));
`,
        runs: 0,
      },
    ]),
    {},
  );
});
