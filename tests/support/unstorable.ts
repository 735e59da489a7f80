/**
 * One value of each kind that no copy can be made of which a program takes for the first.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { statSync } from "node:fs";
import vm from "node:vm";

class Point {
  constructor(public x = 1) {}
}
class Secret {
  #key = 1;
  get key(): number {
    return this.#key;
  }
}
class MyMap extends Map {}
class MySet extends Set {}
class MyArray extends Array {}
class MyError extends Error {}
class MyBytes extends Uint8Array<ArrayBuffer> {}
class MyBuffer extends ArrayBuffer {}
class MyDate extends Date {}
class MyRegExp extends RegExp {}
class MyPromise<T> extends Promise<T> {}
class MyBlob extends Blob {}

const symbol = Symbol("mark");

/** `{ a: 1, b: 2 }` whose `b` is defined so. */
function defined(descriptor: PropertyDescriptor): object {
  return Object.defineProperty({ a: 1 }, "b", { value: 2, writable: true, enumerable: true, ...descriptor });
}

function element(descriptor: PropertyDescriptor): unknown[] {
  return Object.defineProperty([1, 2], 1, descriptor);
}

function withArguments(..._given: unknown[]): IArguments {
  return arguments;
}

/** A kind, by what it is. */
export interface Unstorable {
  readonly make: () => unknown;
  /** What is said of it. */
  readonly got: RegExp;
  /** Which part of it is named, if not the whole. */
  readonly at?: string;
}

