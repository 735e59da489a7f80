/**
 * Results that no copy can stand for: each is the very value, is not stored, and is named.
 *
 * @module
 */
import type { ResultKind } from "./kind.ts";

type Row = readonly [name: string, make: string, at?: string, use?: string];

const ROWS: readonly Row[] = [
  ["a getter", "({ a: 1, get b() { return this.a; } })", ".b", "value.b"],
  ["a setter", "({ a: 1, set b(v) { this.a = v; } })", ".b"],
  ["a hidden getter", "Object.defineProperty({ a: 1 }, 'b', { get: () => 1 })", ".b", "value.b"],
  ["a getter of an array", "Object.defineProperty([1, 2], 1, { get: () => 1, enumerable: true })", "[1]", "value[1]"],
  [
    "a getter under a symbol",
    "({ get [Symbol.toStringTag]() { return 'T'; } })",
    "[Symbol(Symbol.toStringTag)]",
    "String(value)",
  ],
  ["a function", "({ f: () => 1 })", ".f", "value.f()"],
  ["a function alone", "(() => 1)", "", "value()"],
  ["an async function", "({ f: async () => 1 })", ".f", "value.f()"],
  ["a generator function", "({ f: function* () { yield 1; } })", ".f", "[...value.f()][0]"],
  ["a bound function", "({ f: Math.max.bind(null, 1) })", ".f", "value.f(0)"],
  ["a method", "({ f() { return 1; } })", ".f", "value.f()"],
  ["a function of the language", "({ f: Math.max })", ".f", "value.f(1, 2)"],
  ["a function under a symbol", "({ [Symbol.toPrimitive]: () => 1 })", "[Symbol(Symbol.toPrimitive)]", "value + 1"],
  ["a function in a Map", "new Map([['k', () => 1]])", '.get("k")', "value.get('k')()"],
  ["a function in an error", "Object.assign(new Error('m'), { retry: () => 1 })", ".retry", "value.retry()"],
  ["a Proxy", "new Proxy({ a: 1 }, {})", "", "value.a"],
  ["a Proxy of an array", "new Proxy([1], {})"],
  [
    "a Proxy that hides its target",
    "new Proxy({ a: 1 }, { get: (target, name) => name === 'then' ? undefined : 5 })",
    "",
    "value.a",
  ],
  ["a Proxy within", "({ o: new Proxy({}, {}) })", ".o"],
  ["a Proxy that is a prototype", "({ o: Object.create(new Proxy({}, {})) })", ".o"],
  ["a Promise", "({ p: Promise.resolve(1) })", ".p", "value.p"],
  ["a Promise in a list", "[0, Promise.resolve(1)]", "[1]"],
  ["a readable stream", "({ s: new ReadableStream() })", ".s", "value.s.locked"],
  ["a writable stream", "({ s: new WritableStream() })", ".s"],
  ["a transform stream", "({ s: new TextDecoderStream() })", ".s"],
  ["a response", "({ r: new Response('x') })", ".r", "value.r.status"],
  ["a request", "({ r: new Request('http://a.b') })", ".r", "value.r.method"],
  ["a generator", "({ g: (function* () { yield 1; })() })", ".g"],
  ["an async generator", "({ g: (async function* () { yield 1; })() })", ".g"],
  ["an iterator of a list", "({ i: [1].values() })", ".i"],
  ["an iterator of a Map", "({ i: new Map([[1, 2]]).entries() })", ".i"],
  ["an iterator of matches", "({ i: 'aa'.matchAll(/a/g) })", ".i"],
  ["an iterator helper", "({ i: [1].values().map((n) => n) })", ".i"],
  ["a WeakMap", "({ w: new WeakMap() })", ".w"],
  ["a WeakSet", "({ w: new WeakSet() })", ".w"],
  ["a weak reference", "({ w: new WeakRef({}) })", ".w"],
  ["a finalization registry", "({ w: new FinalizationRegistry(() => {}) })", ".w"],
  ["a symbol", "({ s: Symbol('s') })", ".s", "value.s.description"],
  ["a symbol of the module", "({ s: MARK })", ".s", "value.s === MARK"],
  ["a boxed symbol", "({ s: Object(Symbol('s')) })", ".s"],
  ["a member under a symbol of the module", "({ a: 1, [MARK]: 2 })", "", "value[MARK]"],
  ["a member of an array under a symbol of the module", "Object.assign([1], { [MARK]: 2 })", "", "value[MARK]"],
  ["an object of another realm", "vm.runInNewContext('({ a: 1 })')", "", "value.a"],
  ["an array of another realm", "vm.runInNewContext('[1]')", "", "value instanceof Array"],
  ["a Map of another realm", "vm.runInNewContext('new Map()')", "", "value instanceof Map"],
  ["an Error of another realm", "vm.runInNewContext('new TypeError(\"m\")')", "", "value instanceof TypeError"],
  ["a Date of another realm", "vm.runInNewContext('new Date(0)')", "", "value instanceof Date"],
  ["bytes of another realm", "vm.runInNewContext('new Uint8Array(2)')", "", "value instanceof Uint8Array"],
  ["another realm's object within", "({ o: vm.runInNewContext('({ a: 1 })') })", ".o"],
  ["a Map in disguise", "Object.setPrototypeOf(new Map([[1, 2]]), Object.prototype)"],
  ["a Date in disguise", "Object.setPrototypeOf(new Date(0), Object.prototype)"],
  ["a Set as a Map", "Object.setPrototypeOf(new Set([1]), Map.prototype)"],
  ["a plain object as a Map", "Object.create(Map.prototype)"],
  ["a plain object as a Date", "Object.create(Date.prototype)"],
  ["an abort signal", "({ s: AbortSignal.abort() })", ".s", "value.s.aborted"],
  ["an abort controller", "({ c: new AbortController() })", ".c"],
  ["an event", "({ e: new Event('e') })", ".e"],
  ["a number format", "({ f: new Intl.NumberFormat('en') })", ".f", "value.f.format(1)"],
  ["a date format", "({ f: new Intl.DateTimeFormat('en') })", ".f"],
  ["a collator", "({ f: new Intl.Collator('en') })", ".f"],
  ["a text decoder", "({ d: new TextDecoder() })", ".d"],
  ["a text encoder", "({ e: new TextEncoder() })", ".e"],
  ["a WebAssembly memory", "({ m: new WebAssembly.Memory({ initial: 1 }) })", ".m"],
  ["a WebAssembly module", "({ m: new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])) })", ".m"],
  ["Math", "({ m: Math })", ".m.abs", "value.m.max(1, 2)"],
  ["a module", "({ m: await import('node:path') })", ".m"],
  ["a key", "({ k: await crypto.subtle.generateKey('Ed25519', true, ['sign']) })", ".k.publicKey"],
  ["a hash of node:crypto", "({ h: createHash('sha256') })", ".h"],
  ["a child's pipe", "({ p: new MessageChannel().port1 })", ".p"],
  ["an open file", "({ f: await Deno.open(new URL('data.txt', import.meta.url)) })", ".f"],
  [
    "one refused row of many",
    "Array.from({ length: 60 }, (_, id) => id === 41 ? { id, f: () => 1 } : { id, f: null })",
    "[41].f",
  ],
];

const SETUP = `import vm from "node:vm";
import { createHash } from "node:crypto";
const MARK = Symbol("mark");`;

/** Kinds that are not stored. */
export const REFUSED_KINDS: readonly ResultKind[] = ROWS.map(([name, make, at = "", use]) => ({
  name,
  setup: SETUP,
  make,
  kept: "named",
  at,
  ...use === undefined ? {} : { use },
}));
