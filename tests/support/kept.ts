/**
 * One value of each kind that is kept beyond plain data, so that no program tells a copy from the first.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";

const attributes = (bits: number): PropertyDescriptor => ({
  writable: (bits & 1) !== 0,
  enumerable: (bits & 2) !== 0,
  configurable: (bits & 4) !== 0,
});

function withMember(target: object, name: PropertyKey, value: unknown, bits: number): object {
  return Object.defineProperty(target, name, { value, ...attributes(bits) });
}

function strictArguments(..._given: unknown[]): IArguments {
  return arguments;
}

function tagged(strings: TemplateStringsArray, ..._values: unknown[]): TemplateStringsArray {
  return strings;
}

function without<T extends object>(target: T, name: PropertyKey): T {
  Reflect.deleteProperty(target, name);
  return target;
}

const mark = Symbol.for("cachepy test mark");

/** Makers of built-in objects that can get members and be closed. */
export const BUILT_IN: Readonly<Record<string, () => object>> = {
  "an object": () => ({ a: 1, b: [2] }),
  "an object without members": () => ({}),
  "an object without prototype": () => Object.assign(Object.create(null), { a: 1, 5: 2 }),
  "an object with a prototype of its own": () => Object.assign(Object.create({ up: [1] }), { a: 1 }),
  "an array": () => [1, "two", { three: 3 }],
  "an array without elements": () => [],
  "an array with holes": () => [1, , 3],
  "an array with names": () => Object.assign([1], { x: 1 }),
  "a long array": () => Array.from({ length: 100 }, (_, at) => at),
  "rows": () => Array.from({ length: 100 }, (_, at) => ({ at, text: `t${at}` })),
  "a Map": () => new Map<unknown, unknown>([[{}, 1], ["k", new Map()]]),
  "a Set": () => new Set([1, {}]),
  "a Date": () => new Date(5),
  "an invalid Date": () => new Date(NaN),
  "a RegExp": () => /a(b)/gi,
  "a RegExp that was used": () => Object.assign(/a/g, { lastIndex: 2 }),
  "an Error": () => new RangeError("m", { cause: { b: 1 } }),
  "an Error without message": () => new Error(),
  "an AggregateError": () => new AggregateError([1, new Error("x")], "m", { cause: 2 }),
  "a DOMException": () => new DOMException("m", "AbortError"),
  "an error of Deno": () => new Deno.errors.NotFound("m"),
  "an error of Deno with a cause": () => new Deno.errors.Http("m", { cause: [1] }),
  "a boxed number": () => new Number(-0),
  "a boxed text": () => new String("ab"),
  "a boxed boolean": () => new Boolean(false),
  "a boxed bigint": () => Object(1n),
  "a boxed symbol": () => Object(Symbol.iterator),
  "a boxed symbol of the registry": () => Object(mark),
  "an ArrayBuffer": () => new ArrayBuffer(3),
  "a resizable ArrayBuffer": () => new ArrayBuffer(3, { maxByteLength: 9 }),
  "bytes": () => new Uint8Array([1, 2, 3]),
  "floats": () => new Float64Array([1.5, NaN]),
  "no floats": () => new Float64Array(0),
  "a DataView": () => new DataView(new ArrayBuffer(4), 1, 2),
  "a part of a buffer": () => new Uint16Array(new ArrayBuffer(8), 2, 2),
  "a Buffer": () => Buffer.from("abc"),
  "an empty Buffer": () => Buffer.alloc(0),
  "a Buffer with a buffer of its own": () => Buffer.alloc(20_000, 7),
  "a Buffer of a part of a buffer": () => Buffer.from(new ArrayBuffer(16), 4, 8),
  "a URL": () => new URL("https://user@example.org:8080/a%20b/?q=1&q=2#h"),
  "a URL without hierarchy": () => new URL("a:b"),
  "search parameters": () => new URLSearchParams("b=2&a=1&b=3&%F0%9F%8C%8D=%20"),
  "no search parameters": () => new URLSearchParams(),
  "headers": () => new Headers([["B", "1"], ["a", "2"], ["b", "3"], ["Set-Cookie", "x"], ["set-cookie", "y"]]),
  "no headers": () => new Headers(),
  "an arguments object": () => strictArguments(1, { a: 1 }),
  "an arguments object without values": () => strictArguments(),
};

