/**
 * Results with prototypes, symbols and attributes of members, and errors with all that they carry.
 *
 * @module
 */
import { type Brief, kindsOf, type ResultKind } from "./kind.ts";

const NO_PROTOTYPE: readonly Brief[] = [
  ["an object without prototype", "Object.assign(Object.create(null), { a: 1 })", "'toString' in value"],
  ["an empty object without prototype", "Object.create(null)", "Object.getPrototypeOf(value) === null"],
  ["groups", "Object.groupBy([1, 2, 3], (n) => n % 2 ? 'odd' : 'even')", "value.odd.length"],
  ["a Map of groups", "Map.groupBy([1, 2, 3], (n) => n % 2)", "value.get(1).length"],
  ["the groups of a match", "'ab'.match(/(?<x>a)/).groups", "value.x"],
  ["a match", "'cab'.match(/(?<x>a)(b)?/d)", "[value.index, value.input, value.groups.x, value.indices[0]]"],
  [
    "many objects without prototype",
    "Array.from({ length: 60 }, (_, id) => Object.assign(Object.create(null), { id }))",
    "'toString' in value[59]",
  ],
  [
    "parts of a format",
    "new Intl.NumberFormat('en').formatToParts(1234.5)",
    "value.map(({ value }) => value).join('')",
  ],
];

const SYMBOLS: readonly Brief[] = [
  ["a member under a registered symbol", "({ a: 1, [Symbol.for('k')]: [2] })", "value[Symbol.for('k')][0]"],
  ["a member under Symbol.toStringTag", "({ [Symbol.toStringTag]: 'Tag' })", "String(value)"],
  [
    "a hidden member under a symbol",
    "Object.defineProperty({ a: 1 }, Symbol.for('k'), { value: 2 })",
    "value[Symbol.for('k')]",
  ],
  [
    "Symbol.isConcatSpreadable",
    "Object.assign([1, 2], { [Symbol.isConcatSpreadable]: false })",
    "[].concat(value).length",
  ],
  ["Symbol.unscopables", "({ [Symbol.unscopables]: { a: true } })", "value[Symbol.unscopables].a"],
  ["a symbol member of an array", "Object.assign([1], { [Symbol.for('k')]: 2 })", "value[Symbol.for('k')]"],
  [
    "symbol members in their order",
    "({ [Symbol.for('b')]: 1, [Symbol.for('a')]: 2, [Symbol.toStringTag]: 'T' })",
    "Reflect.ownKeys(value).map(String).join()",
  ],
  [
    "many rows with symbol members",
    "Array.from({ length: 60 }, (_, id) => ({ id, [Symbol.for('k')]: id }))",
    "value[59][Symbol.for('k')]",
  ],
];

const ATTRIBUTES: readonly Brief[] = [
  [
    "a hidden member",
    "Object.defineProperty({ a: 1 }, 'b', { value: 2, writable: true, configurable: true })",
    "[Object.keys(value).join(), value.b]",
  ],
  [
    "a hidden, read-only and fixed member",
    "Object.defineProperty({ a: 1 }, 'b', { value: 2 })",
    "Object.getOwnPropertyDescriptor(value, 'b').writable",
  ],
  [
    "a read-only member",
    "Object.defineProperty({}, 'b', { value: 2, enumerable: true, configurable: true })",
    "value.b",
  ],
  [
    "a fixed member",
    "Object.defineProperty({}, 'b', { value: 2, enumerable: true, writable: true })",
    "delete { ...value }.b",
  ],
  ["a hidden element", "Object.defineProperty([1, 2], 1, { enumerable: false })", "Object.keys(value).join()"],
  [
    "a fixed length",
    "Object.defineProperty([1], 'length', { writable: false })",
    "Object.getOwnPropertyDescriptor(value, 'length').writable",
  ],
  ["a hidden member of an array", "Object.defineProperty([1], 'total', { value: 1 })", "value.total"],
  ["a frozen object", "Object.freeze({ a: 1, b: { c: 2 } })", "[Object.isFrozen(value), Object.isFrozen(value.b)]"],
  [
    "a frozen tree",
    "(function freeze(o) { Object.values(o).forEach((v) => typeof v === 'object' && freeze(v)); return Object.freeze(o); })({ a: { b: [1, { c: 2 }] } })",
    "Object.isFrozen(value.a.b[1])",
  ],
  ["a frozen empty object", "Object.freeze({})", "Object.isExtensible(value)"],
  ["a sealed object", "Object.seal({ a: 1 })", "[Object.isSealed(value), Object.isFrozen(value)]"],
  [
    "an object that gets no members",
    "Object.preventExtensions({ a: 1 })",
    "[Object.isExtensible(value), Object.isSealed(value)]",
  ],
  ["a frozen array", "Object.freeze([1, 2])", "Object.isFrozen(value)"],
  ["a frozen sparse array", "Object.freeze([1, , 2])", "Object.isFrozen(value) && !(1 in value)"],
  ["a sealed array", "Object.seal([1, 2])", "Object.isSealed(value)"],
  ["frozen rows", "Array.from({ length: 60 }, (_, id) => Object.freeze({ id }))", "value.every(Object.isFrozen)"],
  [
    "some frozen rows",
    "Array.from({ length: 60 }, (_, id) => id % 2 ? { id } : Object.freeze({ id }))",
    "value.filter(Object.isFrozen).length",
  ],
  [
    "a frozen object without prototype",
    "Object.freeze(Object.assign(Object.create(null), { a: 1 }))",
    "Object.isFrozen(value)",
  ],
  [
    "a frozen cycle",
    "(() => { const o = { v: 1 }; o.self = o; return Object.freeze(o); })()",
    "value.self === value && Object.isFrozen(value)",
  ],
  ["a raw template", "((strings) => strings)`a\\n${1}b`", "[value.raw.join(), Object.isFrozen(value)]"],
];