/** All kinds. */
export const UNSTORABLE: Readonly<Record<string, Unstorable>> = {
  "an instance": { make: () => new Point(), got: /an instance of Point; return plain data/ },
  "an instance with private fields": { make: () => new Secret(), got: /an instance of Secret;/ },
  "an instance of an unnamed class": { make: () => new (class {})(), got: /an instance of an unnamed class;/ },
  "an object with a prototype of its own": { make: () => Object.create({ a: 1 }), got: /an instance of Object;/ },
  "a Buffer": { make: () => Buffer.from("abc"), got: /a Buffer of Node; return new Uint8Array/ },
  "what fs says of a file": { make: () => statSync("."), got: /an instance of Stats;/ },
  "a subclass of Map": { make: () => new MyMap(), got: /an instance of MyMap;/ },
  "a subclass of Set": { make: () => new MySet(), got: /an instance of MySet;/ },
  "a subclass of Array": { make: () => MyArray.from([1, 2]), got: /an instance of MyArray;/ },
  "a subclass of Error": { make: () => new MyError("m"), got: /an instance of MyError;/ },
  "an error of Deno": { make: () => new Deno.errors.NotFound("m"), got: /an instance of NotFound;/ },
  "a subclass of Uint8Array": { make: () => new MyBytes(new ArrayBuffer(2)), got: /an instance of MyBytes;/ },
  "a subclass of ArrayBuffer": { make: () => new MyBuffer(2), got: /an instance of MyBuffer;/ },
  "a view of a subclass of ArrayBuffer": {
    make: () => new Uint8Array(new MyBuffer(2)),
    got: /a view of an ArrayBuffer/,
  },
  "a subclass of Date": { make: () => new MyDate(0), got: /an instance of MyDate;/ },
  "a subclass of RegExp": { make: () => new MyRegExp("a"), got: /an instance of MyRegExp;/ },
  "a subclass of Promise": { make: () => ({ p: MyPromise.resolve(1) }), got: /a Promise;/, at: ".p" },
  "a subclass of Blob": { make: () => new MyBlob(["a"]), got: /an instance of MyBlob;/ },
  "an AggregateError": { make: () => new AggregateError([1], "m"), got: /an AggregateError/ },

  "a symbol member": { make: () => ({ a: 1, [symbol]: 2 }), got: /a member named by a symbol, Symbol\(mark\);/ },
  "a hidden symbol member": {
    make: () => Object.defineProperty({ a: 1 }, Symbol.toStringTag, { value: "Map" }),
    got: /Symbol\(Symbol\.toStringTag\);/,
  },
  "a symbol member of an array": { make: () => Object.assign([1], { [symbol]: 2 }), got: /named by a symbol/ },
  "a symbol member of a Map": { make: () => Object.assign(new Map(), { [symbol]: 2 }), got: /named by a symbol/ },
  "a symbol member of a typed array": {
    make: () => Object.assign(new Uint8Array(2), { [symbol]: 2 }),
    got: /a Uint8Array with members/,
  },
  "a symbol member of an Error": {
    make: () => Object.assign(new Error("m"), { [symbol]: 2 }),
    got: /a further member/,
    at: "[Symbol(mark)]",
  },
  "a symbol": { make: () => ({ s: Symbol.for("s") }), got: /a symbol;/, at: ".s" },

  "a getter": {
    make: () => ({
      get total(): number {
        throw new Error("A getter was called");
      },
    }),
    got: /an accessor/,
    at: ".total",
  },
  "a setter": {
    make: () => ({
      a: 1,
      set total(_: number) {
        throw new Error("A setter was called");
      },
    }),
    got: /an accessor/,
    at: ".total",
  },
  "a hidden getter": {
    make: () => Object.defineProperty({ a: 1 }, "b", { get: () => 1 }),
    got: /an accessor/,
    at: ".b",
  },
  "a getter of an array": {
    make: () => Object.defineProperty([1, 2], 1, { get: () => 1, enumerable: true, configurable: true }),
    got: /an accessor/,
    at: "[1]",
  },
  "a getter with a name of an array": {
    make: () => Object.defineProperty([1, 2], "b", { get: () => 1, enumerable: true }),
    got: /an accessor/,
    at: ".b",
  },

  "no prototype": { make: () => Object.assign(Object.create(null), { a: 1 }), got: /an object without a prototype/ },
  "no prototype and no member": { make: () => Object.create(null), got: /an object without a prototype/ },
  "groups": { make: () => Object.groupBy([1, 2], (x) => `${x}`), got: /an object without a prototype/ },
  "a match with groups": { make: () => "ab".match(/(?<x>a)/), got: /without a prototype/, at: ".groups" },
  "an array without prototype": { make: () => Object.setPrototypeOf([1], null), got: /an instance of/ },

  "a frozen object": { make: () => Object.freeze({ a: 1 }), got: /a frozen object;/ },
  "a frozen object without members": { make: () => Object.freeze({}), got: /a frozen object;/ },
  "a sealed object": { make: () => Object.seal({ a: 1 }), got: /a sealed object;/ },
  "an object that gets no members": { make: () => Object.preventExtensions({ a: 1 }), got: /a non-extensible object;/ },
  "a frozen array": { make: () => Object.freeze([1, 2]), got: /a frozen object;/ },
  "a frozen Map": { make: () => Object.freeze(new Map()), got: /a frozen object;/ },
  "a frozen Error": { make: () => Object.freeze(new Error("m")), got: /a frozen object;/ },
  "a sealed Date": { make: () => Object.preventExtensions(new Date(0)), got: /a frozen object;/ },
  "a typed array that gets no members": {
    make: () => Object.preventExtensions(new Uint8Array(2)),
    got: /a Uint8Array with members/,
  },

  "a hidden member": {
    make: () => defined({ enumerable: false, configurable: true }),
    got: /not enumerable/,
    at: ".b",
  },
  "a read-only member": { make: () => defined({ writable: false, configurable: true }), got: /read-only/, at: ".b" },
  "a fixed member": { make: () => defined({ configurable: false }), got: /not configurable/, at: ".b" },
  "a hidden element": { make: () => element({ enumerable: false }), got: /not enumerable/, at: "[1]" },
  "a read-only element": { make: () => element({ writable: false }), got: /read-only/, at: "[1]" },
  "a fixed element": { make: () => element({ configurable: false }), got: /not configurable/, at: "[1]" },
  "a fixed length": {
    make: () => Object.defineProperty([1], "length", { writable: false }),
    got: /read-only/,
    at: ".length",
  },
  "a hidden member of an array": {
    make: () => Object.defineProperty([1], "b", { value: 2, writable: true, configurable: true }),
    got: /not enumerable/,
    at: ".b",
  },

  "a further member of a Map": { make: () => Object.assign(new Map(), { x: 1 }), got: /a further member/, at: ".x" },
  "a further member of a Set": { make: () => Object.assign(new Set(), { x: 1 }), got: /a further member/, at: ".x" },
  "a further member of a Date": { make: () => Object.assign(new Date(0), { x: 1 }), got: /a further member/, at: ".x" },
  "a further member of a RegExp": { make: () => Object.assign(/a/, { x: 1 }), got: /a further member/, at: ".x" },
  "a further member of a boxed text": { make: () => Object.assign(Object("ab"), { x: 1 }), got: /a further/, at: ".x" },
  "a further member of an Error": {
    make: () => Object.assign(new Error("m"), { code: 1 }),
    got: /a further/,
    at: ".code",
  },
  "a further member of a DOMException": {
    make: () => Object.assign(new DOMException("m"), { x: 1 }),
    got: /a further member/,
    at: ".x",
  },
  "a further member of a Blob": { make: () => Object.assign(new Blob(["a"]), { x: 1 }), got: /a further/, at: ".x" },
  "a further member of a typed array": {
    make: () => Object.assign(new Float64Array(2), { x: 1 }),
    got: /a Float64Array with members/,
  },
  "a further member of a large typed array": {
    make: () => Object.assign(new Float64Array(100_000), { x: 1 }),
    got: /a Float64Array with members/,
  },
  "a further member of a DataView": {
    make: () => Object.assign(new DataView(new ArrayBuffer(2)), { x: 1 }),
    got: /a DataView with members/,
  },
  "a further member of an ArrayBuffer": {
    make: () => Object.assign(new ArrayBuffer(2), { x: 1 }),
    got: /a further/,
    at: ".x",
  },
  "a further member of the buffer of a view": {
    make: () => new Uint8Array(Object.assign(new ArrayBuffer(2), { x: 1 })),
    got: /a view of an ArrayBuffer/,
  },

  "an Error whose cause was assigned": {
    make: () => Object.assign(new Error("m"), { cause: 1 }),
    got: /not as the platform makes it; give it to the constructor/,
    at: ".cause",
  },
  "an Error whose message was assigned": {
    make: () => Object.assign(new Error(), { message: "m" }),
    got: /not as the platform makes it; give it to the constructor/,
    at: ".message",
  },
  "an Error without stack": {
    make: () => {
      const error = new Error("m");
      delete error.stack;
      return error;
    },
    got: /built-in object/,
    at: ".stack",
  },
  "an Error whose stack is no text": {
    make: () => Object.assign(new Error("m"), { stack: [1] }),
    got: /a stack trace that is no text/,
    at: ".stack",
  },
  "a RegExp that was used": {
    make: () => Object.assign(/a/g, { lastIndex: 2 }),
    got: /a RegExp whose lastIndex is not 0/,
    at: ".lastIndex",
  },

  "a Proxy": {
    make: () =>
      new Proxy({ a: 1 }, {
        get: (_, name) => {
          if (name === "then") return undefined; // asked by whoever awaits it
          throw new Error("A trap was called");
        },
        getPrototypeOf: () => {
          throw new Error("A trap was called");
        },
      }),
    got: /a Proxy;/,
  },
  "a Proxy of an array": { make: () => new Proxy([1], {}), got: /a Proxy;/ },
  "an arguments object": { make: () => withArguments(1, 2), got: /an arguments object/ },
  "an object of another realm": { make: () => vm.runInNewContext("({ a: 1 })"), got: /another realm/ },
  "an array of another realm": { make: () => vm.runInNewContext("[1]"), got: /another realm/ },
  "a Map of another realm": { make: () => vm.runInNewContext("new Map()"), got: /another realm/ },
  "an Error of another realm": { make: () => vm.runInNewContext("new TypeError('m')"), got: /another realm/ },
  "bytes of another realm": { make: () => vm.runInNewContext("new Uint8Array(2)"), got: /another realm/ },
  "a Map in disguise": {
    make: () => Object.setPrototypeOf(new Map([[1, 2]]), Object.prototype),
    got: /another prototype than its own/,
  },
  "a Date in disguise": {
    make: () => Object.setPrototypeOf(new Date(0), Object.prototype),
    got: /an instance of Object/,
  },
  "bytes in disguise": {
    make: () => Object.setPrototypeOf(new Uint8Array(2), Int8Array.prototype),
    got: /a Uint8Array with members or a prototype/,
  },
  "shared memory": { make: () => new Uint8Array(new SharedArrayBuffer(2)), got: /a SharedArrayBuffer/ },

  "a function": { make: () => ({ f: () => 1 }), got: /a function;/, at: ".f" },
  "a URL": { make: () => new URL("a:b"), got: /an object of the platform \(URL\)/ },
  "search parameters": { make: () => new URLSearchParams(), got: /\(URLSearchParams\)/ },
  "headers": { make: () => new Headers(), got: /\(Headers\)/ },
  "a signal": { make: () => AbortSignal.abort(), got: /\(AbortSignal\)/ },
  "a format": { make: () => new Intl.NumberFormat(), got: /\(NumberFormat\)/ },
  "a duration": { make: () => Temporal.Duration.from("P1D"), got: /\(Duration\)/ },
  "a WebAssembly memory": { make: () => new WebAssembly.Memory({ initial: 1 }), got: /\(Memory\)/ },
  "Math": { make: () => Math, got: /an object of the platform|named by a symbol/ },
  "a weak reference": { make: () => new WeakRef({}), got: /a weak reference/ },
  "a generator": { make: () => (function* () {})(), got: /an iterator or generator/ },
  "a module": {
    make: () => import("./unstorable.ts").then((module) => ({ module })),
    got: /a module namespace/,
    at: ".module",
  },
};