/** Makers of objects of Temporal, where the language has it. */
const TEMPORAL: Readonly<Record<string, () => unknown>> = typeof Temporal === "undefined" ? {} : {
  "an instant": () => new Temporal.Instant(-1_234_567_890_123_456_789n),
  "a zoned date": () => new Temporal.ZonedDateTime(1_700_000_000_123_456_789n, "Europe/Berlin", "japanese"),
  "a zoned date in a shift": () => new Temporal.ZonedDateTime(1_698_541_200_000_000_000n, "Europe/Berlin"),
  "a date": () => new Temporal.PlainDate(2024, 2, 29),
  "a date before year 0": () => new Temporal.PlainDate(-5, 2, 28, "hebrew"),
  "a time": () => new Temporal.PlainTime(23, 59, 1, 2, 3, 4),
  "a date with time": () => new Temporal.PlainDateTime(2024, 2, 29, 1, 2, 3, 4, 5, 6, "gregory"),
  "a month": () => new Temporal.PlainYearMonth(2024, 2, "iso8601", 7),
  "a month of another calendar": () => new Temporal.PlainYearMonth(2024, 2, "hebrew", 10),
  "a day": () => new Temporal.PlainMonthDay(2, 29),
  "a day of another year": () => new Temporal.PlainMonthDay(2, 28, "iso8601", 1999),
  "a duration": () => Temporal.Duration.from({ years: 1, milliseconds: 5000, nanoseconds: 7 }),
  "a negative duration": () => Temporal.Duration.from({ days: -3 }),
  "no duration": () => new Temporal.Duration(),
};

/** Ways to change an object, each of which is kept of all kinds that allow it. */
const CHANGES: Readonly<Record<string, (target: object) => object>> = {
  "": (target) => target,
  ", with a further member": (target) => Object.assign(target, { further: { deep: [1] } }),
  ", with a member that is itself": (target) => Object.assign(target, { self: target }),
  ", with a member under a symbol": (target) => Object.assign(target, { [mark]: [1], [Symbol.toStringTag]: "Map" }),
  ", with a hidden member": (target) => withMember(target, "hidden", {}, 5),
  ", with a read-only member": (target) => withMember(target, "readOnly", 1, 6),
  ", with a fixed member": (target) => withMember(target, "fixed", 1, 3),
  ", with a constant under a symbol": (target) => withMember(target, Symbol.species, "constant", 0),
  ", not extensible": (target) => Object.preventExtensions(target),
  ", sealed": (target) => Object.seal(target),
  ", frozen": (target) => Object.freeze(target),
  ", frozen with hidden and symbol members": (target) =>
    Object.freeze(withMember(Object.assign(target, { [mark]: 1 }), "hidden", 1, 5)),
  ", not extensible with a fixed member": (target) => Object.preventExtensions(withMember(target, "fixed", 1, 3)),
  ", sealed with a read-only member": (target) => Object.seal(withMember(target, "readOnly", 1, 6)),
};