const FROZEN_BUILT_INS: readonly Brief[] = [
  ["a frozen Map", "Object.freeze(new Map([[1, 2]]))", "Object.isFrozen(value)"],
  ["a frozen Set", "Object.freeze(new Set([1]))", "Object.isFrozen(value)"],
  ["a frozen Date", "Object.freeze(new Date(0))", "Object.isFrozen(value)"],
  ["a frozen RegExp", "Object.freeze(/a/)", "Object.isFrozen(value)"],
  ["a frozen Error", "Object.freeze(new Error('m'))", "Object.isFrozen(value)"],
  ["a frozen boxed text", "Object.freeze(Object('a'))", "Object.isFrozen(value)"],
  ["a typed array that gets no members", "Object.preventExtensions(new Uint8Array(2))", "Object.isExtensible(value)"],
  ["a frozen empty typed array", "Object.freeze(new Uint8Array(0))", "Object.isFrozen(value)"],
  ["a frozen ArrayBuffer", "Object.freeze(new ArrayBuffer(2))", "Object.isFrozen(value)"],
  ["a frozen URL", "Object.freeze(new URL('a:b'))", "Object.isFrozen(value)"],
];

/** Members beside the content of a built-in object, which either come back or are named. */
const BESIDE: readonly Brief[] = [
  ["a further member of a Map", "Object.assign(new Map(), { x: 1 })", "value.x"],
  ["a further member of a Set", "Object.assign(new Set(), { x: 1 })", "value.x"],
  ["a further member of a Date", "Object.assign(new Date(0), { x: 1 })", "value.x"],
  ["a further member of a RegExp", "Object.assign(/a/, { x: 1 })", "value.x"],
  ["a further member of a typed array", "Object.assign(new Uint8Array(2), { x: 1 })", "value.x"],
  ["a further member of a large typed array", "Object.assign(new Uint8Array(200_000), { x: 1 })", "value.x"],
  ["a further member of a DataView", "Object.assign(new DataView(new ArrayBuffer(2)), { x: 1 })", "value.x"],
  ["a further member of an ArrayBuffer", "Object.assign(new ArrayBuffer(2), { x: 1 })", "value.x"],
  [
    "a further member of the buffer of a view",
    "new Uint8Array(Object.assign(new ArrayBuffer(2), { x: 1 }))",
    "value.buffer.x",
  ],
  ["a further member of a boxed text", "Object.assign(Object('ab'), { x: 1 })", "value.x"],
  ["a further member of a URL", "Object.assign(new URL('a:b'), { x: 1 })", "value.x"],
  ["a further member of a Buffer", "Object.assign(Buffer.alloc(2), { x: 1 })", "value.x"],
  ["a further member of a Duration", "Object.assign(Temporal.Duration.from('P1D'), { x: 1 })", "value.x"],
  ["a symbol member of a Map", "Object.assign(new Map(), { [Symbol.for('k')]: 1 })", "value[Symbol.for('k')]"],
  ["a RegExp that was used", "(() => { const r = /a/g; r.test('a'); return r; })()", "value.lastIndex"],
  [
    "a RegExp whose lastIndex is fixed",
    "Object.defineProperty(/a/, 'lastIndex', { writable: false })",
    "Object.getOwnPropertyDescriptor(value, 'lastIndex').writable",
  ],
  ["a registered symbol", "({ s: Symbol.for('s') })", "value.s === Symbol.for('s')"],
  ["a well-known symbol", "({ s: Symbol.iterator })", "value.s === Symbol.iterator"],
  ["an array without prototype", "Object.setPrototypeOf([1], null)", "Array.isArray(value)"],
  ["an object with a plain prototype", "Object.create({ a: 1 })", "value.a"],
  ["shared memory", "new Uint8Array(new SharedArrayBuffer(2))", "value.buffer instanceof SharedArrayBuffer"],
  [
    "headers of a response",
    "new Response('x', { headers: { a: '1' } }).headers",
    "(() => { try { value.set('b', '1'); value.delete('b'); return 'open'; } catch { return 'fixed'; } })()",
  ],
  [
    "headers that are fixed",
    "Response.error().headers",
    "(() => { try { value.set('b', '1'); return 'open'; } catch { return 'fixed'; } })()",
  ],
  ["a form", "(() => { const form = new FormData(); form.set('a', '1'); return form; })()", "value.get('a')"],
  ["arguments", "(function () { return arguments; })(1, 2)", "[Array.isArray(value), value.length]"],
];

