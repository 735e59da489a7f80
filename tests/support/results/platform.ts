/**
 * Results of the language and the platform that are kept.
 *
 * @module
 */
import { type Brief, kindsOf, type ResultKind } from "./kind.ts";

/** Kinds that a structured clone keeps, and what a JSON text would lose. */
const CLONED: readonly Brief[] = [
  ["nothing", "undefined"],
  ["null", "null"],
  ["a boolean", "true"],
  ["-0", "-0", "1 / value"],
  ["NaN", "NaN"],
  ["an infinity", "-Infinity"],
  ["a bigint", "-(2n ** 80n)", "value + 1n"],
  ["a text with lone surrogates", '"a\\ud800b"', "value.charCodeAt(1)"],
  ["a long text", '"ä".repeat(70_000)', "value.length"],
  ["members that are undefined", "({ a: undefined, b: [undefined] })", "'a' in value"],
  ["indices and names in order", "({ z: 1, 2: 2, a: 3, 1: 4 })", "Object.keys(value).join()"],
  ["a member named __proto__", `JSON.parse('{"__proto__":{"a":1}}')`, "Object.keys(value).join()"],
  ["a member named constructor", "({ constructor: 1, toString: 2, then: 3 })", "value.constructor"],
  ["a sparse array", "[1, , 3, , ]", "[0 in value, 1 in value, value.length]"],
  ["a very sparse array", "Object.assign([], { 4_000_000: 1 })", "value.length"],
  ["an array with further members", "Object.assign([1, 2], { unit: 'm', '-1': 0 })", "value.unit"],
  ["many rows", "Array.from({ length: 100 }, (_, id) => ({ id, name: `n${id}`, odd: id % 2 === 1 }))", "value.length"],
  [
    "rows of several shapes",
    "Array.from({ length: 60 }, (_, id) => id % 3 ? { id, a: 1 } : { a: 1, id })",
    "JSON.stringify(value)",
  ],
  [
    "rows with -0, NaN and holes",
    "Array.from({ length: 60 }, (_, id) => ({ id, v: [-0, NaN, undefined, null][id % 4] }))",
  ],
  ["numbers of all kinds", "Array.from({ length: 60 }, (_, id) => [id, id / 2, -0, 2 ** 40][id % 4])"],
  [
    "deep objects",
    "(() => { let o = { end: true }; for (let i = 0; i < 2000; i++) o = { o }; return o; })()",
    "(() => { let n = 0; for (let o = value; o.o; o = o.o) n++; return n; })()",
  ],
  ["a Map", "new Map([['a', 1], [1, 'a'], [NaN, -0]])", "value.get(NaN)"],
  [
    "a Map keyed by objects",
    "(() => { const k = { v: 1 }; return { m: new Map([[k, 'found'], [{ v: 1 }, 'other']]), k }; })()",
    "value.m.get(value.k)",
  ],
  ["a Map keyed by dates", "new Map([[new Date(0), 1]])", "[...value.keys()][0].getTime()"],
  ["a Set", "new Set(['a', 1, [2]])", "value.has('a')"],
  [
    "a Map that contains itself",
    "(() => { const m = new Map(); return m.set(m, new Set([m])); })()",
    "value.get(value).has(value)",
  ],
  ["a Date", "new Date(1e12)", "value.toISOString()"],
  ["an invalid Date", "new Date(NaN)", "isNaN(value)"],
  ["a RegExp", "/a(?<x>b)/dgimsuy", "value.flags"],
  ["a RegExp in sets mode", "/[\\p{L}--[a-z]]/v", "value.test('A')"],
  ["a boxed number", "Object(-0)", "1 / value"],
  ["a boxed text", "Object('ab')", "value.length"],
  ["a boxed boolean", "Object(false)", "value.valueOf()"],
  ["a boxed bigint", "Object(1n)", "value + 1n"],
  [
    "an object twice",
    "(() => { const o = { v: 1 }; return { p: o, q: o, l: [o] }; })()",
    "value.p === value.q && value.l[0] === value.p",
  ],
  [
    "a cycle",
    "(() => { const o = { v: 1 }; o.self = o; o.list = [o]; return o; })()",
    "value.self === value && value.list[0] === value",
  ],
  [
    "a tree with parents",
    "(() => { const root = { kids: [] }; root.kids.push({ up: root }, { up: root }); return root; })()",
    "value.kids.every(({ up }) => up === value)",
  ],
];