const ALONE: Readonly<Record<string, () => unknown>> = {
  "a symbol of the registry": () => Symbol.for("s"),
  "a symbol of the registry without name": () => Symbol.for(""),
  "a symbol of the language": () => Symbol.asyncIterator,
  "symbols everywhere": () => new Map<unknown, unknown>([[mark, new Set([Symbol.match])], [[mark], { s: mark }]]),
  "groups": () => Object.groupBy([1, 2, 3], (x) => `${x % 2}`),
  "a match with groups": () => "ab".match(/(?<x>a)/),
  "a match with indices": () => /(?<x>a)(c)?/d.exec("ab"),
  "the strings of a template": () => tagged`a\n${1}b`,
  "a member named __proto__ that is hidden": () => withMember({}, "__proto__", 1, 5),
  "a member named constructor": () => Object.assign(Object.create(null), { constructor: 1, __proto__: 2 }),
  "a hidden tag alone": () => withMember({}, Symbol.toStringTag, "Map", 0),
  "members in an order of their own": () => withMember(withMember({ b: 1 }, "a", 1, 0), "7", 1, 5),
  "three prototypes": () => Object.create(Object.create(Object.create({ a: 1 }))),
  "a prototype that two have": () => {
    const up = { a: 1 };
    return [Object.create(up), Object.create(up), up];
  },
  "a prototype that knows what it is above": () => {
    const up: Record<string, unknown> = {};
    const down = Object.create(up);
    up.down = [down];
    return down;
  },
  "a prototype without prototype": () => Object.create(Object.create(null)),
  "a prototype that is frozen": () => Object.create(Object.freeze({ a: 1 })),
  "names that the prototype has read-only": () => {
    const down = Object.create(Object.freeze({ a: 1 }));
    return Object.defineProperty(down, "a", { value: 2, writable: true, enumerable: true, configurable: true });
  },
  "a hidden element": () => withMember([1, 2], "1", 2, 5),
  "a read-only element": () => withMember([1, 2], "1", 2, 6),
  "a fixed element": () => withMember([1, 2], "0", 2, 3),
  "a fixed length": () => Object.defineProperty([1], "length", { writable: false }),
  "a fixed length and no elements": () => Object.defineProperty(new Array(7), "length", { writable: false }),
  "a fixed length and holes": () => Object.defineProperty([, 1, ,], "length", { writable: false }),
  "a long frozen array of frozen rows": () =>
    Object.freeze(Array.from({ length: 100 }, (_, at) => Object.freeze({ at, list: Object.freeze([at]) }))),
  "a lastIndex that is an object": () => Object.assign(/a/, { lastIndex: { a: 1 } as never }),
  "a lastIndex of -0": () => Object.assign(/a/, { lastIndex: -0 }),
  "a lastIndex that is constant": () => Object.defineProperty(/a/, "lastIndex", { value: 3, writable: false }),
  "an Error with a code": () => Object.assign(new TypeError("m"), { code: "ERR_X", errno: -2 }),
  "an Error with a name": () => Object.assign(new Error("m"), { name: "Mine" }),
  "an Error whose message is no text": () => withMember(new Error("m"), "message", { a: 1 }, 5),
  "an Error whose message was assigned": () => Object.assign(new Error(), { message: "m" }),
  "an Error whose cause was assigned": () => Object.assign(new Error("m"), { cause: 1 }),
  "an Error that is its own cause": () => {
    const error = new Error("m");
    return Object.assign(error, { cause: error });
  },
  "an Error without stack": () => without(new Error("m"), "stack"),
  "an Error without any member": () => without(without(new Error("m"), "stack"), "message"),
  "an Error whose stack was replaced": () => Object.assign(new Error("m"), { stack: "here" }),
  "an Error whose stack is no text": () => Object.assign(new Error("m"), { stack: [1] }),
  "an Error whose stack is no text but itself": () => {
    const error = new Error("m");
    return Object.assign(error, { stack: error });
  },
  "an Error whose stack is undefined": () => Object.assign(new Error("m"), { stack: undefined }),
  "an Error whose stack is a value": () => withMember(new Error("m"), "stack", "text", 5),
  "an Error whose stack was assigned after it was deleted": () =>
    Object.assign(without(new Error("m"), "stack"), { stack: "x" }),
  "an Error whose stack was captured again": () => {
    const error = without(new Error("m"), "stack");
    Error.captureStackTrace(error);
    return error;
  },
  "an Error whose stack is enumerable": () => Object.defineProperty(new Error("m"), "stack", { enumerable: true }),
  "an Error whose message comes after another member": () => {
    const error = without(new Error("m"), "message");
    return withMember(Object.assign(error, { first: 1 }), "message", "m", 5);
  },
  "an AggregateError without errors": () => without(new AggregateError([]), "errors"),
  "an error of WebAssembly": () => Object.assign(new WebAssembly.CompileError("m"), { offset: 5 }),
  "what node:fs throws": () => {
    try {
      return readFileSync("/nonexistent/file");
    } catch (error) {
      return error;
    }
  },
  "what Deno throws": () => {
    try {
      return Deno.readTextFileSync("/nonexistent/file");
    } catch (error) {
      return error;
    }
  },
  "what the engine throws": () => {
    try {
      return (null as unknown as { a: number }).a;
    } catch (error) {
      return error;
    }
  },
  "a cloned Error": () => structuredClone(new RangeError("m", { cause: 1 })),
  "a cloned DOMException": () => structuredClone(new DOMException("m", "DataCloneError")),
  "Buffers of one pool": () => {
    const all = Buffer.from("abcdef");
    return [all.subarray(0, 2), all.subarray(2, 4), Buffer.from("xyz"), Buffer.from("")];
  },
  "a buffer with a member, and views of it": () => {
    const buffer = Object.assign(new ArrayBuffer(8), { x: { y: 1 } });
    return [new Uint8Array(buffer, 2, 3), buffer, new DataView(buffer), Buffer.from(buffer, 1, 2)];
  },
  "a view of a frozen buffer": () => new Float32Array(Object.freeze(new ArrayBuffer(8))),
  "a typed array whose length and buffer are members": () => {
    const bytes = new Uint8Array([1, 2, 3]);
    for (const name of ["length", "buffer", "byteOffset", "byteLength"]) withMember(bytes, name, 0, 7);
    return bytes;
  },
  "a Map whose size is a member": () => withMember(new Map([[1, 2]]), "size", 5, 7),
  "an arguments object that was changed": () => Object.assign(strictArguments(1, 2), { 1: "changed" }),
  "headers that were iterated and changed then": () => {
    const headers = new Headers({ a: "1" });
    for (const _each of headers);
    headers.append("B", "2");
    return Object.assign(headers, { [mark]: 1 });
  },
  "a URL whose parameters were changed": () => {
    const url = new URL("https://example.org/");
    url.searchParams.append("a", "b c");
    return url;
  },
};

function closed(make: () => object, change: (target: object) => object): (() => unknown) | null {
  try {
    change(make());
  } catch {
    return null; // Typed arrays cannot be sealed.
  }
  return () => change(make());
}

/** All kinds. */
export const KEPT: Readonly<Record<string, () => unknown>> = {
  ...Object.fromEntries(
    Object.entries(BUILT_IN).flatMap(([kind, make]) =>
      Object.entries(CHANGES).flatMap(([change, apply]) => {
        const both = closed(make, apply);
        return both === null ? [] : [[`${kind}${change}`, both]];
      })
    ),
  ),
  ...TEMPORAL,
  ...ALONE,
};