const ERRORS: readonly Brief[] = [
  ...["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"]
    .map((
      name,
    ): Brief => [
      `a thrown ${name}`,
      `new ${name}("m")`,
      `[value instanceof ${name}, value.name, String(value), value.stack]`,
    ]),
  [
    "an error with a cause",
    "new Error('m', { cause: new TypeError('c', { cause: [1] }) })",
    "[value.cause.cause[0], value.cause.stack]",
  ],
  ["an error whose cause is undefined", "new Error('m', { cause: undefined })", "'cause' in value"],
  [
    "an error whose cause is itself",
    "(() => { const e = new Error('m'); e.cause = e; return e; })()",
    "value.cause === value",
  ],
  ["an error with a code", "Object.assign(new Error('m'), { code: 'E_X' })", "value.code"],
  [
    "an error with members",
    "Object.assign(new TypeError('m'), { status: 404, data: { id: [1] }, at: new Date(0) })",
    "[value.status, value.data.id[0]]",
  ],
  ["an error with a name of its own", "Object.assign(new Error('m'), { name: 'Custom' })", "String(value)"],
  [
    "an error with a hidden name",
    "Object.defineProperty(new Error('m'), 'name', { value: 'Hidden' })",
    "[String(value), Object.keys(value).length]",
  ],
  [
    "an error whose message was assigned",
    "Object.assign(new Error(), { message: 'm' })",
    "[value.message, Object.keys(value).join()]",
  ],
  ["an error without message", "new Error()", "Object.hasOwn(value, 'message')"],
  ["an error without stack", "(() => { const e = new Error('m'); delete e.stack; return e; })()", "value.stack"],
  ["an error with a stack of its own", "Object.assign(new Error('m'), { stack: 'no stack' })", "value.stack"],
  [
    "an error with a registered symbol",
    "Object.assign(new Error('m'), { [Symbol.for('k')]: 1 })",
    "value[Symbol.for('k')]",
  ],
  [
    "an AggregateError",
    "new AggregateError([new Error('a'), new TypeError('b'), 1], 'm')",
    "[value.errors.length, value.errors[1].message, value instanceof AggregateError]",
  ],
  ["an AggregateError with a cause", "new AggregateError([], 'm', { cause: 1 })", "value.cause"],
  [
    "the error of Promise.any",
    "await Promise.any([Promise.reject(new Error('a'))]).catch((error) => error)",
    "[value.name, value.errors[0].message]",
  ],
  [
    "a DOMException",
    "new DOMException('m', 'AbortError')",
    "[value.name, value.code, value instanceof DOMException, value instanceof Error]",
  ],
  ["the reason of an abort", "AbortSignal.abort().reason", "value.name"],
  ["an error of JSON.parse", "(() => { try { JSON.parse('{'); } catch (error) { return error; } })()", "value.message"],
  [
    "an error of Deno",
    "new Deno.errors.NotFound('m')",
    "[value instanceof Deno.errors.NotFound, value.name, value.message]",
  ],
  [
    "an error of Deno with a cause",
    "new Deno.errors.PermissionDenied('m', { cause: 1 })",
    "[value.cause, value instanceof Deno.errors.PermissionDenied]",
  ],
  [
    "all errors of Deno",
    "Object.values(Deno.errors).map((Kind) => new Kind('m'))",
    "value.every((one, at) => one instanceof Object.values(Deno.errors)[at])",
  ],
  [
    "an error that Deno threw",
    "(() => { try { Deno.readTextFileSync('missing.txt'); } catch (error) { return error; } })()",
    "[value instanceof Deno.errors.NotFound, value.code]",
  ],
  [
    "an error of a system call",
    "(() => { try { fs.readFileSync('missing.txt'); } catch (error) { return error; } })()",
    "[value.code, value.errno, value.syscall, value.path]",
  ],
  [
    "an error of node",
    "(() => { try { Buffer.alloc('x'); } catch (error) { return error; } })()",
    "[value.code, value.name, value instanceof TypeError]",
  ],
  [
    "outcomes of allSettled()",
    "await Promise.allSettled([1, Promise.reject(new RangeError('m'))])",
    "value[1].reason.message",
  ],
  ["errors in a Map", "new Map([['a', new Error('m')]])", "value.get('a').message"],
];

const IMPORTS = { setup: 'import { Buffer } from "node:buffer";\nimport fs from "node:fs";' };

/** Kinds whose attributes or own members count. */
export const ATTRIBUTE_KINDS: readonly ResultKind[] = [
  ...kindsOf(true, [...NO_PROTOTYPE, ...SYMBOLS, ...ATTRIBUTES, ...FROZEN_BUILT_INS]),
  ...kindsOf("either", BESIDE, IMPORTS),
  ...kindsOf(true, ERRORS.filter(([name]) => !/of node$|without stack/.test(name)), IMPORTS),
  // The error of node has a class of the platform's own; one without stack is none that the platform makes.
  ...kindsOf("either", ERRORS.filter(([name]) => /of node$|without stack/.test(name)), IMPORTS),
];