const BYTES: readonly Brief[] = [
  ...[
    "Int8Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "Float16Array",
    "Float32Array",
    "Float64Array",
  ]
    .map((name): Brief => [`an ${name}`, `${name}.of(1, 2, 3)`, "value.map((n) => n * 300)"]),
  ["a BigInt64Array", "BigInt64Array.of(-1n)", "value[0]"],
  ["a BigUint64Array", "BigUint64Array.of(2n ** 63n)", "value[0]"],
  ["a DataView", "new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1)", "value.getInt8(0)"],
  ["an ArrayBuffer", "new Uint8Array([1, 2]).buffer", "value.byteLength"],
  [
    "a resizable ArrayBuffer",
    "new ArrayBuffer(2, { maxByteLength: 8 })",
    "(() => { value.resize(8); value.resize(2); return value.maxByteLength; })()",
  ],
  [
    "a view that follows its buffer",
    "new Uint8Array(new ArrayBuffer(2, { maxByteLength: 8 }))",
    "(() => { value.buffer.resize(4); const { length } = value; value.buffer.resize(2); return length; })()",
  ],
  ["a part of a buffer", "new Uint8Array([1, 2, 3, 4]).subarray(1, 3)", "value.byteOffset + value.buffer.byteLength"],
  [
    "views of one buffer",
    "((b) => ({ p: new Uint8Array(b), q: new Uint16Array(b) }))(new ArrayBuffer(4))",
    "(() => { value.p[0] = 7; const got = value.q[0]; value.p[0] = 0; return got; })()",
  ],
  ["a view and its buffer", "((b) => [b, new Uint8Array(b)])(new ArrayBuffer(2))", "value[1].buffer === value[0]"],
  [
    "NaNs with payloads",
    "new Float64Array(new BigUint64Array([0x7ff8000000000001n]).buffer)",
    "new Uint8Array(value.buffer)[0]",
  ],
  ["large bytes", "new Uint8Array(200_000).fill(7)", "value.buffer.byteLength"],
];

const PLATFORM: readonly Brief[] = [
  ["a Blob", "new Blob(['ab', new Uint8Array([99])], { type: 'text/plain' })", "value.text()"],
  ["a File", "new File(['ab'], 'n.txt', { type: 'text/plain', lastModified: 5 })", "value.text()"],
  ["a URL", "new URL('https://u:p@a.b:81/c/../d?e=1&f#g')", "[value.href, value.searchParams.get('e'), value.host]"],
  [
    "a URL whose parameters change with it",
    "new URL('https://a.b/?e=1')",
    "(() => { value.searchParams.set('e', '2'); const { href } = value; value.searchParams.set('e', '1'); return href; })()",
  ],
  [
    "a URL whose parameters were asked for",
    "(() => { const url = new URL('https://a.b/?e=1'); url.searchParams.append('f', '2'); return url; })()",
    "value.search",
  ],
  ["URLs as keys", "new Map([[new URL('a:b'), 1]])", "[...value.keys()][0].protocol"],
  [
    "search parameters",
    "new URLSearchParams('a=1&a=2&b=%20')",
    "[value.getAll('a').join(), value.get('b'), `${value}`]",
  ],
  ["headers", "new Headers([['b', '2'], ['A', '1'], ['a', '3']])", "[value.get('a'), [...value].join(';')]"],
  [
    "headers with cookies",
    "new Headers([['set-cookie', 'a=1'], ['set-cookie', 'b=2']])",
    "value.getSetCookie().length",
  ],
  [
    "a Buffer",
    "Buffer.alloc(3, 'abc')",
    "[`${value}`, Buffer.isBuffer(value), value.toString('hex'), value.readInt8(1)]",
  ],
  ["a Buffer of the pool", "Buffer.from('abc')", "[`${value}`, value.equals(Buffer.from('abc'))]"],
  ["an empty Buffer", "Buffer.alloc(0)", "Buffer.isBuffer(value)"],
  ["a large Buffer", "Buffer.alloc(100_000, 'ab')", "value.toString('latin1', 0, 4)"],
  ["a Buffer as JSON", "({ data: Buffer.alloc(2, 'hi') })", "JSON.stringify(value)"],
  ["bytes of an encoder", "new TextEncoder().encode('ä')", "value.length"],
];

const TEMPORAL: readonly Brief[] = [
  ["an Instant", "Temporal.Instant.from('2024-01-01T00:00:00.123456789Z')", "value.epochNanoseconds"],
  [
    "a ZonedDateTime",
    "Temporal.ZonedDateTime.from('2024-07-01T12:00[Europe/Berlin]')",
    "[value.hour, value.timeZoneId, value.add({ days: 200 }).offset]",
  ],
  ["a PlainDate", "Temporal.PlainDate.from('2024-02-29')", "value.add({ years: 1 }).toString()"],
  [
    "a PlainDate of another calendar",
    "Temporal.PlainDate.from('2024-02-29[u-ca=hebrew]')",
    "[value.calendarId, value.month, value.monthCode]",
  ],
  ["a PlainTime", "Temporal.PlainTime.from('12:34:56.789')", "value.millisecond"],
  ["a PlainDateTime", "Temporal.PlainDateTime.from('2024-01-01T12:00')", "value.dayOfWeek"],
  ["a PlainYearMonth", "Temporal.PlainYearMonth.from('2024-02')", "value.daysInMonth"],
  ["a PlainMonthDay", "Temporal.PlainMonthDay.from('02-29')", "value.toPlainDate({ year: 2024 }).toString()"],
  ["a Duration", "Temporal.Duration.from('P1Y2M3DT4H5.006S')", "[value.years, value.milliseconds, value.sign]"],
  ["a negative Duration", "Temporal.Duration.from('-PT36H')", "value.hours"],
  [
    "Temporal values in a list",
    "[Temporal.PlainDate.from('2024-01-02'), Temporal.PlainDate.from('2024-01-01')]",
    "value.sort(Temporal.PlainDate.compare).join()",
  ],
];

/** Kinds without classes of the user. */
export const PLATFORM_KINDS: readonly ResultKind[] = [
  ...kindsOf(true, [...CLONED, ...BYTES]),
  ...kindsOf(true, PLATFORM, { setup: 'import { Buffer } from "node:buffer";' }),
  ...typeof Temporal === "undefined" ? [] : kindsOf(true, TEMPORAL),
];
